"""One take from its file: decoded, mono, at the asked rate and length."""

import os

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import TakeError, UnusableError, warn_of_remarks
from tapsklearn.preprocessing._take import measure_take
from tapsklearn.preprocessing._to_waveform import to_waveform


def read_take(
    path: str | os.PathLike[str], *, sr: int = 44100, duration: float | None = None
) -> NDArray[np.float32]:
    """Read one recording as a mono waveform.

    What lies below 40 Hz (an offset, drift, rumble) is taken out of it, and so is a
    pop at its beginning or end.

    Parameters
    ----------
    path : path-like
        A WAV, FLAC, OGG, MP3 or AIFF file, or whatever else libsndfile reads; M4A, MP4,
        3GP, AAC, AMR, WMA, WebM and others need the extra ``phone``. What it holds
        decides, not how it is called.
    sr : int, default=44100
        Sampling rate of the waveform, in Hz; a file of another rate is resampled
        (soxr, high quality).
    duration : float, default=None
        Length of the waveform, in seconds. Its tap is looked for in the whole file; the
        waveform begins a third of its length before the tap's loudest moment, or with
        the first sample. What it has after the end of the recording is the recording's
        last part, repeated. If None, the file keeps its own length.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        The mean of the file's channels.

    Raises
    ------
    TakeError
        If the file is missing, empty, truncated, not audio, all zero, holds samples
        that are not finite, or contradicts its own header. The message names the file
        and the reason.

    Warns
    -----
    TakeWarning
        If something is to be said of the take: that it is clipped, say, or holds no
        tap.

    Notes
    -----
    A WAV, AIFF, AU, CAF or W64 file that was cut off is noticed wherever the cut is, a
    few milliseconds aside, and so are M4A, MP4, 3GP and WebM; FLAC and MP3 are as far
    as they are read. OGG, Opus, AAC and AMR files that end early between two packets
    pass for whole, as nothing in them counts their samples. A sampling rate that is
    wrong but possible can be seen of no file.

    Of several streams of sound the first is read; pictures are passed over. What an
    encoder put before and behind the sound is left out where the file says how much
    that is: M4A, MP4, 3GP, WebM and MP3 do, AAC, AMR and WMA do not.

    Runs of one value at the ends of a file, such as zeros, are no recording: with a
    `duration` they are left out.

    Examples
    --------
    >>> import tempfile, numpy as np, soundfile
    >>> tap = np.exp(-np.arange(24000) / 2000) * np.sin(np.arange(24000) / 9)
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.pad(tap, (24000, 0)), 48000)
    ...     read_take(file.name, sr=16000, duration=1.0).shape
    (16000,)
    """
    try:
        take = measure_take(path, is_whole=duration is None)
        waveform = to_waveform(take, sr=sr, duration=duration)
    except UnusableError as error:
        raise TakeError({str(path): str(error)}) from error
    warn_of_remarks({str(path): take.remarks})
    return waveform
