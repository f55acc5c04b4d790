"""Boards in a figure: which are normal, in what order they stand, how they look."""

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapsklearn._boards import find_normal, resolve_truth
from tapsklearn._labels import Labels
from tapsklearn._shorten import shorten
from tapsklearn.inspection._labels import shorten_labels

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

_MARKERS = "os^DvP<X>ph*"


class BoardStyle(NamedTuple):
    """How one board is plotted, so that it is known by more than its colour."""

    is_normal: bool
    color: tuple[float, float, float, float]
    marker: str
    linestyle: Any
    facecolor: Any


def mark_normal(
    boards: NDArray[Any], normal_boards: Labels | None, truth: Any
) -> NDArray[np.bool_]:
    """Find the takes of normal boards.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Board of each take.
    normal_boards : collection of labels or None
        Boards that are normal.
    truth : Truth or None
        What is known of the boards, in place of `normal_boards`; if both are None,
        all boards are normal.

    Returns
    -------
    ndarray of shape (n_takes,), bool
        Whether they are.
    """
    named = resolve_truth(truth, normal_boards)[0]
    # What is known of a whole data set may be of more boards than a figure.
    is_normal = find_normal(boards, named, unknown="ignore")
    if named and truth is None:
        if not is_normal.any():
            raise ValueError(
                f"normal_boards={named} has none of the boards, "
                f"{np.unique(boards)[:10].tolist()}; give normal_boards=[] if all are "
                "abnormal"
            )
        there = set(boards.tolist())
        lacking = [name for name in named if name not in there]
        if lacking:
            warnings.warn(
                "normal_boards names boards that no take has: "
                f"{shorten([repr(name) for name in lacking])}",
                stacklevel=3,
            )
    return is_normal


def warn_of_missing(missing: NDArray[np.bool_], what: str) -> None:
    """Warn of takes that cannot be plotted.

    Parameters
    ----------
    missing : ndarray of shape (n_takes,), bool
        Which they are.
    what : str
        The parameter that is NaN.
    """
    if missing.all():
        raise ValueError(f"{what} is NaN for every take: there is nothing to plot")
    if missing.any():
        warnings.warn(
            f"{missing.sum()} of {len(missing)} takes have NaN for {what} and are "
            "left out",
            stacklevel=3,
        )


def style_boards(
    boards: NDArray[Any], is_normal: NDArray[np.bool_]
) -> dict[Any, BoardStyle]:
    """Style the boards, the normal ones first, else as they come.

    Normal boards are cool in colour, with full lines and markers; abnormal ones are
    warm, with broken lines and hollow markers.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Board of each take.
    is_normal : ndarray of shape (n_takes,), bool
        Whether it is a normal one.

    Returns
    -------
    dict of BoardStyle
        The look of each board, in the order to plot them in.
    """
    from matplotlib import colormaps

    styles = {}
    for normal, palette in ((True, "YlGnBu"), (False, "YlOrRd")):
        names = list(dict.fromkeys(boards[is_normal == normal].tolist()))
        shades = colormaps[palette](np.linspace(0.95, 0.45, len(names)))
        for place, (name, shade) in enumerate(zip(names, shades, strict=True)):
            red, green, blue, alpha = shade
            color = (red, green, blue, alpha)
            styles[name] = BoardStyle(
                is_normal=normal,
                color=color,
                marker=_MARKERS[place % len(_MARKERS)],
                linestyle="-" if normal else (0, (4, 2)),
                facecolor=color if normal else "white",
            )
    return styles


def list_under_conditions(
    artists: dict[Any, Any], styles: dict[Any, BoardStyle]
) -> tuple[list[Any], list[str]]:
    """List the entries of a legend, with a heading for each condition.

    Parameters
    ----------
    artists : dict of Artist
        What is plotted of each board.
    styles : dict of BoardStyle
        The look of each board.

    Returns
    -------
    handles : list of Artist
        What is named, and nothing for the headings.
    labels : list of str
        Names, shortened, and headings.
    """
    handles: list[Any] = []
    labels: list[str] = []
    shown = dict(zip(artists, shorten_labels(artists), strict=True))
    for condition in ("normal", "abnormal"):
        names = [
            name
            for name in artists
            if styles[name].is_normal == (condition == "normal")
        ]
        if names:
            handles += [_blank(), *(artists[name] for name in names)]
            labels += [f"{condition} boards:", *(shown[name] for name in names)]
    return handles, labels


def _blank() -> "Line2D":
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none")
