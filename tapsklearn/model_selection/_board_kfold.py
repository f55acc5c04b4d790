"""Cross-validation with no specimen, or no session, on both sides of a split."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator

# It has no public name yet, and without it `groups` are not passed on.
from sklearn.model_selection._split import GroupsConsumerMixin
from sklearn.utils import check_random_state

from tapsklearn._boards import (
    check_known,
    find_normal,
    find_sessions,
    number_specimens,
    resolve_truth,
)
from tapsklearn._label_params import HoldsLabels
from tapsklearn._labels import Labels, check_boards


class BoardKFold(HoldsLabels, GroupsConsumerMixin, BaseCrossValidator):
    """Split takes into folds by specimen, each with normal and abnormal boards.

    Every test fold holds normal and abnormal boards that are not in its training
    set, nor is another board of the same specimen; every training set holds normal
    ones. Within that, the folds get about equal numbers of normal and of abnormal
    takes.

    That asks how well defects of specimens that were never recorded are detected. With
    `by="session"` the question is another one, that of a bolt or a pillar that is
    inspected again: its healthy past is known, is it damaged now? Then no session is
    on both sides, and a specimen may be.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2. There can be as many as there are specimens
        (sessions) with normal and abnormal boards, plus the smaller of the numbers of
        those with normal boards only and with abnormal ones only.
    by : {"specimen", "session"}, default="specimen"
        What is never on both sides of a split.
    truth : Truth, default=None
        What is known of the boards, in place of the next three.
    normal_boards : collection of labels, default=None
        Labels of y that are normal; those that y lacks are ignored. Needed without
        `truth`.
    specimens : mapping, default=None
        Specimen of each board that is not a specimen of its own.
    sessions : mapping, default=None
        Session in which each board was recorded, with `by="session"`.
    shuffle : bool, default=False
        Whether to assign the specimens in random order; if False, the largest come
        first, which levels the folds best.
    random_state : int, RandomState instance or None, default=None
        Seed of the order, with `shuffle`.

    See Also
    --------
    count_feasible_folds : How many folds there can be.

    Examples
    --------
    >>> boards = np.repeat(["oak", "ash", "cracked oak", "cracked fir"], 3)
    >>> cv = BoardKFold(2, normal_boards=["oak", "ash"])
    >>> for train, test in cv.split(boards, boards):
    ...     print(np.unique(boards[test]))
    ['ash' 'cracked oak']
    ['cracked fir' 'oak']
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        by: str = "specimen",
        truth: Any = None,
        normal_boards: Labels | None = None,
        specimens: Mapping[Any, Any] | None = None,
        sessions: Mapping[Any, Any] | None = None,
        shuffle: bool = False,
        random_state: Any = None,
    ) -> None:
        self.n_splits = n_splits
        self.by = by
        self.truth = truth
        self.normal_boards = normal_boards
        self.specimens = specimens
        self.sessions = sessions
        self.shuffle = shuffle
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object
            Ignored.

        Returns
        -------
        int
            The number of folds.
        """
        return self.n_splits

    def split(
        self, X: Any, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Generate the rows of the two sides of each fold.

        Parameters
        ----------
        X : array-like of length n_takes
            The takes; only their number matters.
        y : array-like of shape (n_takes,)
            Board of each take.
        groups : array-like of shape (n_takes,), default=None
            Specimen (session) of each take; overrides `specimens` (`sessions`).

        Yields
        ------
        train, test : ndarray
            Row numbers.

        Raises
        ------
        ValueError
            If the folds cannot be made; the message names the most that can. If
            there is a `random_state` without `shuffle`.
        """
        if y is None:
            raise ValueError("y, the board of each take, is needed to split by board")
        yield from super().split(X, check_boards(y), groups)

    def _iter_test_masks(
        self, X: Any = None, y: Any = None, groups: Any = None
    ) -> Iterator[NDArray[np.bool_]]:
        counts, unit_of_take = _count_takes(
            y,  # Checked by `split`.
            self.truth,
            self.normal_boards,
            self.specimens,
            self.sessions,
            groups,
            by=self.by,
        )
        feasible = _count_feasible(counts)
        if not isinstance(self.n_splits, int | np.integer) or self.n_splits < 2:
            raise ValueError(
                f"n_splits={self.n_splits!r} must be a whole number of at least 2"
            )
        if self.random_state is not None and not self.shuffle:
            raise ValueError(
                f"random_state={self.random_state!r} does nothing with shuffle=False: "
                "leave it out, or set shuffle=True"
            )
        if self.n_splits > feasible:
            raise ValueError(
                f"n_splits={self.n_splits} cannot be made: {_describe(counts, self.by)}"
            )
        order = np.arange(len(counts))
        if self.shuffle:
            order = check_random_state(self.random_state).permutation(len(counts))
        else:
            order = np.argsort(-counts.sum(axis=1), kind="stable")
        fold_of_unit = _deal(counts, order, self.n_splits)
        for fold in range(self.n_splits):
            yield fold_of_unit[unit_of_take] == fold


def count_feasible_folds(
    y: ArrayLike,
    *,
    by: str = "specimen",
    truth: Any = None,
    normal_boards: Labels | None = None,
    specimens: Mapping[Any, Any] | None = None,
    sessions: Mapping[Any, Any] | None = None,
) -> int:
    """Count the folds into which boards can be split.

    Parameters
    ----------
    y : array-like of shape (n_takes,)
        Board of each take.
    by : {"specimen", "session"}, default="specimen"
        As for `BoardKFold`.
    truth : Truth, default=None
        What is known of the boards, in place of the next three.
    normal_boards : collection of labels, default=None
        Labels of y that are normal. Needed without `truth`.
    specimens : mapping, default=None
        Specimen of each board that is not a specimen of its own.
    sessions : mapping, default=None
        Session in which each board was recorded.

    Returns
    -------
    int
        The most folds that `BoardKFold` can make.

    Raises
    ------
    ValueError
        If not even two folds can be made; the message names what is missing.

    Examples
    --------
    >>> count_feasible_folds(
    ...     ["oak", "ash", "cracked oak", "cracked fir"], normal_boards=["oak", "ash"]
    ... )
    2
    """
    boards = check_boards(y)
    check_known(boards, truth, *resolve_truth(truth, normal_boards, specimens))
    counts, _ = _count_takes(
        boards, truth, normal_boards, specimens, sessions, None, by=by
    )
    feasible = _count_feasible(counts)
    if feasible < 2:
        raise ValueError(
            f"a comparison over boards is not possible: {_describe(counts, by)}"
        )
    return feasible


def _count_takes(
    boards: NDArray[Any],
    truth: Any,
    normal_boards: Labels | None,
    specimens: Mapping[Any, Any] | None,
    sessions: Mapping[Any, Any] | None,
    groups: Any,
    *,
    by: str,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Count normal and abnormal takes of each unit, and number the units."""
    if by not in {"specimen", "session"}:
        raise ValueError(f"by={by!r} must be 'specimen' or 'session'")
    normal_boards, specimens = resolve_truth(truth, normal_boards, specimens)
    if normal_boards is None:
        raise ValueError("to split by board, give normal_boards or truth")
    if groups is not None:
        unit_of_take = number_specimens(check_boards(groups, name="groups"), None)
    elif by == "session":
        unit_of_take = number_specimens(boards, find_sessions(boards, truth, sessions))
    else:
        unit_of_take = number_specimens(boards, specimens)
    is_normal = find_normal(boards, normal_boards, unknown="ignore")
    counts = np.zeros((unit_of_take.max(initial=-1) + 1, 2), dtype=np.intp)
    np.add.at(counts, (unit_of_take, np.where(is_normal, 0, 1)), 1)
    return counts, unit_of_take


def _count_kinds(counts: NDArray[np.intp]) -> tuple[int, int, int]:
    """Count specimens that are mixed, normal only and abnormal only."""
    has_normal, has_abnormal = (counts > 0).T
    return (
        int((has_normal & has_abnormal).sum()),
        int((has_normal & ~has_abnormal).sum()),
        int((~has_normal & has_abnormal).sum()),
    )


def _count_feasible(counts: NDArray[np.intp]) -> int:
    mixed, normal, abnormal = _count_kinds(counts)
    return mixed + min(normal, abnormal)


def _describe(counts: NDArray[np.intp], by: str) -> str:
    mixed, normal, abnormal = _count_kinds(counts)
    feasible = _count_feasible(counts)
    can = f"at most {feasible} folds" if feasible >= 2 else "no two folds"
    both = f" and {mixed} with boards of both conditions" if mixed else ""
    return (
        f"each fold needs a normal and an abnormal {by} of its own, and there are "
        f"{normal} normal and {abnormal} abnormal {by}s{both}: {can} can be made"
    )


def _deal(
    counts: NDArray[np.intp], order: NDArray[np.intp], n_splits: int
) -> NDArray[np.intp]:
    """Assign each specimen a fold.

    First each fold gets what it cannot do without: a mixed specimen while there
    are any, from then on a normal and an abnormal one. Then each further specimen
    goes where its takes are scarcest.
    """
    fold_of_specimen = np.full(len(counts), -1)
    load = np.zeros((n_splits, 2), dtype=np.intp)

    def assign(specimen: int, fold: int) -> None:
        fold_of_specimen[specimen] = fold
        load[fold] += counts[specimen]

    has_normal, has_abnormal = (counts > 0).T
    mixed = [s for s in order if has_normal[s] and has_abnormal[s]]
    normal = [s for s in order if not has_abnormal[s]]
    abnormal = [s for s in order if not has_normal[s]]
    n_alone = min(len(mixed), n_splits)
    n_pairs = n_splits - n_alone
    for fold in range(n_alone):
        assign(mixed[fold], fold)
    # The largest normal specimen meets the smallest abnormal one and so on, so
    # that the folds start out even.
    for pair in range(n_pairs):
        assign(normal[pair], n_alone + pair)
        assign(abnormal[n_pairs - 1 - pair], n_alone + pair)
    # Mixed ones fit least well, and come while there is most left to level with.
    for specimen in [*mixed, *normal, *abnormal]:
        if fold_of_specimen[specimen] < 0:
            # The sum of squares is least where the folds are most even.
            fullness = ((load + counts[specimen]) ** 2 - load**2).sum(axis=1)
            assign(specimen, int(fullness.argmin()))
    return fold_of_specimen
