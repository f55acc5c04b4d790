"""From the four steps to one transformer, and back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sklearn.pipeline import make_pipeline
from taps import make_tap

from tapsklearn.preprocessing import (
    LogSpectrogram,
    Standardizer,
    TapCrop,
    WavLoader,
    article_features,
    article_preprocessing,
    fuse_steps,
)

SR = 44100


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(1)
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    for path in paths:
        soundfile.write(path, make_tap(rng), SR)
    return paths


@pytest.mark.parametrize("per", ["take", "frequency"])
def test_there_and_back(paths: list[Path], per: str) -> None:
    features = article_features(
        sr=22050, n_fft=512, n_freqs=50, shifts=(0, 3), per=per, on_error="nan"
    ).fit(paths[:2])
    steps = features.as_steps()
    expected = features.transform(paths)
    np.testing.assert_allclose(steps.transform(paths), expected, rtol=0, atol=1e-3)
    again = fuse_steps(steps)
    assert again.get_params() == features.get_params()
    # What was fitted stays, and is nobody else's.
    np.testing.assert_array_equal(again.transform(paths), expected)
    features.fit(paths)
    np.testing.assert_array_equal(again.transform(paths), expected)


def test_fuses_pipelines_within_pipelines() -> None:
    features = article_features()
    assert fuse_steps(features) is features
    assert fuse_steps(make_pipeline(features)) is features
    fused = fuse_steps(make_pipeline(article_preprocessing(shifts=(0, 6))))
    assert fused.get_params() == article_features(shifts=(0, 6)).get_params()


@pytest.mark.parametrize(
    "wrong",
    [
        make_pipeline(WavLoader(), LogSpectrogram(), TapCrop()),
        article_preprocessing()[1:],
        make_pipeline(article_features(), Standardizer()),
        Standardizer(),
        None,
    ],
    ids=["three", "arrays", "more", "one", "None"],
)
def test_fuses_nothing_else(wrong: Any) -> None:
    with pytest.raises(ValueError, match="expected TapFeatures, or WavLoader"):
        fuse_steps(wrong)


def test_fuses_no_steps_of_two_rates() -> None:
    steps = (WavLoader(sr=8000), LogSpectrogram(n_mels=40), TapCrop(), Standardizer())
    with pytest.raises(ValueError, match=r"sr=8000.* and LogSpectrogram\(sr=44100"):
        fuse_steps(make_pipeline(*steps))
    steps[1].set_params(n_mels=None)
    assert fuse_steps(make_pipeline(*steps)).sr == 8000


def test_waveforms_have_no_four_steps() -> None:
    with pytest.raises(ValueError, match="input='waveform' has no four steps"):
        article_features(input="waveform").as_steps()
