"""What lies below a sound: an offset, drift, rumble.

A microphone's offset and a building's sway are no part of a tap. They are estimated
from the waveform's low frequencies and taken out, with no delay: cubic B-splines lead
down to about 344 values a second and back up again, and in between a filter passes
what lies below 25 Hz and stops what lies above 55 Hz. Of the waveform, what lies from
0 to 20 Hz is left 75 dB lower (15 dB in the first and last 10 ms), what lies at 40 Hz
6 dB, and from 60 Hz up less than 0.01 dB is lost.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_VALUES_PER_SECOND = 44100 / 128
_PASS_HZ = 25.0
_STOP_HZ = 55.0
# Values on each side that the filter reaches: 80 ms. Its window, Kaiser's, trades the
# ripple below 20 Hz for that.
_REACH = 28
_KAISER_BETA = 3.5
# And the splines.
_MARGIN = _REACH + 3
# A shorter waveform is mirrored at its ends, so that little but its mean goes: a slope
# at its ends could as well be its tap.
_SHORT_SECONDS = 0.1
# For more products than this OpenBLAS wakes its threads, which takes longer than it
# saves, and far longer where other programs compute.
_MOST_AT_ONCE = 2**18
# Values at an end, through which a line is laid to see where the waveform came from:
# where it meets the end, by least squares.
_N_AT_END = 4
_LINE_AT_END = np.array([0.85, 0.45, 0.05, -0.35])
# What a block of ones adds to each value: the integrals of the pieces of the spline.
_OF_CONSTANT = np.array([1, 11, 11, 1]) / 24


def find_rumble(waveform: NDArray[np.floating], *, sr: int) -> NDArray[np.float32]:
    """Find what lies below about 40 Hz in a waveform.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,)
        The take.
    sr : int
        Its sampling rate, in Hz.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        The part of the waveform to take out of it.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=44100)
    >>> float(find_rumble(0.5 + noise, sr=44100).mean().round(2))
    0.5
    """
    rumble = np.empty(len(waveform), dtype=np.float32)
    for some, low in _find_in_parts(np.asarray(waveform, dtype=np.float32), sr):
        rumble[some] = low
    return rumble


def take_out_rumble(waveform: NDArray[np.float32], *, sr: int) -> float:
    """Take out what lies below about 40 Hz in a waveform, in place.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,), float32
        The take.
    sr : int
        Its sampling rate, in Hz.

    Returns
    -------
    float
        Mean of what was taken out.
    """
    total = 0.0
    for some, low in _find_in_parts(waveform, sr):
        waveform[some] -= low
        total += float(low.sum(dtype=np.float64))
    return total / max(1, len(waveform))


def _find_in_parts(
    waveform: NDArray[np.float32], sr: int
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Give the rumble part by part, each small enough for the processor's cache."""
    block, down, up, kernel = _make_filters(sr)
    n_samples = len(waveform)
    if n_samples == 0:
        return
    # What each block adds to the four values that it touches.
    n_whole = n_samples // block
    parts = _multiply(waveform[: n_whole * block].reshape(n_whole, block), down)
    if n_whole * block < n_samples:
        last = np.pad(
            waveform[max(0, n_whole - 1) * block :],
            (0, (n_whole + 1) * block - n_samples),
            mode="symmetric",
        )
        parts = np.concatenate([parts, last[None, -block:] @ down])
    if n_samples < _SHORT_SECONDS * sr or len(parts) < _MARGIN:
        parts = _mirror(parts)
    else:
        parts = np.concatenate(
            [_go_on(parts)[::-1], parts, _go_on(parts[::-1, ::-1])[:, ::-1]]
        )
    values = parts[3:, 0] + parts[2:-1, 1] + parts[1:-2, 2] + parts[:-3, 3]
    values = np.convolve(values, kernel, "valid").astype(np.float32)
    reached = np.ascontiguousarray(sliding_window_view(values, 4))
    at_once = max(1, _MOST_AT_ONCE // up.size)
    for first in range(0, len(reached), at_once):
        low = (reached[first : first + at_once] @ up).ravel()
        start = first * block
        yield slice(start, start + len(low)), low[: n_samples - start]


def reach_of_rumble(sr: int) -> tuple[int, int]:
    """Return how far a sample can change the rumble, for whoever reads in parts.

    Parameters
    ----------
    sr : int
        Sampling rate, in Hz.

    Returns
    -------
    block, reach : int
        In samples: a part has to begin at a multiple of the first, and with so much
        before and after it as the second, another multiple, it is as in the whole.

    Examples
    --------
    >>> reach_of_rumble(44100)
    (128, 4608)
    """
    block = _make_filters(sr)[0]
    return block, (_MARGIN + _N_AT_END + 1) * block


def _multiply(
    rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Multiply matrices a few rows at a time."""
    product = np.empty((len(rows), columns.shape[1]), dtype=np.float32)
    at_once = max(1, _MOST_AT_ONCE // columns.size)
    for first in range(0, len(rows), at_once):
        some = slice(first, first + at_once)
        np.matmul(rows[some], columns, out=product[some])
    return product


def _mirror(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Repeat the blocks on both sides, each time turned round."""
    places = np.arange(-_MARGIN, len(parts) + _MARGIN)
    turns, places = np.divmod(places, len(parts))
    is_turned = turns % 2 == 1
    places[is_turned] = len(parts) - 1 - places[is_turned]
    mirrored = parts[places]
    mirrored[is_turned] = mirrored[is_turned, ::-1]
    return mirrored


def _go_on(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Go on before the first block as rumble does, which came from somewhere.

    The waveform turned about the point where it begins, from there outwards.
    """
    start = _LINE_AT_END @ parts[:_N_AT_END].sum(axis=1)
    return (2 * start * _OF_CONSTANT - parts[:_MARGIN, ::-1]).astype(np.float32)


@lru_cache(maxsize=16)
def _make_filters(
    sr: int,
) -> tuple[int, NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
    """Make the length of a block, and the filters down, up and in between."""
    block = max(1, round(sr / _VALUES_PER_SECOND))
    distance = np.abs((np.arange(4 * block) + 0.5) / block - 2)
    spline = np.where(
        distance < 1,
        2 / 3 - distance**2 + distance**3 / 2,
        (2 - distance) ** 3 / 6,
    )
    pieces = spline.reshape(4, block)[::-1]
    frequencies = np.fft.rfftfreq(4096, block / sr)
    transition = (frequencies - _PASS_HZ) / (_STOP_HZ - _PASS_HZ)
    passed = 0.5 + 0.5 * np.cos(np.pi * np.clip(transition, 0, 1))
    # The splines, down and up, fall off by themselves.
    splines = np.sinc(frequencies * block / sr) ** 8
    response = np.where(passed > 0, passed / np.maximum(splines, 0.01), 0)
    kernel = np.fft.irfft(response)
    kernel = np.concatenate([kernel[-_REACH:], kernel[: _REACH + 1]])
    kernel *= np.kaiser(len(kernel), _KAISER_BETA)
    kernel /= kernel.sum()
    return (
        block,
        np.ascontiguousarray(pieces.T / block, dtype=np.float32),
        pieces.astype(np.float32),
        kernel,
    )
