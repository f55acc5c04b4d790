"""Labels of boards, and of what is known of boards, checked in one way for all rooms.

What names a board comes as a list, a column of a table, an array with missing values.
Each function that is given labels brings them here first, so that all of them give the
same answer, or the same error.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import assert_all_finite

from tapsklearn._shorten import shorten

# pandas' words for a value that is missing, and numpy's for one that is masked.
_MISSING = {"NAType", "NaTType", "MaskedConstant"}

Labels = Iterable[Any] | ArrayLike


def check_boards(
    boards: Any, *, n_takes: int | None = None, name: str = "y"
) -> NDArray[Any]:
    """Check the board of each take, and bring it to one form.

    Parameters
    ----------
    boards : array-like of shape (n_takes,) or (n_takes, 1)
        Board of each take: text, numbers, or true and false.
    n_takes : int, default=None
        How many takes there are. If None, it is not checked.
    name : str, default="y"
        The parameter, for messages.

    Returns
    -------
    ndarray of shape (n_takes,)
        The labels.

    Raises
    ------
    ValueError
        If a label is missing or infinite, labels are of several types or of none that
        names boards, there is more than one column, or lengths differ.

    Warns
    -----
    DataConversionWarning
        If it is a table or an array of one column, as scikit-learn warns.

    Examples
    --------
    >>> check_boards(["oak", "ash"])
    array(['oak', 'ash'], dtype='<U3')
    >>> check_boards(["oak", None])
    Traceback (most recent call last):
        ...
    ValueError: y names no board in row 1: name it, or leave the take out
    """
    if isinstance(boards, Set | Mapping):
        raise ValueError(
            f"{name} is a {type(boards).__name__}, which has no order: give a list "
            "with the board of each take"
        )
    labels = _list_labels(boards, name, what="with the board of each take")
    missing = [row for row, label in enumerate(labels) if _is_missing(label)]
    if missing:
        rows = shorten([str(row) for row in missing])
        raise ValueError(
            f"{name} names no board in row{'s' if len(missing) > 1 else ''} {rows}: "
            f"name it, or leave the take{'s' if len(missing) > 1 else ''} out"
        )
    if not labels:
        raise ValueError(f"{name} is empty: give a list with the board of each take")
    _find_type(labels, name)
    if n_takes is not None and len(labels) != n_takes:
        raise ValueError(
            f"{name} names the boards of {len(labels)} takes, and there are {n_takes} "
            "(inconsistent numbers of samples)"
        )
    array = np.array(labels)
    if array.dtype.kind == "f" and np.isinf(array).any():
        assert_all_finite(array, input_name=name)  # Its message is scikit-learn's.
    if array.tolist() != labels:
        # Numpy cuts digits off large numbers.
        array = np.empty(len(labels), dtype=object)
        array[:] = labels
    return array


def check_names(
    names: Any, *, boards: NDArray[Any] | None = None, name: str = "normal_boards"
) -> list[Any]:
    """Check names of boards, in whatever collection they come.

    Parameters
    ----------
    names : collection of labels
        List, set, keys of a dictionary, array, column of a table; no single name, and
        no iterator, which only the first who reads it could use.
    boards : ndarray of shape (n_takes,), default=None
        Checked boards, whose type the names must have. If None, any will do.
    name : str, default="normal_boards"
        The parameter, for messages.

    Returns
    -------
    list
        The names; those of a set are sorted.

    Raises
    ------
    ValueError
        If it is no collection of names of boards.

    Examples
    --------
    >>> check_names({"oak": 1, "ash": 2}.keys())
    ['ash', 'oak']
    """
    labels = _list_labels(names, name, what="of boards")
    if any(map(_is_missing, labels)):
        raise ValueError(f"{name} holds a name that is missing: leave it out")
    found = _find_type(labels, name)
    if isinstance(names, Set):
        # The order of a set differs from process to process.
        labels = sorted(labels)
    if boards is not None and labels and len(boards):
        needed = _find_type(boards.tolist(), "y")
        if found != needed:
            raise ValueError(
                f"{name} holds {found} such as {labels[0]!r}, and the boards are "
                f"{needed} such as {boards.tolist()[0]!r}: no name can fit"
            )
    return labels


def check_specimens(
    specimens: Any,
    *,
    boards: NDArray[Any] | None = None,
    name: str = "specimens",
) -> dict[Any, Any] | None:
    """Check what is known of boards by their names.

    Parameters
    ----------
    specimens : mapping or None
        Specimen (kind, session) of boards.
    boards : ndarray of shape (n_takes,), default=None
        Checked boards, whose type the names must have. If None, any will do.
    name : str, default="specimens"
        The parameter, for messages.

    Returns
    -------
    dict or None
        The same with plain labels.

    Raises
    ------
    ValueError
        If it is no mapping, a name or a value is missing, values are text and numbers,
        or no name can be that of a board.

    Examples
    --------
    >>> check_specimens({"1": "tree"}, boards=np.array([1, 2]))
    Traceback (most recent call last):
        ...
    ValueError: specimens holds text such as '1', and the boards are numbers such as \
1: no name can fit
    """
    if specimens is None:
        return None
    if not isinstance(specimens, Mapping):
        raise ValueError(
            f"{name} is a {type(specimens).__name__}: give a mapping, such as a dict, "
            "from boards"
        )
    known = dict(
        zip(
            check_names(list(specimens), boards=boards, name=name),
            [_as_plain(value) for value in specimens.values()],
            strict=True,
        )
    )
    missing = [board for board, value in known.items() if _is_missing(value)]
    if missing:
        raise ValueError(
            f"{name} holds nothing for {shorten([repr(board) for board in missing])}: "
            "leave these boards out of it"
        )
    for value in known.values():
        _check_text(value, name)
    # Written out, 1 and "1" would be the same.
    first = {_describe_type(value): value for value in known.values()}
    first.pop("", None)
    if len(first) > 1:
        listed = " and ".join(f"{of} ({value!r})" for of, value in first.items())
        raise ValueError(f"{name} mixes {listed}: give all by labels of one type")
    return known


def _list_labels(values: Any, name: str, *, what: str) -> list[Any]:
    """List labels as plain objects of Python, from one column at most."""
    if hasattr(values, "__array__") and not hasattr(values, "tolist"):
        values = np.asarray(values)
    can_be_read = isinstance(values, Iterable) or hasattr(values, "__getitem__")
    is_single = isinstance(values, str | bytes) or getattr(values, "ndim", 1) == 0
    if is_single or not can_be_read:
        raise ValueError(f"{name}={values!r} must be a list {what}")
    if isinstance(values, Iterator):
        raise ValueError(
            f"{name} is a {type(values).__name__}, which can be read only once: give "
            f"list(...) of it"
        )
    shape: tuple[int, ...] = getattr(values, "shape", (0,))
    if len(shape) > 1:
        if len(shape) > 2 or shape[1] != 1:
            raise ValueError(f"{name} has shape {tuple(shape)}: give one column")
        is_frame = hasattr(values, "columns")
        values = values[values.columns[0]] if is_frame else values.reshape(-1)
        _warn_of_column(name)
    # Numpy would list dates as whole numbers.
    has_dates = getattr(getattr(values, "dtype", None), "kind", "") in {"M", "m"}
    methods = [] if has_dates else ["tolist", "to_list"]
    for method in methods:
        if hasattr(values, method):
            listed = getattr(values, method)()
            break
    else:
        listed = list(values)
    plain = [_as_plain(label) for label in listed]
    if plain and all(isinstance(each, Sequence) and _is_column(each) for each in plain):
        _warn_of_column(name)
        return [_as_plain(label) for (label,) in plain]
    return plain


def _is_column(row: Sequence[Any]) -> bool:
    return not isinstance(row, str | bytes) and len(row) == 1


def _warn_of_column(name: str) -> None:
    warnings.warn(
        f"{name} is a column-vector where a 1d array was expected; it is flattened",
        DataConversionWarning,
        stacklevel=4,
    )


def _as_plain(label: Any) -> Any:
    """Turn what others derive from text and numbers, numpy say, into Python's own."""
    if isinstance(label, np.datetime64 | np.timedelta64) or label is np.ma.masked:
        return label
    if isinstance(label, np.generic | np.ndarray):
        return label.tolist()
    # Of enumerations, numpy and `str` would write the name in place of the value.
    if isinstance(label, str):
        return str.__str__(label)
    if isinstance(label, int) and not isinstance(label, bool):
        return int.__int__(label)
    return label


def _is_missing(label: Any) -> bool:
    if label is None or type(label).__name__ in _MISSING:
        return True
    # NaN, and numpy's NaT, differ from themselves.
    return isinstance(label, Real | np.datetime64) and bool(label != label)


def _find_type(labels: Sequence[Any], name: str) -> str:
    """Find the one type that labels have, in words."""
    first: dict[str, Any] = {}
    for label in labels:
        first.setdefault(_describe_type(label), label)
        _check_text(label, name)
    if "" in first:
        label = first[""]
        raise ValueError(
            f"{name} holds {label!r} of type {type(label).__name__}: boards are named "
            "by text or by numbers"
        )
    if len(first) > 1:
        listed = " and ".join(f"{of} ({label!r})" for of, label in first.items())
        raise ValueError(
            f"{name} mixes {listed}: name all boards by labels of one type"
        )
    return next(iter(first), "")


def _check_text(label: Any, name: str) -> None:
    # Numpy and pandas take "oak" and "oak\0" for the same, now and then.
    if isinstance(label, str) and "\0" in label:
        raise ValueError(
            f"{name} holds {label!r}, with a NUL in it, as text read as if it had "
            "another encoding has: read it anew, or rename it"
        )


def _describe_type(label: Any) -> str:
    if isinstance(label, str):
        return "text"
    if isinstance(label, bool):
        return "true and false"
    # For numpy a length of time is a whole number.
    is_number = isinstance(label, Real) and not isinstance(label, np.timedelta64)
    return "numbers" if is_number else ""
