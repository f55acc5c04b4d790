"""How normal each take of each board is: the article's line graph."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from tapsklearn._labels import Labels, check_boards
from tapsklearn.inspection._boards import (
    list_under_conditions,
    mark_normal,
    style_boards,
    warn_of_missing,
)
from tapsklearn.inspection._fitted import check_can, choose_method, select_scores
from tapsklearn.inspection._matplotlib import (
    add_legend,
    check_matplotlib,
    find_axes,
    legend_columns,
    legend_height,
)
from tapsklearn.scoring import find_detector

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class TakeScoresDisplay:
    """Scores of takes, a line a board.

    Make one with `from_estimator`, `from_predictions` or `from_comparison`. Normal
    boards have cool colours, full lines and markers; abnormal boards have warm
    colours, broken lines and hollow markers.

    Parameters
    ----------
    scores : ndarray of shape (n_takes,)
        Of each take, higher is more normal; NaN leaves a gap.
    boards : ndarray of shape (n_takes,)
        Board of each take.
    is_normal : ndarray of shape (n_takes,), bool
        Which takes are of normal boards.
    threshold : float, default=None
        Score below which a take is called abnormal; if None, it is not plotted.

    Attributes
    ----------
    ax_ : Axes
        Where it is plotted.
    figure_ : Figure
        What holds the axes.
    lines_ : dict of Line2D
        Line of each board that has a score.
    threshold_line_ : Line2D or None
        The threshold.
    legend_ : Legend
        Names of the boards.

    Examples
    --------
    >>> display = TakeScoresDisplay.from_predictions(
    ...     [-0.2, -0.3, -0.9, -0.8], ["oak", "oak", "cracked", "cracked"],
    ...     normal_boards=["oak"], threshold=-0.5,
    ... )
    >>> display.lines_["cracked"].get_ydata()
    array([-0.9, -0.8])
    """

    def __init__(
        self,
        scores: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        *,
        threshold: float | None = None,
    ) -> None:
        self.scores = scores
        self.boards = boards
        self.is_normal = is_normal
        self.threshold = threshold

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        boards: ArrayLike,
        *,
        normal_boards: Labels | None = None,
        truth: Any = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Score takes and plot the scores, with the threshold of the estimator.

        Parameters
        ----------
        estimator : detector
            Fitted, with `score_samples`; a pipeline or search that ends in one too.
            The threshold is its `offset_`, if it has one.
        X : array-like of length n_takes
            What the estimator takes.
        boards : array-like of shape (n_takes,)
            Board of each take; takes of one board are numbered as they come.
        normal_boards : collection of labels, default=None
            Boards that are normal; if None, all.
        truth : Truth, default=None
            What is known of the boards, in place of `normal_boards`.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        TakeScoresDisplay
            The display.

        Raises
        ------
        ValueError
            If the estimator cannot score, or for what `from_predictions` raises.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        check_can(estimator, "score_samples")
        offset = getattr(find_detector(estimator), "offset_", None)
        return cls.from_predictions(
            estimator.score_samples(X),
            boards,
            normal_boards=normal_boards,
            truth=truth,
            threshold=offset,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        scores: ArrayLike,
        boards: ArrayLike,
        *,
        normal_boards: Labels | None = None,
        truth: Any = None,
        threshold: float | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot scores that are there already.

        Parameters
        ----------
        scores : array-like of shape (n_takes,)
            Of each take, higher is more normal, as `score_samples` returns them. NaN
            is left out, with a warning.
        boards : array-like of shape (n_takes,)
            Board of each take; takes of one board are numbered as they come.
        normal_boards : collection of labels, default=None
            Boards that are normal; if None, all.
        truth : Truth, default=None
            What is known of the boards, in place of `normal_boards`.
        threshold : float, default=None
            Score below which a take is called abnormal, a detector's `offset_`; if
            None, it is not plotted.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        TakeScoresDisplay
            The display.

        Raises
        ------
        ValueError
            If lengths differ, there is no score, or no board is one of
            `normal_boards`.
        """
        check_matplotlib(f"{cls.__name__}.from_predictions")
        found = check_array(
            scores,
            ensure_2d=False,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            input_name="scores",
        )
        if found.ndim != 1:
            raise ValueError(
                f"scores has shape {found.shape}, but must hold one score a take"
            )
        names = check_boards(boards, n_takes=len(found), name="boards")
        is_normal = mark_normal(names, normal_boards, truth)
        warn_of_missing(np.isnan(found), "scores")
        return cls(found, names, is_normal, threshold=threshold).plot(ax)

    @classmethod
    def from_comparison(
        cls,
        comparison: Any,
        method: str | None = None,
        *,
        fold: int = 0,
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot the scores of boards that a method of a comparison was not trained on.

        Parameters
        ----------
        comparison : Comparison
            What `compare_methods` returned. The threshold is plotted if it kept its
            estimators.
        method : str, default=None
            Name of the method; if None, the best one.
        fold : int, default=0
            Number of the fold; scores of different folds are of different models and
            cannot be compared.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        TakeScoresDisplay
            The display.

        Raises
        ------
        ValueError
            If there is no such method, or it has no scores in this fold.
        """
        check_matplotlib(f"{cls.__name__}.from_comparison")
        method = choose_method(comparison, method)
        scores = select_scores(comparison, method, fold)
        estimator = (comparison.estimators or {}).get((method, fold))
        return cls.from_predictions(
            scores["score"],
            scores["board"],
            truth=comparison.truth,
            threshold=getattr(find_detector(estimator), "offset_", None),
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
        TakeScoresDisplay
            Itself.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        from matplotlib.ticker import MaxNLocator

        known = ~np.isnan(self.scores)
        styles = style_boards(self.boards[known], self.is_normal[known])
        # Two headings and the threshold stand in the legend too.
        n_entries = len(styles) + 3
        self.ax_, self.figure_ = find_axes(
            ax,
            width=6.5 + 2.5 * legend_columns(n_entries),
            height=max(4.5, legend_height(n_entries)),
        )
        self.lines_ = {}
        for board, style in styles.items():
            scores = self.scores[self.boards == board]
            (self.lines_[board],) = self.ax_.plot(
                np.arange(1, len(scores) + 1),
                scores,
                color=style.color,
                linestyle=style.linestyle,
                linewidth=1.1,
                marker=style.marker,
                markersize=4.5,
                markerfacecolor=style.facecolor,
            )
        handles, labels = list_under_conditions(self.lines_, styles)
        self.threshold_line_ = None
        if self.threshold is not None:
            self.threshold_line_ = self.ax_.axhline(
                self.threshold, color="black", linestyle="-.", linewidth=1.2
            )
            handles.append(self.threshold_line_)
            labels.append(f"threshold ({self.threshold:.3g})")
        self.ax_.set_xlabel("take")
        self.ax_.set_ylabel("score (higher is more normal)")
        self.ax_.xaxis.set_major_locator(
            MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
        )
        # There is no take 0, and no tick for it.
        longest = max(np.count_nonzero(self.boards == board) for board in styles)
        self.ax_.set_xlim(0.5, longest + 0.5)
        self.legend_ = add_legend(self.ax_, handles, labels)
        return self
