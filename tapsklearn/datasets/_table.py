"""Tables beside recordings, read so that their mistakes can be named by row."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from tapsklearn._table_text import csv_line, normalize_head, restore_bytes
from tapsklearn.datasets._files import same_letters

CONDITIONS = ("normal", "abnormal")

# Whether a table has to have the boards' conditions: "ignored" where the caller has
# named the normal boards, "optional" where nobody needs to know.
Need = Literal["required", "optional", "ignored"]

_TEXT = ("path", "board", "condition", "specimen", "kind", "session")
_STRIPPED = ["condition", "specimen", "kind", "session"]
# Columns that are looked up, whose heads may be in capitals.
_KNOWN = (*_TEXT, "take")
_TABLE_SUFFIXES = "csv|txt|tsv|xls|xls[xmb]|ods|numbers"
_LISTED = 10
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class _TableError(Exception):
    """Why a file is no table."""


def read_table(
    path: Path,
    *,
    columns: Sequence[str],
    condition: Need,
    text: Sequence[str] = (),
    content: bytes | None = None,
) -> tuple[pd.DataFrame | None, list[str]]:
    """Read a table of takes or boards; list what is wrong with it, never raise.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of str
        Columns that it must have, with no cell empty; "board" is one.
    condition : {"required", "optional", "ignored"}
        Whether it must have the column ``condition`` as well.
    text : sequence of str, default=()
        Further columns whose heads may be in capitals, and whose cells stay as written.
    content : bytes, default=None
        What the file holds. If None, it is read.

    Returns
    -------
    table : DataFrame or None
        Its columns, and ``condition`` and ``specimen`` in any case: names as text,
        "" for cells that are empty and for conditions that are none, spaces around
        paths and boards kept. Indexed by row number as a spreadsheet shows it. None
        if the file is no such table.
    problems : list of str
        What is wrong with it.
    """
    name = path.name
    try:
        heads, rows = _read_rows(path.read_bytes() if content is None else content)
    except _TableError as error:
        return None, [f"{name} {error}"]
    except OSError as error:
        return None, [f"{name} cannot be opened ({error.strerror})"]
    known = [normalize_head(head) for head in heads]
    names = [
        short if short in (*_KNOWN, *text) else head.strip() or f"Unnamed: {place}"
        for place, (short, head) in enumerate(zip(known, heads, strict=True))
    ]
    twice = [column for column, count in Counter(names).items() if count > 1]
    if twice:
        return None, [f"{name} has the column {twice[0]} more than once"]

    required = [*columns, *(["condition"] if condition == "required" else [])]
    missing = [column for column in required if column not in names]
    if missing:
        return None, [_describe_missing(name, missing, heads)]
    table = _make_frame(names, rows, (*_TEXT, *text))
    if "specimen" not in table:
        table["specimen"] = ""

    problems = []
    if table.empty:
        problems.append(f"{name} has no rows below its first")
    for column in columns:
        empty = table.index[table[column].str.strip() == ""]
        if len(empty):
            problems.append(f"{name}: {column} is empty in {describe_rows(empty)}")
    if condition != "ignored" and "condition" in table:
        words = table["condition"].str.casefold()
        problems += _check_conditions(words, name)
        table["condition"] = words.where(words.isin(CONDITIONS), "")
    else:
        table["condition"] = ""
    return table, problems


def find_table(names: Sequence[str], wanted: str) -> tuple[str | None, list[str]]:
    """Find a table among the files of a folder, and what else may be meant for it.

    Parameters
    ----------
    names : sequence of str
        The files.
    wanted : str
        What the table is called, such as "takes.csv".

    Returns
    -------
    found : str or None
        The file, in capital or small letters.
    others : list of str
        Files that are called alike and are not read.
    """
    fitting = sorted(
        (name for name in names if name.strip().casefold() == wanted),
        key=lambda name: (name != wanted, name),
    )
    if fitting:
        return fitting[0], fitting[1:]
    stem = wanted.removesuffix(".csv")
    alike = re.compile(rf"{stem[:-1]}s?([^a-z].*)?\.({_TABLE_SUFFIXES})")
    return None, [name for name in names if alike.fullmatch(name.strip().casefold())]


def describe_rows(rows: Sequence[int] | pd.Index) -> str:
    """Name rows in words.

    Parameters
    ----------
    rows : sequence of int
        Their numbers.

    Returns
    -------
    str
        Like "row 3" or "rows 3, 7, 8".
    """
    more = len(rows) - _LISTED
    listed = ", ".join(str(row) for row in rows[:_LISTED])
    tail = f" and {more} more" if more > 0 else ""
    return f"row{'s' if len(rows) > 1 else ''} {listed}{tail}"


def _read_rows(content: bytes) -> tuple[list[str], dict[int, list[str]]]:
    """Read the heads of a table, and its rows by their number in a spreadsheet."""
    # Without a byte-order mark, its letters are those of UTF-8 with NULs between.
    if content.startswith(_UTF16_MARKS) or b"\0" in content[:2]:
        raise _TableError('is UTF-16 text, not UTF-8: save it as "CSV UTF-8"')
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _TableError('is not UTF-8 text: save it as "CSV UTF-8"') from error
    rows: dict[int, list[str]] = {}
    reader = csv.reader(
        io.StringIO(text, newline=""), skipinitialspace=True, strict=True
    )
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                rows[number] = cells
    except csv.Error as error:
        raise _TableError(
            f"cannot be read as a table: in row {number + 1} a quotation mark stands "
            "alone, or in the middle of a cell"
        ) from error
    if not rows:
        raise _TableError("is empty")
    heads = rows.pop(next(iter(rows)))
    # A spreadsheet writes columns that once held something.
    while not heads[-1].strip() and not _find_longer(rows, len(heads) - 1):
        heads.pop()
    too_long = _find_longer(rows, len(heads))
    # With another separator, what is wrong are not the commas.
    if too_long and len(heads) > 1:
        raise _TableError(
            f"cannot be read as a table: more than {len(heads)} cells, as the first "
            f"row has, in {describe_rows(too_long)}: there is a comma too many, or one "
            'in a name, which then needs quotation marks ("oak, left")'
        )
    for cells in rows.values():
        cells += [""] * (len(heads) - len(cells))
    return heads, rows


def _find_longer(rows: dict[int, list[str]], n_cells: int) -> list[int]:
    """Find the rows that hold anything beyond so many cells."""
    return [
        row
        for row, cells in rows.items()
        if any(cell.strip() for cell in cells[n_cells:])
    ]


def _make_frame(
    names: list[str], rows: dict[int, list[str]], text: Sequence[str]
) -> pd.DataFrame:
    """Make a frame whose further columns have the types that they look like."""
    lines = [csv_line(cells[: len(names)]) for cells in [names, *rows.values()]]
    table = pd.read_csv(
        io.StringIO("".join(lines), newline=""),
        # Board "1" must stay "1", and "NA" and "None" are names too.
        dtype=dict.fromkeys(text, str),
        keep_default_na=False,
        na_values=[""],
        index_col=False,
        skip_blank_lines=False,
        low_memory=False,
    )
    table.index = pd.Index(list(rows), dtype=int)
    for column in table.columns.intersection(list(text)):
        place = names.index(column)
        cells_of = [restore_bytes(cells[place]) for cells in rows.values()]
        table[column] = pd.Series(cells_of, index=table.index, dtype=str)
    # Only of paths and boards can spaces be part of what is on the disk.
    for column in table.columns.intersection(_STRIPPED):
        table[column] = table[column].str.strip()
    for column in table.columns.intersection(["board", "specimen"]):
        table[column] = table[column].map(same_letters)
    return table


def _describe_missing(name: str, missing: list[str], found: list[str]) -> str:
    plural = "s" if len(missing) > 1 else ""
    message = (
        f"{name} lacks the column{plural} {', '.join(missing)} "
        f"(found: {', '.join(repr(column) for column in found)})"
    )
    # Excel writes semicolons where the comma is the decimal sign.
    if len(found) == 1 and (";" in found[0] or "\t" in found[0]):
        return (
            f"{message}: run `tapsklearn label` on the folder, or separate the columns "
            "by commas"
        )
    if missing == ["condition"]:
        return f"{message}: add it, or name the normal boards with normal= (--normal)"
    return message


def _check_conditions(words: pd.Series, name: str) -> list[str]:
    problems = []
    for word, cells in words.groupby(words, sort=False):
        if word not in CONDITIONS:
            what = f"condition {word!r} is not" if word else "condition is empty, not"
            rows = describe_rows(cells.index)
            problems.append(f"{name}: {what} normal or abnormal in {rows}")
    return problems
