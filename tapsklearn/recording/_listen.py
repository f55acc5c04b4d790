"""Verdicts while the board is being tapped."""

import copy
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from threadpoolctl import ThreadpoolController

from tapsklearn._jobs import one_thread
from tapsklearn.preprocessing import (
    LATEST_ONSET_SECONDS,
    TapFeatures,
    find_rumble,
    fuse_steps,
)
from tapsklearn.recording._attacks import HOP_SECONDS
from tapsklearn.recording._microphone import open_microphone
from tapsklearn.recording._record_takes import PRE_SECONDS
from tapsklearn.recording._tap import Tap
from tapsklearn.recording._tap_trigger import NEXT_TAP_SECONDS, TapTrigger
from tapsklearn.scoring import check_reads_files, flatten_steps, score_batch

# An attack is located to within two hops, and a frame more is read.
_EARLIEST_ONSET_SECONDS = 3 * HOP_SECONDS


def listen(
    model: Any,
    device: int | str | None = None,
    *,
    on_start: Callable[[], None] | None = None,
    microphone: Any = None,
) -> Iterator[dict[str, Any]]:
    """Score each tap as soon as the part that the model looks at is recorded.

    Parameters
    ----------
    model : Pipeline
        Fitted: `TapFeatures`, or the four steps that it stands for, and a detector.
    device : int or str, default=None
        What to record with. If None, the default microphone.
    on_start : callable, default=None
        Called once taps are detected from now on.
    microphone : Microphone, default=None
        What to record with in place of `device`.

    Yields
    ------
    dict
        Of each tap: `time` (its onset, in seconds from the start), `level` (of its
        loudest sample, in dB relative to full scale), `flags` as of `score_files`, and
        "gap" where sound was lost, and `score`, `p_value`, `verdict` and `error` as
        `score_files` gives them for a file of the same sound.

    Raises
    ------
    MicrophoneError
        If nothing can be recorded, or no more.
    ValueError
        If the model does not take files, or does not say how much of a tap it needs.
    """
    features, rest, detector = _split(model)
    before, after = features.window_
    settings = features.settings_
    before += _EARLIEST_ONSET_SECONDS
    after += LATEST_ONSET_SECONDS
    # A take begins as a recorded one does, so that their frames are the same, or later
    # where the model looks at less.
    pre = min(PRE_SECONDS, max(before, settings["duration"] - after))
    with open_microphone(microphone, device, settings["sr"]) as source:
        features.set_params(
            input="waveform", input_sr=source.sr, memory=None, n_jobs=None, verbose=0
        )
        steps = [features, *rest]
        _warm_up(steps, detector, sr=source.sr, duration=pre + after, onset=pre)
        trigger = TapTrigger(
            sr=source.sr,
            duration=pre + after,
            pre_seconds=pre,
            apart=NEXT_TAP_SECONDS,
        )
        n_seen = round(before * source.sr)
        if on_start:
            on_start()
        libraries = ThreadpoolController()
        for tap in (tap for block in source for tap in trigger.feed(block)):
            waveform = _round(tap.waveform)
            # What no crop reaches is silenced, and with it a tap just before; but for
            # the rumble, or the sound would begin with a step.
            n_silenced = max(0, tap.onset - tap.start - n_seen)
            rumble = find_rumble(waveform, sr=source.sr)
            waveform[:n_silenced] = rumble[:n_silenced]
            with one_thread(libraries) as messages:
                (row,) = score_batch(steps, detector, [waveform])
            for message in messages:
                warnings.warn(message, stacklevel=2)
            yield {
                "time": tap.onset / source.sr,
                "level": tap.peak_db,
                **row,
                "flags": _name_flags(tap, row["flags"]),
            }


def _split(model: Any) -> tuple[TapFeatures, list[Any], Any]:
    """Split a model into a copy of what reads takes, further steps and its detector."""
    check_reads_files(model)
    *steps, detector = flatten_steps(model)
    n_reading = 1 if isinstance(steps[0], TapFeatures) else 4
    try:
        features = fuse_steps(make_pipeline(*steps[:n_reading]))
    except ValueError as error:
        raise ValueError(
            "to listen, a model has to begin with TapFeatures, or with WavLoader, "
            "LogSpectrogram, TapCrop and Standardizer: other steps do not say how much "
            "of a tap they need"
        ) from error
    return copy.deepcopy(features), steps[n_reading:], detector


def _round(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round samples as a file of 16 bits does: such takes the model was fitted on.

    Between modes a take is so quiet that the rounding is a part of its sound.
    """
    # libsndfile rounds down, as a test of ours finds too.
    return (np.floor(waveform * 2.0**15).clip(-(2**15), 2**15 - 1) / 2**15).astype("f4")


def _warm_up(
    steps: list[Any], detector: Any, *, sr: int, duration: float, onset: float
) -> None:
    """Score a made-up tap: what the first one imports and builds takes seconds."""
    n_samples, first = round(duration * sr), round(onset * sr)
    decay = np.exp(-np.arange(n_samples - first) / (0.02 * sr))
    waveform = np.random.default_rng(0).normal(scale=1e-4, size=n_samples)
    waveform[first:] += 0.5 * decay * np.sin(np.arange(len(decay)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score_batch(steps, detector, [waveform.astype(np.float32)])


def _name_flags(tap: Tap, of_take: str) -> str:
    """Join what was noticed in the stream and in what was scored of it."""
    flags = {
        "clipped": tap.is_clipped,
        "quiet": tap.is_quiet,
        "two taps": tap.is_double,
        "gap": tap.has_gap,
    }
    named = [name for name, is_so in flags.items() if is_so]
    return ", ".join(dict.fromkeys([*named, *filter(None, of_take.split(", "))]))
