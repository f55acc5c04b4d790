"""One take from its file: decoded, mono, at the asked rate and length."""

import os
import re
import stat
import warnings
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import AllZeroError, TakeError, UnusableError
from tapsklearn.preprocessing._riff import STREAMING, wav_length
from tapsklearn.preprocessing._take_rules import CANCELLED

# Read past the cut so that the resampler's filter sees what comes after it.
_MARGIN_S = 0.1
NOT_FINITE = "holds samples that are NaN or infinite"
# What libsndfile answers for a FLAC that was written to a pipe.
_UNKNOWN_LENGTH = 2**63 - 1
_WITH_SIZES = {"AIFF", "AU", "W64"}
# What libsndfile's log says of the size of the samples in AIFF, AU and W64 files that
# were cut off. A cut in what comes after them costs nothing of the sound; only of W64
# files the log knows no more than the size of the whole.
_CUT = re.compile(r"^ *(?:SSND|Data Size|riff) +: (\d+) \(should be (\d+)\)", re.M)


def read_take(
    path: str | os.PathLike[str], *, sr: int = 44100, duration: float | None = None
) -> NDArray[np.float32]:
    """Read one recording as a mono waveform.

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
        The mean of the file's channels, within ±1 unless the file itself is not.

    Raises
    ------
    TakeError
        If the file is missing, empty, truncated, not audio, all zero, or holds
        samples that are not finite. The message names the file and the reason.

    Warns
    -----
    UserWarning
        If the file is longer than `duration`.

    Notes
    -----
    A WAV, AIFF, AU or W64 file that was cut off is noticed wherever the cut is; FLAC
    and MP3 are as far as they are read. OGG files that end early pass for whole.

    Examples
    --------
    >>> import tempfile, numpy as np, soundfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.sin(np.arange(24000) / 9), 48000)
    ...     read_take(file.name, sr=16000, duration=1.0).shape
    (16000,)
    """
    try:
        recording = read_recording(path, sr=sr, duration=duration)
        waveform, seconds_cut = to_waveform(recording, sr=sr, duration=duration)
    except UnusableError as error:
        raise TakeError({str(path): str(error)}) from error
    if seconds_cut:
        warnings.warn(describe_cut(path, seconds_cut), stacklevel=2)
    return waveform


class Recording(NamedTuple):
    """The samples of a recording, as they are, as far as they are needed.

    Attributes
    ----------
    channels : ndarray of shape (n_samples, n_channels), int16 or float32
        The samples; those of 16 bits are whole numbers, of which there is half as
        much to look through.
    rate : int
        Their sampling rate, in Hz.
    n_frames : int
        How many there are in all, those that are not needed included.
    subtype : str
        libsndfile's name for how they are written.
    """

    channels: NDArray[Any]
    rate: int
    n_frames: int
    subtype: str = "FLOAT"

    def as_float(self) -> NDArray[np.float32]:
        """Scale the samples to a full scale of 1.

        Returns
        -------
        ndarray of shape (n_samples, n_channels), float32
            The samples.
        """
        scaled = self.channels.astype(np.float32)
        return scaled * np.float32(2**-15) if self.channels.dtype == "i2" else scaled


def to_waveform(
    recording: Recording,
    *,
    sr: int,
    duration: float | None,
    out: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], float]:
    """Make a mono waveform of one rate and length of a recording.

    Parameters
    ----------
    recording : Recording
        The recording.
    sr : int
        Sampling rate of the waveform, in Hz.
    duration : float or None
        Length of the waveform, in seconds. If None, that of the recording.
    out : ndarray of shape (sr * duration,), float32, default=None
        Where to put the waveform. If None, into a new array.

    Returns
    -------
    waveform : ndarray of shape (n_samples,), float32
        The take.
    seconds_cut : float
        How much longer than `duration` the recording is; 0.0 if it is not.

    Raises
    ------
    UnusableError
        If it is empty, all zero, or holds samples that are not finite.
    """
    channels, rate, n_frames, _ = recording
    if n_frames == 0:
        raise UnusableError("holds no samples")
    kept = n_frames if duration is None else min(n_frames, round(duration * rate))
    seconds_cut = 0.0
    # Rounding to whole samples is not worth a warning.
    if duration is not None and n_frames > np.ceil(duration * rate):
        seconds_cut = n_frames / rate - duration
    where = f" in the first {duration:g} s" if seconds_cut else ""

    is_whole_number = channels.dtype == np.int16
    with np.errstate(invalid="ignore", over="ignore"):
        # Infinities of both signs make NaN.
        is_mono = channels.shape[1] == 1
        waveform = channels[:, 0] if is_mono else channels.mean(axis=1, dtype="f4")
    if not (is_whole_number or np.isfinite(_peak(waveform))):
        raise UnusableError(NOT_FINITE)
    loudest = _peak(channels[:kept])
    if loudest == 0:
        raise AllZeroError(f"all samples are zero{where}")
    if not is_mono and _peak(waveform[:kept]) <= CANCELLED * loudest:
        raise UnusableError(f"its channels cancel each other out{where}")

    if rate != sr:
        waveform = soxr.resample(waveform.astype(np.float32), rate, sr)
    if len(waveform) == 0:
        raise UnusableError(f"is too short: nothing is left of it at {sr} Hz")
    if out is None:
        n_samples = len(waveform) if duration is None else round(sr * duration)
        out = np.empty(n_samples, dtype=np.float32)
    waveform = waveform[: len(out)]
    scale = np.float32(2**-15 if is_whole_number else 1)
    np.multiply(waveform, scale, out=out[: len(waveform)])
    out[len(waveform) :] = 0
    return out, seconds_cut


def describe_cut(name: str | os.PathLike[str], seconds_cut: float) -> str:
    """Say in words that a take was longer than what was kept of it.

    Parameters
    ----------
    name : path-like
        The file, or "row 3".
    seconds_cut : float
        How much was left off, in seconds.

    Returns
    -------
    str
        The message.
    """
    return f"{name}: the last {seconds_cut:.3g} s were cut off"


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
    """
    n_needed = _count_needed(len(samples), rate, sr=sr, duration=duration)
    with np.errstate(over="ignore", invalid="ignore"):
        channels = samples[:n_needed, None].astype(np.float32, copy=False)
    return Recording(channels, rate, len(samples))


def _count_needed(n_frames: int, rate: int, *, sr: int, duration: float | None) -> int:
    if duration is None:
        return n_frames
    margin = _MARGIN_S if rate != sr else 0.0
    return min(n_frames, round((duration + margin) * rate))


def _peak(samples: NDArray[Any]) -> float:
    """Find the largest absolute value; NaN if there is one."""
    return max(float(samples.max(initial=0)), -float(samples.min(initial=0)))


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
    try:
        # Without a buffer, so that libsndfile begins where the file does.
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return _decode(_find_sound(file), sr=sr, duration=duration)
    except FileNotFoundError as error:
        raise UnusableError("there is no such file") from error
    except IsADirectoryError as error:
        raise UnusableError("is a folder, not a recording") from error
    except OSError as error:
        raise UnusableError(f"cannot be opened ({error.strerror})") from error


def _find_sound(file: Any) -> int | BinaryIO:
    """Check an open file before it is decoded; return it as soundfile needs it."""
    status = os.fstat(file.fileno())
    if stat.S_ISDIR(status.st_mode):
        raise UnusableError("is a folder, not a recording")
    if status.st_size == 0:
        raise UnusableError("the file is empty")
    length = wav_length(file, status.st_size)
    file.seek(0)
    if length.missing:
        raise UnusableError(_describe_missing(length.missing))
    if length.open_end is not None:
        # libsndfile takes a size of 0 at its word, but not this one.
        content = bytearray(file.read())
        content[length.open_end : length.open_end + 4] = b"\xff" * 4
        return BytesIO(content)
    # On Windows a file has another number in libsndfile than in Python.
    return file if os.name == "nt" else file.fileno()


def _decode(source: int | BinaryIO, *, sr: int, duration: float | None) -> Recording:
    try:
        with soundfile.SoundFile(source, closefd=False) as file:
            rate, n_frames = file.samplerate, file.frames
            if n_frames == _UNKNOWN_LENGTH:
                raise UnusableError(
                    "its header does not say how long it is (written to a pipe?); "
                    "convert it to WAV"
                )
            cut = _CUT.search(file.extra_info) if file.format in _WITH_SIZES else None
            if cut and int(cut[2]) < int(cut[1]) < STREAMING:
                raise UnusableError(_describe_missing(int(cut[1]) - int(cut[2])))
            n_needed = _count_needed(n_frames, rate, sr=sr, duration=duration)
            # Half as much to look through as the same in float32.
            dtype = "int16" if file.subtype == "PCM_16" else "float32"
            channels = file.read(n_needed, dtype=dtype, always_2d=True)
            subtype = file.subtype
    except soundfile.LibsndfileError as error:
        raise UnusableError(f"cannot be read as audio: {error.error_string}") from error
    except MemoryError as error:
        # A damaged header can promise any length.
        raise UnusableError("is too long to fit into memory") from error
    except TypeError as error:
        # soundfile must be given what a file called .raw holds.
        raise UnusableError("cannot be read as audio: it has no header") from error
    if len(channels) < n_needed:
        raise UnusableError(
            f"truncated: {len(channels)} of {n_needed} samples could be read"
        )
    return Recording(channels, rate, n_frames, subtype)


def _describe_missing(n_bytes: int) -> str:
    return f"truncated: at least {n_bytes} bytes are missing at its end"
