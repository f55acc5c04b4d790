"""A recording without rumble and pops, and where in it the tap is."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._describe_take import describe_take
from tapsklearn.preprocessing._errors import UnusableError
from tapsklearn.preprocessing._find_tap import find_pops
from tapsklearn.preprocessing._levels import Levels, measure_levels, split_hops
from tapsklearn.preprocessing._rumble import (
    find_rumble,
    reach_of_rumble,
    take_out_rumble,
)
from tapsklearn.preprocessing._samples import Samples
from tapsklearn.preprocessing._sound import open_sound
from tapsklearn.preprocessing._sound_file import Sound
from tapsklearn.preprocessing._take_rules import MOST_SAMPLES

# Of a file at once: some megabytes. A longer one is measured block by block, and read
# again where it is needed.
_MOST_AT_ONCE = 2**20
_BLOCK_SECONDS = 10.0
# What stands in for a pop is the mean of so much beside it.
_BESIDE_POP_SECONDS = 0.05


class Take:
    """A recording as it is used: mono, without rumble, pops and digital silence.

    Parameters
    ----------
    seen : Samples
        What was seen of its samples as they were.
    n_samples : int
        How many there are.
    path : path-like, default=None
        The file, of a recording that is too long to be held.

    Attributes
    ----------
    sr : int
        Its own sampling rate, in Hz.
    n_samples : int
        How many there are, all counted.
    start, stop : int
        From which sample on, and before which, it is sound; the rest is digital
        silence or a pop.
    tap : int
        The sample in the middle of its loudest moment.
    power : float
        The mean square of that moment.
    n_channels : int
        Of how many channels it is the mean.
    step : float
        The step between two of its numbers; 0 if it is too small to matter.
    coding : str
        What wrote it in another way than as numbers, or "".
    remarks : dict of str to str
        What is to be said of it: the detail of each remark by its word; "no tap" among
        them if there is none.
    """

    def __init__(
        self, seen: Samples, n_samples: int, path: str | os.PathLike[str] | None = None
    ) -> None:
        seen.check()
        self.sr = seen.sr
        self.n_channels = seen.n_channels
        self.step = seen.step
        self.coding = seen.coding
        self.n_samples = n_samples
        self.start, self.stop = seen.sound
        self._seen = seen
        self._path = path
        self._samples: NDArray[np.float32] | None = None
        # As `_samples`, which is cleaned in between.
        self._recorded = self.start, self.stop
        self._hop, self._part = split_hops(n_samples, self.sr)

    def hold(
        self, samples: NDArray[Any], *, out: NDArray[np.float32] | None = None
    ) -> None:
        """Clean and measure samples, and keep them.

        Parameters
        ----------
        samples : ndarray of shape (n_samples,), int16 or float32
            The mean of the channels; int16 stands for 2**-15 times as much.
        out : ndarray of shape (at least n_samples,), float32, default=None
            Where to keep them. If None, in a new array.
        """
        if out is None or len(out) < self.n_samples:
            out = np.empty(self.n_samples, dtype=np.float32)
        take = self._samples = out[: self.n_samples]
        start, stop = self.start, self.stop
        sound = take[start:stop]

        def clean() -> float:
            np.multiply(samples[start:stop], _scale_of(samples), out=sound)
            self._level_pops(sound, start)
            offset = take_out_rumble(sound, sr=self.sr)
            take[: self.start] = take[self.stop :] = 0
            return offset

        def measure() -> Levels:
            return self._as_levels(measure_levels(take, hop=self._hop, part=self._part))

        offset = clean()
        levels = measure()
        first, last = find_pops(levels)
        if (first, last) != (0, len(levels.power)):
            self._leave_out_pops(first, last)
            clean()
            levels = measure()
        peak = max(float(take.max(initial=0)), -float(take.min(initial=0)))
        self._describe(levels, peak=peak, offset=offset, first=first, last=last)

    def measure(self) -> None:
        """Clean and measure the file block by block, and keep nothing of it."""
        levels, peak, offset = self._measure_blocks()
        first, last = find_pops(levels)
        if (first, last) != (0, len(levels.power)):
            self._leave_out_pops(first, last)
            levels, peak, _ = self._measure_blocks()
        self._describe(levels, peak=peak, offset=offset, first=first, last=last)

    def cut(self, first: int, last: int) -> NDArray[np.float32]:
        """Give some of the samples, clean.

        Parameters
        ----------
        first, last : int
            From which one to before which.

        Returns
        -------
        ndarray of shape (last - first,), float32
            The samples; not to be written to.
        """
        if self._samples is not None:
            return self._samples[first:last]
        with self._open() as sound:
            cut = [quiet for quiet, _ in self._clean_blocks(sound, first, last)]
        return np.concatenate(cut)

    def _open(self) -> Any:
        if self._path is None:
            raise TypeError("a waveform is held, or it cannot be read again")
        # How long it is is known: nothing has to be decoded to find that out again.
        return open_sound(self._path, is_take=False)

    def _as_levels(
        self, levels: tuple[NDArray[np.float64], NDArray[np.float64]]
    ) -> Levels:
        return Levels(*levels, self._hop / self.sr, self.n_samples / self.sr)

    def _leave_out_pops(self, first: int, last: int) -> None:
        """Take what is between two hops for the sound."""
        self.start = max(self.start, self._hop * first)
        self.stop = min(self.stop, self._hop * last)

    def _describe(
        self, levels: Levels, *, peak: float, offset: float, first: int, last: int
    ) -> None:
        self.remarks = describe_take(
            self._seen, levels, peak=peak, offset=offset, first=first, last=last
        )
        loudest = first + int(np.argmax(levels.power[first:last]))
        self.power = float(levels.power[loudest])
        middle = self._hop * loudest + self._hop // 2
        self.tap = max(self.start, min(middle, self.stop - 1))

    def _level_pops(self, some: NDArray[np.float32], first: int) -> None:
        """Level what of the pops is among some samples, the rumble still in them.

        A pop has low frequencies as well, which reach into what is beside it: in its
        place comes the mean of that.
        """
        n_beside = round(_BESIDE_POP_SECONDS * self.sr)
        start, stop = self.start - first, self.stop - first
        if self.start > self._recorded[0] and start > 0:
            some[:start] = some[start : start + n_beside].mean()
        if self.stop < self._recorded[1] and stop < len(some):
            some[max(0, stop) :] = some[max(0, start, stop - n_beside) : stop].mean()

    # ------------------------------------------------------------ block by block

    def _measure_blocks(self) -> tuple[Levels, float, float]:
        """Measure the levels, the peak and the offset of the file."""
        hop, part = self._hop, self._part
        total, peak = 0.0, 0.0
        measured = []
        held = np.zeros(0, dtype=np.float32)
        with self._open() as sound:
            for quiet, offset in self._clean_blocks(sound, 0, self.n_samples):
                total += offset
                peak = max(peak, float(np.abs(quiet).max()))
                held = np.concatenate([held, quiet])
                # The last hop may need the one before it.
                n_whole = max(0, len(held) // hop - 1) * hop
                measured.append(measure_levels(held[:n_whole], hop=hop, part=part))
                held = held[n_whole:]
        measured.append(measure_levels(held, hop=hop, part=part))
        power, high = (np.concatenate(of) for of in zip(*measured, strict=True))
        n_recorded = self._recorded[1] - self._recorded[0]
        return self._as_levels((power, high)), peak, total / n_recorded

    def _clean_blocks(
        self, sound: Sound, first: int, last: int
    ) -> Iterator[tuple[NDArray[np.float32], float]]:
        """Give samples in blocks, clean, each with the sum of its rumble."""
        block, reach = reach_of_rumble(self.sr)
        begin, end = self._recorded
        at_once = max(1, round(_BLOCK_SECONDS * self.sr / block)) * block
        yield from _give_zeros(min(begin, last) - first, at_once)
        given, stop = max(first, begin), min(last, end)
        # What is held, from where on: rumble is found of whole blocks only.
        known = begin + max(0, given - begin - reach) // block * block
        held = np.zeros(0, dtype=np.float32)
        some = sound.read(known, min(end, stop + reach + block), at_once=at_once)
        for samples in some if given < stop else ():
            mixed = self._mix(samples)
            held = np.concatenate([held, mixed])
            n_read = known + len(held)
            is_last = n_read >= min(end, stop + reach + block)
            until = (
                stop if is_last else begin + (n_read - reach - begin) // block * block
            )
            until = min(until, stop)
            if until <= given:
                continue
            self._level_pops(held, known)
            rumble = find_rumble(held, sr=self.sr)[given - known : until - known]
            quiet = held[given - known : until - known] - rumble
            quiet[: max(0, self.start - given)] = 0
            quiet[max(0, self.stop - given) :] = 0
            yield quiet, float(rumble.sum(dtype=np.float64))
            given = until
            kept_from = begin + max(0, given - begin - reach) // block * block
            held, known = held[max(0, kept_from - known) :], kept_from
        yield from _give_zeros(last - max(first, end), at_once)

    def _mix(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        """Mix the channels of samples that were looked at already."""
        scale = _scale_of(samples)
        if samples.shape[1] == 1:
            return samples[:, 0] * scale
        return (samples.astype(np.float32) * scale).mean(axis=1, dtype=np.float32)


def measure_take(
    source: str | os.PathLike[str] | NDArray[Any],
    *,
    input_sr: int | None = None,
    is_whole: bool = False,
    out: NDArray[np.float32] | None = None,
) -> Take:
    """Read a recording as far as it must be to find its tap.

    Parameters
    ----------
    source : path-like or ndarray of shape (n_samples,)
        A file, or a waveform whose full scale is 1.
    input_sr : int, default=None
        Sampling rate of a waveform, in Hz; not of a file, which has its own.
    is_whole : bool, default=False
        Whether all of it is held, however long it is.
    out : ndarray of shape (n,), float32, default=None
        Where it is held if it fits. If None, in a new array.

    Returns
    -------
    Take
        The recording.

    Raises
    ------
    UnusableError
        If the file is missing, empty, truncated or not audio, or if it is all zero,
        not finite, or its channels cancel each other out. That it holds no tap is
        among its remarks.
    """
    if isinstance(source, np.ndarray):
        if input_sr is None:
            raise ValueError("input_sr=None: a waveform does not say its sampling rate")
        samples, seen = take_samples(source, input_sr)
        take = Take(seen, len(samples))
        take.hold(samples, out=out)
        return take
    with open_sound(source) as sound:
        n_samples = sound.n_frames
        if not n_samples:
            raise UnusableError("holds no samples")
        if is_whole and n_samples > MOST_SAMPLES:
            raise UnusableError(f"is too long to read at once: {n_samples} samples")
        seen = sound.watch()
        is_held = is_whole or n_samples <= _MOST_AT_ONCE
        blocks = [
            mixed
            for block in sound.read(0, n_samples)
            if len(mixed := seen.mix(block)) and is_held
        ]
    take = Take(seen, n_samples, source)
    if is_held:
        take.hold(blocks[0] if len(blocks) == 1 else np.concatenate(blocks), out=out)
    else:
        take.measure()
    return take


def take_samples(
    waveform: NDArray[Any], sr: int
) -> tuple[NDArray[np.float32], Samples]:
    """Look at the samples of a waveform, as at those of a file.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,)
        The samples, full scale being 1.
    sr : int
        Their sampling rate, in Hz.

    Returns
    -------
    samples : ndarray of shape (n_samples,), float32
        The samples.
    seen : Samples
        What was seen of them.

    Raises
    ------
    UnusableError
        If there are none, or they are not finite.
    """
    if not len(waveform):
        raise UnusableError("holds no samples")
    with np.errstate(over="ignore", invalid="ignore"):
        channels = waveform[:, None].astype(np.float32, copy=False)
    seen = Samples(sr, len(waveform))
    return seen.mix(channels), seen


def _scale_of(samples: NDArray[Any]) -> np.float32:
    return np.float32(2**-15 if samples.dtype == np.int16 else 1)


def _give_zeros(
    n_samples: int, at_once: int
) -> Iterator[tuple[NDArray[np.float32], float]]:
    for given in range(0, n_samples, at_once):
        yield np.zeros(min(at_once, n_samples - given), dtype=np.float32), 0.0
