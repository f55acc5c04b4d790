"""Which takes a folder holds, of which boards, and what is wrong with it."""

import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tapsklearn._shorten import shorten
from tapsklearn.datasets import _board_folders, _takes_csv
from tapsklearn.datasets._errors import FolderError
from tapsklearn.datasets._files import KINDS_OF_SOUND, is_file, real_name, same_letters
from tapsklearn.datasets._find_recordings import walk
from tapsklearn.datasets._findings import Finding, find_copies, find_similar_names
from tapsklearn.datasets._table import Need, find_table

_COLUMNS = ["path", "board", "condition", "specimen", "take"]
_SAVE_AS = "is not read: save it as {} (CSV UTF-8)"


class Index(NamedTuple):
    """Which takes a folder holds, and what is wrong with it.

    Attributes
    ----------
    frame : DataFrame
        A row for each take: path, board, condition, specimen, take, and further
        columns of takes.csv. Where there are problems it holds what could be
        read, with "" for what could not, and files that may be missing.
    problems : list of str
        What keeps it from being used, one sentence each.
    findings : list of Finding
        What does not, and should be known.
    """

    frame: pd.DataFrame
    problems: list[str]
    findings: list[Finding]


def read_index(
    directory: str | os.PathLike[str],
    *,
    normal: str | Iterable[str] | None,
    need_condition: bool,
) -> Index:
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
    Index
        Its takes, and what is wrong.

    Raises
    ------
    FolderError
        If there are no recordings to talk about.
    """
    folder = Path(directory)
    reason = cannot_open(folder)
    if reason:
        raise FolderError(directory, [reason])
    names = sorted(path.name for path in folder.iterdir() if is_file(path))
    takes_csv, like_takes = find_table(names, _takes_csv.NAME)
    boards_csv, like_boards = find_table(names, _board_folders.NAME)
    condition: Need = "required" if need_condition else "optional"
    if normal is not None:
        condition = "ignored"

    found: pd.DataFrame | None
    named: set[str] = set()
    unread: list[str] = []
    findings: list[Finding] = []
    if takes_csv:
        found, problems = _takes_csv.read_takes_csv(
            folder / takes_csv, condition=condition
        )
        others = dict.fromkeys(like_takes, f"{takes_csv} is read in its place")
        if boards_csv:
            others[boards_csv] = f"{takes_csv} is read in its place"
    else:
        if not any(True for _ in walk(folder)):
            raise FolderError(directory, [f"holds no sound files ({KINDS_OF_SOUND})"])
        found, problems, findings, named, unread = _board_folders.read_board_folders(
            folder, folder / boards_csv if boards_csv else None, condition=condition
        )
        others = {name: _SAVE_AS.format(_takes_csv.NAME) for name in like_takes}
        others |= {
            name: f"{boards_csv} is read in its place"
            if boards_csv
            else _SAVE_AS.format(_board_folders.NAME)
            for name in like_boards
        }
    if found is None:
        # What a table lists that cannot be read, nobody knows.
        frame, used = pd.DataFrame(columns=_COLUMNS, dtype=str), None
    else:
        frame = found
        used = {name for path in frame["path"] for name in _names_of(folder / path)}
    if normal is not None:
        patterns = [normal] if isinstance(normal, str) else list(normal)
        boards = [board for board in frame["board"].unique() if board]
        normal_boards, unmatched = match_boards(patterns, boards, unread)
        problems += unmatched
        frame["condition"] = np.where(
            frame["board"].isin(normal_boards), "normal", "abnormal"
        )
    if "take" not in frame:
        frame["take"] = frame.groupby("board").cumcount()
    further = [column for column in frame.columns if column not in _COLUMNS]
    frame = frame[_COLUMNS + further].reset_index(drop=True)

    if used is not None:
        linked = {finding.path for finding in findings}
        findings += _find_unused(folder, used, named | linked, takes_csv)
        if frame.empty and not problems:
            problems.append(f"holds no recordings that can be read ({KINDS_OF_SOUND})")
    findings += [Finding(name, "", "unused", why) for name, why in others.items()]
    if _board_folders.NO_CONDITIONS in problems and others:
        # They hold it, very likely.
        listed = "; ".join(f"{name}: {why}" for name, why in others.items())
        problems.append(f"not read: {listed}")
    findings += find_similar_names(frame)
    findings += find_copies(folder, frame)
    return Index(frame, problems, findings)


def cannot_open(directory: Path) -> str | None:
    """Find out why a folder cannot be read, or holds nothing at all."""
    try:
        if not directory.exists():
            return "there is no such folder"
        if not directory.is_dir():
            return "is not a folder"
        if not any(directory.iterdir()):
            return "the folder is empty"
    except (OSError, ValueError) as error:
        return f"cannot be opened ({getattr(error, 'strerror', error)})"
    return None


def _find_unused(
    directory: Path, used: set[Any], named: set[str], table: str | None
) -> list[Finding]:
    """Find the recordings that are there and are not used."""
    findings = []
    for path, problem in walk(directory):
        first, *below = path.split("/")
        if named & {path, first} or used.intersection(_names_of(directory / path)):
            continue
        reason = problem or (
            f"{table} does not list it"
            if table
            else "lies in a subfolder of a board's folder: move it up, or list it in "
            "takes.csv"
        )
        board = same_letters(first) if below and not table else ""
        findings.append(Finding(path, board, "unused", reason))
    return findings


def _names_of(path: Path) -> list[Any]:
    """Give what a file is known by: its real name, and its number on the disk.

    On a Mac's disk two spellings, which differ in capital letters or in Unicode form,
    are one file; its number shows it.
    """
    try:
        status = path.stat()
    except (OSError, ValueError):
        return [real_name(path)]
    number = [(status.st_dev, status.st_ino)] if status.st_ino else []
    return [real_name(path), *number]


def match_boards(
    patterns: list[str], boards: list[str], unread: list[str], name: str = "normal"
) -> tuple[set[str], list[str]]:
    """Find the boards that patterns mean, and the patterns that mean none.

    Parameters
    ----------
    patterns : list of str
        Names or patterns.
    boards : list of str
        The boards.
    unread : list of str
        Boards without a recording that can be read.
    name : str, default="normal"
        The parameter that holds the patterns.

    Returns
    -------
    matched : set of str
        Those of `boards` that are meant.
    problems : list of str
        One for each pattern that means none.
    """
    if not patterns:
        return set(), [f'{name}= holds no name or pattern: use "*" for all boards']
    matched: set[str] = set()
    problems = []
    for pattern in map(same_letters, patterns):
        # A board may be called "oak [2]", which as a pattern means "oak 2".
        fits, without = (
            [b for b in some if b == pattern or fnmatchcase(b, pattern)]
            for some in (boards, unread)
        )
        matched.update(fits)
        if without and not fits:
            problems.append(
                f"{name}={pattern!r} fits folders without recordings that can be read "
                f"only: {shorten(without)}"
            )
        elif boards and not fits:
            problems.append(
                f"{name}={pattern!r} fits no board (there are: {shorten(boards)})"
            )
    return matched, problems
