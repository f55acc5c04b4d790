"""Which takes a folder holds, of which boards, and what is wrong with it."""

import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd

from tapsklearn._shorten import shorten
from tapsklearn.datasets import _takes_csv
from tapsklearn.datasets._board_folders import read_board_folders
from tapsklearn.datasets._errors import FolderError
from tapsklearn.datasets._files import (
    SOUND_SUFFIXES,
    holds_sounds,
    is_file,
    same_letters,
)
from tapsklearn.datasets._table import Need

_COLUMNS = ["path", "board", "condition", "specimen", "take"]


def read_index(
    directory: str | os.PathLike[str],
    *,
    normal: str | Iterable[str] | None,
    need_condition: bool,
) -> tuple[pd.DataFrame, list[str]]:
    """Read which takes a folder holds, and find all that is wrong with its tables.

    Parameters
    ----------
    directory : path-like
        The folder.
    normal : str, iterable of str or None
        Names or patterns of the normal boards. If None, the files say which they are.
    need_condition : bool
        Whether a folder that says nowhere which boards are normal has a problem.

    Returns
    -------
    frame : DataFrame
        A row for each take: path, board, condition, specimen, take, and further
        columns of takes.csv. Where there are problems it holds what could be
        read, with "" for what could not, and files that may be missing.
    problems : list of str
        What is wrong, one sentence each.

    Raises
    ------
    FolderError
        If there are no recordings to talk about.
    """
    folder = Path(directory)
    reason = _no_recordings(folder)
    if reason:
        raise FolderError(directory, [reason])
    condition: Need = "required" if need_condition else "optional"
    if normal is not None:
        condition = "ignored"
    if is_file(folder / _takes_csv.NAME):
        frame, problems = _takes_csv.read_takes_csv(folder, condition=condition)
    else:
        frame, problems = read_board_folders(folder, condition=condition)
    if normal is not None:
        patterns = [normal] if isinstance(normal, str) else list(normal)
        boards = [board for board in frame["board"].unique() if board]
        normal_boards, unmatched = _match(patterns, boards)
        problems += unmatched
        frame["condition"] = np.where(
            frame["board"].isin(normal_boards), "normal", "abnormal"
        )
    if "take" not in frame:
        frame["take"] = frame.groupby("board").cumcount()
    further = [column for column in frame.columns if column not in _COLUMNS]
    return frame[_COLUMNS + further].reset_index(drop=True), problems


def _no_recordings(directory: Path) -> str | None:
    """Find out why a folder holds nothing to read, if so."""
    try:
        if not directory.exists():
            return "there is no such folder"
        if not directory.is_dir():
            return "is not a folder"
        if not any(directory.iterdir()):
            return "the folder is empty"
    except OSError as error:
        return f"cannot be opened ({error.strerror})"
    # The files that takes.csv lists may lie anywhere.
    if is_file(directory / _takes_csv.NAME) or holds_sounds(directory):
        return None
    return f"holds no sound files ({', '.join(SOUND_SUFFIXES)})"


def _match(patterns: list[str], boards: list[str]) -> tuple[set[str], list[str]]:
    """Find the boards that patterns mean, and the patterns that mean none."""
    if not patterns:
        return set(), ['normal= holds no name or pattern: use "*" if all are normal']
    matched: set[str] = set()
    problems = []
    for pattern in map(same_letters, patterns):
        # A board may be called "oak [2]", which as a pattern means "oak 2".
        fits = [b for b in boards if b == pattern or fnmatchcase(b, pattern)]
        matched.update(fits)
        if boards and not fits:
            problems.append(
                f"normal={pattern!r} fits no board (there are: {shorten(boards)})"
            )
    return matched, problems
