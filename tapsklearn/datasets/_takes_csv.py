"""A folder whose takes.csv lists its recordings."""

import os
import unicodedata
from pathlib import Path

import pandas as pd

from tapsklearn.datasets._files import is_file, real_name
from tapsklearn.datasets._table import Need, describe_rows, read_table

NAME = "takes.csv"


def read_takes_csv(
    table_file: Path, *, condition: Need
) -> tuple[pd.DataFrame | None, list[str]]:
    """Read the takes that takes.csv lists.

    Parameters
    ----------
    table_file : Path
        The table, in the folder that its paths start from.
    condition : {"required", "optional", "ignored"}
        Whether the table must say which boards are normal.

    Returns
    -------
    frame : DataFrame or None
        A row for each path; "" for what the table leaves out. None if it is no table.
    problems : list of str
        What is wrong with the table and the files that it lists.
    """
    directory, name = table_file.parent, table_file.name
    table, problems = read_table(
        table_file, columns=["path", "board"], condition=condition
    )
    if table is None:
        return None, problems
    table["board"] = table["board"].str.strip()
    table["specimen"] = table["specimen"].where(table["specimen"] != "", table["board"])
    problems += find_contradictions(table, name, "condition", "is both")
    problems += find_contradictions(
        table, name, "specimen", "is of more than one specimen:"
    )

    table = table[table["path"].str.strip() != ""].copy()
    table["path"] = [locate(directory, path) for path in table["path"]]
    for row, path in table["path"].items():
        if not is_file(directory / path):
            other = _find_other_case(directory, path)
            hint = f", but {other}: spell them alike" if other else ""
            problems.append(f"{name}, row {row}: there is no file {path}{hint}")
    files = table["path"].map(lambda path: real_name(directory / path))
    for _, listed in table["path"].groupby(files, sort=False):
        if len(listed) > 1:
            rows = describe_rows(listed.index)
            different = {os.path.normpath(path): path for path in listed}
            others = [path for path in different.values() if path != listed.iloc[0]]
            link = f" (also as {', '.join(others)})" if len(different) > 1 else ""
            problems.append(
                f"{name}: {listed.iloc[0]}{link} is listed more than once ({rows})"
            )
    return table[~files.duplicated()], problems


def find_contradictions(
    table: pd.DataFrame, name: str, column: str, verb: str
) -> list[str]:
    """Find boards that have two values where one is possible.

    Parameters
    ----------
    table : DataFrame
        As of `read_table`.
    name : str
        Its file.
    column : str
        Where one value is possible.
    verb : str
        What is said of the board.

    Returns
    -------
    list of str
        What is wrong.
    """
    filled = table[(table["board"] != "") & (table[column] != "")]
    problems = []
    for board, rows in filled.groupby("board", sort=False):
        if rows[column].nunique() > 1:
            firsts = rows[column].drop_duplicates()
            what = " and ".join(f"{value} (row {row})" for row, value in firsts.items())
            problems.append(f"{name}: board {board} {verb} {what}")
    return problems


def locate(directory: Path, written: str) -> str:
    """Spell a path the way the disk does, if that finds the file.

    Parameters
    ----------
    directory : Path
        Where it starts from.
    written : str
        The path, as a table has it.

    Returns
    -------
    str
        The path.
    """
    stripped = written.strip()
    slashed = stripped.replace("\\", "/")  # written on Windows, read elsewhere
    spellings = [
        *(written, stripped, slashed),
        *(unicodedata.normalize(form, slashed) for form in ("NFC", "NFD")),
    ]
    return next((path for path in spellings if is_file(directory / path)), slashed)


def _find_other_case(directory: Path, written: str) -> str:
    """Find a file whose name differs in capital letters, which some disks ignore."""
    found = directory
    for part in Path(written).parts:
        try:
            names = os.listdir(found)  # noqa: PTH208
        except (OSError, ValueError):
            return ""
        # "..", and what a path from the root begins with, is in no folder's list.
        alike = [name for name in names if _fold(name) == _fold(part)]
        if not alike:
            return ""
        found = found / (part if part in alike else sorted(alike)[0])
    return found.relative_to(directory).as_posix() if is_file(found) else ""


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
