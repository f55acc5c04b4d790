"""A table of long recordings: which board each is of."""

import os
from pathlib import Path

import pandas as pd

from tapsklearn.datasets._errors import FolderError
from tapsklearn.datasets._table import read_table
from tapsklearn.datasets._takes_csv import find_contradictions, locate

_OPTIONAL = ("specimen", "kind", "session")


def read_long_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table of recordings that are to be split.

    Parameters
    ----------
    path : path-like
        A CSV file with the columns ``file``, ``board`` and ``condition``, and maybe
        ``specimen``, ``kind`` and ``session``. Files are looked for from its folder.

    Returns
    -------
    DataFrame
        A row for each recording, with all six columns as text, "" where nothing stands;
        ``file`` is a path from here. Its index has the row numbers of the table.

    Raises
    ------
    FolderError
        If it is no such table; lists all that is wrong with it.

    See Also
    --------
    tapsklearn.recording.split_takes : What is done with them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "long.csv")
    ...     _ = path.write_text("File,Board,Condition\\nlong.m4a,oak,normal\\n")
    ...     read_long_table(path)[["board", "condition"]]
      board condition
    2   oak    normal
    """
    path = Path(path)
    if not path.is_file():
        raise FolderError(path.parent, [f"there is no file {path.name}"])
    table, problems = read_table(
        path,
        columns=["file", "board"],
        condition="required",
        text=("file", "kind", "session"),
    )
    if table is not None:
        for column in _OPTIONAL:
            if column not in table:
                table[column] = ""
            table[column] = table[column].str.strip()
        table["board"] = table["board"].str.strip()
        problems += find_contradictions(table, path.name, "condition", "is both")
        for column in ("specimen", "kind"):
            problems += find_contradictions(
                table, path.name, column, f"has more than one {column}:"
            )
    if table is None or problems:
        raise FolderError(path.parent, problems)
    table["file"] = [
        str(path.parent / locate(path.parent, name)) for name in table.file
    ]
    return table[["file", "board", "condition", *_OPTIONAL]]
