"""The drum over a delamination, rooms and microphones."""

from dataclasses import replace

import numpy as np
import pytest
from rendered import LEFT_END, QUIET, SR, level, tap_of

from tapsklearn.synthesis import (
    Delamination,
    Plate,
    Rig,
    Strike,
    isotropic_material,
    render_tap,
)
from tapsklearn.synthesis._drum import drum_modes
from tapsklearn.synthesis._room import record_in_room, reverberant_tail

CONCRETE = isotropic_material(
    "concrete", density=2300.0, young=30e9, poisson=0.3, loss_factor=0.01
)
SLAB = Plate(0.4, 0.4, 0.06, CONCRETE)


def dimensionless(plate: Plate, x: float, y: float) -> float:
    """Give λ = ωa²√(ρh/D) of the lowest mode of a square drum."""
    split = plate.delamination
    modes = drum_modes(plate, x, y)
    assert split is not None
    assert modes is not None
    layer = split.depth * plate.thickness
    rigidity = plate.material.E_L * layer**3 / 12 / (1 - 0.3**2)
    unit = np.sqrt(rigidity / (plate.material.density * layer)) / split.length**2
    return float(2 * np.pi * modes.frequencies.min() / unit)


# ---------------------------------------------------------------- drum


@pytest.mark.parametrize(
    ("x", "y", "expected", "too_high"),
    [
        # Leissa (1973), ν = 0.3: clamped all round; on three sides; on two that meet
        # in a corner.
        (0.1, 0.1, 35.992, 0.01),
        (0.0, 0.1, 24.020, 0.01),
        (0.1, 0.3, 24.020, 0.01),
        (0.0, 0.0, 6.9421, 0.08),
        (0.3, 0.3, 6.9421, 0.08),
    ],
)
def test_square_drums_ring_as_leissas_plates(x, y, expected, too_high) -> None:
    split = Delamination(x, y, 0.1, 0.1, 0.1)
    plate = replace(SLAB, delamination=split)
    found = dimensionless(plate, x + 0.05, y + 0.05)
    # Products of beams are upper bounds, and close ones but in a corner.
    assert expected * 0.999 < found < expected * (1 + too_high)


def test_a_drum_right_across_is_a_clamped_beam() -> None:
    # Free along two sides: 4.730² for a beam, if nothing contracts.
    layer = replace(CONCRETE, nu_LR=0.0)
    split = Delamination(0.1, 0.0, 0.1, 0.02, 0.1)
    plate = Plate(0.4, 0.02, 0.06, layer, delamination=split)
    modes = drum_modes(plate, 0.15, 0.01)
    assert modes is not None
    unit = np.sqrt(layer.E_L * 0.006**2 / 12 / layer.density) / 0.1**2
    found = 2 * np.pi * np.sort(modes.frequencies)[0] / unit
    assert found == pytest.approx(4.730041**2, rel=1e-4)


def test_there_is_no_drum_beside_the_split_or_without_one() -> None:
    split = Delamination(0.1, 0.1, 0.1, 0.1, 0.1)
    plate = replace(SLAB, delamination=split)
    assert drum_modes(plate, 0.15, 0.15) is not None
    assert drum_modes(plate, 0.15, 0.25) is None
    assert drum_modes(plate.mended(), 0.15, 0.15) is None
    assert drum_modes(SLAB, 0.15, 0.15) is None


def test_modes_of_a_drum_are_normalised_by_its_mass() -> None:
    split = Delamination(0.1, 0.1, 0.1, 0.08, 0.1)
    plate = replace(SLAB, delamination=split)
    x, y = np.meshgrid(np.arange(0.1005, 0.2, 0.001), np.arange(0.1005, 0.18, 0.001))
    shapes, displaced = [], None
    for spot in zip(x.ravel()[::7], y.ravel()[::7], strict=True):
        modes = drum_modes(plate, *spot)
        assert modes is not None
        shapes.append(modes.deflection)
        displaced = modes.displaced
    mean = np.mean(np.square(shapes), axis=0)
    mass = CONCRETE.density * 0.006 * 0.1 * 0.08
    np.testing.assert_allclose(mean * mass, 1.0, rtol=0.05)
    volume = np.mean(shapes, axis=0) * 0.1 * 0.08
    assert displaced is not None
    np.testing.assert_allclose(volume, displaced, atol=0.01 * displaced.max())


def test_a_blow_on_the_split_rings_at_the_drums_pitch() -> None:
    split = Delamination(0.05, 0.05, 0.15, 0.15, 0.12)
    plate = replace(SLAB, delamination=split)
    modes = drum_modes(plate, 0.12, 0.13)
    assert modes is not None
    pitch = modes.frequencies.min()

    def near_pitch(struck: Plate, strike: Strike) -> float:
        rig = replace(QUIET, full_scale=1000.0)
        tap = tap_of(render_tap(struck, strike, rig, random_state=0))
        power = np.abs(np.fft.rfft(tap)) ** 2
        at = np.fft.rfftfreq(len(tap), 1 / SR)
        return float(10 * np.log10(power[np.abs(at / pitch - 1) < 0.05].sum()))

    on, beside = Strike(0.12, 0.13), Strike(0.30, 0.31)
    assert near_pitch(plate, on) > near_pitch(plate.mended(), on) + 10
    assert near_pitch(plate, beside) < near_pitch(plate, on) - 10


# ---------------------------------------------------------------- room


@pytest.mark.parametrize("seconds", [0.2, 0.8])
def test_the_room_decays_at_its_rate(seconds: float) -> None:
    tail = reverberant_tail(
        reverberation_time=seconds,
        direct_to_reverberant_db=0.0,
        seed=1,
        sample_rate=SR,
        n_samples=SR,
    )
    # Schroeder's backward integration, between -5 and -25 dB.
    energy = np.cumsum(np.square(tail, dtype=np.float64)[::-1])[::-1]
    decay = 10 * np.log10(energy / energy[0])
    early, late = (np.flatnonzero(decay < limit)[0] for limit in (-5.0, -25.0))
    assert 3 * (late - early) / SR == pytest.approx(seconds, rel=0.1)


@pytest.mark.parametrize("ratio", [-5.0, 10.0])
def test_the_room_returns_its_share_of_the_energy(ratio: float) -> None:
    rig = Rig(
        reverberation_time=0.3,
        direct_to_reverberant_db=ratio,
        duration=1.0,
        earliest_onset=0.1,
        latest_onset=0.1,
    )
    impulse = np.zeros(rig.n_samples, np.float32)
    impulse[100] = 1.0
    recorded = record_in_room(impulse, np.zeros_like(impulse), rig)
    assert np.abs(recorded[:100]).max() < 1e-5
    assert recorded[100] == pytest.approx(1.0, abs=1e-4)
    returned = np.square(recorded[101:], dtype=np.float64).sum()
    assert -10 * np.log10(returned) == pytest.approx(ratio, abs=0.1)
    # The same room again, another room with another seed.
    assert (record_in_room(impulse, 0 * impulse, rig) == recorded).all()
    other = record_in_room(impulse, 0 * impulse, replace(rig, room_seed=5))
    assert np.abs(other - recorded).max() > 0.01


def test_a_tap_in_a_room_lasts_longer() -> None:
    dead = replace(QUIET, support_decay=30.0, earliest_onset=0.5, latest_onset=0.5)
    live = replace(dead, reverberation_time=1.0, direct_to_reverberant_db=3.0)
    late = slice(22050 + 4000, 22050 + 8000)
    ours, theirs = (
        render_tap(Plate(), LEFT_END, rig, random_state=0)[late] for rig in (live, dead)
    )
    assert level(ours) > level(theirs) + 20


# ---------------------------------------------------------------- microphone


def response_of(**settings: float) -> tuple[np.ndarray, np.ndarray]:
    """Give the frequencies and the level of a recorded impulse, in dB."""
    rig = Rig(duration=1.0, earliest_onset=0.1, latest_onset=0.1, **settings)
    impulse = np.zeros(rig.n_samples, np.float32)
    impulse[1000] = 1.0
    recorded = record_in_room(impulse, np.zeros_like(impulse), rig)
    before = np.square(recorded[:980], dtype=np.float64).sum()
    assert before < 0.003 * np.square(recorded, dtype=np.float64).sum()
    spectrum = np.abs(np.fft.rfft(recorded)) + 1e-9
    return np.fft.rfftfreq(len(recorded), 1 / SR), 20 * np.log10(spectrum)


def test_a_microphone_has_its_corners_and_its_slopes() -> None:
    frequencies, ours = response_of(low_cut=100.0, high_cut=8000.0)
    at = {f: ours[np.argmin(np.abs(frequencies - f))] for f in (25, 100, 1000, 8000)}
    assert at[1000] == pytest.approx(0, abs=0.1)
    assert at[100] == pytest.approx(-3, abs=0.3)
    assert at[25] == pytest.approx(-12.3, abs=0.5)
    assert at[8000] == pytest.approx(-3, abs=0.3)


def test_a_microphone_tilts() -> None:
    frequencies, ours = response_of(tilt_db=1.5)
    for octave in range(-2, 3):
        here = ours[np.argmin(np.abs(frequencies - 1000 * 2.0**octave))]
        assert here == pytest.approx(1.5 * octave, abs=0.3)


def test_without_room_and_response_nothing_changes() -> None:
    rng = np.random.default_rng(0)
    tap, noise = rng.standard_normal((2, 1000)).astype(np.float32)
    np.testing.assert_array_equal(record_in_room(tap, noise, Rig()), tap + noise)


def test_the_offset_is_constant() -> None:
    plain = render_tap(Plate(), LEFT_END, random_state=0)
    moved = render_tap(Plate(), LEFT_END, Rig(offset=0.02), random_state=0)
    np.testing.assert_allclose(moved - plain, 0.02, atol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"reverberation_time": -1.0},
        {"low_cut": -1.0},
        {"high_cut": 0.0},
        {"offset": 2.0},
        {"tilt_db": np.nan},
        {"direct_to_reverberant_db": np.inf},
    ],
)
def test_impossible_rooms_and_microphones_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=f"Rig: {next(iter(wrong))}="):
        Rig(**wrong)
