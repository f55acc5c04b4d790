"""One take from its file: decoded, mono, at the asked rate and length."""

import os
import stat
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import TakeError
from tapsklearn.preprocessing._riff import wav_length

# Read past the cut so that the resampler's filter sees what comes after it.
_MARGIN_S = 0.1
# 60 dB down: out of phase but for rounding, or the dither of the converter.
_CANCELLED = 1e-3
ALL_ZERO = "all samples are zero"
# What libsndfile answers for a FLAC that was written to a pipe.
_UNKNOWN_LENGTH = 2**63 - 1


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
        longer one is cut, with a warning. None keeps the file's own length.

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
    A WAV that was cut off is noticed wherever the cut is; FLAC and MP3 are as far
    as they are read. AIFF, AU, W64 and OGG files that end early pass for whole.

    Examples
    --------
    >>> import tempfile, numpy as np, soundfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.sin(np.arange(24000) / 9), 48000)
    ...     read_take(file.name, sr=16000, duration=1.0).shape
    (16000,)
    """
    waveform, seconds_cut = decode(path, sr=sr, duration=duration)
    if seconds_cut:
        warnings.warn(describe_cut(path, seconds_cut), stacklevel=2)
    return waveform


def decode(
    path: str | os.PathLike[str],
    *,
    sr: int,
    duration: float | None,
    out: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], float]:
    """Read one recording, and say in place of warning how much of it was cut.

    Parameters
    ----------
    path : path-like
        The file.
    sr : int
        Sampling rate of the waveform, in Hz.
    duration : float or None
        Length of the waveform, in seconds; None keeps the file's.
    out : ndarray of shape (sr * duration,), float32, default=None
        Where to put the take; None is a new array.

    Returns
    -------
    waveform : ndarray of shape (n_samples,), float32
        The take.
    seconds_cut : float
        How much longer than `duration` the file is; 0.0 if it is not.
    """
    try:
        return _decode(path, sr=sr, duration=duration, out=out)
    except _UnusableError as error:
        raise TakeError({str(path): str(error)}) from error


def describe_cut(path: str | os.PathLike[str], seconds_cut: float) -> str:
    """Say in words that a file was longer than what was kept of it.

    Parameters
    ----------
    path : path-like
        The file.
    seconds_cut : float
        How much was left off, in seconds.

    Returns
    -------
    str
        The message.
    """
    return f"{path}: the last {seconds_cut:.3g} s were cut off"


class _UnusableError(Exception):
    """Why a file cannot be used; `decode` adds its name."""


def _decode(
    path: str | os.PathLike[str],
    *,
    sr: int,
    duration: float | None,
    out: NDArray[np.float32] | None,
) -> tuple[NDArray[np.float32], float]:
    channels, rate, n_frames = _read(path, sr=sr, duration=duration)
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
        raise _UnusableError("holds samples that are NaN or infinite")
    loudest = _peak(channels[:kept])
    if loudest == 0:
        raise _UnusableError(f"{ALL_ZERO}{where}")
    if not is_mono and _peak(waveform[:kept]) <= _CANCELLED * loudest:
        raise _UnusableError(f"its channels cancel each other out{where}")

    if rate != sr:
        waveform = soxr.resample(waveform.astype(np.float32), rate, sr)
    if len(waveform) == 0:
        raise _UnusableError(f"is too short: nothing is left of it at {sr} Hz")
    if out is None:
        n_samples = len(waveform) if duration is None else round(sr * duration)
        out = np.empty(n_samples, dtype=np.float32)
    waveform = waveform[: len(out)]
    scale = np.float32(2**-15 if is_whole_number else 1)
    np.multiply(waveform, scale, out=out[: len(waveform)])
    out[len(waveform) :] = 0
    return out, seconds_cut


def _peak(samples: NDArray[Any]) -> float:
    """Find the largest absolute value; NaN if there is one."""
    return max(float(samples.max(initial=0)), -float(samples.min(initial=0)))


def _read(
    path: str | os.PathLike[str], *, sr: int, duration: float | None
) -> tuple[NDArray[Any], int, int]:
    """Read what is needed of a file; tell its rate and its whole length, too."""
    source = openable(Path(path))
    try:
        with soundfile.SoundFile(source) as file:
            rate, n_frames = file.samplerate, file.frames
            if n_frames == _UNKNOWN_LENGTH:
                raise _UnusableError(
                    "its header does not say how long it is (written to a pipe?); "
                    "convert it to WAV"
                )
            wanted = n_frames
            if duration is not None:
                margin = _MARGIN_S if rate != sr else 0.0
                wanted = min(n_frames, round((duration + margin) * rate))
            # Half as much to look through as the same in float32.
            dtype = "int16" if file.subtype == "PCM_16" else "float32"
            channels = file.read(wanted, dtype=dtype, always_2d=True)
    except soundfile.LibsndfileError as error:
        raise _UnusableError(
            f"cannot be read as audio: {error.error_string}"
        ) from error
    except MemoryError as error:
        # A damaged header can promise any length.
        raise _UnusableError("is too long to fit into memory") from error
    except TypeError as error:
        # soundfile wants to be told what a file called .raw holds.
        raise _UnusableError("cannot be read as audio: it has no header") from error
    if len(channels) < wanted:
        raise _UnusableError(
            f"truncated: {len(channels)} of {wanted} samples could be read"
        )
    if n_frames == 0:
        raise _UnusableError("holds no samples")
    return channels, rate, n_frames


def openable(path: Path) -> str | bytes | BytesIO:
    """Check a file before it is opened as audio; give it as soundfile takes it.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str, bytes or BytesIO
        Its name, or its content with a header that libsndfile understands.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise _UnusableError("is a folder, not a recording")
        if status.st_size == 0:
            raise _UnusableError("the file is empty")
        length = wav_length(path, status.st_size)
        if length.missing:
            raise _UnusableError(
                f"truncated: at least {length.missing} bytes are missing at its end"
            )
        if length.open_end is not None:
            # libsndfile takes a size of 0 at its word, but not this one.
            content = bytearray(path.read_bytes())
            content[length.open_end : length.open_end + 4] = b"\xff" * 4
            return BytesIO(content)
    except FileNotFoundError as error:
        raise _UnusableError("there is no such file") from error
    except OSError as error:
        raise _UnusableError(f"cannot be opened ({error.strerror})") from error
    # soundfile cannot encode a name that is not in the file system's encoding;
    # as bytes it reaches libsndfile as it is. Windows has no such names.
    return str(path) if os.name == "nt" else os.fsencode(path)
