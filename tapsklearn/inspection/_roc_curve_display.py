"""True positives against false positives, method by method."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from tapsklearn.inspection._labels import shorten_labels
from tapsklearn.inspection._matplotlib import (
    add_legend,
    check_matplotlib,
    find_axes,
    legend_columns,
    legend_height,
)
from tapsklearn.inspection._methods import check_columns, choose_methods, color_methods

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ("method", "fold", "condition", "score")
_SPREADS = ("auto", "folds", "band", "none")
# With more methods than this, the folds hide the means.
_MOST_WITH_FOLDS = 3

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


class RocCurveDisplay:
    """ROC curves of methods, averaged over the folds.

    Make one with `from_comparison`, or `from_scores`. Abnormal takes are the positive
    class: the true positive rate is the share of abnormal takes that are called
    abnormal, the false positive rate that of normal takes. The curves of the folds
    are averaged vertically, at each false positive rate (T. Fawcett, "An
    introduction to ROC analysis", Pattern Recognition Letters 27, 2006), exactly: the
    area under the mean curve is the mean of the areas.

    Parameters
    ----------
    curves : dict of list of (false positive rates, true positive rates)
        Curve of each fold, by method.
    roc_auc : dict of ndarray of shape (n_folds,)
        Area under each of them, by method.
    n_folds : int, default=None
        Number of folds of the comparison, so that the legend names how many a method
        lacks; if None, it does not.

    Attributes
    ----------
    ax_ : Axes
        Where it is plotted.
    figure_ : Figure
        What holds the axes.
    lines_ : dict of Line2D
        Mean curve of each method.
    fold_lines_ : dict of list of Line2D
        Curves of the folds of each method, where they are plotted.
    bands_ : dict of FillBetweenPolyCollection
        One standard deviation to each side of the mean, where it is plotted.
    chance_line_ : Line2D
        The curve of a random guess.
    legend_ : Legend
        The methods with their AUROC, the best first.

    Examples
    --------
    >>> scores = pd.DataFrame(
    ...     {
    ...         "method": "crop-knn",
    ...         "fold": [0, 0, 0, 1, 1, 1],
    ...         "condition": ["normal", "abnormal", "abnormal"] * 2,
    ...         "score": [3.0, 1.0, 2.0, 2.0, 1.0, 3.0],
    ...     }
    ... )
    >>> display = RocCurveDisplay.from_scores(scores)
    >>> display.lines_["crop-knn"].get_label()
    'crop-knn: 0.750 ± 0.354'
    """

    def __init__(
        self,
        curves: dict[Any, list[Curve]],
        roc_auc: dict[Any, NDArray[np.float64]],
        *,
        n_folds: int | None = None,
    ) -> None:
        self.curves = curves
        self.roc_auc = roc_auc
        self.n_folds = n_folds

    @classmethod
    def from_comparison(
        cls,
        comparison: Any,
        *,
        methods: Sequence[str] | None = None,
        spread: str = "auto",
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot the curves of a comparison.

        Parameters
        ----------
        comparison : Comparison
            What `compare_methods` returned.
        methods : sequence of str, default=None
            Which methods to plot; if None, all that have scores.
        spread : {"auto", "folds", "band", "none"}, default="auto"
            What is plotted of the folds; see `plot`.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        RocCurveDisplay
            The display.

        Raises
        ------
        ValueError
            If there is no such method, or nothing is left to plot.
        """
        check_matplotlib(f"{cls.__name__}.from_comparison")
        return cls.from_scores(comparison.scores, methods=methods, spread=spread, ax=ax)

    @classmethod
    def from_scores(
        cls,
        scores: pd.DataFrame,
        *,
        methods: Sequence[str] | None = None,
        spread: str = "auto",
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot the curves of a table of scores.

        Parameters
        ----------
        scores : DataFrame
            Columns `method`, `fold`, `condition` ("normal" or "abnormal") and `score`
            (higher is more normal), as those of a comparison. Takes without a score
            are left out, and so are folds without takes of both conditions, each
            with a warning.
        methods : sequence of str, default=None
            Which methods to plot; if None, all.
        spread : {"auto", "folds", "band", "none"}, default="auto"
            What is plotted of the folds; see `plot`.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        RocCurveDisplay
            The display.

        Raises
        ------
        ValueError
            If a column or a method is missing, or nothing is left to plot.
        """
        check_matplotlib(f"{cls.__name__}.from_scores")
        check_columns(
            scores,
            _COLUMNS,
            what="scores",
            source="the scores of a comparison",
        )
        chosen = choose_methods(scores, methods, what="scores")
        curves: dict[Any, list[Curve]] = {}
        areas: dict[Any, NDArray[np.float64]] = {}
        for method in chosen:
            of_method = scores[scores["method"] == method]
            known = of_method[of_method["score"].notna()]
            if len(known) < len(of_method):
                _warn(
                    f"{method}: {len(of_method) - len(known)} of {len(of_method)} "
                    "takes have no score and are left out"
                )
            found = []
            for fold, part in known.groupby("fold"):
                if part["condition"].nunique() < 2:
                    _warn(
                        f"{method}: fold {fold} lacks takes of one condition and is "
                        "left out"
                    )
                else:
                    found.append(compute_curve(part))
            if found:
                curves[method] = [curve for curve, _ in found]
                areas[method] = np.array([area for _, area in found])
            else:
                _warn(f"{method} has no fold with usable scores and is left out")
        if not curves:
            raise ValueError(
                "scores has no method with a fold of scored normal and abnormal takes: "
                "there is nothing to plot"
            )
        n_folds = scores["fold"].nunique()
        return cls(curves, areas, n_folds=n_folds).plot(ax, spread=spread)

    def plot(self, ax: "Axes | None" = None, *, spread: str = "auto") -> Self:
        """Plot it.

        Parameters
        ----------
        ax : Axes, default=None
            Where to plot; if None, in a new figure.
        spread : {"auto", "folds", "band", "none"}, default="auto"
            What is plotted of the folds: their curves as thin lines, or one standard
            deviation to each side of the mean. "auto" is "folds" for up to three
            methods, and else "none".

        Returns
        -------
        RocDisplay
            Itself.

        Raises
        ------
        ValueError
            If there is no such spread.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        if spread not in _SPREADS:
            raise ValueError(f"spread={spread!r} must be one of {', '.join(_SPREADS)}")
        if spread == "auto":
            spread = "folds" if len(self.curves) <= _MOST_WITH_FOLDS else "none"
        n_entries = len(self.curves) + 1
        self.ax_, self.figure_ = find_axes(
            ax,
            width=5.1 + 2.9 * legend_columns(n_entries),
            height=max(5.0, legend_height(n_entries)),
        )
        styles = color_methods(self.curves)
        labels = self._label_methods()
        self.lines_, self.fold_lines_, self.bands_ = {}, {}, {}
        for method, curves in self.curves.items():
            style = styles[method]
            fpr, tprs = align_curves(curves)
            mean = tprs.mean(axis=0)
            (self.lines_[method],) = self.ax_.plot(
                fpr, mean, label=labels[method], linewidth=1.8, **style
            )
            if spread == "folds":
                self.fold_lines_[method] = [
                    self.ax_.plot(
                        *curve, color=style["color"], linewidth=0.7, alpha=0.45
                    )[0]
                    for curve in curves
                ]
            elif spread == "band" and len(curves) > 1:
                deviation = tprs.std(axis=0, ddof=1)
                self.bands_[method] = self.ax_.fill_between(
                    fpr,
                    np.clip(mean - deviation, 0, 1),
                    np.clip(mean + deviation, 0, 1),
                    color=style["color"],
                    alpha=0.18,
                    linewidth=0,
                )
        (self.chance_line_,) = self.ax_.plot(
            [0, 1], [0, 1], color="0.4", linestyle=(0, (1, 2)), label="chance: 0.5"
        )
        self.ax_.set(
            xlabel="false positive rate (normal takes called abnormal)",
            ylabel="true positive rate (abnormal takes called abnormal)",
            xlim=(-0.01, 1.01),
            ylim=(-0.01, 1.01),
            aspect="equal",
            anchor="W",
        )
        best_first = sorted(
            self.lines_, key=lambda method: -self.roc_auc[method].mean()
        )
        handles = [*(self.lines_[method] for method in best_first), self.chance_line_]
        self.legend_ = add_legend(
            self.ax_,
            handles,
            [str(handle.get_label()) for handle in handles],
            title="AUROC, mean ± sd of the folds",
        )
        return self

    def _label_methods(self) -> dict[Any, str]:
        labels = {}
        names = shorten_labels(self.roc_auc)
        for name, (method, areas) in zip(names, self.roc_auc.items(), strict=True):
            label = f"{name}: {areas.mean():.3f}"
            if len(areas) > 1:
                label += f" ± {areas.std(ddof=1):.3f}"
            if self.n_folds is not None and len(areas) < self.n_folds:
                label += f" ({len(areas)} of {self.n_folds} folds)"
            labels[method] = label
        return labels


def compute_curve(part: pd.DataFrame) -> tuple[Curve, float]:
    """Compute the ROC curve of a fold.

    Parameters
    ----------
    part : DataFrame
        Columns `condition` and `score`.

    Returns
    -------
    curve : tuple of ndarray
        False and true positive rates.
    area : float
        The area under the curve.
    """
    is_abnormal = (part["condition"] == "abnormal").to_numpy()
    anomaly = -part["score"].to_numpy(dtype=np.float64)
    fpr, tpr, _ = roc_curve(is_abnormal, anomaly)
    return (fpr, tpr), float(roc_auc_score(is_abnormal, anomaly))


def align_curves(
    curves: list[Curve],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Align curves at common rates, each twice: below and above its step.

    Parameters
    ----------
    curves : list of tuple of ndarray
        False and true positive rates of each.

    Returns
    -------
    rates : ndarray of shape (n_rates,)
        False positive rates.
    aligned : ndarray of shape (n_curves, n_rates)
        True positive rates of each curve.
    """
    rates = np.unique(np.concatenate([fpr for fpr, _ in curves]))
    aligned = np.empty((len(curves), 2 * len(rates)))
    for row, (fpr, tpr) in zip(aligned, curves, strict=True):
        # Of several values at one place `interp` returns the last.
        row[0::2] = np.interp(-rates, -fpr[::-1], tpr[::-1])
        row[1::2] = np.interp(rates, fpr, tpr)
    return np.repeat(rates, 2), aligned


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=3)
