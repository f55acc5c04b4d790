"""How loud a take is from moment to moment."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# At 44.1 kHz hops of 128 samples in eight parts of 16, and frames of eight hops: the
# article's spectrogram.
_HOP_SECONDS = 128 / 44100
_PARTS_PER_HOP = 8
HOPS_PER_FRAME = 8
# A short take has shorter ones, so that it has as many.
_LEAST_HOPS = 64


class Levels(NamedTuple):
    """The power of a take, hop by hop.

    Attributes
    ----------
    power : ndarray of shape (n_hops,)
        Mean square of the samples.
    high : ndarray of shape (n_hops,)
        The same of what lies above about 1 kHz, falling off by 6 dB an octave below:
        what the samples differ from the mean of their part of a hop. In noise of few
        low frequencies, brown noise or traffic, loudness comes and goes by itself;
        what is loudest here is an event.
    hop_seconds : float
        Length of a hop.
    seconds : float
        Length of the take.
    """

    power: NDArray[np.float64]
    high: NDArray[np.float64]
    hop_seconds: float
    seconds: float


def split_hops(n_samples: int, sr: int) -> tuple[int, int]:
    """Find the hops of a take.

    Parameters
    ----------
    n_samples : int
        Its length.
    sr : int
        Its sampling rate, in Hz.

    Returns
    -------
    hop, part : int
        Length of a hop and of one of its parts, in samples.

    Examples
    --------
    >>> split_hops(132300, 44100), split_hops(2048, 44100)
    ((128, 16), (32, 16))
    """
    part = max(2, round(sr * _HOP_SECONDS / _PARTS_PER_HOP))
    n_parts = n_samples // (_LEAST_HOPS * part)
    if n_parts == 0:
        part = max(2, n_samples // _LEAST_HOPS)
    return min(max(n_parts, 1), _PARTS_PER_HOP) * part, part


def measure_levels(
    waveform: NDArray[np.float32], *, hop: int, part: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure the power of each hop, the last one filled up by its mirror image.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,), float32
        The take, without rumble.
    hop, part : int
        Of `split_hops`.

    Returns
    -------
    power, high : ndarray of shape (n_hops,)
        As of `Levels`.
    """
    n_whole = len(waveform) // hop
    power, high = _measure(waveform[: n_whole * hop].reshape(n_whole, hop), part)
    n_left = len(waveform) - n_whole * hop
    if n_left:
        last = waveform[max(0, n_whole - 1) * hop :]
        last = np.pad(last, (0, hop - n_left), mode="symmetric")
        of_last = _measure(last[None, -hop:], part)
        power, high = (
            np.concatenate(both) for both in zip((power, high), of_last, strict=True)
        )
    return power, high


def _measure(
    hops: NDArray[np.float32], part: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n_hops, hop = hops.shape
    # Sums of few samples each: einsum is the fastest.
    sums = np.einsum("ij->i", hops.reshape(-1, part)).reshape(n_hops, hop // part)
    energy = np.vecdot(hops, hops).astype(np.float64)
    low = np.vecdot(sums, sums).astype(np.float64) / part
    return energy / hop, np.maximum(energy - low, 0) / hop
