"""compare_methods while it runs: what is quick first, a row as soon as it is known."""

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from comparisons import BOARDS, CROPS, METHODS, OPTIONS, AlwaysFailing, assert_same
from joblib import parallel_config
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tapsklearn.detectors import (
    ArcFaceDetector,
    AutoencoderDetector,
    CropDetector,
    SpectrumDetector,
    article_methods,
    reference_methods,
    tuned_methods,
)
from tapsklearn.model_selection import Comparison, compare_methods
from tapsklearn.model_selection._fit_and_score import Cell, Outcome
from tapsklearn.model_selection._run_cells import (
    TimeLeft,
    estimate_cost,
    order_cells,
    write_duration,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*false_alarm_rate=0.05 needs", "ignore:.*contrast=True"
)

NOWHERE = np.array([], dtype=int)


def make_cells(methods: dict[str, Any], n_folds: int = 2) -> list[Cell]:
    return [
        Cell(name, fold, method, NOWHERE, NOWHERE)
        for name, method in methods.items()
        for fold in range(n_folds)
    ]


def finish(method: str, seconds: float) -> Outcome:
    row = {"method": method, "fit_seconds": seconds, "score_seconds": 0.0}
    return Outcome(row, None, None, [])


def test_methods_run_in_the_order_of_their_cost() -> None:
    methods = {**article_methods(), **tuned_methods(), **reference_methods()}
    cells = order_cells(make_cells(methods))
    order = list(dict.fromkeys(cell.method for cell in cells))
    assert set(order[:6]) == set(reference_methods())
    deep = [name for name in order if "resnet18" in name]
    assert order[-len(deep) :] == deep
    for part in (order[6 : -len(deep)], deep):
        epochs = [methods[name].max_epochs for name in part]
        assert epochs == sorted(epochs)


def test_the_cost_of_a_pipeline_is_that_of_its_method() -> None:
    method = AutoencoderDetector(max_epochs=7)
    pipe = make_pipeline(FunctionTransformer(), method)
    assert estimate_cost(pipe) == estimate_cost(method) > estimate_cost(CropDetector())


def test_trainings_without_a_kind_follow_the_others() -> None:
    methods = {"ae": AutoencoderDetector(), "knn": CropDetector()}
    cells = make_cells(methods, n_folds=1)
    without = [cell._replace(without="crack") for cell in cells]
    order = [(each.method, each.without) for each in order_cells([*cells, *without])]
    assert order == [("knn", ""), ("knn", "crack"), ("ae", ""), ("ae", "crack")]


class Noted(CropDetector):
    """Notes when it is fitted."""

    fits: ClassVar[list[str]] = []

    def fit(self, X: Any, y: Any = None) -> "Noted":
        Noted.fits.append("knn")
        return super().fit(X, y)


class NotedNetwork(AutoencoderDetector):
    def fit(self, X: Any, y: Any = None) -> "NotedNetwork":
        Noted.fits.append("ae")
        return super().fit(X, y)


def test_what_is_quick_is_fitted_first_and_reported_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Noted.fits.clear()
    seen: list[tuple[list[str], int, str]] = []

    def look(part: Comparison) -> None:
        seen.append((part.complete, len(Noted.fits), capsys.readouterr().err))

    methods = {"ae": NotedNetwork(max_epochs=1), "knn": Noted()}
    compared = compare_methods(
        methods, CROPS, BOARDS, verbose=1, callback=look, **OPTIONS
    )
    assert Noted.fits == ["knn"] * 3 + ["ae"] * 3
    (first, n_fits, shown), (both, _, further) = seen
    assert (first, n_fits, both) == (["knn"], 3, ["ae", "knn"])
    head, row = shown.splitlines()
    assert head.split()[:6] == ["method", "roc_auc", "pauc", "fpr", "tpr", "seconds"]
    mean = compared.summary().loc["knn"]
    expected = f"knn {mean['roc_auc']:.2f} ± {mean['roc_auc_std']:.2f} "
    assert " ".join(row.split()).startswith(expected)
    assert "method" not in further
    assert further.startswith("ae ")
    assert list(dict.fromkeys(compared.results["method"])) == ["ae", "knn"]


def test_a_method_that_failed_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    methods = {"failing": AlwaysFailing(), "knn": CropDetector()}
    with pytest.warns(UserWarning, match="failed"):
        compare_methods(methods, CROPS, BOARDS, verbose=1, **OPTIONS)
    shown = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in shown if line.startswith("failing")] == [
        "failed"
    ]


@pytest.mark.parametrize("backend", ["sequential", "threading", "multiprocessing"])
def test_parts_hold_what_the_whole_holds(backend: str) -> None:
    # Torch does not survive a fork.
    methods = {"spectrum": SpectrumDetector(), "knn": CropDetector()}
    parts: list[Comparison] = []
    with parallel_config(backend, n_jobs=1 if backend == "sequential" else 2):
        whole = compare_methods(
            methods, CROPS, BOARDS, callback=parts.append, **OPTIONS
        )
    assert len(parts) == 2
    assert_same(parts[-1], whole)
    [name] = parts[0].complete
    of_method = whole.scores[whole.scores["method"] == name].reset_index(drop=True)
    scores = parts[0].scores
    found = scores[scores["method"] == name].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, of_method)


class Interrupted(ArcFaceDetector):
    """Is interrupted at its second fit."""

    n_fits = 0

    def fit(self, X: Any, y: Any = None) -> "Interrupted":
        Interrupted.n_fits += 1
        if Interrupted.n_fits == 2:
            raise KeyboardInterrupt
        return super().fit(X, y)


def test_an_interrupt_leaves_what_is_finished() -> None:
    Interrupted.n_fits = 0
    parts: list[Comparison] = []
    methods = {**METHODS, "arcface": Interrupted(embedding_dim=4, max_epochs=9)}
    with pytest.raises(KeyboardInterrupt):
        compare_methods(methods, CROPS, BOARDS, callback=parts.append, **OPTIONS)
    part = parts[-1]
    assert part.complete == ["ae", "knn"]
    n_folds = part.results.groupby("method", sort=False)["fold"].count().to_dict()
    assert n_folds == {"arcface": 1, "ae": 3, "knn": 3}
    ranking = part.ranking()
    assert ranking["roc_auc"].isna().to_dict() == {
        "ae": False,
        "knn": False,
        "arcface": True,
    }
    assert part.by_kind().index.get_level_values("method").unique().tolist()
    assert part.best in part.complete


def test_an_interrupt_before_anything_is_finished_leaves_nothing() -> None:
    Interrupted.n_fits = 1
    parts: list[Comparison] = []
    with pytest.raises(KeyboardInterrupt):
        compare_methods(
            {"arcface": Interrupted()}, CROPS, BOARDS, callback=parts.append, **OPTIONS
        )
    assert parts == []


TIMED = {
    "deep": ArcFaceDetector("resnet18", max_epochs=15),
    "ae": AutoencoderDetector(max_epochs=20),
    "knn": CropDetector(),
}


@pytest.mark.parametrize(
    ("finished", "n_jobs", "expected"),
    [
        ([], 1, ""),
        # That says nothing of what trains.
        ([("knn", 1)] * 2, 1, ""),
        ([("knn", 1)] * 2 + [("ae", 60)], 1, "at least 3 min left"),
        ([("knn", 1)] * 2 + [("ae", 60)], 3, "at least 1 min left"),
        ([("knn", 1)] * 2 + [("ae", 60)] * 2, 1, "at least 2 min left"),
        # A failure is over sooner than a fit.
        ([("knn", 1)] * 2 + [("ae", 60), ("ae", np.nan)], 1, "at least 2 min left"),
        ([("knn", 1)] * 2 + [("ae", 60)] * 2 + [("deep", 600)], 1, "about 10 min left"),
        ([("knn", 1)] * 2 + [("ae", 60)] * 2 + [("deep", 600)] * 2, 1, ""),
    ],
)
def test_the_time_left_is_no_more_than_was_measured(
    finished: list[tuple[str, float]], n_jobs: int, expected: str
) -> None:
    left = TimeLeft(make_cells(TIMED), n_jobs)
    for method, seconds in finished:
        left.count(finish(method, seconds))
    assert left.write() == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.1, "10 s"),
        (34, "30 s"),
        (54, "50 s"),
        (59, "1 min"),
        (250, "4 min"),
        (5300, "88 min"),
        (9000, "2.5 h"),
    ],
)
def test_durations_are_round(seconds: float, expected: str) -> None:
    assert write_duration(seconds) == expected
