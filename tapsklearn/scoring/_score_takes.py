"""Scores, p-values and predictions of takes, from any fitted estimator."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tapsklearn.detectors import conformal_p_values
from tapsklearn.scoring._pipelines import compute_features, find_detector


def score_takes(estimator: Any, X: Any) -> pd.DataFrame:
    """Score takes, and compute p-values and predictions from the same scores.

    Parameters
    ----------
    estimator : estimator
        Fitted detector, or any other estimator with `score_samples` and `predict`;
        or a pipeline or search that ends in one.
    X : array-like
        Takes, as the estimator scores them.

    Returns
    -------
    DataFrame
        One row a take: `score` (higher is more normal), `p_value` (NaN if the
        estimator has none) and `prediction` (1 for normal, -1 for abnormal).

    Examples
    --------
    >>> from tapsklearn import CropDetector
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> detector = CropDetector(random_state=0).fit(crops)
    >>> score_takes(detector, crops[:1] + 9).round(2)
        score  p_value  prediction
    0 -176.61     0.05          -1
    """
    detector, features = find_detector(estimator), compute_features(estimator, X)
    found: Any
    scores = np.asarray(detector.score_samples(features), dtype=np.float64)
    if hasattr(detector, "calibration_scores_"):
        # One of ours: to score takes is the expensive part, and is done once.
        found = conformal_p_values(scores, detector.calibration_scores_)
        predictions = np.where(scores - detector.offset_ >= 0, 1, -1)
    else:
        has_p_values = hasattr(detector, "p_values")
        found = detector.p_values(features) if has_p_values else np.nan
        predictions = detector.predict(features)
    return pd.DataFrame({"score": scores, "p_value": found, "prediction": predictions})


def p_values(estimator: Any, X: Any) -> NDArray[np.float64]:
    """Compute how rare takes that score this low are among normal ones.

    What a detector's own `p_values` does, but through a pipeline, from paths.

    Parameters
    ----------
    estimator : estimator
        Fitted detector, or a pipeline or search that ends in one.
    X : array-like
        Takes, as the estimator scores them.

    Returns
    -------
    ndarray of shape (n_takes,)
        Conformal p-values; NaN for takes that have no score.

    Raises
    ------
    ValueError
        If the detector has no p-values.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from tapsklearn import CropDetector
    >>> points = np.random.default_rng(0).normal(size=(40, 2))
    >>> pipeline = make_pipeline(StandardScaler(), CropDetector(random_state=0))
    >>> p_values(pipeline.fit(points), [[0.0, 0.0], [9.0, 9.0]]).round(2)
    array([1.  , 0.05])
    """
    detector = find_detector(estimator)
    if not hasattr(detector, "p_values"):
        raise ValueError(
            f"{type(detector).__name__} has no p-values: end the pipeline in a "
            "detector of tapsklearn"
        )
    return np.asarray(score_takes(estimator, X)["p_value"])


def calibrate(
    estimator: Any,
    X: Any = None,
    y: ArrayLike | None = None,
    *,
    false_alarm_rate: float | None = None,
) -> Any:
    """Set the threshold of a fitted pipeline anew, without training it again.

    What a detector's own `calibrate` does, but through a pipeline, from paths.

    Parameters
    ----------
    estimator : estimator
        Fitted detector, or a pipeline or search that ends in one; it is changed.
    X : array-like, default=None
        Normal takes that `fit` never saw, as the estimator scores them. If None, the
        threshold comes from the takes that `fit` held out.
    y : array-like of shape (n_takes,), default=None
        Board of each take of X; none of them one that `fit` saw.
    false_alarm_rate : float, default=None
        Share of normal takes that may be called abnormal. If None, as it was.

    Returns
    -------
    estimator
        The same estimator.

    Raises
    ------
    ValueError
        If the detector cannot be calibrated, or takes of X were seen by `fit`.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from tapsklearn import CropDetector, Standardizer
    >>> crops = np.random.default_rng(0).normal(size=(200, 16, 24))
    >>> pipeline = make_pipeline(Standardizer(), CropDetector(random_state=0))
    >>> pipeline = calibrate(pipeline.fit(crops), false_alarm_rate=0.2)
    >>> pipeline[-1].false_alarm_rate_
    0.2
    """
    detector = find_detector(estimator)
    if not hasattr(detector, "calibrate"):
        raise ValueError(
            f"{type(detector).__name__} cannot be calibrated: end the pipeline in a "
            "detector of tapsklearn"
        )
    features = None if X is None else compute_features(estimator, X)
    detector.calibrate(features, y, false_alarm_rate=false_alarm_rate)
    return estimator
