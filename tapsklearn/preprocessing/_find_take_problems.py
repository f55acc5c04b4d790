"""What is wrong with the sound of one recording."""

import os
from collections.abc import Iterator
from math import lcm

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._describe_take import describe_take
from tapsklearn.preprocessing._errors import AllZeroError, UnusableError
from tapsklearn.preprocessing._find_tap import find_pops
from tapsklearn.preprocessing._levels import Levels, measure_levels, split_hops
from tapsklearn.preprocessing._read_take import Sound, open_sound
from tapsklearn.preprocessing._rumble import find_rumble, reach_of_rumble
from tapsklearn.preprocessing._samples import Samples
from tapsklearn.preprocessing._to_waveform import level_pops

# Of a recording at a time.
_BLOCK_SECONDS = 10.0


def find_take_problems(
    path: str | os.PathLike[str],
) -> tuple[list[tuple[str, str]], int | None]:
    """Read one recording in full, and find what is wrong with its sound.

    It is read in blocks: memory grows by a megabyte for each ten minutes.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    problems : list of (str, str)
        Code and detail of each. The take is not used if it is "unreadable" or "silent",
        which stand alone, or holds "no tap"; the others are what `TakeWarning` says of
        one that is: "clipped", "quiet", "two taps", "cut", "offset", "lossy", "pop".
    rate : int or None
        Sampling rate of the file, in Hz. If None, nothing could be read.

    See Also
    --------
    tapsklearn.datasets.check_takes : The same for a folder.

    Examples
    --------
    >>> find_take_problems("nothing.wav")
    ([('unreadable', 'there is no such file')], None)
    """
    rate = None
    try:
        with open_sound(path) as sound:
            rate = sound.sr
            take = _Take(sound)
        first, last = find_pops(take.levels)
        offset = take.offset
        if (first, last) != (0, len(take.levels.power)):
            with open_sound(path) as sound:
                take = _Take(sound, pops=(first, last))
    except AllZeroError as error:
        return [(error.code, str(error))], rate
    except UnusableError as error:
        return [(error.code, str(error))], None
    remarks = describe_take(
        take.seen,
        take.levels,
        peak=take.peak,
        offset=offset,
        first=first,
        last=last,
    )
    return list(remarks.items()), rate


class _Take:
    """A recording, measured block by block.

    Parameters
    ----------
    sound : Sound
        The open file.
    pops : tuple of (int, int), default=None
        Of `find_pops`. If None, there are none.

    Attributes
    ----------
    seen : Samples
        What was seen of its samples as they are.
    levels : Levels
        Without rumble and pops.
    peak : float
        Its largest absolute value without them.
    offset : float
        Mean of its samples.
    """

    def __init__(self, sound: Sound, pops: tuple[int, int] | None = None) -> None:
        sr, n_frames = sound.sr, sound.n_frames
        if n_frames == 0:
            raise UnusableError("holds no samples")
        self.seen: Samples = sound.watch(n_frames)
        self.peak = 0.0
        hop, part = split_hops(n_frames, sr)
        self._start, self._stop = 0, n_frames
        if pops is not None:
            self._start, self._stop = hop * pops[0], min(hop * pops[1], n_frames)
        total = 0.0
        powers, highs = [], []
        for quiet, rumble in self._clean(sound, hop):
            total += float(rumble.sum(dtype=np.float64))
            self.peak = max(self.peak, float(np.abs(quiet).max()))
            power, high = measure_levels(quiet, hop=hop, part=part)
            powers.append(power)
            highs.append(high)
        self.seen.check()
        self.offset = total / n_frames
        self.levels = Levels(
            np.concatenate(powers), np.concatenate(highs), hop / sr, n_frames / sr
        )

    def _clean(
        self, sound: Sound, hop: int
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Take rumble and pops out of a sound; give it and the rumble in blocks."""
        sr, n_frames = sound.sr, sound.n_frames
        block, reach = reach_of_rumble(sr)
        unit = lcm(block, hop)
        at_once = unit * max(1, round(_BLOCK_SECONDS * sr / unit))
        # What is held, from where on, and up to where it was given already.
        held, first, given = np.zeros(0, dtype=np.float32), 0, 0
        for samples in sound.read(n_frames, at_once=at_once):
            mixed = self.seen.mix(samples)
            scale = np.float32(2**-15 if mixed.dtype == np.int16 else 1)
            held = np.concatenate([held, mixed.astype(np.float32) * scale])
            self._level_pops(held, first, sr)
            n_read = first + len(held)
            is_last = n_read == n_frames
            end = n_read if is_last else (n_read - reach) // unit * unit
            if end <= given:
                continue
            rumble = find_rumble(held, sr=sr)[given - first : end - first]
            quiet = held[given - first : end - first] - rumble
            quiet[: max(0, self._start - given)] = 0
            quiet[max(0, self._stop - given) :] = 0
            yield quiet, rumble
            given = end
            kept_from = max(0, given - reach)
            held, first = held[kept_from - first :], kept_from

    def _level_pops(self, held: NDArray[np.float32], first: int, sr: int) -> None:
        """Level what of the pops is held by now."""
        if first < self._start:
            level_pops(held, self._start, len(held), sr=sr)
        if first + len(held) > self._stop:
            level_pops(held, max(0, self._start - first), self._stop - first, sr=sr)
