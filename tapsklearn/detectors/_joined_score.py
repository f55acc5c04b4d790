"""Several parts of the features in one score: whichever shows that a point is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from tapsklearn.detectors._contrast import ContrastScore

Part = tuple[float, Any, tuple[int, int]]


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

    Parts come in groups that are as good as their weights: the score is the weighted
    sum of those of the groups.

    Parameters
    ----------
    groups : sequence of (float, sequence of (float, estimator, (int, int)))
        Of each group its weight and its parts; of each part the weight of its novelty,
        an estimator with `fit` and `score_samples`, and from which feature up to which
        it has. Groups of no weight are not fitted.

    Attributes
    ----------
    groups_ : list of (float, list of (float, ContrastScore, (int, int)))
        What the parts of the groups with a weight were fitted to.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> from tapsklearn.detectors import MahalanobisDistance, NeighborDistance
    >>> points = np.random.default_rng(0).normal(size=(200, 5))
    >>> parts = [
    ...     (1.0, NeighborDistance(), (0, 3)), (1.0, MahalanobisDistance(), (3, 5))
    ... ]
    >>> joined = JoinedScore(groups=[(1.0, parts)]).fit(points)
    >>> joined.score_samples([[0.0] * 5, [0, 0, 9, 0, 0], [0, 0, 0, 0, 9]]).round(1)
    array([  0.4, -25.6, -11.4])
    """

    _parameter_constraints: ClassVar[dict] = {"groups": ["array-like"]}

    groups: Sequence[tuple[float, Sequence[Part]]]

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
            If a part has features that X has not.
        """
        points = validate_data(self, X, dtype=[np.float64, np.float32])
        last = max(end for _, parts in self.groups for *_, (_, end) in parts)
        if last > points.shape[1]:
            raise ValueError(
                f"groups have parts of features up to the {last}th, and X has "
                f"{points.shape[1]} features: give each part those that there are"
            )
        if is_normal is None:
            is_normal = np.ones(len(points), dtype=bool)
        if specimens is None:
            specimens = np.arange(len(points))
        self.groups_ = []
        for weight, parts in self.groups:
            if weight == 0:
                continue
            fitted = []
            for share, estimator, (start, end) in parts:
                part = ContrastScore().fit(
                    points[:, start:end],
                    is_normal,
                    specimens,
                    partial(_fit_clone, estimator),
                )
                fitted.append((share, part, (start, end)))
            self.groups_.append((weight, fitted))
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
        scores = np.zeros(len(points))
        for weight, parts in self.groups_:
            novelty = np.full(len(points), -np.inf)
            likeness = np.zeros(len(points))
            for share, part, (start, end) in parts:
                values = points[:, start:end]
                novelty = np.logaddexp(novelty, share * part.measure_novelty(values))
                likeness += part.measure_likeness(values)
            scores -= weight * (novelty + likeness)
        return scores


def _fit_clone(estimator: Any, points: NDArray[np.floating], _: Any) -> Any:
    return clone(estimator).fit(points)
