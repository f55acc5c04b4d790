"""compare_methods on recordings: read once, preprocessing fitted on training takes."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import soundfile
from comparisons import RECORDED, assert_same, record
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from taps import make_tap

from tapsklearn.detectors import CropDetector, SpectrumDetector
from tapsklearn.model_selection import BoardKFold, compare_methods
from tapsklearn.preprocessing import (
    LogSpectrogram,
    Standardizer,
    TakeError,
    TapCrop,
    TapFeatures,
    WavLoader,
    article_features,
)
from tapsklearn.scoring import flatten_steps

pytestmark = pytest.mark.filterwarnings("ignore:.*false_alarm_rate=0.05 needs")

KNN = {"knn": CropDetector()}
# As a pipeline, and in one; all are fitted on the training takes.
LEARNING = {
    "TapFeatures": article_features(per="frequency"),
    "automatic": TapFeatures(),
    "steps": make_pipeline(
        WavLoader(), LogSpectrogram(), TapCrop(), Standardizer(per="frequency")
    ),
}


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[list[Path], NDArray[Any]]:
    return record(tmp_path)


@pytest.fixture(scope="module")
def recorded_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[Path], NDArray[Any]]:
    """Recordings that no test changes."""
    return record(tmp_path_factory.mktemp("recorded"))


OPENED: list[str] = []
# A hook of this process cannot be removed, so that all tests of this file share it.
sys.addaudithook(
    lambda event, args: (
        OPENED.append(Path(args[0]).name)
        if event == "open" and isinstance(args[0], str) and args[0].endswith(".wav")
        else None
    )
)


@pytest.fixture
def opened() -> list[str]:
    """List the recordings that are opened, each time."""
    OPENED.clear()
    return OPENED


@pytest.mark.parametrize("shifts", [(0,), (0, 6)])
def test_paths_are_as_good_as_crops(recorded_once: Any, shifts: Any) -> None:
    paths, boards = recorded_once
    features = article_features(shifts=shifts)
    crops = features.fit_transform([str(path) for path in paths])
    from_crops = compare_methods(KNN, crops, boards, **RECORDED)
    from_paths = compare_methods(KNN, paths, boards, preprocessing=features, **RECORDED)
    assert_same(from_crops, from_paths)
    assert from_crops.paths is None
    assert from_paths.paths == [str(path) for path in paths]
    assert from_paths.X is paths


def test_features_fit_the_sound_if_nothing_else_is_asked_for(
    recorded_once: Any,
) -> None:
    paths, boards = recorded_once
    automatic = compare_methods(KNN, paths, boards, **RECORDED)
    told = TapFeatures(normal_boards=["ash", "oak"])
    assert_same(
        compare_methods(KNN, paths, boards, preprocessing=told, **RECORDED), automatic
    )
    [steps, _] = automatic.preprocessing
    assert steps[0].normal_boards == ["ash", "oak"]


def test_waveforms_can_be_preprocessed_too(recorded_once: Any) -> None:
    paths, boards = recorded_once
    _, *steps = [step for _, step in LEARNING["steps"].steps]
    waveforms = WavLoader().fit_transform([str(path) for path in paths])
    assert_same(
        compare_methods(
            KNN, waveforms, boards, preprocessing=make_pipeline(*steps), **RECORDED
        ),
        compare_methods(
            KNN, paths, boards, preprocessing=LEARNING["steps"], **RECORDED
        ),
    )


def test_features_that_are_fitted_take_waveforms(recorded_once: Any) -> None:
    """Of waveforms there are no files whose crops could be kept."""
    paths, boards = recorded_once
    read = [soundfile.read(path, dtype="float32") for path in paths]
    found = compare_methods(
        KNN,
        [waveform for waveform, _ in read],
        boards,
        preprocessing=article_features(
            per="frequency", input="waveform", input_sr=read[0][1]
        ),
        **RECORDED,
    )
    assert not found.results["error"].any()
    assert_same(
        found,
        compare_methods(
            KNN, paths, boards, preprocessing=LEARNING["TapFeatures"], **RECORDED
        ),
    )


def tell_normal(preprocessing: Any) -> Any:
    """Clone a step that is told which boards are normal, if it asks."""
    step = clone(preprocessing)
    if "normal_boards" in step.get_params():
        step.set_params(normal_boards=["ash", "oak"])
    return step


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("name", LEARNING)
def test_preprocessing_is_fitted_as_by_a_hand_written_pipeline(
    recorded_once: Any, name: str, n_jobs: int
) -> None:
    paths, boards = recorded_once
    paths = np.array([str(path) for path in paths])
    methods = {"knn": CropDetector(), "spectrum": SpectrumDetector()}
    compared = compare_methods(
        methods,
        paths,
        boards,
        preprocessing=LEARNING[name],
        n_jobs=n_jobs,
        return_estimators=True,
        **RECORDED,
    )
    results = compared.results.set_index(["method", "fold"])
    scores = compared.scores.set_index(["method", "fold"])
    splits = BoardKFold(2, normal_boards=["ash", "oak"]).split(paths, boards)
    for fold, (train, test) in enumerate(splits):
        for method, detector in methods.items():
            detector = clone(detector).set_params(
                normal_boards=["ash", "oak"], random_state=0
            )
            pipe = Pipeline([("a", tell_normal(LEARNING[name])), ("b", detector)])
            expected = pipe.fit(paths[train], boards[train]).score_samples(paths[test])
            found = scores.loc[(method, fold)]["score"]
            np.testing.assert_allclose(found, expected, rtol=1e-6)
            roc_auc = roc_auc_score(~np.isin(boards[test], ["ash", "oak"]), -expected)
            assert results.loc[(method, fold), "roc_auc"] == roc_auc
            kept = compared.estimators[method, fold]
            assert isinstance(kept, Pipeline)
            np.testing.assert_allclose(
                kept.score_samples(paths[test]), expected, rtol=1e-6
            )
            # Nothing of how the comparison computed it is left in there.
            used = flatten_steps(kept)[:-1]
            given = flatten_steps(tell_normal(LEARNING[name]))
            assert list(map(str, used)) == list(map(str, given))


@pytest.mark.parametrize("name", [None, *LEARNING])
def test_each_file_is_read_once(
    recorded_once: Any,
    opened: list[str],
    name: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths, boards = recorded_once
    compared = compare_methods(
        {"knn": CropDetector(), "again": CropDetector()},
        paths,
        boards,
        preprocessing=None if name is None else LEARNING[name],
        verbose=1,
        **RECORDED,
    )
    if name in {None, "automatic"}:
        # Normal takes are measured, and all are cut once for each of the settings.
        settings = {str(steps[0].settings_) for steps in compared.preprocessing}
        n_cut = len(settings)
        assert set(Counter(opened).values()) == {n_cut, n_cut + 1}
    else:
        assert sorted(opened) == sorted(path.name for path in paths)
    shown = capsys.readouterr().err
    assert "reading" in shown
    assert "comparing" in shown
    assert "4/4" in shown


class Spy(TransformerMixin, BaseEstimator):
    """Remembers what its clones were given, and leaves it as it is."""

    fits: ClassVar[list[Any]] = []
    transforms: ClassVar[list[Any]] = []

    def __init__(self, failing: str | None = None) -> None:
        self.failing = failing

    def fit(self, X: Any, y: Any = None) -> "Spy":
        Spy.fits.append((list(X), y))
        if self.failing in y:
            raise RuntimeError(f"{self.failing} cannot be fitted on")
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        Spy.transforms.append(list(X))
        return X


def read(paths: Any) -> NDArray[Any]:
    return article_features().fit_transform(paths)


@pytest.mark.parametrize("place", ["before", "behind"])
def test_fit_sees_no_test_take(recorded_once: Any, place: str) -> None:
    paths, boards = recorded_once
    names = [str(path) for path in paths]
    spy, features = Spy(), article_features(per="frequency")
    steps = [spy, features] if place == "before" else [article_features(), spy]
    Spy.fits.clear()
    Spy.transforms.clear()
    methods = {"knn": CropDetector(), "spectrum": SpectrumDetector()}
    compared = compare_methods(
        methods, paths, boards, preprocessing=make_pipeline(*steps), **RECORDED
    )
    # Once a fold for all methods, and not once a method.
    assert len(Spy.fits) == len(compared.folds) == 2
    assert not hasattr(spy, "fitted_")
    takes = names if place == "before" else list(read(names))
    for (train, test), (X, y) in zip(compared.folds, Spy.fits, strict=True):
        np.testing.assert_array_equal(X, [takes[row] for row in train])
        np.testing.assert_array_equal(y, boards[train])
        if place == "before":
            assert not set(X) & {names[row] for row in test}
    assert len(Spy.transforms) == 4


def test_preprocessing_that_fails_costs_the_other_folds_nothing(
    recorded_once: Any,
) -> None:
    paths, boards = recorded_once
    splits = list(BoardKFold(2, normal_boards=["ash", "oak"]).split(paths, boards))
    [fold] = [k for k, (train, _) in enumerate(splits) if "ash" in boards[train]]
    features = make_pipeline(article_features(), Spy(failing="ash"))
    methods = {"knn": CropDetector(), "spectrum": SpectrumDetector()}
    with pytest.warns(UserWarning, match=f"fold {fold}: failed: preprocessing: "):
        compared = compare_methods(
            methods, paths, boards, preprocessing=features, **RECORDED
        )
    failed = compared.results["fold"] == fold
    reason = "preprocessing: RuntimeError: ash cannot be fitted on"
    assert (compared.results["error"][failed] == reason).all()
    assert (compared.results["error"][~failed] == "").all()
    assert compared.results["roc_auc"].isna().equals(failed)
    assert set(compared.scores["fold"]) == {1 - fold}
    with pytest.raises(RuntimeError, match="ash cannot"):
        compare_methods(
            *(methods, paths, boards),
            preprocessing=features,
            error_score="raise",
            **RECORDED,
        )


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("preprocessing", [None, LEARNING["TapFeatures"]])
def test_every_file_that_cannot_be_used_is_named(
    recorded: Any, n_jobs: int, preprocessing: Any
) -> None:
    paths, boards = recorded
    silent, cut, missing, noise = (paths[place] for place in (1, 3, 5, 17))
    # In the first part, without a tap, and behind the other faults of its part.
    hum = paths[7]
    rng = np.random.default_rng(0)
    soundfile.write(silent, np.zeros(20000), 44100)
    cut.write_bytes(cut.read_bytes()[:5000])
    missing.unlink()
    for path in (noise, hum):
        soundfile.write(path, rng.normal(scale=0.1, size=100_000), 44100)
    with pytest.raises(TakeError) as caught:
        compare_methods(
            KNN,
            paths,
            boards,
            preprocessing=preprocessing,
            n_jobs=n_jobs,
            **RECORDED,
        )
    problems = caught.value.problems
    assert set(problems) == {str(path) for path in (silent, cut, missing, noise, hum)}
    assert "zero" in problems[str(silent)]
    assert "truncated" in problems[str(cut)]
    assert "no such file" in problems[str(missing)]
    assert "no tap" in problems[str(noise)]
    assert "no tap" in problems[str(hum)]
    assert str(noise) in str(caught.value)
    assert "row " not in str(caught.value)


def test_every_file_that_the_steps_cannot_use_is_named(recorded: Any) -> None:
    paths, boards = recorded
    paths[5].unlink()
    rng = np.random.default_rng(0)
    soundfile.write(paths[17], rng.normal(scale=0.1, size=100_000), 44100)
    with pytest.raises(TakeError) as caught:
        compare_methods(KNN, paths, boards, preprocessing=LEARNING["steps"], **RECORDED)
    assert set(caught.value.problems) == {str(paths[5]), str(paths[17])}


def test_files_may_be_left_out(recorded: Any) -> None:
    paths, boards = recorded
    paths[5].unlink()
    with pytest.warns(UserWarning, match="no such file"):
        compared = compare_methods(
            KNN,
            paths,
            boards,
            preprocessing=article_features(on_error="nan"),
            **RECORDED,
        )
    assert compared.scores["score"].isna().sum() == 1
    assert compared.results["roc_auc"].notna().all()


@pytest.mark.parametrize("preprocessing", [None, LEARNING["TapFeatures"]])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_warnings_of_reading_come_from_here(
    recorded: Any, n_jobs: int, preprocessing: Any
) -> None:
    paths, boards = recorded
    tap = np.clip(9 * make_tap(np.random.default_rng(0)), -1, 1)
    soundfile.write(paths[20], tap, 44100)
    with pytest.warns(UserWarning, match="clipped") as caught:
        compare_methods(
            KNN,
            paths,
            boards,
            preprocessing=preprocessing,
            n_jobs=n_jobs,
            **RECORDED,
        )
    assert sum("clipped" in str(each.message) for each in caught) == 1
    assert str(paths[20]) in str(caught[0].message)
