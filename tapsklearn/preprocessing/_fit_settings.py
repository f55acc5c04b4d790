"""Settings of features that fit takes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from joblib import delayed, effective_n_jobs
from numpy.typing import NDArray
from sklearn.utils import gen_batches
from sklearn.utils._param_validation import StrOptions

from tapsklearn._boards import find_normal
from tapsklearn._jobs import run_parallel
from tapsklearn._labels import Labels, check_boards, check_names
from tapsklearn._progress import progress_bar
from tapsklearn.preprocessing._choose_settings import choose_settings
from tapsklearn.preprocessing._cut_clip import cut_clip
from tapsklearn.preprocessing._errors import UnusableError
from tapsklearn.preprocessing._file_cache import FileCache
from tapsklearn.preprocessing._measure_tap import TapMeasure, measure_tap
from tapsklearn.preprocessing._take import Take, measure_take

# The parameters of TapFeatures that can be found.
AUTOMATIC = (
    *("sr", "duration", "n_fft", "hop_length"),
    *("n_freqs", "n_frames", "pre_frames", "per"),
)
# What is looked at around a tap, in seconds: the background before it, and more than
# the longest crop after it.
_BEFORE, _AFTER = 0.5, 2.5
_TAKES_AT_ONCE = 64


def or_auto(constraints: Mapping[str, Any]) -> dict[str, Any]:
    """Let parameters that can be found be "auto".

    Parameters
    ----------
    constraints : mapping
        As scikit-learn has them, of all parameters.

    Returns
    -------
    dict
        Those of the parameters that can be found.
    """
    return {name: [*constraints[name], StrOptions({"auto"})] for name in AUTOMATIC}


def find_normal_rows(
    y: Any, normal_boards: Labels | None, *, n_takes: int
) -> NDArray[np.intp]:
    """Find the takes that settings are found from.

    Parameters
    ----------
    y : array-like of shape (n_takes,) or None
        Board of each take.
    normal_boards : collection of labels or None
        Those of them that are normal. If None, all takes count.
    n_takes : int
        Number of takes.

    Returns
    -------
    ndarray of int
        Their rows.

    Raises
    ------
    ValueError
        If there are none, or the boards are not known.
    """
    if normal_boards is None:
        return np.arange(n_takes)
    if y is None:
        raise ValueError(
            "normal_boards names boards of y: give fit the board of each take as y"
        )
    boards = check_boards(y, n_takes=n_takes)
    # A fold may lack some of them.
    is_normal = find_normal(boards, normal_boards, unknown="ignore")
    if not is_normal.any():
        raise ValueError(
            f"none of normal_boards={check_names(normal_boards)} is among the boards "
            "of y: there is no normal take to find settings from"
        )
    return np.flatnonzero(is_normal)


def describe_settings(settings: Mapping[str, Any], *, per: str) -> str:
    """Describe settings in one line.

    Parameters
    ----------
    settings : mapping
        As `read_crops` takes them, all of them.
    per : {"take", "frequency"}
        What is standardized.

    Returns
    -------
    str
        What a crop holds after the onset, its frequencies, and the length and the step
        of its frames in samples.

    Examples
    --------
    >>> settings = {"sr": 48000, "n_fft": 512, "hop_length": 64, "n_mels": None}
    >>> settings |= {"n_freqs": 104, "n_frames": 80, "pre_frames": 2}
    >>> describe_settings(settings, per="take")
    '104 ms, 0 to 9.8 kHz, 512/64'
    """
    sr, n_fft, hop = (settings[name] for name in ("sr", "n_fft", "hop_length"))
    seconds = (settings["n_frames"] - settings["pre_frames"]) * hop / sr
    if settings["n_mels"] is None:
        rows = f"0 to {_round(settings['n_freqs'] * sr / n_fft / 1000)} kHz"
    else:
        rows = f"{settings['n_freqs']} of {settings['n_mels']} mel bands"
    of_rows = ", per frequency" if per == "frequency" else ""
    return f"{_round(1000 * seconds)} ms, {rows}, {n_fft}/{hop}{of_rows}"


def _round(number: float) -> str:
    """Write a number with two digits, or as many as are whole."""
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def fit_settings(
    takes: Sequence[Any],
    *,
    given: Mapping[str, Any],
    input_sr: int | None,
    n_jobs: int | None,
    memory: Any,
    verbose: int,
) -> tuple[dict[str, Any], dict[int, str]]:
    """Find the settings that fit takes.

    Parameters
    ----------
    takes : sequence of str or ndarray
        Files or waveforms.
    given : mapping
        The parameters that can be found, "auto" where they are to be, and `n_mels`
        and `shifts`.
    input_sr : int or None
        Sampling rate of waveforms, in Hz.
    n_jobs, memory, verbose
        As of `read_crops`.

    Returns
    -------
    settings : dict
        All of them, given or found, the `ring` and the `band` that they were found by,
        and the `n_channels` of most takes; empty if no take can be used.
    problems : dict of int to str
        What is wrong with each take that cannot be used, by its place.
    """
    measures, problems = measure_takes(
        takes, input_sr=input_sr, n_jobs=n_jobs, memory=memory, verbose=verbose
    )
    if not measures:
        return {}, problems
    fixed = {
        name: value
        for name, value in given.items()
        if value is not None and str(value) != "auto"
    }
    of_takes = list(measures.values())
    n_channels = Counter(each.n_channels for each in of_takes).most_common(1)[0][0]
    found = choose_settings(of_takes, given=fixed)
    return {**found, "n_channels": n_channels}, problems


def measure_takes(
    takes: Sequence[Any],
    *,
    input_sr: int | None = None,
    n_jobs: int | None = None,
    memory: Any = None,
    verbose: int = 0,
) -> tuple[dict[int, TapMeasure], dict[int, str]]:
    """Measure the taps of takes.

    Parameters
    ----------
    takes : sequence of str or ndarray
        Files or waveforms.
    input_sr : int, default=None
        Sampling rate of waveforms, in Hz.
    n_jobs : int, default=None
        Processes that read. If None, 1; -1 is one for each processor.
    memory : str or object with the joblib.Memory interface, default=None
        Folder in which measures of files are kept. If None, none are.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    measures : dict of int to TapMeasure
        Of each take that can be used, by its place.
    problems : dict of int to str
        What is wrong with each other one.
    """
    cache = FileCache(memory, "measure")
    size = min(_TAKES_AT_ONCE, -(-len(takes) // (4 * effective_n_jobs(n_jobs))))
    parts = list(gen_batches(len(takes), size))
    tasks = [delayed(_measure_part)(takes[part], input_sr, cache) for part in parts]
    measures: dict[int, TapMeasure] = {}
    problems: dict[int, str] = {}
    with progress_bar("measuring", len(takes), verbose=verbose) as advance:
        for part, (of_part, wrong) in zip(
            parts, run_parallel(tasks, n_jobs=n_jobs), strict=True
        ):
            measures |= {part.start + row: each for row, each in of_part.items()}
            problems |= {part.start + row: why for row, why in wrong.items()}
            advance(part.stop - part.start)
    return measures, problems


def measure_tap_of(take: Take) -> TapMeasure:
    """Measure the tap of a recording that was read.

    Parameters
    ----------
    take : Take
        The recording.

    Returns
    -------
    TapMeasure
        Of its tap.

    Raises
    ------
    NoTapError
        If it holds none.
    """
    clip = cut_clip(take, before=_BEFORE, after=_AFTER)
    measured = measure_tap(
        clip.samples,
        clip.sr,
        tap=clip.tap,
        seconds_before=clip.seconds_before,
        seconds_after=clip.seconds_after,
    )
    return replace(
        measured, n_channels=take.n_channels, step=take.step, coding=take.coding
    )


def _measure_part(
    takes: Sequence[Any], input_sr: int | None, cache: FileCache
) -> tuple[dict[int, TapMeasure], dict[int, str]]:
    def measure(take: Any) -> TapMeasure:
        return measure_tap_of(measure_take(take, input_sr=input_sr))

    measures: dict[int, TapMeasure] = {}
    problems: dict[int, str] = {}
    for row, take in enumerate(takes):
        try:
            is_file = isinstance(take, str)
            measures[row] = cache.get(measure, take) if is_file else measure(take)
        except UnusableError as error:
            problems[row] = str(error)
    return measures, problems
