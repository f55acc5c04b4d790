"""Which cells of a crop lower the score, by gradients through a detector."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from tapsklearn.detectors._feature_modules import (
    CropFeatures,
    JoinedFeatures,
    SpectrumFeatures,
)
from tapsklearn.detectors._score_module import make_score_module

# Least standard deviation of a view, in dB, that it is divided by.
_LEAST_SCALE = 1e-6
# Points of a mask along each axis; between them it is interpolated, so that it is
# smooth.
_MASK_POINTS = 12
# How much the area of a mask counts, beside the part of the fall of the score that is
# left. Of 1, 3 and 6, and of masks of 12 and 16 points, all found changes about as
# well; `benchmarks/explanations.py` measures what is set here.
_AREA = 3.0
_MASK_STEPS, _MASK_RATE = 30, 0.3
_PATH_STEPS = 16
# Takes at a time: what their gradients need fits into memory.
_TAKES_AT_ONCE = 8


class _Score(nn.Module):
    """Score views, each standardized by itself before if asked to."""

    def __init__(self, detector: Any, *, per_take: bool) -> None:
        super().__init__()
        self.model: Any = make_score_module(detector).requires_grad_(False)
        # A processor convolves in this order up to three times as fast.
        layout: Any = {"memory_format": torch.channels_last}
        self.model.to(**layout)
        self.per_take = per_take

    def standardize(self, views: Tensor) -> Tensor:
        if not self.per_take:
            return views
        mean = views.mean(dim=(2, 3), keepdim=True)
        scale = views.std(dim=(2, 3), correction=0, keepdim=True)
        return (views - mean) / scale.clamp(min=_LEAST_SCALE)

    def forward(self, views: Tensor) -> Tensor:
        return self.model(self.standardize(views))


def fit_masks(
    detector: Any,
    crops: NDArray[np.floating],
    baselines: NDArray[np.floating],
    *,
    offsets: NDArray[np.intp],
    per_take: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the smallest part of each take whose replacement makes it score as normal.

    A mask says how far each cell is replaced by that of a normal crop. It is fitted
    by gradients to restore the score up to the median of the normal takes that the
    detector was calibrated with, and to be small (R. C. Fong and A. Vedaldi,
    "Interpretable Explanations of Black Boxes by Meaningful Perturbation", ICCV 2017).
    No random numbers are needed.

    Parameters
    ----------
    detector : detector
        Fitted, with a form in torch (see `make_score_module`).
    crops, baselines : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes, and of each a normal one to replace parts by.
    offsets : ndarray of shape (n_views,), int
        Which frame each view begins with, from 0 on.
    per_take : bool
        Whether crops are in dB, and each view is standardized by itself before it is
        scored.

    Returns
    -------
    masks : ndarray of shape (n_takes, n_freqs, n_times)
        From 0, for cells that stay, to 1, over all frames that a view has.
    rises : ndarray of shape (n_takes,)
        By how much the masks raise the scores.
    """
    score = _Score(detector, per_take=per_take)
    calibrated = detector.calibration_scores_
    goal = float(np.median(calibrated))
    least = max(float(np.std(calibrated)), np.finfo(np.float32).eps)
    n_freqs, n_frames = crops.shape[2:]
    shape = n_freqs, n_frames + int(offsets.max())
    masks, rises = [], []
    for first in range(0, len(crops), _TAKES_AT_ONCE):
        some = slice(first, first + _TAKES_AT_ONCE)
        views, normal = _as_tensor(crops[some]), _as_tensor(baselines[some])
        points = torch.zeros(
            (len(views), 1, *(min(_MASK_POINTS, size) for size in shape)),
            dtype=views.dtype,
            requires_grad=True,
        )
        optimizer = torch.optim.Adam([points], lr=_MASK_RATE)
        with torch.no_grad():
            before = score(views)
        fall = (goal - before).clamp(min=least)
        for _ in range(_MASK_STEPS):
            mask, replaced = _replace(points, views, normal, offsets, shape)
            # What is restored beyond the score of a normal take explains nothing.
            left = ((goal - score(replaced)) / fall).clamp(min=0)
            loss = (left + _AREA * mask.mean(dim=(1, 2))).sum()
            (gradient,) = torch.autograd.grad(loss, points)
            # Where a take equals a normal one its distance has no gradient.
            points.grad = gradient.nan_to_num(0.0)
            optimizer.step()
        with torch.no_grad():
            mask, replaced = _replace(points, views, normal, offsets, shape)
            rises.append((score(replaced) - before).double().numpy())
        masks.append(mask.double().numpy())
    return np.concatenate(masks), np.concatenate(rises)


def integrate_gradients(
    detector: Any,
    crops: NDArray[np.floating],
    baselines: NDArray[np.floating],
    *,
    per_take: bool,
) -> NDArray[np.float64]:
    """Integrate gradients of the score from normal crops to those of takes.

    They add up to how much lower a take scores than the normal one (M. Sundararajan,
    A. Taly and Q. Yan, "Axiomatic Attribution for Deep Networks", ICML 2017). Needs
    captum, of the extra `explain`.

    Parameters
    ----------
    detector : detector
        Fitted, with a form in torch (see `make_score_module`).
    crops, baselines : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes, and of each a normal one.
    per_take : bool
        Whether crops are in dB, and each view is standardized by itself before it is
        scored.

    Returns
    -------
    ndarray of the shape of crops
        How much each cell lowers the score.

    Raises
    ------
    ModuleNotFoundError
        If captum is not installed.
    """
    try:
        from captum.attr import IntegratedGradients
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "method='gradient' needs captum, which is missing: pip install "
            '"tapsklearn[explain]"'
        ) from error
    attribution = IntegratedGradients(_Score(detector, per_take=per_take))
    parts = [
        attribution.attribute(
            _as_tensor(crops[row : row + 1]),
            _as_tensor(baselines[row : row + 1]),
            n_steps=_PATH_STEPS,
        )
        for row in range(len(crops))
    ]
    return -torch.cat(parts).nan_to_num(0.0).double().numpy()


def share_distances(
    detector: Any,
    crops: NDArray[np.floating],
    baselines: NDArray[np.floating],
    *,
    per_take: bool,
) -> NDArray[np.float64]:
    """Compute which share each part of a distance has.

    A distance grows as its features do, so that its gradient times the features, from
    those of a normal crop on, adds up to it.

    Parameters
    ----------
    detector : detector
        Fitted, and scoring crops or spectra by a distance; of `JoinedDetector` the
        shares are those of the spectra alone.
    crops, baselines : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes, and of each a normal one.
    per_take : bool
        Whether crops are in dB, and each view is standardized by itself before it is
        scored.

    Returns
    -------
    ndarray of shape (n_takes, n_freqs) or (n_takes, n_freqs, n_frames)
        In the unit of the score, of rows for spectra and of cells for crops.

    Raises
    ------
    ValueError
        If the detector scores anything else.
    """
    score = _Score(detector, per_take=per_take)
    features = score.model.features
    last = features.parts[-1] if isinstance(features, JoinedFeatures) else features
    if not isinstance(last, CropFeatures | SpectrumFeatures):
        raise ValueError(
            f"method='distance' explains distances of spectra and crops, and "
            f"{type(detector).__name__} scores what a network computes: use "
            "method='mask', 'gradient' or 'occlusion'"
        )
    if getattr(detector, "trust_", 0.0) == 1:
        raise ValueError(
            "method='distance' explains distances of spectra, which do not count here: "
            "the encoder is sure of all normal takes. Use method='mask'"
        )
    n_freqs, n_frames = crops.shape[2:]
    with torch.no_grad():
        ours, theirs = (
            features(score.standardize(_as_tensor(each))).double()
            for each in (crops, baselines)
        )
    ours.requires_grad_()
    (gradient,) = torch.autograd.grad(score.model.normality(ours).sum(), ours)
    shares = (-gradient.nan_to_num(0.0) * (ours - theirs)).detach().numpy()
    if isinstance(last, CropFeatures):
        return shares.reshape(-1, n_freqs, n_frames)
    # Of each row its mean and its deviation.
    return shares[:, -2 * n_freqs :].reshape(-1, 2, n_freqs).sum(axis=1)


def _replace(
    points: Tensor,
    views: Tensor,
    normal: Tensor,
    offsets: NDArray[np.intp],
    shape: tuple[int, int],
) -> tuple[Tensor, Tensor]:
    """Replace what a mask says, at the same time in each view."""
    mask = interpolate(
        points.sigmoid(), size=shape, mode="bilinear", align_corners=False
    )[:, 0]
    n_frames = views.shape[3]
    of_views = torch.stack(
        [mask[..., start : start + n_frames] for start in offsets.tolist()], dim=1
    )
    return mask, views + of_views * (normal - views)


def _as_tensor(crops: NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(crops))
