"""A board's takes, cut out of recordings of any length."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing import SoundBlocks, TakeError, read_blocks
from tapsklearn.recording._record_takes import PRE_SECONDS
from tapsklearn.recording._takes_file import Source, TakesFile
from tapsklearn.recording._tap import Tap, resample_tap
from tapsklearn.recording._tap_trigger import NEXT_TAP_SECONDS, TapTrigger
from tapsklearn.recording._watch import Fingerprint, Outline

# The noise is known from so much of a recording before the first tap is looked for.
_LOOKED_AHEAD_SECONDS = 3.0


@dataclass(frozen=True)
class SplitTap:
    """A tap of a recording, and what became of it.

    Attributes
    ----------
    seconds : float
        When it begins, from the beginning of the recording.
    peak_db : float
        Level of its loudest sample, in dB relative to full scale.
    flags : tuple of str
        Why it was left out, as `Tap.flags`; empty if it was not.
    path : Path or None
        Its take. If None, it was left out.
    is_new : bool
        Whether the take was written now, and not before.
    """

    seconds: float
    peak_db: float
    flags: tuple[str, ...]
    path: Path | None
    is_new: bool


@dataclass
class SplitRecording:
    """A recording, and the taps that were found in it.

    Attributes
    ----------
    path : Path
        The recording.
    seconds : float
        Its length, as far as it could be read.
    taps : list of SplitTap
        Its taps, in order.
    problem : str
        What is wrong with the recording; "" if nothing is. What could be read of it
        was split all the same.
    peaks : ndarray of shape (n_moments,)
        Its outline: the loudest sample of each moment, full scale being 1.
    peak_seconds : float
        Length of a moment, in seconds.
    """

    path: Path
    seconds: float = 0.0
    taps: list[SplitTap] = field(default_factory=list)
    problem: str = ""
    peaks: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    peak_seconds: float = 0.01


def split_takes(
    recordings: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    directory: str | os.PathLike[str],
    board: str,
    *,
    condition: str = "normal",
    specimen: str | None = None,
    kind: str | None = None,
    session: str | None = None,
    sr: int = 44100,
    duration: float = 3.0,
    pre_seconds: float = PRE_SECONDS,
    apart: float = NEXT_TAP_SECONDS,
    on_tap: Callable[[Path, SplitTap], None] | None = None,
    on_block: Callable[[Path, float, float | None], None] | None = None,
) -> list[SplitRecording]:
    """Find the taps in recordings of any length, and write each as a take.

    Takes are found, cut, written and listed as `record_takes` does it: the same sound
    gives the same takes. Each row of takes.csv says which recording the take is from
    and where it was, so that a run that was broken off, or is repeated, or gets a
    recording that has grown since, writes only what is missing. Memory does not grow
    with the recordings.

    Parameters
    ----------
    recordings : path-like, or iterable of path-like
        Files of any kind that `read_take` reads.
    directory : path-like
        The folder of all boards, as `load_takes` reads it.
    board : str
        The board that was tapped in all of them.
    condition : {"normal", "abnormal"}, default="normal"
        Condition of the board.
    specimen : str, default=None
        Specimen that the board is of. If None, one of its own.
    kind : str, default=None
        Kind of defect of an abnormal board. If None, not known.
    session : str, default=None
        Occasion of the recording, such as a date. If None, unknown.
    sr : int, default=44100
        Sampling rate of the takes, in Hz; recordings of another one are resampled.
    duration : float, default=3.0
        Length of a take, in seconds, at most: it ends before the next tap.
    pre_seconds : float, default=0.5
        How much of a take lies before the tap, in seconds, at most.
    apart : float, default=0.4
        How long after a tap the next one can come, in seconds; what strikes again
        sooner is a second tap, which spoils the take.
    on_tap : callable, default=None
        Called with the recording and each of its taps, once its take is written.
    on_block : callable, default=None
        Called with the recording, how many seconds of it were searched, and how many
        it says it has, or None.

    Returns
    -------
    list of SplitRecording
        The recordings, in order, with their taps. One that cannot be read, or not to
        its end, says so as its `problem`.

    Raises
    ------
    ValueError
        If a parameter is wrong, or takes.csv lists the board otherwise.

    See Also
    --------
    tapsklearn.recording.record_takes : The same from a microphone.
    tapsklearn.recording.TapTrigger : What a tap is.

    Notes
    -----
    A recording is known again by how its sound begins, not by its name, and a tap by
    its place and level. One whose
    takes are listed for another board already is not split.

    Examples
    --------
    >>> import tempfile, soundfile
    >>> rng = np.random.default_rng(0)
    >>> sound = rng.normal(scale=1e-3, size=5 * 44100)
    >>> for onset in (44100, 99000, 150000):
    ...     sound[onset : onset + 9000] += np.hanning(18000)[9000:] * rng.uniform(-1, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(f"{folder}/long.wav", sound, 44100)
    ...     (split,) = split_takes(f"{folder}/long.wav", f"{folder}/taps", "oak")
    >>> [(tap.path.name, round(tap.seconds, 1)) for tap in split.taps]
    [('00.wav', 1.0), ('01.wav', 2.2), ('02.wav', 3.4)]
    """
    if isinstance(recordings, str | os.PathLike):
        recordings = [recordings]
    takes = TakesFile(
        Path(directory),
        board,
        condition=condition,
        specimen=specimen,
        kind=kind,
        session=session,
        has_source=True,
    )

    def make_trigger(sr: int) -> TapTrigger:
        return TapTrigger(
            sr=sr,
            duration=duration,
            pre_seconds=pre_seconds,
            apart=apart,
            end_spoilt=True,
        )

    make_trigger(sr)  # What is wrong with parameters is no fault of a recording.
    results = []
    for recording in map(Path, recordings):
        result = SplitRecording(recording)
        try:
            with read_blocks(recording) as blocks:
                takes.start()
                split = _Split(result, takes, blocks, make_trigger(blocks.sr), sr)
                split.run(on_tap, on_block)
        except TakeError as error:
            (result.problem,) = error.problems.values()
        results.append(result)
    return results


class _Split:
    """Split one recording that is open."""

    def __init__(
        self,
        result: SplitRecording,
        takes: TakesFile,
        blocks: SoundBlocks,
        trigger: TapTrigger,
        sr: int,
    ) -> None:
        self.result = result
        self.takes = takes
        self.blocks = blocks
        self.trigger = trigger
        self.sr = sr
        self.fingerprint = Fingerprint(blocks.sr)
        self.outline = Outline(blocks.sr)

    def run(
        self,
        on_tap: Callable[[Path, SplitTap], None] | None,
        on_block: Callable[[Path, float, float | None], None] | None,
    ) -> None:
        result, blocks = self.result, self.blocks
        total = None if blocks.n_samples is None else blocks.n_samples / blocks.sr
        for taps in self._find():
            if on_block:
                on_block(result.path, self.outline.n_samples / blocks.sr, total)
            for tap in taps:
                found = self._keep(tap)
                if found is None:
                    return
                result.taps.append(found)
                if on_tap:
                    on_tap(result.path, found)
        result.seconds = self.outline.n_samples / blocks.sr
        result.peaks = self.outline.peaks
        result.peak_seconds = self.outline.seconds
        if blocks.n_lost and not result.problem:
            result.problem = f"{blocks.n_lost} samples are no numbers"

    def _find(self) -> Iterator[list[Tap]]:
        """Give the taps that each block completes, and those at the end."""
        blocks = self._look_ahead()
        while True:
            try:
                block, clipped = next(blocks)
            except StopIteration:
                break
            except TakeError as error:
                # What was decoded before the damage is good.
                (self.result.problem,) = error.problems.values()
                break
            self.fingerprint.feed(block)
            self.outline.feed(block)
            yield self.trigger.feed(block, clipped=clipped)
        yield self.trigger.finish()

    def _look_ahead(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Give the blocks, once the noise of the first of them is known."""
        ahead: list[tuple[NDArray[np.float32], NDArray[np.int64]]] = []
        n_wanted = round(_LOOKED_AHEAD_SECONDS * self.blocks.sr)
        damage = None
        blocks = iter(self.blocks)
        try:
            for block in blocks:
                ahead.append((block, self.blocks.clipped))
                n_wanted -= len(block)
                if n_wanted <= 0:
                    break
        except TakeError as error:
            damage = error
        if ahead:
            self.trigger.begin_with(np.concatenate([block for block, _ in ahead]))
        yield from ahead
        if damage is not None:
            raise damage
        for block in blocks:
            yield block, self.blocks.clipped

    def _keep(self, tap: Tap) -> SplitTap | None:
        """Write the take of a tap, unless it is there or spoilt.

        None if it is there for another board.
        """
        seconds = tap.onset / self.blocks.sr
        path, is_new = None, False
        if tap.is_good:
            source = Source(self.result.path.name, self.fingerprint.id, seconds)
            path, board = self.takes.find(source, tap.peak_db) or (None, "")
            if path is not None and board != self.takes.row["board"]:
                self.result.problem = (
                    f"its takes are listed for board {board!r} already; take them out "
                    "there first, or name that board"
                )
                return None
            if path is None:
                tap = resample_tap(tap, self.blocks.sr, self.sr)
                path, is_new = self.takes.add(tap, self.sr, source), True
        return SplitTap(seconds, tap.peak_db, tap.flags, path, is_new)
