"""How far a point lies from the cloud of the normal ones."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.covariance import ledoit_wolf
from sklearn.utils.validation import check_is_fitted, validate_data

# Share of its mean by which a feature that never changes may seem to.
_ROUNDING = 1e-10
# Variance of a direction in which the points are as good as alike.
_SMALLEST = 1e-12


class MahalanobisDistance(BaseEstimator):
    """Judge points by their distance to the mean of the normal ones, in deviations.

    Features are brought to unit deviation, and their covariance is shrunk as much as
    the number of points asks for, so that fewer points than features are enough
    (O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional
    covariance matrices", Journal of Multivariate Analysis 88, 2004). It suits a few
    hundred features: its work grows with the cube of their number.

    Attributes
    ----------
    mean_, deviation_ : ndarray of shape (n_features,)
        Of the normal points; a feature that never changes has a deviation of 1.
    whitening_ : ndarray of shape (n_features, n_features)
        Turns deviations into directions of unit variance.
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
    def fit(self, X: ArrayLike, y: Any = None) -> "MahalanobisDistance":
        """Learn the cloud of the normal points.

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
        self.mean_ = points.mean(axis=0)
        deviation = points.std(axis=0)
        # What never changes but by rounding has no deviation to measure by.
        constant = deviation <= _ROUNDING * np.abs(self.mean_)
        self.deviation_ = np.where(constant, 1.0, deviation)
        centred = (points - self.mean_) / self.deviation_
        covariance, _ = ledoit_wolf(centred, assume_centered=True)
        variances, directions = np.linalg.eigh(np.atleast_2d(covariance))
        # Points that are all alike leave no variance; others have about 1.
        self.whitening_ = directions / np.sqrt(np.maximum(variances, _SMALLEST))
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
            Minus the Mahalanobis distance to the normal points.
        """
        check_is_fitted(self)
        points = validate_data(self, X, reset=False, dtype=np.float64)
        centred = (points - self.mean_) / self.deviation_
        return -np.linalg.norm(centred @ self.whitening_, axis=1)
