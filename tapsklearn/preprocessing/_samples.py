"""What is to be known of a recording's own samples, as they come."""

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import AllZeroError, UnusableError
from tapsklearn.preprocessing._levels import HOPS_PER_FRAME, split_hops
from tapsklearn.preprocessing._take_rules import (
    CANCELLED_DB,
    CLIPPED_RUN,
    FULL_SCALE,
    MOST_FULL_SCALES,
    SILENT_RUN,
    count_clipped,
)

NOT_FINITE = "holds samples that are NaN or infinite"


class Samples:
    """Look at samples block by block, and mix their channels.

    Parameters
    ----------
    sr : int
        Their sampling rate, in Hz.
    n_samples : int
        How many there are.
    full_scale : float, default=1 - 2**-15
        Where their converter ends.
    step : float, default=0.0
        The step between two numbers of theirs; 0 if it is too small to matter.
    coding : str, default=""
        What wrote them in another way than as numbers, if anything.

    Attributes
    ----------
    loudest : float
        Largest absolute value.
    n_full : int
        Samples at full scale.
    first_full : int or None
        Where the first run of them begins; if None, there is none.
    """

    def __init__(
        self,
        sr: int,
        n_samples: int,
        *,
        full_scale: float = FULL_SCALE,
        step: float = 0.0,
        coding: str = "",
    ) -> None:
        self.sr = sr
        self.full_scale = full_scale
        self.step = step
        self.coding = coding
        self.loudest = 0.0
        self.n_full = 0
        self.first_full: int | None = None
        self._n_seen = 0
        self._last: NDArray | None = None
        # How many at the beginning and at the end, as far as seen, are the same.
        self._n_first = self._n_last = 0
        self._value: NDArray | None = None
        self._hop = split_hops(n_samples, sr)[0]
        # Of each hop, how much the channels and their mean vary.
        self._of_channels: list[NDArray[np.float64]] = []
        self._of_mean: list[NDArray[np.float64]] = []
        self.n_channels = 1

    def mix(self, block: NDArray) -> NDArray:
        """Look at the next samples.

        Parameters
        ----------
        block : ndarray of shape (n_samples, n_channels), int16 or float32
            The samples; int16 stands for 2**-15 times as much.

        Returns
        -------
        ndarray of shape (n_samples,)
            Mean of the channels, in float32 of full scale 1, but int16 of a single
            channel as it is.

        Raises
        ------
        UnusableError
            If samples are not finite.
        """
        scale = 2.0**-15 if block.dtype == np.int16 else 1.0
        peak = _peak(block) * scale
        if not np.isfinite(peak):
            raise UnusableError(NOT_FINITE)
        if peak > MOST_FULL_SCALES:
            raise UnusableError(f"holds samples of {peak:.0e} times full scale")
        self.loudest = max(self.loudest, peak)
        if peak >= self.full_scale:
            self._count_clipped(block, scale)
        self.n_channels = block.shape[1]
        if self.n_channels == 1:
            mixed = block[:, 0]
        else:
            samples = block.astype(np.float32) * np.float32(scale)
            mixed = samples.mean(axis=1, dtype=np.float32)
            self._compare(samples, mixed)
        self._find_silence(mixed)
        self._n_seen += len(block)
        # With the next block they may be a run.
        self._last = block[1 - CLIPPED_RUN :]
        return mixed

    @property
    def sound(self) -> tuple[int, int]:
        """Find what was recorded: digital silence at the ends is padding.

        Returns
        -------
        start, stop : int
            From which sample to before which; all of them if nothing else is there.
        """
        start = self._n_first if self._n_first >= SILENT_RUN else 0
        stop = self._n_seen - (self._n_last if self._n_last >= SILENT_RUN else 0)
        return (start, stop) if start < stop else (0, self._n_seen)

    def check(self) -> None:
        """Check what was seen.

        Raises
        ------
        UnusableError
            If it is all zero, or channels cancel each other out.
        """
        if self.loudest == 0:
            raise AllZeroError(self.sr)
        if not self._of_mean:
            return
        channels, mean = (
            np.concatenate(of_hops) for of_hops in (self._of_channels, self._of_mean)
        )
        # Where it is loudest.
        frame = np.ones(min(HOPS_PER_FRAME, len(channels)))
        channels, mean = (
            np.convolve(of_hops, frame, "valid") for of_hops in (channels, mean)
        )
        loudest = int(np.argmax(channels))
        of_one = channels[loudest] / self.n_channels
        if mean[loudest] <= of_one * 10 ** (-CANCELLED_DB / 10):
            raise UnusableError("its channels cancel each other out")

    def _count_clipped(self, block: NDArray, scale: float) -> None:
        before = self._last if self._last is not None else block[:0]
        samples = np.concatenate([before, block]).astype(np.float32) * np.float32(scale)
        _, start = count_clipped(samples, full_scale=self.full_scale)
        self.n_full += count_clipped(
            samples[len(before) :], full_scale=self.full_scale
        )[0]
        if self.first_full is None and start is not None:
            self.first_full = self._n_seen + start - len(before)

    def _find_silence(self, mixed: NDArray) -> None:
        """Count how many samples in a row are the same, first and last."""
        if not len(mixed):
            return
        goes_on = self._value is None or mixed[0] == self._value
        n_first = _count_same(mixed)
        if self._n_first == self._n_seen and goes_on:
            self._n_first += n_first
        n_last = n_first if n_first == len(mixed) else _count_same(mixed[::-1])
        is_same = n_last == len(mixed) and goes_on
        self._n_last = n_last + (self._n_last if is_same else 0)
        self._value = mixed[-1]

    def _compare(
        self, samples: NDArray[np.float32], mixed: NDArray[np.float32]
    ) -> None:
        """Compare the energies of differences, in which no offset or rumble counts."""
        hop = min(self._hop, max(1, len(mixed) - 1))
        n_hops = (len(mixed) - 1) // hop
        if n_hops == 0:
            # A single sample.
            self._of_mean.append(mixed[:1].astype(float) ** 2)
            self._of_channels.append(np.square(samples[:1], dtype=float).mean(axis=1))
            return
        for values, kept in (
            (mixed[:, None], self._of_mean),
            (samples, self._of_channels),
        ):
            steps = np.diff(values[: n_hops * hop + 1], axis=0)
            energy = np.square(steps).mean(axis=1).reshape(n_hops, hop)
            kept.append(energy.sum(axis=1, dtype=np.float64))


def _peak(samples: NDArray) -> float:
    """Find the largest absolute value; NaN if there is one."""
    return max(float(samples.max(initial=0)), -float(samples.min(initial=0)))


def _count_same(samples: NDArray) -> int:
    """Count how many samples from the first on are equal to it."""
    for some in (samples[: 2 * SILENT_RUN], samples):
        differs = some != samples[0]
        place = int(np.argmax(differs))
        if differs[place]:
            return place
    return len(samples)
