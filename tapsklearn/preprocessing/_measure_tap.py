"""How long a tap rings, and how high its energy reaches."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from tapsklearn.preprocessing._take_rules import (
    LATEST_ONSET_SECONDS,
    QUIET_SHARE,
    RISE_DB,
    SOUND_DB,
)

# A tap rings until it stays so far below its loudest moment, or no further than this
# above the background.
RING_DB = 40.0
ABOVE_BACKGROUND_DB = 6.0
# Where nothing was recorded before the tap, what is quieter than its loudest moment by
# so much in a quarter of the recording is the background. Else all of it may be of the
# tap: that of a bottle of 46 ms.
BACKGROUND_DB = 20.0
# Below the band lies this share of a tap's energy. Only parts of the spectrum, of so
# many, that are louder than the background by `ABOVE_BACKGROUND_DB` count.
BAND_SHARE = 0.99
N_LEVELS = 64

# Levels are means over blocks of this length, smoothed over some; a short recording has
# shorter blocks, so that it has as many. A tap is over once it is for some blocks.
_BLOCK_SECONDS = 0.0005
_LEAST_BLOCKS = 64
_SMOOTHED = 4
_OVER = 8
# So many blocks before a tap show what is there without it.
_LEAST_BEFORE = 16
# The attack begins a little before the onset. A short tap is measured with some more.
_LEAD_SECONDS = 0.002
_LEAST_SAMPLES = 64
_LEAST_N_FFT = 2048
_SILENCE = 1e-30
_STEP = 2.0**-15


@dataclass(frozen=True)
class TapMeasure:
    """What was measured of a recording's tap.

    Attributes
    ----------
    sr : int
        Sampling rate of the recording, in Hz.
    ring : float
        How long the tap rings after its onset, in seconds.
    is_whole : bool
        Whether it is over before the recording is.
    band : float
        The frequency below which 99 % of its energy lies, in Hz.
    has_background : bool
        Whether the recording shows what is there without the tap.
    before : float
        What was recorded before the onset, in seconds.
    after : float
        What was recorded after it, in seconds.
    attack : float
        From the onset to the loudest moment, in seconds.
    levels : tuple of float
        Energy of 64 equal parts of the spectrum, from 0 to half of the rate, in dB.
    stands_out : tuple of bool
        Which of them are 6 dB above the background.
    tapered : tuple of float
        As `levels`, of the tap faded in and out: nothing leaks into parts that are
        empty. In dB above what rounding to 16 bits has there.
    background : tuple of float
        The same of as much before the tap; empty if too little was recorded there.
    n_channels : int
        Of how many channels the recording is the mean.
    step : float
        The step between two numbers of the recording; 0 if it is too small to matter.
    coding : str
        What wrote it in another way than as numbers, or "".
    """

    sr: int
    ring: float
    is_whole: bool
    band: float
    has_background: bool
    before: float
    after: float
    attack: float
    levels: tuple[float, ...] = ()
    stands_out: tuple[bool, ...] = ()
    tapered: tuple[float, ...] = ()
    background: tuple[float, ...] = ()
    n_channels: int = 1
    step: float = 0.0
    coding: str = ""


def measure_tap(
    samples: NDArray[np.floating],
    sr: int,
    *,
    tap: int,
    seconds_before: float | None = None,
    seconds_after: float | None = None,
) -> TapMeasure:
    """Measure how long one tap rings, and how high its energy reaches.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
        A recording, or a stretch of it around the tap, at its own rate and without an
        offset.
    sr : int
        Its sampling rate, in Hz.
    tap : int
        The sample at which the tap is loudest, or nearly: the loudest block within
        70 ms of it counts.
    seconds_before, seconds_after : float, default=None
        How much was recorded before and after that sample. If None, no more than the
        samples hold.

    Returns
    -------
    TapMeasure
        Of the tap.

    Notes
    -----
    The onset is the first moment within 10 dB of the loudest, no more than 70 ms
    before it. The tap rings until its level, smoothed over 2 ms, stays for 4 ms below
    the higher of 40 dB under its loudest and 6 dB above the background. That is the
    quieter one of the median before the onset and the quietest quarter of the samples.
    Where nothing was recorded before, and that quarter is not 20 dB below the loudest
    moment, no background is known, and all may be of the tap.

    The energy is that of the samples from 2 ms before the onset to the end of the ring,
    in 64 equal parts of the spectrum. Only those parts count that are 6 dB above the
    background before it.

    Examples
    --------
    >>> time = np.arange(44100) / 44100
    >>> tap = np.exp(-time / 0.02) * np.sin(2 * np.pi * 1000 * time)
    >>> measured = measure_tap(np.pad(tap, (22050, 0)), 44100, tap=22050)
    >>> round(measured.ring, 2), round(measured.band, -2), measured.is_whole
    (0.09, 1200.0, True)
    """
    samples = np.asarray(samples, dtype=np.float32)
    seconds_before = tap / sr if seconds_before is None else seconds_before
    rest = (len(samples) - tap) / sr
    seconds_after = rest if seconds_after is None else seconds_after

    block = max(1, min(round(_BLOCK_SECONDS * sr), len(samples) // _LEAST_BLOCKS))
    level = _measure_levels(samples, block)
    reach = round(LATEST_ONSET_SECONDS * sr / block)
    near = max(0, tap // block - reach)
    loudest = near + int(np.argmax(level[near : tap // block + reach + 1]))
    peak = level[loudest]
    first = max(0, loudest - reach)
    onset = first + int(np.argmax(level[first : loudest + 1] >= peak - RISE_DB))

    background = _find_quietest(level[level > peak - SOUND_DB])
    least_fall = BACKGROUND_DB
    if onset - _OVER >= _LEAST_BEFORE:
        before = float(np.median(level[: onset - _OVER]))
        background, least_fall = min(background, before), RISE_DB
    has_background = bool(background <= peak - least_fall)
    least = peak - RING_DB
    if has_background:
        least = max(least, background + ABOVE_BACKGROUND_DB)
    end = _find_end(level, loudest, least)
    begin, stop = onset * block, end * block
    band, levels, stands_out = _measure_spectrum(samples, sr, begin, stop)
    tapered, quiet = _measure_tapered(samples, sr, begin, stop)
    moved = (tap - begin) / sr
    return TapMeasure(
        sr=int(sr),
        ring=(min(stop, len(samples)) - begin) / sr,
        is_whole=end < len(level),
        band=band,
        has_background=has_background,
        before=max(0.0, seconds_before - moved),
        after=seconds_after + moved,
        attack=(loudest - onset) * block / sr,
        levels=tuple(levels.tolist()),
        stands_out=tuple(stands_out.tolist()),
        tapered=tuple(tapered.tolist()),
        background=tuple(quiet.tolist()),
    )


def _measure_levels(samples: NDArray[np.float32], block: int) -> NDArray[np.float64]:
    """Measure the level of each block, smoothed over its neighbours, in dB."""
    n_blocks = len(samples) // block
    blocks = samples[: n_blocks * block].reshape(n_blocks, block)
    power = np.vecdot(blocks, blocks).astype(np.float64) / block
    weights = np.full(_SMOOTHED, 1 / _SMOOTHED)
    smooth = np.convolve(power, weights)[_SMOOTHED // 2 :][:n_blocks]
    return _decibel(smooth)


def _find_quietest(level: NDArray[np.float64]) -> float:
    """Find the level that a quarter of the blocks do not reach."""
    place = int(QUIET_SHARE * len(level))
    return float(np.partition(level, place)[place])


def _find_end(level: NDArray[np.float64], loudest: int, least: float) -> int:
    """Find the block from which on the level stays low; the end, if it never does."""
    is_low = np.concatenate([[0], np.cumsum(level[loudest:] < least)])
    n_low = is_low[_OVER:] - is_low[:-_OVER]
    places = np.flatnonzero(n_low == _OVER)
    return loudest + int(places[0]) if len(places) else len(level)


def _measure_spectrum(
    samples: NDArray[np.float32], sr: int, onset: int, end: int
) -> tuple[float, NDArray[np.float64], NDArray[np.bool_]]:
    """Find a tap's band, the levels of its spectrum, and which of them stand out."""
    tap, quiet = _cut(samples, sr, onset, end)
    n_fft = _choose_n_fft(tap)
    power = _measure_power(tap, n_fft)
    part = np.arange(len(power)) * N_LEVELS // len(power)
    levels = _decibel(np.bincount(part, power, N_LEVELS))
    stands_out = np.ones(N_LEVELS, dtype=bool)
    if len(quiet) >= _LEAST_SAMPLES:
        background = _measure_power(quiet, n_fft) * len(tap) / len(quiet)
        of_background = _decibel(np.bincount(part, background, N_LEVELS))
        stands_out = levels >= of_background + ABOVE_BACKGROUND_DB
    energy = np.cumsum(power * stands_out[part] if stands_out.any() else power)
    place = int(np.searchsorted(energy, BAND_SHARE * energy[-1]))
    return place * sr / n_fft, levels, stands_out


def _measure_tapered(
    samples: NDArray[np.float32], sr: int, onset: int, end: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure the spectra of a tap and of what is before it, faded in and out."""
    tap, quiet = _cut(samples, sr, onset, end)
    n_in = min(onset, round(_LEAD_SECONDS * sr), len(tap) // 2)
    n_out = len(tap) // 2
    fade = np.ones(len(tap), dtype=np.float32)
    fade[:n_in] = np.square(np.sin(np.linspace(0, np.pi / 2, n_in, endpoint=False)))
    fade[len(tap) - n_out :] = np.square(np.cos(np.linspace(0, np.pi / 2, n_out)))
    levels = _measure_above_rounding(tap * fade, fade)
    if len(quiet) < _LEAST_SAMPLES:
        return levels, np.empty(0)
    window = np.square(np.sin(np.linspace(0, np.pi, len(quiet)))).astype(np.float32)
    return levels, _measure_above_rounding(quiet * window, window)


def _cut(
    samples: NDArray[np.float32], sr: int, onset: int, end: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cut a tap, and as much before it as there is."""
    first = max(0, onset - round(_LEAD_SECONDS * sr))
    tap = samples[first : max(end, onset + _LEAST_SAMPLES)]
    return tap, samples[max(0, first - len(tap)) : first]


def _choose_n_fft(tap: NDArray[np.float32]) -> int:
    return max(_LEAST_N_FFT, scipy.fft.next_fast_len(len(tap), real=True))


def _measure_above_rounding(
    samples: NDArray[np.float32], window: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Measure each part of a spectrum, in dB above what rounding has there."""
    n_fft = _choose_n_fft(samples)
    power = _measure_power(samples, n_fft)
    part = np.arange(len(power)) * N_LEVELS // len(power)
    # Of a step that is rounded evenly the mean square is a twelfth of its square.
    rounding = float(np.vecdot(window, window)) * _STEP**2 / 12
    of_parts = np.bincount(part, minlength=N_LEVELS) * rounding
    return _decibel(np.bincount(part, power, N_LEVELS) / of_parts)


def _measure_power(samples: NDArray[np.float32], n_fft: int) -> NDArray[np.float64]:
    power: NDArray[np.float64] = np.square(np.abs(scipy.fft.rfft(samples, n_fft)))
    return power.astype(np.float64)


def _decibel(power: Any) -> NDArray[np.float64]:
    return 10 * np.log10(power + _SILENCE)
