"""What a take is as a file."""

import io

import numpy as np
import soundfile
from numpy.typing import NDArray


def encode_wav(waveform: NDArray[np.floating], sr: int) -> bytes:
    """Return a waveform as the content of a WAV file of 16 bits.

    In memory, as libsndfile reports badly what is wrong with a disk.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,)
        The samples, full scale being 1.
    sr : int
        Sampling rate, in Hz.

    Returns
    -------
    bytes
        The content.

    Examples
    --------
    >>> len(encode_wav(np.zeros(4), 44100))
    52
    """
    content = io.BytesIO()
    soundfile.write(content, waveform, sr, "PCM_16", format="WAV")
    return content.getvalue()
