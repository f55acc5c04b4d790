"""Takes as a detector is given them, checked and brought to one form."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import validate_data


def validate_takes(
    detector: Any, X: ArrayLike, *, reset: bool = False
) -> NDArray[np.floating]:
    """Check X, and bring it to four dimensions.

    Parameters
    ----------
    detector : TapDetector
        The detector that is given them.
    X : array-like
        Crops.
    reset : bool, default=False
        Whether X sets the shape of a take, in place of having it.

    Returns
    -------
    ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        X, in float32 if it was of another type than float32 and float64.
    """
    dtype = getattr(X, "dtype", None)
    if isinstance(dtype, np.dtype) and not dtype.isnative:
        # The same type, which would be taken for another one.
        X = np.asarray(X, dtype=dtype.newbyteorder("="))
    takes: NDArray[np.floating] = validate_data(
        detector,
        X,
        reset=reset,
        allow_nd=True,
        # Torch takes no arrays that run backwards.
        order="C",
        # What is neither becomes the first.
        dtype=[np.float32, np.float64],
        ensure_all_finite="allow-nan",
    )
    if reset:
        detector.input_shape_ = takes.shape[1:]
    elif takes.shape[1:] != detector.input_shape_:
        raise ValueError(
            f"X has takes of shape {takes.shape[1:]}, but {type(detector).__name__} "
            f"is expecting {detector.input_shape_} as in fit"
        )
    if takes.ndim > 4:
        raise ValueError(
            "expected takes of at most 3 dimensions (n_views, n_freqs, n_frames), "
            f"got {takes.shape[1:]}"
        )
    # (n, features), (n, freqs, frames) -> (n, views, freqs, frames)
    return takes.reshape(len(takes), *(1,) * (4 - takes.ndim), *takes.shape[1:])


def find_missing(takes: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Find the takes that hold NaN.

    Parameters
    ----------
    takes : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes.

    Returns
    -------
    ndarray of shape (n_takes,), bool
        Which they are.
    """
    return np.isnan(takes).any(axis=(1, 2, 3))


def drop_missing(
    takes: NDArray[np.floating], boards: Any, purpose: str
) -> tuple[NDArray[np.floating], Any]:
    """Leave out takes that hold NaN, with a warning.

    Parameters
    ----------
    takes : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes.
    boards : ndarray of shape (n_takes,) or None
        Board of each.
    purpose : str
        What the others are for: "fitted on", for example.

    Returns
    -------
    takes : ndarray of shape (n_kept, n_views, n_freqs, n_frames)
        The others.
    boards : ndarray of shape (n_kept,) or None
        Their boards.

    Raises
    ------
    ValueError
        If all hold NaN.
    """
    missing = find_missing(takes)
    if missing.all():
        raise ValueError(f"every take holds NaN: there is nothing to be {purpose}")
    if missing.any():
        warnings.warn(
            f"{missing.sum()} of {len(takes)} takes hold NaN and are not {purpose}",
            stacklevel=5,
        )
        takes = takes[~missing]
        boards = None if boards is None else boards[~missing]
    return takes, boards
