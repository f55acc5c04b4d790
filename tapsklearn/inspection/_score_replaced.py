"""Scores of takes with parts of them replaced by a normal crop."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from tapsklearn.inspection._compared_crops import compare_crops


def score_replaced(
    pipeline: Any, takes: Any, parts: ArrayLike, *, normal_takes: Any = None
) -> NDArray[np.float64]:
    """Score takes with parts of them replaced, to check an explanation.

    What explains why a take is abnormal is what makes it score as a normal one when
    it is replaced.

    Parameters
    ----------
    pipeline : estimator
        Fitted detector, or pipeline from recordings to a detector.
    takes : list of path-like, list of 1-D arrays or array-like
        What the pipeline scores.
    parts : array-like of shape (n_parts, n_freqs, n_times)
        How far each cell is replaced, from 0 to 1, as the values of an explanation are
        if they are divided by the largest.
    normal_takes : like `takes`, default=None
        As for `explain_takes`.

    Returns
    -------
    ndarray of shape (n_takes, n_parts)
        Score of each take with each part replaced; NaN for takes that cannot be used.

    Raises
    ------
    ValueError
        If the parts have another shape than the crops, or are not from 0 to 1.

    Examples
    --------
    >>> from tapsklearn import CropDetector
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> detector = CropDetector(random_state=0).fit(crops)
    >>> crops[0, 4:8] += 5
    >>> parts = np.zeros((2, 16, 24))
    >>> parts[0, 4:8] = 1
    >>> with_it, as_it_is = score_replaced(detector, crops[:1], parts)[0]
    >>> bool(with_it > as_it_is)
    True
    """
    check_is_fitted(pipeline)
    compared = compare_crops(pipeline, takes, normal_takes)
    shape = len(compared.frequencies), len(compared.times)
    masks = np.asarray(parts, dtype=compared.crops.dtype)
    if masks.shape[1:] != shape:
        raise ValueError(
            f"parts has shape {masks.shape}, but must have (n_parts, {shape[0]}, "
            f"{shape[1]}), as the values of explanations"
        )
    if not ((masks >= 0) & (masks <= 1)).all():
        raise ValueError("parts has values that are not from 0 to 1: scale them")
    n_frames = compared.crops.shape[3]
    of_views = np.stack(
        [masks[..., start : start + n_frames] for start in compared.offsets], axis=1
    )
    scores = np.full((len(compared.crops), len(masks)), np.nan)
    for row in np.flatnonzero(compared.is_usable):
        crop, baseline = compared.crops[row], compared.baselines[row]
        scores[row] = compared.score(crop + of_views * (baseline - crop))
    return scores
