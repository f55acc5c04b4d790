"""Files to crops, a few at a time."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from tapsklearn._jobs import one_thread
from tapsklearn.preprocessing import TakeError

# Enough to keep a worker busy, few enough that their spectrograms fit anywhere.
_FILES_AT_ONCE = 16


def read_features(
    paths: Sequence[str],
    preprocessing: Any,
    *,
    n_jobs: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> NDArray[np.floating]:
    """Turn files into what the detectors take, in bounded memory.

    Parameters
    ----------
    paths : sequence of str
        The files.
    preprocessing : transformer
        From paths to crops; each take is treated alone, so that it may be given
        the files in parts.
    n_jobs : int, default=None
        Parts read in parallel.
    progress : callable, default=None
        Called with ("reading", files done, files in all).

    Returns
    -------
    ndarray of shape (n_takes, ...)
        The crops.

    Raises
    ------
    TakeError
        If files cannot be used; it names them all.
    """
    parts = [
        list(paths[first : first + _FILES_AT_ONCE])
        for first in range(0, len(paths), _FILES_AT_ONCE)
    ]
    results = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_read_part)(preprocessing, part) for part in parts
    )
    crops: list[NDArray[np.floating]] = []
    problems: dict[str | int, str] = {}
    done = 0
    for part, (part_crops, part_problems, messages) in zip(parts, results, strict=True):
        for message in messages:
            warnings.warn(message, stacklevel=3)
        crops += [] if part_crops is None else [part_crops]
        problems |= part_problems
        done += len(part)
        if progress:
            progress("reading", done, len(paths))
    if problems:
        raise TakeError(problems)
    return np.concatenate(crops)


def _read_part(
    preprocessing: Any, paths: list[str]
) -> tuple[NDArray[np.floating] | None, dict[str | int, str], list[str]]:
    with one_thread() as messages:
        crops, problems = read_usable(preprocessing.fit_transform, paths)
    return crops, problems, messages


def read_usable(
    transform: Callable[[list[str]], NDArray[np.floating]], paths: list[str]
) -> tuple[NDArray[np.floating] | None, dict[str | int, str]]:
    """Turn those files into what the detectors take that can be used.

    Parameters
    ----------
    transform : callable
        From paths to crops; each take is treated alone.
    paths : list of str
        The files.

    Returns
    -------
    crops : ndarray of shape (n_usable, ...) or None
        The crops of the others, in order; None if there is no other.
    problems : dict of str to str
        What is wrong with each file that cannot be used.
    """
    crops = None
    problems: dict[str | int, str] = {}
    while paths and crops is None:
        try:
            crops = transform(paths)
        except TakeError as error:
            # Array steps know rows; the files' names are known here.
            found: dict[str | int, str] = {
                paths[take] if isinstance(take, int) else take: reason
                for take, reason in error.problems.items()
            }
            problems |= found
            # A step that fails hides what the later ones have to say of the other
            # files.
            left = [path for path in paths if path not in found]
            paths = left if len(left) < len(paths) else []
    return crops, problems
