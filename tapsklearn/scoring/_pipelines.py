"""A fitted pipeline as two parts: what computes features, and what scores them."""

from collections.abc import Iterator
from typing import Any

from sklearn.pipeline import Pipeline


def find_detector(estimator: Any) -> Any:
    """Return the last step of a pipeline, also of the best one of a search.

    Parameters
    ----------
    estimator : estimator
        Detector, pipeline or search.

    Returns
    -------
    estimator
        The detector.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import OneClassSVM
    >>> find_detector(make_pipeline(StandardScaler(), OneClassSVM()))
    OneClassSVM()
    """
    estimator = getattr(estimator, "best_estimator_", estimator)
    if isinstance(estimator, Pipeline):
        return find_detector(estimator[-1])
    return estimator


def compute_features(estimator: Any, X: Any) -> Any:
    """Transform X with all steps of a fitted pipeline but the last.

    Parameters
    ----------
    estimator : estimator
        Detector, pipeline or search.
    X : array-like
        What it scores.

    Returns
    -------
    array-like
        What its detector scores; X itself if there are no such steps.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import OneClassSVM
    >>> pipeline = make_pipeline(StandardScaler(), OneClassSVM()).fit([[0.0], [2.0]])
    >>> compute_features(pipeline, [[2.0]])
    array([[1.]])
    """
    for step in flatten_steps(estimator)[:-1]:
        X = step.transform(X)
    return X


def flatten_steps(estimator: Any) -> list[Any]:
    """List the steps of a pipeline, those of pipelines within it one by one.

    Parameters
    ----------
    estimator : estimator
        Detector, pipeline or search.

    Returns
    -------
    list of estimator
        The steps, those that pass their input through left out.
    """
    return list(_iterate(estimator))


def _iterate(estimator: Any) -> Iterator[Any]:
    estimator = getattr(estimator, "best_estimator_", estimator)
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            yield from _iterate(step)
    elif estimator is not None and not (
        isinstance(estimator, str) and estimator == "passthrough"
    ):
        yield estimator
