"""Takes: what is heard of the modes, at which pitch and for how long."""

from dataclasses import replace

import numpy as np
import pytest
from rendered import CORNER, CRACKED, LEFT_END, QUIET, SR, spectral_peaks, tap_of

from tapsklearn.synthesis import Plate, Strike, plate_modes, render_tap


@pytest.mark.parametrize("plate", [Plate(), CRACKED], ids=["intact", "cracked"])
@pytest.mark.parametrize("strike", [LEFT_END, CORNER], ids=["left end", "corner"])
def test_peaks_lie_at_the_modes(plate: Plate, strike: Strike) -> None:
    tap = tap_of(render_tap(plate, strike, QUIET, random_state=0))
    heard = spectral_peaks(tap, n=6)
    modes = plate_modes(plate).frequencies
    nearest = np.abs(heard[:, None] / modes - 1).min(axis=1)
    assert len(heard) == 6
    assert (nearest < 0.006).all()
    assert np.median(nearest) < 0.002


def test_intact_and_cracked_plate_differ_in_pitch() -> None:
    intact, cracked = (
        spectral_peaks(tap_of(render_tap(plate, CORNER, QUIET, random_state=0)), n=8)
        for plate in (Plate(), CRACKED)
    )
    # The first mode, 481 Hz: 1.5 % lower.
    assert cracked[0] / intact[0] == pytest.approx(0.985, abs=0.002)


def test_frequencies_vary_from_take_to_take_as_stated() -> None:
    rig = replace(QUIET, frequency_spread=0.0015)
    first = [
        spectral_peaks(tap_of(render_tap(Plate(), CORNER, rig, random_state=seed)), n=6)
        for seed in range(40)
    ]
    varied = np.log([peaks[0] for peaks in first])
    assert 0.0011 < varied.std() < 0.0020
    # All together: the ratio of two stays.
    ratio = np.log([peaks[1] / peaks[0] for peaks in first])
    assert ratio.std() < 0.0003


@pytest.mark.parametrize("index", [0, 1, 4])
@pytest.mark.parametrize("plate", [Plate(), CRACKED], ids=["intact", "cracked"])
def test_modes_decay_by_loss_factor_and_support(plate: Plate, index: int) -> None:
    # Modes 0, 1 and 4 have no neighbour within 200 Hz. A Gaussian window that
    # moves along follows one of them.
    modes = plate_modes(plate)
    frequency, loss = modes.frequencies[index], modes.loss_factors[index]
    tap = tap_of(render_tap(plate, CORNER, QUIET, random_state=0))
    time = np.arange(len(tap)) / SR
    moved = tap * np.exp(-2j * np.pi * frequency * time)
    centres = np.linspace(0.040, 0.080, 9)
    amplitudes = [
        np.abs((moved * np.exp(-0.5 * ((time - centre) / 0.008) ** 2)).sum())
        for centre in centres
    ]
    decay = -np.polyfit(centres, np.log(amplitudes), 1)[0]
    expected = np.pi * frequency * loss + QUIET.support_decay
    assert decay == pytest.approx(expected, rel=0.05)


def test_strike_on_a_nodal_line_leaves_its_mode_silent() -> None:
    # The first mode twists: along the plate's middle it does not move.
    def heard_at(y: float) -> float:
        tap = tap_of(render_tap(Plate(), Strike(0.02, y), QUIET, random_state=0))
        time = np.arange(len(tap)) / SR
        window = np.hanning(len(tap)) * np.exp(-2j * np.pi * 481.3 * time)
        return float(np.abs((tap * window).sum()))

    assert heard_at(0.065) < 0.05 * heard_at(0.010)
