"""What an estimator can be asked for, through pipelines and searches."""

from typing import Any

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
