"""What is radiated and heard, and what is heard besides."""

from dataclasses import replace

import numpy as np
import pytest

from tapsklearn.synthesis import Crack, Plate, Rig, plate_modes
from tapsklearn.synthesis._microphone import (
    dipole_factor,
    modal_pressure,
    rigid_pressure,
)
from tapsklearn.synthesis._noise import recording_noise
from tapsklearn.synthesis._ringing import ring

SILENCE = Rig(pink_dbfs=-np.inf, hum_dbfs=-np.inf, white_dbfs=-np.inf)


def level(x: np.ndarray) -> float:
    """Give the root mean square in dB relative to full scale."""
    return float(10 * np.log10(np.mean(np.square(x, dtype=np.float64))))


# ---------------------------------------------------------------- the microphone


def test_pressure_is_rayleighs_integral() -> None:
    plate = Plate(crack=Crack(0.25, 0.6, 0.04))
    modes = plate_modes(plate)
    position = (0.12, -0.18, 0.09)
    n_x, n_y = 160, 120
    x = (np.arange(n_x) + 0.5) / n_x * plate.length
    y = (np.arange(n_y) + 0.5) / n_y * plate.width
    shapes = modes.shapes_on_grid(x, y)
    distance = np.sqrt((x[:, None] - 0.12) ** 2 + (y + 0.18) ** 2 + 0.09**2)
    wavenumber = 2 * np.pi * modes.frequencies / 343.0
    waves = np.exp(-1j * wavenumber[:, None, None] * distance) / distance
    cell = plate.length * plate.width / (n_x * n_y)
    integral = 1.204 / (2 * np.pi) * (shapes * waves).sum(axis=(1, 2)) * cell
    corner = 343.0 / (2 * np.sqrt(0.2 * 0.13))
    cancelled = modes.frequencies / np.sqrt(modes.frequencies**2 + corner**2)
    found = np.abs(modal_pressure(modes, position))
    expected = np.abs(integral * cancelled)
    low = modes.frequencies < 4500
    np.testing.assert_allclose(found[low], expected[low], atol=0.015 * expected.max())
    np.testing.assert_allclose(found, expected, atol=0.04 * expected.max())


def test_only_even_modes_are_heard_above_the_middle() -> None:
    modes = plate_modes(Plate())
    corner, along, across = modes.shapes([0.0, 0.2, 0.0], [0.0, 0.0, 0.13]).T
    even = (corner * along > 0) & (corner * across > 0)
    assert 5 < even.sum() < len(even) - 5
    above = np.abs(modal_pressure(modes, (0.1, 0.065, 0.3)))
    aside = np.abs(modal_pressure(modes, (0.03, 0.0, 0.3)))
    assert (above[~even] < 1e-9 * aside[~even]).all()
    assert (above[even] > 0.01 * aside[even]).all()


def test_pressure_falls_with_distance() -> None:
    # Aside: straight above, the parts of a free plate's modes cancel, more so the
    # further away.
    modes = plate_modes(Plate())
    near, far = (
        np.abs(modal_pressure(modes, (0.1 + 0.6 * r, 0.065 + 0.5 * r, 0.6 * r)))
        for r in (40.0, 80.0)
    )
    loud = near > 0.02 * near.max()
    assert loud.sum() > 15
    np.testing.assert_allclose(near[loud] / far[loud], 2, rtol=0.02)
    rigid = [rigid_pressure(Plate(), (0.1, 0.065, z)) for z in (20.0, 40.0)]
    assert rigid[0] / rigid[1] == pytest.approx(2, rel=1e-3)


def test_back_cancels_what_is_slow() -> None:
    factor = dipole_factor(Plate(), np.array([1.0, 10.0, 1063.6, 1e6]))
    assert factor[1] / factor[0] == pytest.approx(10, rel=1e-3)
    assert factor[2] == pytest.approx(np.sqrt(0.5), rel=1e-3)
    assert factor[3] == pytest.approx(1, rel=1e-5)


# ---------------------------------------------------------------- ringing


def test_ringing_is_the_sum_of_its_modes() -> None:
    rng = np.random.default_rng(0)
    amplitudes = rng.normal(size=7) + 1j * rng.normal(size=7)
    poles = -rng.uniform(5, 200, 7) + 2j * np.pi * rng.uniform(50, 9000, 7)
    n = 5000
    time = np.arange(n) / 44100
    expected = (amplitudes[:, None] * np.exp(poles[:, None] * time)).imag.sum(axis=0)
    found = ring(amplitudes, poles, n_samples=n, sample_rate=44100)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 127, 128, 129])
def test_ringing_of_any_length(n: int) -> None:
    one = np.array([1.0]), np.array([-10.0 + 100j])
    whole = ring(*one, n_samples=500, sample_rate=1000)
    np.testing.assert_array_equal(ring(*one, n_samples=n, sample_rate=1000), whole[:n])


# ---------------------------------------------------------------- noise


@pytest.mark.parametrize("name", ["pink_dbfs", "white_dbfs", "hum_dbfs"])
@pytest.mark.parametrize("dbfs", [-80.0, -40.0])
def test_noise_has_the_stated_level(name: str, dbfs: float) -> None:
    rig = replace(SILENCE, **{name: dbfs})
    levels = [
        level(recording_noise(rig, np.random.default_rng(seed))) for seed in range(5)
    ]
    np.testing.assert_allclose(levels, dbfs, atol=0.4)
    assert np.mean(levels) == pytest.approx(dbfs, abs=0.15)


def test_levels_add_up_as_power() -> None:
    noise = recording_noise(Rig(), np.random.default_rng(0))
    assert noise.dtype == np.float32
    assert noise.shape == (132300,)
    expected = 10 * np.log10(10**-7.4 + 10**-8.4 + 10**-9.2)
    assert level(noise) == pytest.approx(expected, abs=0.4)


def test_no_noise_is_silence() -> None:
    assert not recording_noise(SILENCE, np.random.default_rng(0)).any()


@pytest.mark.parametrize(("name", "slope"), [("pink_dbfs", 0.0), ("white_dbfs", 3.01)])
def test_color_of_noise(name: str, slope: float) -> None:
    rig = replace(SILENCE, **{name: -40.0})
    spectra = [
        np.abs(np.fft.rfft(recording_noise(rig, np.random.default_rng(seed)))) ** 2
        for seed in range(4)
    ]
    power = np.mean(spectra, axis=0)
    frequencies = np.fft.rfftfreq(132300, 1 / 44100)
    octaves = [
        10 * np.log10(power[(frequencies >= low) & (frequencies < 2 * low)].sum())
        for low in 50.0 * 2 ** np.arange(8)
    ]
    np.testing.assert_allclose(np.diff(octaves), slope, atol=0.8)
    fit = np.polyfit(range(8), octaves, 1)[0]
    assert fit == pytest.approx(slope, abs=0.15)


def test_hum_is_one_tone() -> None:
    rig = replace(SILENCE, hum_dbfs=-40.0, hum_frequency=60.0)
    hum = recording_noise(rig, np.random.default_rng(0))
    spectrum = np.abs(np.fft.rfft(hum))
    assert np.fft.rfftfreq(132300, 1 / 44100)[spectrum.argmax()] == pytest.approx(60)
    spectrum[spectrum.argmax()] = 0
    assert spectrum.max() < 1e-4 * np.abs(np.fft.rfft(hum)).max()
    other = recording_noise(rig, np.random.default_rng(1))
    assert not np.allclose(hum, other)  # another phase


@pytest.mark.parametrize("duration", [1.5, 1.7, 44101 / 44100])
def test_noise_of_any_length(duration: float) -> None:
    rig = Rig(duration=duration, latest_onset=0.5)
    noise = recording_noise(rig, np.random.default_rng(0))
    assert noise.shape == (round(44100 * duration),)
    assert level(noise) == pytest.approx(-73.5, abs=0.7)
