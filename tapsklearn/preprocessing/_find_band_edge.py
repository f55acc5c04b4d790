"""Where the band of a recording ends, if something on its way had a narrow one."""

import numpy as np

from tapsklearn.preprocessing._measure_tap import N_LEVELS, TapMeasure

# Above the end of a narrow band nothing is left but rounding, and dither, which is up
# to 4.8 dB louder.
_ROUNDING_DB = 6.0
# So many parts of the spectrum at least are empty: filters of converters and codecs of
# high quality begin later.
_LEAST_EMPTY = 12
# A filter falls within so many parts, from what is the median of as many before.
_FALL = 3
_BESIDE = 4
# By so much falls no tap by itself within a sixteenth of the spectrum, down to nothing;
# where what was recorded before the tap falls there too, less is enough.
_TAP_DB = 30.0
_BACKGROUND_DB = 10.0
# What is so far above rounding is sound for certain.
_SOUND_DB = 16.0


def find_band_edge(measure: TapMeasure) -> float | None:
    """Find where a narrow band ends: a phone call's, a headset's, a low bit rate's.

    The recording has a higher sampling rate than what passed it before, so that its
    spectrum falls steeply, in the sound before the tap as in the tap, and there is
    nothing above but the rounding of 16 bits.

    Parameters
    ----------
    measure : TapMeasure
        Of the recording's tap.

    Returns
    -------
    float or None
        In Hz. If None, nothing is cut off, or nothing shows it.

    Examples
    --------
    >>> import soxr
    >>> rng = np.random.default_rng(0)
    >>> tap = 1e-3 * rng.normal(size=44100)
    >>> tap[22050:22500] += 0.1 * rng.normal(size=450)
    >>> narrow = soxr.resample(soxr.resample(tap, 44100, 8000), 8000, 44100)
    >>> from tapsklearn.preprocessing import measure_tap
    >>> for each in (tap, narrow):
    ...     each = (2**15 * each).round() / 2**15
    ...     print(find_band_edge(measure_tap(each, 44100, tap=22050)))
    None
    4134.375
    """
    levels = np.array(measure.tapered)
    is_sound = levels > _ROUNDING_DB
    end = int(np.flatnonzero(is_sound)[-1]) + 1 if is_sound.any() else 0
    if end < _BESIDE + _FALL or N_LEVELS - end < _LEAST_EMPTY:
        return None
    before = slice(end - _FALL - _BESIDE, end - _FALL)
    full, empty = np.median(levels[before]), np.median(levels[end:])
    is_edge = full - empty >= _TAP_DB
    if len(measure.background):
        background = np.array(measure.background)
        of_background = np.median(background[before]) - np.median(background[end:])
        is_edge |= min(full - empty, of_background) >= _BACKGROUND_DB
    if not is_edge:
        return None
    middle = np.flatnonzero(levels >= (full + empty) / 2)[-1] + 1
    return float(middle * measure.sr / (2 * N_LEVELS))


def find_reach(measure: TapMeasure) -> float:
    """Find up to which frequency a recording holds sound for certain.

    Parameters
    ----------
    measure : TapMeasure
        Of the recording's tap.

    Returns
    -------
    float
        In Hz; 0 if it holds no more than rounding.

    Examples
    --------
    >>> from tapsklearn.preprocessing import measure_tap
    >>> tap = 1e-3 * np.random.default_rng(0).normal(size=44100)
    >>> tap[22050:22500] *= 100
    >>> find_reach(measure_tap(tap, 44100, tap=22050))
    22050.0
    """
    is_sound = np.flatnonzero(np.array(measure.tapered) > _SOUND_DB)
    n_parts = is_sound[-1] + 1 if len(is_sound) else 0
    return float(n_parts * measure.sr / (2 * N_LEVELS))
