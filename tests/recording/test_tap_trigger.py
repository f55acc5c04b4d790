"""Taps are found in a stream wherever they are, and nothing else is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from taps import make_tap

from tapsklearn.preprocessing import read_take
from tapsklearn.recording import TapTrigger

SR = 44100
SHORT = {"duration": 0.6, "pre_seconds": 0.1}


def feed(trigger, sound, sizes=(1024,)):
    """Feed a sound in blocks of given sizes, over and over."""
    taps, first, number = [], 0, 0
    while first < len(sound):
        size = sizes[number % len(sizes)]
        taps += trigger.feed(sound[first : first + size])
        first, number = first + size, number + 1
    return taps


def make_stream(onsets, *, seconds, seed=0, noise_db=-60.0, peak=0.3):
    rng = np.random.default_rng(seed)
    scale = peak * 10 ** (noise_db / 20)
    sound = rng.normal(scale=scale, size=round(seconds * SR)).astype(np.float32)
    for onset in onsets:
        tap = make_tap(rng, seconds=0.5, onset=0.0, noise_db=-np.inf, peak=peak)
        part = sound[onset : onset + len(tap)]
        part += tap[: len(part)]
    return sound


def test_thirty_taps_are_thirty_takes():
    rng = np.random.default_rng(1)
    onsets = np.cumsum(rng.integers(1.2 * SR, 2 * SR, size=30))
    sound = make_stream(onsets, seconds=onsets[-1] / SR + 2)
    trigger = TapTrigger(duration=1.0, pre_seconds=0.2)
    taps = feed(trigger, sound)
    assert len(taps) == 30
    assert all(tap.is_good for tap in taps)
    for tap, onset in zip(taps, onsets, strict=True):
        assert abs(tap.onset - onset) <= 256
        start = tap.onset - round(0.2 * SR)
        np.testing.assert_array_equal(tap.waveform, sound[start : start + SR])


@given(
    onset=st.integers(round(0.4 * SR), SR),
    noise_db=st.floats(-90, -30),
    peak_db=st.floats(-30, -1),
    sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=4),
)
def test_a_tap_is_found_wherever_it_is(onset, noise_db, peak_db, sizes):
    peak = 10 ** (peak_db / 20)
    sound = make_stream([onset], seconds=2, noise_db=noise_db, peak=peak)
    sizes = [max(size, 64) for size in sizes]
    (tap,) = feed(TapTrigger(**SHORT), sound, sizes)
    assert abs(tap.onset - onset) <= 256
    assert tap.is_good
    assert tap.peak_db == pytest.approx(peak_db, abs=1.0)


def test_blocks_do_not_matter():
    sound = make_stream([30000, 80000, 110000], seconds=3)
    one, other = (
        feed(TapTrigger(**SHORT), sound, sizes) for sizes in ((len(sound),), (77, 500))
    )
    assert [tap.onset for tap in one] == [tap.onset for tap in other]
    for tap, again in zip(one, other, strict=True):
        np.testing.assert_array_equal(tap.waveform, again.waveform)


@given(rise=st.floats(0.0, 0.04), seed=st.integers(0, 100))
def test_a_blow_may_rise_slowly(rise, seed):
    """As one does that is heard through a floor."""
    sound = make_stream([], seconds=2, seed=seed)
    n_rise = round(rise * SR)
    blow = np.random.default_rng(seed).normal(scale=0.01, size=SR // 2)
    blow *= np.exp(-np.arange(len(blow)) / (0.1 * SR))
    blow[:n_rise] *= np.linspace(0, 1, n_rise)
    sound[SR // 2 :][: len(blow)] += blow.astype(np.float32)
    (tap,) = feed(TapTrigger(**SHORT), sound)
    assert SR // 2 - 256 <= tap.onset <= SR // 2 + n_rise
    assert not tap.is_double


def test_each_real_blow_is_one_tap(recordings):
    """Hammering and a dropped hammer, heard through a floor."""
    for path in sorted(recordings("hammer-floor").glob("h[hd]_*/*4.wav")):
        take = read_take(path)
        # The room alone, backwards, comes before and after.
        before, after = take[: SR // 2][::-1], take[-SR // 2 :][::-1]
        sound = np.concatenate([before, take, after])
        taps = feed(TapTrigger(duration=1.0, pre_seconds=0.2), sound)
        loudest = len(before) + np.abs(take).argmax()
        assert [abs(tap.onset - loudest) < 0.3 * SR for tap in taps] == [True], path


def test_what_is_wrong_with_a_tap_is_told():
    sound = make_stream([30000], seconds=2)
    assert feed(TapTrigger(**SHORT), sound)[0].is_good
    assert feed(TapTrigger(**SHORT), np.clip(4 * sound, -1, 1))[0].is_clipped
    assert feed(TapTrigger(**SHORT), sound / 100)[0].is_quiet
    twice = make_stream([30000, 36000], seconds=2)
    (tap,) = feed(TapTrigger(**SHORT), twice)
    assert tap.is_double
    # Not of the next one too.
    twice = make_stream([30000, 36000, 70000], seconds=3)
    assert [tap.is_double for tap in feed(TapTrigger(**SHORT), twice)] == [True, False]


@pytest.mark.parametrize("sizes", [(64,), (441,), (10**6,)])
def test_a_spoilt_take_ends_at_once(sizes):
    """It is told within 0.1 s, and the next tap is a take of its own."""
    clipped, quiet, double = (make_stream([30000], seconds=2) for _ in range(3))
    clipped = np.clip(4 * clipped, -1, 1)
    quiet /= 100
    # A stick that bounces three times.
    for bounce in (36000, 41000, 46000):
        double += make_stream([bounce], seconds=2, noise_db=-90)
    good = make_stream([30000], seconds=2)
    for spoilt, last, flag in (
        (clipped, 30000, "is_clipped"),
        (quiet, 30000, "is_quiet"),
        (double, 36000, "is_double"),
    ):
        trigger = TapTrigger(duration=1.2, pre_seconds=0.2, end_spoilt=True)
        told, *others = feed(trigger, np.concatenate([spoilt, good]), sizes)
        assert getattr(told, flag)
        assert told.onset + len(told.waveform) - round(0.2 * SR) < last + 0.1 * SR
        (tap,) = others
        assert tap.is_good
        assert abs(tap.onset - 2 * SR - 30000) <= 256
        assert len(tap.waveform) == round(1.2 * SR)


def test_good_takes_do_not_end_sooner():
    sound = make_stream([30000, 80000, 130000], seconds=5)
    one, other = (
        feed(TapTrigger(**SHORT, end_spoilt=end_spoilt), sound)
        for end_spoilt in (False, True)
    )
    assert len(one) == len(other) == 3
    for tap, again in zip(one, other, strict=True):
        np.testing.assert_array_equal(tap.waveform, again.waveform)


def test_lost_sound_is_told_of_the_take_that_it_is_in():
    sound = make_stream([30000, 80000, 130000], seconds=4)
    sound[90000] = np.nan
    before, tap, after = feed(TapTrigger(**SHORT), sound)
    assert not before.has_gap
    assert tap.has_gap
    assert not tap.is_good
    assert np.isfinite(tap.waveform).all()
    assert not after.has_gap


def test_noise_that_grows_is_no_tap_and_hides_none():
    rng = np.random.default_rng(0)
    growth = np.interp(np.arange(10 * SR), [0, 4 * SR, 10 * SR], [1e-4, 1e-2, 1e-2])
    sound = (growth * rng.normal(size=len(growth))).astype(np.float32)
    trigger = TapTrigger(**SHORT)
    assert feed(trigger, sound) == []
    sound = make_stream([30000], seconds=2, noise_db=-30, peak=0.3)
    assert len(feed(trigger, sound)) == 1


def test_hum_and_offset_do_not_matter():
    sound = make_stream([30000, 90000], seconds=3, peak=0.05)
    hum = 0.2 + 0.1 * np.sin(2 * np.pi * 50 * np.arange(len(sound)) / SR)
    assert len(feed(TapTrigger(**SHORT), sound + hum.astype(np.float32))) == 2


def test_a_tap_at_the_start_is_padded():
    sound = make_stream([round(0.3 * SR)], seconds=4)
    (tap,) = feed(TapTrigger(duration=3.0, pre_seconds=0.5), sound)
    n_padded = round(0.5 * SR) - tap.onset
    assert not tap.waveform[:n_padded].any()
    np.testing.assert_array_equal(
        tap.waveform[n_padded:], sound[: len(tap.waveform) - n_padded]
    )


def test_memory_does_not_grow():
    trigger = TapTrigger(**SHORT)
    block = np.random.default_rng(0).normal(scale=1e-3, size=4410).astype(np.float32)
    for _ in range(600):
        trigger.feed(block)
    assert len(trigger._kept) < SR
    assert trigger.n_samples == 600 * 4410


def test_noise_after_silence_is_no_tap():
    noise = make_stream([], seconds=1, peak=0.3, noise_db=-60)
    trigger = TapTrigger(**SHORT)
    assert feed(trigger, np.concatenate([np.zeros(SR, np.float32), noise])) == []


def test_silence_and_what_is_no_number():
    trigger = TapTrigger(**SHORT)
    assert feed(trigger, np.zeros(SR, np.float32)) == []
    assert feed(trigger, np.full(4410, np.nan, np.float32)) == []
    assert feed(trigger, np.zeros(0)) == []


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"sr": 0}, "sr=0"),
        ({"duration": 0.5, "pre_seconds": 0.5}, "pre_seconds"),
        ({"threshold_db": 0}, "threshold_db"),
    ],
)
def test_wrong_parameters(params, named):
    with pytest.raises(ValueError, match=named):
        TapTrigger(**params)


def test_two_channels():
    with pytest.raises(ValueError, match="one channel"):
        TapTrigger().feed(np.zeros((10, 2)))
