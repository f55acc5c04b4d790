"""One take from its file: decoded, mono, at the asked rate and length."""

import contextlib
import os
import stat
from collections.abc import Iterator
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import TakeError, UnusableError, warn_of_remarks
from tapsklearn.preprocessing._headers import SplicedFile, check_header
from tapsklearn.preprocessing._samples import Samples
from tapsklearn.preprocessing._take_rules import (
    FULL_SCALE,
    FULL_SCALE_OF,
    LEAST_RATE,
    LOSSY,
    MOST_CHANNELS,
    MOST_RATE,
    MOST_SAMPLES,
    MOST_SECONDS,
    STEP_OF,
)
from tapsklearn.preprocessing._to_waveform import Recording, to_waveform

# Read past the cut so that the resampler's filter sees what comes after it.
_MARGIN_S = 0.1
# What libsndfile answers for a FLAC that was written to a pipe.
_UNKNOWN_LENGTH = 2**63 - 1
# Of all channels together, at once: some megabytes.
_BLOCK = 2**20


def read_take(
    path: str | os.PathLike[str], *, sr: int = 44100, duration: float | None = None
) -> NDArray[np.float32]:
    """Read one recording as a mono waveform.

    What lies below 40 Hz (an offset, drift, rumble) is taken out of it, and so is a
    pop at its beginning or end.

    Parameters
    ----------
    path : path-like
        A WAV, FLAC or OGG file, or whatever else libsndfile reads.
    sr : int, default=44100
        Sampling rate of the waveform, in Hz; a file of another rate is resampled
        (soxr, high quality).
    duration : float, default=None
        Length of the waveform, in seconds: a shorter file is padded with zeros, a
        longer one is cut, with a warning. If None, the file keeps its own length.

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
        If something is to be said of the take: that it is clipped, say, holds no tap,
        or is longer than `duration`.

    Notes
    -----
    A WAV, AIFF, AU, CAF or W64 file that was cut off is noticed wherever the cut is, a
    few milliseconds aside; FLAC and MP3 are as far as they are read. OGG and Opus files
    that end early pass for whole, as nothing in them counts their samples. A sampling
    rate that is wrong but possible can be seen of no file.

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
        recording = read_recording(path, sr=sr, duration=duration)
        waveform, remarks = to_waveform(
            recording, sr=sr, duration=duration, needs_tap=False
        )
    except UnusableError as error:
        raise TakeError({str(path): str(error)}) from error
    warn_of_remarks({str(path): remarks})
    return waveform


def take_samples(
    samples: NDArray[Any], rate: int, *, sr: int, duration: float
) -> Recording:
    """Take what is needed of samples in memory, as `read_recording` does of a file.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
        The samples, full scale being 1.
    rate : int
        Their sampling rate, in Hz.
    sr : int
        Sampling rate of the waveform to be made of them, in Hz.
    duration : float
        Length of that waveform, in seconds.

    Returns
    -------
    Recording
        The samples as float32.

    Raises
    ------
    UnusableError
        If they are not finite.
    """
    n_needed = _count_needed(len(samples), rate, sr=sr, duration=duration)
    n_kept = min(len(samples), round(duration * rate))
    with np.errstate(over="ignore", invalid="ignore"):
        channels = samples[:n_needed, None].astype(np.float32, copy=False)
    seen = Samples(rate, n_kept)
    return Recording(seen.mix(channels), rate, len(samples), seen)


def _count_needed(n_frames: int, rate: int, *, sr: int, duration: float | None) -> int:
    if duration is None:
        return n_frames
    margin = _MARGIN_S if rate != sr else 0.0
    return min(n_frames, round((duration + margin) * rate))


def read_recording(
    path: str | os.PathLike[str], *, sr: int, duration: float | None
) -> Recording:
    """Read what is needed of a file, which is opened once.

    Parameters
    ----------
    path : path-like
        The file.
    sr : int
        Sampling rate of the waveform to be made of it, in Hz.
    duration : float or None
        Length of that waveform, in seconds. If None, all of the file.

    Returns
    -------
    Recording
        Its samples.

    Raises
    ------
    UnusableError
        If the file is missing, empty, truncated or not audio.
    """
    with open_sound(path) as sound:
        n_frames, rate = sound.n_frames, sound.sr
        n_needed = _count_needed(n_frames, rate, sr=sr, duration=duration)
        if n_needed > MOST_SAMPLES:
            raise UnusableError(f"is too long to read at once: {n_needed} samples")
        n_kept = n_needed
        if duration is not None:
            n_kept = min(n_frames, round(duration * rate))
        seen = sound.watch(n_kept)
        blocks = [seen.mix(block) for block in sound.read(n_needed)]
    empty = np.zeros(0, dtype=np.float32)
    samples = blocks[0] if len(blocks) == 1 else np.concatenate([*blocks] or [empty])
    return Recording(samples, rate, n_frames, seen)


class Sound:
    """A file that is open, and gives samples block by block.

    Parameters
    ----------
    file : SoundFile
        The file.

    Attributes
    ----------
    sr : int
        Its sampling rate, in Hz.
    n_frames : int
        How many samples it says it has.
    """

    def __init__(self, file: soundfile.SoundFile) -> None:
        self._file = file
        self.sr = file.samplerate
        self.n_frames = file.frames
        if not LEAST_RATE <= self.sr <= MOST_RATE:
            raise UnusableError(
                f"has a sampling rate of {self.sr} Hz, which is not between "
                f"{LEAST_RATE} and {MOST_RATE}: its header is damaged"
            )
        if file.channels > MOST_CHANNELS:
            raise UnusableError(
                f"has {file.channels} channels, of at most {MOST_CHANNELS}"
            )
        if self.n_frames == _UNKNOWN_LENGTH:
            raise UnusableError(
                "its header does not say how long it is (written to a pipe?); "
                "convert it to WAV"
            )
        if self.n_frames > MOST_SECONDS * self.sr:
            raise UnusableError(
                f"is too long: {self.n_frames / self.sr / 3600:.3g} h by its header, "
                f"of at most {MOST_SECONDS / 3600:g}; cut it into takes"
            )

    def watch(self, n_kept: int) -> Samples:
        """Make what looks at the samples.

        Parameters
        ----------
        n_kept : int
            How many are of the take.

        Returns
        -------
        Samples
            That knows the file's resolution.
        """
        subtype = self._file.subtype
        return Samples(
            self.sr,
            n_kept,
            full_scale=FULL_SCALE_OF.get(subtype, FULL_SCALE),
            step=STEP_OF.get(subtype, 0.0),
            coding=subtype if any(name in subtype for name in LOSSY) else "",
        )

    def read(self, n_needed: int, *, at_once: int | None = None) -> Iterator[NDArray]:
        """Read samples from the first on.

        Parameters
        ----------
        n_needed : int
            How many.
        at_once : int, default=None
            How many each time but the last. If None, as many as fit.

        Yields
        ------
        ndarray of shape (n_samples, n_channels), int16 or float32
            Those of 16 bits are whole numbers, of which there is half as much to look
            through.

        Raises
        ------
        UnusableError
            If the file ends before.
        """
        file = self._file
        dtype = "int16" if file.subtype == "PCM_16" else "float32"
        if at_once is None:
            # One channel is kept whole anyway.
            at_once = max(1, _BLOCK // file.channels)
            if file.channels == 1 and n_needed <= 16 * _BLOCK:
                at_once = n_needed
        n_read = 0
        while n_read < n_needed:
            block = file.read(
                min(at_once, n_needed - n_read), dtype=dtype, always_2d=True
            )
            if not len(block):
                raise UnusableError(
                    f"truncated: {n_read} of {n_needed} samples could be read"
                )
            n_read += len(block)
            yield block


@contextlib.contextmanager
def open_sound(path: str | os.PathLike[str]) -> Iterator[Sound]:
    """Open a file, once its header is checked.

    Parameters
    ----------
    path : path-like
        The file.

    Yields
    ------
    Sound
        The open file.

    Raises
    ------
    UnusableError
        If the file is missing, empty, truncated or not audio, on opening or later on.
    """
    try:
        # Without a buffer, so that libsndfile begins where the file does.
        with (
            open(path, "rb", buffering=0) as file,  # noqa: PTH123
            _decode(file) as decoded,
        ):
            yield Sound(decoded)
    except soundfile.LibsndfileError as error:
        raise UnusableError(f"cannot be read as audio: {error.error_string}") from error
    except FileNotFoundError as error:
        raise UnusableError("there is no such file") from error
    except IsADirectoryError as error:
        raise UnusableError("is a folder, not a recording") from error
    except OSError as error:
        raise UnusableError(f"cannot be opened ({error.strerror})") from error
    except MemoryError as error:
        raise UnusableError("is too long to fit into memory") from error


def _decode(file: Any) -> soundfile.SoundFile:
    source = _find_sound(file)
    try:
        return soundfile.SoundFile(source, closefd=False)
    except TypeError as error:
        # soundfile must be given what a file called .raw holds.
        raise UnusableError("cannot be read as audio: it has no header") from error


def _find_sound(file: Any) -> Any:
    """Check an open file before it is decoded; return it as soundfile needs it."""
    status = os.fstat(file.fileno())
    if stat.S_ISDIR(status.st_mode):
        raise UnusableError("is a folder, not a recording")
    if status.st_size == 0:
        raise UnusableError("the file is empty")
    splice = check_header(file, status.st_size)
    file.seek(0)
    if splice is not None:
        return SplicedFile(file, splice)
    # On Windows a file has another number in libsndfile than in Python.
    return file if os.name == "nt" else file.fileno()
