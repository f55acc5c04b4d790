"""The crop straight from the waveform, wherever that is sure to be the same.

A spectrogram of a whole take is computed to be thrown away: the crop keeps a tenth of
its frames, and a fifth of their rows. What the other frames are needed for is when the
tap begins, whether there is one, and how loud the take's loudest bin is. Mostly a bound
on their energies answers that: by Parseval's theorem, the squares of their samples.
"""

from collections.abc import Sequence

import numpy as np
import scipy.fft
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tapsklearn.preprocessing._onset import find_onset
from tapsklearn.preprocessing._take_rules import (
    FLOOR_DB,
    LEAST_CROPS,
    LEAST_POWER,
    LEAST_RISE_DB,
    QUIET_SHARE,
    RISE_DB,
)

# By how much, as a share, an energy computed here may differ from that of the
# spectrogram: some times what rounding to 32 bits does to a sum of hundreds.
_SLACK = 2e-4
# A crop that varies less than this magnifies rounding when it is standardized.
_LEAST_SPREAD_DB = 4.0
# Frames transformed at once: few enough that they stay in the processor's cache.
_FRAMES_AT_ONCE = 64


class FusedCrop:
    """Cut the tap's part of log spectrograms without computing all of them.

    Its arrays are used again from take to take, as fresh memory costs as much time
    as what is computed in it: not for two threads at once.

    Parameters
    ----------
    n_samples : int
        Length of the waveforms.
    n_fft, hop_length : int
        As of `log_spectrogram`.
    n_freqs, n_frames, pre_frames : int
        As of `crop_tap`.
    shifts : sequence of int
        As of `crop_tap`.

    Attributes
    ----------
    waveform : ndarray of shape (n_samples,), float32
        Where the take to be cut is to be put.
    """

    def __init__(
        self,
        n_samples: int,
        *,
        n_fft: int,
        hop_length: int,
        n_freqs: int,
        n_frames: int,
        pre_frames: int,
        shifts: Sequence[int],
    ) -> None:
        self.n_fft = n_fft
        self.n_freqs = n_freqs
        self.n_frames = n_frames
        self.pre_frames = pre_frames
        self.shifts = shifts
        self.n_columns = 1 + (n_samples - n_fft % 2) // hop_length
        self._hops_per_frame = -(-n_fft // hop_length)

        margin = n_fft // 2
        n_hops = max(
            self.n_columns + self._hops_per_frame - 1,
            -(-(margin + n_samples) // hop_length),
        )
        padded = np.zeros(n_hops * hop_length, dtype=np.float32)
        self.waveform = padded[margin : margin + n_samples]
        self._hops = padded.reshape(n_hops, hop_length)
        self._frames = sliding_window_view(padded, n_fft)[::hop_length]
        window = scipy.signal.get_window("hann", n_fft)
        self._window = window.astype(np.float32)
        # By how much the samples of each hop of a frame count at most.
        padding = self._hops_per_frame * hop_length - n_fft
        by_hop = np.pad(window**2, (0, padding)).reshape(-1, hop_length)
        self._most_per_hop = (1 + _SLACK) * n_fft * by_hop.max(axis=1)
        # And at least: what is beyond the end of a window counts nothing.
        self._least_per_hop = (1 - _SLACK) * n_fft * by_hop.min(axis=1)

        # Of each frame: its energy and its loudest bin, or no less than these; and its
        # kept rows, once it was looked at.
        self._rows = np.empty((self.n_columns, n_freqs), dtype=np.float32)
        self._energy = np.empty(self.n_columns)
        self._loudest_bin = np.empty(self.n_columns)
        self._is_exact = np.empty(self.n_columns, dtype=bool)
        self._reach = n_frames - pre_frames - 1

    def cut(self) -> NDArray[np.float32] | None:
        """Cut the crops of the take in `waveform`.

        Returns
        -------
        ndarray of shape (n_views, n_freqs, n_frames), float32, or None
            What `crop_tap(log_spectrogram(waveform))` gives, but for rounding. None
            where rounding could decide (two moments that are equally loud, say), where
            there may be no tap, and where a take is too short to know its floor: ask
            `crop_tap`.
        """
        if len(self.waveform) < self.n_fft:
            return None
        self._bound_energies()
        # Where the tap may begin is mostly enough to look at.
        for columns in (self._find_rise(), np.arange(self.n_columns)):
            self._look_at(columns)
            onset = self._find_sure_onset(columns)
            if onset is not None:
                return self._cut_at(onset)
        return None

    def _bound_energies(self) -> None:
        """Bound each frame's power, summed over its bins, by the squares of its hops.

        Over all n_fft bins it is n_fft times the sum of the squared windowed samples
        (Parseval).
        """
        of_hops = np.vecdot(self._hops, self._hops).astype(np.float64)
        energy = np.correlate(of_hops, self._most_per_hop, "valid")
        self._least = np.correlate(of_hops, self._least_per_hop, "valid")
        self._least = self._least[: self.n_columns]
        self._energy[:] = self._loudest_bin[:] = energy[: self.n_columns]
        self._is_exact[:] = False

    def _look_at(self, columns: NDArray[np.intp]) -> None:
        """Transform frames: their energy and loudest bin are bounds no more."""
        columns = columns[~self._is_exact[columns]]
        for first in range(0, len(columns), _FRAMES_AT_ONCE):
            some = columns[first : first + _FRAMES_AT_ONCE]
            windowed = self._frames[some]
            windowed *= self._window
            power = np.square(np.abs(scipy.fft.rfft(windowed, axis=1)))
            self._rows[some] = power[:, : self.n_freqs]
            self._energy[some] = power.sum(axis=1)
            self._loudest_bin[some] = power.max(axis=1)
        self._is_exact[columns] = True

    def _find_rise(self) -> NDArray[np.intp]:
        """Find the frames among which the onset and the loudest one must be."""
        loud = int(np.argmax(self._energy))
        self._look_at(np.array([loud]))
        least = (1 - _SLACK) * self._energy[loud]
        candidates = np.flatnonzero(self._energy >= least)
        first = max(0, candidates[0] - self._reach)
        has_risen = self._energy[first : loud + 1] >= 10 ** (-RISE_DB / 10) * least
        return np.arange(first + int(np.argmax(has_risen)), candidates[-1] + 1)

    def _find_sure_onset(self, columns: NDArray[np.intp]) -> int | None:
        """Find where the tap begins, if rounding and the floor cannot move it."""
        n_bins = 1 + self.n_fft // 2
        # Every bin is raised to the floor, which is not known yet, but to no more.
        most = (1 + _SLACK) * (self._energy + n_bins * _floor_below(self._energy.max()))
        least = (1 - _SLACK) * np.maximum(self._energy[columns], n_bins * LEAST_POWER)
        loudest = int(np.argmax(least))
        peak = least[loudest]
        if np.count_nonzero(most >= peak) > 1:
            return None

        # With the loudest frame as quiet as it can be, and with it as loud.
        early, late = most[columns], least
        early[loudest], late[loudest] = peak, early[loudest]
        onset = find_onset(_decibel(early), reach=self._reach)
        if onset != find_onset(_decibel(late), reach=self._reach):
            return None

        if not self._surely_rises(most, peak):
            return None
        return onset + int(columns[0])

    def _surely_rises(self, most: NDArray[np.float64], peak: np.float64) -> bool:
        """Find out whether `crop_tap` is sure to find that the take rises."""
        loudest = self._loudest_bin.max(initial=0.0, where=self._is_exact)
        least_floor = (1 - _SLACK) * _floor_below(loudest)
        if np.count_nonzero(self._loudest_bin > least_floor) < (
            LEAST_CROPS * self.n_frames
        ):
            return True  # Whatever rises: there are too few to see.
        n_bins = 1 + self.n_fft // 2
        n_loud = np.count_nonzero(most > peak * 10 ** (-LEAST_RISE_DB / 10))
        # No more than half of the energy, of all n_fft bins, is in others than these.
        least_bin = np.where(
            self._is_exact, self._loudest_bin, self._least / n_bins / 2
        )
        floor = (1 + _SLACK) * _floor_below(self._energy.max())
        n_sound = np.count_nonzero((1 - _SLACK) * least_bin > floor)
        # Each further frame with sound would be a quiet one.
        return bool(n_sound - n_loud > int(QUIET_SHARE * n_sound))

    def _cut_at(self, onset: int) -> NDArray[np.float32] | None:
        first = onset - self.pre_frames + min(self.shifts)
        last = onset - self.pre_frames + max(self.shifts) + self.n_frames
        inside = np.arange(max(0, first), min(last, self.n_columns))
        self._look_at(inside)
        power = self._rows[inside]

        is_padded = len(power) < last - first
        # No bin is louder than its frame.
        floor = _floor_below(self._loudest_bin.max())
        if is_padded or power.min() < floor:
            floor = _floor_below(self._find_loudest_bin())
        if is_padded:
            # Of the take's quietest bin.
            floor = max(floor, self._find_quietest_bin(at_least=floor))
        level = np.full((last - first, self.n_freqs), floor, dtype=np.float32)
        level[max(0, -first) :][: len(power)] = np.maximum(power, floor)
        level = _decibel(level)
        starts = [shift - min(self.shifts) for shift in self.shifts]
        views = np.stack([level[start : start + self.n_frames] for start in starts])
        numbers = views.reshape(len(views), -1)
        variance = np.vecdot(numbers, numbers) / numbers.shape[1]
        variance -= numbers.mean(axis=1) ** 2
        return views.mT if variance.min() >= _LEAST_SPREAD_DB**2 else None

    def _find_loudest_bin(self) -> np.float64:
        """Find the power of the take's loudest bin."""
        loudest = self._loudest_bin.max(initial=0.0, where=self._is_exact)
        self._look_at(np.flatnonzero(self._loudest_bin > loudest))
        return self._loudest_bin.max(initial=0.0, where=self._is_exact)

    def _find_quietest_bin(self, *, at_least: float) -> float:
        """Find the power of the take's quietest bin, or some power below a level."""
        quietest = float(self._energy.min())
        for first in range(0, self.n_columns, _FRAMES_AT_ONCE):
            if quietest <= at_least:
                break
            windowed = self._frames[first : self.n_columns][:_FRAMES_AT_ONCE]
            power = np.square(np.abs(scipy.fft.rfft(windowed * self._window, axis=1)))
            quietest = min(quietest, float(power.min()))
        return quietest


def _floor_below(loudest: float) -> float:
    return max(LEAST_POWER, loudest * 10 ** (-FLOOR_DB / 10))


def _decibel(power: NDArray) -> NDArray:
    return 10 * np.log10(power)
