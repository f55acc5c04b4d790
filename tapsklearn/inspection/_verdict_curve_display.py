"""How many taps a verdict on a board needs."""

from typing import TYPE_CHECKING, Any, Self

import pandas as pd
from numpy.typing import ArrayLike

from tapsklearn._labels import Labels
from tapsklearn.inspection._fitted import choose_method, select_scores
from tapsklearn.inspection._matplotlib import add_legend, check_matplotlib, find_axes
from tapsklearn.scoring import verdict_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = {
    "tpr": ("abnormal boards called abnormal", "#D55E00", "o"),
    "fpr": ("normal boards called abnormal", "#0072B2", "s"),
}


class VerdictCurveDisplay:
    """Right and wrong verdicts on boards against the number of taps.

    Make one with `from_predictions` or `from_comparison`.

    Parameters
    ----------
    curve : DataFrame
        What `verdict_curve` returned.
    false_alarm_rate : float, default=0.05
        Share of the normal boards that may be called abnormal.

    Attributes
    ----------
    ax_ : Axes
        Where it is plotted.
    figure_ : Figure
        What holds the axes.
    lines_ : dict of Line2D
        "tpr" of abnormal and "fpr" of normal boards, where there are such boards.
    false_alarm_rate_line_ : Line2D
        The rate that was asked for.
    legend_ : Legend
        What the lines are.

    Examples
    --------
    >>> display = VerdictCurveDisplay.from_predictions(
    ...     [0.9, 0.6, 0.3, 0.02, 0.01, 0.2], ["oak"] * 3 + ["ash"] * 3,
    ...     normal_boards=["oak"],
    ... )
    >>> display.lines_["tpr"].get_xdata()
    array([1, 2, 3])
    """

    def __init__(self, curve: pd.DataFrame, *, false_alarm_rate: float = 0.05) -> None:
        self.curve = curve
        self.false_alarm_rate = false_alarm_rate

    @classmethod
    def from_predictions(
        cls,
        p_values: ArrayLike,
        boards: ArrayLike,
        *,
        normal_boards: Labels | None = None,
        truth: Any = None,
        false_alarm_rate: float = 0.05,
        combine: str = "median",
        n_repeats: int = 100,
        random_state: int = 0,
        ax: "Axes | None" = None,
    ) -> Self:
        """Sample taps of each board again and again, and plot the verdicts on them.

        Parameters
        ----------
        p_values : array-like of shape (n_taps,)
            Of each tap; NaN is left out.
        boards : array-like of shape (n_taps,)
            Board of each tap.
        normal_boards : collection of labels, default=None
            Boards that are normal.
        truth : Truth, default=None
            What is known of the boards, in place of `normal_boards`.
        false_alarm_rate : float, default=0.05
            As for `board_verdicts`.
        combine : str, default="median"
            As for `board_verdicts`.
        n_repeats : int, default=100
            Samples for each number of taps.
        random_state : int, default=0
            Seed of the samples.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        VerdictCurveDisplay
            The display.

        Raises
        ------
        ValueError
            For what `verdict_curve` raises.
        """
        check_matplotlib(f"{cls.__name__}.from_predictions")
        curve = verdict_curve(
            p_values,
            boards,
            normal_boards=normal_boards,
            truth=truth,
            false_alarm_rate=false_alarm_rate,
            combine=combine,
            n_repeats=n_repeats,
            random_state=random_state,
        )
        return cls(curve, false_alarm_rate=false_alarm_rate).plot(ax)

    @classmethod
    def from_comparison(
        cls,
        comparison: Any,
        method: str | None = None,
        *,
        false_alarm_rate: float = 0.05,
        combine: str = "median",
        n_repeats: int = 100,
        random_state: int = 0,
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot the verdicts on boards that a method of a comparison never saw.

        Parameters
        ----------
        comparison : Comparison
            What `compare_methods` returned.
        method : str, default=None
            Name of the method; if None, the best one.
        false_alarm_rate : float, default=0.05
            As for `board_verdicts`.
        combine : str, default="median"
            As for `board_verdicts`.
        n_repeats : int, default=100
            Samples for each number of taps.
        random_state : int, default=0
            Seed of the samples.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        VerdictCurveDisplay
            The display.

        Raises
        ------
        ValueError
            If there is no such method, or for what `verdict_curve` raises.
        """
        check_matplotlib(f"{cls.__name__}.from_comparison")
        scores = select_scores(comparison, choose_method(comparison, method))
        return cls.from_predictions(
            scores["p_value"],
            scores["board"],
            truth=comparison.truth,
            false_alarm_rate=false_alarm_rate,
            combine=combine,
            n_repeats=n_repeats,
            random_state=random_state,
            ax=ax,
        )

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Plot it.

        Parameters
        ----------
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        VerdictCurveDisplay
            Itself.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        from matplotlib.ticker import MaxNLocator

        self.ax_, self.figure_ = find_axes(ax, width=7, height=4.5)
        self.lines_, labels = {}, []
        for rate, (label, color, marker) in _LINES.items():
            if self.curve[rate].notna().any():
                (self.lines_[rate],) = self.ax_.plot(
                    self.curve["n_taps"],
                    self.curve[rate],
                    color=color,
                    marker=marker,
                    markersize=4.5,
                    # A rate of 0 or 1 is not cut in half by the edge.
                    clip_on=False,
                    zorder=3,
                )
                labels.append(label)
        self.false_alarm_rate_line_ = self.ax_.axhline(
            self.false_alarm_rate, color="0.4", linestyle=(0, (1, 2)), zorder=1
        )
        self.ax_.set_ylim(0, 1)
        self.ax_.set_xlabel("taps of a board")
        self.ax_.set_ylabel("share of the boards")
        self.ax_.xaxis.set_major_locator(
            MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
        )
        self.legend_ = add_legend(
            self.ax_,
            [*self.lines_.values(), self.false_alarm_rate_line_],
            [*labels, f"asked for ({self.false_alarm_rate:g})"],
            loc="lower left",
            bbox_to_anchor=(0.0, 1.01),
            ncols=2,
        )
        return self
