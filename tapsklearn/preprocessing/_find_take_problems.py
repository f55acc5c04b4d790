"""What is wrong with the sound of one recording."""

import os
from typing import Any

from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import AllZeroError, UnusableError
from tapsklearn.preprocessing._fit_settings import measure_tap_of
from tapsklearn.preprocessing._measure_tap import TapMeasure
from tapsklearn.preprocessing._take import measure_take


def find_take_problems(
    source: str | os.PathLike[str] | NDArray[Any], *, input_sr: int | None = None
) -> tuple[list[tuple[str, str]], int | None]:
    """Read one recording in full, and find what is wrong with its sound.

    A long one is read in blocks: memory grows by a megabyte for each ten minutes.

    Parameters
    ----------
    source : path-like or ndarray of shape (n_samples,)
        A file, or a waveform whose full scale is 1.
    input_sr : int, default=None
        Sampling rate of a waveform, in Hz; not of a file, which has its own.

    Returns
    -------
    problems : list of (str, str)
        Code and detail of each. The take is not used if it is "unreadable" or "silent",
        which stand alone, or holds "no tap"; the others are what `TakeWarning` says of
        one that is: "clipped", "quiet", "two taps", "cut", "offset", "lossy", "pop".
    rate : int or None
        Sampling rate of the file, in Hz. If None, nothing could be read.

    See Also
    --------
    tapsklearn.datasets.check_takes : The same for a folder.

    Examples
    --------
    >>> find_take_problems("nothing.wav")
    ([('unreadable', 'there is no such file')], None)
    """
    problems, rate, _ = inspect_take(source, input_sr=input_sr)
    return problems, rate


def inspect_take(
    source: str | os.PathLike[str] | NDArray[Any], *, input_sr: int | None = None
) -> tuple[list[tuple[str, str]], int | None, TapMeasure | None]:
    """Find what is wrong with the sound of one recording, and measure its tap.

    Parameters
    ----------
    source : path-like or ndarray of shape (n_samples,)
        A file, which is opened once, or a waveform whose full scale is 1.
    input_sr : int, default=None
        Sampling rate of a waveform, in Hz; not of a file, which has its own.

    Returns
    -------
    problems, rate
        As of `find_take_problems`.
    measure : TapMeasure or None
        Of its tap. If None, there is none that can be used.

    Examples
    --------
    >>> inspect_take("nothing.wav")[1:]
    (None, None)
    """
    try:
        take = measure_take(source, input_sr=input_sr)
    except AllZeroError as error:
        return [(error.code, str(error))], error.sr, None
    except UnusableError as error:
        return [(error.code, str(error))], None, None
    measure = None if "no tap" in take.remarks else measure_tap_of(take)
    return list(take.remarks.items()), take.sr, measure
