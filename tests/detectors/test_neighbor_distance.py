"""The distance to the nearest normal points, against scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import pairwise_distances

from tapsklearn.detectors import NeighborDistance


@given(st.integers(1, 8), st.integers(1, 30), st.integers(1, 5), st.integers(0, 99))
def test_it_is_the_mean_of_the_smallest_distances(k, n_points, n_features, seed):
    rng = np.random.default_rng(seed)
    reference = rng.normal(size=(n_points, n_features))
    points = rng.normal(size=(7, n_features))
    distances = np.sort(pairwise_distances(points, reference), axis=1)[:, :k]
    found = NeighborDistance(n_neighbors=k).fit(reference).score_samples(points)
    np.testing.assert_allclose(found, -distances.mean(axis=1), rtol=1e-6, atol=1e-7)


def test_close_points_far_from_the_origin_keep_their_digits():
    reference = np.array([[1e6, 1e6]])
    close = reference + np.array([3e-4, 4e-4])
    found = NeighborDistance().fit(reference).score_samples(close)
    np.testing.assert_allclose(found, [-5e-4], rtol=1e-6)


def test_the_same_point_has_distance_zero():
    points = np.random.default_rng(0).normal(size=(20, 300)).astype(np.float32)
    scores = NeighborDistance(n_neighbors=1).fit(points).score_samples(points)
    np.testing.assert_array_equal(scores, 0)


def test_no_neighbors_is_refused():
    with pytest.raises(ValueError, match="n_neighbors"):
        NeighborDistance(n_neighbors=0).fit([[1.0]])
