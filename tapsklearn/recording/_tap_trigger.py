"""Find taps in a stream of blocks, as they come from a microphone."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapsklearn.preprocessing import (
    ONE_BLOW_SECONDS,
    QUIET_DBFS,
    RECORDED_FULL_SCALE,
    SECOND_TAP_DB,
    count_clipped,
    find_rumble,
    find_take_problems,
)
from tapsklearn.recording._attacks import SILENCE_DB, SLOWEST_RISE_SECONDS, Attacks
from tapsklearn.recording._tap import Tap

# What the end of a stream leaves of a take after its tap is enough from here on: it
# holds what the default features look at of most objects. An assumed value.
_LEAST_AFTER_SECONDS = 0.15

# What no features can be had of.
_NO_TAKE = ("no tap", "silent", "unreadable")

# What goes on striking too soon is reported so often.
_REPORT_SECONDS = 1.0

# Taps come no closer than this, and what strikes again sooner is a bounce, or the stick
# put down: whoever taps for a recording does so twice a second at most. An assumed
# value; a stick that is dropped from 2 cm bounces within 0.13 s.
NEXT_TAP_SECONDS = 0.4
# Closer ones would leave no take between them.
LEAST_APART_SECONDS = 0.2


class TapTrigger:
    """Find taps in a stream of sound, block by block.

    A tap is an attack, a hop (3 ms) that stands out by `threshold_db` of the noise,
    whose level is followed, and by 10 dB of all sound in the 20 ms before, or from
    150 to 50 ms before, since a blow that comes through a floor rises slowly.
    What strikes again soon is a second tap if it is an attack of the former kind and
    comes to within 15 dB of the first, as in a file; what is fainter is an echo or a
    rattle. Levels are those above 150 Hz, so that hum and rumble count little. Memory
    does not grow with the stream.

    Parameters
    ----------
    sr : int, default=44100
        Sampling rate of the stream, in Hz.
    duration : float, default=3.0
        Length of a take, in seconds, at most.
    pre_seconds : float, default=0.5
        How much of the take lies before the tap, in seconds, at most.
    apart : float, default=None
        How long after a tap the next one can come, in seconds; what strikes again
        sooner spoils the take. A take ends before the next tap, and begins half way
        from the one before if that is less than `pre_seconds`. If None, no next tap
        can come before the take is over, and every take has the same length.
    threshold_db : float, default=12.0
        How far above the noise a tap must rise, in dB.
    quiet_db : float, default=-50.3
        Taps whose loudest sample lies below this, in dB relative to full scale, are
        flagged as quiet: 100 steps of 16 bits, as of a file.
    end_spoilt : bool, default=False
        Whether a take ends as soon as it is known to be clipped, quiet or double,
        rather than after its duration. The next tap is then looked for once nothing
        has struck for `apart`, or `pre_seconds` if that is None. With `apart`, a take
        that holds no tap by the rules for files is flagged as well.

    Attributes
    ----------
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
        apart: float | None = None,
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
        if apart is not None and apart < LEAST_APART_SECONDS:
            raise ValueError(
                f"apart={apart!r} must be at least {LEAST_APART_SECONDS:g} s, or None"
            )
        if threshold_db <= 0:
            raise ValueError(f"threshold_db={threshold_db!r} must be above 0")
        self.sr = sr
        self.duration = duration
        self.pre_seconds = pre_seconds
        self.apart = apart
        self.threshold_db = threshold_db
        self.quiet_db = quiet_db
        self.end_spoilt = end_spoilt
        self.n_samples = 0

        self._attacks = Attacks(sr, threshold_db)
        self._hop = self._attacks.hop
        self._n_take = round(duration * sr)
        self._n_pre = round(pre_seconds * sr)
        self._n_apart = None if apart is None else round(apart * sr)
        self._n_blow = ONE_BLOW_SECONDS * sr
        self._n_slow = round(SLOWEST_RISE_SECONDS * sr)
        # What may still be part of a take, and where it begins in the stream; of that,
        # where sound was lost, and where a channel was cut off.
        self._kept = np.empty(0, dtype=np.float32)
        self._kept_from = 0
        self._lost = self._clipped = np.empty(0, dtype=np.int64)
        self._processed = 0
        # The tap whose take is not over, where that can begin, and what struck again.
        self._onset: int | None = None
        self._earliest = 0
        self._is_double = self._is_cut = self._is_checked = False
        self._second: int | None = None
        self._second_db = SILENCE_DB
        # When something struck last, how loud that was, and until when it may again.
        self._struck: int | None = None
        self._loudest_db = SILENCE_DB
        self._ignored_until = 0
        # The onset of what was spoilt last.
        self._reported = 0

    def begin_with(self, samples: ArrayLike) -> None:
        """Learn the noise from the beginning of a recording, before it is fed.

        Taps are then found from the first hop on; what is loud there already is one
        that the recording cuts off.

        Parameters
        ----------
        samples : array-like of shape (n_samples,)
            The first seconds of what will be fed.
        """
        first = np.nan_to_num(_as_channel(samples), nan=0.0, posinf=0.0, neginf=0.0)
        loud = self._attacks.begin_with(first)
        if loud is not None:
            self._begin(0, loud)
            self._is_cut = True

    @property
    def floor_db(self) -> float:
        """Level of the noise by now.

        Returns
        -------
        float
            In dB relative to full scale; NaN in the first quarter of a second, in
            which no tap is found, unless `begin_with` is called.
        """
        return self._attacks.floor_db

    def feed(self, block: ArrayLike, *, clipped: ArrayLike = ()) -> list[Tap]:
        """Process the next samples.

        Parameters
        ----------
        block : array-like of shape (n_samples,)
            The samples that follow those before, full scale being 1; any number. NaN
            is where sound was lost.
        clipped : array-like of int, default=()
            Samples of the block at which a channel of which it is the mean was cut
            off. What stays at full scale in the block itself is found.

        Returns
        -------
        list of Tap
            The taps whose takes are complete by now, mostly none.

        Raises
        ------
        ValueError
            If the block is not one channel.
        """
        samples = _as_channel(block)
        is_lost = ~np.isfinite(samples)
        if is_lost.any():
            lost = self.n_samples + np.flatnonzero(is_lost)
            self._lost = np.concatenate([self._lost, lost])
            samples = np.where(is_lost, np.float32(0), samples)
        places = self.n_samples + np.asarray(clipped, dtype=np.int64)
        self._clipped = np.concatenate([self._clipped, places])
        self._kept = np.concatenate([self._kept, samples])
        self.n_samples += len(samples)
        n_hops = (self.n_samples - self._processed) // self._hop
        first = self._processed - self._kept_from
        hops = self._kept[first : first + n_hops * self._hop]
        taps = []
        for level in self._attacks.measure(hops):
            taps += self._process(level)
        self._forget()
        return taps

    def finish(self) -> list[Tap]:
        """Process the end of the stream.

        Returns
        -------
        list of Tap
            The tap whose take the end cuts short, if there is one.
        """
        if self._onset is None:
            return []
        taps = [] if self._second is None else self._weigh_second()
        if self._onset is not None:
            end = min(self._onset - self._n_pre + self._n_take, self.n_samples)
            if end - self._onset < _LEAST_AFTER_SECONDS * self.sr:
                self._is_cut = True
            taps.append(self._end(end))
        return taps

    def _process(self, level: float) -> list[Tap]:
        """Process one hop; return the takes that it completes."""
        start = self._processed
        self._processed += self._hop
        is_sharp, is_attack = self._attacks.stands_out(level)
        if self._onset is not None:
            return self._go_on(start, level, is_sharp=is_sharp, is_attack=is_attack)
        if is_attack and start < self._ignored_until:
            if level >= self._loudest_db + SECOND_TAP_DB:
                # What was spoilt was a noise before the tap.
                self._begin(start, level)
            elif level >= self._loudest_db - SECOND_TAP_DB:
                if start >= self._reported + _REPORT_SECONDS * self.sr:
                    self._begin(start, level)
                    self._is_double = True
                self._ignore_after(start)
        elif is_attack:
            self._begin(start, level)
        else:
            self._attacks.follow(level)
        return []

    def _go_on(
        self, start: int, level: float, *, is_sharp: bool, is_attack: bool
    ) -> list[Tap]:
        """Process a hop of a take that is not over."""
        assert self._onset is not None
        assert self._struck is not None
        taps: list[Tap] = []
        over = self._onset - self._n_pre + self._n_take
        is_past = self._n_apart is not None and start >= self._struck + self._n_apart
        if self._second is not None:
            self._second_db = max(self._second_db, level)
            if self._processed >= min(self._second + self._n_blow, over):
                taps += self._weigh_second()
        elif is_attack and is_past:
            taps.append(self._end(start - self._n_slow))
            self._begin(start, level)
        elif is_sharp and self._struck + self._n_blow <= start < over:
            self._second, self._second_db = start, level
        else:
            self._loudest_db = max(self._loudest_db, level)
            if is_past:
                self._attacks.follow(level)
        if self._onset is None:
            return taps
        if self._processed >= over and not taps:
            taps.append(self._end(over))
            if self._n_apart is not None:
                # What bounces now is no tap of its own.
                self._ignored_until = self._struck + self._n_apart
        elif self.end_spoilt and (
            self._is_double
            or (not self._is_checked and self._processed >= self._onset + self._n_blow)
        ):
            self._is_checked = True
            if not self._cut(self._onset, self._processed).is_good:
                taps.append(self._end(self._processed))
                self._ignore_after(self._struck)
        return taps

    def _begin(self, start: int, level: float) -> None:
        """Begin a take with a hop in which something struck."""
        # It may have begun in the hop before, without standing out yet.
        self._onset = max(0, start - self._hop)
        self._earliest = self._onset - self._n_pre
        if self._n_apart is not None:
            since = self._onset if self._struck is None else self._onset - self._struck
            share = since if self._struck is None else since // 2
            self._earliest = max(self._earliest, self._onset - share)
        self._struck, self._loudest_db = self._onset, level
        self._is_double = self._is_cut = self._is_checked = False
        self._second = None

    def _weigh_second(self) -> list[Tap]:
        """Decide whether what struck again is a second tap."""
        assert self._second is not None
        second, self._second = self._second, None
        rise = self._second_db - self._loudest_db
        if self._n_apart is not None and rise > SECOND_TAP_DB:
            # What was taken for the tap was a noise before it.
            self._is_double = True
            taps = [self._end(second - self._hop)]
            self._begin(second, self._second_db)
            return taps
        if rise >= -SECOND_TAP_DB:
            self._is_double = True
            self._struck = second
            self._loudest_db = max(self._loudest_db, self._second_db)
        return []

    def _ignore_after(self, struck: int) -> None:
        self._struck = struck
        self._ignored_until = struck + (self._n_apart or self._n_pre)

    def _end(self, end: int) -> Tap:
        assert self._onset is not None
        tap = self._cut(self._onset, end)
        self._onset = None
        # Of taps that are kept: whoever scores them looks at them as a file is.
        if tap.is_good and self.end_spoilt and self._n_apart is not None:
            problems, _ = find_take_problems(tap.waveform, input_sr=self.sr)
            if any(code in _NO_TAKE for code, _ in problems):
                tap = replace(tap, is_no_tap=True)
        if not tap.is_good:
            self._reported = tap.onset
        return tap

    def _cut(self, onset: int, end: int) -> Tap:
        first = self._earliest - self._kept_from
        # A tap right at the start of the stream has less before it.
        taken = self._kept[max(0, first) : end - self._kept_from].copy()
        waveform = np.pad(taken, (max(0, -first), 0))
        # An offset or rumble is no part of its level, but of what a converter holds.
        peak = float(np.abs(waveform - find_rumble(waveform, sr=self.sr)).max())
        _, first_full = count_clipped(waveform[:, None], full_scale=RECORDED_FULL_SCALE)
        peak_db = 20 * np.log10(max(peak, 10 ** (SILENCE_DB / 20)))
        clipped, lost = (
            bool(((places >= self._earliest) & (places < end)).any())
            for places in (self._clipped, self._lost)
        )
        return Tap(
            waveform=waveform,
            onset=onset,
            peak_db=float(peak_db),
            is_clipped=clipped or first_full is not None,
            is_quiet=bool(peak_db < self.quiet_db),
            is_double=self._is_double,
            has_gap=lost,
            is_cut=self._is_cut,
            start=self._earliest,
        )

    def _forget(self) -> None:
        """Let go of what no take can need."""
        needed_from = self._onset if self._onset is not None else self._processed
        drop = needed_from - self._n_pre - 2 * self._hop - self._kept_from
        if drop > 0:
            self._kept = self._kept[drop:].copy()
            self._kept_from += drop
            self._lost = self._lost[self._lost >= self._kept_from]
            self._clipped = self._clipped[self._clipped >= self._kept_from]


def _as_channel(block: ArrayLike) -> NDArray[np.float32]:
    samples = np.asarray(block, dtype=np.float32)
    if samples.ndim != 1:
        raise ValueError(
            f"expected the samples of one channel, got a block of shape {samples.shape}"
        )
    return samples
