"""The clip of a recording that holds its tap, at the recording's own rate."""

import os
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import NoTapError
from tapsklearn.preprocessing._take import Take, measure_take


class Clip(NamedTuple):
    """What lies around the tap of a recording.

    Attributes
    ----------
    samples : ndarray of shape (n_samples,), float32
        Without rumble and pops.
    sr : int
        Their sampling rate, in Hz: the recording's own.
    tap : int
        Which of them is in the middle of the loudest moment.
    seconds_before, seconds_after : float
        How much the whole recording has before and after that. Digital silence at its
        ends does not count.
    """

    samples: NDArray[np.float32]
    sr: int
    tap: int
    seconds_before: float
    seconds_after: float


def read_clip(
    source: str | os.PathLike[str] | NDArray[Any],
    *,
    input_sr: int | None = None,
    before: float,
    after: float,
) -> Clip:
    """Read what lies around the tap of a recording.

    Parameters
    ----------
    source : path-like or ndarray of shape (n_samples,)
        A file, or a waveform whose full scale is 1.
    input_sr : int, default=None
        Sampling rate of a waveform, in Hz; not of a file, which has its own.
    before, after : float
        How much before and after the tap's loudest moment, in seconds; less where the
        recording ends.

    Returns
    -------
    Clip
        The clip.

    Raises
    ------
    UnusableError
        If the recording cannot be used or holds no tap.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> take = 1e-3 * rng.normal(size=48000)
    >>> take[30000:] += np.exp(-np.arange(18000) / 900) * rng.uniform(-1, 1, 18000)
    >>> clip = read_clip(take, input_sr=48000, before=0.01, after=0.1)
    >>> len(clip.samples), clip.tap, round(clip.seconds_before, 2)
    (5280, 480, 0.63)
    """
    return cut_clip(measure_take(source, input_sr=input_sr), before=before, after=after)


def cut_clip(take: Take, *, before: float, after: float) -> Clip:
    """Cut what lies around the tap of a recording that was read.

    Parameters
    ----------
    take : Take
        The recording.
    before, after : float
        As of `read_clip`.

    Returns
    -------
    Clip
        The clip.

    Raises
    ------
    NoTapError
        If the recording holds no tap.
    """
    if "no tap" in take.remarks:
        raise NoTapError(take.remarks["no tap"])
    first = max(take.start, take.tap - round(before * take.sr))
    last = min(take.stop, take.tap + round(after * take.sr))
    return Clip(
        take.cut(first, last),
        take.sr,
        take.tap - first,
        (take.tap - take.start) / take.sr,
        (take.stop - take.tap) / take.sr,
    )
