"""From samples to a waveform of one rate and length, without rumble and pops."""

from typing import Any, NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from tapsklearn.preprocessing._describe_take import describe_take
from tapsklearn.preprocessing._errors import NoTapError, UnusableError
from tapsklearn.preprocessing._find_tap import find_pops
from tapsklearn.preprocessing._levels import Levels, measure_levels, split_hops
from tapsklearn.preprocessing._rumble import take_out_rumble
from tapsklearn.preprocessing._samples import Samples

# What stands in for a pop is the mean of so much beside it.
_BESIDE_POP_SECONDS = 0.05


class Recording(NamedTuple):
    """The samples of a recording, as far as they are needed.

    Attributes
    ----------
    samples : ndarray of shape (n_samples,), int16 or float32
        The mean of its channels; int16 stands for 2**-15 times as much.
    sr : int
        Their sampling rate, in Hz.
    n_frames : int
        How many there are in all, those that are not needed included.
    seen : Samples
        What was seen of them as they were.
    """

    samples: NDArray[Any]
    sr: int
    n_frames: int
    seen: Samples


def to_waveform(
    recording: Recording,
    *,
    sr: int,
    duration: float | None,
    out: NDArray[np.float32] | None = None,
    needs_tap: bool = True,
) -> tuple[NDArray[np.float32], dict[str, str]]:
    """Make a mono waveform of one rate and length of a recording.

    What lies below 40 Hz is taken out of it, and pops at its ends.

    Parameters
    ----------
    recording : Recording
        The recording.
    sr : int
        Sampling rate of the waveform, in Hz.
    duration : float or None
        Length of the waveform, in seconds. If None, that of the recording.
    out : ndarray of shape (sr * duration,), float32, default=None
        Where to put the waveform. If None, into a new array.
    needs_tap : bool, default=True
        Whether a recording without a tap cannot be used; else that is a remark.

    Returns
    -------
    waveform : ndarray of shape (n_samples,), float32
        The take.
    remarks : dict of str to str
        What is to be said of it: the detail of each remark by its word.

    Raises
    ------
    UnusableError
        If it is empty, all zero, its channels cancel each other out, or it holds no
        tap.
    """
    samples, rate, n_frames, seen = recording
    if n_frames == 0:
        raise UnusableError("holds no samples")
    seconds_cut = 0.0
    # Rounding to whole samples is not worth a remark.
    if duration is not None and n_frames > np.ceil(duration * rate):
        seconds_cut = n_frames / rate - duration
    seen.check(f" in the first {duration:g} s" if seconds_cut else "")
    # At the file's own rate still; fresh memory takes longer than what is done in it.
    is_in_place = rate == sr and out is not None and len(samples) <= len(out)
    if is_in_place and out is not None:
        waveform = out[: len(samples)]
    else:
        waveform = np.empty(len(samples), dtype=np.float32)
    remarks = _clean(waveform, recording)
    if needs_tap and "no tap" in remarks:
        raise NoTapError(remarks["no tap"])
    if seconds_cut:
        remarks["long"] = (
            f"longer than duration={duration:g} s: the last {seconds_cut:.3g} s were "
            "cut off"
        )
    if rate != sr:
        waveform = soxr.resample(waveform, rate, sr)
    if len(waveform) == 0:
        raise UnusableError(f"is too short: nothing is left of it at {sr} Hz")
    if out is None:
        n_samples = len(waveform) if duration is None else round(sr * duration)
        out = np.empty(n_samples, dtype=np.float32)
    waveform = waveform[: len(out)]
    if not is_in_place:
        out[: len(waveform)] = waveform
    out[len(waveform) :] = 0
    return out, remarks


def _clean(waveform: NDArray[np.float32], recording: Recording) -> dict[str, str]:
    """Put samples without rumble and pops into a waveform, and describe the take."""
    samples, sr, _, seen = recording
    scale = np.float32(2**-15 if samples.dtype == np.int16 else 1)
    np.multiply(samples, scale, out=waveform)
    offset = take_out_rumble(waveform, sr=sr)
    take = waveform[: seen.n_kept]
    hop, part = split_hops(len(take), sr)

    def measure() -> Levels:
        power, high = measure_levels(take, hop=hop, part=part)
        return Levels(power, high, hop / sr, len(take) / sr)

    levels = measure()
    first, last = find_pops(levels)
    start = hop * first
    stop = min(hop * last, len(take))
    if (start, stop) != (0, len(take)):
        # A pop has low frequencies as well, which reach into what is beside it.
        np.multiply(samples, scale, out=waveform)
        level_pops(take, start, stop, sr=sr)
        take_out_rumble(waveform, sr=sr)
        take[:start] = take[stop:] = 0
        levels = measure()
    peak = max(float(take.max(initial=0)), -float(take.min(initial=0)))
    return describe_take(seen, levels, peak=peak, offset=offset, first=first, last=last)


def level_pops(take: NDArray[np.float32], start: int, stop: int, *, sr: int) -> None:
    """Put the mean of what is beside a pop in its place.

    Parameters
    ----------
    take : ndarray of shape (n_samples,)
        The take, with its rumble; changed in place.
    start, stop : int
        What is free of pops.
    sr : int
        Its sampling rate, in Hz.
    """
    n_beside = round(_BESIDE_POP_SECONDS * sr)
    if start > 0:
        take[:start] = take[start : start + n_beside].mean()
    if stop < len(take):
        take[stop:] = take[max(start, stop - n_beside) : stop].mean()
