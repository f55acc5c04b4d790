"""Labels of boards, whatever they come in: one answer everywhere, or one error."""

import copy
import enum
import pickle
import re
import warnings
from collections import deque
from decimal import Decimal
from functools import cache

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
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

Wood = enum.Enum("Wood", {name: name for name in [*NORMAL, *BOARDS]}, type=str)


class Rows:
    """A sequence of the old kind, that only its rows can be read of."""

    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, row):
        return self.rows[row]


COLLECTIONS = {
    "list": list,
    "deque": deque,
    "rows": Rows,
    "enumeration": lambda names: [Wood(str(name)) for name in names],
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
    "numpy's dates": (np.full(24, "2026-01-01", "M8[ns]"), "of type datetime64"),
    "numpy's durations": (np.full(24, 1, "m8[ns]"), "of type timedelta64"),
    "numpy's NaT": (
        np.where(np.isin(np.arange(24), [5, 13]), "NaT", "2026-01-01").astype("M8[ns]"),
        "names no board in rows 5; 13",
    ),
    "NUL": (with_a_label("oak\0"), r"holds 'oak\\x00', with a NUL in it"),
    "empty": ([], "is empty: give a list"),
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
    "NUL": (lambda: ["oak\0"], "with a NUL in it"),
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


def test_a_figure_warns_of_a_name_that_no_board_has():
    with pytest.warns(UserWarning, match="names boards that no take has: 'ok'"):
        plot(TAKES, ["ok", "ash", "fir"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot(TAKES, NORMAL)
        truth = Truth([*NORMAL, "beech"])
        TakeScoresDisplay.from_predictions(P_VALUES, TAKES, truth=truth)


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


HOLDERS = {
    "detector": lambda names: CropDetector(normal_boards=names),
    "calibration": lambda names: CropDetector(calibration=Calibration(boards=names)),
    "folds": lambda names: BoardKFold(2, normal_boards=names),
}


def names_in(holder):
    inner = getattr(holder, "calibration", None)
    return holder.normal_boards if inner is None else inner.boards


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("kind", sorted(COLLECTIONS.keys() - {"rows"}))
@pytest.mark.parametrize(
    "copied",
    [
        lambda each: clone(each, safe=False),
        copy.copy,
        copy.deepcopy,
        lambda each: pickle.loads(pickle.dumps(each)),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
def test_copies_hold_the_same_names_and_leave_the_original_alone(holder, kind, copied):
    names = COLLECTIONS[kind](NORMAL)
    original = HOLDERS[holder](names)
    of_copy = names_in(copied(original))
    assert names_in(original) is names
    again = split(TAKES, of_copy)
    np.testing.assert_array_equal(again, split(TAKES, NORMAL))


@pytest.mark.parametrize("names", ["oak", ["oak", 1], [None]])
def test_names_that_cannot_be_used_are_said_by_who_uses_them(names):
    detector = pickle.loads(pickle.dumps(clone(CropDetector(normal_boards=names))))
    assert detector.normal_boards == names
    with pytest.raises(ValueError, match="normal_boards"):
        detector.fit(CROPS, TAKES)


@pytest.mark.parametrize(
    "kind", sorted(COLLECTIONS.keys() - {"column", "frame", "rows"})
)
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


def compare_truth(boards, truth):
    methods = {"crop": CropDetector()}
    return compare_methods(methods, CROPS, boards, truth=truth, cv=2)


ALL = ["fit", "split", "truth", "count", "compare"]
WRONG_SPECIMENS = {
    "keys of JSON": ({"0": "a", "1": "a"}, "specimens holds text such as '0', and"),
    "no mapping": (["a", "b"], "specimens is a list: give a mapping"),
    "missing value": ({0: None}, "specimens holds nothing for 0"),
    "nan": ({0: float("nan")}, "specimens holds nothing for 0"),
    "missing key": ({None: "a"}, "specimens holds a name that is missing"),
    "NUL": ({0: "tree\0"}, "specimens holds .* with a NUL in it"),
    "mixed": ({0: 1, 1: "1"}, r"specimens mixes numbers \(1\) and text \('1'\)"),
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


@pytest.mark.parametrize("known", ["specimens", "kinds", "sessions"])
@pytest.mark.parametrize("function", [count_feasible_folds, compare_truth])
def test_what_a_truth_knows_of_other_boards(function, known):
    def ask(**given):
        return function(TAKES, truth=Truth(NORMAL, **{known: given}))

    ask(oak="a", ash="b")
    with pytest.raises(ValueError, match=f"{known} names none of the boards of y"):
        ask(Oak="a", Ash="b")
    with pytest.warns(UserWarning, match=f"{known} names boards .*'Ash'"):
        ask(oak="a", Ash="b")
    with pytest.raises(ValueError, match=f"{known} holds numbers such as 1, and"):
        function(TAKES, truth=Truth(NORMAL, **{known: {1: "a"}}))


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

SIX = {"min_size": 6, "max_size": 6, "unique": True}
# With halves of characters, which no encoding has.
TEXT = st.lists(st.text(st.characters(min_codepoint=1), max_size=4), **SIX)
NUMBER = st.one_of(
    st.lists(st.integers(-(2**70), 2**70), **SIX),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), **SIX),
    st.lists(st.integers(-99, 99) | st.floats(-99, 99), **SIX),
)
KINDS = ["list", "tuple", "objects", "deque"]
QUICK = [fit, calibrate, split, split_by_truth, count, evaluate, decide]
# What these say does not depend on how boards sort.
OF_ANY_ORDER = [count, evaluate, decide]


@cache
def expect(function):
    return function(TAKES, NORMAL)


def collect(labels, kind):
    objects = np.empty(len(labels), dtype=object)
    objects[:] = labels
    make = {"list": list, "tuple": tuple, "objects": np.array, "deque": deque}[kind]
    return make(objects if kind == "objects" else labels)


@settings(max_examples=30)
@given(
    labels=TEXT | NUMBER,
    kind=st.sampled_from(KINDS),
    named_by=st.sampled_from([*KINDS, "set", "keys"]),
)
def test_any_labels_get_the_answer_of_these(labels, kind, named_by):
    # In the order in which those of TAKES sort.
    new = dict(zip(sorted(BOARDS), sorted(labels), strict=True))
    boards = collect([new[board] for board in TAKES], kind)
    names = [new[name] for name in NORMAL]
    if named_by in {"set", "keys"}:
        normal = COLLECTIONS[named_by](names)
    else:
        normal = collect(names, named_by)
    is_text = isinstance(labels[0], str)
    for function in QUICK if is_text else OF_ANY_ORDER:
        np.testing.assert_array_equal(function(boards, normal), expect(function))


OTHERS = [
    *(None, pd.NA, pd.NaT, float("nan"), np.datetime64("NaT")),
    *(True, b"oak", 1j, ("oak", "ash"), pd.Timestamp(0), np.datetime64(0, "ns")),
    *(Decimal(1), "a\0"),
]


@settings(max_examples=30)
@given(
    labels=TEXT | NUMBER,
    other=st.sampled_from(OTHERS) | st.integers() | st.text(max_size=2),
    rows=st.sets(st.integers(0, 23), min_size=1, max_size=5),
    kind=st.sampled_from(["list", "tuple", "deque"]),
)
def test_any_other_label_among_them_is_the_same_error(labels, other, rows, kind):
    boards = np.repeat(np.arange(6), 4).tolist()
    boards = [other if row in rows else labels[of] for row, of in enumerate(boards)]
    is_number = isinstance(other, int | float) and not isinstance(other, bool)
    if isinstance(other, str) and isinstance(labels[0], str) and "\0" not in other:
        return
    if is_number and other == other and not isinstance(labels[0], str):
        return
    messages = set()
    for function in QUICK:
        with pytest.raises(ValueError, match=r"^(y|boards) ") as of_boards:
            function(collect(boards, kind), labels[:3])
        with pytest.raises(ValueError, match=r"^normal_boards ") as of_names:
            function(TAKES, [*labels[:3], other])
        messages.add(re.sub(r"^boards ", "y ", str(of_boards.value)))
        messages.add(str(of_names.value))
    assert len(messages) == 2, messages
