"""Where in a take the tap begins."""

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._take_rules import RISE_DB


def frame_energy(spectrogram: NDArray[np.floating]) -> NDArray[np.float64]:
    """Sum a log spectrogram's power over its frequencies.

    Parameters
    ----------
    spectrogram : ndarray of shape (n_freqs, n_frames)
        Power in dB.

    Returns
    -------
    ndarray of shape (n_frames,)
        Energy of each frame, in dB.

    Examples
    --------
    >>> frame_energy(np.array([[0.0, 10.0], [0.0, 10.0]])).round(2)
    array([ 3.01, 13.01])
    """
    # Relative to the frame's loudest bin, so that no level over- or underflows.
    loudest = spectrogram.max(axis=0).astype(np.float64)
    relative = spectrogram - loudest
    return 10 * np.log10(np.power(10.0, relative / 10).sum(axis=0)) + loudest


def find_onset(energy: NDArray[np.floating], *, reach: int = 110) -> int:
    """Find the frame in which the tap begins.

    It is the first frame within 10 dB of the loudest one, looked for no further
    than `reach` frames before that one, so that a noisy moment earlier in the
    take is not mistaken for it and a crop of that many frames holds the loudest.

    Parameters
    ----------
    energy : ndarray of shape (n_frames,)
        Energy of each frame, in dB.
    reach : int, default=110
        How many frames before the loudest the tap can begin.

    Returns
    -------
    int
        Index of the frame.

    Examples
    --------
    >>> find_onset(np.array([-60.0, -60.0, -3.0, 0.0, -5.0]))
    2
    """
    loudest = int(np.argmax(energy))
    earliest = max(0, loudest - reach)
    rises = energy[earliest : loudest + 1] >= energy[loudest] - RISE_DB
    return earliest + int(np.argmax(rises))
