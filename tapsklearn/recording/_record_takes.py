"""A board's takes, from tap to file."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tapsklearn.recording._microphone import open_microphone
from tapsklearn.recording._takes_file import TakesFile
from tapsklearn.recording._tap import Tap, resample_tap
from tapsklearn.recording._tap_trigger import NEXT_TAP_SECONDS, TapTrigger

# How much of a take lies before its tap.
PRE_SECONDS = 0.5


def record_takes(
    directory: str | os.PathLike[str],
    board: str,
    n_takes: int = 30,
    duration: float = 3.0,
    device: int | str | None = None,
    *,
    condition: str = "normal",
    specimen: str | None = None,
    kind: str | None = None,
    session: str | None = None,
    sr: int = 44100,
    pre_seconds: float = PRE_SECONDS,
    apart: float = NEXT_TAP_SECONDS,
    on_tap: Callable[[Tap, Path | None], None] | None = None,
    on_start: Callable[[int], None] | None = None,
    on_block: Callable[[float], None] | None = None,
    microphone: Any = None,
) -> list[Path]:
    """Record takes of a board, one each time that it is tapped.

    A take is written whole, then listed in takes.csv, then announced; a take that is
    clipped, too quiet or holds two taps is not kept, which is announced as soon as it
    is certain. Takes that are there count: a recording that was broken off goes on at
    the next number.

    Parameters
    ----------
    directory : path-like
        The folder of all boards, as `load_takes` reads it.
    board : str
        The board that is tapped.
    n_takes : int, default=30
        How many takes the board has in the end.
    duration : float, default=3.0
        Length of a take, in seconds, at most: it ends before the next tap.
    device : int or str, default=None
        What to record with. If None, the default microphone.
    condition : {"normal", "abnormal"}, default="normal"
        Condition of the board.
    specimen : str, default=None
        Specimen that the board is of. If None, one of its own.
    kind : str, default=None
        Kind of defect of an abnormal board. If None, not known.
    session : str, default=None
        Occasion of the recording, such as a date. If None, unknown.
    sr : int, default=44100
        Sampling rate of the takes, in Hz; a device that has another one is resampled.
    pre_seconds : float, default=0.5
        How much of a take lies before the tap, in seconds, at most.
    apart : float, default=0.4
        How long after a tap the next one can come, in seconds; what strikes again
        sooner is a second tap, which spoils the take.
    on_tap : callable, default=None
        Called with each tap and its file, or None if it is not kept.
    on_start : callable, default=None
        Called once taps are detected from now on, with the number of takes to record.
    on_block : callable, default=None
        Called with the level of each block, in dB relative to full scale.
    microphone : Microphone, default=None
        What to record with in place of `device`.

    Returns
    -------
    list of Path
        The files that were written, in order.

    Raises
    ------
    MicrophoneError
        If nothing can be recorded, or no more; the takes before are kept.
    ValueError
        If a parameter is wrong, or takes.csv lists the board otherwise.

    See Also
    --------
    tapsklearn.recording.split_takes : The same from recordings of any length.
    """
    takes = TakesFile(
        Path(directory),
        board,
        condition=condition,
        specimen=specimen,
        kind=kind,
        session=session,
    )
    written: list[Path] = []
    if takes.n_takes >= n_takes:
        return written
    with open_microphone(microphone, device, sr) as source:
        takes.start()
        if on_start:
            on_start(n_takes - takes.n_takes)
        trigger = TapTrigger(
            sr=source.sr,
            duration=duration,
            pre_seconds=pre_seconds,
            apart=apart,
            end_spoilt=True,
        )
        for tap in _find_taps(source, trigger, on_block):
            path = None
            if tap.is_good:
                tap = resample_tap(tap, source.sr, sr)
                path = takes.add(tap, sr)
                written.append(path)
            if on_tap:
                on_tap(tap, path)
            if takes.n_takes >= n_takes:
                break
    return written


def _find_taps(
    blocks: Iterable[Any],
    trigger: TapTrigger,
    on_block: Callable[[float], None] | None,
) -> Iterable[Tap]:
    for block in blocks:
        if on_block and len(block):
            on_block(20 * float(np.log10(max(np.abs(block).max(), 1e-6))))
        yield from trigger.feed(block)
