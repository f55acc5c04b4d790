"""Which boards are normal, and which are parts of one object: rules that all share."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
    known = specimens or {}
    return np.array([str(known.get(board, board)) for board in boards.tolist()], str)


def find_normal(
    boards: NDArray[Any],
    normal_boards: ArrayLike | None,
    *,
    unknown: Literal["ignore", "raise"] = "ignore",
) -> NDArray[np.bool_]:
    """Find the takes of normal boards.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Board of each take.
    normal_boards : array-like or None
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
        If `unknown` is "raise" and a normal board has no take.

    Examples
    --------
    >>> find_normal(np.array(["oak", "ash"]), ["oak"])
    array([ True, False])
    """
    if normal_boards is None:
        return np.ones(len(boards), dtype=bool)
    named = np.atleast_1d(np.asarray(normal_boards))
    if unknown == "raise" and len(boards):
        missing = named[~np.isin(named, boards)]
        if len(missing):
            raise ValueError(
                f"normal_boards={missing.tolist()} are not among the boards: "
                f"{np.unique(boards)[:10].tolist()}"
            )
    return np.isin(boards, named)


def resolve_truth(
    truth: Any,
    normal_boards: ArrayLike | None,
    specimens: Mapping[Any, Any] | None = None,
) -> tuple[ArrayLike | None, Mapping[Any, Any] | None]:
    """Take what is known of the boards from one object, or from two parameters.

    Parameters
    ----------
    truth : Truth or None
        With `normal_boards` and `specimens`.
    normal_boards : array-like or None
        Boards that are normal.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.

    Returns
    -------
    normal_boards : array-like or None
        Boards that are normal.
    specimens : mapping or None
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
    if truth is None:
        return normal_boards, specimens
    if normal_boards is not None and set(np.atleast_1d(normal_boards).tolist()) != set(
        np.atleast_1d(truth.normal_boards).tolist()
    ):
        raise ValueError(
            f"normal_boards={list(np.atleast_1d(normal_boards))} differ from those of "
            f"truth, {list(truth.normal_boards)}: give one of the two"
        )
    if specimens is not None and dict(specimens) != dict(truth.specimens or {}):
        raise ValueError("specimens differ from those of truth: give one of the two")
    return truth.normal_boards, truth.specimens
