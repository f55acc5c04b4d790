"""compare_methods interrupted: what is finished is kept, and nothing stale is used."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import pytest
from comparisons import BOARDS, CROPS, OPTIONS, SECONDS, Failing

from tapsklearn.detectors import Calibration, CropDetector, NeighborDistance
from tapsklearn.model_selection import Comparison, anomaly_scorer, compare_methods

pytestmark = pytest.mark.filterwarnings("ignore:.*false_alarm_rate=0.05 needs")


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


def kept_comparison(
    folder: Any, methods: Any, X: Any = CROPS, **options: Any
) -> Comparison:
    return compare_methods(methods, X, BOARDS, memory=folder, **OPTIONS | options)


def assert_equal(ours: Comparison, theirs: Comparison) -> None:
    """Check for the same seconds too."""
    pd.testing.assert_frame_equal(ours.results, theirs.results)
    pd.testing.assert_frame_equal(ours.scores, theirs.scores)


def test_a_comparison_that_was_interrupted_continues(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "cells"
    methods = {"a/b 板": Interrupted(), "knn": CropDetector()}
    Counted.n_fits = 0
    with pytest.raises(KeyboardInterrupt):
        kept_comparison(folder, methods)
    assert Counted.n_fits == 12
    compared = kept_comparison(folder, methods)
    assert Counted.n_fits == 13  # the one fold that was missing
    afresh = compare_methods(
        {"a/b 板": CropDetector(), "knn": CropDetector()},
        CROPS,
        BOARDS,
        **OPTIONS,
    )
    pd.testing.assert_frame_equal(
        compared.results.drop(columns=SECONDS), afresh.results.drop(columns=SECONDS)
    )
    pd.testing.assert_frame_equal(compared.scores, afresh.scores)
    # A third call computes nothing, and even the seconds are those of then.
    for memory in (folder, str(folder), joblib.Memory(str(folder), verbose=0)):
        assert_equal(kept_comparison(memory, methods), compared)
    assert Counted.n_fits == 13


KILLED = """
import os
import signal
import sys
sys.path[:0] = {path!r}
from test_compare_resume import *

class Killed(CropDetector):
    def fit(self, X, y=None):
        if "oak" not in y:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)

kept_comparison({folder!r}, {{"knn": CropDetector(), "killed": Killed()}})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_what_was_finished_survives_a_kill(tmp_path: Path) -> None:
    folder = str(tmp_path / "cells")
    code = KILLED.format(path=sys.path, folder=folder)
    process = subprocess.run([sys.executable, "-c", code], check=False)
    assert process.returncode == -signal.SIGKILL
    written = {path: path.stat().st_mtime_ns for path in outputs(folder)}
    assert len(written) >= 3
    compared = kept_comparison(folder, {"knn": CropDetector()})
    assert {path: path.stat().st_mtime_ns for path in outputs(folder)} == written
    assert (compared.results["error"] == "").all()


def outputs(folder: str) -> list[Path]:
    return list(Path(folder).rglob("output.pkl"))


def test_what_was_kept_by_halves_is_computed_anew(tmp_path: Path) -> None:
    methods = {"knn": Counted()}
    compared = kept_comparison(tmp_path, methods)
    half, *_ = outputs(str(tmp_path))
    half.write_bytes(half.read_bytes()[:100])
    Counted.n_fits = 0
    again = kept_comparison(tmp_path, methods)
    assert Counted.n_fits == 1
    pd.testing.assert_frame_equal(again.scores, compared.scores)


@pytest.mark.parametrize(
    "change",
    [
        {"X": CROPS + 1},
        {"random_state": 1},
        {"cv": 2},
        {"scoring": "pauc"},
        {"methods": {"knn": Counted(normality=NeighborDistance(n_neighbors=2))}},
        {"normal_boards": ["ash", "elm", "fir", "cracked a"]},
        {"return_estimators": True},
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


def test_scorers_are_kept_by_what_they_do(tmp_path: Path) -> None:
    def compare(scorer: Any) -> tuple[int, list[float]]:
        Counted.n_fits = 0
        compared = kept_comparison(
            tmp_path, {"knn": Counted()}, scoring={"own": scorer}
        )
        return Counted.n_fits, compared.results["own"].tolist()

    def take_first() -> Any:
        return lambda estimator, X, y: float(estimator.score_samples(X)[0])

    n_fits, first = compare(take_first())
    assert n_fits == 3
    assert compare(take_first()) == (0, first)
    n_fits, last = compare(lambda estimator, X, y: estimator.score_samples(X)[-1])
    assert n_fits == 3
    assert last != first
    some = ["ash", "elm", "fir"]
    assert compare(anomaly_scorer(normal_boards=some))[0] == 3
    assert compare(anomaly_scorer(normal_boards=some))[0] == 0
    assert compare(anomaly_scorer(normal_boards=some[1:]))[0] == 3


def test_warnings_are_kept_and_failures_are_tried_again(tmp_path: Path) -> None:
    methods = {
        "knn": CropDetector(calibration=Calibration(by="take")),
        "failing": Failing(),
    }
    warned = []
    for _ in range(2):
        with pytest.warns(UserWarning, match="fold") as caught:
            kept_comparison(tmp_path, methods)
        warned.append(sorted(str(each.message) for each in caught))
    assert warned[0] == warned[1]
    assert any("oak is missing" in message for message in warned[0])
    assert len(outputs(str(tmp_path))) == 5


def test_estimators_are_kept_too(tmp_path: Path) -> None:
    first, again = (
        kept_comparison(tmp_path, {"knn": Counted()}, return_estimators=True)
        for _ in range(2)
    )
    for cell, estimator in first.estimators.items():
        scores = estimator.score_samples(CROPS)
        assert (again.estimators[cell].score_samples(CROPS) == scores).all()
