"""Figures and legends; matplotlib is an extra and is imported when one is drawn."""

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tapsklearn.inspection._labels import find_fonts, shorten_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

_ROWS_OF_A_LEGEND = 20
_INCHES_PER_ENTRY = 0.23


def check_matplotlib(asking: str) -> None:
    """Say what to install before anything is computed in vain."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ImportError(
            f'{asking} draws with matplotlib, which is missing: pip install '
            '"tapsklearn[plot]"'
        )


def take_axes(
    ax: "Axes | None", *, width: float, height: float
) -> "tuple[Axes, Figure]":
    """Take the given axes, or those of a new figure of a size in inches."""
    import matplotlib.pyplot as plt

    if ax is None:
        figure, ax = plt.subplots(figsize=(width, height), layout="constrained")
        return ax, figure
    figure = ax.get_figure(root=True)
    assert figure is not None
    return ax, figure


def legend_columns(n_entries: int) -> int:
    """Tell in how many columns a legend stands beside the axes."""
    return -(-n_entries // _ROWS_OF_A_LEGEND)


def legend_height(n_entries: int) -> float:
    """Tell how high axes must be for a legend beside them, in inches."""
    return _INCHES_PER_ENTRY * min(n_entries, _ROWS_OF_A_LEGEND) + 0.8


def add_legend(
    ax: "Axes", handles: Sequence[Any], labels: Sequence[str], **options: Any
) -> "Legend":
    """Put a legend beside the axes, where it cannot cover data."""
    shown = shorten_labels(labels)
    return ax.legend(
        handles,
        shown,
        **{
            "loc": "upper left",
            "bbox_to_anchor": (1.01, 1.0),
            "borderaxespad": 0.0,
            "ncols": legend_columns(len(handles)),
            "frameon": False,
            "prop": {"family": find_fonts(shown), "size": "small"},
            **options,
        },
    )
