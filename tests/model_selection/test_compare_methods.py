"""compare_methods: the numbers of a hand-written loop, however methods are given."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparisons import BOARDS, CROPS, IS_NORMAL, METHODS, NORMAL, OPTIONS, SECONDS
from sklearn.base import clone
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from tapsklearn.datasets import Truth
from tapsklearn.detectors import CropDetector, NeighborDistance
from tapsklearn.model_selection import (
    BoardKFold,
    Comparison,
    anomaly_scorer,
    compare_methods,
)
from tapsklearn.preprocessing import Standardizer

pytestmark = pytest.mark.filterwarnings("ignore:.*false_alarm_rate=0.05 needs")

KNN = {"knn": CropDetector()}


class Recorder(CropDetector):
    """Remembers, over all clones, how it was set and what it was fitted on."""

    seen: list[dict[str, Any]] = []  # noqa: RUF012

    def fit(self, X: Any, y: Any = None) -> "Recorder":
        self.seen.append({**self.get_params(deep=False), "X": X, "y": y})
        return super().fit(X, y)


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return compare_methods(METHODS, CROPS, BOARDS, return_estimators=True, **OPTIONS)


def test_numbers_are_those_of_a_hand_written_loop(compared: Comparison) -> None:
    assert compared.results.columns.tolist() == [
        *("method", "fold", "roc_auc", "pauc", "fpr", "tpr"),
        *(*SECONDS, "error"),
    ]
    assert compared.scores.columns.tolist() == [
        *("method", "fold", "row", "board", "condition"),
        *("score", "p_value", "prediction"),
    ]
    assert (compared.results["error"] == "").all()
    results = compared.results.set_index(["method", "fold"])
    scores = compared.scores.set_index(["method", "fold"])
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
            assert row["fpr"] == calls_abnormal[normal].mean()
            assert row["tpr"] == calls_abnormal[~normal].mean()
            assert (row[SECONDS] > 0).all()

            scored = scores.loc[(name, fold)]
            np.testing.assert_array_equal(scored["row"], test)
            np.testing.assert_array_equal(scored["board"], BOARDS[test])
            np.testing.assert_array_equal(scored["condition"] == "normal", normal)
            np.testing.assert_array_equal(scored["score"], expected)
            np.testing.assert_array_equal(scored["prediction"] == -1, calls_abnormal)
            np.testing.assert_array_equal(
                scored["p_value"], model.p_values(CROPS[test])
            )

            for ours, theirs in zip(compared.folds[fold], (train, test), strict=True):
                np.testing.assert_array_equal(ours, theirs)
            kept = compared.estimators[name, fold]
            np.testing.assert_array_equal(kept.score_samples(CROPS[test]), expected)
    assert len(compared.estimators) == 3 * len(METHODS)


def test_estimators_are_kept_on_request_only() -> None:
    comparison = compare_methods(KNN, CROPS, BOARDS, **OPTIONS)
    assert comparison.estimators is None
    assert comparison.paths is None
    assert comparison.X is CROPS


def test_all_methods_are_given_the_truth() -> None:
    Recorder.seen.clear()
    specimens = {"oak": "oak tree", "cracked a": "oak tree"}
    method = Recorder(random_state=5)
    pipe = Pipeline([("standardize", Standardizer()), ("detector", Recorder())])
    methods = {"alone": method, "in a pipeline": pipe}
    options = OPTIONS | {"random_state": 7}
    comparison = compare_methods(methods, CROPS, BOARDS, specimens=specimens, **options)
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
    assert comparison.truth == Truth(NORMAL, specimens=specimens)


def test_truth_may_be_given_as_one_object() -> None:
    Recorder.seen.clear()
    truth = Truth(NORMAL, specimens={"oak": "oak tree", "cracked a": "oak tree"})
    comparison = compare_methods(
        {"knn": Recorder()}, CROPS, BOARDS, truth=truth, cv=3, random_state=0
    )
    assert comparison.truth is truth
    for params in Recorder.seen:
        assert list(params["normal_boards"]) == NORMAL
        assert params["specimens"] == truth.specimens
        assert ("oak" in params["y"]) == ("cracked a" in params["y"])


def test_without_a_seed_methods_keep_their_own() -> None:
    Recorder.seen.clear()
    options = OPTIONS | {"random_state": None}
    compare_methods({"knn": Recorder(random_state=5)}, CROPS, BOARDS, **options)
    assert [params["random_state"] for params in Recorder.seen] == [5, 5, 5]


def test_a_pipeline_is_a_method() -> None:
    pipe = Pipeline([("standardize", Standardizer()), ("detector", CropDetector())])
    short = Pipeline([("detector", CropDetector())])
    methods = {"pipe": pipe, "short": short, "knn": CropDetector()}
    several = compare_methods(methods, CROPS, BOARDS, **OPTIONS)
    alone = compare_methods(
        {"pipe": CropDetector()},
        Standardizer().fit_transform(CROPS),
        BOARDS,
        **OPTIONS,
    )
    results, scores = several.results, several.scores
    first = results[results["method"] == "pipe"].drop(columns=SECONDS)
    pd.testing.assert_frame_equal(first, alone.results.drop(columns=SECONDS))
    pd.testing.assert_frame_equal(scores[scores["method"] == "pipe"], alone.scores)
    numbers = scores[["row", "score", "p_value", "prediction"]]
    pd.testing.assert_frame_equal(
        numbers[scores["method"] == "short"].reset_index(drop=True),
        numbers[scores["method"] == "knn"].reset_index(drop=True),
    )


def test_a_grid_search_is_a_method() -> None:
    search = GridSearchCV(
        CropDetector(),
        {"normality": [NeighborDistance(n_neighbors=n) for n in (1, 5)]},
        cv=BoardKFold(2, normal_boards=NORMAL),
        scoring=anomaly_scorer(),
    )
    comparison = compare_methods(
        {"search": search},
        np.concatenate([CROPS, CROPS[~IS_NORMAL]]),
        np.concatenate([BOARDS, np.repeat(["cracked d", "cracked e", "cracked f"], 6)]),
        **OPTIONS | {"cv": 2},
    )
    assert comparison.results["roc_auc"].notna().all()
    # Those of the detector that it found.
    assert comparison.scores["p_value"].between(0, 1, inclusive="right").all()


def test_other_metrics() -> None:
    comparison = compare_methods(
        KNN, CROPS, BOARDS, scoring="average_precision", **OPTIONS
    )
    for fold, scored in comparison.scores.groupby("fold"):
        expected = average_precision_score(
            scored["condition"] == "abnormal", -scored["score"]
        )
        assert comparison.results["average_precision"][fold] == expected
    assert "roc_auc" not in comparison.results


def count_boards(estimator: Any, X: Any, y: Any) -> float:
    """Score a fold by how many boards it tests."""
    assert len(X) == len(y) == len(estimator.score_samples(X))
    return float(len(set(y)))


def test_scorers_of_your_own_get_columns() -> None:
    own = anomaly_scorer("average_precision", normal_boards=NORMAL)

    def compare(scoring: Any) -> pd.DataFrame:
        return compare_methods(KNN, CROPS, BOARDS, scoring=scoring, **OPTIONS).results

    listed = compare(["roc_auc", count_boards])
    assert listed["count_boards"].sum() == len(set(BOARDS))
    named = compare({"area": "roc_auc", "precision": own, "again": "average_precision"})
    np.testing.assert_array_equal(named["area"], listed["roc_auc"])
    np.testing.assert_array_equal(named["precision"], named["again"])
    alone = compare(count_boards)
    np.testing.assert_array_equal(alone["count_boards"], listed["count_boards"])
    with pytest.raises(ValueError, match="several scorers of one name"):
        compare(["pauc", "pauc"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"methods": {}}, "no method to compare"),
        ({"scoring": ["roc_auc", "f1"]}, r"\['f1'\]; metrics are roc_auc, pauc"),
        ({"scoring": "f1"}, r"\['f1'\]; metrics are"),
        ({"cv": 4}, "at most 3 folds"),
        ({"cv": 1}, "at least 2"),
        ({"y": BOARDS[:-1]}, "inconsistent numbers of samples"),
        ({"normal_boards": ["cracked d"]}, r"\['cracked d'\] are not among the boards"),
        # One that is misspelt would make a normal board a defect.
        ({"normal_boards": [*NORMAL, "elmm"]}, r"\['elmm'\] are not among the boards"),
        ({"normal_boards": list(set(BOARDS))}, "7 normal and 0 abnormal"),
        ({"normal_boards": None}, "give normal_boards or truth"),
        ({"truth": Truth(["oak"])}, "differ from those of truth"),
        (
            {"specimens": {}, "truth": Truth(NORMAL, {"oak": "tree"})},
            "specimens differ",
        ),
        ({"error_score": "zero"}, "error_score='zero' must be a number or 'raise'"),
    ],
)
def test_wrong_use_is_a_clear_error(wrong: dict[str, Any], message: str) -> None:
    given = {"methods": METHODS, "X": CROPS, "y": BOARDS, **OPTIONS} | wrong
    with pytest.raises(ValueError, match=message):
        compare_methods(**given)
