"""Verdicts while the board is being tapped."""

import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import soundfile

from tapsklearn.inspection import judge_files
from tapsklearn.inspection._judge_files import check_reads_files
from tapsklearn.recording._microphone import open_microphone
from tapsklearn.recording._record_takes import PRE_SECONDS
from tapsklearn.recording._tap import Tap
from tapsklearn.recording._tap_trigger import TapTrigger

# How long after the attack a crop may begin: the loudest frame of a blow comes up to 22
# hops of 3 ms later, and the onset is a frame within 10 dB of it.
_LATEST_ONSET_SECONDS = 0.07
# What a crop is looked for in where a model does not tell.
_UNTOLD = {
    "sr": 44100,
    "n_fft": 1024,
    "hop_length": 128,
    "n_frames": 120,
    "pre_frames": 10,
}


def listen(
    model: Any,
    device: int | str | None = None,
    *,
    microphone: Any = None,
) -> Iterator[dict[str, Any]]:
    """Judge each tap as soon as what the model looks at has been heard.

    Parameters
    ----------
    model : Pipeline
        Fitted: what reads files, and a detector.
    device : int or str, default=None
        What to listen with; None is the default microphone.
    microphone : Microphone, default=None
        What to listen with in place of `device`.

    Yields
    ------
    dict
        Of each tap: `time` (its onset, in seconds from the start), `level` (of its
        loudest sample, in dB relative to full scale), `flags` ("clipped", "quiet",
        "double", or several, or ""), and `score`, `p_value`, `verdict` and `error` as
        `judge_files` gives them for a file of what was heard.

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
    with (
        open_microphone(microphone, device, told["sr"]) as source,
        tempfile.TemporaryDirectory(prefix="tapsklearn-") as folder,
    ):
        # It begins as a recorded take does, so that their frames are the same; but what
        # no crop reaches is silenced, and with it a tap just before.
        trigger = TapTrigger(
            sr=source.sr, duration=PRE_SECONDS + after, pre_seconds=PRE_SECONDS
        )
        n_silenced = round(max(0, PRE_SECONDS - before) * source.sr)
        path = Path(folder) / "tap.wav"
        heard: deque[Tap] = deque()

        def write_taps() -> Iterator[Path]:
            for block in source:
                for tap in trigger.feed(block):
                    tap.waveform[:n_silenced] = 0
                    # As `record_takes` writes it, so that it is judged as a take is.
                    soundfile.write(path, tap.waveform, source.sr, "PCM_16")
                    heard.append(tap)
                    yield path

        for row in judge_files(model, write_taps(), files_at_once=1):
            tap = heard.pop()
            yield {
                "time": tap.onset / source.sr,
                "level": tap.peak_db,
                "flags": _name_flags(tap),
                **{name: value for name, value in row.items() if name != "path"},
            }


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
    }
    return ", ".join(name for name, is_so in flags.items() if is_so)
