"""A folder that holds one folder for each board."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tapsklearn._shorten import shorten
from tapsklearn.datasets._files import (
    DEAD_LINK,
    KINDS_OF_SOUND,
    is_sound,
    list_folder,
    real_name,
    same_letters,
)
from tapsklearn.datasets._find_recordings import walk
from tapsklearn.datasets._findings import Finding
from tapsklearn.datasets._table import Need, describe_rows, read_table

NAME = "boards.csv"

NO_CONDITIONS = (
    "nothing says which boards are normal: list the boards in boards.csv (columns "
    "board, condition; `tapsklearn label` makes it), or the takes in takes.csv "
    "(columns path, board, condition), or name the normal boards with normal= (on the "
    'command line --normal): names or patterns, "*" for all'
)


class BoardFolders(NamedTuple):
    """Takes that lie in one folder a board.

    Attributes
    ----------
    frame : DataFrame
        A row for each sound file; "" for a condition that no table has.
    problems : list of str
        What is wrong with the folders and with boards.csv.
    findings : list of Finding
        Folders and links that are one with others.
    named : set of str
        Files and folders directly in the folder that the problems name already.
    unread : list of str
        Boards without a recording that can be read, but with others.
    """

    frame: pd.DataFrame
    problems: list[str]
    findings: list[Finding]
    named: set[str]
    unread: list[str]


def read_board_folders(
    directory: Path, table_file: Path | None, *, condition: Need
) -> BoardFolders:
    """Read the takes that lie in one folder a board.

    Parameters
    ----------
    directory : Path
        The folder that holds the boards' folders.
    table_file : Path or None
        The table boards.csv, if there is one.
    condition : {"required", "optional", "ignored"}
        Whether the table must say which boards are normal.

    Returns
    -------
    BoardFolders
        The takes, and what is wrong with them.
    """
    listing = list_folder(directory)
    problems: list[str] = []
    findings: list[Finding] = []
    named = set(listing.sounds)
    if listing.sounds:
        problems.append(
            f"sound files lie outside of any board's folder ({shorten(listing.sounds)})"
            ": move them into one, or list them in takes.csv"
        )
    # Folders without any sound, of notes or pictures, are nobody's board.
    takes: dict[str, list[str]] = {}
    unread: list[str] = []
    unusable = set()
    owners: dict[str, str] = {}
    for folder in _skip_loops(directory, listing.folders):
        board = same_letters(folder)
        real = real_name(directory / folder)
        if real in owners:
            problems.append(
                f"the folders {owners[real]} and {folder} are one, which a link gives "
                "two names: remove the link"
            )
            named.add(folder)
            unusable.add(board)
            continue
        owners[real] = folder
        try:
            recordings = list_folder(directory / folder).recordings
        except OSError as error:
            problems.append(f"the folder {folder} cannot be opened ({error.strerror})")
            named.add(folder)
            unusable.add(board)
            continue
        # A link that leads nowhere was meant to be a take.
        dead = [n for n, why in recordings if why == DEAD_LINK and is_sound(n)]
        problems += [f"{folder}/{name} {DEAD_LINK}" for name in dead]
        named |= {f"{folder}/{name}" for name in dead}
        sounds = [name for name, why in recordings if not why]
        if sounds:
            if board in takes:
                detail = (
                    "two folders are called so, in different Unicode forms; they are "
                    "taken for one board"
                )
                findings.append(Finding("", board, "similar names", detail))
            takes.setdefault(board, []).extend(f"{folder}/{name}" for name in sounds)
        elif dead:
            unusable.add(board)
        elif recordings:
            unread.append(board)
        elif any(not problem for _, problem in walk(directory / folder)):
            problems.append(
                f"the folder {folder} has its sound files in subfolders only: move "
                "them up into it, list them in takes.csv, or read that folder instead "
                "if its subfolders are the boards"
            )
            named.add(folder)
            unusable.add(board)

    frame = pd.DataFrame(
        [(path, board) for board, paths in takes.items() for path in paths],
        columns=["path", "board"],
        dtype=str,
    )
    frame, more = _use_links_once(directory, frame, problems)
    findings += more
    frame["condition"] = ""
    frame["specimen"] = frame["board"]
    if table_file is not None:
        boards = list(takes)
        table, more_problems = _read_boards_csv(
            table_file, boards, unusable, unread, condition
        )
        problems += more_problems
        if table is not None:
            for column in ("condition", "specimen"):
                listed = frame["board"].map(table[column]).fillna("")
                frame[column] = listed.where(listed != "", frame[column])
            for column in ("kind", "session"):
                if column in table:
                    frame[column] = frame["board"].map(table[column]).fillna("")
    elif condition == "required" and takes:
        problems.append(NO_CONDITIONS)
    return BoardFolders(frame, problems, findings, named, unread)


def _skip_loops(directory: Path, folders: list[str]) -> list[str]:
    """Leave out links to the folder itself or to what it lies in."""
    top = os.path.join(real_name(directory), "")  # noqa: PTH118
    return [
        folder
        for folder in folders
        if not top.startswith(os.path.join(real_name(directory / folder), ""))  # noqa: PTH118
    ]


def _use_links_once(
    directory: Path, frame: pd.DataFrame, problems: list[str]
) -> tuple[pd.DataFrame, list[Finding]]:
    """Leave out links to takes that are there; add to the problems those of others."""
    findings = []
    real = frame["path"].map(lambda path: real_name(directory / path))
    is_link = [Path(directory, path).is_symlink() for path in frame["path"]]
    # The file itself before links to it.
    order = frame.assign(real=real, is_link=is_link).sort_values(
        "is_link", kind="stable"
    )
    firsts: dict[str, tuple[str, str]] = {}
    again = []
    rows: Iterator[tuple[int, str, str, str, bool]] = order.itertuples(name=None)
    for row, path, board, real_path, _ in rows:
        if real_path not in firsts:
            firsts[real_path] = path, board
            continue
        again.append(row)
        first, owner = firsts[real_path]
        if board == owner:
            detail = f"the same file as {first}, which is used once"
            findings.append(Finding(path, board, "duplicate", detail))
        else:
            problems.append(
                f"{path} and {first} are one file, of the boards {board} and {owner}: "
                "remove the link"
            )
    return frame.drop(index=again).reset_index(drop=True), findings


def _read_boards_csv(
    file: Path, boards: list[str], unusable: set[str], unread: list[str], need: Need
) -> tuple[pd.DataFrame | None, list[str]]:
    """Read boards.csv, indexed by board, and compare it with the folders."""
    name = file.name
    table, problems = read_table(file, columns=["board"], condition=need)
    if table is None:
        return None, problems
    known = {*boards, *unusable, *unread}
    by_letters = {board.strip(): board for board in known}
    table["board"] = [
        board if board in known else by_letters.get(board.strip(), board.strip())
        for board in table["board"]
    ]
    table = table[table["board"] != ""]
    for board, rows in table.groupby("board", sort=False):
        if len(rows) > 1:
            listed = describe_rows(rows.index)
            problems.append(
                f"{name}: board {board} is listed more than once ({listed})"
            )
        if str(board) in unread:
            problems.append(
                f"{name}, row {rows.index[0]}: the folder {board} has no recordings "
                f"that can be read ({KINDS_OF_SOUND}): convert or rename them"
            )
        elif board not in known:
            problems.append(
                f"{name}, row {rows.index[0]}: there is no folder {board} with "
                "sound files"
            )
    problems += [
        f"the folder {board} has no row in {name}"
        for board in boards
        if board not in set(table["board"])
    ]
    return table.drop_duplicates("board").set_index("board"), problems
