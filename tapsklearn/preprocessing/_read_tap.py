"""The sound of a tap alone, to be listened to."""

import os

import numpy as np
import soxr
from numpy.typing import NDArray

from tapsklearn.preprocessing._cut_clip import cut_clip
from tapsklearn.preprocessing._errors import TakeError, UnusableError
from tapsklearn.preprocessing._take import measure_take


def read_tap(
    path: str | os.PathLike[str],
    *,
    sr: int = 44100,
    before: float = 0.05,
    after: float = 0.55,
) -> tuple[NDArray[np.float32], float]:
    """Read what lies around the tap of a recording, and nothing that is not of it.

    What lies below 40 Hz is taken out of it, and so is a pop at its beginning or end.

    Parameters
    ----------
    path : path-like
        The recording.
    sr : int, default=44100
        Sampling rate of the waveform, in Hz.
    before : float, default=0.05
        How much before the tap's loudest moment, in seconds; less where the recording
        begins.
    after : float, default=0.55
        How much after it, in seconds; less where the recording ends.

    Returns
    -------
    waveform : ndarray of shape (n_samples,), float32
        The mean of the file's channels.
    tap : float
        Where in it the loudest moment is, in seconds.

    Raises
    ------
    TakeError
        If the file cannot be used or holds no tap. The message names the file and the
        reason.

    See Also
    --------
    tapsklearn.preprocessing.read_take : A waveform of one length.

    Examples
    --------
    >>> import tempfile, soundfile
    >>> take = 1e-3 * np.random.default_rng(0).normal(size=96000)
    >>> take[48000:] += np.exp(-np.arange(48000) / 2000) * np.sin(np.arange(48000) / 9)
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, take, 48000)
    ...     waveform, tap = read_tap(file.name, sr=24000)
    >>> waveform.shape, round(tap, 2)
    ((14400,), 0.05)
    """
    try:
        clip = cut_clip(measure_take(path), before=before, after=after)
    except UnusableError as error:
        raise TakeError({str(path): str(error)}) from error
    waveform = clip.samples
    if clip.sr != sr:
        waveform = soxr.resample(waveform, clip.sr, sr)
    return np.array(waveform, dtype=np.float32), clip.tap / clip.sr
