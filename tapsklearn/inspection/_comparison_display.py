"""Which method is better, and by how much more than folds differ."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from tapsklearn.inspection._matplotlib import (
    add_legend,
    check_matplotlib,
    find_axes,
    label_rows,
)
from tapsklearn.inspection._methods import check_columns, choose_methods

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = {
    "roc_auc": "AUROC",
    "pauc": "AUROC up to a false positive rate of 0.1, standardized",
    "average_precision": "average precision",
    "neg_fpr_at_tpr95": "- false positive rate at a true positive rate of 0.95",
    "fpr": "false positive rate at the threshold",
    "tpr": "true positive rate at the threshold",
    "fit_seconds": "time to fit (s)",
    "score_seconds": "time to score (s)",
}
_CHANCE = {"roc_auc": 0.5, "pauc": 0.5}
_SECONDS = ("fit_seconds", "score_seconds")
_SMALLER_IS_BETTER = ("fpr", *_SECONDS)
_SHARES = ("roc_auc", "pauc", "average_precision", "fpr", "tpr")


class ComparisonDisplay:
    """One metric of each method: a dot a fold, the mean, and an interval.

    Make one with `from_comparison`, or `from_results`. The best method stands on top.

    Parameters
    ----------
    values : dict of ndarray of shape (n_folds,)
        The metric in each fold, by method.
    intervals : dict of tuple of float (low, high), default=None
        Interval of the mean of each method that has one; if None, one standard
        deviation of the folds to each side.
    metric : str, default="roc_auc"
        Which metric it is.

    Attributes
    ----------
    ax_ : Axes
        Where it is plotted.
    figure_ : Figure
        What holds the axes.
    methods_ : list
        The methods from top to bottom.
    folds_ : dict of Line2D
        Dots of the folds of each method.
    means_ : dict of Line2D
        Mean of each method.
    intervals_ : dict of Line2D
        Interval of each method that has one.
    chance_line_ : Line2D or None
        The metric of a random guess, where that is known.
    legend_ : Legend
        What dots and lines mean.

    Examples
    --------
    >>> results = pd.DataFrame(
    ...     {
    ...         "method": ["ae", "ae", "crop-knn", "crop-knn"],
    ...         "fold": [0, 1, 0, 1],
    ...         "roc_auc": [0.5, 0.6, 0.8, 0.9],
    ...     }
    ... )
    >>> display = ComparisonDisplay.from_results(results)
    >>> display.methods_
    ['crop-knn', 'ae']
    """

    def __init__(
        self,
        values: dict[Any, np.ndarray],
        *,
        intervals: dict[Any, tuple[float, float]] | None = None,
        metric: str = "roc_auc",
    ) -> None:
        self.values = values
        self.intervals = intervals
        self.metric = metric

    @classmethod
    def from_comparison(
        cls,
        comparison: Any,
        *,
        metric: str = "roc_auc",
        methods: Sequence[str] | None = None,
        confidence: float = 0.95,
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot one metric of a comparison.

        Parameters
        ----------
        comparison : Comparison
            What `compare_methods` returned. Folds in which a method failed are left
            out, with a warning.
        metric : str, default="roc_auc"
            Column of its results to plot. `fpr` and seconds are the better the
            smaller they are, all else the larger.
        methods : sequence of str, default=None
            Which methods to plot; if None, all.
        confidence : float, default=0.95
            Of the intervals of `roc_auc`, which are those of the ranking; other
            metrics have one standard deviation of the folds to each side of the mean.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        ComparisonDisplay
            The display.

        Raises
        ------
        ValueError
            If there is no such metric or method, or the metric is NaN throughout.
        """
        check_matplotlib(f"{cls.__name__}.from_comparison")
        is_ranked = metric == "roc_auc" and bool(comparison.complete)
        return cls.from_results(
            comparison.results,
            metric=metric,
            methods=methods,
            intervals=comparison.ranking(confidence=confidence) if is_ranked else None,
            interval_label=f"{100 * confidence:g} % interval" if is_ranked else None,
            ax=ax,
        )

    @classmethod
    def from_results(
        cls,
        results: pd.DataFrame,
        *,
        metric: str = "roc_auc",
        intervals: pd.DataFrame | None = None,
        methods: Sequence[str] | None = None,
        interval_label: str | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot one metric of a table of results.

        Parameters
        ----------
        results : DataFrame
            Columns `method`, `fold` and metrics, as those of a comparison. Folds in
            which the metric is NaN are left out, with a warning.
        metric : str, default="roc_auc"
            Column to plot. `fpr` and seconds are the better the smaller they are, all
            else the larger.
        intervals : DataFrame, default=None
            Columns `low` and `high`, by method, as `rank_methods` returns them. If
            None, one standard deviation of the folds to each side of the mean.
        methods : sequence of str, default=None
            Which methods to plot; if None, all.
        interval_label : str, default=None
            What the intervals are, for the legend; see `plot`.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        ComparisonDisplay
            The display.

        Raises
        ------
        ValueError
            If a column or a method is missing, or the metric is NaN throughout.
        """
        check_matplotlib(f"{cls.__name__}.from_results")
        check_columns(
            results,
            ("method", "fold"),
            what="results",
            source="the results of a comparison",
        )
        metrics = [each for each in results if each not in ("method", "fold", "error")]
        if metric not in metrics:
            raise ValueError(
                f"metric={metric!r} is not in results; there are {metrics}"
            )
        chosen = choose_methods(results, methods, what="results")
        values = {}
        for method in chosen:
            found = results.loc[results["method"] == method, metric].to_numpy(
                dtype=np.float64
            )
            known = found[~np.isnan(found)]
            if len(known):
                values[method] = known
            if len(known) < len(found):
                left_out = ", which are left out" if len(known) else " and is left out"
                warnings.warn(
                    f"{method} has no {metric} in {len(found) - len(known)} of "
                    f"{len(found)} folds{left_out}",
                    stacklevel=2,
                )
        if not values:
            raise ValueError(
                f"metric={metric!r} is NaN for every method and fold: there is nothing "
                "to plot"
            )
        given = None
        if intervals is not None:
            check_columns(
                intervals,
                ("low", "high"),
                what="intervals",
                source="a table with `low` and `high`, with the methods as its index",
            )
            if not intervals.index.isin(list(values)).any():
                raise ValueError(
                    "intervals has none of the methods as its index: they are "
                    f"{list(values)}"
                )
            given = {
                method: (float(low), float(high))
                for method, low, high in intervals[["low", "high"]].itertuples()
                if method in values and not np.isnan([low, high]).any()
            }
        return cls(values, intervals=given, metric=metric).plot(
            ax, interval_label=interval_label
        )

    def plot(
        self, ax: "Axes | None" = None, *, interval_label: str | None = None
    ) -> Self:
        """Plot it.

        Parameters
        ----------
        ax : Axes, default=None
            Where to plot; if None, in a new figure.
        interval_label : str, default=None
            What the intervals are, for the legend; if None, "interval", or "± 1 sd of
            the folds" if none are given.

        Returns
        -------
        ComparisonDisplay
            Itself.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        means = {method: float(of.mean()) for method, of in self.values.items()}
        sign = 1 if self.metric in _SMALLER_IS_BETTER else -1
        self.methods_ = sorted(means, key=lambda method: sign * means[method])
        self.ax_, self.figure_ = find_axes(
            ax, width=8, height=1.5 + 0.4 * len(self.methods_)
        )
        self.folds_, self.means_, self.intervals_ = {}, {}, {}
        for row, method in enumerate(self.methods_):
            values = self.values[method]
            # Folds of one value would hide each other on one line.
            heights = row + np.linspace(-0.22, 0.22, len(values) + 2)[1:-1]
            (self.folds_[method],) = self.ax_.plot(
                values, heights, "o", color="#E69F00", markersize=4.5, alpha=0.9
            )
            interval = self._find_interval(method)
            if interval is not None:
                (self.intervals_[method],) = self.ax_.plot(
                    interval, [row, row], color="#0072B2", linewidth=2.2, zorder=2.5
                )
            (self.means_[method],) = self.ax_.plot(
                means[method],
                row,
                "D",
                color="#0072B2",
                markersize=7,
                markeredgecolor="white",
                zorder=3,
            )
        label_rows(self.ax_, self.methods_)
        self.ax_.set_xlabel(_NAMES.get(self.metric, self.metric))
        if self.metric in _SECONDS:
            self.ax_.set_xscale("log")
        self._add_legend(interval_label)
        return self

    def _find_interval(self, method: Any) -> tuple[float, float] | None:
        if self.intervals is not None:
            return self.intervals.get(method)
        values = self.values[method]
        if len(values) < 2:
            return None
        mean, deviation = values.mean(), values.std(ddof=1)
        low, high = mean - deviation, mean + deviation
        if self.metric in _SHARES:
            low, high = np.clip([low, high], 0, 1)
        elif self.metric in _SECONDS:
            # On a logarithmic axis a line to below 0 would go on to its very end.
            low = max(low, values.min())
        return float(low), float(high)

    def _add_legend(self, interval_label: str | None) -> None:
        best = self.methods_[0]
        shown: dict[str, Any] = {"fold": self.folds_[best], "mean": self.means_[best]}
        if self.intervals_:
            default = "± 1 sd of the folds" if self.intervals is None else "interval"
            shown[interval_label or default] = next(iter(self.intervals_.values()))
        self.chance_line_ = None
        if self.metric in _CHANCE:
            self.chance_line_ = self.ax_.axvline(
                _CHANCE[self.metric], color="0.4", linestyle=(0, (1, 2)), zorder=1
            )
            shown["chance"] = self.chance_line_
        self.legend_ = add_legend(
            self.ax_,
            list(shown.values()),
            list(shown),
            loc="lower left",
            bbox_to_anchor=(0.0, 1.01),
            ncols=4,
        )
