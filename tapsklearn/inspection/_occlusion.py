"""How much the score rises where parts of a crop are replaced by normal ones."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# Whole bands, whole stretches of time, and patches, along (frequencies, time). Each is
# laid a second time, half a part further, so that no change lies on edges alone.
_LAYERS = ((12, 1), (1, 12), (6, 5))

Part = tuple[slice, slice]


def occlude(
    score: Callable[[NDArray[np.floating]], NDArray[np.float64]],
    crop: NDArray[np.floating],
    baseline: NDArray[np.floating],
    offsets: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Replace one part of a crop after the other, and score what results.

    Parameters
    ----------
    score : callable
        From crops of shape (n, n_views, n_freqs, n_frames) to scores.
    crop, baseline : ndarray of shape (n_views, n_freqs, n_frames)
        The crop, and a normal one.
    offsets : ndarray of shape (n_views,), int
        Which frame each view begins with, from 0 on.

    Returns
    -------
    ndarray of shape (n_freqs, n_times)
        The rise of the score for each part, evenly over its cells; the mean over all
        ways to divide the crop.
    """
    n_freqs, n_frames = crop.shape[1:]
    shape = n_freqs, n_frames + int(offsets.max())
    layers = list(_divide(shape))
    parts = [part for layer in layers for part in layer]
    occluded = np.repeat(crop[None], len(parts) + 1, axis=0)
    for row, (band, stretch) in enumerate(parts):
        for view, start in enumerate(offsets.tolist()):
            inside = slice(
                max(0, stretch.start - start), min(n_frames, stretch.stop - start)
            )
            if inside.start < inside.stop:
                occluded[row, view, band, inside] = baseline[view, band, inside]
    scores = score(occluded)
    values = np.zeros(shape)
    for rise, (band, stretch) in zip(scores[:-1] - scores[-1], parts, strict=True):
        values[band, stretch] += rise / values[band, stretch].size
    return values / len(layers)


def _divide(shape: tuple[int, int]) -> Iterator[list[Part]]:
    for counts in _LAYERS:
        for shift in (0.0, 0.5):
            bands, stretches = (
                _cut(size, count, shift if count > 1 else 0.0)
                for size, count in zip(shape, counts, strict=True)
            )
            yield [(band, stretch) for band in bands for stretch in stretches]


def _cut(size: int, count: int, shift: float) -> list[slice]:
    inner = (np.arange(count + 1) + shift) * size / count
    edges = np.unique(np.round([0, *inner, size]).astype(int).clip(0, size)).tolist()
    return [slice(*pair) for pair in pairwise(edges)]
