"""Many decaying modes, summed fast."""

import numpy as np
from numpy.typing import NDArray

# Samples to a block; any would do, this is about the fastest.
BLOCK = 128


def ring(
    amplitudes: NDArray[np.inexact],
    poles: NDArray[np.complex128],
    *,
    n_samples: int,
    sample_rate: float,
) -> NDArray[np.float32]:
    """Sum decaying sine waves: the imaginary part of Σ a exp(s t).

    Parameters
    ----------
    amplitudes : ndarray of shape (n_modes,), complex or float
        The a, at t = 0.
    poles : ndarray of shape (n_modes,), complex
        The s, in 1/s: minus the decay, plus i times the angular frequency.
    n_samples : int
        How many, from t = 0 on.
    sample_rate : float
        In Hz.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        The sum.

    Examples
    --------
    >>> wave = ring(
    ...     np.array([1.0 + 0j]), np.array([2j * np.pi]), n_samples=4, sample_rate=4
    ... )
    >>> wave.round(3) + 0.0
    array([ 0.,  1.,  0., -1.], dtype=float32)
    """
    # exp(s (block + i)) is a product of the two, so all samples are one product of
    # two small matrices, in which sines and cosines are only those of a block.
    starts = np.arange(0, n_samples, BLOCK) / sample_rate
    at_start = amplitudes * np.exp(poles * starts[:, None])
    in_block = np.exp(poles[:, None] * (np.arange(BLOCK) / sample_rate))
    left = np.hstack([at_start.real, at_start.imag]).astype(np.float32)
    right = np.vstack([in_block.imag, in_block.real]).astype(np.float32)
    return (left @ right).ravel()[:n_samples]
