"""Files of sound, opened and decoded block by block."""

import contextlib
import os
import stat
from collections.abc import Iterator
from typing import Any

import soundfile
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import UnusableError
from tapsklearn.preprocessing._headers import SplicedFile, check_header
from tapsklearn.preprocessing._samples import Samples
from tapsklearn.preprocessing._take_rules import (
    FULL_SCALE,
    FULL_SCALE_OF,
    LEAST_RATE,
    LOSSY,
    MOST_CHANNELS,
    MOST_RATE,
    MOST_SECONDS,
    STEP_OF,
)

# What libsndfile answers for a FLAC that was written to a pipe.
_UNKNOWN_LENGTH = 2**63 - 1
# Of all channels together, at once: some megabytes.
_BLOCK = 2**20


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

    def watch(self) -> Samples:
        """Make what looks at the samples.

        Returns
        -------
        Samples
            That knows the file's resolution.
        """
        subtype = self._file.subtype
        return Samples(
            self.sr,
            self.n_frames,
            full_scale=FULL_SCALE_OF.get(subtype, FULL_SCALE),
            step=STEP_OF.get(subtype, 0.0),
            coding=subtype if any(name in subtype for name in LOSSY) else "",
        )

    def read(
        self, first: int, last: int, *, at_once: int | None = None
    ) -> Iterator[NDArray]:
        """Read samples.

        Parameters
        ----------
        first, last : int
            From which one to before which.
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
            if file.channels == 1 and last - first <= 16 * _BLOCK:
                at_once = last - first
        if first > 0:
            file.seek(first)
        n_read = first
        while n_read < last:
            block = file.read(min(at_once, last - n_read), dtype=dtype, always_2d=True)
            if not len(block):
                raise UnusableError(
                    f"truncated: {n_read} of {last} samples could be read"
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
