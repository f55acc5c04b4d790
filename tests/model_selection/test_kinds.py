"""Two figures of each kind of defect: known, and never recorded."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tapsklearn.datasets import Truth
from tapsklearn.detectors import SpectrumDetector
from tapsklearn.model_selection import BoardKFold, compare_methods
from tapsklearn.model_selection._conclude import find_limits
from tapsklearn.model_selection._kinds import name_kinds

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
            2 * (board in KINDS)
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


def test_all_kinds_are_the_mean_over_kinds_and_folds(compared: Any) -> None:
    table = compared.by_kind()
    assert table["n_specimens"].xs("contrast").to_dict() == {
        "all kinds": 17,
        "crack": 8,
        "loose": 8,
        "rot": 1,
    }
    means = compared.kinds.groupby(["method", "question"])["roc_auc"].mean()
    for question in ("known", "never recorded"):
        ranking = compared.ranking(question=question, n_resamples=100)
        for name in METHODS:
            expected = pytest.approx(means[name, question])
            assert table.loc[(name, "all kinds"), question] == expected
            assert ranking.loc[name, "roc_auc"] == expected
        assert (ranking["low"] <= ranking["roc_auc"]).all()
    with pytest.raises(ValueError, match="question='new' must be one of known, never"):
        compared.ranking(question="new")


def test_each_question_has_its_conclusion(compared: Any) -> None:
    assert compared.questions == ["known", "never recorded"]
    known, never = compared.conclusion().splitlines()
    assert known.startswith("For defects like those recorded (16 specimens): ")
    assert "contrast" in known
    assert never.startswith("For kinds never recorded (17 specimens): ")


def test_of_a_question_that_not_all_answer_nothing_is_concluded() -> None:
    compared = compare_methods(
        METHODS, CROPS, BOARDS, truth=TRUTH, cv=CV, random_state=0
    )
    assert compared.questions == ["known"]
    table = compared.by_kind()["never recorded"]
    assert table.notna().xs("novelty").all()
    assert np.isnan(table["contrast", "all kinds"])
    assert len(compared.conclusion().splitlines()) == 1
    ranking = compared.ranking(question="never recorded", n_resamples=10)
    assert ranking["roc_auc"].isna().to_dict() == {"novelty": False, "contrast": True}


@pytest.mark.parametrize("n_sessions", [5, 6])
def test_by_session_sessions_are_left_out_where_there_are_enough(
    n_sessions: int,
) -> None:
    sessions = {
        board: f"day {place % n_sessions}"
        for boards in (NORMAL, KINDS)
        for place, board in enumerate(boards)
    }
    truth = Truth(NORMAL, sessions=sessions)
    compared = compare_methods(
        {"novelty": SpectrumDetector()},
        CROPS,
        BOARDS,
        truth=truth,
        cv=BoardKFold(n_sessions, by="session", truth=truth),
        return_estimators=True,
    )
    expected = sessions if n_sessions == 6 else None
    for estimator in compared.estimators.values():
        assert estimator.specimens == expected


UNKNOWN = {
    "one kind": "there is one kind only.",
    "no names": "no kinds are named",
    "no known": "How well known defects are detected is unknown: no kind has two ",
    "sides": "is unknown: no fold has a kind on both sides.",
    "rate": "needs 19 normal ",
    "one session": "all abnormal boards are of one session, May.",
    "apart": "no session has both normal and abnormal boards.",
}


@pytest.mark.parametrize(
    ("known", "n_normal", "by", "expected"),
    [
        ({}, 19, "specimen", ["no names"]),
        ({}, 18, "specimen", ["no names", "rate"]),
        ({"kinds": {"a 0": "crack", "a 1": "crack"}}, 19, "specimen", ["one kind"]),
        ({"kinds": {"a 0": "crack", "a 1": "rot"}}, 19, "specimen", ["no known"]),
        ({}, 19, "one side", ["sides", "no names"]),
        (
            {"specimens": {"a 0": "a", "a 1": "a"}},
            19,
            "one side",
            ["no known", "no names"],
        ),
        ({"sessions": "both"}, 19, "specimen", ["no names"]),
        ({"sessions": "one"}, 19, "specimen", ["no names", "one session"]),
        ({"sessions": "apart"}, 19, "specimen", ["no names", "apart"]),
        ({"sessions": "both"}, 19, "session", ["no names", "rate"]),
    ],
)
def test_what_the_boards_cannot_say(
    known: dict[str, Any], n_normal: int, by: str, expected: list[str]
) -> None:
    normal = [f"n {number}" for number in range(n_normal)]
    abnormal = ["a 0", "a 1"]
    boards = np.array([*normal, *abnormal])
    sessions = {
        "both": {board: f"day {place % 2}" for place, board in enumerate(boards)},
        "one": dict.fromkeys(boards.tolist(), "May") | {"n 1": "June"},
        "apart": dict.fromkeys(normal, "June") | dict.fromkeys(abnormal, "May"),
    }.get(known.get("sessions", ""))
    truth = Truth(normal, **(known | {"sessions": sessions}))
    is_normal = np.isin(boards, normal)
    first = np.arange(len(boards)) % 2 == n_normal % 2
    if by == "one side":
        first = is_normal & first
    limits = find_limits(
        boards,
        is_normal,
        name_kinds(boards, is_normal, truth.kinds),
        truth=truth,
        folds=[(np.flatnonzero(first), np.flatnonzero(~first))],
        sessions=sessions if by == "session" else None,
    )
    assert len(limits) == len(expected)
    for limit, name in zip(limits, expected, strict=True):
        assert UNKNOWN[name] in limit
