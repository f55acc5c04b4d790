"""What a fitted detector remembers of the takes it was fitted on."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def describe_training_set(
    takes: NDArray[np.floating],
    boards: NDArray[Any] | None,
    is_normal: NDArray[np.bool_],
) -> dict[str, Any]:
    """Count the takes of each board, and tell these takes from any others.

    Parameters
    ----------
    takes : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes.
    boards : ndarray of shape (n_takes,) or None
        Board of each.
    is_normal : ndarray of shape (n_takes,), bool
        Which of them are normal.

    Returns
    -------
    dict
        `boards` (ndarray of str, "" without boards), `n_takes` and `is_normal` of
        each, and `features_sha256`, a hash of all takes in their order.
    """
    names = np.full(len(takes), "") if boards is None else boards
    found, first, n_takes = np.unique(names, return_index=True, return_counts=True)
    digest = hashlib.sha256(np.ascontiguousarray(takes).data)
    return {
        "boards": found.astype(str),
        "n_takes": n_takes,
        "is_normal": is_normal[first],
        "features_sha256": digest.hexdigest(),
    }
