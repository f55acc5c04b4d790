"""Methods in a figure: which are plotted, and how they look."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

# Distinct with every kind of colour vision (M. Okabe and K. Ito, "Color universal
# design", 2008), but for its yellow, which is lost on white.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_LINESTYLES = ("-", (0, (5, 2)), (0, (5, 1, 1, 1)), (0, (2, 1)))


def check_columns(
    table: pd.DataFrame, columns: Sequence[str], *, what: str, source: str
) -> None:
    """Check that a table has what is plotted.

    Parameters
    ----------
    table : DataFrame
        The table.
    columns : sequence of str
        What it must have.
    what : str
        The parameter, for the message.
    source : str
        Where such a table comes from, for the message.
    """
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"{what} is of type {type(table).__name__}, but must be a DataFrame: give "
            f"{source}"
        )
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise ValueError(
            f"{what} lacks the columns {', '.join(map(repr, lacking))}: give {source}"
        )


def choose_methods(
    table: pd.DataFrame, methods: Sequence[str] | None, *, what: str
) -> list[Any]:
    """List the methods of a table, or check those asked for.

    Parameters
    ----------
    table : DataFrame
        With a column `method`.
    methods : sequence of str or None
        Which to plot; if None, all.
    what : str
        The parameter that holds the table, for the message.

    Returns
    -------
    list
        Methods to plot.
    """
    known = list(dict.fromkeys(table["method"]))
    if methods is None:
        return known
    chosen = [methods] if isinstance(methods, str) else list(methods)
    unknown = [method for method in chosen if method not in known]
    if unknown:
        raise ValueError(f"methods={unknown} are not in {what}; there are {known}")
    return chosen


def color_methods(methods: Iterable[Any]) -> dict[Any, dict[str, Any]]:
    """Choose a colour for each method and, once colours run out, another kind of line.

    Parameters
    ----------
    methods : iterable
        The methods.

    Returns
    -------
    dict of dict
        Settings of each method's line.
    """
    return {
        method: {
            "color": _COLORS[place % len(_COLORS)],
            "linestyle": _LINESTYLES[place // len(_COLORS) % len(_LINESTYLES)],
        }
        for place, method in enumerate(methods)
    }
