"""Sounds of a report: the tap alone, as small as it stays true."""

import base64
import io
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from tapsklearn.inspection._listening import difference, pitch_down, slow_down
from tapsklearn.preprocessing import read_tap

# Of which a twelfth is before the tap's loudest moment.
BEFORE_SECONDS, AFTER_SECONDS = 0.05, 0.55
# Browsers play no more than this everywhere.
_MOST_RATE = 48000
_PEAK = 0.7
_OCTAVES = 2


def read_sound(source: Any, *, sr: int) -> NDArray[np.float32]:
    """Read the tap of a recording, brought to one loudness.

    Parameters
    ----------
    source : path-like
        The recording.
    sr : int
        Sampling rate, in Hz.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        At most 0.6 s.
    """
    waveform, _ = read_tap(source, sr=sr, before=BEFORE_SECONDS, after=AFTER_SECONDS)
    return _level(waveform)


def encode_sound(waveform: NDArray[np.floating], sr: int) -> str:
    """Encode a sound as a data URI.

    FLAC, as it changes nothing, takes a third to two thirds of what WAV takes, and
    is played by all browsers (Safari since 11); what is smaller still either loses
    something of what is to be listened to, or is not played by all of them.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,)
        The sound; full scale is 1.
    sr : int
        Its sampling rate, in Hz.

    Returns
    -------
    str
        The data URI.
    """
    if sr > _MOST_RATE:
        waveform, sr = soxr.resample(waveform, sr, _MOST_RATE), _MOST_RATE
    content = io.BytesIO()
    soundfile.write(content, waveform, sr, "PCM_16", format="FLAC")
    return "data:audio/flac;base64," + base64.b64encode(content.getvalue()).decode()


def encode_difference(
    waveform: NDArray[np.floating], normal: NDArray[np.floating], sr: int
) -> str:
    """Encode what a take has and the normal one has not.

    Parameters
    ----------
    waveform, normal : ndarray of shape (n_samples,)
        Both takes.
    sr : int
        Their sampling rate, in Hz.

    Returns
    -------
    str
        A data URI.
    """
    return encode_sound(_level(difference(waveform, normal, sr)), sr)


def encode_low(waveform: NDArray[np.floating], sr: int) -> str:
    """Encode a take two octaves lower.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,)
        The take.
    sr : int
        Its sampling rate, in Hz.

    Returns
    -------
    str
        A data URI.
    """
    low = pitch_down(waveform, sr, octaves=_OCTAVES)
    # Nothing is left above that, and it takes a quarter of the bytes.
    slow_rate = sr // 2**_OCTAVES
    return encode_sound(_level(soxr.resample(low, sr, slow_rate)), slow_rate)


def encode_slow(waveform: NDArray[np.floating], sr: int) -> str:
    """Encode a take four times slower.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,)
        The take.
    sr : int
        Its sampling rate, in Hz.

    Returns
    -------
    str
        A data URI.
    """
    return encode_sound(_level(slow_down(waveform, sr, factor=4)), sr)


def _level(waveform: NDArray[np.floating]) -> NDArray[np.float32]:
    peak = float(np.abs(waveform).max(initial=0.0))
    return (waveform * (_PEAK / peak if peak else 0.0)).astype(np.float32)
