"""How far a point lies from the cloud of the normal ones."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.covariance import LedoitWolf
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

# Least variance of a direction, of points with a deviation of 1. Points that are all
# alike, or copies of two, leave directions without any, and what differs in one of
# them must not score as they do, as it would with a pseudo-inverse.
_SMALLEST = 1e-12


@dataclass(kw_only=True, eq=False, repr=False)
class MahalanobisDistance(BaseEstimator):
    """Score points by their distance to the mean of the normal ones, in deviations.

    Features are brought to unit deviation, and their covariance is shrunk as much as
    suits their number, so that fewer points than features are enough
    (O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional
    covariance matrices", Journal of Multivariate Analysis 88, 2004). It suits a few
    hundred features: its work grows with the cube of their number.

    Attributes
    ----------
    scaler_ : StandardScaler
        Scales features by their mean and deviation among the normal points.
    whitening_ : ndarray of shape (n_features, n_features)
        Turns scaled features into directions of unit variance.
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
        cloud = LedoitWolf(store_precision=False, assume_centered=True)
        cloud.fit(self.scaler_.transform(points))
        variances, directions = np.linalg.eigh(cloud.covariance_)
        self.whitening_ = directions / np.sqrt(np.maximum(variances, _SMALLEST))
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
        return -np.linalg.norm(self.scaler_.transform(points) @ self.whitening_, axis=1)
