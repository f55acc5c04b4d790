"""Where takes lie in the space that a detector embeds them in."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from tapsklearn._labels import Labels, check_boards
from tapsklearn.inspection._boards import (
    BoardStyle,
    list_under_conditions,
    mark_normal,
    style_boards,
    warn_of_missing,
)
from tapsklearn.inspection._fitted import check_can, find_unseen
from tapsklearn.inspection._matplotlib import (
    add_legend,
    check_matplotlib,
    find_axes,
    label_rows,
    legend_columns,
    legend_height,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_REDUCTIONS = ("pca", "tsne")
# The default of t-SNE, which it cannot have with few takes.
_PERPLEXITY = 30.0


class EmbeddingDisplay:
    """Embeddings of takes as a scatter by board.

    Make one with `from_estimator`, `from_predictions` or `from_comparison`. Normal
    boards have cool colours and full markers, abnormal boards warm colours and hollow
    markers.

    Parameters
    ----------
    points : ndarray of shape (n_takes, 1) or (n_takes, 2)
        Place of each take; with one coordinate, boards are rows of a strip.
    boards : ndarray of shape (n_takes,)
        Board of each take.
    is_normal : ndarray of shape (n_takes,), bool
        Which takes are of normal boards.
    axis_labels : sequence of str, default=("embedding, first axis", \
"embedding, second axis")
        What the axes are.

    Attributes
    ----------
    ax_ : Axes
        Where it is plotted.
    figure_ : Figure
        What holds the axes.
    scatters_ : dict of PathCollection
        Takes of each board.
    legend_ : Legend
        Names of the boards; of the conditions only beside a strip.

    Examples
    --------
    >>> embeddings = np.random.default_rng(0).normal(size=(20, 8))
    >>> boards = np.repeat(["oak", "cracked"], 10)
    >>> display = EmbeddingDisplay.from_predictions(
    ...     embeddings, boards, normal_boards=["oak"]
    ... )
    >>> display.points.shape
    (20, 2)
    """

    def __init__(
        self,
        points: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        *,
        axis_labels: tuple[str, ...] = (
            "embedding, first axis",
            "embedding, second axis",
        ),
    ) -> None:
        self.points = points
        self.boards = boards
        self.is_normal = is_normal
        self.axis_labels = axis_labels

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        boards: ArrayLike,
        *,
        normal_boards: Labels | None = None,
        truth: Any = None,
        reduction: str = "pca",
        random_state: int | None = 0,
        ax: "Axes | None" = None,
    ) -> Self:
        """Embed takes and plot the embeddings.

        Parameters
        ----------
        estimator : detector
            Fitted, with `transform`; a pipeline or search that ends in one too.
        X : array-like of length n_takes
            What the estimator takes.
        boards : array-like of shape (n_takes,)
            Board of each take.
        normal_boards : collection of labels, default=None
            Boards that are normal; if None, all.
        truth : Truth, default=None
            What is known of the boards, in place of `normal_boards`.
        reduction : {"pca", "tsne"}, default="pca"
            How more than two dimensions are reduced to two.
        random_state : int, default=0
            Seed of the reduction.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        EmbeddingDisplay
            The display.

        Raises
        ------
        ValueError
            If the estimator cannot embed, or for what `from_predictions` raises.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        check_can(estimator, "transform")
        return cls.from_predictions(
            # Not as the table that it may have been set to give.
            np.asarray(estimator.transform(X)),
            boards,
            normal_boards=normal_boards,
            truth=truth,
            reduction=reduction,
            random_state=random_state,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        embeddings: ArrayLike,
        boards: ArrayLike,
        *,
        normal_boards: Labels | None = None,
        truth: Any = None,
        reduction: str = "pca",
        random_state: int | None = 0,
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot embeddings that are there already.

        Parameters
        ----------
        embeddings : array-like of shape (n_takes, embedding_dim)
            Of each take; takes with NaN are left out, with a warning. One or two
            dimensions are plotted as they are.
        boards : array-like of shape (n_takes,)
            Board of each take.
        normal_boards : collection of labels, default=None
            Boards that are normal; if None, all.
        truth : Truth, default=None
            What is known of the boards, in place of `normal_boards`.
        reduction : {"pca", "tsne"}, default="pca"
            How more than two dimensions are reduced to two. Distances between
            clusters mean something after "pca" only.
        random_state : int, default=0
            Seed of the reduction.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        EmbeddingDisplay
            The display.

        Raises
        ------
        ValueError
            If lengths differ, no board is one of `normal_boards`, the reduction is
            unknown, or there are too few takes for it.
        """
        check_matplotlib(f"{cls.__name__}.from_predictions")
        if reduction not in _REDUCTIONS:
            raise ValueError(
                f"reduction={reduction!r} must be one of {', '.join(_REDUCTIONS)}"
            )
        found = check_array(
            embeddings,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
            input_name="embeddings",
        )
        names = check_boards(boards, n_takes=len(found), name="boards")
        is_normal = mark_normal(names, normal_boards, truth)
        missing = np.isnan(found).any(axis=1)
        warn_of_missing(missing, "embeddings")
        found, names, is_normal = found[~missing], names[~missing], is_normal[~missing]
        if found.shape[1] <= 2:
            return cls(found, names, is_normal).plot(ax)
        if len(found) < 2:
            raise ValueError(
                f"embeddings of {len(found)} take cannot be reduced from "
                f"{found.shape[1]} dimensions to two: at least 2 takes are needed"
            )
        reduce = _reduce_by_pca if reduction == "pca" else _reduce_by_tsne
        points, labels = reduce(found, random_state)
        return cls(points, names, is_normal, axis_labels=labels).plot(ax)

    @classmethod
    def from_comparison(
        cls,
        comparison: Any,
        method: str | None = None,
        *,
        fold: int = 0,
        reduction: str = "pca",
        random_state: int | None = 0,
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot takes of boards that a method of a comparison was not trained on.

        Parameters
        ----------
        comparison : Comparison
            What `compare_methods` returned with ``return_estimators=True``.
        method : str, default=None
            Name of the method; if None, the best one.
        fold : int, default=0
            Number of the fold whose takes are plotted.
        reduction : {"pca", "tsne"}, default="pca"
            How more than two dimensions are reduced to two.
        random_state : int, default=0
            Seed of the reduction.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        EmbeddingDisplay
            The display.

        Raises
        ------
        ValueError
            If the comparison kept no estimators, or this one cannot embed.
        """
        check_matplotlib(f"{cls.__name__}.from_comparison")
        unseen = find_unseen(comparison, method, fold)
        return cls.from_estimator(
            unseen.estimator,
            unseen.X,
            unseen.boards,
            truth=comparison.truth,
            reduction=reduction,
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
        EmbeddingDisplay
            Itself.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        styles = style_boards(self.boards, self.is_normal)
        is_strip = self.points.shape[1] == 1
        # Two headings stand in the legend too; a strip has the names at its rows.
        n_entries = len(styles) + 2
        self.ax_, self.figure_ = find_axes(
            ax,
            width=5.5 + 2.5 * (1 if is_strip else legend_columns(n_entries)),
            height=1.5 + 0.3 * len(styles)
            if is_strip
            else max(4.5, legend_height(n_entries)),
        )
        self.scatters_ = {}
        for row, (board, style) in enumerate(styles.items()):
            points = self.points[self.boards == board]
            self.scatters_[board] = self.ax_.scatter(
                points[:, 0],
                np.full(len(points), row) if is_strip else points[:, 1],
                s=26,
                marker=style.marker,
                facecolors=style.color if style.is_normal else "none",
                edgecolors=[style.color],
                linewidths=1.1,
                alpha=0.8,
            )
        self.ax_.set_xlabel(self.axis_labels[0])
        if is_strip:
            self._name_rows(styles)
            return self
        self.ax_.set_ylabel(self.axis_labels[1])
        handles, labels = list_under_conditions(self.scatters_, styles)
        self.legend_ = add_legend(self.ax_, handles, labels)
        return self

    def _name_rows(self, styles: dict[Any, BoardStyle]) -> None:
        label_rows(self.ax_, list(styles))
        shown: dict[str, Any] = {}
        for board, style in styles.items():
            condition = "normal" if style.is_normal else "abnormal"
            shown.setdefault(f"{condition} boards", self.scatters_[board])
        self.legend_ = add_legend(
            self.ax_,
            list(shown.values()),
            list(shown),
            loc="lower left",
            bbox_to_anchor=(0.0, 1.01),
            ncols=2,
        )


def _reduce_by_pca(
    embeddings: NDArray[np.floating], random_state: int | None
) -> tuple[NDArray[np.floating], tuple[str, ...]]:
    from sklearn.decomposition import PCA

    # Embeddings that have collapsed into one point have no variance at all.
    with np.errstate(invalid="ignore"):
        pca = PCA(n_components=2, random_state=random_state)
        pca.set_output(transform="default").fit(embeddings)
    shares = np.nan_to_num(pca.explained_variance_ratio_)
    labels = tuple(
        f"principal component {number} ({share:.0%} of the variance)"
        for number, share in enumerate(shares, start=1)
    )
    return pca.transform(embeddings), labels


def _reduce_by_tsne(
    embeddings: NDArray[np.floating], random_state: int | None
) -> tuple[NDArray[np.floating], tuple[str, ...]]:
    from sklearn.manifold import TSNE

    perplexity = min(_PERPLEXITY, (len(embeddings) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, random_state=random_state)
    tsne.set_output(transform="default")
    return tsne.fit_transform(embeddings), ("t-SNE, first axis", "t-SNE, second axis")
