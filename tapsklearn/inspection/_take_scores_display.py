"""How unusual each take of each board is: the article's line graph."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from tapsklearn.inspection._boards import (
    check_boards,
    find_normal,
    leave_out,
    list_under_conditions,
    style_boards,
)
from tapsklearn.inspection._matplotlib import (
    add_legend,
    check_matplotlib,
    legend_columns,
    legend_height,
    take_axes,
)
from tapsklearn.scoring._estimators import check_can, find_detector

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class TakeScoresDisplay:
    """Anomaly scores of takes, a line a board.

    Make one with `from_estimator` or `from_predictions`. Normal boards have cool
    colours, full lines and markers; abnormal boards have warm colours, broken lines
    and hollow markers.

    Parameters
    ----------
    anomaly_scores : ndarray of shape (n_takes,)
        The higher, the less normal; NaN leaves a gap.
    boards : ndarray of shape (n_takes,)
        Board of each take.
    is_normal : ndarray of shape (n_takes,), bool
        Which takes are of normal boards.
    threshold : float, default=None
        Anomaly score above which a take is called abnormal; None draws none.

    Attributes
    ----------
    ax_ : Axes
        Where it is drawn.
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
    ...     [0.2, 0.3, 0.9, 0.8], ["oak", "oak", "cracked", "cracked"],
    ...     normal_boards=["oak"], threshold=0.5,
    ... )
    >>> display.lines_["cracked"].get_ydata()
    array([0.9, 0.8])
    """

    def __init__(
        self,
        anomaly_scores: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        *,
        threshold: float | None = None,
    ) -> None:
        self.anomaly_scores = anomaly_scores
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
        normal_boards: ArrayLike | None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Score takes and draw the scores, with the threshold of the estimator.

        Parameters
        ----------
        estimator : detector
            Fitted, with `score_samples`; a pipeline or search that ends in one too.
            The threshold is its ``-offset_``, if it has one.
        X : array-like of length n_takes
            What the estimator takes.
        boards : array-like of shape (n_takes,)
            Board of each take; takes of one board are numbered as they come.
        normal_boards : array-like
            Boards that are normal; None: all.
        ax : Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TakeScoresDisplay
            What is drawn.

        Raises
        ------
        ValueError
            If the estimator cannot score, or for what `from_predictions` raises.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        check_can(estimator, "score_samples")
        offset = getattr(find_detector(estimator), "offset_", None)
        return cls.from_predictions(
            -np.asarray(estimator.score_samples(X)),
            boards,
            normal_boards=normal_boards,
            threshold=None if offset is None else -offset,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        anomaly_scores: ArrayLike,
        boards: ArrayLike,
        *,
        normal_boards: ArrayLike | None,
        threshold: float | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw scores that are there already.

        Parameters
        ----------
        anomaly_scores : array-like of shape (n_takes,)
            The higher, the less normal: minus a detector's `score_samples`. NaN is left
            out, with a warning.
        boards : array-like of shape (n_takes,)
            Board of each take; takes of one board are numbered as they come.
        normal_boards : array-like
            Boards that are normal; None: all.
        threshold : float, default=None
            Anomaly score above which a take is called abnormal, a detector's
            ``-offset_``; None draws none.
        ax : Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TakeScoresDisplay
            What is drawn.

        Raises
        ------
        ValueError
            If lengths differ, there is no score, or no board is one of
            `normal_boards`.
        """
        check_matplotlib(f"{cls.__name__}.from_predictions")
        scores = check_array(
            anomaly_scores,
            ensure_2d=False,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            input_name="anomaly_scores",
        )
        if scores.ndim != 1:
            raise ValueError(
                f"anomaly_scores has shape {scores.shape}, but must hold one score a "
                "take"
            )
        names = check_boards(boards, len(scores))
        is_normal = find_normal(names, normal_boards)
        leave_out(np.isnan(scores), "anomaly_scores")
        return cls(scores, names, is_normal, threshold=threshold).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TakeScoresDisplay
            Itself.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        from matplotlib.ticker import MaxNLocator

        known = ~np.isnan(self.anomaly_scores)
        styles = style_boards(self.boards[known], self.is_normal[known])
        # Two headings and the threshold stand in the legend too.
        n_entries = len(styles) + 3
        self.ax_, self.figure_ = take_axes(
            ax,
            width=6.5 + 2.5 * legend_columns(n_entries),
            height=max(4.5, legend_height(n_entries)),
        )
        self.lines_ = {}
        for board, style in styles.items():
            scores = self.anomaly_scores[self.boards == board]
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
        self.ax_.set_ylabel("anomaly score")
        self.ax_.xaxis.set_major_locator(
            MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
        )
        # There is no take 0, and no tick for it.
        longest = max(np.count_nonzero(self.boards == board) for board in styles)
        self.ax_.set_xlim(0.5, longest + 0.5)
        self.legend_ = add_legend(self.ax_, handles, labels)
        return self
