"""Recordings that do not hold all of their taps."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tapsklearn.preprocessing._measure_tap import TapMeasure

# Energy up to so much of half the rate is cut off there: recorders' filters begin
# at nine tenths of it or later.
_FULL_BAND = 0.85
# What holds for so many takes is said of all, once.
_MOST = 0.5
# As of the rule that chooses settings.
_SHARE = 0.9


class Misfit(NamedTuple):
    """What a recording, or all of them, lacks of the taps.

    Parameters
    ----------
    path : str
        The recording; "" for all.
    problem : {"low rate", "short"}
        What it is.
    detail : str
        In words.
    """

    path: str
    problem: str
    detail: str


def find_misfits(measures: Mapping[str, TapMeasure]) -> list[Misfit]:
    """Find recordings whose rate or length cuts their tap.

    Parameters
    ----------
    measures : mapping of str to TapMeasure
        Of the recordings of one kind of thing, by path.

    Returns
    -------
    list of Misfit
        "low rate": energy up to half of the sampling rate, or a rate too low for what
        the other recordings have; "short": it ends before the tap has rung out. What
        holds for half of them or more is said once, of all.

    See Also
    --------
    tapsklearn.datasets.check_takes : Says so of a folder.

    Examples
    --------
    >>> whole = TapMeasure(44100, 0.09, True, 7000.0, True, 0.5, 2.5, 0.001)
    >>> short = TapMeasure(44100, 0.05, False, 7000.0, True, 0.5, 0.05, 0.001)
    >>> find_misfits({"0.wav": whole, "1.wav": whole, "2.wav": short})[0].detail
    'ends 50 ms after the onset, before the tap has rung out'
    """
    found: list[Misfit] = []
    if not measures:
        return found
    rates = np.array([each.sr for each in measures.values()])
    bands = np.array([each.band for each in measures.values()])
    is_full = bands >= _FULL_BAND * rates / 2
    if is_full.mean() >= _MOST:
        detail = (
            f"the taps reach up to {_say_khz(np.quantile(bands, _SHARE))}, the end of "
            "what their sampling rate holds: record at a higher rate"
        )
        found.append(Misfit("", "low rate", detail))
    else:
        # Of those that hold all of their taps.
        band = float(np.quantile(bands[~is_full], _SHARE))
        for path, each in measures.items():
            if each.sr / 2 < band:
                detail = (
                    f"{each.sr} Hz hold {_say_khz(each.sr / 2)}, where taps of the "
                    f"other recordings reach {_say_khz(band)}"
                )
                found.append(Misfit(path, "low rate", detail))
    short = [path for path, each in measures.items() if not each.is_whole]
    if len(short) >= _MOST * len(measures):
        longest = 1e3 * max(measures[path].after for path in short)
        detail = (
            f"{len(short)} of {len(measures)} recordings end before their taps have "
            f"rung out, {longest:.3g} ms after the onset or sooner: the crops end "
            "there, too"
        )
        found.append(Misfit("", "short", detail))
    else:
        for path in short:
            detail = (
                f"ends {1e3 * measures[path].after:.3g} ms after the onset, before "
                "the tap has rung out"
            )
            found.append(Misfit(path, "short", detail))
    return found


def _say_khz(frequency: float) -> str:
    return f"{frequency / 1e3:.1f} kHz"
