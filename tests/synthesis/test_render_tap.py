"""Takes: levels, times, pitches, decays, and what makes two the same."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered import CORNER, CRACKED, LEFT_END, QUIET, SR, level, onset_of, tap_of
from scipy.signal import find_peaks
from scipy.stats import spearmanr

from tapsklearn.synthesis import (
    MATERIALS,
    Plate,
    Rig,
    Strike,
    new_session,
    plate_modes,
    render_tap,
)

# ---------------------------------------------------------------- what comes out


@pytest.mark.parametrize("plate", [Plate(), CRACKED], ids=["intact", "cracked"])
def test_take_is_what_it_says(plate: Plate) -> None:
    take = render_tap(plate, LEFT_END, random_state=0)
    assert take.shape == (132300,)
    assert take.dtype == np.float32
    assert np.isfinite(take).all()
    assert np.abs(take).max() <= 1
    # Loud, but not at the limit.
    assert -30 < 20 * np.log10(np.abs(take).max()) < -6


def test_other_lengths_and_rates() -> None:
    rig = Rig(sample_rate=16000, duration=1.25)
    take = render_tap(Plate(), LEFT_END, rig, random_state=0)
    assert take.shape == (20000,)


def test_modes_above_half_the_rate_do_not_fold_down() -> None:
    rate = 8000
    rig = replace(QUIET, sample_rate=rate, contact_time=0.1e-3)
    tap = tap_of(render_tap(Plate(), CORNER, rig, random_state=0), samples=rate)
    spectrum = np.abs(np.fft.rfft(tap))
    frequencies = np.fft.rfftfreq(len(tap), 1 / rate)
    heard = frequencies[find_peaks(spectrum, prominence=0.05 * spectrum.max())[0]]
    modes = plate_modes(Plate()).frequencies
    nearest = np.abs(heard[:, None] - modes).min(axis=1)
    assert len(heard) > 5
    assert (nearest < 0.01 * heard).all()


def test_usual_taps_are_not_clipped() -> None:
    # Three spreads more force, on the ends, for every wood.
    hard = replace(Rig(), force=25 * 10 ** (9 / 20), force_spread_db=0.0)
    peaks = []
    for wood in MATERIALS.values():
        for crack in (None, replace(CRACKED.crack, breathing=1.0)):
            plate = Plate(material=wood, crack=crack)
            for seed in range(10):
                strike = Strike(x=(0.03, 0.17)[seed % 2], y=0.065)
                take = render_tap(plate, strike, hard, random_state=seed)
                peaks.append(np.abs(take).max())
    assert max(peaks) < 1
    assert np.median(peaks) > 0.2


def test_what_is_too_loud_is_clipped() -> None:
    take = render_tap(Plate(), LEFT_END, Rig(gain_db=40.0), random_state=0)
    assert take.max() == 1
    assert take.min() == -1
    assert (np.abs(take) == 1).sum() > 10


# ---------------------------------------------------------------- the same again


def test_same_seed_gives_the_same_bytes() -> None:
    take = render_tap(CRACKED, LEFT_END, random_state=7)
    for state in (7, np.random.SeedSequence(7), np.random.default_rng(7)):
        again = render_tap(CRACKED, LEFT_END, random_state=state)
        assert again.tobytes() == take.tobytes()
    assert not np.array_equal(render_tap(CRACKED, LEFT_END, random_state=8), take)
    assert not np.array_equal(
        render_tap(CRACKED, LEFT_END), render_tap(CRACKED, LEFT_END)
    )


def test_generator_goes_on() -> None:
    rng = np.random.default_rng(0)
    first, second = (render_tap(Plate(), LEFT_END, random_state=rng) for _ in range(2))
    assert not np.array_equal(first, second)


def test_global_random_state_is_left_alone() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[index] # noqa: NPY002
    render_tap(Plate(), LEFT_END, random_state=0)
    after = np.random.get_state()[1]  # type: ignore[index] # noqa: NPY002
    np.testing.assert_array_equal(before, after)


def test_two_plates_are_struck_alike() -> None:
    breathing = replace(CRACKED, crack=replace(CRACKED.crack, breathing=1.0))
    takes = [
        render_tap(plate, LEFT_END, random_state=3)
        for plate in (Plate(), CRACKED, breathing)
    ]
    first_change = np.flatnonzero(takes[0] != takes[1])[0]
    assert 0.3 * SR <= first_change <= 1.0 * SR
    for take in takes:
        np.testing.assert_array_equal(take[:first_change], takes[0][:first_change])
    # And what is left of the noise after the tap.
    np.testing.assert_allclose(takes[0][-SR:], takes[1][-SR:], atol=1e-7)


def test_placebo_sounds_as_the_intact_plate() -> None:
    marked = Plate(crack=replace(CRACKED.crack, depth=0.0))
    rubbing = Plate(crack=replace(marked.crack, breathing=1.0, loss_factor=0.5))
    take = render_tap(marked, LEFT_END, random_state=0)
    assert np.array_equal(render_tap(rubbing, LEFT_END, random_state=0), take)
    assert not np.array_equal(render_tap(CRACKED, LEFT_END, random_state=0), take)
    plain = render_tap(Plate(), LEFT_END, random_state=0)
    assert level(take - plain) < level(plain) - 40


# ---------------------------------------------------------------- time


def test_onset_falls_between_its_bounds() -> None:
    onsets = [
        onset_of(render_tap(Plate(), LEFT_END, QUIET, random_state=seed)) / SR
        for seed in range(60)
    ]
    assert 0.3 <= min(onsets) < 0.37
    assert 0.93 < max(onsets) < 1.0 + 3 / SR


def test_onset_can_be_set() -> None:
    rig = replace(QUIET, earliest_onset=0.5, latest_onset=0.5)
    take = render_tap(Plate(), LEFT_END, rig, random_state=0)
    assert 0 <= onset_of(take) - SR // 2 <= 2


def test_before_the_tap_is_only_noise() -> None:
    rig = Rig(gain_spread_db=0.0)
    levels = [
        level(render_tap(Plate(), LEFT_END, rig, random_state=seed)[: int(0.3 * SR)])
        for seed in range(20)
    ]
    assert np.mean(levels) == pytest.approx(-73.5, abs=0.5)


@pytest.mark.parametrize("plate", [Plate(), CRACKED], ids=["intact", "cracked"])
def test_no_click_at_the_end(plate: Plate) -> None:
    plate = (
        replace(plate, crack=replace(plate.crack, breathing=1.0))
        if plate.crack
        else plate
    )
    take = render_tap(plate, LEFT_END, QUIET, random_state=1).astype(np.float64)
    last = np.flatnonzero(take)[-1]
    assert onset_of(take) + 0.2 * SR < last < len(take) - SR
    tail = take[last - 2000 : last + 1]
    # -90 dB at most when it is faded out, and no step.
    assert np.abs(tail).max() < 3e-5 * np.abs(take).max()
    steps = np.abs(np.diff(tail))
    assert steps[-20:].max() < 0.2 * steps[-500:-300].max()


def test_long_ringing_goes_on_to_the_end_of_the_take() -> None:
    metal = replace(MATERIALS["spruce"], eta_L=1e-4, eta_R=1e-4, eta_G=1e-4)
    rig = replace(QUIET, support_decay=0.5)
    take = render_tap(Plate(material=metal), LEFT_END, rig, random_state=0)
    assert take[-1] != 0
    second = [level(take[-(i + 1) * SR // 2 : -i * SR // 2 or None]) for i in range(2)]
    # Decays by about 0.5 + π f η: 6 dB a second, not at once.
    assert 1 < second[1] - second[0] < 8


# ---------------------------------------------------------------- loudness


def test_a_rig_that_strikes_harder_is_louder() -> None:
    levels = [
        level(
            tap_of(
                render_tap(
                    Plate(), LEFT_END, replace(QUIET, force=force), random_state=0
                )
            )
        )
        for force in (6.25, 12.5, 25.0)
    ]
    # The usual contact time is the rig's, so that the sound is the same but louder.
    np.testing.assert_allclose(np.diff(levels), 20 * np.log10(2), atol=1e-3)


def test_the_harder_of_a_rigs_blows_are_brighter() -> None:
    rig = replace(QUIET, force_spread_db=6.0)
    levels, centroids = [], []
    for seed in range(25):
        tap = tap_of(render_tap(Plate(), LEFT_END, rig, random_state=seed))
        spectrum = np.abs(np.fft.rfft(tap)) ** 2
        frequencies = np.fft.rfftfreq(len(tap), 1 / SR)
        levels.append(level(tap))
        centroids.append(np.average(frequencies, weights=spectrum))
    assert 4 < np.std(levels) < 9
    assert spearmanr(levels, centroids).statistic > 0.85


def test_gain_and_full_scale_scale() -> None:
    usual = render_tap(Plate(), LEFT_END, QUIET, random_state=0)
    louder = render_tap(Plate(), LEFT_END, replace(QUIET, gain_db=6.0), random_state=0)
    np.testing.assert_allclose(louder, usual * 10 ** (6 / 20), rtol=1e-5)
    half = render_tap(
        Plate(), LEFT_END, replace(QUIET, full_scale=40.0), random_state=0
    )
    np.testing.assert_allclose(half, usual / 2, rtol=1e-5)


def test_a_microphone_further_away_hears_less() -> None:
    levels = [
        level(
            tap_of(
                render_tap(
                    Plate(), LEFT_END, replace(QUIET, mic_distance=d), random_state=0
                )
            )
        )
        for d in (0.2, 1.0, 2.0)
    ]
    assert levels[0] - levels[1] > 6
    assert levels[1] - levels[2] == pytest.approx(6, abs=2)


def test_plate_too_small_to_ring_clicks() -> None:
    # It has no mode below 9 kHz: what is heard is the push on the whole of it, less
    # by CLICK_SHARE, and lasts as long as the contact.
    plate = Plate(length=0.020, width=0.015)
    assert len(plate_modes(plate).frequencies) == 0
    take = render_tap(plate, Strike(0.01, 0.007), QUIET, random_state=0)
    nearest = np.sqrt((QUIET.mic_offset - 0.01) ** 2 + 0.2**2 + 0.1**2)
    pressure = 0.12 * 1.204 / (2 * np.pi * nearest * 430 * 0.010) * 25
    assert take.max() == pytest.approx(pressure / 20, rel=0.02)
    loud = np.flatnonzero(take > 0.01 * take.max())
    assert np.ptp(loud) / SR == pytest.approx(0.35e-3, abs=0.05e-3)


def test_breathing_crack_rattles() -> None:
    above = []
    rig = replace(QUIET, rattle=25.0)  # over the click of the contact
    for breathing in (0.0, 0.5, 1.0):
        plate = Plate(crack=replace(CRACKED.crack, breathing=breathing))
        tap = tap_of(render_tap(plate, Strike(0.05, 0.03), rig, random_state=0))
        spectrum = np.abs(np.fft.rfft(tap)) ** 2
        above.append(10 * np.log10(spectrum[len(spectrum) // 2 :].sum()))
    # Above 11 kHz, where no mode is.
    assert above[1] > above[0] + 6
    assert above[2] == pytest.approx(above[1] + 6, abs=1)


# ---------------------------------------------------------------- the strike


@pytest.mark.parametrize("strike", [Strike(0.21, 0.05), Strike(0.1, 0.14)])
def test_strike_beside_the_plate(strike: Strike) -> None:
    with pytest.raises(
        ValueError, match=r"not on the plate, which is 0\.2 m by 0\.13 m"
    ):
        render_tap(Plate(), strike)


def test_strike_at_the_edge_is_moved_in() -> None:
    edge, inside = (
        render_tap(Plate(), strike, QUIET, random_state=0)
        for strike in (Strike(0.0, 0.13), Strike(0.003, 0.127))
    )
    np.testing.assert_array_equal(edge, inside)


def test_sessions_sound_different() -> None:
    rig = new_session(QUIET, random_state=0)
    here, there = (
        render_tap(Plate(), LEFT_END, r, random_state=0) for r in (QUIET, rig)
    )
    difference = level(here - there) - level(here)
    assert -30 < difference < 0


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32 - 1),
    x=st.floats(0, 0.1),
    y=st.floats(0, 0.05),
    side=st.floats(0.1, 0.3),
    force=st.floats(0.1, 1000),
    duration=st.floats(1.01, 2.0),
)
def test_any_take(
    seed: int, x: float, y: float, side: float, force: float, duration: float
) -> None:
    plate = Plate(length=side, width=side / 2)
    rig = Rig(force=force, duration=duration)
    take = render_tap(plate, Strike(x, y), rig, random_state=seed)
    assert take.shape == (round(duration * SR),)
    assert take.dtype == np.float32
    assert np.isfinite(take).all()
    assert np.abs(take).max() <= 1
