"""Older names, until their users are changed."""

from typing import Any

from tapsklearn.scoring._pipelines import compute_features as prepare
from tapsklearn.scoring._pipelines import find_detector
from tapsklearn.scoring._score_takes import score_takes as judge_takes

__all__ = ["check_can", "find_detector", "judge_takes", "prepare"]


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
