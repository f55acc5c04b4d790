"""Recordings of any length, block by block and in constant memory."""

import contextlib
import os
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import TakeError, UnusableError
from tapsklearn.preprocessing._levels import HOPS_PER_FRAME, split_hops
from tapsklearn.preprocessing._sound import open_sound
from tapsklearn.preprocessing._sound_file import Sound
from tapsklearn.preprocessing._take_rules import (
    CANCELLED_DB,
    CLIPPED_RUN,
    MOST_FULL_SCALES,
    RISE_DB,
    count_clipped,
)

# As long as a take, whose hops are those of the features.
_TAKE_SECONDS = 3.0


class SoundBlocks:
    """A recording that is open, as the mono blocks that it is made of.

    Iterate over it once; `read_blocks` makes it.

    Parameters
    ----------
    sound : Sound
        The open file.
    path : path-like
        Its name.
    at_once : int
        Samples of a block; the last one has fewer.
    files : ExitStack
        Closes the file, and knows what its errors mean.

    Attributes
    ----------
    sr : int
        Its sampling rate, in Hz.
    n_samples : int or None
        How many samples it says it has. If None, it does not say.
    clipped : ndarray of int
        Of the block given last, the samples at which a channel begins to be cut off
        at full scale.
    n_lost : int
        How many samples of the blocks given so far are no numbers; they are NaN.

    Examples
    --------
    >>> import tempfile, soundfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.tile([0.5, 0.25], (5, 1)), 8000)
    ...     with read_blocks(file.name, seconds=0.0005) as blocks:
    ...         [block.tolist() for block in blocks]
    [[0.375, 0.375, 0.375, 0.375], [0.375]]
    """

    def __init__(
        self,
        sound: Sound,
        path: str | os.PathLike[str],
        at_once: int,
        files: contextlib.ExitStack,
    ) -> None:
        self.sr = sound.sr
        self.n_samples = sound.n_frames
        self.clipped: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.n_lost = 0
        self._sound = sound
        self._path = path
        self._files = files
        self._at_once = at_once
        self._full_scale = sound.watch().full_scale
        # What clips with the next block.
        self._last: NDArray | None = None
        self._hop = split_hops(round(_TAKE_SECONDS * self.sr), self.sr)[0]
        # The loudest frame so far: of the channels, and of their mean; and the
        # quietest.
        self._loudest = 0.0
        self._of_mean = 0.0
        self._quietest = np.inf

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Give the blocks.

        Yields
        ------
        ndarray of shape (n_samples,), float32
            The mean of the channels, full scale being 1.

        Raises
        ------
        TakeError
            If the file is damaged, once all that is before the damage was given.
        """
        with _name_in_errors(self._path):
            with self._files:
                for block in self._sound.read(at_once=self._at_once):
                    yield self._mix(block)
            if self._sound.damage:
                raise UnusableError(self._sound.damage)

    def _mix(self, block: NDArray) -> NDArray[np.float32]:
        scale = np.float32(2.0**-15 if block.dtype == np.int16 else 1)
        samples = block.astype(np.float32) * scale
        peak = max(float(samples.max(initial=0)), -float(samples.min(initial=0)))
        if not peak <= MOST_FULL_SCALES:
            is_lost = ~(np.abs(samples) <= MOST_FULL_SCALES).all(axis=1)
            self.n_lost += int(is_lost.sum())
            samples[is_lost] = np.nan
        self._find_clipped(samples, peak)
        if samples.shape[1] == 1:
            return samples[:, 0]
        mixed: NDArray[np.float32]
        if samples.shape[1] == 2:
            # Quicker than a mean over two numbers each.
            mixed = np.add(samples[:, 0], samples[:, 1], dtype=np.float32)
            mixed /= np.float32(2)
        else:
            mixed = samples.mean(axis=1, dtype=np.float32)
        self._compare(samples, mixed)
        return mixed

    def _find_clipped(self, samples: NDArray[np.float32], peak: float) -> None:
        last = self._last if self._last is not None else samples[:0]
        self._last = samples[1 - CLIPPED_RUN :]
        self.clipped = self.clipped[:0]
        if peak < self._full_scale:
            return
        both = np.concatenate([last, samples])
        height = np.abs(both)
        is_full = ((height >= self._full_scale) & (height <= 1)).any(axis=1)
        if count_clipped(both, full_scale=self._full_scale)[1] is not None:
            places = np.flatnonzero(is_full) - len(last)
            self.clipped = np.maximum(places, 0)

    def _compare(
        self, samples: NDArray[np.float32], mixed: NDArray[np.float32]
    ) -> None:
        """Compare the energies of channels and mean where it is loudest.

        As of a take, in differences; but not of noise alone, in which a codec may
        have left out what channels have in common.
        """
        n_frames = (len(mixed) - 1) // (self._hop * HOPS_PER_FRAME)
        if not n_frames:
            return
        in_frames = (n_frames, self._hop * HOPS_PER_FRAME)

        def measure(values: NDArray[np.float32]) -> NDArray[np.float64]:
            steps = np.diff(values[: n_frames * in_frames[1] + 1]).reshape(in_frames)
            return np.vecdot(steps, steps).astype(np.float64)

        mean = measure(mixed)
        channels = np.sum([measure(channel) for channel in samples.T], axis=0)
        # Frames without sound do not count, nor do those that have lost some.
        is_sound = channels > 0
        channels, mean = channels[is_sound] / samples.shape[1], mean[is_sound]
        if not len(channels):
            return
        place = int(np.argmax(channels))
        self._quietest = min(self._quietest, float(channels.min()))
        if channels[place] > self._loudest:
            self._loudest, self._of_mean = float(channels[place]), float(mean[place])
        rises = self._loudest >= 10 ** (RISE_DB / 10) * self._quietest
        if rises and self._of_mean <= self._loudest * 10 ** (-CANCELLED_DB / 10):
            raise UnusableError("its channels cancel each other out")


@contextlib.contextmanager
def read_blocks(
    path: str | os.PathLike[str], *, seconds: float = 1.0
) -> Iterator[SoundBlocks]:
    """Open a recording of any length, to read it in mono blocks.

    Memory does not grow with its length.

    Parameters
    ----------
    path : path-like
        A file of any kind that `read_take` reads.
    seconds : float, default=1.0
        Length of a block, in seconds; the last one is shorter.

    Yields
    ------
    SoundBlocks
        Its sampling rate is `sr`, its stated length `n_samples`; iterate over it for
        the blocks.

    Raises
    ------
    TakeError
        If the file is missing, empty, not audio, or is cut off or damaged, which is
        raised when all before the damage was given, or if its channels cancel each
        other out. The message names the file and the reason.

    See Also
    --------
    tapsklearn.preprocessing.read_take : One take at once.
    tapsklearn.recording.split_takes : Find the taps of long recordings.

    Notes
    -----
    Samples that are no numbers, or lie a billion times beyond full scale, are given as
    NaN, where `read_take` refuses a take: the rest of a long recording is none the
    worse.

    Examples
    --------
    >>> import tempfile, soundfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.zeros((20000, 2)), 8000)
    ...     with read_blocks(file.name) as blocks:
    ...         print(blocks.sr, blocks.n_samples, [len(block) for block in blocks])
    8000 20000 [8000, 8000, 4000]
    """
    files = contextlib.ExitStack()
    with _name_in_errors(path):
        sound = files.enter_context(open_sound(path, is_take=False))
    try:
        yield SoundBlocks(sound, path, max(1, round(seconds * sound.sr)), files)
    finally:
        # What goes wrong with other files meanwhile is not this one's.
        files.close()


@contextlib.contextmanager
def _name_in_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except UnusableError as error:
        raise TakeError({os.fspath(path): str(error)}) from error
