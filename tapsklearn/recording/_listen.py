"""Verdicts while the board is being tapped."""

import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tapsklearn._encode_wav import encode_wav
from tapsklearn.recording._microphone import open_microphone
from tapsklearn.recording._record_takes import PRE_SECONDS
from tapsklearn.recording._tap import Tap
from tapsklearn.recording._tap_trigger import TapTrigger
from tapsklearn.scoring import check_reads_files, score_files

# How long after the attack a crop may begin: the loudest frame of a blow comes up to 22
# hops of 3 ms later, and the onset is a frame within 10 dB of it.
_LATEST_ONSET_SECONDS = 0.07
# What a crop is looked for in where a model does not tell.
_UNTOLD = {
    "sr": 44100,
    "duration": 3.0,
    "n_fft": 1024,
    "hop_length": 128,
    "n_frames": 120,
    "pre_frames": 10,
}


def listen(
    model: Any,
    device: int | str | None = None,
    *,
    on_start: Callable[[], None] | None = None,
    microphone: Any = None,
) -> Iterator[dict[str, Any]]:
    """Judge each tap as soon as what the model looks at has been heard.

    Parameters
    ----------
    model : Pipeline
        Fitted: what reads files, and a detector.
    device : int or str, default=None
        What to listen with; None is the default microphone.
    on_start : callable, default=None
        Called once taps are heard from now on.
    microphone : Microphone, default=None
        What to listen with in place of `device`.

    Yields
    ------
    dict
        Of each tap: `time` (its onset, in seconds from the start), `level` (of its
        loudest sample, in dB relative to full scale), `flags` ("clipped", "quiet",
        "double", "gap" where sound was lost, or several, or ""), and `score`,
        `p_value`, `verdict` and `error` as `score_files` gives them for a file of what
        was heard.

    Raises
    ------
    MicrophoneError
        If nothing can be heard, or no more.
    ValueError
        If the model does not take files.
    """
    check_reads_files(model)
    told = _UNTOLD | {
        name.rpartition("__")[2]: value for name, value in model.get_params().items()
    }
    before, after = _find_window(told)
    # A take begins as a recorded one does, so that their frames are the same, or later
    # where the model looks at less.
    pre = min(PRE_SECONDS, max(before, told["duration"] - after))
    window = {"duration": pre + after, "pre_seconds": pre}
    with tempfile.TemporaryDirectory(prefix="tapsklearn-") as folder:
        _warm_up(model, Path(folder), sr=told["sr"], **window)
        with open_microphone(microphone, device, told["sr"]) as source:
            trigger = TapTrigger(sr=source.sr, **window)
            # What no crop reaches is silenced, and with it a tap just before.
            n_silenced = round(max(0, pre - before) * source.sr)
            if on_start:
                on_start()
            taps = _find_taps(source, trigger, n_silenced)
            yield from _judge_taps(model, taps, Path(folder), source.sr)


def _find_taps(
    blocks: Iterable[Any], trigger: TapTrigger, n_silenced: int
) -> Iterator[Tap]:
    for block in blocks:
        for tap in trigger.feed(block):
            tap.waveform[:n_silenced] = 0
            yield tap


def _judge_taps(
    model: Any, taps: Iterable[Tap], folder: Path, sr: int
) -> Iterator[dict[str, Any]]:
    """Judge each tap as a file like those that `record_takes` writes."""
    heard: deque[Tap] = deque()

    def write() -> Iterator[Path]:
        for tap in taps:
            path = folder / f"{tap.onset}.wav"
            path.write_bytes(encode_wav(tap.waveform, sr))
            heard.append(tap)
            yield path
            path.unlink()

    for row in score_files(model, write(), batch_size=1):
        tap = heard.pop()
        yield {
            "time": tap.onset / sr,
            "level": tap.peak_db,
            "flags": _name_flags(tap),
            **{name: value for name, value in row.items() if name != "path"},
        }


def _warm_up(
    model: Any, folder: Path, *, sr: int, duration: float, pre_seconds: float
) -> None:
    """Judge a made-up tap: what the first one imports and builds takes seconds."""
    n_samples, onset = round(duration * sr), round(pre_seconds * sr)
    decay = np.exp(-np.arange(n_samples - onset) / (0.02 * sr))
    waveform = np.random.default_rng(0).normal(scale=1e-4, size=n_samples)
    waveform[onset:] += 0.5 * decay * np.sin(np.arange(len(decay)))
    path = folder / "warm-up.wav"
    path.write_bytes(encode_wav(waveform, sr))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        list(score_files(model, [path]))
    path.unlink()


def _find_window(told: dict[str, Any]) -> tuple[float, float]:
    """Find what of a tap a crop can reach, in seconds before and after the attack."""
    shifts = [0, *told.get("shifts", ())]
    hop, half = told["hop_length"] / told["sr"], told["n_fft"] / 2 / told["sr"]
    before = (told["pre_frames"] - min(shifts)) * hop + half
    after = (told["n_frames"] - told["pre_frames"] + max(shifts)) * hop + half
    # An attack is told to within two hops.
    return before + 3 * hop, after + _LATEST_ONSET_SECONDS


def _name_flags(tap: Tap) -> str:
    flags = {
        "clipped": tap.is_clipped,
        "quiet": tap.is_quiet,
        "double": tap.is_double,
        "gap": tap.has_gap,
    }
    return ", ".join(name for name, is_so in flags.items() if is_so)
