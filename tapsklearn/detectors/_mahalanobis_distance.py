"""How far a point lies from the cloud of the normal ones."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

# Least variance of a direction, of points with a deviation of 1. Points that are all
# alike, or copies of two, leave directions without any, and what differs in one of
# them must not score as they do, as it would with a pseudo-inverse.
_SMALLEST = 1e-12
# Least squared extent of points, relative to the largest, that is no rounding error.
_LEAST_EXTENT = 1e-11


@dataclass(kw_only=True, eq=False, repr=False)
class MahalanobisDistance(BaseEstimator):
    """Score points by their distance to the mean of the normal ones, in deviations.

    Features are brought to unit deviation, and their covariance is shrunk as much as
    suits their number, so that fewer points than features are enough
    (O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional
    covariance matrices", Journal of Multivariate Analysis 88, 2004). Its work grows
    with the square of the number of features, times that of points.

    Attributes
    ----------
    scaler_ : StandardScaler
        Scales features by their mean and deviation among the normal points.
    directions_ : ndarray of shape (n_directions, n_features)
        Unit vectors along which scaled points differ, no more than there are points.
    deviations_ : ndarray of shape (n_directions,)
        Shrunk deviation along each.
    deviation_ : float
        Shrunk deviation in all other directions, in which no points differ.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(200, 2)) * [1, 100]
    >>> normality = MahalanobisDistance().fit(points)
    >>> normality.score_samples([[3.0, 0.0], [0.0, 300.0]]).round()
    array([-3., -3.])
    """

    _parameter_constraints: ClassVar[dict] = {}

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Fit the cloud of the normal points.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Normal points.
        y : None
            Ignored.

        Returns
        -------
        MahalanobisDistance
            Itself.
        """
        points = validate_data(self, X, dtype=np.float64)
        self.scaler_ = StandardScaler().set_output(transform="default").fit(points)
        scaled = self.scaler_.transform(points)
        shrinkage = ledoit_wolf_shrinkage(scaled, assume_centered=True)
        variance = max(shrinkage * float(np.square(scaled).mean()), _SMALLEST)
        extents, self.directions_ = _find_directions(scaled)
        self.deviations_ = np.sqrt(variance + (1 - shrinkage) * extents / len(scaled))
        self.deviation_ = float(np.sqrt(variance))
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
            Minus the Mahalanobis distance to the normal points.
        """
        check_is_fitted(self)
        points = validate_data(self, X, reset=False, dtype=np.float64)
        scaled = self.scaler_.transform(points)
        along = scaled @ self.directions_.T
        rest = scaled - along @ self.directions_
        return -np.hypot(
            np.linalg.norm(along / self.deviations_, axis=1),
            np.linalg.norm(rest, axis=1) / self.deviation_,
        )


def _find_directions(
    points: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the squared extents of points and unit vectors along them."""
    n_points, n_features = points.shape
    if n_points >= n_features:
        extents, columns = np.linalg.eigh(points.T @ points)
        return np.maximum(extents, 0), np.ascontiguousarray(columns.T)
    # Of fewer points than features, their products with each other suffice.
    extents, columns = np.linalg.eigh(points @ points.T)
    is_extent = extents > _LEAST_EXTENT * extents[-1]
    extents, columns = extents[is_extent], columns[:, is_extent]
    return extents, (columns / np.sqrt(extents)).T @ points
