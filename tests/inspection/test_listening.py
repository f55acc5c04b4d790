"""Sounds to listen to: as long, as high and as loud as they should be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tapsklearn.inspection import difference, pitch_down, slow_down
from tests.taps import make_tap

SR = 44100
FREQS = (900.0, 2600.0, 8000.0)


def tap(seed=0, **given_):
    rng = np.random.default_rng(seed)
    return make_tap(
        rng, **{"seconds": 0.5, "onset": 0.05, "freqs": FREQS, "decay": 0.04, **given_}
    )


def peaks(sound, n):
    """Find the frequencies of the largest peaks, at least 200 Hz apart."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    frequencies = np.fft.rfftfreq(len(sound), 1 / SR)
    found = []
    while len(found) < n:
        best = frequencies[spectrum.argmax()]
        spectrum[np.abs(frequencies - best) < 200] = 0
        found.append(best)
    return np.sort(found)


def attack_seconds(sound):
    """Find how long the sound takes from a tenth to nine tenths of its peak."""
    level = np.maximum.accumulate(np.abs(sound)) / np.abs(sound).max()
    return (np.argmax(level >= 0.9) - np.argmax(level >= 0.1)) / SR


@pytest.mark.parametrize("factor", [2, 4, 6.5])
def test_slow_keeps_the_pitch(factor):
    sound = slow_down(tap(), SR, factor=factor)
    assert len(sound) == round(factor * SR / 2)
    np.testing.assert_allclose(peaks(sound, 3), FREQS, atol=45)
    assert np.abs(sound).max() == pytest.approx(np.abs(tap()).max())


def test_slow_keeps_the_attack():
    assert attack_seconds(slow_down(tap(), SR, factor=4)) < 0.03
    # The tap begins where it did, four times as late.
    sound = slow_down(tap(noise_db=-np.inf), SR, factor=4)
    onset = np.argmax(np.abs(sound) > 0.1 * np.abs(sound).max()) / SR
    assert onset == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("octaves", [1, 2])
def test_low_keeps_the_length(octaves):
    sound = pitch_down(tap(), SR, octaves=octaves)
    assert len(sound) == SR // 2
    lowered = np.array(FREQS) / 2**octaves
    np.testing.assert_allclose(peaks(sound, 3), lowered, atol=45)


def test_what_is_alike_leaves_silence():
    whole = tap(noise_db=-np.inf)
    later = np.pad(whole, (700, 0))[: len(whole)]
    left = difference(whole, 0.3 * later, SR)
    assert np.abs(left).max() < 0.02 * np.abs(whole).max()


@pytest.mark.parametrize("gain", [1, 0.3])
def test_what_differs_is_left(gain):
    both = tap(freqs=(900.0, 2600.0), noise_db=-np.inf)
    more = tap(freqs=(900.0, 2600.0), noise_db=-np.inf)
    times = np.arange(len(more) - 2205) / SR
    more[2205:] += 0.15 * np.exp(-times / 0.04) * np.sin(2 * np.pi * 5000 * times)
    for sound in (difference(more, gain * both, SR), difference(both, more, SR)):
        assert peaks(sound, 1)[0] == pytest.approx(5000, abs=45)
        assert 0.03 < np.abs(sound).max() < 0.5


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(np.float32, st.integers(1, 3000), elements=st.floats(-4, 4, width=32)),
    st.sampled_from([8000, 44100, 96000]),
)
def test_any_sound_stays_in_full_scale_and_is_the_same_again(waveform, sr):
    reference = waveform[::-1].copy()
    for call in (
        lambda: slow_down(waveform, sr, factor=3),
        lambda: pitch_down(waveform, sr),
        lambda: difference(waveform, reference, sr),
    ):
        sound = call()
        assert sound.dtype == np.float32
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() <= 1
        np.testing.assert_array_equal(sound, call())


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: slow_down([], SR), "waveform"),
        (lambda: slow_down([[0.0]], SR), "waveform"),
        (lambda: slow_down([0.0, np.nan], SR), "NaN"),
        (lambda: slow_down([0.0], SR, factor=0), "factor"),
        (lambda: slow_down([0.0], 0), "sr="),
        (lambda: pitch_down([0.0], SR, octaves=-1), "octaves"),
        (lambda: difference([0.0], ["a"], SR), "reference"),
    ],
)
def test_errors_name_the_parameter(call, named):
    with pytest.raises(ValueError, match=named):
        call()
