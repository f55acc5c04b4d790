"""Several parts of the features in one score: whichever shows that a point is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from tapsklearn.detectors._contrast import ContrastScore


@dataclass(kw_only=True, eq=False, repr=False)
class JoinedScore(BaseEstimator):
    """Score points by several parts of their features, each with its own estimator.

    No part is the best on all recordings, and of normal points alone nothing shows
    which is the best on these. So each novelty is put on one scale, in deviations of
    normal specimens that were left out, and the largest decides: the joined novelty is
    the logarithm of the sum of their exponentials, a maximum without a corner. Where
    defects are known, each part has a discriminant of its own, which counts as far as
    it separates specimens that were left out, and the likenesses are added. A part is
    a `ContrastScore`.

    Parameters
    ----------
    parts : sequence of (estimator, int)
        Estimators with `fit` and `score_samples`, and how many of the features each
        has, in their order.

    Attributes
    ----------
    parts_ : list of ContrastScore
        What each part was fitted to.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> from tapsklearn.detectors import MahalanobisDistance, NeighborDistance
    >>> points = np.random.default_rng(0).normal(size=(200, 5))
    >>> parts = [(NeighborDistance(), 3), (MahalanobisDistance(), 2)]
    >>> joined = JoinedScore(parts=parts).fit(points)
    >>> joined.score_samples([[0.0] * 5, [0, 0, 9, 0, 0], [0, 0, 0, 0, 9]]).round(1)
    array([  0.4, -25.6, -11.4])
    """

    _parameter_constraints: ClassVar[dict] = {"parts": ["array-like"]}

    parts: Sequence[tuple[Any, int]]

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: Any = None,
        *,
        is_normal: NDArray[np.bool_] | None = None,
        specimens: NDArray[np.intp] | None = None,
    ) -> Self:
        """Fit each part, and the scale that it is joined on.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points.
        y : None
            Ignored.
        is_normal : ndarray of shape (n_samples,), default=None
            Which of them are normal. If None, all are.
        specimens : ndarray of shape (n_samples,), default=None
            Specimen of each point. If None, each point is one.

        Returns
        -------
        JoinedScore
            Itself.

        Raises
        ------
        ValueError
            If the parts do not have as many features as X.
        """
        points = validate_data(self, X, dtype=[np.float64, np.float32])
        sizes = [size for _, size in self.parts]
        if sum(sizes) != points.shape[1]:
            raise ValueError(
                f"parts have {sizes} features, and X has {points.shape[1]}: give each "
                "part as many as add up to it"
            )
        if is_normal is None:
            is_normal = np.ones(len(points), dtype=bool)
        if specimens is None:
            specimens = np.arange(len(points))
        self.parts_ = []
        for (estimator, _), values in zip(self.parts, self._split(points), strict=True):
            part = ContrastScore()

            def fit_normality(
                normal: NDArray[np.floating], _: Any, estimator: Any = estimator
            ) -> Any:
                return clone(estimator).fit(normal)

            self.parts_.append(part.fit(values, is_normal, specimens, fit_normality))
        return self

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Score points: the higher, the more normal.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points.

        Returns
        -------
        ndarray of shape (n_samples,)
            Minus the joined novelty, and minus the likeness to known defects.
        """
        check_is_fitted(self)
        points = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        novelty = np.full(len(points), -np.inf)
        likeness = np.zeros(len(points))
        for part, values in zip(self.parts_, self._split(points), strict=True):
            novelty = np.logaddexp(novelty, part.measure_novelty(values))
            likeness += part.measure_likeness(values)
        return -novelty - likeness

    def _split(self, points: NDArray[np.floating]) -> list[NDArray[np.floating]]:
        ends = np.cumsum([size for _, size in self.parts])
        return np.split(points, ends[:-1], axis=1)
