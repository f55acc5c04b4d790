"""What is scored was not trained on, in every split of the benchmark on detection."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
# The folder of each, and how many splits there are.
RECORDED = {
    "hammer-floor": ("hammer-floor", 142),
    "steel-rods": ("steel-rods", 24),
    "bolts-flange, gaps": ("bolts-flange", 4),
    "bolts-flange, heads": ("bolts-flange", 4),
    "bottles, 200 good": ("bottles", 1),
    "bottles, 10 good": ("bottles", 1),
    "bottles, 50 good and 10 bad": ("bottles", 2),
    "bolts-plate": ("bolts-plate", 2),
    "concrete-blocks": ("concrete-blocks", 8),
}
# The same places later: a place is on both sides.
LATER = ("bolts-flange, gaps", "bolts-flange, heads", "bolts-plate")


@pytest.fixture
def data_sets(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("data_sets")


@pytest.mark.parametrize("name", RECORDED)
def test_what_is_scored_was_not_trained_on(
    name: str, data_sets: ModuleType, recordings: Callable[[str], Path]
) -> None:
    folder, n_splits = RECORDED[name]
    data = data_sets.load_data_set(name, recordings(folder).parent, 1)
    assert len(data.splits) == n_splits
    specimen = np.array([data.specimens[board] for board in data.board])
    for split in data.splits:
        trained = data.is_normal[split.train]
        assert trained.any()
        for question, test in split.tests.items():
            assert trained.all() == (question == data_sets.ONE_CLASS)
            scored = data.is_normal[test]
            assert scored.any()
            assert not scored.all()
            assert not set(data.board[test]) & set(data.board[split.train])
            if name not in LATER:
                assert not set(specimen[test][scored]) & set(specimen[split.train])


def test_every_pair_of_places_is_held_out_with_all_that_is_known(
    data_sets: ModuleType, recordings: Callable[[str], Path]
) -> None:
    data = data_sets.load_data_set("hammer-floor", recordings("hammer-floor").parent, 0)
    assert len({split.fold for split in data.splits}) == 28
    for split in data.splits:
        known = set(data.board[split.train]) - set(data.normal_boards)
        kinds = {board[:2] for board in known}
        assert len(kinds) <= 1
        for question, test in split.tests.items():
            scored = set(data.board[test]) - set(data.normal_boards)
            assert len(set(data.board[test]) & set(data.normal_boards)) == 2
            if question == data_sets.KNOWN:
                assert {board[:2] for board in scored} == kinds
            elif question in (data_sets.NEVER, data_sets.OTHER_KNOWN):
                assert not {board[:2] for board in scored} & kinds
                assert len(known) == 1 + (question == data_sets.OTHER_KNOWN)


def test_methods_with_networks_are_asked_for_a_part(
    data_sets: ModuleType, recordings: Callable[[str], Path]
) -> None:
    for name, n_brief in {"hammer-floor": 4, "steel-rods": 4}.items():
        data = data_sets.load_data_set(name, recordings(name).parent, 0)
        assert sum(split.brief for split in data.splits) == n_brief


@pytest.mark.parametrize("features", ["spectrum", "crop"])
@pytest.mark.parametrize(
    "name", ["KNN", "LOF", "OCSVM", "IForest", "ECOD", "AutoEncoder", "VAE"]
)
def test_peers_rank_what_is_unlike_the_normal_takes(
    name: str, features: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("pyod") is None:
        pytest.skip("needs PyOD: pip install 'tapsklearn[benchmarks]'")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    peers = importlib.import_module("peers")
    rng = np.random.default_rng(0)
    normal, unlike = rng.normal(size=(2, 40, 8, 12)).astype(np.float32)
    unlike += np.linspace(-9, 9, 8)[:, None]
    peer = peers.PyodDetector(name, features=features).fit(normal)
    scores = np.concatenate([peer.score_samples(X) for X in (normal, unlike[:8])])
    assert roc_auc_score(np.repeat([1, 0], [40, 8]), scores) > 0.9
    assert scores.min() < peer.offset_ < scores.max()
