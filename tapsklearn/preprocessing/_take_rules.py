"""What makes a take usable: every threshold of it, each with its source.

A take is "unreadable", "silent" or has "no tap", and is not used; or it is used, and
what is remarkable of it is said: it is "clipped", "quiet" or "lossy", holds "two taps"
or an "offset", a "pop" was left out, it is "cut", or too "narrow" for the features, or
has other "channels". These are the words of every command. Levels in dBFS are relative
to full scale, which is 1.
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

# The rest of a take is its quietest quarter: a tap that rings for half of a take does
# not hide itself. What lies so far below the loudest moment does not count, as it is
# padding, a gate that was closed, or the silence before a recorder was ready: white
# noise at that level is what the crop's range just leaves of it.
QUIET_SHARE = 0.25
SOUND_DB = 60.0

# So many crops of a spectrogram have to hold sound, or all of it may be of the tap.
LEAST_CROPS = 2

# How long after its attack a tap's onset can come: 22 such frames, and some more.
LATEST_ONSET_SECONDS = 0.07

# Channels that have nothing in common keep 1/n of their energy in the mean of n
# channels, and so does one that is alone among dead ones. With so much less than that
# they cancel each other out: a copy with the other sign, louder or quieter by 30 %.
CANCELLED_DB = 12.0

# ---------------------------------------------------------------- the tap

# Above 1 kHz so much is enough in takes of 0.15 s or more: white, pink and brown noise
# rise by up to 4 dB there.
HIGH_RISE_DB = 6.0

# Takes shorter than this may be nothing but a tap, which then rises above nothing that
# is there. Above 1 kHz white and pink noise of that length rise by up to 2.6 dB above
# their quietest quarter, mostly by less than 2, the least of 600 glass bottles by 2.9.
NO_BACKGROUND_SECONDS = 0.05
LEAST_RISE_DB = 2.7
# The shortest that were recorded, of impact echoes, last 4 ms.
LEAST_SECONDS = 0.001

# A tap comes to within the first level of its loudest by the second in the time between
# these, in all or above 1 kHz: the least of 240 blows through a floor by 10.3 dB. Noise
# that swells by 30 dB in half a second or more does so by 3 dB, brown noise by 8 dB,
# noise that throbs four times a second by 7 to 9 dB.
NEARLY_LOUDEST_DB = 3.0
SUDDEN_RISE_DB = 9.0
ATTACK_SECONDS = (0.035, 0.115)
# Where little is before it, a tap falls by `RISE_DB` within this time: noise that
# fades out by 30 dB in more than a second does not.
FALL_SECONDS = 0.25
# In takes so short that no hand taps twice in them, what rises twice within is no tap
# but a buzz; closer than this it may be the beat of two modes.
ONE_EVENT_SECONDS = 0.15
LEAST_PERIOD_SECONDS = 0.008
# More events than these, as loud as the loudest to within the level and near it, are
# speech or music or somebody walking: bounces get quieter, and a hand taps once or
# twice.
MOST_EVENTS = 4
EVENT_DB = 6.0
EVENTS_SECONDS = 1.5

# ---------------------------------------------------------------- its edges

# A recorder's switch, a plug or a cut make a pop at the very end of a file, which rises
# like a tap, is over at once, and is not the only event.
EDGE_SECONDS = 0.01
POP_SECONDS = 0.03
# Over, when no more than this above the quietest quarter, or so far below its loudest.
POP_OVER_DB = 6.0
POP_FALL_DB = 40.0

# So many equal samples at an end are padding: where noise is as loud as
# the step of its converter, few samples are equal to the next.
SILENT_RUN = 32

# ---------------------------------------------------------------- level

# A loudest sample of 100 steps of 16 bits, -50 dBFS, stands 50 dB above their rounding:
# with less, what a tap has between its modes is rounding. The quietest of 3,147 takes
# of six sets has 320 steps. Below the second level the least power of a spectrogram is
# reached within the crop's range.
QUIET_STEPS = 100
QUIET_PEAK = 5e-4
QUIET_DBFS = round(20 * float(np.log10(QUIET_STEPS * 2.0**-15)), 1)
# No more than this is what converters round and dither, and holds no tap.
ROUNDING_STEPS = 2

# An offset costs headroom and says that something is wrong with the microphone or its
# interface: one of a hundredth of full scale and of the loudest sample, or of a
# twentieth of that, if it is not the converter's.
OFFSET = 0.01
OFFSET_OF_PEAK = 0.05
OFFSET_STEPS = 4

# The largest number that 16 bits hold is one step short of 1.0. Files of more bits,
# floating-point ones too, stop there as well where the converter had 16; what of these
# goes beyond 1.0 was not cut off there.
FULL_SCALE = 1 - 2.0**-15
FULL_SCALE_OF = {
    "PCM_S8": 1 - 2.0**-7,
    "PCM_U8": 1 - 2.0**-7,
    "ULAW": 32124 / 32768,
    "ALAW": 32256 / 32768,
}
# Of samples as a microphone gives them, which may have been rounded on their way.
RECORDED_FULL_SCALE = FULL_SCALE - 1e-6
# The steps that numbers in a file have; those of other kinds have none to speak of.
STEP_OF = {
    "PCM_S8": 2.0**-7,
    "PCM_U8": 2.0**-7,
    "PCM_16": 2.0**-15,
    "PCM_24": 2.0**-23,
    "PCM_32": 2.0**-31,
    "ULAW": 2.0**-13,
    "ALAW": 2.0**-12,
}

# Ways of writing that change the sound: they leave out what an ear would miss least, or
# round loud samples more coarsely. A model that was trained on others scores such takes
# by that, too: by up to twice as much as normal takes vary among themselves.
LOSSY = ("VORBIS", "OPUS", "MPEG", "ULAW", "ALAW", "ADPCM", "GSM", "G721", "G723")

# One sample at full scale is a peak that just fitted, two can be its rounded top; a
# third in a row means that the top is cut off.
CLIPPED_RUN = 3

# Full scales beyond which a number is no sample.
MOST_FULL_SCALES = 1e9

# ---------------------------------------------------------------- rate, length

# Of what people record with, from a telephone's to an impact echo's; one that is wrong
# but within can be seen of no file.
LEAST_RATE = 1_000
MOST_RATE = 1_000_000
MOST_CHANNELS = 64
# A take lasts seconds: what promises more is a damaged header, or a whole day.
MOST_SECONDS = 3600.0
# Samples that are held at once: 1 GiB.
MOST_SAMPLES = 2**28
# So much too much in a header is forgiven: some phones count the header itself, and
# some recorders a buffer that they never wrote.
FORGIVEN_BYTES = 44
FORGIVEN_SECONDS = 0.005

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
    full_scale : float, default=0.999969482421875
        Where the converter ends; samples beyond 1 are not at its end.

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
    height = np.abs(samples)
    full = (height >= full_scale) & (height <= 1)
    if len(full) < CLIPPED_RUN:
        return int(full.sum()), None
    windows = np.lib.stride_tricks.sliding_window_view(full, CLIPPED_RUN, axis=0)
    starts = np.flatnonzero(windows.all(axis=-1).any(axis=-1))
    return int(full.sum()), int(starts[0]) if len(starts) else None


def rise_above_rest(energy: NDArray[np.floating], is_sound: NDArray[np.bool_]) -> float:
    """Find how far a take's loudest moment rises above its quietest quarter.

    Parameters
    ----------
    energy : ndarray of shape (n_frames,)
        Energy of each frame, in dB.
    is_sound : ndarray of shape (n_frames,), bool
        Which frames hold sound; others, such as padding, do not count.

    Returns
    -------
    float
        In dB; a tap needs `RISE_DB`.

    Examples
    --------
    >>> energy = np.array([-90.0, -90.0, -90.0, -31.0, -30.0, -2.0, -20.0, -29.0])
    >>> rise_above_rest(energy, energy > -80)
    28.0
    """
    sound = energy[is_sound]
    if not len(sound):
        return 0.0
    place = int(QUIET_SHARE * len(sound))
    return float(sound.max() - np.partition(sound, place)[place])


def find_taps(
    energy: NDArray[np.floating],
    *,
    hop_seconds: float,
    apart: float = SECOND_TAP_SECONDS,
    fall: float = SECOND_TAP_RISE_DB,
) -> NDArray[np.intp]:
    """Find the frames in which something taps, in a take that holds a tap.

    Parameters
    ----------
    energy : ndarray of shape (n_frames,)
        Energy of each frame, in dB.
    hop_seconds : float
        Step from frame to frame, in seconds.
    apart : float, default=0.1
        What is closer than this is one tap, in seconds.
    fall : float, default=10.0
        How far the sound falls between two, in dB.

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
        prominence=fall,
        distance=int(np.ceil(apart / hop_seconds)),
    )
    return peaks - 1
