"""A folder whose takes.csv lists its recordings."""

import os
import unicodedata
from pathlib import Path

import pandas as pd

from tapsklearn.datasets._files import is_file
from tapsklearn.datasets._table import Need, describe_rows, read_table

NAME = "takes.csv"


def read_takes_csv(
    directory: Path, *, condition: Need
) -> tuple[pd.DataFrame, list[str]]:
    """Read the takes that takes.csv lists.

    Parameters
    ----------
    directory : Path
        A folder that holds takes.csv.
    condition : {"required", "optional", "ignored"}
        Whether the table must say which boards are normal.

    Returns
    -------
    frame : DataFrame
        A row for each path, where the table is one; "" for what it leaves out.
    problems : list of str
        What is wrong with the table and the files that it lists.
    """
    table, problems = read_table(
        directory / NAME, columns=["path", "board"], condition=condition
    )
    if table is None:
        return pd.DataFrame(
            columns=["path", "board", "condition", "specimen"]
        ), problems
    problems += _contradictions(table, "condition", "is both")
    problems += _contradictions(table, "specimen", "is of more than one specimen:")

    table = table[table["path"] != ""].copy()
    table["path"] = [_locate(directory, path) for path in table["path"]]
    for row, path in table["path"].items():
        if not is_file(directory / path):
            problems.append(f"{NAME}, row {row}: there is no file {path}")
    files = table["path"].map(lambda path: os.path.normpath(directory / path))
    for _, listed in table["path"].groupby(files, sort=False):
        if len(listed) > 1:
            rows = describe_rows(listed.index)
            problems.append(
                f"{NAME}: {listed.iloc[0]} is listed more than once ({rows})"
            )
    return table[~files.duplicated()], problems


def _contradictions(table: pd.DataFrame, column: str, verb: str) -> list[str]:
    """Find boards that have two values where one is possible."""
    filled = table[(table["board"] != "") & (table[column] != "")]
    problems = []
    for board, rows in filled.groupby("board", sort=False):
        if rows[column].nunique() > 1:
            firsts = rows[column].drop_duplicates()
            what = " and ".join(f"{value} (row {row})" for row, value in firsts.items())
            problems.append(f"{NAME}: board {board} {verb} {what}")
    return problems


def _locate(directory: Path, written: str) -> str:
    """Spell a path the way the disk does, if that finds the file."""
    slashed = written.replace("\\", "/")  # written on Windows, read elsewhere
    spellings = [slashed] + [
        unicodedata.normalize(form, slashed) for form in ("NFC", "NFD")
    ]
    return next((path for path in spellings if is_file(directory / path)), slashed)
