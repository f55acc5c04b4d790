"""Scikit-learn's own checks, all of them, none excused."""

from methods import METHODS
from sklearn.utils.estimator_checks import parametrize_with_checks

from tapsklearn.detectors import MahalanobisDistance, NeighborDistance


@parametrize_with_checks([*METHODS.values(), NeighborDistance(), MahalanobisDistance()])
def test_scikit_learn_accepts_every_detector(estimator, check):
    check(estimator)
