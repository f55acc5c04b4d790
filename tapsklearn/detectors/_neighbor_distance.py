"""How far a point lies from its nearest normal ones."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import gen_batches
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

# Their distances to some thousand others fit into some megabytes.
_POINTS_AT_ONCE = 256


@dataclass(kw_only=True, eq=False, repr=False)
class NeighborDistance(BaseEstimator):
    """Score points by their mean distance to the nearest normal ones.

    All distances are computed (no tree), so that what is fitted is plain numbers, and
    each point by itself: those of scikit-learn's `NearestNeighbors`, computed by
    matrices, change with the other points that are scored with it, by up to 3e-7 of
    the distance, and distances of close points have half of the digits.

    Parameters
    ----------
    n_neighbors : int, default=5
        How many of the nearest points count; all, if there are fewer.

    Attributes
    ----------
    reference_ : ndarray of shape (n_samples, n_features)
        The normal points.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> normality = NeighborDistance(n_neighbors=2).fit([[0.0], [1.0], [9.0]])
    >>> normality.score_samples([[0.5], [4.0]])
    array([-0.5, -3.5])
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")]
    }

    n_neighbors: int = 5

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Keep the normal points.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Normal points.
        y : None
            Ignored.

        Returns
        -------
        NeighborDistance
            Itself.
        """
        self.reference_ = validate_data(self, X, dtype=[np.float64, np.float32])
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
            Minus the mean Euclidean distance to the nearest normal points.
        """
        check_is_fitted(self)
        points = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        points = points.astype(np.float64, copy=False)
        reference = self.reference_.astype(np.float64, copy=False)
        n_neighbors = min(self.n_neighbors, len(reference))
        scores = np.empty(len(points))
        squares = np.vecdot(reference, reference)
        for some in gen_batches(len(points), _POINTS_AT_ONCE):
            # The square expanded, without the point's own, which ranks nothing.
            ranked = squares - 2 * (points[some] @ reference.T)
            nearest = np.argpartition(ranked, n_neighbors - 1, axis=1)[:, :n_neighbors]
            # That is fast, but loses half of the digits for close points: the
            # distances to those found are computed anew.
            total = np.zeros(len(nearest))
            for neighbor in nearest.T:
                difference = points[some] - reference[neighbor]
                total += np.sqrt(np.vecdot(difference, difference))
            scores[some] = -total / n_neighbors
        return scores
