"""Conditions of boards, written into the tables beside their recordings."""

import os
import warnings
from collections.abc import Callable, Iterable

import pandas as pd

from tapsklearn._shorten import shorten
from tapsklearn._table_text import on_one_line
from tapsklearn.datasets._errors import FolderError
from tapsklearn.datasets._index import match_boards
from tapsklearn.datasets._label_table import FURTHER, open_labels
from tapsklearn.datasets._table import CONDITIONS


def label_boards(
    directory: str | os.PathLike[str],
    *,
    normal: str | Iterable[str] | None = None,
    boards: str | Iterable[str] | None = None,
    specimen: str | None = None,
    kind: str | None = None,
    session: str | None = None,
    ask: Callable[[str, int], str | None] | None = None,
) -> pd.DataFrame:
    """Say which boards of a folder are normal, in its table.

    The table is ``takes.csv`` where there is one, else ``boards.csv``, which is made
    if need be, with a row for each folder that holds recordings. Empty cells are
    filled and rows are added; whatever stands in the table stays, and so do its order,
    its further columns and the rows of boards that have no folder. Semicolons or tabs
    between its columns become commas. At any moment the old table or the new one is
    there.

    Parameters
    ----------
    directory : path-like
        The folder, as for `load_takes`.
    normal : str or iterable of str, default=None
        Names or patterns of the boards that are normal, as for `load_takes`; other
        boards that have no condition yet become abnormal. If None, `ask` decides.
    boards : str or iterable of str, default=None
        Names or patterns of the boards to be labelled. If None, all that have no
        condition yet.
    specimen : str, default=None
        The object that these boards are of. If None, nothing is said of it.
    kind : str, default=None
        The kind of defect of those of them that are abnormal. If None, nothing is
        said of it.
    session : str, default=None
        The occasion on which they were recorded. If None, nothing is said of it.
    ask : callable, default=None
        Called for each board that has no condition yet, with its name and its number
        of takes; gives "normal", "abnormal", or None to pass over it. Each answer is
        on disk before the next question.

    Returns
    -------
    DataFrame
        A row for each board that has recordings: ``board``, ``n_takes`` (its number
        of takes), ``condition``, ``specimen``, ``kind`` and ``session``, "" where the
        table says nothing.

    Raises
    ------
    FolderError
        If the folder holds no boards, if its table cannot be read or contradicts
        itself, if a pattern fits no board, if boards have no condition and neither
        `normal` nor `ask` is given.
    OSError
        If the table cannot be written.

    Warns
    -----
    UserWarning
        Of what stands in the table already and is otherwise than was given; of rows
        whose boards have no folder; of folders that `check_takes` finds fault with.

    See Also
    --------
    tapsklearn.datasets.load_takes : Read the takes and what the tables say of them.

    Examples
    --------
    >>> import pathlib, tempfile, numpy as np, soundfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     for board in ["good 1", "good 2", "cracked"]:
    ...         folder = pathlib.Path(directory, board)
    ...         folder.mkdir()
    ...         soundfile.write(folder / "00.wav", np.ones(100) / 2, 44100)
    ...     labels = label_boards(directory, normal="good *", session="May")
    ...     print(pathlib.Path(directory, "boards.csv").read_text())
    board,condition,session
    cracked,abnormal,May
    good 1,normal,May
    good 2,normal,May
    <BLANKLINE>
    """
    if normal is not None and ask is not None:
        raise ValueError("normal= and ask= both say which boards are normal: give one")
    given = {"specimen": specimen, "kind": kind, "session": session}
    for name, value in given.items():
        if value is not None and not value.strip():
            raise ValueError(f"{name}={value!r} must be a name")
    values = {name: value.strip() for name, value in given.items() if value}
    table = open_labels(directory)
    labels = table.read()
    chosen = [board for board, label in labels.items() if not label.is_complete]
    problems: list[str] = []
    if boards is not None:
        meant, problems = match_boards(_as_list(boards), list(labels), [], "boards")
        chosen = [board for board in labels if board in meant]
    is_normal: set[str] = set()
    if normal is not None:
        is_normal, more = match_boards(_as_list(normal), list(labels), [])
        problems += more
    unknown = [board for board in chosen if not labels[board].condition]
    if unknown and normal is None and ask is None:
        problems.append(
            f"nothing says whether {shorten(unknown)} "
            f"{'is' if len(unknown) == 1 else 'are'} normal: name the normal boards "
            'with normal= (on the command line --normal), "*" if all are'
        )
    if problems:
        raise FolderError(directory, problems)

    conditions = {}
    for board in chosen:
        guess = "normal" if board in is_normal else "abnormal"
        condition = labels[board].condition or (guess if ask is None else "")
        if not condition and ask is not None:
            answer = ask(board, labels[board].n_takes)
            if answer is None:
                continue
            if answer not in CONDITIONS:
                raise ValueError(
                    f'ask= gave {answer!r} for board {board}: "normal", "abnormal" or '
                    "None"
                )
            condition = answer
        conditions[board] = condition
        if ask is not None:
            table.write({board: condition}, values)
    table.write(conditions, values)

    remarks = table.remarks
    differing = [
        board
        for board in (labels if boards is None else chosen)
        if board in is_normal and labels[board].condition == "abnormal"
    ]
    if differing:
        remarks.append(
            f"abnormal in {table.name}, which is kept: {shorten(differing)}; change "
            "it there"
        )
    if values and not chosen:
        remarks.append(
            "all boards have their condition, and nothing is written: name those that "
            f"{' and '.join(values)} are of with boards= (on the command line --board)"
        )
    elif kind and conditions and "abnormal" not in conditions.values():
        remarks.append(f"kind={kind!r} is of defects, and these boards are normal")
    for remark in dict.fromkeys(remarks):
        warnings.warn(on_one_line(f"{directory}: {remark}"), stacklevel=2)
    rows = [(board, *label[:-1]) for board, label in table.read().items()]
    return pd.DataFrame(rows, columns=["board", "n_takes", "condition", *FURTHER])


def _as_list(patterns: str | Iterable[str]) -> list[str]:
    return [patterns] if isinstance(patterns, str) else list(patterns)
