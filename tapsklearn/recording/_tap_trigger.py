"""Find taps in a stream of blocks, as they come from a microphone."""

from collections import deque

import numpy as np
import scipy.signal
from numpy.typing import ArrayLike, NDArray

from tapsklearn.preprocessing import (
    ATTACK_RISE_DB,
    ONE_BLOW_SECONDS,
    QUIET_DBFS,
    RECORDED_FULL_SCALE,
    count_clipped,
    find_rumble,
)
from tapsklearn.recording._tap import Tap

# Hum and rumble lie below, and little of a tap.
_LOWEST_HZ = 150.0
_FILTER_ORDER = 4
# A level is taken of so much time, as short as a spectrogram's hop.
HOP_SECONDS = 128 / 44100
# An attack stands out of what came before it: close by, but for the hop in which it may
# begin, where a board is tapped; or some time before, where a blow comes through a
# floor, and takes up to 50 ms to rise.
_CLOSE_SECONDS = 0.02
_SLOWEST_RISE_SECONDS = 0.05
_BEFORE_SECONDS = 0.15
# How fast the floor follows the noise, and of how much time it is first taken.
_FLOOR_DB_PER_SECOND = 20.0
_FIRST_SECONDS = 0.25
_SILENCE_DB = -120.0
# Digital silence is no floor to stand out of: whatever follows it would.
_LEAST_FLOOR_DB = -75.0


class TapTrigger:
    """Find taps in a stream of sound, block by block.

    A tap is an attack, a hop (3 ms) that stands out by `threshold_db` of the noise,
    whose level is followed, and by 10 dB of all sound in the 20 ms before, or from
    150 to 50 ms before, since a blow that comes through a floor rises slowly.
    While a take lasts, only the former strikes again. Levels are those above 150 Hz, so
    that hum and rumble count little. Memory does not grow with the stream.

    Parameters
    ----------
    sr : int, default=44100
        Sampling rate of the stream, in Hz.
    duration : float, default=3.0
        Length of a take, in seconds; the next tap is looked for after it.
    pre_seconds : float, default=0.5
        How much of the take lies before the tap, in seconds.
    threshold_db : float, default=12.0
        How far above the noise a tap must rise, in dB.
    quiet_db : float, default=-50.3
        Taps whose loudest sample lies below this, in dB relative to full scale, are
        flagged as quiet: 100 steps of 16 bits, as of a file.
    end_spoilt : bool, default=False
        Whether a take ends as soon as it is known to be clipped, quiet or double,
        rather than after its duration. The next tap is then looked for once nothing
        has struck for `pre_seconds`.

    Attributes
    ----------
    floor_db : float
        Level of the noise by now, in dB relative to full scale; NaN in the first
        quarter of a second, in which no tap is found.
    n_samples : int
        How many samples have come.

    Raises
    ------
    ValueError
        If a parameter makes no sense.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sound = rng.normal(scale=1e-3, size=5 * 44100)
    >>> sound[66150:] += rng.normal(size=154350) * np.exp(-np.arange(154350) / 2e3) / 5
    >>> trigger = TapTrigger()
    >>> taps = [tap for block in np.split(sound, 50) for tap in trigger.feed(block)]
    >>> len(taps), taps[0].waveform.shape, abs(taps[0].onset - 66150) < 256
    (1, (132300,), True)
    """

    def __init__(
        self,
        *,
        sr: int = 44100,
        duration: float = 3.0,
        pre_seconds: float = 0.5,
        threshold_db: float = 12.0,
        quiet_db: float = QUIET_DBFS,
        end_spoilt: bool = False,
    ) -> None:
        if sr <= 0:
            raise ValueError(f"sr={sr!r} must be above 0")
        if not 0 <= pre_seconds < duration:
            raise ValueError(
                f"pre_seconds={pre_seconds!r} must be at least 0 and less than "
                f"duration={duration!r}"
            )
        if threshold_db <= 0:
            raise ValueError(f"threshold_db={threshold_db!r} must be above 0")
        self.sr = sr
        self.duration = duration
        self.pre_seconds = pre_seconds
        self.threshold_db = threshold_db
        self.quiet_db = quiet_db
        self.end_spoilt = end_spoilt
        self.floor_db = np.nan
        self.n_samples = 0

        self._hop = max(1, round(HOP_SECONDS * sr))
        self._n_take = round(duration * sr)
        self._n_pre = round(pre_seconds * sr)
        n_before, self._n_close, self._n_rise = (
            round(seconds / HOP_SECONDS)
            for seconds in (_BEFORE_SECONDS, _CLOSE_SECONDS, _SLOWEST_RISE_SECONDS)
        )
        self._before = deque[float](maxlen=n_before)
        self._first_levels: list[float] = []
        self._floor_step = _FLOOR_DB_PER_SECOND * self._hop / sr
        # What may still be part of a take, and where it begins in the stream.
        self._kept = np.empty(0, dtype=np.float32)
        self._kept_from = 0
        self._processed = 0
        self._highpass = scipy.signal.butter(
            _FILTER_ORDER, min(_LOWEST_HZ, sr / 4), "highpass", fs=sr, output="sos"
        )
        self._filter_state = np.zeros((len(self._highpass), 2))
        self._onset: int | None = None
        self._is_double = False
        # Nothing that strikes before is a tap to take, and the last sample not known.
        self._ignored_until = 0
        self._gap = -1

    def feed(self, block: ArrayLike) -> list[Tap]:
        """Process the next samples.

        Parameters
        ----------
        block : array-like of shape (n_samples,)
            The samples that follow those before, full scale being 1; any number. NaN
            is where sound was lost.

        Returns
        -------
        list of Tap
            The taps whose takes are complete by now, mostly none.

        Raises
        ------
        ValueError
            If the block is not one channel.
        """
        samples = np.asarray(block, dtype=np.float32)
        if samples.ndim != 1:
            raise ValueError(
                f"expected the samples of one channel, got a block of shape "
                f"{samples.shape}"
            )
        lost = np.flatnonzero(~np.isfinite(samples))
        if len(lost):
            self._gap = self.n_samples + int(lost[-1])
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        self._kept = np.concatenate([self._kept, samples])
        self.n_samples += len(samples)
        n_hops = (self.n_samples - self._processed) // self._hop
        first = self._processed - self._kept_from
        hops = self._kept[first : first + n_hops * self._hop]
        taps = []
        for level in self._measure(hops):
            taps += self._process(level)
        self._forget()
        return taps

    def _measure(self, hops: NDArray[np.float32]) -> list[float]:
        """Give the level of each hop, without hum and rumble."""
        if not len(hops):
            return []
        high, self._filter_state = scipy.signal.sosfilt(
            self._highpass, hops, zi=self._filter_state
        )
        power = np.square(high).reshape(-1, self._hop).mean(axis=1)
        return list(10 * np.log10(np.maximum(power, 10 ** (_SILENCE_DB / 10))))

    def _process(self, level: float) -> list[Tap]:
        """Process one hop; return the take that it completes."""
        start = self._processed
        self._processed += self._hop
        is_sharp, is_attack = self._stands_out(level)
        self._before.append(level)
        taps = []
        if self._onset is not None:
            over = self._onset - self._n_pre + self._n_take
            blow_over = self._onset + ONE_BLOW_SECONDS * self.sr
            if is_sharp and blow_over <= start < over:
                self._is_double = True
            if self._processed >= over:
                taps.append(self._cut(self._onset, over))
                self._onset = None
            elif self.end_spoilt and (
                self._is_double or start < blow_over <= self._processed
            ):
                tap = self._cut(self._onset, self._processed)
                if not tap.is_good:
                    taps.append(tap)
                    self._onset = None
                    self._ignored_until = self._processed + self._n_pre
        elif is_attack and start < self._ignored_until:
            self._ignored_until = self._processed + self._n_pre
        elif is_attack:
            # It may have begun in the hop before, without standing out yet.
            self._onset = max(0, start - self._hop)
            self._is_double = False
        else:
            self._follow(level)
        return taps

    def _stands_out(self, level: float) -> tuple[bool, bool]:
        """Return whether a hop is a sharp attack, and whether it is one at all."""
        floor = max(_LEAST_FLOOR_DB, self.floor_db)
        if np.isnan(self.floor_db) or level < floor + self.threshold_db:
            return False, False
        before = list(self._before)
        is_sharp = level >= max(before[-self._n_close - 1 : -1]) + ATTACK_RISE_DB
        is_slow = level >= max(before[: -self._n_rise]) + ATTACK_RISE_DB
        return is_sharp, is_sharp or is_slow

    def _follow(self, level: float) -> None:
        """Let the floor follow the middle of the levels."""
        if np.isnan(self.floor_db):
            self._first_levels.append(level)
            if len(self._first_levels) * self._hop >= _FIRST_SECONDS * self.sr:
                self.floor_db = float(np.median(self._first_levels))
        else:
            self.floor_db += np.copysign(self._floor_step, level - self.floor_db)

    def _cut(self, onset: int, end: int) -> Tap:
        first = onset - self._n_pre - self._kept_from
        # A tap right at the start of the stream has less before it.
        taken = self._kept[max(0, first) : end - self._kept_from].copy()
        waveform = np.pad(taken, (max(0, -first), 0))
        # An offset or rumble is no part of its level, but of what a converter holds.
        peak = float(np.abs(waveform - find_rumble(waveform, sr=self.sr)).max())
        _, first_full = count_clipped(waveform[:, None], full_scale=RECORDED_FULL_SCALE)
        peak_db = 20 * np.log10(max(peak, 10 ** (_SILENCE_DB / 20)))
        return Tap(
            waveform=waveform,
            onset=onset,
            peak_db=float(peak_db),
            is_clipped=first_full is not None,
            is_quiet=bool(peak_db < self.quiet_db),
            is_double=self._is_double,
            has_gap=max(0, onset - self._n_pre) <= self._gap < end,
        )

    def _forget(self) -> None:
        """Let go of what no take can need."""
        needed_from = self._onset if self._onset is not None else self._processed
        drop = needed_from - self._n_pre - 2 * self._hop - self._kept_from
        if drop > 0:
            self._kept = self._kept[drop:].copy()
            self._kept_from += drop
