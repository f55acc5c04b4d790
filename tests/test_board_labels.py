"""Labels of boards, whatever they come in: one answer everywhere, or one error."""

import re
import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import GridSearchCV

from tapsklearn import CropDetector
from tapsklearn.datasets import Truth
from tapsklearn.detectors import Calibration
from tapsklearn.inspection import TakeScoresDisplay
from tapsklearn.model_selection import (
    BoardKFold,
    anomaly_scorer,
    compare_methods,
    count_feasible_folds,
)
from tapsklearn.persistence import load, read_about, save
from tapsklearn.scoring import verdict_curve

matplotlib.use("agg")
# What is asked here is of labels, and not whether 12 takes are enough.
pytestmark = pytest.mark.filterwarnings("ignore:.*needs? .* normal takes")

NORMAL = ["oak", "ash", "fir"]
BOARDS = [*NORMAL, "cracked a", "cracked b", "cracked c"]
TAKES = np.repeat(BOARDS, 4)
CROPS = np.random.default_rng(0).normal(size=(24, 4, 6)).astype(np.float32)
CROPS[12:] += np.linspace(0, 2, 12)[:, None, None]
P_VALUES = np.r_[np.linspace(0.2, 0.9, 12), np.linspace(0.01, 0.4, 12)]


def fit(boards, normal):
    detector = CropDetector(normal_boards=normal, random_state=0).fit(CROPS, boards)
    return detector.score_samples(CROPS)


def calibrate(boards, normal):
    detector = CropDetector(normal_boards=normal, random_state=0)
    return detector.fit(CROPS, boards).calibrate(CROPS + 1, None).offset_


def split(boards, normal):
    folds = BoardKFold(3, normal_boards=normal).split(CROPS, boards)
    return np.concatenate([test for _, test in folds])


def split_by_truth(boards, normal):
    folds = BoardKFold(3, truth=Truth(normal)).split(CROPS, boards)
    return np.concatenate([test for _, test in folds])


def count(boards, normal):
    return count_feasible_folds(boards, normal_boards=normal)


def evaluate(boards, normal):
    detector = CropDetector(random_state=0).fit(CROPS[:12])
    return anomaly_scorer(normal_boards=normal)(detector, CROPS, boards)


def compare(boards, normal):
    return compare_methods(
        {"crop": CropDetector()},
        CROPS,
        boards,
        normal_boards=normal,
        cv=2,
        random_state=0,
    ).results["roc_auc"]


def decide(boards, normal):
    return verdict_curve(
        P_VALUES, boards, normal_boards=normal, n_repeats=3, false_alarm_rate=0.2
    )["tpr"]


def plot(boards, normal):
    display = TakeScoresDisplay.from_predictions(P_VALUES, boards, normal_boards=normal)
    shown = [label.get_text() for label in display.ax_.get_xticklabels()]
    pyplot.close("all")
    return len(shown)


FUNCTIONS = [fit, calibrate, split, split_by_truth, count, evaluate, compare, decide]
FUNCTIONS += [plot]
# They are given the boards of all takes, never those of a fold.
WHOLE = [count, compare, decide]

COLLECTIONS = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "dict": dict.fromkeys,
    "keys": lambda names: dict.fromkeys(names).keys(),
    "values": lambda names: dict(enumerate(names)).values(),
    "array": np.array,
    "objects": lambda names: np.array(names, dtype=object),
    "column": lambda names: np.array(names)[:, None],
    "series": lambda names: pd.Series(names, index=range(7, 7 + len(names))),
    "index": pd.Index,
    "categories": pd.Categorical,
    "strings": lambda names: pd.Series(names, dtype="string").unique(),
    "unique": lambda names: pd.Series(names * 2).unique(),
    "frame": lambda names: pd.DataFrame({"board": names}),
    "numpy's own": lambda names: [np.array(name)[()] for name in names],
}
# Which of them have no order to name the board of each take in.
UNORDERED = {"set", "frozenset", "dict", "keys", "values"}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("kind", COLLECTIONS)
def test_any_collection_of_names_is_the_same(function, kind):
    expected = function(TAKES, NORMAL)
    np.testing.assert_array_equal(function(TAKES, COLLECTIONS[kind](NORMAL)), expected)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("kind", sorted(COLLECTIONS.keys() - UNORDERED - {"unique"}))
def test_any_column_of_boards_is_the_same(function, kind):
    if kind == "strings":
        boards = pd.array(TAKES.tolist(), dtype="string")
    else:
        boards = COLLECTIONS[kind](TAKES.tolist())
    np.testing.assert_array_equal(function(boards, NORMAL), function(TAKES, NORMAL))


@pytest.mark.parametrize("function", [fit, split, compare, decide])
def test_a_column_is_flattened_with_the_warning_of_scikit_learn(function):
    with pytest.warns(DataConversionWarning, match=r"column-vector.*1d array"):
        function(TAKES[:, None], NORMAL)


def with_a_label(label, at=(5, 13)):
    boards = TAKES.astype(object)
    boards[list(at)] = label
    return boards


MISSING = {
    "nan": np.nan,
    "None": None,
    "NA": pd.NA,
    "NaT": pd.NaT,
    "numpy's nan": np.float32("nan"),
}
# What is wrong with boards, and what the message says.
WRONG_BOARDS = {
    **{
        name: (with_a_label(label), "names no board in rows 5; 13")
        for name, label in MISSING.items()
    },
    "list with None": (with_a_label(None).tolist(), "names no board in rows 5; 13"),
    "series with NA": (
        pd.Series(with_a_label(pd.NA), dtype="string"),
        "names no board in rows 5; 13",
    ),
    "masked": (
        np.ma.array(TAKES, mask=np.isin(np.arange(24), [5, 13])),
        "names no board in rows 5; 13",
    ),
    "numbers and text": (with_a_label(1), r"mixes text \('oak'\) and numbers \(1\)"),
    "true and text": (with_a_label(True), "mixes text .* and true and false"),
    "tuples": ([("oak", 1)] * 24, "of type tuple: boards are named by text"),
    "bytes": ([b"oak"] * 24, "of type bytes"),
    "dates": (pd.date_range("2026-01-01", periods=24), "of type Timestamp"),
    "set": (set(TAKES), "which has no order"),
    "keys": (dict.fromkeys(TAKES).keys(), "which has no order"),
    "generator": ((board for board in TAKES), "which can be read only once"),
    "one name": ("oak", "must be a list"),
    "two columns": (np.c_[TAKES, TAKES], "give one column"),
    "short": (TAKES[:-1], "of 23 takes, and there are 24"),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("defect", WRONG_BOARDS)
def test_boards_that_cannot_be_used_are_one_error(function, defect):
    boards, message = WRONG_BOARDS[defect]
    if defect == "generator":
        boards = (board for board in TAKES)
    if defect == "short" and function is count:
        pytest.skip("the boards are all that it is given")
    if defect == "short" and function in {split, split_by_truth}:
        message = "inconsistent numbers of samples"  # as scikit-learn says it
    with pytest.raises(ValueError, match=message):
        function(boards, NORMAL)


WRONG_NAMES = {
    "numbers for text": (lambda: [1, 2], "holds numbers such as 1, and the boards"),
    "mixed": (lambda: ["oak", 1], r"mixes text \('oak'\) and numbers \(1\)"),
    "missing": (lambda: ["oak", None], "holds a name that is missing"),
    "NA": (lambda: pd.Series(["oak", pd.NA]), "holds a name that is missing"),
    "generator": (lambda: (name for name in NORMAL), "can be read only once"),
    "iterator": (lambda: iter(NORMAL), "can be read only once"),
    "one name": (lambda: "oak", "must be a list of boards"),
    "one number": (lambda: 3, "must be a list of boards"),
    "table": (lambda: np.array([NORMAL, NORMAL]), "give one column"),
    "lists": (lambda: [["oak", "ash"], ["fir"]], "of type list"),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("defect", WRONG_NAMES)
def test_names_that_cannot_be_used_are_one_error(function, defect):
    make, message = WRONG_NAMES[defect]
    with pytest.raises(ValueError, match=f"normal_boards.*{message}"):
        function(TAKES, make())


@pytest.mark.parametrize("function", WHOLE)
def test_a_name_that_no_board_has_is_an_error_where_all_boards_are_there(function):
    with pytest.raises(ValueError, match=r"normal_boards=\['ok'\] are not among"):
        function(TAKES, ["ok", "ash", "fir"])


@pytest.mark.parametrize("function", [fit, split, split_by_truth, evaluate])
def test_inside_folds_such_a_name_is_passed_over(function):
    np.testing.assert_array_equal(
        function(TAKES, [*NORMAL, "beech"]), function(TAKES, NORMAL)
    )


@pytest.mark.parametrize("make", [set, lambda names: dict.fromkeys(names).keys()])
def test_a_search_takes_collections_that_cannot_be_copied(make):
    detector = CropDetector(normal_boards=make(NORMAL), random_state=0)
    search = GridSearchCV(
        detector,
        {"false_alarm_rate": [0.1, 0.2]},
        cv=BoardKFold(2, normal_boards=make(NORMAL)),
        scoring=anomaly_scorer("roc_auc"),
        error_score="raise",
    )
    assert search.fit(CROPS, TAKES).best_score_ > 0.5
    assert set(clone(detector).normal_boards) == set(NORMAL)


@pytest.mark.parametrize("kind", sorted(COLLECTIONS.keys() - {"column", "frame"}))
def test_a_model_file_holds_plain_labels(kind, tmp_path):
    detector = CropDetector(
        normal_boards=COLLECTIONS[kind](NORMAL),
        specimens={np.str_("oak"): np.str_("tree")},
        random_state=0,
    ).fit(CROPS, pd.Series(TAKES, dtype="string"))
    save(detector, tmp_path / "model.taps")
    again = load(tmp_path / "model.taps")
    assert sorted(again.normal_boards) == sorted(NORMAL)
    assert type(again.normal_boards) is list
    assert again.specimens == {"oak": "tree"}
    training = read_about(tmp_path / "model.taps")["training"]
    assert {
        board for board, of in training["boards"].items() if of["condition"] == "normal"
    } == set(NORMAL)


@pytest.mark.parametrize("kind", ["set", "keys", "series", "unique", "array"])
def test_boards_to_calibrate_with_in_any_collection(kind):
    calibration = Calibration(boards=COLLECTIONS[kind](["ash"]))
    scores = [
        CropDetector(normal_boards=NORMAL, calibration=each, random_state=0)
        .fit(CROPS, TAKES)
        .calibration_scores_
        for each in (calibration, Calibration(boards=["ash"]))
    ]
    np.testing.assert_array_equal(*scores)
    with pytest.raises(ValueError, match="calibration: boards holds numbers"):
        CropDetector(calibration=Calibration(boards=[1])).fit(CROPS, TAKES)


# ------------------------------------------------------------ specimens

NUMBERS = np.repeat(np.arange(6), 4)


def of_specimens(function, boards, normal, specimens):
    given = {"normal_boards": normal, "specimens": specimens}
    if function == "fit":
        return CropDetector(**given, random_state=0).fit(CROPS, boards)
    if function == "split":
        return list(BoardKFold(2, **given).split(CROPS, boards))
    if function == "truth":
        truth = Truth(normal, specimens=specimens)
        return list(BoardKFold(2, truth=truth).split(CROPS, boards))
    if function == "count":
        return count_feasible_folds(boards, **given)
    return compare_methods({"crop": CropDetector()}, CROPS, boards, cv=2, **given)


ALL = ["fit", "split", "truth", "count", "compare"]
WRONG_SPECIMENS = {
    "keys of JSON": ({"0": "a", "1": "a"}, "specimens holds text such as '0', and"),
    "no mapping": (["a", "b"], "specimens is a list: give a mapping"),
    "missing value": ({0: None}, "specimens holds nothing for 0"),
    "nan": ({0: float("nan")}, "specimens holds nothing for 0"),
    "missing key": ({None: "a"}, "specimens holds a name that is missing"),
}


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("defect", WRONG_SPECIMENS)
def test_specimens_that_cannot_be_used_are_one_error(function, defect):
    specimens, message = WRONG_SPECIMENS[defect]
    with pytest.raises(ValueError, match=message):
        of_specimens(function, NUMBERS, [0, 1, 2], specimens)


@pytest.mark.parametrize("function", ["count", "compare"])
def test_misspelt_specimens(function):
    with pytest.raises(ValueError, match="specimens names none of the boards of y"):
        of_specimens(function, TAKES, NORMAL, {"Oak": "tree", "Ash": "tree"})
    with pytest.warns(UserWarning, match="specimens names boards .*'Ash'"):
        of_specimens(function, TAKES, NORMAL, {"oak": "tree", "Ash": "tree"})


@pytest.mark.parametrize("function", ["fit", "split", "truth"])
def test_inside_folds_some_specimens_are_not_there(function):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*normal takes to calibrate")
        of_specimens(function, TAKES, NORMAL, {"oak": "tree", "beech": "tree"})


@pytest.mark.parametrize("kind", ["kinds", "sessions", "specimens"])
def test_truth_checks_what_it_holds(kind):
    with pytest.raises(ValueError, match=f"{kind} holds nothing for 'ash'"):
        Truth(NORMAL, **{kind: {"oak": 1, "ash": None}})
    truth = Truth(NORMAL, **{kind: {np.str_("oak"): np.int64(3)}})
    assert getattr(truth, kind) == {"oak": 3}


def test_equal_numbers_name_the_same_board():
    for boards in (NUMBERS.astype(float), NUMBERS.astype("i1"), NUMBERS.tolist()):
        for normal in ([0, 1, 2], [0.0, 1.0, 2.0], np.arange(3), range(3)):
            np.testing.assert_array_equal(
                split(boards, normal), split(NUMBERS, [0, 1, 2])
            )
    # Also as specimens: a board can be named as the object that another is part of.
    detector = of_specimens("fit", NUMBERS, [0, 1, 2], {1: 0.0})
    specimens = detector.training_set_["specimens"]
    assert specimens[0] == specimens[1] == "0"


# ------------------------------------------------------------ any labels at all

LABELS = st.one_of(
    st.lists(st.text(max_size=4), min_size=6, max_size=6, unique=True),
    st.lists(st.integers(-(2**70), 2**70), min_size=6, max_size=6, unique=True),
    st.lists(
        st.floats(allow_nan=False, allow_infinity=False),
        min_size=6,
        max_size=6,
        unique=True,
    ),
    st.lists(
        st.one_of(
            st.integers(0, 9),
            st.text("01", max_size=1),
            st.just(None),
            st.just(float("nan")),
            st.booleans(),
            st.binary(max_size=1),
        ),
        min_size=6,
        max_size=6,
    ),
)


def answer(function, boards, normal):
    """Return what a function says, or the kind of its error without its parameter."""
    try:
        return function(boards, normal)
    except ValueError as error:
        return re.sub(r"^(y|boards) ", "", str(error))


@given(labels=LABELS, kind=st.sampled_from(["list", "tuple", "objects", "series"]))
def test_any_labels_get_one_answer_or_one_error(labels, kind):
    make = COLLECTIONS[kind]
    boards = make([label for label in labels for _ in range(4)])
    normal = make(labels[:3])
    is_usable = len(set(map(repr, labels))) == 6 and isinstance(
        answer(split, boards, normal), np.ndarray
    )
    for function in (fit, split, split_by_truth, count, evaluate, decide):
        found = answer(function, boards, normal)
        if is_usable:
            expected = function(TAKES, NORMAL)
            if function is fit:
                # The names decide in which order boards come, not what is normal.
                assert np.shape(found) == np.shape(expected)
            elif function not in {split, split_by_truth}:
                np.testing.assert_array_equal(found, expected)
        elif isinstance(found, str):
            assert found == answer(count, boards, normal) or "no board" not in found
