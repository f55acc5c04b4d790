"""The distance to the cloud of normal points, against scikit-learn's covariance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.covariance import LedoitWolf
from sklearn.preprocessing import StandardScaler

from tapsklearn import SpectrumDetector
from tapsklearn.detectors import MahalanobisDistance


@given(st.integers(3, 40), st.integers(1, 30), st.integers(0, 99))
def test_it_is_the_distance_of_scikit_learns_shrunk_covariance(
    n_points, n_features, seed
):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(n_features, n_features))
    reference = rng.normal(size=(n_points, n_features)) @ mixing + 5
    points = rng.normal(size=(7, n_features)) @ mixing
    scaler = StandardScaler().fit(reference)
    cloud = LedoitWolf(assume_centered=True).fit(scaler.transform(reference))
    expected = -np.sqrt(cloud.mahalanobis(scaler.transform(points)))
    found = MahalanobisDistance().fit(reference).score_samples(points)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@given(st.floats(1e-3, 1e3), st.integers(0, 99))
def test_the_unit_of_a_feature_does_not_matter(unit, seed):
    rng = np.random.default_rng(seed)
    reference, points = rng.normal(size=(20, 4)), rng.normal(size=(5, 4))
    units = np.array([unit, 1.0, 1.0, 1.0])
    found = MahalanobisDistance().fit(reference).score_samples(points)
    scaled = MahalanobisDistance().fit(reference * units).score_samples(points * units)
    np.testing.assert_allclose(scaled, found, rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, 1 / 3, 1e9])
def test_points_that_are_all_alike_still_rank_what_differs(value):
    normality = MahalanobisDistance().fit(np.full((6, 3), value))
    scores = normality.score_samples([[value] * 3, [value + 1] * 3, [value + 9] * 3])
    assert np.isfinite(scores).all()
    assert scores[0] > scores[1] > scores[2]


def test_a_feature_that_never_changes_counts_when_it_does():
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(40, 4))
    reference[:, 2] = 5.0
    normality = MahalanobisDistance().fit(reference)
    point = reference[:1]
    changed = point + np.array([0, 0, 1.0, 0])
    assert normality.score_samples(changed) < normality.score_samples(point) - 0.5


@pytest.mark.parametrize("n_copies", [1, 20])
def test_copies_of_two_points_still_rank_what_differs(n_copies):
    """The covariance of two points is that of a line, and shrinks to nothing more."""
    reference = np.repeat([[1.0, 2.0, 3.0], [2.0, 4.0, 1.0]], n_copies, axis=0)
    normality = MahalanobisDistance().fit(reference)
    on_the_line = reference.mean(axis=0, keepdims=True) + np.array([0.5, 1, -1])
    scores = normality.score_samples(
        np.r_[on_the_line, on_the_line + np.array([0, 1, 1])]
    )
    assert np.isfinite(scores).all()
    assert scores[0] > 10 * scores[1]


def test_a_detector_can_score_by_it():
    rng = np.random.default_rng(0)
    crops = rng.normal(size=(60, 12, 16))
    detector = SpectrumDetector(normality=MahalanobisDistance(), random_state=0).fit(
        crops
    )
    scores = detector.score_samples(np.concatenate([crops[:5], crops[:5] + 1]))
    assert scores[:5].min() > scores[5:].max()
