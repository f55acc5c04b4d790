"""Takes side by side, and which part of each makes it abnormal."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import _safe_indexing

from tapsklearn._labels import check_boards
from tapsklearn.inspection._boards import warn_of_missing
from tapsklearn.inspection._explain_takes import explain_takes
from tapsklearn.inspection._explanation import Explanation
from tapsklearn.inspection._labels import find_fonts, shorten_labels
from tapsklearn.inspection._matplotlib import check_matplotlib

# Cells that matter less than this share of the largest stay as they are.
_FAINT = 0.1
_STRONGEST_ALPHA = 0.85


class ExplanationDisplay:
    """Crops of takes, above the same ones with what makes them abnormal marked.

    Make one with `from_estimator`. All takes share one scale of marks: the strongest
    colour is what lowers a score most. Cells that raise a score have the other colour.

    Parameters
    ----------
    explanations : sequence of Explanation
        What `explain_takes` returned.
    labels : sequence of str, default=None
        Name of each take; if None, they are numbered.

    Attributes
    ----------
    axes_ : ndarray of Axes, of shape (2, n_takes)
        Where crops, and these with the marks, are plotted.
    figure_ : Figure
        What holds the axes.
    images_ : ndarray of QuadMesh, of shape (2, n_takes)
        The crops, and the marks.
    colorbar_ : Colorbar
        The scale of the marks, in the unit of the score.

    Examples
    --------
    >>> explanation = Explanation(
    ...     values=np.eye(40, 30),
    ...     crop=np.zeros((40, 30)),
    ...     frequencies=np.arange(40) * 100.0,
    ...     times=np.arange(30) / 1000,
    ...     score=-7.5,
    ...     method="mask",
    ... )
    >>> ExplanationDisplay([explanation], labels=["oak"]).plot().axes_.shape
    (2, 1)
    """

    def __init__(
        self, explanations: Sequence[Explanation], *, labels: ArrayLike | None = None
    ) -> None:
        self.explanations = explanations
        self.labels = labels

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        labels: ArrayLike | None = None,
        n_takes: int = 4,
        method: str = "auto",
        normal_takes: Any = None,
    ) -> Self:
        """Explain the first takes and plot that.

        Parameters
        ----------
        estimator : estimator
            Fitted detector, or pipeline from recordings to a detector.
        X : list of path-like, list of 1-D arrays or array-like of length n
            What the estimator scores. Choose which takes by their rows. Takes that
            cannot be used are left out, with a warning.
        labels : array-like of shape (n,), default=None
            Name of each take of X, such as its board; if None, they are numbered
            from 1.
        n_takes : int, default=4
            How many are plotted at most.
        method : str, default="auto"
            As for `explain_takes`.
        normal_takes : like `X`, default=None
            As for `explain_takes`.

        Returns
        -------
        ExplanationDisplay
            The display.

        Raises
        ------
        ValueError
            If the method does not explain the detector, or no take can be used.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        if n_takes < 1:
            raise ValueError(f"n_takes={n_takes!r} must be at least 1")
        rows = np.arange(min(len(X), n_takes))
        if labels is None:
            names = np.array([f"take {number + 1}" for number in range(len(X))])
        else:
            names = check_boards(labels, n_takes=len(X), name="labels")
        explanations = explain_takes(
            estimator,
            _safe_indexing(X, rows),
            method=method,
            normal_takes=normal_takes,
        )
        missing = np.array([np.isnan(each.score) for each in explanations])
        warn_of_missing(missing, "X")
        shown = rows[~missing].tolist()
        return cls([explanations[row] for row in shown], labels=names[shown]).plot()

    def plot(self, *, cmap: str = "gray", value_cmap: str = "PuOr_r") -> Self:
        """Plot it in a figure of its own.

        Parameters
        ----------
        cmap : str, default="gray"
            Colours of crops.
        value_cmap : str, default="PuOr_r"
            Colours of values, from what raises the score to what lowers it; the
            default is one that colour-blind people can read.

        Returns
        -------
        ExplanationDisplay
            Itself.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        import matplotlib.pyplot as plt

        n_takes = len(self.explanations)
        names = shorten_labels(
            [f"take {number + 1}" for number in range(n_takes)]
            if self.labels is None
            else np.asarray(self.labels).tolist()
        )
        family = find_fonts(names)
        self.figure_, self.axes_ = plt.subplots(
            2,
            n_takes,
            figsize=(1.2 + 3.2 * n_takes, 6),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        self.images_ = np.empty((2, n_takes), dtype=object)
        largest = max(float(np.abs(each.values).max()) for each in self.explanations)
        largest = largest or 1.0
        for column, (name, each) in enumerate(
            zip(names, self.explanations, strict=True)
        ):
            upper, lower = self.axes_[:, column]
            cells = 1000 * each.times, each.frequencies
            look = {"cmap": cmap, "shading": "nearest", "rasterized": True}
            self.images_[0, column] = upper.pcolormesh(*cells, each.crop, **look)
            lower.pcolormesh(*cells, each.crop, **look)
            strength = np.abs(each.values) / largest
            alpha = _STRONGEST_ALPHA * np.where(strength < _FAINT, 0, strength**0.5)
            self.images_[1, column] = lower.pcolormesh(
                *cells,
                each.values,
                **{**look, "cmap": value_cmap},
                vmin=-largest,
                vmax=largest,
                alpha=alpha,
            )
            upper.set_title(
                f"{name}\nscore {each.score:.3g}", fontsize="medium", family=family
            )
            lower.set_xlabel("time from the onset (ms)")
        self.colorbar_ = self.figure_.colorbar(
            self.images_[1, 0],
            ax=self.axes_[1],
            location="bottom",
            label="lowers the score by, per cell",
            aspect=40,
        )
        # It took the strengths of the cells.
        self.colorbar_.set_alpha(1)
        for ax in self.axes_[:, 0]:
            ax.set_ylabel("frequency (Hz)")
        return self
