"""Pictures of a report: small, sharp, with axes that are written beside them."""

import base64
import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapsklearn.inspection._explanation import Explanation
from tapsklearn.inspection._fitted import find_frequencies
from tapsklearn.preprocessing import find_onset, frame_energy, log_spectrogram

# Enough for the eye, and few enough that a picture is some kilobytes.
_MOST_ROWS, _MOST_COLUMNS = 104, 150
_LEVELS = 32
_RANGE_DB = 70.0
# Shown around the crop, as a share of it.
_AROUND = 0.2
_STEPS = (1, 2, 2.5, 5, 10)
_MOST_TICKS = 6
# From quiet to loud; their lightness rises evenly, also in grey.
LOUDNESS = ("#0b0a1c", "#3b1a6b", "#84287e", "#cf4a64", "#f79462", "#fdf2bd")
# What raises the score, what does nothing, what lowers it; known apart with every kind
# of colour vision (M. Okabe and K. Ito, "Color universal design", 2008).
EFFECT = ("#0072b2", "#8dbbd8", "#f4f4f2", "#eeb284", "#d55e00")
_NOTHING = "#c9c9c9"


class Tick(NamedTuple):
    """A number beside a picture.

    Attributes
    ----------
    at : float
        Where, in percent of the picture.
    label : str
        The number.
    """

    at: float
    label: str


class Picture(NamedTuple):
    """A picture, and what is written beside it.

    Attributes
    ----------
    source : str
        A data URI.
    across, up : list of Tick
        Along its lower and its left edge.
    frame : tuple of float
        Left, top, width and height of the crop, in percent of the picture.
    bounds : tuple of float
        Lowest and highest frequency of the crop, in Hz, and its beginning and end, in
        ms from the onset.
    """

    source: str
    across: list[Tick]
    up: list[Tick]
    frame: tuple[float, float, float, float]
    bounds: tuple[float, float, float, float]


class Region(NamedTuple):
    """What of a take the pictures show.

    Attributes
    ----------
    first, last : int
        Frames, from the onset.
    n_rows : int
        Rows, from the lowest frequency up.
    crop_first, crop_last : int
        Frames of the crop, from the onset.
    crop_rows : int
        Rows of the crop.
    frequencies : ndarray of shape (n_rows,)
        Of the rows, in Hz.
    seconds : float
        From frame to frame.
    """

    first: int
    last: int
    n_rows: int
    crop_first: int
    crop_last: int
    crop_rows: int
    frequencies: NDArray[np.floating]
    seconds: float


def choose_region(settings: dict[str, Any]) -> Region:
    """Choose what of a take is shown: its crop, and a little around it.

    Parameters
    ----------
    settings : dict
        As `read_crops` takes them.

    Returns
    -------
    Region
        The region.
    """
    shifts = settings["shifts"]
    crop_first = min(shifts) - settings["pre_frames"]
    crop_last = max(shifts) - settings["pre_frames"] + settings["n_frames"]
    crop_rows = settings["n_freqs"]
    n_all = settings["n_mels"] or 1 + settings["n_fft"] // 2
    n_rows = min(n_all, round((1 + _AROUND) * crop_rows))
    around = round(_AROUND * (crop_last - crop_first))
    return Region(
        first=crop_first - around,
        last=crop_last + around,
        n_rows=n_rows,
        crop_first=crop_first,
        crop_last=crop_last,
        crop_rows=crop_rows,
        frequencies=find_frequencies(settings, n_rows),
        seconds=settings["hop_length"] / settings["sr"],
    )


def show_take(
    waveform: NDArray[np.floating], settings: dict[str, Any], region: Region
) -> Picture:
    """Show the spectrogram of a take.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,)
        The take, at the rate of the settings.
    settings : dict
        As `read_crops` takes them.
    region : Region
        What of it.

    Returns
    -------
    Picture
        The picture.
    """
    whole = log_spectrogram(
        waveform,
        n_fft=settings["n_fft"],
        hop_length=settings["hop_length"],
        n_mels=settings["n_mels"],
        sr=settings["sr"],
    )
    reach = settings["n_frames"] - settings["pre_frames"] - 1
    onset = find_onset(frame_energy(whole), reach=reach)
    shown = np.full((region.n_rows, region.last - region.first), np.nan)
    begin, end = onset + region.first, onset + region.last
    inside = whole[: region.n_rows, max(0, begin) : max(0, end)]
    shown[:, max(0, -begin) :][:, : inside.shape[1]] = inside
    levels = (_shrink(shown) - whole.max()) / _RANGE_DB + 1
    return _make_picture(levels, LOUDNESS, region)


def show_map(explanation: Explanation, region: Region) -> Picture:
    """Show which part of a take lowers its score.

    Parameters
    ----------
    explanation : Explanation
        Of the take.
    region : Region
        What of it is shown.

    Returns
    -------
    Picture
        The picture.
    """
    values = explanation.values
    shown = np.full((region.n_rows, region.last - region.first), np.nan)
    first = round(float(explanation.times[0]) / region.seconds) - region.first
    place = shown[: len(values), max(0, first) : max(0, first) + values.shape[1]]
    place[:] = values[: place.shape[0], : place.shape[1]]
    small = _shrink(shown)
    largest = float(np.nanmax(np.abs(small), initial=0.0))
    levels = 0.5 + 0.5 * small / (largest or 1.0)
    return _make_picture(levels, EFFECT, region)


def find_most(explanation: Explanation) -> tuple[float, float, float, float] | None:
    """Find where half of what lowers a score lies.

    Parameters
    ----------
    explanation : Explanation
        Of a take.

    Returns
    -------
    tuple of float or None
        Lowest and highest frequency of one half, in Hz, and beginning and end of one
        half, in ms from the onset; None if nothing lowers the score.
    """
    lowering = np.maximum(np.nan_to_num(explanation.values), 0.0)
    if not lowering.any():
        return None
    low, high = _find_middle(lowering.sum(axis=1), explanation.frequencies)
    start, end = _find_middle(lowering.sum(axis=0), 1000 * explanation.times)
    return low, high, start, end


def _find_middle(
    weights: NDArray[np.floating], places: NDArray[np.floating]
) -> tuple[float, float]:
    """Find the shortest stretch that holds half of the weight."""
    total = np.concatenate([[0.0], np.cumsum(weights)])
    best = (0, len(weights) - 1)
    for first in range(len(weights)):
        last = int(np.searchsorted(total, total[first] + total[-1] / 2))
        if last > len(weights):
            break
        if last - 1 - first < best[1] - best[0]:
            best = (first, max(first, last - 1))
    return float(places[best[0]]), float(places[best[1]])


def _shrink(shown: NDArray[np.floating]) -> NDArray[np.floating]:
    """Average neighbouring cells where there are more than are worth their bytes."""
    for axis, most in enumerate((_MOST_ROWS, _MOST_COLUMNS)):
        n_cells = shown.shape[axis]
        if n_cells > most:
            edges = np.linspace(0, n_cells, most, endpoint=False).astype(int)
            sizes = np.diff([*edges, n_cells])
            total = np.add.reduceat(shown, edges, axis=axis)
            shown = total / (sizes[:, None] if axis == 0 else sizes)
    return shown


def _make_picture(
    levels: NDArray[np.floating], colors: tuple[str, ...], region: Region
) -> Picture:
    n_frames = region.last - region.first
    top = 100 * (1 - region.crop_rows / region.n_rows)
    times = np.array([region.first, region.last]) * 1000 * region.seconds
    crop = np.array([region.crop_first, region.crop_last]) * 1000 * region.seconds
    return Picture(
        source=_encode(levels, colors),
        across=[
            Tick(float(100 * (time - times[0]) / (times[1] - times[0])), f"{time:g}")
            for time in _choose_ticks(*times)
        ],
        up=_place_frequencies(region.frequencies),
        frame=(
            100 * (region.crop_first - region.first) / n_frames,
            top,
            100 * (region.crop_last - region.crop_first) / n_frames,
            100 - top,
        ),
        bounds=(
            float(region.frequencies[0]),
            float(region.frequencies[region.crop_rows - 1]),
            float(crop[0]),
            float(crop[1]),
        ),
    )


def _place_frequencies(frequencies: NDArray[np.floating]) -> list[Tick]:
    kilohertz = frequencies / 1000
    rows = np.arange(len(frequencies)) + 0.5
    return [
        Tick(float(100 * np.interp(each, kilohertz, rows) / len(rows)), f"{each:g}")
        for each in _choose_ticks(float(kilohertz[0]), float(kilohertz[-1]))
    ]


def _choose_ticks(low: float, high: float) -> list[float]:
    """Choose round numbers, a handful of them."""
    rough = (high - low) / _MOST_TICKS
    power = 10 ** np.floor(np.log10(rough))
    step = next(each * power for each in _STEPS if each * power >= rough)
    first, last = int(np.ceil(low / step)), int(np.floor(high / step))
    return [round(place * step, 6) for place in range(first, last + 1)]


def _encode(levels: NDArray[np.floating], colors: tuple[str, ...]) -> str:
    from PIL import Image

    known = np.isfinite(levels)
    whole = np.round(np.clip(np.nan_to_num(levels), 0, 1) * (_LEVELS - 1))
    indices = np.where(known, whole, _LEVELS).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(indices[::-1]))
    image.putpalette([*_make_palette(colors), *_read_color(_NOTHING)])
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True, bits=6)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()


def _make_palette(colors: tuple[str, ...]) -> list[int]:
    stops = np.array([_read_color(color) for color in colors])
    places = np.linspace(0, len(stops) - 1, _LEVELS)
    channels = [
        np.interp(places, np.arange(len(stops)), stops[:, each]) for each in range(3)
    ]
    return np.round(channels).T.astype(int).ravel().tolist()


def _read_color(color: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue
