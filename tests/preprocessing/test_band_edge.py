"""A narrow band is found by its edge, and nothing else is taken for one."""

from pathlib import Path

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from tapsklearn.preprocessing import (
    find_band_edge,
    find_reach,
    inspect_take,
    measure_tap,
)

SR = 44100


def make_take(*, seed=0, gain=1.0, noise=3e-4, decay=0.03):
    rng = np.random.default_rng(seed)
    time = np.arange(SR) / SR
    since = np.clip(time - 0.4, 0, None)
    take = noise * rng.normal(size=SR)
    for frequency in 300 * 1.5 ** np.arange(9):
        take += (
            0.1
            * (since > 0)
            * np.exp(-since / decay)
            * np.sin(2 * np.pi * frequency * since)
        )
    # The blow itself has all frequencies.
    take += 0.3 * (since > 0) * np.exp(-since / 0.0005) * rng.normal(size=SR)
    return gain * take


def round_off(take):
    return ((2**15 * take).round() / 2**15).astype(np.float32)


def measure(take, sr=SR):
    return measure_tap(round_off(take), sr, tap=round(0.4 * sr))


def narrow(take, highest):
    low = soxr.resample(take, SR, 2 * highest)
    return soxr.resample(low, 2 * highest, SR)[: len(take)]


@given(
    highest=st.sampled_from([4000, 6000, 8000, 12000, 16000]),
    seed=st.integers(0, 99),
    gain=st.floats(0.2, 2.0),
    noise=st.floats(1.5e-4, 3e-3),
)
def test_an_edge_is_found_where_it_is(highest, seed, gain, noise):
    take = make_take(seed=seed, gain=gain, noise=noise)
    edge = find_band_edge(measure(narrow(take, highest)))
    # Within two parts of the spectrum.
    assert edge == pytest.approx(highest, abs=2.5 * SR / 128)


@given(
    seed=st.integers(0, 99),
    gain=st.floats(0.1, 2.0),
    noise=st.floats(1e-5, 3e-3),
    decay=st.floats(0.003, 0.1),
)
def test_a_full_band_has_none(seed, gain, noise, decay):
    """However soft, quiet or short."""
    take = make_take(seed=seed, gain=gain, noise=noise, decay=decay)
    assert find_band_edge(measure(take)) is None


def test_a_lower_rate_has_none():
    """What its rate leaves out is said of the rate."""
    low = soxr.resample(make_take(), SR, 16000)
    assert find_band_edge(measure(low, 16000)) is None


def test_reach_is_the_highest_sound():
    assert find_reach(measure(make_take(noise=3e-3))) == SR / 2
    assert find_reach(measure(narrow(make_take(), 8000))) == pytest.approx(
        8000, abs=700
    )
    assert find_reach(measure(np.zeros(SR))) == 0


@pytest.mark.parametrize(
    ("name", "n_files"), [("hammer-floor", 40), ("steel-rods", 60), ("bottles", 40)]
)
def test_recordings_are_of_one_device(recordings, name, n_files):
    """Single takes may look narrow; no two thirds of a set do."""
    folder: Path = recordings(name)
    files = sorted(folder.rglob("*.wav"))
    files = files[:: max(1, len(files) // n_files)]
    measures = [inspect_take(file)[2] for file in files]
    edges = [find_band_edge(each) for each in measures if each is not None]
    assert np.mean([edge is not None for edge in edges]) < 0.2
