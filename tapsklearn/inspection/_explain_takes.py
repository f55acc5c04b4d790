"""Which part of the crop makes a take abnormal."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from sklearn.utils.validation import check_is_fitted

from tapsklearn.inspection._compared_crops import ComparedCrops, compare_crops
from tapsklearn.inspection._explanation import Explanation
from tapsklearn.inspection._occlusion import occlude
from tapsklearn.scoring import find_detector

METHODS = ("auto", "mask", "distance", "gradient", "occlusion")
# By how many cells differences and gradients are smoothed, as those of single cells
# are chance.
_SMOOTH = 2.0


def explain_takes(
    pipeline: Any,
    takes: Any,
    *,
    method: str = "auto",
    normal_takes: Any = None,
) -> list[Explanation]:
    """Explain the scores of takes: how much each cell of their crops lowers them.

    Parts of a take are replaced by those of a normal crop, which is brought to its
    level before; if the features standardize each take by itself, so is what results.
    Give the whole pipeline: of a detector alone nothing is known of that.

    Parameters
    ----------
    pipeline : estimator
        Fitted detector, or pipeline from recordings to a detector.
    takes : list of path-like, list of 1-D arrays or array-like
        What the pipeline scores. All views of a take are explained by one map.
    method : {"auto", "mask", "distance", "gradient", "occlusion"}, default="auto"
        "mask": the smallest part whose replacement makes the take score as a normal
        one (`tapsklearn.detectors.fit_masks`), times how far it differs. "distance":
        the share of each cell in the distance of a crop, and of each row in that of a
        spectrum. "gradient": integrated gradients of captum, of the extra `explain`.
        "occlusion": how much the score rises where bands, stretches of time and
        patches are replaced one by one, for any detector. "auto" is "mask", and
        "occlusion" for detectors with a `normality` that is none of tapsklearn.
    normal_takes : like `takes`, default=None
        Normal takes, of which the nearest one is compared with each take. If None,
        that is the mean of the takes that the detector was fitted on.

    Returns
    -------
    list of Explanation
        One a take. The values add up to how much the score rises if the part found is
        replaced ("mask"), to the distance ("distance"), or to how much lower the take
        scores than the normal crop ("gradient").

    Raises
    ------
    ValueError
        If the method does not explain the detector, or there is nothing to compare
        with.
    ModuleNotFoundError
        If captum is needed, and not installed.

    Examples
    --------
    >>> from tapsklearn import CropDetector
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> detector = CropDetector(random_state=0).fit(crops)
    >>> crops[0, 4:8] += 5
    >>> (explanation,) = explain_takes(detector, crops[:1])
    >>> row, _ = np.unravel_index(explanation.values.argmax(), (16, 24))
    >>> bool(4 <= row < 8)
    True
    """
    if method not in METHODS:
        raise ValueError(f"method={method!r} must be one of {', '.join(METHODS)}")
    check_is_fitted(pipeline)
    detector = find_detector(pipeline)
    if not hasattr(detector, "calibration_scores_"):
        raise ValueError(
            f"{type(detector).__name__} is no detector of tapsklearn, whose scores are "
            "explained: give one, or a pipeline that ends in one"
        )
    compared = compare_crops(pipeline, takes, normal_takes)
    if method == "auto":
        method = _choose_method(detector)
    usable = compared.select(compared.is_usable)
    shape = len(compared.crops), len(compared.frequencies), len(compared.times)
    values = np.full(shape, np.nan)
    if len(usable.crops):
        values[compared.is_usable] = _EXPLAIN[method](detector, usable)
    return [
        Explanation(
            values=values[row],
            crop=compared.shown[row],
            frequencies=compared.frequencies,
            times=compared.times,
            score=float(compared.scores[row]),
            method=method,
        )
        for row in range(len(values))
    ]


def _choose_method(detector: Any) -> str:
    from tapsklearn.detectors import make_score_module

    try:
        make_score_module(detector)
    except ValueError:
        return "occlusion"
    return "mask"


def _by_mask(detector: Any, compared: ComparedCrops) -> NDArray[np.float64]:
    from tapsklearn.detectors import fit_masks

    masks, rises = fit_masks(
        detector,
        compared.crops,
        compared.baselines,
        offsets=compared.offsets,
        per_take=compared.per_take,
    )
    # The mask is coarse, and what equals a normal crop explains nothing. A root, as the
    # parts of one change need not all be replaced for the score to rise.
    weights = np.sqrt(masks) * _measure_difference(compared)
    totals = weights.sum(axis=(1, 2))
    shares = np.maximum(rises, 0) / np.where(totals > 0, totals, 1)
    return weights * shares[:, None, None]


def _by_distance(detector: Any, compared: ComparedCrops) -> NDArray[np.float64]:
    from tapsklearn.detectors import share_distances

    shares = share_distances(
        detector, compared.crops, compared.baselines, per_take=compared.per_take
    )
    if shares.ndim == 3:  # of the mean of the views, wherever these begin
        parts = np.repeat(shares[:, None], len(compared.offsets), axis=1)
        return compared.overlay(parts / len(compared.offsets)).astype(np.float64)
    # A spectrum does not keep when something is: where its row differs.
    differs = _measure_difference(compared) + np.finfo(np.float64).tiny
    return shares[:, :, None] * differs / differs.sum(axis=2, keepdims=True)


def _by_gradient(detector: Any, compared: ComparedCrops) -> NDArray[np.float64]:
    from tapsklearn.detectors import integrate_gradients

    gradients = integrate_gradients(
        detector, compared.crops, compared.baselines, per_take=compared.per_take
    )
    return _smooth(compared.overlay(gradients))


def _by_occlusion(detector: Any, compared: ComparedCrops) -> NDArray[np.float64]:
    return np.stack(
        [
            occlude(compared.score, crop, baseline, compared.offsets)
            for crop, baseline in zip(compared.crops, compared.baselines, strict=True)
        ]
    )


def _measure_difference(compared: ComparedCrops) -> NDArray[np.float64]:
    return _smooth(compared.overlay(np.abs(compared.crops - compared.baselines)))


def _smooth(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Smooth maps; their sums stay."""
    smooth = gaussian_filter(values.astype(np.float64), _SMOOTH, axes=(1, 2))
    return np.asarray(smooth)


_EXPLAIN = {
    "mask": _by_mask,
    "distance": _by_distance,
    "gradient": _by_gradient,
    "occlusion": _by_occlusion,
}
