"""What a map of a take says: how much each cell of its crop lowers the score."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Explanation:
    """Which part of a crop makes a take abnormal.

    Parameters
    ----------
    values : ndarray of shape (n_freqs, n_times)
        How much each cell lowers the score, in its unit: positive is abnormal. NaN
        for a take that cannot be used.
    crop : ndarray of shape (n_freqs, n_times)
        The log spectrogram, in dB where recordings were given, before it is
        standardized.
    frequencies : ndarray of shape (n_freqs,)
        Of the rows, in Hz.
    times : ndarray of shape (n_times,)
        Of the columns, in s from the onset. Where a take has several views, the
        columns are all that any of them covers.
    score : float
        What the take scores.
    method : {"mask", "distance", "gradient", "occlusion"}
        How the values were computed.

    Examples
    --------
    >>> explanation = Explanation(
    ...     values=np.array([[0.0, 2.0], [0.5, 0.0]]),
    ...     crop=np.zeros((2, 2)),
    ...     frequencies=np.array([500.0, 1000.0]),
    ...     times=np.array([0.0, 0.003]),
    ...     score=-7.5,
    ...     method="occlusion",
    ... )
    >>> float(explanation.values.sum())
    2.5
    """

    values: NDArray[np.floating]
    crop: NDArray[np.floating]
    frequencies: NDArray[np.floating]
    times: NDArray[np.floating]
    score: float
    method: str
