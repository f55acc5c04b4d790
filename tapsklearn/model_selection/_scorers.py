"""Scorers that evaluate how takes are ranked, with defects as the positive class."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from tapsklearn._boards import find_normal, resolve_truth
from tapsklearn._labels import Labels, check_boards
from tapsklearn.scoring import find_detector


def _neg_fpr_at_tpr95(
    is_abnormal: NDArray[np.bool_], anomaly_score: NDArray[np.floating]
) -> float:
    fpr, tpr, _ = roc_curve(is_abnormal, anomaly_score)
    return -float(fpr[np.argmax(tpr >= 0.95)])


METRICS: dict[str, Callable[[Any, Any], float]] = {
    "roc_auc": roc_auc_score,
    # Standardized (McClish 1989) so that chance is 0.5, as of the whole area.
    "pauc": partial(roc_auc_score, max_fpr=0.1),
    "average_precision": average_precision_score,
    "neg_fpr_at_tpr95": _neg_fpr_at_tpr95,
}


def anomaly_scorer(
    metric: str = "roc_auc",
    *,
    truth: Any = None,
    normal_boards: Labels | None = None,
) -> Any:
    """Make a scorer of detectors for `GridSearchCV` and `cross_validate`.

    Scikit-learn's own scorers never call `score_samples`, and with defects as the
    positive class would read our sign, higher is more normal, the wrong way round.

    Parameters
    ----------
    metric : str, default="roc_auc"
        One of "roc_auc"; "pauc", the standardized partial area up to a false positive
        rate of 0.1; "average_precision"; "neg_fpr_at_tpr95", minus the false positive
        rate at which 95 % of the defects are detected. Higher is better in all.
    truth : Truth, default=None
        What is known of the boards, in place of `normal_boards`.
    normal_boards : collection of labels, default=None
        Labels of y that are normal. If None, and no `truth` is given, those of the
        fitted detector.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``, with the boards as y, for any estimator that
        has `score_samples`.

    Raises
    ------
    ValueError
        If there is no such metric; when scoring, if y lacks normal or abnormal
        boards, or it is not known which boards are normal.

    Examples
    --------
    >>> from tapsklearn import CropDetector
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> crops[30:] += 5
    >>> boards = np.repeat(["oak", "ash", "fir", "cracked"], 10)
    >>> detector = CropDetector(normal_boards=["oak", "ash", "fir"], random_state=0)
    >>> scorer = anomaly_scorer("roc_auc")
    >>> scorer(detector.fit(crops, boards), crops, boards)
    1.0
    """
    if metric not in METRICS:
        raise ValueError(f"metric={metric!r} must be one of {', '.join(METRICS)}")
    normal_boards, _ = resolve_truth(truth, normal_boards)
    return _AnomalyScorer(metric, normal_boards)


class _AnomalyScorer:
    def __init__(self, metric: str, normal_boards: Labels | None) -> None:
        self.metric = metric
        self.normal_boards = normal_boards

    def __call__(self, estimator: Any, X: Any, y: ArrayLike) -> float:
        normal_boards = self.normal_boards
        if normal_boards is None:
            detector = find_detector(estimator)
            normal_boards = getattr(detector, "normal_boards", None)
            if normal_boards is None:
                raise ValueError(
                    "it is not known which boards are normal: give normal_boards or "
                    "truth to anomaly_scorer, or normal_boards to "
                    f"{type(detector).__name__}"
                )
        # A fold may lack some of the normal boards.
        is_normal = find_normal(
            check_boards(y, n_takes=len(X)), normal_boards, unknown="ignore"
        )
        return compute_metric(self.metric, ~is_normal, estimator.score_samples(X))

    def __repr__(self) -> str:
        return f"anomaly_scorer({self.metric!r})"


def compute_metric(
    metric: str, is_abnormal: NDArray[np.bool_], scores: NDArray[np.floating]
) -> float:
    """Compute one metric from scores.

    Parameters
    ----------
    metric : str
        A key of `METRICS`.
    is_abnormal : ndarray of shape (n_takes,), bool
        Which takes are of abnormal boards.
    scores : ndarray of shape (n_takes,)
        Scores; higher is more normal. NaN is left out, with a warning.

    Returns
    -------
    float
        The metric.

    Raises
    ------
    ValueError
        If there are not takes of both conditions with a score.
    """
    has_score = ~np.isnan(scores)
    if not has_score.all():
        warnings.warn(
            f"{(~has_score).sum()} of {len(scores)} takes have no score and are "
            "left out",
            stacklevel=3,
        )
    is_abnormal, scores = is_abnormal[has_score], scores[has_score]
    if not len(scores):
        raise ValueError(f"{metric} needs scores, and no take has one")
    if is_abnormal.all() or not is_abnormal.any():
        found = "abnormal" if is_abnormal.any() else "normal"
        raise ValueError(
            f"{metric} needs takes of normal and of abnormal boards, found only "
            f"{found} ones; split with BoardKFold, and check normal_boards"
        )
    return float(METRICS[metric](is_abnormal, -scores))
