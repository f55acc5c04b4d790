"""From scores of normal takes to a threshold and to p-values."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def takes_needed(false_alarm_rate: float) -> int:
    """Count the normal takes without which a rate cannot be kept.

    Parameters
    ----------
    false_alarm_rate : float
        The share of normal takes that may be called abnormal.

    Returns
    -------
    int
        The smallest n with ⌊rate · (n + 1)⌋ ≥ 1: 19 for 5 %, 99 for 1 %.
    """
    return math.ceil(1 / false_alarm_rate - 1e-9) - 1


def default_held_out(n_takes: int, false_alarm_rate: float) -> int:
    """Count the takes that are set apart to calibrate with if nobody says.

    Parameters
    ----------
    n_takes : int
        Number of normal takes.
    false_alarm_rate : float
        The share of normal takes that may be called abnormal.

    Returns
    -------
    int
        A fifth, or as many as the rate needs, but no more than half.
    """
    return min(max(n_takes // 5, takes_needed(false_alarm_rate)), n_takes // 2)


def hold_out_takes(
    boards: NDArray[Any], n_chosen: int, rng: np.random.RandomState
) -> NDArray[np.bool_]:
    """Choose takes to calibrate with, the same share of every board.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Board of each take.
    n_chosen : int
        How many to choose; raised to 1, and lowered to leave one.
    rng : RandomState
        Source of the choice.

    Returns
    -------
    ndarray of shape (n_takes,), bool
        Which takes are chosen.
    """
    n_takes = len(boards)
    n_chosen = min(max(1, n_chosen), n_takes - 1)
    order = rng.permutation(n_takes)
    place = np.empty(n_takes)
    for board in np.unique(boards):
        members = order[boards[order] == board]
        # A board's takes are spread over (0, 1), so that any first share of all
        # takes holds the same share of each board.
        place[members] = (np.arange(len(members)) + rng.uniform()) / len(members)
    chosen = np.zeros(n_takes, dtype=bool)
    chosen[np.argsort(place, kind="stable")[:n_chosen]] = True
    return chosen


def hold_out_specimens(
    specimens: NDArray[Any], false_alarm_rate: float, rng: np.random.RandomState
) -> NDArray[Any]:
    """Choose whole specimens to calibrate with.

    Parameters
    ----------
    specimens : ndarray of shape (n_takes,)
        Specimen of each normal take, at least two.
    false_alarm_rate : float
        The share of normal takes that may be called abnormal.
    rng : RandomState
        Source of the choice.

    Returns
    -------
    ndarray
        A third of the specimens, two at least, or as many as have the takes that the
        rate needs, but no more than half.
    """
    names, n_takes = np.unique(specimens, return_counts=True)
    order = rng.permutation(len(names))
    needed = takes_needed(false_alarm_rate)
    n_enough = 1 + np.searchsorted(np.cumsum(n_takes[order]), needed)
    n_chosen = min(max(2, len(names) // 3, n_enough), len(names) // 2)
    return names[order[:n_chosen]]


def left_out_scores(
    features: NDArray[np.floating],
    specimens: NDArray[Any],
    make_normality: Callable[[], Any],
) -> NDArray[np.float64]:
    """Score each specimen's takes against the normal takes of the others.

    Parameters
    ----------
    features : ndarray of shape (n_takes, n_features)
        What is judged of each normal take.
    specimens : ndarray of shape (n_takes,)
        Specimen of each take.
    make_normality : callable
        Gives an unfitted estimator with `fit` and `score_samples`.

    Returns
    -------
    ndarray of shape (n_takes,)
        Scores; higher is more normal.
    """
    scores = np.empty(len(features))
    for specimen in np.unique(specimens):
        left_out = specimens == specimen
        normality = make_normality().fit(features[~left_out])
        scores[left_out] = normality.score_samples(features[left_out])
    return scores


def find_threshold(scores: NDArray[np.floating], false_alarm_rate: float) -> float:
    """Find the score below which a take is called abnormal.

    With n scores of normal takes and k = ⌊rate · (n + 1)⌋, a further take that is
    exchangeable with them falls below the k-th lowest with a probability of at
    most k / (n + 1) (split conformal prediction: Vovk, Gammerman & Shafer,
    "Algorithmic Learning in a Random World", 2005, chapter 2).

    Parameters
    ----------
    scores : ndarray of shape (n_takes,)
        Scores of normal takes.
    false_alarm_rate : float
        The share of normal takes that may be called abnormal.

    Returns
    -------
    float
        Halfway between the scores ranked k − 1 and k, for a threshold equal to a
        score would turn with its last digit; for k ≤ 1, just below the lowest.

    Warns
    -----
    UserWarning
        If there are too few scores for the rate.
    """
    ranked = np.sort(scores)
    n_takes = len(ranked)
    # The smallest addend keeps 0.29 * 100 from becoming 28.
    rank = math.floor(false_alarm_rate * (n_takes + 1) + 1e-9)
    if rank == 0:
        warnings.warn(
            f"false_alarm_rate={false_alarm_rate:g} needs "
            f"{takes_needed(false_alarm_rate)} normal takes to calibrate with, there "
            f"are {n_takes}: the threshold is just below the lowest of them, and more "
            "false alarms than asked must be expected",
            stacklevel=3,
        )
    if rank <= 1:
        margin = 1e-6 * max(abs(ranked[0]), ranked[-1] - ranked[0])
        return float(ranked[0] - max(margin, np.finfo(np.float64).tiny))
    return float((ranked[rank - 2] + ranked[rank - 1]) / 2)


def conformal_p_values(
    scores: NDArray[np.floating], calibration_scores: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Tell how rare scores as low as these are among normal takes.

    Parameters
    ----------
    scores : ndarray of shape (n_takes,)
        Scores to judge; NaN stays NaN.
    calibration_scores : ndarray of shape (n_calibration,)
        Scores of normal takes, in ascending order.

    Returns
    -------
    ndarray of shape (n_takes,)
        (1 + number of normal takes that score no higher) / (1 + number of normal
        takes), the conformal p-value.
    """
    lower = np.searchsorted(calibration_scores, scores, side="right")
    p_values = (1 + lower) / (1 + len(calibration_scores))
    return np.where(np.isnan(scores), np.nan, p_values)
