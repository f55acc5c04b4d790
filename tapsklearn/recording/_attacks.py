"""Where something strikes: hops that stand out of the noise and of what was before."""

from collections import deque

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from tapsklearn.preprocessing import ATTACK_RISE_DB

# Hum and rumble lie below, and little of a tap.
_LOWEST_HZ = 150.0
_FILTER_ORDER = 4
# A level is taken of so much time, as short as a spectrogram's hop.
HOP_SECONDS = 128 / 44100
# An attack stands out of what came before it: close by, but for the hop in which it may
# begin, where a board is tapped; or some time before, where a blow comes through a
# floor, and takes up to 50 ms to rise.
_CLOSE_SECONDS = 0.02
SLOWEST_RISE_SECONDS = 0.05
_BEFORE_SECONDS = 0.15
# How fast the floor follows the noise, and of how much time it is first taken.
_FLOOR_DB_PER_SECOND = 20.0
_FIRST_SECONDS = 0.25
SILENCE_DB = -120.0
# Digital silence is no floor to stand out of: whatever follows it would.
_LEAST_FLOOR_DB = -75.0
# Taps fill less than three quarters of the beginning of a recording.
_FLOOR_SHARE = 0.25


class Attacks:
    """Find attacks in the hops of a stream.

    Parameters
    ----------
    sr : int
        Sampling rate of the stream, in Hz.
    threshold_db : float
        How far above the noise an attack rises, in dB.

    Attributes
    ----------
    hop : int
        Length of a hop, in samples.
    floor_db : float
        Level of the noise by now, in dB relative to full scale; NaN at first.
    """

    def __init__(self, sr: int, threshold_db: float) -> None:
        self.hop = max(1, round(HOP_SECONDS * sr))
        self.floor_db = float("nan")
        self._threshold_db = threshold_db
        n_before, self._n_close, self._n_rise = (
            round(seconds / HOP_SECONDS)
            for seconds in (_BEFORE_SECONDS, _CLOSE_SECONDS, SLOWEST_RISE_SECONDS)
        )
        self._n_before = n_before
        self._before = deque[float](maxlen=n_before)
        self._first_levels: list[float] = []
        self._n_first = int(np.ceil(_FIRST_SECONDS * sr / self.hop))
        self._floor_step = _FLOOR_DB_PER_SECOND * self.hop / sr
        self._highpass = scipy.signal.butter(
            _FILTER_ORDER, min(_LOWEST_HZ, sr / 4), "highpass", fs=sr, output="sos"
        )
        self._filter_state = np.zeros((len(self._highpass), 2))

    def begin_with(self, samples: NDArray[np.float32]) -> float | None:
        """Learn the noise from the beginning of a recording, before it is measured.

        Parameters
        ----------
        samples : ndarray of shape (n_samples,), float32
            The first seconds of it.

        Returns
        -------
        float or None
            Level of the first hop, if it stands out already. If None, it does not.
        """
        n_hops = len(samples) // self.hop
        if not n_hops:
            return None
        # An offset was there before the recording.
        state = scipy.signal.sosfilt_zi(self._highpass) * samples[0]
        self._filter_state = state
        levels = self.measure(samples[: n_hops * self.hop])
        self._filter_state = state
        sound = [level for level in levels if level > SILENCE_DB]
        self.floor_db = float(np.quantile(sound or levels, _FLOOR_SHARE))
        self._before.extend([levels[0]] * self._n_before)
        return levels[0] if levels[0] >= self._least() else None

    def measure(self, hops: NDArray[np.float32]) -> list[float]:
        """Give the level of each hop, without hum and rumble.

        Parameters
        ----------
        hops : ndarray of shape (n_hops * hop,), float32
            The next samples.

        Returns
        -------
        list of float
            In dB relative to full scale.
        """
        if not len(hops):
            return []
        high, self._filter_state = scipy.signal.sosfilt(
            self._highpass, hops, zi=self._filter_state
        )
        power = np.square(high).reshape(-1, self.hop).mean(axis=1)
        least = 10 ** (SILENCE_DB / 10)
        levels: list[float] = (10 * np.log10(np.maximum(power, least))).tolist()
        return levels

    def stands_out(self, level: float) -> tuple[bool, bool]:
        """Find whether the next hop is an attack.

        Parameters
        ----------
        level : float
            Its level.

        Returns
        -------
        is_sharp, is_attack : bool
            Whether it is one that rises at once, and whether it is one at all.
        """
        found = False, False
        # Not so where the floor is not known.
        if level >= self._least():
            before = list(self._before)
            is_sharp = level >= max(before[-self._n_close - 1 : -1]) + ATTACK_RISE_DB
            is_slow = level >= max(before[: -self._n_rise]) + ATTACK_RISE_DB
            found = is_sharp, is_sharp or is_slow
        self._before.append(level)
        return found

    def follow(self, level: float) -> None:
        """Let the floor follow the middle of the levels.

        Parameters
        ----------
        level : float
            Of a hop that is no part of a tap.
        """
        if np.isnan(self.floor_db):
            self._first_levels.append(level)
            if len(self._first_levels) >= self._n_first:
                self.floor_db = float(np.median(self._first_levels))
        elif level > SILENCE_DB:
            # Where a recorder or a gate was closed, the noise is what it was.
            self.floor_db += (
                self._floor_step if level >= self.floor_db else (-self._floor_step)
            )

    def _least(self) -> float:
        return max(self.floor_db, _LEAST_FLOOR_DB) + self._threshold_db
