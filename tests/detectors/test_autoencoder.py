"""The autoencoder reconstructs takes, and is trained on normal ones alone."""

import numpy as np
import pytest
from methods import make_crops

from tapsklearn.detectors import AutoencoderDetector


@pytest.fixture(scope="module")
def trained():
    crops, boards = make_crops(3, 30)
    detector = AutoencoderDetector(
        max_epochs=40, lr=5e-3, normal_boards=["board 0", "board 1"], random_state=0
    )
    return detector.fit(crops, boards), crops, boards


def test_the_score_is_minus_the_error_of_the_reconstruction(trained):
    detector, crops, _ = trained
    errors = ((detector.reconstruct(crops) - crops) ** 2).mean(axis=(1, 2))
    np.testing.assert_allclose(detector.score_samples(crops), -errors, rtol=1e-5)


def test_the_reconstruction_is_nearer_than_the_mean(trained):
    detector, crops, boards = trained
    normal = crops[boards != "board 2"]
    error = ((detector.reconstruct(normal) - normal) ** 2).mean()
    assert error < 0.9 * normal.var()


def test_abnormal_takes_are_not_trained_on(trained):
    detector, crops, boards = trained
    changed = crops.copy()
    changed[boards == "board 2"] *= -3
    again = AutoencoderDetector(**detector.get_params()).fit(changed, boards)
    for name, weight in detector.weights_.items():
        np.testing.assert_array_equal(weight, again.weights_[name])


@pytest.mark.parametrize("shape", [(9,), (12, 16), (2, 12, 16)])
def test_a_reconstruction_has_the_shape_of_its_take(shape):
    crops = np.random.default_rng(0).normal(size=(25, *shape))
    crops[4] = np.nan
    with pytest.warns(UserWarning, match="1 of 25"):
        detector = AutoencoderDetector(max_epochs=1, random_state=0).fit(crops)
    images = detector.reconstruct(crops)
    assert images.shape == crops.shape
    assert np.isnan(images[4]).all()
    assert np.isfinite(np.delete(images, 4, axis=0)).all()
