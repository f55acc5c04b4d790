"""What makes a take usable: every threshold of it, each with its source.

Levels in dBFS are relative to full scale, which is 1.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

# ---------------------------------------------------------------- the crop

# The least power that a spectrogram holds, and the range that it spans below its
# loudest bin: librosa's defaults (`power_to_db`: amin, top_db), the article's recipe.
LEAST_POWER = 1e-10
FLOOR_DB = 80.0

# A tap rises so far above the rest of its take, and begins in the first frame that
# comes so close to the loudest one. That one comes 8 to 22 frames (of 128 samples at
# 44.1 kHz) after the first rise of a hammer's blow and 52 to 82 after that of a
# dropped ball.
RISE_DB = 10.0

# How long after its attack a tap's onset can come: 22 such frames, and some more.
LATEST_ONSET_SECONDS = 0.07

# 60 dB down: channels out of phase, but for rounding or the converter's dither.
CANCELLED = 1e-3

# ---------------------------------------------------------------- level

# 16 bits resolve 90 dB: a take that stays 60 dB below full scale has 30 dB left for
# the tap above the rounding noise, and was most likely a muted microphone.
SILENT_DBFS = -60.0

# While somebody records, louder is still to be had: a take that stays 40 dB below full
# scale has 50 dB left for the tap.
QUIET_DBFS = -40.0

# The largest number that 16 bits hold is one step short of 1.0. Files of more bits,
# floating-point ones too, stop there as well where the converter had 16.
FULL_SCALE = 1 - 2.0**-15
FULL_SCALE_8_BIT = 1 - 2.0**-7
# Of samples as a microphone gives them, which may have been rounded on their way.
RECORDED_FULL_SCALE = FULL_SCALE - 1e-6

# One sample at full scale is a peak that just fitted, two can be its rounded top; a
# third in a row means that the top is cut off.
CLIPPED_RUN = 3

# ---------------------------------------------------------------- a second tap

# In a file. A blow's echoes and the ringing of a floor stay further below the blow
# itself; the bounces of a dropped hammer or ball come within it.
SECOND_TAP_DB = 15.0
# By how much the sound must fall between two taps: as much as makes an onset.
SECOND_TAP_RISE_DB = 10.0
# Closer peaks are one blow and its ringing; hands do not tap ten times a second.
SECOND_TAP_SECONDS = 0.1

# In a stream. An attack rises so far above what came just before it; the sound of one
# blow can rise again within this time.
ATTACK_RISE_DB = 10.0
ONE_BLOW_SECONDS = 0.06


def count_clipped(
    samples: NDArray[np.floating], *, full_scale: float = FULL_SCALE
) -> tuple[int, int | None]:
    """Count the samples at full scale, and find the first run of them.

    Parameters
    ----------
    samples : ndarray of shape (n_samples, n_channels)
        A recording's own samples, not resampled.
    full_scale : float, default=1 - 2**-15
        Where the converter ends.

    Returns
    -------
    n_full : int
        Samples at full scale.
    start : int or None
        Where the first `CLIPPED_RUN` of them in a row begin; if None, nowhere: the
        recording is not clipped.

    Examples
    --------
    >>> count_clipped(np.array([[0.5], [1.0], [1.0], [1.0], [0.5]]))
    (3, 1)
    """
    full = np.abs(samples) >= full_scale
    if len(full) < CLIPPED_RUN:
        return int(full.sum()), None
    windows = np.lib.stride_tricks.sliding_window_view(full, CLIPPED_RUN, axis=0)
    starts = np.flatnonzero(windows.all(axis=-1).any(axis=-1))
    return int(full.sum()), int(starts[0]) if len(starts) else None


def find_taps(energy: NDArray[np.floating], *, hop_seconds: float) -> NDArray[np.intp]:
    """Find the frames in which something taps, in a take that holds a tap.

    Parameters
    ----------
    energy : ndarray of shape (n_frames,)
        Energy of each frame, in dB.
    hop_seconds : float
        Step from frame to frame, in seconds.

    Returns
    -------
    ndarray of int
        The loudest frame of each tap; two or more are too many for one take.

    Examples
    --------
    >>> energy = np.full(300, -60.0)
    >>> energy[[50, 200]] = -10.0, -20.0
    >>> find_taps(energy, hop_seconds=0.003)
    array([ 50, 200])
    """
    # A take may begin with the tap, and a peak needs a frame before it. Nothing is
    # put after the last frame: a noise that goes on to the end would be a peak.
    peaks, _ = find_peaks(
        np.concatenate([[energy.min()], energy]),
        height=energy.max() - SECOND_TAP_DB,
        prominence=SECOND_TAP_RISE_DB,
        distance=int(np.ceil(SECOND_TAP_SECONDS / hop_seconds)),
    )
    return peaks - 1
