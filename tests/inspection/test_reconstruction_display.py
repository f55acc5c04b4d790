"""Reconstructions beside their crops, on scales that can be compared."""

import numpy as np
import pytest
import soundfile
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

from tapsklearn import (
    AutoencoderDetector,
    CropDetector,
    LogSpectrogram,
    Standardizer,
    TapCrop,
    WavLoader,
)
from tapsklearn.inspection import ReconstructionDisplay
from tapsklearn.preprocessing import article_features
from tests.taps import make_tap

CROPS = np.random.default_rng(0).normal(size=(6, 12, 16))


class Halver(BaseEstimator):
    """Reconstruct everything at half its size."""

    def fit(self, X, y=None):
        return self

    def reconstruct(self, X):
        return X / 2


def test_rows_hold_crop_reconstruction_and_squared_error():
    display = ReconstructionDisplay.from_estimator(Halver(), CROPS)
    assert display.axes_.shape == (4, 3)
    for row, crop in enumerate(CROPS[:4]):
        plotted = [image.get_array() for image in display.images_[row]]
        np.testing.assert_array_equal(plotted[0], crop)
        np.testing.assert_array_equal(plotted[1], crop / 2)
        np.testing.assert_allclose(plotted[2], (crop / 2) ** 2)
        title = display.axes_[row, 2].get_title()
        assert title == f"squared error, mean {((crop / 2) ** 2).mean():.3g}"


def test_all_rows_share_their_scales():
    display = ReconstructionDisplay.from_estimator(Halver(), CROPS, n_takes=6)
    images = {image.get_clim() for image in display.images_[:, :2].ravel()}
    errors = {image.get_clim() for image in display.images_[:, 2]}
    assert images == {(CROPS.min(), CROPS.max())}
    assert errors == {(0, ((CROPS / 2) ** 2).max())}


def test_labels_name_the_takes_and_are_shortened():
    names = ["oak", "similar-but-normal board number 11 from the second shop", *"abcd"]
    display = ReconstructionDisplay.from_estimator(
        Halver(), CROPS, labels=names, n_takes=2
    )
    titles = [ax.get_title() for ax in display.axes_[:, 0]]
    assert titles == ["oak", "similar-but-nor…the second shop"]


def test_takes_with_nan_are_left_out_and_numbers_stay():
    crops = CROPS.copy()
    crops[0, 0, 0] = np.nan
    with pytest.warns(UserWarning, match="1 of 6 takes have NaN for X"):
        display = ReconstructionDisplay.from_estimator(Halver(), crops, n_takes=2)
    titles = [ax.get_title() for ax in display.axes_[:, 0]]
    assert titles == ["take 2", "take 3"]
    np.testing.assert_array_equal(display.images_[0, 0].get_array(), CROPS[1])


def test_of_several_views_the_first_is_plotted():
    views = np.stack([CROPS, CROPS + 1], axis=1)
    display = ReconstructionDisplay.from_estimator(Halver(), views, n_takes=1)
    np.testing.assert_array_equal(display.images_[0, 0].get_array(), CROPS[0])


def test_a_pipeline_ends_in_what_reconstructs():
    pipeline = make_pipeline(Standardizer(), Halver()).fit(CROPS)
    display = ReconstructionDisplay.from_estimator(pipeline, CROPS * 9, n_takes=1)
    standardized = Standardizer().fit_transform(CROPS * 9)[0]
    np.testing.assert_allclose(display.images_[0, 0].get_array(), standardized)
    np.testing.assert_allclose(display.images_[0, 1].get_array(), standardized / 2)


def test_an_autoencoder_is_such_an_estimator():
    crops = np.random.default_rng(0).normal(size=(12, 12, 16)).astype(np.float32)
    detector = AutoencoderDetector(max_epochs=1, random_state=0).fit(crops)
    display = ReconstructionDisplay.from_estimator(detector, crops, n_takes=1)
    np.testing.assert_allclose(
        display.images_[0, 1].get_array(), detector.reconstruct(crops[:1])[0]
    )


FEATURES = {"n_fft": 512, "hop_length": 64, "n_freqs": 12, "n_frames": 16}


@pytest.mark.parametrize(
    "features",
    [
        [article_features(pre_frames=3, **FEATURES)],
        [article_features(pre_frames=3, **FEATURES), Standardizer()],
        [
            make_pipeline(
                WavLoader(),
                LogSpectrogram(n_fft=512, hop_length=64),
                TapCrop(n_freqs=12, n_frames=16, pre_frames=3),
                Standardizer(),
            )
        ],
    ],
    ids=["one step", "and a standardizer", "four steps"],
)
def test_a_pipeline_of_recordings_has_the_axes_of_its_features(features, tmp_path):
    path = tmp_path / "take.wav"
    soundfile.write(path, make_tap(np.random.default_rng(0)), 44100)
    pipeline = make_pipeline(*features, Halver()).fit([str(path)])
    display = ReconstructionDisplay.from_estimator(pipeline, [str(path)])
    assert (display.n_fft, display.hop_length, display.pre_frames) == (512, 64, 3)
    left = display.images_[0, 0].get_coordinates()[0, 0, 0]
    assert left == pytest.approx(-3.5 * 64 / 44100)
    given = ReconstructionDisplay.from_estimator(pipeline, [str(path)], hop_length=32)
    assert (given.n_fft, given.hop_length) == (512, 32)


def test_crops_alone_have_the_axes_of_the_default_features():
    display = ReconstructionDisplay.from_estimator(Halver(), CROPS)
    settings = article_features().get_params()
    for name in ("sr", "n_fft", "hop_length", "n_mels", "pre_frames"):
        assert getattr(display, name) == settings[name]


def test_nothing_overlaps():
    display = ReconstructionDisplay.from_estimator(
        Halver(), CROPS, labels=["similar-but-normal board, number 11"] * 6
    )
    display.figure_.draw_without_rendering()
    boxes = [ax.get_tightbbox() for ax in display.figure_.axes]
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ReconstructionDisplay.from_estimator(CropDetector(), CROPS),
            "CropDetector has no `reconstruct`",
        ),
        (
            lambda: ReconstructionDisplay.from_estimator(Halver(), CROPS[0]),
            "X has crops of shape",
        ),
        (
            lambda: ReconstructionDisplay.from_estimator(
                Halver(), CROPS, labels=["oak"]
            ),
            "labels names the boards of",
        ),
        (
            lambda: ReconstructionDisplay.from_estimator(Halver(), CROPS, n_takes=0),
            "n_takes=0",
        ),
        (
            lambda: ReconstructionDisplay.from_estimator(Halver(), CROPS * np.nan),
            "X is NaN",
        ),
    ],
)
def test_errors_name_the_parameter(call, message):
    with pytest.raises(ValueError, match=message):
        call()
