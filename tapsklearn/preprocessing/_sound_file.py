"""A file of sound that is open: what all have in common, and those of libsndfile."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import soundfile
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import UnusableError
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
BLOCK = 2**20


class Sound(ABC):
    """A file that is open, and gives samples block by block.

    Attributes
    ----------
    sr : int
        Its sampling rate, in Hz.
    n_frames : int or None
        How many samples it has in each channel. Of a take that is exact; of another
        file it is what that says, which is wrong by some thousands in what phones
        write. If None, it does not say.
    damage : str
        What is wrong with a file that is read all the same; "" if nothing is.
    """

    sr: int
    n_frames: int | None
    damage: str = ""

    @abstractmethod
    def watch(self) -> Samples:
        """Make what looks at the samples.

        Returns
        -------
        Samples
            That knows the file's resolution.
        """

    @abstractmethod
    def read(
        self, first: int = 0, last: int | None = None, *, at_once: int | None = None
    ) -> Iterator[NDArray]:
        """Read samples.

        Parameters
        ----------
        first : int, default=0
            From which one on.
        last : int, default=None
            Before which one. If None, to the end, wherever that comes.
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
            If the file ends before, or before its header says; what there is has been
            given then.
        """

    def close(self) -> None:  # noqa: B027
        """Let go of what reads the file, which itself stays open."""


class LibsndfileSound(Sound):
    """A file that libsndfile reads.

    Parameters
    ----------
    file : SoundFile
        The file.
    is_take : bool
        Whether it is to be one take, which has its longest.
    """

    def __init__(self, file: soundfile.SoundFile, *, is_take: bool) -> None:
        self._file = file
        self.sr = file.samplerate
        self.n_frames = None if file.frames == _UNKNOWN_LENGTH else file.frames
        check_numbers(self.sr, file.channels)
        if not is_take:
            return
        if self.n_frames is None:
            raise UnusableError(
                "its header does not say how long it is (written to a pipe?); "
                "convert it to WAV"
            )
        check_length(self.n_frames, self.sr)

    def watch(self) -> Samples:
        """Make what looks at the samples."""
        subtype = self._file.subtype
        return Samples(
            self.sr,
            self.n_frames or 0,
            full_scale=FULL_SCALE_OF.get(subtype, FULL_SCALE),
            step=STEP_OF.get(subtype, 0.0),
            coding=subtype if any(name in subtype for name in LOSSY) else "",
        )

    def read(
        self, first: int = 0, last: int | None = None, *, at_once: int | None = None
    ) -> Iterator[NDArray]:
        """Read samples."""
        file = self._file
        dtype = "int16" if file.subtype == "PCM_16" else "float32"
        if at_once is None:
            # One channel is kept whole anyway.
            at_once = max(1, BLOCK // file.channels)
            if last and file.channels == 1 and last - first <= 16 * BLOCK:
                at_once = last - first
        if first > 0:
            file.seek(first)
        n_read, end = first, self.n_frames if last is None else last
        while end is None or n_read < end:
            n_wanted = at_once if end is None else min(at_once, end - n_read)
            block = file.read(n_wanted, dtype=dtype, always_2d=True)
            if not len(block):
                if end is None:
                    return
                raise UnusableError(describe_end(n_read, end))
            n_read += len(block)
            yield block

    def close(self) -> None:
        """Let go of what reads the file."""
        self._file.close()


def check_numbers(sr: int, n_channels: int) -> None:
    """Check what a header says, before anything is made after it.

    Parameters
    ----------
    sr : int
        Sampling rate, in Hz.
    n_channels : int
        How many channels there are.

    Raises
    ------
    UnusableError
        If nobody records so.
    """
    if not LEAST_RATE <= sr <= MOST_RATE:
        raise UnusableError(
            f"has a sampling rate of {sr} Hz, which is not between {LEAST_RATE} and "
            f"{MOST_RATE}: its header is damaged"
        )
    if n_channels > MOST_CHANNELS:
        raise UnusableError(f"has {n_channels} channels, of at most {MOST_CHANNELS}")


def check_length(n_frames: int, sr: int) -> None:
    """Check that a take is no longer than any may be.

    Parameters
    ----------
    n_frames : int
        How many samples it has.
    sr : int
        Sampling rate, in Hz.

    Raises
    ------
    UnusableError
        If it is.
    """
    if n_frames > MOST_SECONDS * sr:
        raise UnusableError(
            f"is too long: {n_frames / sr / 3600:.3g} h at least, of at most "
            f"{MOST_SECONDS / 3600:g}; cut it into takes"
        )


def describe_end(n_read: int, n_stated: int) -> str:
    """Describe a file that ends too early.

    Parameters
    ----------
    n_read, n_stated : int
        How many samples there are, and should be.

    Returns
    -------
    str
        That it is truncated.
    """
    return f"truncated: {n_read} of {n_stated} samples could be read"
