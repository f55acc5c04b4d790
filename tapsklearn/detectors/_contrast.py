"""Known defects in the score: how much a take is like them, beside how new it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

# Of so many parts the specimens are left out one after the other, or each by itself if
# there are fewer.
_N_PARTS = 10
# Penalty of the discriminant for each feature, all of deviation 1.
_PENALTY = 5.0
# From the mean of normal takes to what is typical of known defects, likeness counts
# from here on: a normal specimen that is new may lie between the two.
_BEGINS = 0.7
# What is typical of known defects counts as much as novelty that so many of the normal
# takes do not reach.
_SHARE = 0.99

FitNormality = Callable[[NDArray[np.floating], NDArray[np.intp]], Any]
FitContrast = Callable[[NDArray[np.floating], NDArray[np.bool_], NDArray[np.intp]], Any]


@dataclass(kw_only=True, eq=False, repr=False)
class ContrastScore(BaseEstimator):
    """Score points by their novelty and by their likeness to known defects.

    Novelty, the distance to normal points, finds defects of any kind; a linear
    discriminant between normal points and those of known defects finds these sooner,
    and says nothing of other kinds. How far the second can be trusted, specimens that
    are left out show: with AUROC the one of the discriminant on specimens that it was
    not fitted on, its weight is the cube of 2 AUROC - 1, and 0 below chance.

    They show its scale too. Likeness counts beyond seven tenths of the way from the
    mean of normal points to the median of abnormal ones, so that a new normal specimen
    that is a little like a defect keeps its score, and so does a defect of another
    kind. The
    median itself counts as much as a novelty that 1 % of the normal points exceed.

    Attributes
    ----------
    normality_ : estimator
        Fitted on the normal points.
    discriminant_ : Pipeline or None
        Separates normal from abnormal points. If None, there were too few specimens.
    weight_ : float
        How much the discriminant counts, from 0 to 1.
    novelty_ : ndarray of shape (2,)
        Mean and deviation of the novelty of normal specimens that were left out, or of
        normal points, if there is one specimen.
    known_ : ndarray of shape (2,)
        From where on the discriminant counts, and how much of it is worth a deviation
        of the novelty.
    """

    _parameter_constraints: ClassVar[dict] = {}

    def fit(
        self,
        X: NDArray[np.floating],
        is_normal: NDArray[np.bool_],
        specimens: NDArray[np.intp],
        fit_normality: FitNormality,
    ) -> Self:
        """Fit both parts, and how they are joined.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Points.
        is_normal : ndarray of shape (n_samples,), bool
            Which of them are normal.
        specimens : ndarray of shape (n_samples,)
            Specimen of each point.
        fit_normality : callable
            From normal points and their specimens to a fitted estimator with
            `score_samples`.

        Returns
        -------
        ContrastScore
            Itself.
        """
        novelty, known = np.full((2, len(X)), np.nan)
        for left_out in leave_out_in_turn(specimens, is_normal):
            kept = ~left_out
            fitted = kept & is_normal
            if fitted.any():
                normality = fit_normality(X[fitted], specimens[fitted])
                novelty[left_out] = -normality.score_samples(X[left_out])
            if _can_separate(specimens[kept], is_normal[kept], at_least=1):
                discriminant = _fit_discriminant(X[kept], is_normal[kept])
                known[left_out] = discriminant.decision_function(X[left_out])
        if len(np.unique(specimens[is_normal])) == 1:
            novelty[is_normal] = _leave_points_out(X[is_normal], fit_normality)
        self.normality_ = fit_normality(X[is_normal], specimens[is_normal])
        self.novelty_ = _mean_and_deviation(novelty[is_normal])
        self.known_ = np.array([0.0, 1.0])
        self.weight_ = 0.0
        self.discriminant_: Pipeline | None = None
        if _can_separate(specimens, is_normal, at_least=2):
            has_both = ~np.isnan(known)
            auroc = roc_auc_score(~is_normal[has_both], known[has_both])
            self.weight_ = max(0.0, 2 * float(auroc) - 1) ** 3
            self.discriminant_ = _fit_discriminant(X, is_normal)
        if self.weight_ > 0:
            normal = float(np.nanmean(known[is_normal]))
            gap = float(np.nanmedian(known[~is_normal])) - normal
            mean, deviation = self.novelty_
            rare = np.nanquantile(novelty[is_normal], _SHARE)
            worth = max(1.0, float(rare - mean) / deviation)
            self.known_ = np.array(
                [normal + _BEGINS * gap, (1 - _BEGINS) * gap / worth]
            )
            if gap <= 0:
                # Few of them are unlike the others, and they decide.
                self.weight_ = 0.0
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
            Minus the novelty, in deviations of normal specimens that were left out,
            and minus the weighted likeness to known defects where that counts.
        """
        check_is_fitted(self)
        points = np.asarray(X)
        return -self.measure_novelty(points) - self.measure_likeness(points)

    def measure_novelty(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Measure how new points are.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Points.

        Returns
        -------
        ndarray of shape (n_samples,)
            The novelty, in deviations of normal specimens that were left out.
        """
        mean, deviation = self.novelty_
        return (-self.normality_.score_samples(X) - mean) / deviation

    def measure_likeness(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Measure how much points are like known defects.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Points.

        Returns
        -------
        ndarray of shape (n_samples,)
            The likeness, weighted, from 0 on and in the unit of the novelty.
        """
        if self.discriminant_ is None or self.weight_ == 0:
            return np.zeros(len(X))
        begins, step = self.known_
        likeness = (self.discriminant_.decision_function(X) - begins) / step
        # To be less like known defects than normal takes are speaks for nothing: a
        # defect of another kind may be.
        return self.weight_ * np.maximum(0, likeness)


def contrast_left_out_scores(
    X: NDArray[np.floating],
    is_normal: NDArray[np.bool_],
    specimens: NDArray[np.intp],
    fit_contrast: FitContrast,
) -> NDArray[np.float64]:
    """Score the normal takes of each specimen with all that is fitted on the others.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    is_normal : ndarray of shape (n_samples,), bool
        Which of them are normal.
    specimens : ndarray of shape (n_samples,)
        Specimen of each point.
    fit_contrast : callable
        From points, which of them are normal and their specimens to a fitted estimator
        with `score_samples`.

    Returns
    -------
    ndarray of shape (n_normal,)
        Scores of the normal points: also how they are scaled, the discriminant and its
        weight are fitted without their specimens.
    """
    scores = np.full(len(X), np.nan)
    for left_out in leave_out_in_turn(specimens, is_normal):
        kept = ~left_out
        if (left_out & is_normal).any() and (kept & is_normal).any():
            fitted = fit_contrast(X[kept], is_normal[kept], specimens[kept])
            scores[left_out] = fitted.score_samples(X[left_out])
    return scores[is_normal]


def leave_out_in_turn(
    specimens: NDArray[np.intp], is_normal: NDArray[np.bool_]
) -> Iterator[NDArray[np.bool_]]:
    """Generate the points to leave out, with whole specimens of both conditions.

    Parameters
    ----------
    specimens : ndarray of shape (n_samples,)
        Specimen of each point.
    is_normal : ndarray of shape (n_samples,), bool
        Which points are normal.

    Yields
    ------
    ndarray of shape (n_samples,), bool
        Which points are left out; each is so once.
    """
    part_of: dict[int, int] = {}
    for side in (is_normal, ~is_normal):
        new = [
            each for each in np.unique(specimens[side]).tolist() if each not in part_of
        ]
        part_of |= {specimen: place % _N_PARTS for place, specimen in enumerate(new)}
    parts = np.array([part_of[specimen] for specimen in specimens.tolist()])
    for part in np.unique(parts):
        yield parts == part


def _leave_points_out(
    X: NDArray[np.floating], fit_normality: FitNormality
) -> NDArray[np.float64]:
    """Compute the novelty of the points of one specimen, each left out."""
    novelty = np.full(len(X), np.nan)
    points = np.arange(len(X))
    for left_out in leave_out_in_turn(points, np.ones(len(X), dtype=bool)):
        kept = ~left_out
        if kept.any():
            normality = fit_normality(X[kept], points[kept])
            novelty[left_out] = -normality.score_samples(X[left_out])
    return novelty


def _can_separate(
    specimens: NDArray[np.intp], is_normal: NDArray[np.bool_], *, at_least: int
) -> bool:
    return all(
        len(np.unique(specimens[side])) >= at_least for side in (is_normal, ~is_normal)
    )


def _fit_discriminant(
    X: NDArray[np.floating], is_normal: NDArray[np.bool_]
) -> Pipeline:
    scaler = StandardScaler().set_output(transform="default")
    penalty = _PENALTY * X.shape[1]
    classifier = RidgeClassifier(alpha=penalty, class_weight="balanced")
    X = X.astype(np.float64, copy=False)
    return make_pipeline(scaler, classifier).fit(X, ~is_normal)


def _mean_and_deviation(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute both without NaN; a deviation of 1 where there is none."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.array([0.0, 1.0])
    return np.array([known.mean(), known.std() or 1.0])
