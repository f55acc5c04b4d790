"""The clip of a recording that holds its tap, at the recording's own rate."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import NoTapError
from tapsklearn.preprocessing._take import Take


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


def cut_clip(take: Take, *, before: float, after: float) -> Clip:
    """Cut what lies around the tap of a recording that was read.

    Parameters
    ----------
    take : Take
        The recording.
    before, after : float
        How much before and after the tap's loudest moment, in seconds; less where the
        recording ends.

    Returns
    -------
    Clip
        The clip.

    Raises
    ------
    NoTapError
        If the recording holds no tap.

    Examples
    --------
    >>> from tapsklearn.preprocessing._take import measure_take
    >>> rng = np.random.default_rng(0)
    >>> sound = 1e-3 * rng.normal(size=48000)
    >>> sound[30000:] += np.exp(-np.arange(18000) / 900) * rng.uniform(-1, 1, 18000)
    >>> take = measure_take(sound, input_sr=48000)
    >>> clip = cut_clip(take, before=0.01, after=0.1)
    >>> len(clip.samples), clip.tap, round(clip.seconds_before, 2)
    (5280, 480, 0.63)
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
