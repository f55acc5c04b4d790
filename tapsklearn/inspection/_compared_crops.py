"""Crops of takes, and of each a normal one at the same level to compare it with."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_argmin
from sklearn.pipeline import make_pipeline

from tapsklearn.inspection._fitted import find_frequencies, find_settings
from tapsklearn.preprocessing import (
    Standardizer,
    TakeWarning,
    TapFeatures,
    fuse_steps,
    read_crops,
)
from tapsklearn.scoring import compute_features, find_detector, flatten_steps

# A normal crop is brought to the level of this share of the cells of a take, those that
# are most like it: the others are what differs.
_LIKE = 0.6
_ROUNDS = 3


@dataclass(frozen=True, eq=False, kw_only=True)
class ComparedCrops:
    """Takes, what they are compared with, and where their cells lie.

    Parameters
    ----------
    crops, baselines : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes and normal ones; in dB if `per_take`, and else as they are scored.
    per_take : bool
        Whether each view is standardized by itself before it is scored.
    score : callable
        From such crops to scores.
    scores : ndarray of shape (n_takes,)
        What the takes score.
    shown : ndarray of shape (n_takes, n_freqs, n_times)
        The takes in dB, where that is known, over all frames that a view has.
    frequencies : ndarray of shape (n_freqs,)
        Of rows, in Hz.
    times : ndarray of shape (n_times,)
        Of frames, in s from the onset.
    offsets : ndarray of shape (n_views,), int
        Which of these frames each view begins with.
    """

    crops: NDArray[np.floating]
    baselines: NDArray[np.floating]
    per_take: bool
    score: Callable[[NDArray[np.floating]], NDArray[np.float64]]
    scores: NDArray[np.float64]
    shown: NDArray[np.floating]
    frequencies: NDArray[np.floating]
    times: NDArray[np.floating]
    offsets: NDArray[np.intp]

    @property
    def is_usable(self) -> NDArray[np.bool_]:
        """Which takes have a crop.

        Returns
        -------
        ndarray of shape (n_takes,), bool
            Those without NaN.
        """
        return ~np.isnan(self.crops).any(axis=(1, 2, 3))

    def select(self, rows: NDArray[Any]) -> "ComparedCrops":
        """Select takes.

        Parameters
        ----------
        rows : ndarray
            Which.

        Returns
        -------
        ComparedCrops
            Those alone.
        """
        per_row = ("crops", "baselines", "scores", "shown")
        return replace(self, **{name: getattr(self, name)[rows] for name in per_row})

    def overlay(self, views: NDArray[np.floating]) -> NDArray[np.floating]:
        """Add up views where they are at the same time.

        Parameters
        ----------
        views : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
            Values of the cells of each view.

        Returns
        -------
        ndarray of shape (n_takes, n_freqs, n_times)
            Their sums.
        """
        return _overlay(views, self.offsets)


def compare_crops(pipeline: Any, takes: Any, normal_takes: Any) -> ComparedCrops:
    """Compute crops of takes, and normal ones to compare them with.

    Parameters
    ----------
    pipeline : estimator
        Fitted detector, or pipeline that ends in one.
    takes : list or array-like
        What it scores.
    normal_takes : like takes or None
        Normal ones, of which each take gets the nearest; if None, the mean of those
        that the detector was fitted on.

    Returns
    -------
    ComparedCrops
        Both.
    """
    detector = find_detector(pipeline)
    shape = detector.input_shape_
    given = _as_takes(compute_features(pipeline, takes), shape)
    features = _find_features(pipeline)
    decibels = None if features is None else _read_decibels(features, takes)
    per_take = decibels is not None and not hasattr(features, "standardizer_")
    crops = decibels if decibels is not None and per_take else given

    def score(some: NDArray[np.floating]) -> NDArray[np.float64]:
        views = _standardize(some) if per_take else some
        return detector.score_samples(views.reshape(len(some), *shape))

    settings = find_settings(pipeline)
    shifts = np.asarray(settings["shifts"])
    if features is None or len(shifts) != crops.shape[1]:
        shifts = np.zeros(crops.shape[1], dtype=int)
    offsets = (shifts - shifts.min()).astype(np.intp)
    shown = given if decibels is None else decibels
    n_times = crops.shape[3] + int(offsets.max())
    first = int(shifts.min()) - settings["pre_frames"]
    n_views = _overlay(np.ones((1, *shown.shape[1:])), offsets)
    with np.errstate(invalid="ignore"):  # frames between views are in none
        mean = np.where(n_views > 0, _overlay(shown, offsets) / n_views, np.nan)
    return ComparedCrops(
        crops=crops,
        baselines=_find_baselines(
            pipeline, crops, given, normal_takes, features if per_take else None
        ),
        per_take=per_take,
        score=score,
        scores=detector.score_samples(given.reshape(len(given), *shape)),
        shown=mean,
        frequencies=find_frequencies(settings, crops.shape[2]),
        times=(first + np.arange(n_times)) * settings["hop_length"] / settings["sr"],
        offsets=offsets,
    )


def _find_baselines(
    pipeline: Any,
    crops: NDArray[np.floating],
    given: NDArray[np.floating],
    normal_takes: Any,
    of_decibels: TapFeatures | None,
) -> NDArray[np.floating]:
    """Find a normal crop for each take, in dB with the features that give these."""
    detector = find_detector(pipeline)
    if normal_takes is None:
        if not hasattr(detector, "normal_crop_"):
            raise ValueError(
                "the detector was fitted by an earlier version, which kept no normal "
                "crop: give normal_takes, or fit it again"
            )
        normal = _as_takes(detector.normal_crop_[None], detector.input_shape_)
        nearest = np.zeros(len(crops), dtype=np.intp)
    else:
        known = _as_takes(
            compute_features(pipeline, normal_takes), detector.input_shape_
        )
        nearest = find_nearest(given, known)
        normal = (
            known if of_decibels is None else _read_decibels(of_decibels, normal_takes)
        )
    if of_decibels is None:
        return np.ascontiguousarray(normal[nearest].astype(crops.dtype, copy=False))
    baselines = np.empty_like(crops)
    for row, views in enumerate(crops):
        if np.isnan(views).any():
            baselines[row] = np.nan
            continue
        for place, view in enumerate(views):
            baselines[row, place] = _bring_to_level(normal[nearest[row], place], view)
    return baselines


def find_nearest(
    points: NDArray[np.floating], normal: NDArray[np.floating]
) -> NDArray[np.intp]:
    """Find the normal point nearest to each point.

    Parameters
    ----------
    points : ndarray of shape (n_points, ...)
        Points; those with NaN have none.
    normal : ndarray of shape (n_normal, ...)
        Normal ones; those with NaN do not count.

    Returns
    -------
    ndarray of shape (n_points,), int
        Rows of the nearest; -1 for points that have none.

    Raises
    ------
    ValueError
        If there is no normal point without NaN.
    """
    flat, known = points.reshape(len(points), -1), normal.reshape(len(normal), -1)
    rows = np.flatnonzero(~np.isnan(known).any(axis=1))
    if not len(rows):
        raise ValueError("normal_takes has no take that can be used: give others")
    usable = ~np.isnan(flat).any(axis=1)
    nearest = np.full(len(flat), -1, dtype=np.intp)
    if usable.any():
        nearest[usable] = rows[pairwise_distances_argmin(flat[usable], known[rows])]
    return nearest


def _bring_to_level(
    normal: NDArray[np.floating], view: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Bring a normal crop to the level, and to the range in dB, of a take."""
    theirs, ours = normal.ravel().astype(np.float64), view.ravel().astype(np.float64)
    alike = np.ones(len(ours), dtype=bool)
    slope, start = 1.0, 0.0
    for _ in range(_ROUNDS):
        centre, level = theirs[alike].mean(), ours[alike].mean()
        spread = np.square(theirs[alike] - centre).sum()
        slope = ((theirs[alike] - centre) @ ours[alike]) / spread if spread else 1.0
        start = level - slope * centre
        residuals = np.abs(ours - start - slope * theirs)
        alike = residuals <= np.quantile(residuals, _LIKE)
    return start + slope * normal


def _standardize(crops: NDArray[np.floating]) -> NDArray[np.floating]:
    return Standardizer(per="take").transform(crops)


def _as_takes(crops: Any, shape: tuple[int, ...]) -> NDArray[np.floating]:
    """Bring crops to the form (n_takes, n_views, n_freqs, n_frames)."""
    array = np.asarray(crops)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32)
    n_freqs, n_frames = (1, *shape)[-2:]
    if array[0].shape != shape:
        raise ValueError(
            f"takes have crops of shape {array[0].shape}, but the detector was fitted "
            f"on those of shape {shape}"
        )
    return array.reshape(len(array), -1, n_freqs, n_frames)


def _find_features(pipeline: Any) -> TapFeatures | None:
    """Find what turns recordings into crops, if that is what a pipeline begins with."""
    try:
        return fuse_steps(make_pipeline(*flatten_steps(pipeline)[:-1]))
    except ValueError:
        return None


def _read_decibels(features: TapFeatures, takes: Any) -> NDArray[np.floating]:
    with warnings.catch_warnings():
        # They were given when the features were computed.
        warnings.simplefilter("ignore", TakeWarning)
        crops, _ = read_crops(
            takes,
            input=features.input,
            input_sr=features.input_sr,
            standardized=False,
            n_jobs=features.n_jobs,
            memory=features.memory,
            **features.settings_,
        )
    return crops


def _overlay(
    views: NDArray[np.floating], offsets: NDArray[np.intp]
) -> NDArray[np.floating]:
    n_takes, _, n_freqs, n_frames = views.shape
    total = np.zeros((n_takes, n_freqs, n_frames + int(offsets.max())), views.dtype)
    for place, start in enumerate(offsets.tolist()):
        total[:, :, start : start + n_frames] += views[:, place]
    return total
