"""What is wrong with the sound of one recording."""

import os

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import AllZeroError, NoTapError, UnusableError
from tapsklearn.preprocessing._log_spectrogram import log_spectrogram
from tapsklearn.preprocessing._onset import frame_energy
from tapsklearn.preprocessing._read_take import read_recording, to_waveform
from tapsklearn.preprocessing._take_rules import (
    FULL_SCALE,
    FULL_SCALE_8_BIT,
    SECOND_TAP_SECONDS,
    SILENT_DBFS,
    count_clipped,
    find_taps,
)
from tapsklearn.preprocessing._tap_crop import crop_tap

# The article's spectrogram, for which the rules were tried.
_RATE = 44100
_N_FFT = 1024
_HOP_LENGTH = 128


def find_take_problems(
    path: str | os.PathLike[str],
) -> tuple[list[tuple[str, str]], int | None]:
    """Read one recording in full, and find what is wrong with its sound.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    problems : list of (str, str)
        Code and detail of each: "unreadable" or "silent" alone, or any of
        "clipped", "no tap", "two taps".
    rate : int or None
        Sampling rate of the file, in Hz. If None, nothing could be read.

    See Also
    --------
    tapsklearn.datasets.check_takes : The same for a folder.

    Examples
    --------
    >>> find_take_problems("nothing.wav")
    ([('unreadable', 'there is no such file')], None)
    """
    try:
        recording = read_recording(path, sr=_RATE, duration=None)
        waveform, _ = to_waveform(recording, sr=_RATE, duration=None)
    except AllZeroError as error:
        return [("silent", str(error))], None
    except UnusableError as error:
        return [("unreadable", str(error))], None
    samples, rate = recording.as_float(), recording.rate
    peak = 20 * np.log10(np.abs(samples).max())
    if peak < SILENT_DBFS:
        return [("silent", f"its peak is {peak:.1f} dBFS")], rate
    is_8_bit = recording.subtype in {"PCM_U8", "PCM_S8"}
    full_scale = FULL_SCALE_8_BIT if is_8_bit else FULL_SCALE
    problems = []
    n_full, start = count_clipped(samples, full_scale=full_scale)
    if start is not None:
        detail = f"{n_full} samples at full scale, first at {start / rate:.3f} s"
        problems.append(("clipped", detail))
    return problems + _check_taps(waveform), rate


def _check_taps(waveform: NDArray[np.float32]) -> list[tuple[str, str]]:
    """Look for the tap, and for a second one."""
    # Too short to look for either, and perhaps for the spectrogram as well.
    if len(waveform) < max(_N_FFT, SECOND_TAP_SECONDS * _RATE):
        return []
    spectrogram = log_spectrogram(waveform, n_fft=_N_FFT, hop_length=_HOP_LENGTH)
    try:
        crop_tap(spectrogram)
    except NoTapError as error:
        return [("no tap", str(error))]
    hop_seconds = _HOP_LENGTH / _RATE
    taps = find_taps(frame_energy(spectrogram), hop_seconds=hop_seconds)
    if len(taps) < 2:
        return []
    times = ", ".join(f"{tap * hop_seconds:.2f}" for tap in taps)
    return [("two taps", f"{len(taps)} taps, at {times} s")]
