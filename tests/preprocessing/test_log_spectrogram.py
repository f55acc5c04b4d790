"""LogSpectrogram against the recipe it promises."""

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray
from taps import make_tap

from tapsklearn.preprocessing import LogSpectrogram, log_spectrogram


@pytest.fixture(scope="module")
def takes() -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return np.stack([make_tap(rng, seconds=0.5, onset=0.1 * i) for i in range(3)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("n_fft", "hop_length"), [(1024, 128), (256, 32), (512, 512), (2048, 300), (333, 7)]
)
def test_equals_librosa(
    takes: NDArray, dtype: type, n_fft: int, hop_length: int
) -> None:
    X = takes.astype(dtype)
    spectrograms = LogSpectrogram(n_fft=n_fft, hop_length=hop_length).fit_transform(X)
    assert spectrograms.dtype == np.float32
    for spectrogram, x in zip(spectrograms, X, strict=True):
        power = np.abs(librosa.stft(x, n_fft=n_fft, hop_length=hop_length)) ** 2
        expected = librosa.power_to_db(power)
        assert spectrogram.shape == expected.shape
        np.testing.assert_allclose(spectrogram, expected, rtol=0, atol=1e-3)


def test_defaults_are_the_article_s(takes: NDArray) -> None:
    power = np.abs(librosa.stft(takes[0], n_fft=1024, hop_length=128)) ** 2
    expected = librosa.power_to_db(power)
    for spectrogram in (
        LogSpectrogram().fit_transform(takes)[0],
        log_spectrogram(takes[0]),
    ):
        np.testing.assert_allclose(spectrogram, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("sr", [44100, 16000])
@pytest.mark.parametrize(("n_fft", "n_mels"), [(1024, 64), (2048, 128), (1001, 20)])
def test_mel_equals_librosa(takes: NDArray, sr: int, n_fft: int, n_mels: int) -> None:
    transformer = LogSpectrogram(n_fft=n_fft, hop_length=128, n_mels=n_mels, sr=sr)
    spectrograms = transformer.fit_transform(takes)
    assert spectrograms.shape[:2] == (3, n_mels)
    for spectrogram, x in zip(spectrograms, takes, strict=True):
        power = librosa.feature.melspectrogram(
            y=x, sr=sr, n_fft=n_fft, hop_length=128, n_mels=n_mels
        )
        np.testing.assert_allclose(
            spectrogram, librosa.power_to_db(power), rtol=0, atol=1e-3
        )


def test_floor_hangs_from_each_take_s_own_loudest_bin(takes: NDArray) -> None:
    loud = takes[1]
    quiet = np.float32(1e-2) * loud
    alone = LogSpectrogram().fit_transform(quiet[None])[0]
    spectrograms = LogSpectrogram().fit_transform(np.stack([loud, quiet]))
    np.testing.assert_array_equal(spectrograms[1], alone)
    # 80 dB, of which a floor common to both would leave the quiet take 40.
    np.testing.assert_allclose(np.ptp(spectrograms, axis=(1, 2)), 80, atol=1e-3)
    np.testing.assert_allclose(
        spectrograms.max(axis=(1, 2)) @ [1, -1], 40, rtol=0, atol=1e-3
    )


@pytest.mark.parametrize("n_mels", [None, 20])
@pytest.mark.parametrize("n_samples", [4096, 4097, 4223])
@pytest.mark.parametrize("n_fft", [512, 511])
def test_shape(n_mels: int | None, n_samples: int, n_fft: int) -> None:
    X = np.random.default_rng(0).normal(size=(2, n_samples))
    X[1] = np.nan
    transformer = LogSpectrogram(n_fft=n_fft, hop_length=128, n_mels=n_mels)
    spectrograms = transformer.fit_transform(X)
    # A row of NaN is as wide as any other.
    assert spectrograms.shape == (
        2,
        n_mels or n_fft // 2 + 1,
        4096 // 128 + 1 - (n_fft % 2 and n_samples == 4096),
    )


def test_article_s_shape() -> None:
    X = np.zeros((1, 3 * 44100))
    assert LogSpectrogram().fit_transform(X).shape == (1, 513, 1034)


@pytest.mark.parametrize("bad", [0, 9999, -1, slice(None)])
def test_nan_rows_pass_through(takes: NDArray, bad: int | slice) -> None:
    X = takes.copy()
    X[1, bad] = np.nan
    spectrograms = LogSpectrogram().fit_transform(X)
    assert np.isnan(spectrograms[1]).all()
    np.testing.assert_array_equal(
        spectrograms[[0, 2]], LogSpectrogram().fit_transform(takes[[0, 2]])
    )


def test_silence_is_flat(takes: NDArray) -> None:
    spectrograms = LogSpectrogram().fit_transform(0 * takes)
    assert np.ptp(spectrograms) == 0


def test_infinite_samples_are_an_error(takes: NDArray) -> None:
    X = takes.copy()
    X[1, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        LogSpectrogram().fit_transform(X)


def test_other_length_than_fitted_is_an_error(takes: NDArray) -> None:
    transformer = LogSpectrogram().fit(takes)
    with pytest.raises(ValueError, match="expecting 22050 features"):
        transformer.transform(takes[:, :-1])


@pytest.mark.parametrize("wrong", [{"n_fft": 1}, {"hop_length": 0}, {"n_mels": 0}])
def test_wrong_parameters(takes: NDArray, wrong: dict[str, int]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=f"The '{name}' parameter of LogSpectrogram"):
        LogSpectrogram(**wrong).fit(takes)
