"""The four steps in a row against the article's recipe, written out."""

from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from sklearn.base import clone
from taps import make_tap

from tapsklearn.preprocessing import (
    LogSpectrogram,
    Standardizer,
    TapCrop,
    WavLoader,
    article_preprocessing,
    find_rumble,
)


def by_hand(path: Path) -> NDArray[np.floating]:
    """Follow the article with librosa and numpy alone, once rumble is taken out."""
    samples, rate = soundfile.read(path, dtype="float32")
    samples -= find_rumble(samples, sr=rate)
    waveform = librosa.resample(samples, orig_sr=rate, target_sr=44100)
    waveform = librosa.util.fix_length(waveform, size=3 * 44100)
    power = np.abs(librosa.stft(waveform, n_fft=1024, hop_length=128)) ** 2
    decibel = librosa.power_to_db(power)

    # The tap begins in the first frame within 10 dB of the loudest one, which the
    # 110 frames that the crop keeps from the tap on must still hold.
    energy = power.sum(axis=0)
    loudest = np.argmax(energy)
    earliest = max(0, loudest - 109)
    onset = earliest + np.argmax(energy[earliest:] >= energy[loudest] / 10)

    padded = np.pad(decibel, ((0, 0), (200, 200)), constant_values=decibel.min())
    views = []
    for shift in (0, 6):
        first = 200 + onset - 10 + shift
        crop = padded[:100, first : first + 120]
        views.append((crop - crop.mean()) / crop.std())
    return np.stack(views)


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("seconds", [2.0, 3.0])
@pytest.mark.parametrize("onset", [0.0, 0.7, 1.9])
def test_equals_the_recipe(
    tmp_path: Path, rate: int, seconds: float, onset: float
) -> None:
    path = tmp_path / "tap.wav"
    if onset == 1.9:
        seconds += 0.5
    tap = make_tap(np.random.default_rng(0), seconds=seconds, onset=onset, sr=rate)
    soundfile.write(path, tap, rate)
    crops = article_preprocessing().fit_transform([path])
    assert crops.shape == (1, 2, 100, 120)
    assert crops.dtype == np.float32
    np.testing.assert_allclose(crops[0], by_hand(path), rtol=0, atol=1e-3)


def test_equals_the_recipe_on_real_takes(recordings: Callable[[str], Path]) -> None:
    paths = sorted(recordings("hammer-floor").glob("*/*.wav"))[::12]
    assert len(paths) >= 20
    crops = article_preprocessing().fit_transform(paths)
    for crop, path in zip(crops, paths, strict=True):
        np.testing.assert_allclose(crop, by_hand(path), rtol=0, atol=1e-3)


def test_article_preprocessing_is_the_steps_with_their_defaults() -> None:
    pipe = article_preprocessing()
    assert [type(step) for _, step in pipe.steps] == [
        WavLoader,
        LogSpectrogram,
        TapCrop,
        Standardizer,
    ]
    assert pipe.get_params()["crop__shifts"] == (0, 6)
    for name, step in pipe.steps:
        if name != "crop":
            assert step.get_params() == type(step)().get_params()
    expected = TapCrop(shifts=(0, 6)).get_params()
    assert pipe.named_steps["crop"].get_params() == expected
    one_view = article_preprocessing(shifts=(3,))
    assert one_view.get_params()["crop__shifts"] == (3,)
    # Each call gives its own, which a grid may change.
    clone(pipe).set_params(spectrogram__n_mels=64)
    pipe.set_params(crop__n_frames=60)
    assert article_preprocessing().get_params()["crop__n_frames"] == 120
