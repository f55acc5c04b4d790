"""A folder that holds one folder for each board."""

from pathlib import Path

import pandas as pd

from tapsklearn._shorten import shorten
from tapsklearn.datasets._files import (
    SOUND_SUFFIXES,
    holds_sounds,
    is_file,
    list_folder,
    same_letters,
)
from tapsklearn.datasets._table import Need, describe_rows, read_table

BOARDS_CSV = "boards.csv"

_NO_CONDITIONS = (
    "nothing says which boards are normal: list the boards in boards.csv (columns "
    "board, condition), or the takes in takes.csv (columns path, board, condition), "
    "or name the normal boards with normal= (on the command line --normal): names or "
    'patterns, "*" for all'
)


def read_board_folders(
    directory: Path, *, condition: Need
) -> tuple[pd.DataFrame, list[str]]:
    """Read the takes that lie in one folder a board.

    Parameters
    ----------
    directory : Path
        The folder that holds the boards' folders.
    condition : {"required", "optional", "ignored"}
        Whether boards.csv must say which boards are normal.

    Returns
    -------
    frame : DataFrame
        A row for each sound file; "" for a condition that no table has.
    problems : list of str
        What is wrong with the folders and with boards.csv.
    """
    folders, loose = list_folder(directory)
    problems = []
    if loose:
        problems.append(
            f"sound files lie outside of any board's folder ({shorten(loose)}): move "
            "them into one, or list them in takes.csv"
        )
    # Folders without any sound, of notes or pictures, are nobody's board.
    takes: dict[str, list[str]] = {}
    unusable = set()
    for folder in folders:
        board = same_letters(folder)
        try:
            _, sounds = list_folder(directory / folder)
        except OSError as error:
            problems.append(f"the folder {folder} cannot be opened ({error.strerror})")
            unusable.add(board)
            continue
        if sounds:
            takes.setdefault(board, []).extend(f"{folder}/{name}" for name in sounds)
        elif holds_sounds(directory / folder):
            problems.append(
                f"the folder {folder} has its sound files ({', '.join(SOUND_SUFFIXES)})"
                " in subfolders only: move them up into it, list them in takes.csv, or "
                "read that folder instead if its subfolders are the boards"
            )
            unusable.add(board)

    frame = pd.DataFrame(
        [(path, board) for board, paths in takes.items() for path in paths],
        columns=["path", "board"],
    )
    problems += [
        f"{path} is a link that leads to no file"
        for path in frame["path"]
        if not is_file(directory / path)
    ]
    frame["condition"] = ""
    frame["specimen"] = frame["board"]
    if is_file(directory / BOARDS_CSV):
        boards, more = _read_boards_csv(directory, list(takes), unusable, condition)
        problems += more
        if boards is not None:
            for column in ("condition", "specimen"):
                listed = frame["board"].map(boards[column])
                frame[column] = listed.fillna(frame[column])
    elif condition == "required" and takes:
        problems.append(_NO_CONDITIONS)
    return frame, problems


def _read_boards_csv(
    directory: Path, boards: list[str], unusable: set[str], condition: Need
) -> tuple[pd.DataFrame | None, list[str]]:
    """Read boards.csv, indexed by board, and compare it with the folders."""
    table, problems = read_table(
        directory / BOARDS_CSV, columns=["board"], condition=condition
    )
    if table is None:
        return None, problems
    table = table[table["board"] != ""]
    for board, rows in table.groupby("board", sort=False):
        if len(rows) > 1:
            listed = describe_rows(rows.index)
            problems.append(
                f"{BOARDS_CSV}: board {board} is listed more than once ({listed})"
            )
        if board not in boards and board not in unusable:
            problems.append(
                f"{BOARDS_CSV}, row {rows.index[0]}: there is no folder {board} with "
                "sound files"
            )
    problems += [
        f"the folder {board} has no row in {BOARDS_CSV}"
        for board in boards
        if board not in set(table["board"])
    ]
    return table.drop_duplicates("board").set_index("board"), problems
