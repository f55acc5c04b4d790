"""Taps of normal boards in which one band or one stretch of time was changed.

For `explanations.py`: what was changed is known, and a map has to find it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.fft import irfft, rfft, rfftfreq

from tapsklearn.preprocessing import read_crops

SR = 44100
# Of a spectrum, what a band is faded in and out over.
FADE_HZ = 60.0
# From weak to strong; the weakest is taken that makes a take abnormal, by so many
# deviations of the scores of normal takes.
STRENGTHS = range(5)
ABNORMAL_BY = 0.5
# A cell is changed if its level is, by so much.
CHANGED_DB = 6.0
N_TRIES = 10


@dataclass(frozen=True)
class Change:
    """A change of one band, in Hz, or of one stretch, in s from the onset."""

    apply: Callable[[Any, Any, int], Any]
    band: tuple[float, float] = (0.0, np.inf)
    stretch: tuple[float, float] = (-np.inf, np.inf)


@dataclass(frozen=True)
class Case:
    """A changed take: its waveform, and which cells of its crop were changed.

    Cells outside of the band or stretch whose level changed too are in `beside`.
    """

    change: str
    waveform: Any
    changed: Any
    beside: Any


def find_start(waveform):
    """Return the first sample that is a tenth of the largest."""
    level = np.abs(waveform)
    return int(np.argmax(level > 0.1 * level.max()))


def dampen_band(low, high):
    """Take a band away, by 10 dB more with each strength."""

    def apply(waveform, rng, strength):
        frequencies = rfftfreq(len(waveform), 1 / SR)
        inside = np.minimum(frequencies - low, high - frequencies) / FADE_HZ + 0.5
        gain = 10 ** (-10 * (strength + 1) / 20)
        spectrum = rfft(waveform.astype(np.float64))
        changed = spectrum * (1 + (gain - 1) * inside.clip(0, 1))
        return irfft(changed, len(waveform)).astype(np.float32)

    return Change(apply, band=(low, high))


def add_band(low, high):
    """Let something rattle in a band, twice as loud with each strength."""

    def apply(waveform, rng, strength):
        start = find_start(waveform)
        n_samples = len(waveform) - start
        spectrum = rfft(rng.normal(size=n_samples))
        frequencies = rfftfreq(n_samples, 1 / SR)
        spectrum[(frequencies < low) | (frequencies > high)] = 0
        times = np.arange(n_samples) / SR
        rattle = irfft(spectrum, n_samples) * np.exp(-times / 0.02)
        rattle *= np.minimum(1, times / 0.001)
        level = 0.3 * 2**strength * np.abs(waveform).max() / np.abs(rattle).max()
        changed = waveform.copy()
        changed[start:] += (level * rattle).astype(np.float32)
        return changed

    return Change(apply, band=(low, high), stretch=(0.0, np.inf))


def strike_again(at, seconds):
    """Add the beginning of the tap once more, half as loud again with each strength.

    Never louder than the first, as it would be taken for the tap.
    """

    def apply(waveform, rng, strength):
        start, n_samples = find_start(waveform), int(seconds * SR)
        echo = (
            waveform[start : start + n_samples] * np.hanning(2 * n_samples)[n_samples:]
        )
        first = start + int(at * SR)
        changed = waveform.copy()
        changed[first : first + n_samples] += 0.2 * 1.5**strength * echo
        return changed

    return Change(apply, stretch=(at, at + seconds))


def hush(at, seconds):
    """Make a stretch of time quieter, by 10 dB more with each strength."""

    def apply(waveform, rng, strength):
        n_samples = int(seconds * SR)
        first = find_start(waveform) + int(at * SR)
        inside = np.minimum(1, 4 * np.hanning(n_samples))
        gain = 10 ** (-10 * (strength + 1) / 20)
        changed = waveform.copy()
        changed[first : first + n_samples] *= 1 - (1 - gain) * inside
        return changed

    return Change(apply, stretch=(at, at + seconds))


def move_elsewhere(shown, n_places, rng):
    """Move a map to random other places, where it shares less than half with itself.

    Parameters
    ----------
    shown : ndarray of shape (n_freqs, n_times)
        From 0 to 1.
    n_places : int
        How many.
    rng : Generator
        Source of the places.

    Returns
    -------
    ndarray of shape (n_places, n_freqs, n_times)
        The same map, rolled. Of one that is everywhere, where it shares least.
    """
    moves = [
        [int(rng.integers(0, size)) for size in shown.shape]
        for _ in range(N_TRIES * n_places)
    ]
    moved = [np.roll(shown, move, (0, 1)) for move in moves]
    shared = np.array([np.minimum(shown, each).sum() for each in moved])
    others = np.flatnonzero(shared < shown.sum() / 2)[:n_places]
    if len(others) < n_places:
        others = np.argsort(shared, kind="stable")[:n_places]
    return np.stack([moved[place] for place in others])


CHANGES = {
    "band taken away, 0.7 to 1.5 kHz": dampen_band(700, 1500),
    "band taken away, 1.5 to 2.5 kHz": dampen_band(1500, 2500),
    "rattle, 1.6 to 2.2 kHz": add_band(1600, 2200),
    "rattle, 3.2 to 4 kHz": add_band(3200, 4000),
    "second blow after 30 ms": strike_again(0.03, 0.012),
    "hushed from 12 to 42 ms": hush(0.012, 0.03),
}


def make_cases(pipeline, waveforms, changes=tuple(CHANGES)):
    """Change takes until they are abnormal.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, from waveforms to scores.
    waveforms : list of ndarray
        Takes that it has not been fitted on; those that it calls abnormal as they are
        are left out.
    changes : sequence of str
        Which changes.

    Yields
    ------
    Case
        Where a change made a take abnormal.
    """
    detector = pipeline[-1]
    limit = detector.offset_ - ABNORMAL_BY * detector.calibration_scores_.std()
    is_normal = pipeline.predict(waveforms) > 0
    known = [each for each, normal in zip(waveforms, is_normal, strict=True) if normal]
    settings = pipeline[0].settings_
    step = settings["sr"] / settings["n_fft"]
    half = settings["n_fft"] / settings["sr"] / 2
    frequencies = np.arange(settings["n_freqs"]) * step
    frames = np.arange(settings["n_frames"]) - settings["pre_frames"]
    times = frames * settings["hop_length"] / settings["sr"]
    for name in changes:
        for waveform in known:
            rng = np.random.default_rng(0)
            found = _find_weakest(pipeline, CHANGES[name], waveform, rng, limit)
            if found is None:
                continue
            (before, after), _ = read_crops(
                [waveform, found], input="waveform", standardized=False, **settings
            )
            (low, high), (start, end) = CHANGES[name].band, CHANGES[name].stretch
            rows = (frequencies >= low - step) & (frequencies <= high + step)
            columns = (times >= start - half) & (times <= end + half)
            differs = np.abs(after[0] - before[0]) > CHANGED_DB
            inside = rows[:, None] & columns
            if (differs & inside).any():
                yield Case(name, found, differs & inside, differs & ~inside)


def _find_weakest(pipeline, change, waveform, rng, limit):
    changed = [change.apply(waveform, rng, strength) for strength in STRENGTHS]
    scores = pipeline.score_samples(changed)
    abnormal = np.flatnonzero(scores < limit)
    return changed[abnormal[0]] if len(abnormal) else None
