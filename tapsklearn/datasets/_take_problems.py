"""What is wrong with the sound of one take."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import find_peaks

from tapsklearn.preprocessing import (
    TakeError,
    crop_tap,
    frame_energy,
    log_spectrogram,
    read_take,
)
from tapsklearn.preprocessing._read_take import ALL_ZERO, openable

# The article's spectrogram, for which the rules below were tried.
_RATE = 44100
_N_FFT = 1024
_HOP_LENGTH = 128

# 16 bits resolve 90 dB: a take that stays 60 dB below full scale has 30 dB left
# for the tap over the rounding noise, and was most likely a muted microphone.
SILENT_DBFS = -60.0

# The largest number that 16 bits hold is one step short of 1.0. Files of more bits,
# floating-point ones too, stop there as well where the converter had 16.
FULL_SCALE = 1 - 2.0**-15
FULL_SCALE_8_BIT = 1 - 2.0**-7

# One sample at full scale is a peak that just fitted, two can be its rounded
# top; a third in a row means that the top is cut off.
CLIPPED_RUN = 3

# A blow's echoes and the ringing of a floor stay further below the blow itself;
# the bounces of a dropped hammer or ball come within it.
SECOND_TAP_DB = 15.0

# By how much the sound must fall between two taps: as much as makes an onset.
SECOND_TAP_RISE_DB = 10.0

# Closer peaks are one blow and its ringing; hands do not tap ten times a second.
SECOND_TAP_S = 0.1


def find_take_problems(path: Path) -> tuple[list[tuple[str, str]], int | None]:
    """Read one recording and judge its sound.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    problems : list of (str, str)
        Code and detail of each: "unreadable" or "silent" alone, or any of
        "clipped", "no tap", "two taps".
    rate : int or None
        Sampling rate of the file, in Hz; None if nothing could be read.
    """
    try:
        waveform = read_take(path, sr=_RATE)
    except TakeError as error:
        [reason] = error.problems.values()
        # To the reader an error, here a finding of its own.
        return [("silent" if reason == ALL_ZERO else "unreadable", reason)], None
    with soundfile.SoundFile(openable(path)) as file:
        rate, subtype = file.samplerate, file.subtype
        samples = file.read(dtype="float32", always_2d=True)
    peak = 20 * np.log10(np.abs(samples).max())
    if peak < SILENT_DBFS:
        return [("silent", f"its peak is {peak:.1f} dBFS")], rate
    problems = _find_clipping(samples, rate, subtype) + _find_taps(waveform)
    return problems, rate


def _find_clipping(
    samples: NDArray[np.float32], rate: int, subtype: str
) -> list[tuple[str, str]]:
    """Look for runs at full scale in the file's own samples, channel by channel."""
    is_8_bit = subtype in {"PCM_U8", "PCM_S8"}
    full = np.abs(samples) >= (FULL_SCALE_8_BIT if is_8_bit else FULL_SCALE)
    if len(full) < CLIPPED_RUN:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(full, CLIPPED_RUN, axis=0)
    starts = np.flatnonzero(windows.all(axis=-1).any(axis=-1))
    if not len(starts):
        return []
    detail = f"{full.sum()} samples at full scale, first at {starts[0] / rate:.3f} s"
    return [("clipped", detail)]


def _find_taps(waveform: NDArray[np.float32]) -> list[tuple[str, str]]:
    """Look for the tap, and for a second one."""
    # Too short to be judged for either, and for the spectrogram perhaps as well.
    if len(waveform) < max(_N_FFT, SECOND_TAP_S * _RATE):
        return []
    spectrogram = log_spectrogram(waveform, n_fft=_N_FFT, hop_length=_HOP_LENGTH)
    try:
        crop_tap(spectrogram)
    except ValueError as error:
        return [("no tap", str(error))]
    energy = frame_energy(spectrogram)
    # A take may begin with the tap, and a peak needs a frame before it. Nothing is
    # put after the last frame: a noise that goes on to the end would be a peak.
    peaks, _ = find_peaks(
        np.concatenate([[energy.min()], energy]),
        height=energy.max() - SECOND_TAP_DB,
        prominence=SECOND_TAP_RISE_DB,
        distance=int(np.ceil(SECOND_TAP_S * _RATE / _HOP_LENGTH)),
    )
    if len(peaks) < 2:
        return []
    times = ", ".join(f"{(peak - 1) * _HOP_LENGTH / _RATE:.2f}" for peak in peaks)
    return [("two taps", f"{len(peaks)} taps, at {times} s")]
