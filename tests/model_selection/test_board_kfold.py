"""BoardKFold: no specimen on both sides, both conditions in every fold."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    cross_validate,
)

from tapsklearn.datasets import Truth
from tapsklearn.detectors import CropDetector, NeighborDistance
from tapsklearn.model_selection import (
    BoardKFold,
    anomaly_scorer,
    count_feasible_folds,
)


@dataclass
class Takes:
    """Takes of which everything is known."""

    boards: NDArray[Any]
    normal_boards: list[Any]
    specimens: dict[Any, Any]
    specimen_of_take: NDArray[np.intp]
    feasible: int

    @property
    def is_normal(self) -> NDArray[np.bool_]:
        return np.isin(self.boards, self.normal_boards)

    def kfold(self, n_splits: int, **params: Any) -> BoardKFold:
        return BoardKFold(
            n_splits,
            normal_boards=self.normal_boards,
            specimens=self.specimens,
            **params,
        )


def make_takes(
    boards_of_specimen: list[tuple[int, int]],
    *,
    n_takes: Any = 1,
    seed: int = 0,
    numbered: bool = False,
    name_all: bool = True,
) -> Takes:
    """Lay out takes in random order.

    Parameters
    ----------
    boards_of_specimen : list of (int, int)
        Numbers of normal and of abnormal boards of each specimen.
    n_takes : int or sequence of int
        Takes of each board.
    seed : int
        Seed of the order of the takes and of the boards' names.
    numbered : bool
        Whether boards are numbers in place of names.
    name_all : bool
        Whether boards that are specimens of their own are listed as such.
    """
    rng = np.random.default_rng(seed)
    flags = [
        (specimen, normal)
        for specimen, numbers in enumerate(boards_of_specimen)
        for normal, number in zip((True, False), numbers, strict=True)
        for _ in range(number)
    ]
    numbers = rng.permutation(len(flags)).tolist()
    labels = numbers if numbered else [f"board {number}" for number in numbers]
    specimens = {
        label: f"specimen {specimen}"
        for label, (specimen, _) in zip(labels, flags, strict=True)
        if name_all or sum(boards_of_specimen[specimen]) > 1
    }
    rows = rng.permutation(np.repeat(np.arange(len(flags)), n_takes))
    mixed = sum(normal > 0 and abnormal > 0 for normal, abnormal in boards_of_specimen)
    pure_normal = sum(abnormal == 0 for _, abnormal in boards_of_specimen)
    pure_abnormal = sum(normal == 0 for normal, _ in boards_of_specimen)
    return Takes(
        boards=np.array(labels)[rows],
        normal_boards=[
            label for label, (_, normal) in zip(labels, flags, strict=True) if normal
        ],
        specimens=specimens,
        specimen_of_take=np.array([specimen for specimen, _ in flags])[rows],
        feasible=mixed + min(pure_normal, pure_abnormal),
    )


@st.composite
def takes(draw: st.DrawFn) -> Takes:
    """Any boards of any specimens, with any numbers of takes."""
    numbers = st.sampled_from([*itertools.product(range(3), repeat=2)][1:])
    boards_of_specimen = draw(st.lists(numbers, min_size=2, max_size=9))
    n_boards = sum(sum(numbers) for numbers in boards_of_specimen)
    return make_takes(
        boards_of_specimen,
        n_takes=draw(st.lists(st.integers(1, 5), min_size=n_boards, max_size=n_boards)),
        seed=draw(st.integers(0, 99)),
        numbered=draw(st.booleans()),
        name_all=draw(st.booleans()),
    )


@settings(max_examples=200)
@given(takes=takes(), shuffle=st.booleans())
def test_every_feasible_number_of_folds_is_made(takes: Takes, shuffle: bool) -> None:
    random_state = 0 if shuffle else None
    for n_splits in range(2, takes.feasible + 1):
        cv = takes.kfold(n_splits, shuffle=shuffle, random_state=random_state)
        folds = list(cv.split(takes.boards, takes.boards))
        assert len(folds) == n_splits == cv.get_n_splits()
        for train, test in folds:
            sides = (takes.specimen_of_take[side] for side in (train, test))
            assert not set.intersection(*(set(side.tolist()) for side in sides))
            assert set(takes.is_normal[test]) == {True, False}
            assert takes.is_normal[train].any()
            assert sorted([*train, *test]) == list(range(len(takes.boards)))
        tested = np.concatenate([test for _, test in folds])
        assert sorted(tested) == list(range(len(takes.boards)))


@settings(max_examples=200)
@given(takes=takes())
def test_one_fold_more_is_an_error_that_says_how_many(takes: Takes) -> None:
    cv = takes.kfold(max(takes.feasible + 1, 2))
    known = "no two folds" if takes.feasible < 2 else f"at most {takes.feasible} folds"
    with pytest.raises(ValueError, match=f"{known} can be made"):
        next(cv.split(takes.boards, takes.boards))


@given(takes=takes())
def test_count_feasible_folds(takes: Takes) -> None:
    def count() -> int:
        return count_feasible_folds(
            takes.boards,
            normal_boards=takes.normal_boards,
            specimens=takes.specimens,
        )

    if takes.feasible < 2:
        with pytest.raises(ValueError, match="no two folds can be made"):
            count()
    else:
        assert count() == takes.feasible


@pytest.mark.parametrize(
    ("mixed", "normal", "abnormal"),
    [kinds for kinds in itertools.product(range(4), repeat=3) if 2 <= sum(kinds) <= 5],
)
def test_no_partition_has_more_folds(mixed: int, normal: int, abnormal: int) -> None:
    kinds = [(1, 1)] * mixed + [(1, 0)] * normal + [(0, 1)] * abnormal

    def can_be_made(n_splits: int) -> bool:
        for folds in itertools.product(range(n_splits), repeat=len(kinds)):
            held = np.zeros((n_splits, 2), dtype=int)
            np.add.at(held, list(folds), kinds)
            if (held > 0).all():
                return True
        return False

    most = max((k for k in range(2, len(kinds) + 1) if can_be_made(k)), default=0)
    feasible = make_takes(kinds).feasible
    assert most == (feasible if feasible >= 2 else 0)


@pytest.mark.parametrize("seed", [None, 0, 1, 2])
@pytest.mark.parametrize("mixed", range(6))
def test_equal_boards_are_dealt_evenly(mixed: int, seed: int | None) -> None:
    for normal, abnormal in itertools.product(range(5), repeat=2):
        kinds = [(1, 1)] * mixed + [(1, 0)] * normal + [(0, 1)] * abnormal
        if not kinds:
            continue
        takes = make_takes(kinds, n_takes=2)
        for n_splits in range(2, takes.feasible + 1):
            cv = takes.kfold(n_splits, shuffle=seed is not None, random_state=seed)
            tests = [test for _, test in cv.split(takes.boards, takes.boards)]
            for condition in (True, False):
                n_takes = [(takes.is_normal[test] == condition).sum() for test in tests]
                assert max(n_takes) - min(n_takes) <= 2


@pytest.mark.parametrize("mixed", [False, True])
def test_folds_are_as_level_as_those_of_scikit_learn(mixed: bool) -> None:
    rng = np.random.default_rng(0)
    ours, theirs, missed = [], [], 0
    for seed in range(100):
        n_normal, n_abnormal = rng.integers(2, 12, size=2)
        n_mixed = rng.integers(6) if mixed else 0
        kinds = [(1, 0)] * n_normal + [(0, 1)] * n_abnormal + [(1, 1)] * n_mixed
        # Defects are rare.
        most = np.repeat([40, 8], [n_normal, n_abnormal]).tolist() + [40, 8] * n_mixed
        n_takes = rng.integers(1, most)
        takes = make_takes(kinds, n_takes=n_takes, seed=seed)
        n_splits = int(rng.integers(2, takes.feasible + 1))

        def spread(splits: Any, takes: Takes = takes) -> tuple[float, bool]:
            """Measure how much the folds differ in their shares of each condition."""
            tests = [takes.is_normal[test] for _, test in splits]
            counts = np.array([(test.sum(), (~test).sum()) for test in tests])
            shares = counts / counts.sum(axis=0)
            return shares.std(axis=0).mean() * len(shares), bool(counts.all())

        level, complete = spread(
            takes.kfold(n_splits).split(takes.boards, takes.boards)
        )
        assert complete
        ours.append(level)
        level, complete = spread(
            StratifiedGroupKFold(n_splits).split(
                takes.boards, takes.is_normal, takes.specimen_of_take
            )
        )
        theirs.append(level)
        missed += not complete
    assert np.mean(ours) <= 1.02 * np.mean(theirs)
    # What there is a splitter of our own for: a fold without one of the conditions.
    assert (missed > 0) == mixed


def test_folds_are_of_about_one_size() -> None:
    boards = np.repeat(["oak", "ash", "cracked oak", "cracked ash"], [9, 2, 2, 9])
    cv = BoardKFold(2, normal_boards=["oak", "ash"])
    assert [len(test) for _, test in cv.split(boards, boards)] == [11, 11]


def test_shuffle_is_reproducible() -> None:
    takes = make_takes([(1, 0), (0, 1)] * 6, n_takes=2)

    def folds(**params: Any) -> list[list[int]]:
        splits = takes.kfold(3, **params).split(takes.boards, takes.boards)
        return [test.tolist() for _, test in splits]

    assert folds() == folds()
    assert folds(shuffle=True, random_state=0) == folds(shuffle=True, random_state=0)
    assert folds(shuffle=True, random_state=0) != folds(shuffle=True, random_state=1)
    assert folds(shuffle=True, random_state=0) != folds()
    with pytest.raises(ValueError, match="random_state=0 does nothing"):
        folds(random_state=0)


def test_groups_are_specimens_and_override_the_mapping() -> None:
    boards = np.repeat(["oak", "ash", "cracked oak", "cracked ash"], 2)
    pairs = np.repeat([1, 2, 1, 2], 2)
    cv = BoardKFold(
        2,
        normal_boards=["oak", "ash"],
        specimens={"cracked oak": "ash", "cracked ash": "oak"},
    )

    def tested(groups: Any) -> list[set[str]]:
        return [set(boards[test]) for _, test in cv.split(boards, boards, groups)]

    assert {"oak", "cracked ash"} in tested(None)
    assert {"oak", "cracked oak"} in tested(pairs)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        tested(pairs[:-1])


def test_labels_that_y_lacks_do_not_matter() -> None:
    takes = make_takes([(1, 0), (0, 1)] * 3, n_takes=2)
    with_others = BoardKFold(
        3,
        normal_boards=[*takes.normal_boards, "elsewhere"],
        specimens={**takes.specimens, "elsewhere": "board 0"},
    )
    for ours, theirs in zip(
        takes.kfold(3).split(takes.boards, takes.boards),
        with_others.split(takes.boards, takes.boards),
        strict=True,
    ):
        np.testing.assert_array_equal(ours[1], theirs[1])


@pytest.mark.parametrize("n_splits", [1, 0, -2, 2.0, "2", None, True])
def test_a_bad_number_of_folds_is_an_error(n_splits: Any) -> None:
    takes = make_takes([(1, 0), (0, 1)] * 3)
    with pytest.raises(ValueError, match=r"n_splits=.* must be a whole number"):
        next(takes.kfold(n_splits).split(takes.boards, takes.boards))


def test_boards_are_needed() -> None:
    with pytest.raises(ValueError, match="y, the board of each take, is needed"):
        next(BoardKFold(2, normal_boards=["oak"]).split(np.zeros((4, 2))))


def test_no_takes_are_no_folds() -> None:
    with pytest.raises(ValueError, match="y is empty"):
        count_feasible_folds([], normal_boards=["oak"])


def test_message_counts_the_kinds_of_specimens() -> None:
    takes = make_takes([(1, 1), (1, 0), (1, 0), (0, 1)])
    with pytest.raises(ValueError, match="2 normal and 1 abnormal") as caught:
        next(takes.kfold(3).split(takes.boards, takes.boards))
    assert "1 with boards of both conditions: at most 2 folds" in str(caught.value)


def test_clone_and_repr() -> None:
    cv = BoardKFold(3, normal_boards=["oak"], shuffle=True, random_state=4)
    copy = clone(cv, safe=False)
    assert vars(copy) == vars(cv)
    assert repr(copy) == repr(cv)
    assert "n_splits=3" in repr(cv)
    assert "normal_boards=['oak']" in repr(cv)


class Backward(NeighborDistance):
    """Takes the nearest for the least normal."""

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        return -super().score_samples(X)


@pytest.mark.filterwarnings("ignore:false_alarm_rate=0.05 needs")
def test_in_cross_validate_and_grid_search() -> None:
    takes = make_takes([(1, 0), (0, 1), (1, 1)] * 3, n_takes=6)
    crops = np.random.default_rng(0).normal(size=(len(takes.boards), 6, 8))
    crops[~takes.is_normal] += 3
    detector = CropDetector(normal_boards=takes.normal_boards, random_state=0)
    scorer = anomaly_scorer(normal_boards=takes.normal_boards)
    cv = takes.kfold(3)

    result = cross_validate(
        detector, crops, takes.boards, cv=cv, scoring=scorer, error_score="raise"
    )
    np.testing.assert_allclose(result["test_score"], 1.0)

    search = GridSearchCV(
        detector,
        {"normality": [Backward(), NeighborDistance()]},
        cv=cv,
        scoring=scorer,
        error_score="raise",
    ).fit(crops, takes.boards)
    assert search.n_splits_ == 3
    assert search.cv_results_["mean_test_score"].tolist() == [0.0, 1.0]


def test_truth_is_as_good_as_its_parts() -> None:
    boards = np.repeat(["oak", "ash", "cracked oak", "cracked fir"], 3)
    parts = {
        "normal_boards": ["oak", "ash"],
        "specimens": {"oak": "tree", "cracked oak": "tree"},
    }
    truth = Truth(**parts)
    ours = list(BoardKFold(2, truth=truth).split(boards, boards))
    theirs = list(BoardKFold(2, **parts).split(boards, boards))
    np.testing.assert_equal(ours, theirs)
    assert count_feasible_folds(boards, truth=truth) == 2
    # Both are given and agree.
    assert count_feasible_folds(boards, truth=truth, **parts) == 2
    for wrong in ({"normal_boards": ["oak"]}, {"specimens": {}}):
        with pytest.raises(ValueError, match="differ from those of truth"):
            next(BoardKFold(2, truth=truth, **wrong).split(boards, boards))
        with pytest.raises(ValueError, match="differ from those of truth"):
            count_feasible_folds(boards, truth=truth, **wrong)
    for function in (
        lambda: next(BoardKFold(2).split(boards, boards)),
        lambda: count_feasible_folds(boards),
    ):
        with pytest.raises(ValueError, match="give normal_boards or truth"):
            function()


@pytest.mark.filterwarnings("ignore:.*false_alarm_rate")
@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("search", [False, True])
def test_groups_come_through_metadata_routing(routing: bool, search: bool) -> None:
    boards = np.repeat(["oak", "ash", "fir", "cracked a", "cracked b", "cracked c"], 4)
    # The boards of a specimen, as `groups` have them and nothing else.
    groups = np.repeat(["one", "two", "three", "one", "two", "three"], 4)
    crops = np.random.default_rng(0).normal(size=(24, 4, 6))
    seen = []

    class Watched(CropDetector):
        def fit(self, X: Any, y: Any = None) -> "Watched":
            seen.append(set(y))
            return super().fit(X, y)

    normal = ["oak", "ash", "fir"]
    detector = Watched(normal_boards=normal, random_state=0)
    options: dict[str, Any] = {
        "cv": BoardKFold(3, normal_boards=normal),
        "scoring": anomaly_scorer("roc_auc"),
        "error_score": "raise",
    }
    with config_context(enable_metadata_routing=routing):
        if search:
            grid = {"false_alarm_rate": [0.05]}
            found = GridSearchCV(detector, grid, refit=False, **options)
            found.fit(crops, boards, groups=groups)
        elif routing:
            cross_validate(
                detector, crops, boards, params={"groups": groups}, **options
            )
        else:
            cross_validate(detector, crops, boards, groups=groups, **options)
    pairs = [{"oak", "cracked a"}, {"ash", "cracked b"}, {"fir", "cracked c"}]
    held_out = [set(boards) - trained_on for trained_on in seen]
    assert sorted(map(sorted, held_out)) == sorted(map(sorted, pairs))


SESSIONS = {
    "pillar 1 in May": "May",
    "pillar 2 in May": "May",
    "pillar 3 in May": "May",
    "pillar 1 in June": "June",
    "pillar 2 in June": "June",
    "pillar 3 in June": "June",
}
OF_SESSIONS = np.repeat(list(SESSIONS), 3)
HEALTHY = [
    board for board in SESSIONS if board not in {"pillar 1 in May", "pillar 2 in June"}
]


@pytest.mark.parametrize("as_truth", [False, True])
def test_by_session_no_session_is_on_both_sides(as_truth: bool) -> None:
    specimens = {board: board[:8] for board in SESSIONS}
    known: dict[str, Any] = {
        "normal_boards": HEALTHY,
        "specimens": specimens,
        "sessions": SESSIONS,
    }
    if as_truth:
        known = {"truth": Truth(**known)}
    assert count_feasible_folds(OF_SESSIONS, by="session", **known) == 2
    folds = list(BoardKFold(2, by="session", **known).split(OF_SESSIONS, OF_SESSIONS))
    for train, test in folds:
        sides = [
            {SESSIONS[board] for board in OF_SESSIONS[rows]} for rows in (train, test)
        ]
        assert len(sides[0]) == len(sides[1]) == 1
        assert sides[0] != sides[1]
        # The same specimens, before and later.
        assert {specimens[board] for board in OF_SESSIONS[train]} == {
            specimens[board] for board in OF_SESSIONS[test]
        }


def test_by_session_every_board_needs_one() -> None:
    cv = BoardKFold(
        2, by="session", normal_boards=HEALTHY, sessions={"pillar 1 in May": 1}
    )
    with pytest.raises(ValueError, match=r"each board needs one.*'pillar 2 in May'"):
        list(cv.split(OF_SESSIONS, OF_SESSIONS))
    with pytest.raises(ValueError, match="each board needs one"):
        list(
            BoardKFold(2, by="session", truth=Truth(HEALTHY)).split(
                OF_SESSIONS, OF_SESSIONS
            )
        )
    with pytest.raises(ValueError, match="by='day' must be 'specimen' or 'session'"):
        list(
            BoardKFold(2, by="day", normal_boards=HEALTHY).split(
                OF_SESSIONS, OF_SESSIONS
            )
        )
    of_one = dict.fromkeys(SESSIONS, "May")
    with pytest.raises(
        ValueError, match=r"abnormal session .* no two folds can be made"
    ):
        count_feasible_folds(
            OF_SESSIONS, by="session", normal_boards=HEALTHY, sessions=of_one
        )
