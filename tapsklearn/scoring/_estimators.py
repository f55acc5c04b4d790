"""What an estimator can be asked for, through pipelines and searches."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline


def check_can(estimator: Any, method: str) -> None:
    """Check that an estimator, or the last of its steps, has a method.

    Parameters
    ----------
    estimator : estimator
        Detector, pipeline or search.
    method : str
        What it is asked for.
    """
    if not hasattr(find_detector(estimator), method):
        raise ValueError(
            f"estimator={type(estimator).__name__} has no `{method}`, which this "
            "display needs; give a fitted detector, or a pipeline that ends in one"
        )


def find_detector(estimator: Any) -> Any:
    """Find the last step of a pipeline, also of the best one of a search.

    Parameters
    ----------
    estimator : estimator
        Detector, pipeline or search.

    Returns
    -------
    estimator
        The detector.
    """
    estimator = getattr(estimator, "best_estimator_", estimator)
    if isinstance(estimator, Pipeline):
        return find_detector(estimator[-1])
    return estimator


def prepare(estimator: Any, X: Any) -> Any:
    """Turn X into what the last step of a pipeline is given.

    Parameters
    ----------
    estimator : estimator
        Detector, pipeline or search.
    X : array-like
        What it takes.

    Returns
    -------
    array-like
        What its detector takes.
    """
    estimator = getattr(estimator, "best_estimator_", estimator)
    if not isinstance(estimator, Pipeline):
        return X
    if len(estimator) > 1:
        X = estimator[:-1].transform(X)
    return prepare(estimator[-1], X)


def judge_takes(estimator: Any, X: Any) -> pd.DataFrame:
    """Score takes, in one pass over them where the estimator can.

    Parameters
    ----------
    estimator : estimator
        Fitted detector, or any other with `score_samples` and `predict`; or a
        pipeline that ends in one.
    X : array-like
        What it takes.

    Returns
    -------
    DataFrame
        One row a take: `score`, `p_value` (NaN if the estimator has none) and
        `prediction`.
    """
    # A pipeline hands on only what scikit-learn has a name for.
    detector, X = find_detector(estimator), prepare(estimator, X)
    if hasattr(detector, "judge"):
        return detector.judge(X)
    knows_p_values = hasattr(detector, "p_values")
    return pd.DataFrame(
        {
            "score": detector.score_samples(X),
            "p_value": detector.p_values(X) if knows_p_values else np.nan,
            "prediction": detector.predict(X),
        }
    )
