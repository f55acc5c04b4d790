"""Maps find what was changed, and replacing what they show restores the score."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from tapsklearn import JoinedDetector, TapFeatures
from tapsklearn.inspection import explain_takes, score_replaced
from tapsklearn.preprocessing import article_features
from tapsklearn.synthesis import synthesize_taps

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "changed_taps.py"


@pytest.fixture(scope="module")
def changed_taps() -> Any:
    specification = importlib.util.spec_from_file_location("changed_taps", SCRIPT)
    assert specification is not None
    module = importlib.util.module_from_spec(specification)
    # Dataclasses look their module up.
    sys.modules["changed_taps"] = module
    assert specification.loader is not None
    specification.loader.exec_module(module)
    yield module
    del sys.modules["changed_taps"]


def check(
    changed_taps: Any, features: Any, *, n_boards: int, n_takes: int, changes: Any
) -> None:
    """Check the default detector and method on normal boards that it has not seen."""
    taps = synthesize_taps(
        scenario="same_shop", n_takes=5, n_boards=n_boards, random_state=1
    )
    boards = taps.normal_boards
    seen = boards[: 2 * (len(boards) // 3)]
    pipeline = make_pipeline(features, JoinedDetector(random_state=0))
    fitted = np.isin(taps.board, seen)
    pipeline.fit(taps.X[fitted], taps.board[fitted])
    unseen = [
        taps.X[np.flatnonzero(taps.board == board)[0]]
        for board in boards
        if board not in seen
    ][:n_takes]
    cases = list(changed_taps.make_cases(pipeline, unseen, changes))
    assert len(cases) >= 0.5 * n_takes * len(changes)
    explanations = explain_takes(pipeline, [case.waveform for case in cases])
    aurocs: dict[str, list[float]] = {}
    rng = np.random.default_rng(0)
    for case, each in zip(cases, explanations, strict=True):
        known = ~case.beside
        auroc = roc_auc_score(case.changed[known], each.values[known])
        aurocs.setdefault(case.change, []).append(auroc)
        shown = each.values / each.values.max()
        elsewhere = changed_taps.move_elsewhere(shown, 10, rng)
        parts = np.stack([shown, *elsewhere])
        ((with_it, *with_others),) = score_replaced(pipeline, [case.waveform], parts)
        assert with_it > max(with_others), case.change
    assert np.mean([np.mean(of_change) for of_change in aurocs.values()]) >= 0.9


def test_one_band_and_one_stretch_are_found(changed_taps: Any) -> None:
    check(
        changed_taps,
        article_features(input="waveform", input_sr=changed_taps.SR),
        n_boards=16,
        n_takes=2,
        changes=("band taken away, 0.7 to 1.5 kHz", "second blow after 30 ms"),
    )


@pytest.mark.slow
def test_the_default_finds_every_change(changed_taps: Any) -> None:
    check(
        changed_taps,
        TapFeatures(input="waveform"),
        n_boards=32,
        n_takes=6,
        changes=tuple(changed_taps.CHANGES),
    )
