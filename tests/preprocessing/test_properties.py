"""What holds for any take and any parameters."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from taps import make_tap

from tapsklearn.preprocessing import (
    LogSpectrogram,
    Standardizer,
    TapCrop,
    crop_tap,
    find_onset,
    frame_energy,
    log_spectrogram,
    standardize,
)

# librosa's: a frame longer than the take, mel bands narrower than a bin. Both are
# allowed and tried here.
pytestmark = pytest.mark.filterwarnings(
    "ignore:n_fft=.* is too large", "ignore:Empty filters detected"
)

SR, N_FFT, HOP = 44100, 1024, 128
seeds = st.integers(0, 2**32 - 1)


# ---------------------------------------------------------------- shapes, finiteness
# Small and quick, with many corners: hence more examples than elsewhere.


@st.composite
def waveforms(draw: st.DrawFn) -> NDArray[np.floating]:
    """Make one to three takes, silent and constant ones among them, some NaN."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 300)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    samples = st.floats(-1, 1, width=np.dtype(dtype).itemsize * 8)
    X = draw(arrays(dtype, shape, elements=samples, fill=samples))
    X[draw(st.lists(st.integers(0, shape[0] - 1), max_size=1))] = np.nan
    return X


@settings(max_examples=300)
@given(
    X=waveforms(),
    n_fft=st.integers(2, 64),
    hop_length=st.integers(1, 80),
    n_mels=st.none() | st.integers(1, 12),
)
def test_any_spectrogram(
    X: NDArray, n_fft: int, hop_length: int, n_mels: int | None
) -> None:
    parameters = {"n_fft": n_fft, "hop_length": hop_length, "n_mels": n_mels}
    spectrograms = LogSpectrogram(**parameters).fit_transform(X)
    # Centred frames: one for each hop that begins within the take; an odd frame
    # has no centre and wants one sample more.
    n_frames = len(range(0, X.shape[1] + 1 - n_fft % 2, hop_length))
    assert spectrograms.shape == (len(X), n_mels or n_fft // 2 + 1, n_frames)
    assert spectrograms.dtype == np.float32
    for spectrogram, x in zip(spectrograms, X, strict=True):
        if np.isnan(x).any():
            assert np.isnan(spectrogram).all()
        else:
            assert np.isfinite(spectrogram).all()
            assert np.ptp(spectrogram) <= 80.0001
            np.testing.assert_array_equal(spectrogram, log_spectrogram(x, **parameters))


@st.composite
def crops(draw: st.DrawFn) -> tuple[NDArray[np.floating], dict[str, Any]]:
    """Make spectrograms and parameters with which they can be cropped."""
    shape = [draw(st.integers(1, 3)), draw(st.integers(1, 5)), draw(st.integers(1, 40))]
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    levels = st.floats(-100, 40, width=32)
    X = draw(arrays(dtype, shape, elements=levels, fill=levels))
    X[draw(st.lists(st.integers(0, shape[0] - 1), max_size=1))] = np.nan
    n_frames = draw(st.integers(1, 30))
    return X, {
        "n_freqs": draw(st.integers(1, shape[1])),
        "n_frames": n_frames,
        "pre_frames": draw(st.integers(0, n_frames - 1)),
        "shifts": draw(st.lists(st.integers(-60, 60), min_size=1, max_size=3)),
    }


@pytest.mark.filterwarnings("ignore:.*holds no tap")
@settings(max_examples=300)
@given(case=crops())
def test_any_crop(case: tuple[NDArray, dict[str, Any]]) -> None:
    X, parameters = case
    crops = TapCrop(**parameters, on_error="nan").fit_transform(X)
    n_views = len(parameters["shifts"])
    views = (n_views,) if n_views > 1 else ()
    shape = (*views, parameters["n_freqs"], parameters["n_frames"])
    assert crops.shape == (len(X), *shape)
    assert crops.dtype == X.dtype
    for crop, x in zip(crops, X, strict=True):
        if np.isnan(x).any():
            assert np.isnan(crop).all()
        elif np.isnan(crop).any():
            # Only a take without a tap may end as NaN, and then wholly.
            assert np.isnan(crop).all()
            with pytest.raises(ValueError, match="holds no tap"):
                crop_tap(x, **parameters)
        else:
            # Nothing is made up: what is not of the take's lowest rows is its floor.
            assert np.isin(crop, [*x[: parameters["n_freqs"]].ravel(), x.min()]).all()
            # A crop that is not moved holds the loudest frame.
            if 0 in parameters["shifts"]:
                view = crop[parameters["shifts"].index(0)] if views else crop
                loudest = x[: parameters["n_freqs"], np.argmax(frame_energy(x))]
                assert (view == loudest[:, None]).all(axis=0).any()


@settings(max_examples=300)
@given(case=crops(), per=st.sampled_from(["take", "frequency"]))
def test_any_standardized_crop(case: tuple[NDArray, dict[str, Any]], per: str) -> None:
    X, _ = case
    bad = np.isnan(X).any(axis=(1, 2))
    if bad.all():
        return
    standardized = Standardizer(per=per).fit_transform(X)
    assert standardized.shape == X.shape
    assert standardized.dtype == X.dtype
    assert np.isnan(standardized[bad]).all()
    assert np.isfinite(standardized[~bad]).all()
    axes = (1, 2) if per == "take" else (0, 2)
    np.testing.assert_allclose(standardized[~bad].mean(axis=axes), 0, atol=1e-3)
    # One, or zero where there was nothing to scale.
    spread = standardized[~bad].std(axis=axes)
    assert np.all((np.abs(spread - 1) < 1e-3) | (spread < 1e-3))


# ---------------------------------------------------------------- loudness


@given(seed=seeds, gain_db=st.floats(-40, 6), noise_db=st.floats(-90, -30))
def test_loudness_is_taken_away(seed: int, gain_db: float, noise_db: float) -> None:
    # As float64: at 80 dB below the loudest bin the rounding of a float32 spectrum
    # is some hundredths of a dB.
    rng = np.random.default_rng(seed)
    tap = make_tap(rng, seconds=1.0, onset=0.3, noise_db=noise_db).astype(np.float64)
    spectrogram = log_spectrogram(tap)
    # Below -20 dB the floor, 80 dB down, would meet librosa's smallest power.
    assert spectrogram.max() + gain_db > -20
    louder = log_spectrogram(10 ** (gain_db / 20) * tap)
    assert louder.max() == pytest.approx(spectrogram.max() + gain_db, abs=1e-3)
    np.testing.assert_allclose(
        standardize(crop_tap(louder)), standardize(crop_tap(spectrogram)), atol=1e-4
    )


# ---------------------------------------------------------------- onset


def onset_by_physics(start: int, n_samples: int, decay: float) -> int:
    """Find from the window alone in which frame a tap begins.

    A tap's energy from `start` on falls as exp(-2 t / decay); a frame sees it
    through its squared Hann window, centred at the frame's hop. The tap begins in
    the first frame that sees a tenth of what the frame that sees most does.
    """
    time = (np.arange(n_samples) - start) / SR
    power = np.where(time < 0, 0.0, np.exp(-2 * np.maximum(time, 0) / decay))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(power, N_FFT // 2), N_FFT)[
        ::HOP
    ]
    seen = frames @ window**2
    return int(np.argmax(seen >= 0.1 * seen.max()))


@given(
    seed=seeds,
    start=st.integers(0, SR - 2000),
    decay=st.floats(0.01, 0.3),
    noise_db=st.floats(-80, -30),
)
def test_onset_is_where_the_window_meets_the_tap(
    seed: int, start: int, decay: float, noise_db: float
) -> None:
    tap = make_tap(
        np.random.default_rng(seed),
        seconds=1.0,
        onset=start / SR,
        decay=decay,
        noise_db=noise_db,
    )
    expected = onset_by_physics(start, len(tap), decay)
    spectrogram = log_spectrogram(tap)
    onset = find_onset(frame_energy(spectrogram))
    assert abs(onset - expected) <= 1
    # Before the tap itself by no more than half a window, and never much after it.
    assert -N_FFT // 2 <= onset * HOP - start <= N_FFT // 2

    # And it is 10 frames into the crop.
    padded = np.pad(spectrogram, ((0, 0), (10, 0)), constant_values=spectrogram.min())
    np.testing.assert_array_equal(
        crop_tap(spectrogram)[0, :, :11], padded[:100, onset : onset + 11]
    )


@given(seed=seeds, hops=st.integers(-50, 50), noise_db=st.floats(-80, -20))
def test_sliding_a_take_by_hops_moves_the_onset(
    seed: int, hops: int, noise_db: float
) -> None:
    # A second cut from three, around a tap that is not on any hop of its own; the
    # crop never comes near the cuts.
    rng = np.random.default_rng(seed)
    start = int(rng.integers(SR + 18000, SR + 22000))
    recording = make_tap(rng, onset=start / SR, noise_db=noise_db)
    first = SR - hops * HOP
    onset = find_onset(frame_energy(log_spectrogram(recording[SR : 2 * SR])))
    moved = log_spectrogram(recording[first : first + SR])
    assert find_onset(frame_energy(moved)) == onset + hops
    # The crop does not move with the take, but for the floor that both hang from.
    np.testing.assert_allclose(
        crop_tap(moved), crop_tap(log_spectrogram(recording[SR : 2 * SR])), atol=1e-3
    )
