"""Which boards are normal, and which are parts of one object: rules that all share."""

import warnings
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tapsklearn._labels import check_names, check_specimens
from tapsklearn._shorten import shorten


def check_known(
    boards: NDArray[Any],
    truth: Any,
    normal_boards: list[Any] | None,
    specimens: Mapping[Any, Any] | None,
) -> NDArray[np.bool_]:
    """Check what is known of boards where all of them are there.

    A fold lacks some boards by nature. Here a name that no take has is misspelt.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Checked board of each take.
    truth : Truth or None
        With `kinds` and `sessions`.
    normal_boards : list or None
        Boards that are normal; if None, all.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.

    Returns
    -------
    ndarray of shape (n_takes,), bool
        Whether the board of a take is normal.

    Raises
    ------
    ValueError
        If a normal board has no take, or specimens, kinds or sessions name no board
        that has one.

    Warns
    -----
    UserWarning
        If some boards that these name have no take.

    Examples
    --------
    >>> check_known(np.array(["oak", "ash"]), None, ["oak"], None)
    array([ True, False])
    """
    is_normal = find_normal(boards, normal_boards, unknown="raise")
    there = set(boards.tolist())
    for name, of in (
        ("specimens", specimens),
        ("kinds", getattr(truth, "kinds", None)),
        ("sessions", getattr(truth, "sessions", None)),
    ):
        known = check_specimens(of, boards=boards, name=name) or {}
        lacking = sorted(known.keys() - there)
        listed = shorten([repr(board) for board in lacking])
        if known and len(lacking) == len(known):
            raise ValueError(
                f"{name} names none of the boards of y: it holds {listed}, and these "
                f"are {_list_some(boards)}"
            )
        if lacking:
            warnings.warn(
                f"{name} names boards that no take has: {listed}", stacklevel=3
            )
    return is_normal


def number_specimens(
    boards: NDArray[Any], specimens: Mapping[Any, Any] | None
) -> NDArray[np.intp]:
    """Number the specimen of each take.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Board of each take.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.

    Returns
    -------
    ndarray of shape (n_takes,)
        Numbers from 0 on, the same for boards of one specimen.

    Examples
    --------
    >>> boards = np.array(["left end", "right end", "ash"])
    >>> number_specimens(boards, {"left end": "oak", "right end": "oak"})
    array([1, 1, 0])
    """
    return np.unique(name_specimens(boards, specimens), return_inverse=True)[1]


def name_specimens(
    boards: NDArray[Any], specimens: Mapping[Any, Any] | None
) -> NDArray[np.str_]:
    """Name the specimen of each take.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Board of each take.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.

    Returns
    -------
    ndarray of shape (n_takes,)
        Names.

    Examples
    --------
    >>> print(name_specimens(np.array(["left end", "ash"]), {"left end": "oak"}))
    ['oak' 'ash']
    """
    known = check_specimens(specimens, boards=boards) or {}
    return np.array([_write(known.get(b, b)) for b in boards.tolist()], str)


def find_normal(
    boards: NDArray[Any],
    normal_boards: Any,
    *,
    unknown: Literal["ignore", "raise"] = "ignore",
) -> NDArray[np.bool_]:
    """Find the takes of normal boards.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Checked board of each take.
    normal_boards : collection of labels or None
        Boards that are normal; if None, all.
    unknown : {"ignore", "raise"}, default="ignore"
        What to do about normal boards that have no take: a fold lacks some by
        nature, but where all boards are there, such a name is misspelt.

    Returns
    -------
    ndarray of shape (n_takes,), bool
        Whether the board of a take is normal.

    Raises
    ------
    ValueError
        If `unknown` is "raise" and a normal board has no take, or no name can be that
        of a board.

    Examples
    --------
    >>> find_normal(np.array(["oak", "ash"]), ["oak"])
    array([ True, False])
    """
    if normal_boards is None:
        return np.ones(len(boards), dtype=bool)
    names = check_names(normal_boards, boards=boards)
    labels = boards.tolist()
    if unknown == "raise" and labels:
        there = set(labels)
        missing = [name for name in names if name not in there]
        if missing:
            raise ValueError(
                f"normal_boards={missing} are not among the boards: "
                f"{_list_some(boards)}"
            )
    known = set(names)
    return np.array([label in known for label in labels], dtype=bool)


def resolve_truth(
    truth: Any,
    normal_boards: Any,
    specimens: Any = None,
) -> tuple[list[Any] | None, dict[Any, Any] | None]:
    """Take what is known of the boards from one object, or from two parameters.

    Parameters
    ----------
    truth : Truth or None
        With `normal_boards` and `specimens`.
    normal_boards : collection of labels or None
        Boards that are normal.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.

    Returns
    -------
    normal_boards : list or None
        Boards that are normal.
    specimens : dict or None
        Specimen of each board that is not a specimen of its own.

    Raises
    ------
    ValueError
        If both are given and differ.

    Examples
    --------
    >>> resolve_truth(None, ["oak"])
    (['oak'], None)
    """
    names = None if normal_boards is None else check_names(normal_boards)
    known = check_specimens(specimens)
    if truth is None:
        return names, known
    of_truth = list(truth.normal_boards)
    if names is not None and set(names) != set(of_truth):
        raise ValueError(
            f"normal_boards={names} differ from those of truth, {of_truth}: give one "
            "of the two"
        )
    if known is not None and known != (truth.specimens or {}):
        raise ValueError("specimens differ from those of truth: give one of the two")
    return of_truth, truth.specimens


def find_sessions(
    boards: NDArray[Any], truth: Any, sessions: Mapping[Any, Any] | None
) -> dict[Any, Any]:
    """Find the session of each board, all of which have one.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Checked board of each take.
    truth : Truth or None
        With `sessions`.
    sessions : mapping or None
        Session of each board, in place of those of `truth`.

    Returns
    -------
    dict
        Session of each board.

    Raises
    ------
    ValueError
        If a board has none.

    Examples
    --------
    >>> find_sessions(np.array(["oak", "ash"]), None, {"oak": "May", "ash": "June"})
    {'oak': 'May', 'ash': 'June'}
    """
    given = sessions if sessions is not None else getattr(truth, "sessions", None)
    known = check_specimens(given, boards=boards, name="sessions") or {}
    lacking = [b for b in dict.fromkeys(boards.tolist()) if b not in known]
    if lacking:
        listed = shorten([repr(board) for board in lacking])
        raise ValueError(
            f"to split by session, each board needs one, and there is none for "
            f"{listed}: give sessions=, or a column session in takes.csv"
        )
    return known


def _write(label: Any) -> str:
    """Write a label as text, the same for equal numbers."""
    is_whole = isinstance(label, float) and label.is_integer()
    return str(int(label) if is_whole else label)


def _list_some(boards: NDArray[Any]) -> str:
    return shorten([repr(board) for board in dict.fromkeys(boards.tolist())])
