"""From a recording to a waveform of one rate and length, with its tap in it."""

from math import gcd

import numpy as np
import soxr
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import NoTapError, UnusableError
from tapsklearn.preprocessing._take import Take
from tapsklearn.preprocessing._take_rules import FALL_SECONDS, RISE_DB

# How much of a clip lies before its tap's loudest moment, if the recording has it.
_LEAD = 1 / 3
# A clip begins at a multiple of a power of two of its samples, of 1024 at most and a
# small part of it: so its frames are those of the whole recording.
_MOST_STEP = 1024
_STEPS_PER_CLIP = 64
# So much on both sides of a clip, in samples of the lower rate, is what the resampler's
# filter reaches.
_REACH = 256
_MOST_PERIOD = 1024
# After the recording's end its last part is repeated: this share of what follows the
# loudest moment.
_REPEATED = 1 / 3
# A sound decays whose power falls to less than this from quarter to quarter of that.
_DECAYS = 0.8
_LEAST_LEVEL = 1e-6
_LEAST_POWER = 1e-30


def to_waveform(
    take: Take,
    *,
    sr: int,
    duration: float | None,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Make a mono waveform of one rate and length of a recording.

    It begins a third of its length before the loudest moment, or with the recording.

    Parameters
    ----------
    take : Take
        The recording.
    sr : int
        Sampling rate of the waveform, in Hz.
    duration : float or None
        Length of the waveform, in seconds. If None, all of the recording.
    out : ndarray of shape (sr * duration,), float32, default=None
        Where to put the waveform. If None, into a new array.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        The waveform.

    Raises
    ------
    UnusableError
        If nothing is left of the recording at that rate.

    Notes
    -----
    What the waveform has after the end of the recording shows nothing of how long this
    is: the last part of the recording is repeated, each time turned round, which is
    noise where the tap has rung out, and goes on to decay where it has not. Zeros would
    be the quietest there is, and where they begin would be a feature.
    """
    if round(take.n_samples * sr / take.sr) == 0:
        raise UnusableError(f"is too short: nothing is left of it at {sr} Hz")
    if duration is None:
        waveform = take.cut(0, take.n_samples)
        return waveform if take.sr == sr else soxr.resample(waveform, take.sr, sr)
    n_samples = round(sr * duration)
    if out is None:
        out = np.empty(n_samples, dtype=np.float32)
    begin = _find_begin(take, sr=sr, n_samples=n_samples)
    if take.sr == sr:
        _fill(out, take, begin)
        return out
    ratio = take.sr / sr
    reach = round(_REACH * max(1.0, 1 / ratio))
    # From where samples of both rates fall together, if they often do.
    period = sr // gcd(take.sr, sr)
    period = period if period <= _MOST_PERIOD else 1
    first = max(0, begin - reach) // period * period
    if first * ratio < take.start:
        first = min(begin, -(-int(np.ceil(take.start / ratio)) // period) * period)
    before = begin - first
    n_needed = int(np.ceil((before + n_samples + reach) * ratio))
    clip = np.empty(n_needed, dtype=np.float32)
    _fill(clip, take, max(take.start, round(first * ratio)))
    out[:] = soxr.resample(clip, take.sr, sr)[before : before + n_samples]
    return out


def waveform_of_tap(
    take: Take, *, sr: int, duration: float, out: NDArray[np.float32]
) -> None:
    """Make the waveform of a recording that must hold a tap.

    Parameters
    ----------
    take : Take
        The recording.
    sr : int
        Sampling rate of the waveform, in Hz.
    duration : float
        Length of the waveform, in seconds.
    out : ndarray of shape (sr * duration,), float32
        Where to put the waveform; the recording may be held there.

    Raises
    ------
    NoTapError
        If the recording holds no tap.
    """
    if "no tap" in take.remarks:
        raise NoTapError(take.remarks["no tap"])
    to_waveform(take, sr=sr, duration=duration, out=out)


def _find_begin(take: Take, *, sr: int, n_samples: int) -> int:
    """Find which sample of the recording, at the waveform's rate, is its first one."""
    step = min(_MOST_STEP, 2 ** int(np.log2(max(1, n_samples / _STEPS_PER_CLIP))))
    start, tap = (place * sr / take.sr for place in (take.start, take.tap))
    earliest = max(start, tap - _LEAD * n_samples)
    begin = int(np.ceil(earliest / step)) * step
    # Where little comes before the tap, that is not to be rounded away.
    return begin if begin <= (earliest + tap) / 2 else int(np.ceil(earliest))


def _fill(clip: NDArray[np.float32], take: Take, first: int) -> None:
    """Put a recording into a clip, from a sample on, and go on after its end."""
    # Of a few samples at a high rate, rounding must leave one.
    first = min(first, take.stop - 1)
    n_recorded = min(len(clip), take.stop - first)
    recorded = take.cut(first, first + n_recorded)
    # They may be in place already.
    if recorded.ctypes.data != clip.ctypes.data:
        clip[:n_recorded] = recorded
    n_missing = len(clip) - n_recorded
    if n_missing:
        n_repeated = max(1, round(_REPEATED * (take.stop - take.tap)))
        last = clip[:n_recorded][-n_repeated:]
        # What is not over yet will fall as any tap does.
        is_over = np.square(last).mean() < 10 ** (-RISE_DB / 10) * take.power
        fall = 0.0 if is_over else RISE_DB / FALL_SECONDS / take.sr
        _go_on(last, out=clip[n_recorded:], least_decay=fall * np.log(10) / 20)


def _go_on(
    last: NDArray[np.float32], *, out: NDArray[np.float32], least_decay: float
) -> None:
    """Go on as the last part of a recording did, decaying if it decayed."""
    quarter = len(last) // 4
    decay = 0.0
    if quarter:
        last = last[-4 * quarter :]
        power = np.square(last.reshape(4, quarter), dtype=np.float64).sum(axis=1)
        ratio = float((power[1:] / np.maximum(power[:-1], _LEAST_POWER)).max())
        if ratio < _DECAYS:
            # Without its decay, which comes back below.
            decay = -np.log(max(ratio, _LEAST_POWER)) / 2 / quarter
            last = last * np.exp(decay * np.arange(1 - len(last), 1)).astype(np.float32)
        else:
            # What is louder than its end is not over yet.
            louder = np.flatnonzero(_DECAYS * power > power[-1])
            last = last[quarter * (louder.max(initial=-1) + 1) :]
    out[:] = np.resize(np.concatenate([last[::-1], last]), len(out))
    decay = max(decay, least_decay)
    if decay:
        n_decaying = min(len(out), int(-np.log(_LEAST_LEVEL) / decay))
        out[:n_decaying] *= np.exp(-decay * np.arange(1, n_decaying + 1))
        out[n_decaying:] *= _LEAST_LEVEL
