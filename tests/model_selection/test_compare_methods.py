"""compare_methods: honest figures, the same however they are computed."""

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from joblib import parallel_config
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from taps import make_tap

from tapsklearn.detectors import (
    ArcFaceDetector,
    AutoencoderDetector,
    Calibration,
    CNNDetector,
    CropDetector,
    NeighborDistance,
)
from tapsklearn.model_selection import (
    BoardKFold,
    anomaly_scorer,
    compare_methods,
    summarize,
)
from tapsklearn.preprocessing import Standardizer, TakeError, TapFeatures

pytestmark = pytest.mark.filterwarnings("ignore:.*false_alarm_rate=0.05 needs")

NORMAL = ["ash", "elm", "fir", "oak"]
BOARDS = np.repeat([*NORMAL, "cracked a", "cracked b", "cracked c"], 6)
IS_NORMAL = np.isin(BOARDS, NORMAL)
TRUTH = {"normal_boards": NORMAL, "cv": 3}
SECONDS = ["fit_seconds", "score_seconds"]


def make_crops() -> NDArray[np.float32]:
    """Crops in which cracked boards differ, but not so that nobody errs."""
    rng = np.random.default_rng(0)
    crops = rng.normal(size=(len(BOARDS), 12, 16)).astype(np.float32)
    crops[IS_NORMAL, 2] += 1.0
    crops[~IS_NORMAL, 3] += 1.0
    return crops


CROPS = make_crops()
METHODS = {
    # In an order that is neither that of the alphabet nor that of their speed.
    "arcface": ArcFaceDetector(embedding_dim=4, max_epochs=2),
    "ae": AutoencoderDetector(max_epochs=2),
    "knn": CropDetector(),
}


class Recorder(CropDetector):
    """Remembers, over all clones, how it was set and what it was fitted on."""

    seen: list[dict[str, Any]] = []  # noqa: RUF012

    def fit(self, X: Any, y: Any = None) -> "Recorder":
        self.seen.append({**self.get_params(deep=False), "X": X, "y": y})
        return super().fit(X, y)


class ThreadCounter(CropDetector):
    """Gives the number of torch's threads while it was fitted for a p-value."""

    def fit(self, X: Any, y: Any = None) -> "ThreadCounter":
        self._n_threads = torch.get_num_threads()
        # Some fits are overtaken by later ones, where there are workers.
        if "oak" in y:
            time.sleep(0.5)
        return super().fit(X, y)

    def judge(self, X: Any) -> pd.DataFrame:
        return super().judge(X).assign(p_value=float(self._n_threads))


class Failing(CropDetector):
    """Cannot be fitted without the board `needed`."""

    needed = "oak"

    def fit(self, X: Any, y: Any = None) -> "Failing":
        if self.needed not in y:
            raise ValueError(f"{self.needed} is missing")
        return super().fit(X, y)


class AlwaysFailing(Failing):
    needed = "a board that nobody has"


@pytest.fixture(scope="module")
def compared() -> tuple[pd.DataFrame, pd.DataFrame]:
    return compare_methods(
        METHODS, CROPS, BOARDS, random_state=0, return_scores=True, **TRUTH
    )


@pytest.fixture(scope="module", autouse=True)
def _many_cores() -> Iterator[None]:
    """Set what joblib sets for workers on a computer with many more cores."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MKL_NUM_THREADS", "2")
        yield


@pytest.fixture(scope="module")
def compared_by_workers() -> tuple[pd.DataFrame, pd.DataFrame]:
    return compare_methods(
        # First, while nobody has asked torch for anything.
        {"threads": ThreadCounter(), **METHODS},
        CROPS,
        BOARDS,
        random_state=0,
        return_scores=True,
        n_jobs=2,
        **TRUTH,
    )


def test_figures_are_those_of_a_hand_written_loop(compared: Any) -> None:
    results, scores = compared
    assert results.columns.tolist() == [
        *("method", "fold", "roc_auc", "pauc", "false_alarm_rate", "hit_rate"),
        *SECONDS,
    ]
    assert scores.columns.tolist() == [
        *("method", "fold", "row", "board", "condition"),
        *("score", "p_value", "prediction"),
    ]
    results = results.set_index(["method", "fold"])
    scores = scores.set_index(["method", "fold"])
    for name, method in METHODS.items():
        splits = BoardKFold(3, normal_boards=NORMAL).split(CROPS, BOARDS)
        for fold, (train, test) in enumerate(splits):
            model = clone(method).set_params(normal_boards=NORMAL, random_state=0)
            expected = model.fit(CROPS[train], BOARDS[train]).score_samples(CROPS[test])
            calls_abnormal = model.predict(CROPS[test]) == -1
            normal = IS_NORMAL[test]

            row = results.loc[(name, fold)]
            assert row["roc_auc"] == roc_auc_score(~normal, -expected)
            assert row["pauc"] == roc_auc_score(~normal, -expected, max_fpr=0.1)
            assert row["false_alarm_rate"] == calls_abnormal[normal].mean()
            assert row["hit_rate"] == calls_abnormal[~normal].mean()
            assert (row[SECONDS] > 0).all()

            judged = scores.loc[(name, fold)]
            np.testing.assert_array_equal(judged["row"], test)
            np.testing.assert_array_equal(judged["board"], BOARDS[test])
            np.testing.assert_array_equal(judged["condition"] == "normal", normal)
            np.testing.assert_array_equal(judged["score"], expected)
            np.testing.assert_array_equal(judged["prediction"] == -1, calls_abnormal)
            np.testing.assert_array_equal(
                judged["p_value"], model.p_values(CROPS[test])
            )


@pytest.mark.parametrize(
    ("compared_in", "methods"),
    [
        ("compared", list(METHODS)),
        ("compared_by_workers", ["threads", *METHODS]),
    ],
)
def test_rows_come_in_the_order_of_the_methods(
    compared_in: str, methods: list[str], request: pytest.FixtureRequest
) -> None:
    results, scores = request.getfixturevalue(compared_in)
    expected = [(name, fold) for name in methods for fold in range(3)]
    assert list(zip(results["method"], results["fold"], strict=True)) == expected
    groups = scores.groupby(["method", "fold"], sort=False)
    assert list(groups.groups) == expected
    assert groups["row"].apply(lambda rows: rows.is_monotonic_increasing).all()
    assert scores.index.tolist() == list(range(len(methods) * len(BOARDS)))


def test_workers_give_the_same_numbers(compared: Any, compared_by_workers: Any) -> None:
    for ours, theirs in zip(compared, compared_by_workers, strict=True):
        theirs = theirs[theirs["method"] != "threads"].reset_index(drop=True)
        pd.testing.assert_frame_equal(
            ours.drop(columns=SECONDS, errors="ignore"),
            theirs.drop(columns=SECONDS, errors="ignore"),
            check_exact=True,
        )


def test_each_fit_of_a_worker_has_one_thread(compared_by_workers: Any) -> None:
    _, scores = compared_by_workers
    threads = scores.loc[scores["method"] == "threads", "p_value"]
    assert len(threads) == len(BOARDS)
    assert (threads == 1).all()


def test_each_fit_has_one_thread_here_too() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        _, scores = compare_methods(
            {"threads": ThreadCounter()}, CROPS, BOARDS, return_scores=True, **TRUTH
        )
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert (scores["p_value"] == 1).all()


def test_all_methods_are_told_the_truth() -> None:
    Recorder.seen.clear()
    specimens = {"oak": "oak tree", "cracked a": "oak tree"}
    method = Recorder(random_state=5)
    pipe = Pipeline([("standardize", Standardizer()), ("detector", Recorder())])
    methods = {"alone": method, "in a pipeline": pipe}
    compare_methods(
        methods, CROPS, BOARDS, specimens=specimens, random_state=7, **TRUTH
    )
    assert len(Recorder.seen) == 6
    for params in Recorder.seen:
        assert params["normal_boards"] == NORMAL
        assert params["specimens"] == specimens
        assert params["random_state"] == 7
        # The two ends of one specimen are on one side.
        assert ("oak" in params["y"]) == ("cracked a" in params["y"])
    for given in (method, pipe[-1]):
        assert given.normal_boards is None
        assert given.specimens is None
        assert not hasattr(given, "offset_")
    assert method.random_state == 5


def test_without_a_seed_methods_keep_their_own() -> None:
    Recorder.seen.clear()
    compare_methods({"knn": Recorder(random_state=5)}, CROPS, BOARDS, **TRUTH)
    assert [params["random_state"] for params in Recorder.seen] == [5, 5, 5]


def test_a_pipeline_is_a_method() -> None:
    pipe = Pipeline([("standardize", Standardizer()), ("detector", CropDetector())])
    short = Pipeline([("detector", CropDetector())])
    results, scores = compare_methods(
        {"pipe": pipe, "short": short, "knn": CropDetector()},
        CROPS,
        BOARDS,
        random_state=0,
        return_scores=True,
        **TRUTH,
    )
    alone, alone_scores = compare_methods(
        {"pipe": CropDetector()},
        Standardizer().fit_transform(CROPS),
        BOARDS,
        random_state=0,
        return_scores=True,
        **TRUTH,
    )
    first = results[results["method"] == "pipe"].drop(columns=SECONDS)
    pd.testing.assert_frame_equal(first, alone.drop(columns=SECONDS))
    pd.testing.assert_frame_equal(scores[scores["method"] == "pipe"], alone_scores)
    figures = scores[["row", "score", "p_value", "prediction"]]
    pd.testing.assert_frame_equal(
        figures[scores["method"] == "short"].reset_index(drop=True),
        figures[scores["method"] == "knn"].reset_index(drop=True),
    )


def test_a_grid_search_is_a_method() -> None:
    search = GridSearchCV(
        CropDetector(),
        {"normality": [NeighborDistance(n_neighbors=n) for n in (1, 5)]},
        cv=BoardKFold(2, normal_boards=NORMAL),
        scoring=anomaly_scorer(normal_boards=NORMAL),
    )
    results, scores = compare_methods(
        {"search": search},
        np.concatenate([CROPS, CROPS[~IS_NORMAL]]),
        np.concatenate([BOARDS, np.repeat(["cracked d", "cracked e", "cracked f"], 6)]),
        normal_boards=NORMAL,
        cv=2,
        random_state=0,
        return_scores=True,
    )
    assert results["roc_auc"].notna().all()
    # Those of the detector that it found.
    assert scores["p_value"].between(0, 1, inclusive="right").all()


def test_paths_are_as_good_as_crops(recorded: tuple[list[Path], Any]) -> None:
    paths, boards = recorded
    methods = {"knn": CropDetector()}
    settings = {
        "normal_boards": ["ash", "oak"],
        "cv": 2,
        "random_state": 0,
        "return_scores": True,
    }
    crops = TapFeatures(shifts=(0, 6)).fit_transform([str(path) for path in paths])
    from_crops = compare_methods(methods, crops, boards, **settings)
    from_paths = compare_methods(methods, paths, boards, **settings)
    for ours, theirs in zip(from_crops, from_paths, strict=True):
        pd.testing.assert_frame_equal(
            ours.drop(columns=SECONDS, errors="ignore"),
            theirs.drop(columns=SECONDS, errors="ignore"),
        )

    single = TapFeatures()
    Recorder.seen.clear()
    compare_methods(
        {"recorder": Recorder()}, paths, boards, preprocessing=single, **settings
    )
    assert Recorder.seen[0]["X"].shape == (len(paths) / 2, 100, 120)


def test_each_file_is_read_once(
    recorded: tuple[list[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, boards = recorded
    opened: list[str] = []

    class Counted(soundfile.SoundFile):
        def __init__(self, file: Any, *args: Any, **params: Any) -> None:
            opened.append(Path(bytes(file).decode()).name)
            super().__init__(file, *args, **params)

    monkeypatch.setattr(soundfile, "SoundFile", Counted)
    calls: list[tuple[str, int, int]] = []
    compare_methods(
        {"knn": CropDetector(), "again": CropDetector()},
        paths,
        boards,
        normal_boards=["ash", "oak"],
        cv=2,
        random_state=0,
        progress=lambda *call: calls.append(call),
    )
    assert sorted(opened) == sorted(path.name for path in paths)
    assert calls == [
        ("reading", 16, len(paths)),
        ("reading", len(paths), len(paths)),
        *(("comparing", done, 4) for done in range(5)),
    ]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_every_file_that_cannot_be_used_is_named(
    recorded: tuple[list[Path], Any], n_jobs: int
) -> None:
    paths, boards = recorded
    paths = list(paths)
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
            {"knn": CropDetector()},
            paths,
            boards,
            normal_boards=["ash", "oak"],
            cv=2,
            n_jobs=n_jobs,
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


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_warnings_of_reading_come_from_here(
    recorded: tuple[list[Path], Any], n_jobs: int
) -> None:
    paths, boards = recorded
    tap = make_tap(np.random.default_rng(0), seconds=3.5)
    soundfile.write(paths[20], tap, 44100)
    with pytest.warns(UserWarning, match="longer than duration=3 s") as caught:
        compare_methods(
            {"knn": CropDetector()},
            paths,
            boards,
            normal_boards=["ash", "oak"],
            cv=2,
            n_jobs=n_jobs,
        )
    assert sum("longer than" in str(each.message) for each in caught) == 1
    assert str(paths[20]) in str(caught[0].message)


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[list[Path], NDArray[Any]]:
    """Recordings of four boards, more than are read at once."""
    rng = np.random.default_rng(0)
    boards = np.repeat(["ash", "oak", "cracked ash", "cracked oak"], 6)
    paths = []
    for place, board in enumerate(boards):
        path = tmp_path / f"{place:02}.wav"
        freqs = (400.0, 1500.0) if "cracked" in board else (310.0, 870.0)
        soundfile.write(path, make_tap(rng, seconds=0.6, onset=0.1, freqs=freqs), 44100)
        paths.append(path)
    return paths, boards


def test_a_method_that_fails_costs_the_others_nothing() -> None:
    methods = {"failing": Failing(), "knn": CropDetector()}
    with pytest.warns(UserWarning, match="oak is missing") as caught:
        results, scores = compare_methods(
            methods, CROPS, BOARDS, random_state=0, return_scores=True, **TRUTH
        )
    [message] = [str(each.message) for each in caught if "oak" in str(each.message)]
    splits = list(BoardKFold(3, normal_boards=NORMAL).split(BOARDS, BOARDS))
    [fold] = [k for k, (train, _) in enumerate(splits) if "oak" not in BOARDS[train]]
    assert message == f"failing, fold {fold}: failed: oak is missing"

    failed = (results["method"] == "failing") & (results["fold"] == fold)
    figures = results.drop(columns=["method", "fold"])
    assert figures[failed].isna().all(axis=None)
    assert figures[~failed].notna().all(axis=None)
    judged = scores[scores["method"] == "failing"]
    assert set(judged["fold"]) == {0, 1, 2} - {fold}
    assert scores[["fold", "row"]].dtypes.eq(int).all()

    summary = summarize(results)
    assert summary.loc["failing", "roc_auc"] == figures["roc_auc"][:3].mean()


def test_when_all_methods_fail_there_is_still_a_table() -> None:
    with pytest.warns(UserWarning, match="failing, folds 0, 1, 2: failed: a board"):
        results, scores = compare_methods(
            {"failing": AlwaysFailing()}, CROPS, BOARDS, return_scores=True, **TRUTH
        )
    assert results["fold"].tolist() == [0, 1, 2]
    assert results.drop(columns=["method", "fold"]).isna().all(axis=None)
    assert scores.empty
    assert scores[["fold", "row"]].dtypes.eq(int).all()
    assert scores.columns.tolist()[:3] == ["method", "fold", "row"]


def test_other_errors_are_not_hidden() -> None:
    class Broken(CropDetector):
        def fit(self, X: Any, y: Any = None) -> "Broken":
            raise TypeError("a mistake in the code")

    with pytest.raises(TypeError, match="a mistake in the code"):
        compare_methods({"broken": Broken()}, CROPS, BOARDS, **TRUTH)


def test_a_fold_that_judges_nothing_fails_alone() -> None:
    # Unshuffled, the first fold has normal boards alone to test, the last abnormal.
    with pytest.warns(UserWarning, match="knn, fold [02]: failed: roc_auc needs takes"):
        results = compare_methods(
            {"knn": CropDetector()},
            CROPS,
            BOARDS,
            normal_boards=NORMAL,
            cv=KFold(3),
            random_state=0,
        )
    figures = results.drop(columns=["method", "fold"])
    assert figures.isna().all(axis=1).tolist() == [True, False, True]
    assert figures.isna().any(axis=1).tolist() == [True, False, True]


def test_warnings_of_a_fit_name_method_and_folds() -> None:
    class Painted(CropDetector):
        def fit(self, X: Any, y: Any = None) -> "Painted":
            warnings.warn("the paint is wet", stacklevel=1)
            warnings.warn("the paint is wet", stacklevel=1)
            warnings.warn("for developers", ResourceWarning, stacklevel=1)
            return super().fit(X, y)

    with pytest.warns(UserWarning, match="paint") as caught:
        compare_methods({"knn": Painted()}, CROPS, BOARDS, **TRUTH)
    messages = [str(each.message) for each in caught]
    assert messages.count("knn, folds 0, 1, 2: the paint is wet") == 1
    assert not any("developers" in message for message in messages)

    # Whoever turns warnings into errors gets the same ones from here and workers.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*needs 19")
        with pytest.raises(UserWarning, match="knn, folds 0, 1, 2: the paint is wet"):
            compare_methods({"knn": Painted()}, CROPS, BOARDS, **TRUTH)


def test_other_metrics() -> None:
    results, scores = compare_methods(
        {"knn": CropDetector()},
        CROPS,
        BOARDS,
        scoring="average_precision",
        return_scores=True,
        **TRUTH,
    )
    for fold, judged in scores.groupby("fold"):
        expected = average_precision_score(
            judged["condition"] == "abnormal", -judged["score"]
        )
        assert results["average_precision"][fold] == expected
    assert "roc_auc" not in results


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"methods": {}}, "no method to compare"),
        ({"scoring": ["roc_auc", "f1"]}, r"\['f1'\], known are roc_auc, pauc"),
        ({"scoring": "f1"}, r"\['f1'\], known are"),
        ({"cv": 4}, "at most 3 folds"),
        ({"cv": 1}, "at least 2"),
        ({"y": BOARDS[:-1]}, "inconsistent numbers of samples"),
        ({"normal_boards": ["teak"]}, "0 normal and 7 abnormal"),
    ],
)
def test_wrong_use_is_a_clear_error(wrong: dict[str, Any], message: str) -> None:
    given = {"methods": METHODS, "X": CROPS, "y": BOARDS, **TRUTH} | wrong
    with pytest.raises(ValueError, match=message):
        compare_methods(**given)


class Memory(BaseEstimator):
    """Takes a take for normal if the training take nearest to it was."""

    def __init__(self, normal_boards: Any = None) -> None:
        self.normal_boards = normal_boards

    def fit(self, X: Any, y: Any) -> "Memory":
        self.nearest_ = [
            NeighborDistance(n_neighbors=1).fit(X[side].reshape(side.sum(), -1))
            for side in (
                np.isin(y, self.normal_boards),
                ~np.isin(y, self.normal_boards),
            )
        ]
        return self

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        normal, abnormal = (
            each.score_samples(X.reshape(len(X), -1)) for each in self.nearest_
        )
        return normal - abnormal

    def predict(self, X: Any) -> NDArray[np.int64]:
        return np.where(self.score_samples(X) >= 0, 1, -1)


def test_what_tells_boards_apart_does_not_tell_their_condition() -> None:
    boards = np.repeat([f"board {number}" for number in range(16)], 6)
    methods = {"knn": CropDetector(), "memory": Memory()}

    def mean_roc_auc(split_boards: bool) -> pd.Series:
        found = []
        for seed in range(8):
            rng = np.random.default_rng(seed)
            # Each board has a sound of its own, that says nothing else of it.
            sounds = np.repeat(rng.normal(size=(16, 5, 4)), 6, axis=0)
            crops = sounds + rng.normal(scale=0.1, size=sounds.shape)
            normal = rng.permutation(np.unique(boards))[:8]
            params = {"shuffle": True, "random_state": seed}
            results = compare_methods(
                methods,
                crops,
                boards,
                normal_boards=normal,
                cv=BoardKFold(4, normal_boards=normal, **params)
                if split_boards
                else StratifiedKFold(4, **params),
                random_state=0,
            )
            found.append(summarize(results)["roc_auc"])
        return pd.concat(found, axis=1).mean(axis=1)

    by_takes = mean_roc_auc(split_boards=False)
    assert (by_takes > 0.99).all()
    by_boards = mean_roc_auc(split_boards=True)
    assert ((by_boards - 0.5).abs() < 0.1).all()


def test_summarize() -> None:
    results = pd.DataFrame(
        {
            "method": ["b", "b", "a", "a", "c", "c"],
            "fold": [0, 1, 0, 1, 0, 1],
            "roc_auc": [0.5, 0.7, 0.8, 1.0, np.nan, np.nan],
            "hit_rate": [0.0, 1.0, 1.0, 1.0, np.nan, np.nan],
        }
    )
    summary = summarize(results)
    assert summary.index.tolist() == ["a", "b", "c"]
    assert summary["roc_auc"].tolist()[:2] == pytest.approx([0.9, 0.6])
    assert summary["roc_auc_std"].tolist()[:2] == pytest.approx([np.sqrt(0.02)] * 2)
    assert summary.loc["b", "hit_rate_std"] == pytest.approx(np.sqrt(0.5))
    assert summary.loc["c"].isna().all()
    # Without roc_auc the first figure ranks.
    assert summarize(results.drop(columns="roc_auc")).index.tolist() == ["a", "b", "c"]


def count_boards(estimator: Any, X: Any, y: Any) -> float:
    """Score a fold by how many boards it judges."""
    assert len(X) == len(y) == len(estimator.score_samples(X))
    return float(len(set(y)))


def test_scorers_of_your_own_get_columns() -> None:
    own = anomaly_scorer("average_precision", normal_boards=NORMAL)
    knn = {"knn": METHODS["knn"]}
    listed = compare_methods(
        knn, CROPS, BOARDS, scoring=["roc_auc", count_boards], random_state=0, **TRUTH
    )
    assert listed["count_boards"].sum() == len(set(BOARDS))
    named = compare_methods(
        knn,
        CROPS,
        BOARDS,
        scoring={"area": "roc_auc", "precision": own, "again": "average_precision"},
        random_state=0,
        **TRUTH,
    )
    np.testing.assert_array_equal(named["area"], listed["roc_auc"])
    np.testing.assert_array_equal(named["precision"], named["again"])
    alone = compare_methods(
        knn, CROPS, BOARDS, scoring=count_boards, random_state=0, **TRUTH
    )
    np.testing.assert_array_equal(alone["count_boards"], listed["count_boards"])
    with pytest.raises(ValueError, match="several scorers of one name"):
        compare_methods(knn, CROPS, BOARDS, scoring=["pauc", "pauc"], **TRUTH)


class Counted(CropDetector):
    """Counts the fits of all its clones."""

    n_fits = 0

    def fit(self, X: Any, y: Any = None) -> "Counted":
        type(self).n_fits += 1
        return super().fit(X, y)


class Interrupted(Counted):
    """Is interrupted at its third fit, once."""

    def fit(self, X: Any, y: Any = None) -> "Interrupted":
        if Counted.n_fits == 2:
            Counted.n_fits += 10
            raise KeyboardInterrupt
        Counted.n_fits += 1
        return CropDetector.fit(self, X, y)


def kept_comparison(folder: Path, methods: Any, X: Any = CROPS, **options: Any) -> Any:
    options = {"random_state": 0, **TRUTH, **options}
    return compare_methods(
        methods, X, BOARDS, return_scores=True, keep_in=folder, **options
    )


def test_a_comparison_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    methods = {"a/b 板": Interrupted(), "knn": CropDetector()}
    Counted.n_fits = 0
    with pytest.raises(KeyboardInterrupt):
        kept_comparison(tmp_path / "new" / "cells", methods)
    assert Counted.n_fits == 12
    results, scores = kept_comparison(tmp_path / "new" / "cells", methods)
    assert Counted.n_fits == 13  # the one fold that was missing
    afresh = compare_methods(
        {"a/b 板": CropDetector(), "knn": CropDetector()},
        CROPS,
        BOARDS,
        random_state=0,
        return_scores=True,
        **TRUTH,
    )
    pd.testing.assert_frame_equal(
        results.drop(columns=SECONDS), afresh[0].drop(columns=SECONDS)
    )
    pd.testing.assert_frame_equal(scores, afresh[1])
    # A third call computes nothing, and even the seconds are those of then.
    again = kept_comparison(tmp_path / "new" / "cells", methods)
    assert Counted.n_fits == 13
    pd.testing.assert_frame_equal(again[0], results)
    pd.testing.assert_frame_equal(again[1], scores)


@pytest.mark.parametrize(
    "change",
    [
        {"X": CROPS + 1},
        {"random_state": 1},
        {"cv": 2},
        {"scoring": "pauc"},
        {"methods": {"knn": Counted(normality=NeighborDistance(n_neighbors=2))}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_changes_the_outcome_is_computed_anew(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    options = {"methods": {"knn": Counted()}}
    kept_comparison(tmp_path, **options)
    Counted.n_fits = 0
    kept_comparison(tmp_path, **options)
    assert Counted.n_fits == 0
    kept_comparison(tmp_path, **{**options, **change})
    assert Counted.n_fits == change.get("cv", 3)


def test_warnings_are_kept_and_failures_are_tried_again(tmp_path: Path) -> None:
    methods = {
        "knn": CropDetector(calibration=Calibration(by="take")),
        "failing": Failing(),
    }
    told = []
    for _ in range(2):
        with pytest.warns(UserWarning, match="fold") as caught:
            kept_comparison(tmp_path, methods)
        told.append(sorted(str(each.message) for each in caught))
    assert told[0] == told[1]
    assert any("oak is missing" in message for message in told[0])


def test_dask_gives_the_same_numbers(compared: Any) -> None:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        parallel_config("dask"),
    ):
        results, scores = compare_methods(
            METHODS, CROPS, BOARDS, random_state=0, return_scores=True, **TRUTH
        )
    pd.testing.assert_frame_equal(
        results.drop(columns=SECONDS), compared[0].drop(columns=SECONDS)
    )
    pd.testing.assert_frame_equal(scores, compared[1])


def test_what_marks_each_board_helps_only_where_boards_are_split() -> None:
    """Plant a mark of each board that knows nothing of its condition."""
    rng = np.random.default_rng(0)
    names = [f"board {number}" for number in range(48)]
    normal = rng.permutation(names)[:32].tolist()
    boards = np.repeat(names, 6)
    crops = rng.normal(size=(len(boards), 12, 16)).astype(np.float32)
    marks = rng.normal(size=(48, 12, 16)) * 2
    marked = Standardizer().fit_transform(crops) + np.repeat(marks, 6, axis=0)
    methods = {
        "knn": CropDetector(),
        "cnn": CNNDetector(max_epochs=20, lr=3e-3, score_space="embedding"),
    }
    options = {"normal_boards": normal, "scoring": "roc_auc", "random_state": 0}
    honest = compare_methods(methods, marked, boards, cv=2, **options)
    by_takes = StratifiedKFold(2, shuffle=True, random_state=0)
    leaking = compare_methods(methods, marked, boards, cv=by_takes, **options)
    for name in methods:
        assert abs(honest.groupby("method")["roc_auc"].mean()[name] - 0.5) < 0.15
        assert leaking.groupby("method")["roc_auc"].mean()[name] > 0.95
