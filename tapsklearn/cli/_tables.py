"""Tables for those who read them, and for files."""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

# In a narrow terminal, better lines that go on below than figures cut off.
_WIDEST = 200


def make_table(*, gap: int) -> "Table":
    """Make a table with a line under its head and none around it.

    Parameters
    ----------
    gap : int
        Spaces between columns.

    Returns
    -------
    Table
        Without columns or rows.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap, 0, 0)
    )


def print_table(table: "Table") -> None:
    """Print a table.

    Parameters
    ----------
    table : Table
        The table.
    """
    from rich.console import Console

    Console(width=_WIDEST).print(table)


def known(value: Any) -> Any:
    """Give None, an empty cell, for a number that there is not.

    Parameters
    ----------
    value : object
        A number, or something else.

    Returns
    -------
    object
        None for NaN, else what was given.
    """
    return None if isinstance(value, float) and math.isnan(value) else value
