"""Maps of which cells lower a score, for every detector and all features."""

import sys

import numpy as np
import pytest
from methods import METHODS, fit_once, make_crops
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.svm import OneClassSVM

from tapsklearn import (
    CropDetector,
    JoinedDetector,
    MahalanobisDistance,
    SpectrumDetector,
    TapFeatures,
)
from tapsklearn.inspection import explain_takes, nearest_normal, score_replaced
from tapsklearn.preprocessing import article_features, article_preprocessing, read_crops
from tests.taps import make_tap

SETTINGS = {
    "sr": 22050,
    "duration": 0.8,
    "n_fft": 512,
    "hop_length": 256,
    "n_freqs": 32,
    "n_frames": 16,
    "pre_frames": 2,
}


@pytest.fixture(scope="module")
def waveforms():
    rng = np.random.default_rng(0)
    return [
        make_tap(rng, seconds=0.8, onset=0.3, sr=22050, freqs=(440, 1200))
        for _ in range(24)
    ]


def check(explanation, shape, pipeline, take):
    for name in ("values", "crop"):
        assert getattr(explanation, name).shape == shape
        assert np.isfinite(getattr(explanation, name)).all()
    assert explanation.frequencies.shape == shape[:1]
    assert explanation.times.shape == shape[1:]
    assert explanation.score == pytest.approx(pipeline.score_samples(take)[0])


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("method", ["auto", "gradient", "occlusion"])
def test_every_method_is_explained(name, method):
    if method == "gradient":
        pytest.importorskip("captum")
    detector = fit_once(name)
    crops, _ = make_crops()
    crops[:1, 9:11] += 6
    (explanation,) = explain_takes(detector, crops[:1], method=method)
    check(explanation, (12, 16), detector, crops[:1])
    assert explanation.method == ("mask" if method == "auto" else method)
    assert np.abs(explanation.values).max() > 0


@pytest.mark.parametrize("name", ["spectrum", "crop", "joined"])
def test_shares_of_a_distance_find_the_row(name):
    detector = fit_once(name)
    if name == "joined" and detector.trust_ == 1:
        pytest.skip("the encoder alone decides on these crops")
    crops, _ = make_crops()
    crops[:1, 10] += 6
    (explanation,) = explain_takes(detector, crops[:1], method="distance")
    assert explanation.values.sum(axis=1).argmax() == 10


def test_shares_of_a_mahalanobis_distance_add_up():
    crops, _ = make_crops()
    detector = SpectrumDetector(normality=MahalanobisDistance()).fit(crops)
    (explanation,) = explain_takes(detector, crops[:1] + 1, method="distance")
    # The mean crop has its mean, but not the mean of the deviations.
    of_means = explanation.values.sum()
    assert of_means == pytest.approx(-explanation.score, rel=0.25)


def test_integrated_gradients_add_up_to_the_difference():
    pytest.importorskip("captum")
    detector = fit_once("encoder")
    crops, _ = make_crops()
    normal = detector.normal_crop_[None]
    (explanation,) = explain_takes(detector, crops[:1] + 3, method="gradient")
    fall = detector.score_samples(normal)[0] - explanation.score
    assert explanation.values.sum() == pytest.approx(fall, rel=0.1)


@pytest.mark.parametrize("name", ["ae", "spectrum", "encoder", "joined"])
def test_views_share_one_map(name):
    crops, boards = make_crops(views=2)
    detector = METHODS[name]
    detector = type(detector)(**detector.get_params()).fit(crops, boards)
    (explanation,) = explain_takes(detector, crops[:1])
    check(explanation, (12, 16), detector, crops[:1])


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"per": "frequency"},
        {"n_mels": 40},
        {"shifts": (0, 4)},
        {"shifts": (-2, 3), "per": "frequency"},
    ],
    ids=str,
)
def test_features_of_all_kinds_are_explained(changed, waveforms):
    features = TapFeatures(input="waveform", **{"per": "take", **SETTINGS, **changed})
    pipeline = make_pipeline(features, JoinedDetector(random_state=0)).fit(waveforms)
    shifts = changed.get("shifts", (0,))
    (explanation,) = explain_takes(pipeline, waveforms[:1])
    shape = 32, 16 + max(shifts) - min(shifts)
    check(explanation, shape, pipeline, waveforms[:1])
    assert explanation.times[0] == pytest.approx((min(shifts) - 2) * 256 / 22050)
    if "n_mels" not in changed:
        assert explanation.frequencies[1] == pytest.approx(22050 / 512)
    decibels, _ = read_crops(
        waveforms[:1],
        input="waveform",
        standardized=False,
        **{**SETTINGS, **{k: v for k, v in changed.items() if k != "per"}},
    )
    # Where only the first view is: the first frames of two, or all of one.
    if shifts[0] == min(shifts):
        n_alone = 16 if len(shifts) == 1 else shifts[1] - shifts[0]
        np.testing.assert_allclose(
            explanation.crop[:, :n_alone], decibels[0, 0][:, :n_alone], atol=1e-3
        )


def test_the_four_steps_are_explained_as_their_transformer(recordings):
    paths, boards = recordings
    steps = article_preprocessing(shifts=(0,))
    steps.set_params(load__sr=22050, load__duration=0.8, spectrogram__sr=22050)
    steps.set_params(spectrogram__n_fft=512, spectrogram__hop_length=256)
    steps.set_params(crop__n_freqs=32, crop__n_frames=16, crop__pre_frames=2)
    one = make_pipeline(article_features(**SETTINGS), SpectrumDetector(random_state=0))
    four = make_pipeline(steps, SpectrumDetector(random_state=0))
    maps = [
        explain_takes(each.fit(paths[:16], boards[:16]), paths[-2:])
        for each in (one, four)
    ]
    for ours, theirs in zip(*maps, strict=True):
        np.testing.assert_allclose(ours.crop, theirs.crop, atol=1e-3)
        scale = np.abs(ours.values).max()
        np.testing.assert_allclose(ours.values, theirs.values, atol=0.05 * scale)


def test_level_explains_nothing_where_each_take_is_standardized(waveforms):
    pipeline = make_pipeline(
        article_features(input="waveform", **SETTINGS), CropDetector(random_state=0)
    ).fit(waveforms)
    first, second = explain_takes(pipeline, [waveforms[0], waveforms[0] / 4])
    np.testing.assert_allclose(
        first.values, second.values, atol=1e-3 * np.abs(first.values).max()
    )
    assert first.crop.mean() - second.crop.mean() == pytest.approx(12.04, abs=0.01)


def test_it_is_the_same_each_time_whatever_else_is_explained(waveforms):
    pipeline = make_pipeline(
        article_features(input="waveform", **SETTINGS), JoinedDetector(random_state=0)
    ).fit(waveforms)
    together = explain_takes(pipeline, waveforms[:3])
    again = explain_takes(pipeline, waveforms[:3])
    (alone,) = explain_takes(pipeline, waveforms[1:2])
    np.testing.assert_array_equal(together[1].values, again[1].values)
    np.testing.assert_allclose(
        together[1].values, alone.values, atol=1e-3 * np.abs(alone.values).max()
    )


def test_takes_that_cannot_be_used_have_no_map(waveforms):
    features = article_features(input="waveform", on_error="nan", **SETTINGS)
    pipeline = make_pipeline(features, CropDetector()).fit(waveforms)
    silent = np.zeros(17640, dtype=np.float32)
    with pytest.warns(UserWarning, match="zero"):
        bad, good = explain_takes(pipeline, [silent, waveforms[0]])
    assert np.isnan(bad.score)
    assert np.isnan(bad.values).all()
    assert np.isfinite(good.values).all()
    with pytest.warns(UserWarning, match="zero"):
        nearest = nearest_normal(pipeline, [silent, waveforms[3]], waveforms)
    assert nearest.tolist() == [-1, 3]


def test_normal_takes_are_compared_with(waveforms):
    pipeline = make_pipeline(
        article_features(input="waveform", **SETTINGS), CropDetector(random_state=0)
    ).fit(waveforms[:20])
    (itself,) = explain_takes(pipeline, waveforms[20:21], normal_takes=waveforms[20:])
    np.testing.assert_allclose(itself.values, 0, atol=1e-6)
    del pipeline[-1].normal_crop_
    with pytest.raises(ValueError, match="give normal_takes"):
        explain_takes(pipeline, waveforms[20:21])


def test_a_normality_of_ones_own_is_explained_by_occlusion():
    crops, _ = make_crops()
    normality = LocalOutlierFactor(novelty=True, algorithm="brute")
    detector = CropDetector(normality=normality).fit(crops)
    (explanation,) = explain_takes(detector, crops[:1])
    assert explanation.method == "occlusion"
    with pytest.raises(ValueError, match="no form in torch"):
        explain_takes(detector, crops[:1], method="mask")


def test_errors_name_the_cure(monkeypatch):
    crops, _ = make_crops()
    with pytest.raises(NotFittedError):
        explain_takes(CropDetector(), crops)
    with pytest.raises(ValueError, match="must be one of auto"):
        explain_takes(fit_once("crop"), crops, method="lime")
    with pytest.raises(ValueError, match="no detector of tapsklearn"):
        explain_takes(OneClassSVM().fit(crops[:, 0]), crops[:, 0])
    with pytest.raises(ValueError, match="use method='mask'"):
        explain_takes(fit_once("encoder"), crops[:1], method="distance")
    with pytest.raises(ValueError, match="parts has shape"):
        score_replaced(fit_once("crop"), crops[:1], np.zeros((1, 3, 3)))
    with pytest.raises(ValueError, match="from 0 to 1"):
        score_replaced(fit_once("crop"), crops[:1], np.full((1, 12, 16), 2.0))
    monkeypatch.setitem(sys.modules, "captum", None)
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install .*\[explain\]"):
        explain_takes(fit_once("crop"), crops[:1], method="gradient")
