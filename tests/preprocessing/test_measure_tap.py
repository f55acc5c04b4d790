"""How long a tap rings and how high its energy reaches, whatever is around it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from taps import make_tap

from tapsklearn.preprocessing import TapMeasure, measure_tap

# A mode falls by 40 dB in so many of its time constants.
FALL_40_DB = 2 * np.log(10)


def measure(tap: NDArray[np.float32], sr: int = 44100) -> TapMeasure:
    return measure_tap(tap, sr, tap=int(np.abs(tap).argmax()))


@pytest.mark.parametrize("decay", [0.005, 0.02, 0.08])
@pytest.mark.parametrize("sr", [16000, 44100, 96000])
def test_ring_is_the_time_of_40_db(decay: float, sr: int) -> None:
    rng = np.random.default_rng(0)
    tap = make_tap(rng, sr=sr, freqs=(1500.0,), decay=decay, noise_db=-80)
    assert measure(tap, sr).ring == pytest.approx(FALL_40_DB * decay, abs=0.008)


def test_ring_ends_in_the_background() -> None:
    rings = [
        measure(make_tap(np.random.default_rng(0), freqs=(1500.0,), noise_db=noise))
        for noise in (-80, -40, -30, -20)
    ]
    assert np.all(np.diff([each.ring for each in rings]) <= 0)
    assert rings[-1].ring < 0.6 * rings[0].ring
    assert all(each.is_whole and each.has_background for each in rings)


@pytest.mark.parametrize("noise_db", [-80, -60, -40, -30, -20])
def test_band_is_of_the_tap_and_not_of_noise(noise_db: float) -> None:
    """White noise reaches up to 22 kHz."""
    tap = make_tap(np.random.default_rng(0), freqs=(400.0, 2900.0), noise_db=noise_db)
    assert measure(tap).band == pytest.approx(3000, abs=600)


@pytest.mark.parametrize("onset", [0.0, 0.001, 0.02, 0.5, 2.5])
def test_place_of_the_tap_does_not_matter(onset: float) -> None:
    tap = make_tap(np.random.default_rng(0), seconds=3.0, onset=onset, noise_db=-70)
    usual = measure(make_tap(np.random.default_rng(0), onset=1.0, noise_db=-70))
    found = measure(tap)
    assert found.ring == pytest.approx(usual.ring, abs=0.005)
    assert found.band == pytest.approx(usual.band, rel=0.1)
    assert found.before == pytest.approx(onset, abs=0.003)
    assert found.before + found.after == pytest.approx(3.0, abs=1e-6)


def test_a_stretch_measures_as_the_whole() -> None:
    tap = make_tap(np.random.default_rng(0), seconds=3.0, onset=1.0)
    loudest = int(np.abs(tap).argmax())
    first, last = loudest - 8820, loudest + 44100
    stretch = measure_tap(
        tap[first:last],
        44100,
        tap=loudest - first,
        seconds_before=loudest / 44100,
        seconds_after=(len(tap) - loudest) / 44100,
    )
    whole = measure(tap)
    assert stretch.ring == pytest.approx(whole.ring, abs=0.003)
    assert stretch.before == pytest.approx(whole.before, abs=0.001)
    assert stretch.after == pytest.approx(whole.after, abs=0.001)


def test_nothing_but_the_tap() -> None:
    """As of a bottle: 46 ms, in which it hardly fades."""
    tap = make_tap(np.random.default_rng(0), seconds=0.0464, onset=0.0, decay=0.5)
    found = measure(tap)
    assert not found.is_whole
    assert not found.has_background
    assert found.ring == pytest.approx(0.0464, abs=0.002)


def test_levels_follow_the_strike_and_leave_out_the_background() -> None:
    rng = np.random.default_rng(0)
    tap = make_tap(rng, freqs=(1500.0, 4000.0), noise_db=-50)
    quiet, loud = measure(0.1 * tap), measure(tap)
    assert quiet.stands_out == loud.stands_out
    assert 2 <= sum(loud.stands_out) < 60
    np.testing.assert_allclose(np.subtract(loud.levels, quiet.levels), 20, atol=1e-2)


@settings(max_examples=60, deadline=None)
@given(
    n_samples=st.integers(1, 5000),
    sr=st.sampled_from([1000, 8000, 44100, 500_000]),
    place=st.floats(0, 1),
    seed=st.integers(0, 9),
    gain=st.sampled_from([0.0, 1e-6, 1.0]),
)
def test_anything_can_be_measured(
    n_samples: int, sr: int, place: float, seed: int, gain: float
) -> None:
    samples = gain * np.random.default_rng(seed).normal(size=n_samples)
    found = measure_tap(samples, sr, tap=round(place * (n_samples - 1)))
    seconds = n_samples / sr
    assert 0 <= found.ring <= seconds + 1e-9
    assert 0 <= found.attack <= seconds
    assert 0 <= found.band <= sr / 2
    assert found.before + found.after == pytest.approx(seconds)
