"""Crops of many takes, whatever is wrong with some of them."""

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from joblib import delayed, effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, gen_batches
from sklearn.utils._param_validation import validate_parameter_constraints

from tapsklearn._jobs import run_parallel
from tapsklearn._progress import progress_bar
from tapsklearn.preprocessing._crop_reader import CropReader, default_settings
from tapsklearn.preprocessing._errors import UnusableError, warn_of_remarks
from tapsklearn.preprocessing._file_cache import FileCache
from tapsklearn.preprocessing._log_spectrogram import LogSpectrogram, count_rows
from tapsklearn.preprocessing._standardizer import standardize
from tapsklearn.preprocessing._take import take_samples
from tapsklearn.preprocessing._tap_crop import TapCrop, check_crop
from tapsklearn.preprocessing._wav_loader import WavLoader, as_paths

# The most that a job is given at once; their crops are some megabytes. And parts a
# job, so that none waits long for the last one.
TAKES_AT_ONCE = 64
_PARTS_A_JOB = 4

Sources = Iterable[str | os.PathLike[str]] | Sequence[ArrayLike] | ArrayLike


def read_crops(
    sources: Sources,
    *,
    input: str = "filename",  # noqa: A002
    input_sr: int | None = None,
    standardized: bool = True,
    n_channels: int | None = None,
    n_jobs: int | None = None,
    memory: Any = None,
    verbose: int = 0,
    **settings: Any,
) -> tuple[NDArray[np.float32], dict[int, str]]:
    """Read takes and cut their taps; report those that cannot be used, never raise.

    Each file is opened once, whatever is wrong with the others. `TapFeatures` is the
    transformer over it.

    Parameters
    ----------
    sources : list of path-like, list of 1-D arrays or 2-D array
        The takes: files, or waveforms, whose lengths may differ in a list.
    input : {"filename", "waveform"}, default="filename"
        What the takes are given as.
    input_sr : int, default=None
        Sampling rate of waveforms, in Hz. If None, that of the crops.
    standardized : bool, default=True
        Whether each view of each take gets zero mean and unit variance.
    n_channels : int, default=None
        How many channels takes have. A take of another number gets a remark, as its
        level cannot be compared. If None, any will do.
    n_jobs : int, default=None
        Processes that read. If None, 1; -1 is one for each processor.
    memory : str or object with the joblib.Memory interface, default=None
        Folder in which crops of files are kept. If None, none are.
    verbose : int, default=0
        1 shows a progress bar.
    **settings : dict
        Parameters of `WavLoader`, `LogSpectrogram` and `TapCrop`, `on_error` aside;
        those not given have their defaults.

    Returns
    -------
    crops : ndarray of shape (n_takes, n_views, n_freqs, n_frames), float32
        The crops; NaN where a take cannot be used.
    problems : dict of int to str
        What is wrong with each of those, by row.

    Raises
    ------
    ValueError
        If the sources are no such list, or parameters make no sense.

    Warns
    -----
    TakeWarning
        Of takes of which something is to be said: that they are clipped, say, or hold
        two taps.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> tap = np.exp(-np.arange(44100) / 2000) * rng.uniform(-1, 1, 44100)
    >>> crops, problems = read_crops([tap, 0 * tap], input="waveform")
    >>> crops.shape, problems
    ((2, 1, 100, 120), {1: 'all samples are zero'})
    """
    settings = check_settings(settings)
    check_input(input, input_sr=input_sr, memory=memory)
    is_file = input == "filename"
    takes = as_paths(sources) if is_file else as_waveforms(sources)
    asked = settings | {"n_channels": n_channels}
    cache = FileCache(memory, asked) if is_file else None
    shape = (len(settings["shifts"]), settings["n_freqs"], settings["n_frames"])
    crops = np.empty((len(takes), *shape), dtype=np.float32)
    problems: dict[int, str] = {}
    remarks: dict[int, dict[str, str]] = {}
    n_parts = _PARTS_A_JOB * effective_n_jobs(n_jobs)
    size = min(TAKES_AT_ONCE, -(-len(takes) // n_parts))
    parts = list(gen_batches(len(takes), size))
    tasks = [
        delayed(_read_part)(takes[part], asked, input_sr, cache, standardized)
        for part in parts
    ]
    results = run_parallel(tasks, n_jobs=n_jobs)
    with progress_bar("reading", len(takes), verbose=verbose) as advance:
        for part, (part_crops, part_problems, part_remarks) in zip(
            parts, results, strict=True
        ):
            crops[part] = part_crops
            problems |= {part.start + row: why for row, why in part_problems.items()}
            remarks |= {part.start + row: of for row, of in part_remarks.items()}
            advance(len(part_crops))
    warn_of_remarks(
        {takes[row] if is_file else row: of_take for row, of_take in remarks.items()}
    )
    return crops, problems


def check_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Complete the settings of crops, and check what none of them shows alone.

    Parameters
    ----------
    settings : dict
        As `read_crops` takes them.

    Returns
    -------
    dict
        All of them.

    Raises
    ------
    TypeError
        If there is no such setting.
    ValueError
        If such crops cannot be cut.
    """
    defaults = default_settings()
    unknown = settings.keys() - defaults.keys()
    if unknown:
        raise TypeError(
            f"crops have no setting {', '.join(sorted(unknown))}; there are "
            f"{', '.join(defaults)}"
        )
    settings = defaults | settings
    validate_parameter_constraints(
        {
            **WavLoader._parameter_constraints,
            **LogSpectrogram._parameter_constraints,
            **TapCrop._parameter_constraints,
        },
        settings,
        caller_name="read_crops",
    )
    of_spectrogram = LogSpectrogram().get_params().keys()
    n_rows = count_rows(**{name: settings[name] for name in of_spectrogram})
    crop = ("n_freqs", "n_frames", "pre_frames", "shifts")
    check_crop(n_rows, **{name: settings[name] for name in crop})
    settings["shifts"] = tuple(settings["shifts"])
    return settings


def check_input(input: str, *, input_sr: int | None, memory: Any) -> None:  # noqa: A002
    """Check that no parameter is given that does nothing with this input.

    Parameters
    ----------
    input : {"filename", "waveform"}
        What takes are given as.
    input_sr : int or None
        Sampling rate of waveforms.
    memory : str, joblib.Memory or None
        Where crops of files are kept.

    Raises
    ------
    ValueError
        If one is.
    """
    if input not in {"filename", "waveform"}:
        raise ValueError(f"input={input!r} must be 'filename' or 'waveform'")
    if input == "filename" and input_sr is not None:
        raise ValueError(
            f"input_sr={input_sr!r} is the rate of waveforms, and a file has its own: "
            "leave it out, or give waveforms with input='waveform'"
        )
    if input == "waveform" and memory is not None:
        raise ValueError(
            "memory= keeps crops of files, of which there are none with "
            "input='waveform': leave it out"
        )


def as_waveforms(X: Any) -> list[NDArray[Any]]:
    """Check that what was given are waveforms.

    Parameters
    ----------
    X : list of 1-D arrays or 2-D array
        The waveforms.

    Returns
    -------
    list of ndarray of shape (n_samples,)
        The waveforms; NaN and infinities are still in them.

    Raises
    ------
    ValueError
        If it is anything else, or empty.
    """
    if not is_list(X):
        return list(
            check_array(X, dtype=[np.float32, np.float64], ensure_all_finite=False)
        )
    waveforms = [np.asarray(each) for each in X]
    for row, waveform in enumerate(waveforms):
        if waveform.ndim != 1 or waveform.dtype.kind not in "fiub":
            raise ValueError(
                "expected a list of waveforms, each a one-dimensional array of "
                f"numbers, got a {type(X[row]).__name__} of shape {waveform.shape} and "
                f"type {waveform.dtype} in row {row}"
            )
    if not waveforms:
        raise ValueError("found no waveforms: the list is empty (0 sample(s))")
    return waveforms


def find_not_finite(waveforms: Sequence[NDArray[Any]]) -> dict[int, str]:
    """Find waveforms that hold what is no number.

    Parameters
    ----------
    waveforms : sequence of ndarray of shape (n_samples,)
        The waveforms.

    Returns
    -------
    dict of int to str
        What is wrong with each of those, by its row.
    """
    problems: dict[int, str] = {}
    for row, waveform in enumerate(waveforms):
        try:
            # Nothing that is looked for here depends on the rate.
            take_samples(waveform, WavLoader().sr)
        except UnusableError as error:
            problems[row] = str(error)
    return problems


def is_list(X: Any) -> bool:
    """Find out whether waveforms are given one by one, so that lengths may differ.

    Parameters
    ----------
    X : object
        What was given.

    Returns
    -------
    bool
        True for a list, a tuple or an array of arrays.
    """
    holds_arrays = getattr(X, "ndim", None) == 1 and getattr(
        X, "dtype", None
    ) == np.dtype(object)
    return isinstance(X, list | tuple) or holds_arrays


def _read_part(
    takes: list[Any],
    settings: dict[str, Any],
    input_sr: int | None,
    cache: FileCache | None,
    standardized: bool,
) -> tuple[NDArray[np.float32], dict[int, str], dict[int, dict[str, str]]]:
    """Cut the crops of some takes; report what was wrong, and what is to be said."""
    reader = CropReader(input_sr=input_sr, **settings)
    crops = np.full((len(takes), *reader.shape), np.nan, dtype=np.float32)
    problems: dict[int, str] = {}
    remarks: dict[int, dict[str, str]] = {}
    for row, take in enumerate(takes):
        try:
            views, of_take = (
                cache.get(reader.read, take) if cache else reader.read(take)
            )
        except UnusableError as error:
            problems[row] = str(error)
            continue
        remarks[row] = of_take
        for view, power in zip(crops[row], views, strict=True):
            view[:] = standardize(power) if standardized else power
    return crops, problems, remarks
