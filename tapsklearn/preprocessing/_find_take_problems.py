"""What is wrong with the sound of one recording."""

import os

from tapsklearn.preprocessing._errors import AllZeroError, UnusableError
from tapsklearn.preprocessing._fit_settings import measure_tap_of
from tapsklearn.preprocessing._measure_tap import TapMeasure
from tapsklearn.preprocessing._take import measure_take


def find_take_problems(
    path: str | os.PathLike[str],
) -> tuple[list[tuple[str, str]], int | None]:
    """Read one recording in full, and find what is wrong with its sound.

    A long one is read in blocks: memory grows by a megabyte for each ten minutes.

    Parameters
    ----------
    path : path-like
        The file.

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
    problems, rate, _ = inspect_take(path)
    return problems, rate


def inspect_take(
    path: str | os.PathLike[str],
) -> tuple[list[tuple[str, str]], int | None, TapMeasure | None]:
    """Find what is wrong with the sound of one recording, and measure its tap.

    Parameters
    ----------
    path : path-like
        The file, which is opened once.

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
        take = measure_take(path)
    except AllZeroError as error:
        return [(error.code, str(error))], error.sr, None
    except UnusableError as error:
        return [(error.code, str(error))], None, None
    measure = None if "no tap" in take.remarks else measure_tap_of(take)
    return list(take.remarks.items()), take.sr, measure
