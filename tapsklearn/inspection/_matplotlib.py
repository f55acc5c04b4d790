"""Figures and legends; matplotlib, an extra, is imported only when one is plotted."""

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tapsklearn.inspection._labels import find_fonts, shorten_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.legend import Legend

_ROWS_OF_A_LEGEND = 20
_INCHES_PER_ENTRY = 0.23


def check_matplotlib(asking: str) -> None:
    """Check that matplotlib is installed, before anything is computed in vain.

    Parameters
    ----------
    asking : str
        What needs matplotlib.

    Raises
    ------
    ImportError
        If there is no matplotlib.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise ImportError(
            f"{asking} plots with matplotlib, which is missing: pip install "
            '"tapsklearn[plot]"'
        )


def find_axes(
    ax: "Axes | None", *, width: float, height: float
) -> "tuple[Axes, Figure | SubFigure]":
    """Return the given axes, or those of a new figure.

    Parameters
    ----------
    ax : Axes or None
        The axes, if given.
    width, height : float
        Size of the figure if there are none, in inches.

    Returns
    -------
    ax : Axes
        Where to plot.
    figure : Figure
        What holds them.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    return ax, ax.figure


def legend_columns(n_entries: int) -> int:
    """Count the columns of a legend beside the axes.

    Parameters
    ----------
    n_entries : int
        Its entries.

    Returns
    -------
    int
        The columns.
    """
    return -(-n_entries // _ROWS_OF_A_LEGEND)


def legend_height(n_entries: int) -> float:
    """Compute how high a figure must be for a legend beside its axes.

    Parameters
    ----------
    n_entries : int
        Entries of the legend.

    Returns
    -------
    float
        Inches.
    """
    return _INCHES_PER_ENTRY * min(n_entries, _ROWS_OF_A_LEGEND) + 0.8


def add_legend(
    ax: "Axes", handles: Sequence[Any], labels: Sequence[str], **options: Any
) -> "Legend":
    """Put a legend beside the axes, where it cannot cover data.

    Parameters
    ----------
    ax : Axes
        The axes.
    handles : sequence of Artist
        What is named.
    labels : sequence of str
        Names, short ones.
    **options
        Other settings of the legend than ours.

    Returns
    -------
    Legend
        The legend.
    """
    return ax.legend(
        handles,
        labels,
        **{
            "loc": "upper left",
            "bbox_to_anchor": (1.01, 1.0),
            "borderaxespad": 0.0,
            "ncols": legend_columns(len(handles)),
            "frameon": False,
            "alignment": "left",
            "title_fontsize": "small",
            "prop": {"family": find_fonts(labels), "size": "small"},
            **options,
        },
    )


def label_rows(ax: "Axes", names: Sequence[Any]) -> None:
    """Name the rows of a chart, which lie at 0, 1, ..., the first on top.

    Parameters
    ----------
    ax : Axes
        The axes.
    names : sequence
        Names, which are shortened.
    """
    shown = shorten_labels(names)
    ax.set_yticks(range(len(shown)), shown, family=find_fonts(shown), fontsize="small")
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.grid(axis="x", alpha=0.3)
    ax.set_axisbelow(True)
