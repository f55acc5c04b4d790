"""How far a point lies from its nearest normal ones."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.neighbors import NearestNeighbors
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data


class NeighborDistance(BaseEstimator):
    """Judge points by their mean distance to the nearest normal ones.

    All distances are computed (no tree), so a fitted one is plain numbers.

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

    def __init__(self, *, n_neighbors: int = 5) -> None:
        self.n_neighbors = n_neighbors

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> "NeighborDistance":
        """Remember the normal points.

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
            Points to judge.

        Returns
        -------
        ndarray of shape (n_samples,)
            Minus the mean Euclidean distance to the nearest normal points.
        """
        check_is_fitted(self)
        points = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        search = NearestNeighbors(
            n_neighbors=min(self.n_neighbors, len(self.reference_)), algorithm="brute"
        ).fit(self.reference_)
        nearest = search.kneighbors(points, return_distance=False)
        # The search is fast because it expands the square, which loses half of
        # the digits for close points: measure those that it found anew.
        distances = np.empty(nearest.shape)
        for rank, neighbor in enumerate(nearest.T):
            difference = points.astype(np.float64) - self.reference_[neighbor]
            distances[:, rank] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
        return -distances.mean(axis=1)
