"""Two figures of each kind of defect: known, and never recorded."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tapsklearn.datasets import Truth
from tapsklearn.detectors import SpectrumDetector
from tapsklearn.model_selection import BoardKFold, compare_methods

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*false_alarm_rate=0.05 needs", "ignore:.*contrast=True"
)

NORMAL = [f"sound {number}" for number in range(20)]
KINDS = {
    **{f"cracked {number}": "crack" for number in range(8)},
    **{f"loose {number}": "loose" for number in range(8)},
    "rotten": "rot",
}
BOARDS = np.repeat([*NORMAL, *KINDS], 4)
TRUTH = Truth(NORMAL, kinds=KINDS)
CV = BoardKFold(2, truth=TRUTH)


def make_crops() -> Any:
    rng = np.random.default_rng(0)
    own = rng.normal(size=(len(BOARDS) // 4, 1, 10, 1))
    crops = (np.repeat(own, 4, axis=1) + rng.normal(size=(len(own), 4, 10, 8))) * 0.7
    crops = crops.reshape(-1, 10, 8).astype(np.float32)
    for row, board in enumerate(BOARDS):
        crops[row, {"crack": 2, "loose": 6, "rot": 8}.get(KINDS.get(board, ""), 0)] += (
            3 * (board in KINDS)
        )
    return crops


CROPS = make_crops()
METHODS = {
    "novelty": SpectrumDetector(),
    "contrast": SpectrumDetector(contrast=True),
}


@pytest.fixture(scope="module")
def compared() -> Any:
    return compare_methods(
        METHODS, CROPS, BOARDS, truth=TRUTH, cv=CV, random_state=0, never_recorded=True
    )


def test_figures_are_those_of_trainings_by_hand(compared: Any) -> None:
    kind_of = np.array([KINDS.get(board, "") for board in BOARDS])
    rows = compared.kinds.set_index(["method", "fold", "kind", "question"])["roc_auc"]
    for name, method in METHODS.items():
        for fold, (train, test) in enumerate(CV.split(BOARDS, BOARDS)):
            for kind in ("crack", "loose"):
                asked = test[np.isin(kind_of[test], ["", kind])]
                for question, fitted_on in (
                    ("known", train),
                    ("never recorded", train[kind_of[train] != kind]),
                ):
                    detector = method.set_params(normal_boards=NORMAL, random_state=0)
                    detector.fit(CROPS[fitted_on], BOARDS[fitted_on])
                    expected = roc_auc_score(
                        kind_of[asked] == kind, -detector.score_samples(CROPS[asked])
                    )
                    assert rows[name, fold, kind, question] == pytest.approx(expected)


def test_known_defects_count(compared: Any) -> None:
    table = compared.by_kind()
    known = table.xs("contrast")["known"][["crack", "loose"]]
    assert (known > table.xs("novelty")["known"][["crack", "loose"]]).all()
    # To a method that takes no notice of them it is all the same.
    novelty = table.xs("novelty").loc[["crack", "loose"]]
    np.testing.assert_array_equal(novelty["known"], novelty["never recorded"])


def test_a_kind_with_one_specimen_is_unknown_and_never_half(compared: Any) -> None:
    table = compared.by_kind()
    for name in METHODS:
        assert np.isnan(table.loc[(name, "rot"), "known"])
        assert np.isfinite(table.loc[(name, "rot"), "never recorded"])


def test_the_rest_is_as_without(compared: Any) -> None:
    options: dict[str, Any] = {"truth": TRUTH, "cv": CV, "random_state": 0}
    plain = compare_methods(METHODS, CROPS, BOARDS, **options)
    pd.testing.assert_frame_equal(plain.scores, compared.scores)
    assert set(plain.kinds["question"]) == {"known", "never recorded"}
    # Of the contrasted one only the kind that is in no training.
    of_contrast = plain.kinds[plain.kinds["method"] == "contrast"]
    assert set(of_contrast["kind"][of_contrast["question"] != "known"]) == {"rot"}


def test_only_what_known_defects_change_is_trained_again() -> None:
    fitted = []

    class Counted(SpectrumDetector):
        def fit(self, X: Any, y: Any = None) -> "Counted":
            fitted.append(len(X))
            return super().fit(X, y)

    options: dict[str, Any] = {"truth": TRUTH, "cv": CV, "never_recorded": True}
    compare_methods({"novelty": Counted()}, CROPS, BOARDS, **options)
    assert len(fitted) == 2
    fitted.clear()
    compare_methods({"contrast": Counted(contrast=True)}, CROPS, BOARDS, **options)
    assert len(fitted) == 2 + 2 * 2


def test_without_kinds_all_defects_are_one() -> None:
    truth = Truth(NORMAL)
    compared = compare_methods(
        METHODS, CROPS, BOARDS, truth=truth, cv=2, random_state=0, never_recorded=True
    )
    assert compared.by_kind().index.tolist() == [
        ("novelty", "abnormal"),
        ("contrast", "abnormal"),
    ]
    assert compared.by_kind().notna().all(axis=None)


def test_it_resumes(tmp_path: Any) -> None:
    options: dict[str, Any] = {
        "truth": TRUTH,
        "cv": CV,
        "random_state": 0,
        "never_recorded": True,
        "memory": str(tmp_path),
    }
    first = compare_methods(METHODS, CROPS, BOARDS, **options)
    again = compare_methods(METHODS, CROPS, BOARDS, **options)
    pd.testing.assert_frame_equal(first.kinds, again.kinds)
