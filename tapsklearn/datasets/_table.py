"""Tables beside recordings, read so that their mistakes can be named by row."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from tapsklearn.datasets._files import same_letters

CONDITIONS = ("normal", "abnormal")

# Whether a table has to have the boards' conditions: "ignored" where the caller has
# named the normal boards, "optional" where nobody needs to know.
Need = Literal["required", "optional", "ignored"]

_TEXT = ("path", "board", "condition", "specimen")
_LISTED = 10


def read_table(
    path: Path, *, columns: Sequence[str], condition: Need
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

    Returns
    -------
    table : DataFrame or None
        Its columns, and ``condition`` and ``specimen`` in any case: names as
        stripped text, the specimen like the board where none is named, "" for
        other cells that are empty and for conditions that are none. Indexed by
        row number as a spreadsheet shows it. None if the file is no such table.
    problems : list of str
        What is wrong with it.
    """
    name = path.name
    try:
        with warnings.catch_warnings():
            # pandas drops the cells of a row that is too long with this warning.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                # Board "1" must stay "1", and "NA" and "None" are names too.
                dtype=dict.fromkeys(_TEXT, str),
                keep_default_na=False,
                na_values=[""],
                encoding="utf-8-sig",
                index_col=False,
                # Rows keep their numbers; the blank ones go below.
                skip_blank_lines=False,
                skipinitialspace=True,
                low_memory=False,
            )
    except UnicodeDecodeError:
        return None, [f'{name} is not UTF-8 text: save it as "CSV UTF-8"']
    except pd.errors.EmptyDataError:
        return None, [f"{name} is empty"]
    except (ValueError, pd.errors.ParserWarning) as error:
        reason = " ".join(str(error).split())
        return None, [f"{name} cannot be read as a table ({reason})"]
    except OSError as error:
        return None, [f"{name} cannot be opened ({error.strerror})"]

    required = [*columns, *(["condition"] if condition == "required" else [])]
    missing = [column for column in required if column not in table]
    if missing:
        return None, [_describe_missing(name, missing, list(table.columns))]
    table.index = pd.RangeIndex(2, len(table) + 2)
    table = table.dropna(how="all")
    for column in table.columns.intersection(list(_TEXT)):
        table[column] = table[column].fillna("").astype(str).str.strip()
    table["board"] = table["board"].map(same_letters)
    named = table["specimen"] if "specimen" in table else table["board"]
    table["specimen"] = named.map(same_letters).where(named != "", table["board"])

    problems = []
    if table.empty:
        problems.append(f"{name} has no rows below its first")
    for column in columns:
        empty = table.index[table[column] == ""]
        if len(empty):
            problems.append(f"{name}: {column} is empty in {describe_rows(empty)}")
    if condition != "ignored" and "condition" in table:
        words = table["condition"].str.casefold()
        problems += _check_conditions(words, name)
        table["condition"] = words.where(words.isin(CONDITIONS), "")
    else:
        table["condition"] = ""
    return table, problems


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


def _describe_missing(name: str, missing: list[str], found: list[str]) -> str:
    plural = "s" if len(missing) > 1 else ""
    message = (
        f"{name} lacks the column{plural} {', '.join(missing)} "
        f"(found: {', '.join(repr(column) for column in found)})"
    )
    # Excel writes semicolons where the comma is the decimal sign.
    if len(found) == 1 and (";" in found[0] or "\t" in found[0]):
        return f"{message}: separate the columns by commas"
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
