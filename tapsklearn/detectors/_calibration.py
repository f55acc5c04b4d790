"""From scores of normal takes to a threshold and to p-values."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions

from tapsklearn._label_params import HoldsLabels
from tapsklearn._labels import Labels, check_names

# With fewer normal specimens, scoring each against the others shows little of how
# much one board differs from the next.
_ENOUGH_SPECIMENS = 5


@dataclass(kw_only=True, eq=False, repr=False)
class Calibration(HoldsLabels, BaseEstimator):
    """Which normal takes give the threshold, and for which takes it is to hold.

    Parameters
    ----------
    by : {"auto", "take", "board"}, default="auto"
        What the threshold is for. "take": further takes of the training boards; a
        share of their takes is held out. "board": takes of unseen boards; each normal
        specimen is scored against the others or, in the reconstruction space, whole
        specimens are held out, a third or as many as the rate needs. A network that
        is trained on boards has seen those that are scored against the others, so
        that their scores can be better than those of unseen boards: name `boards` to
        be sure. "auto" is "board" from five normal specimens on.
    boards : collection of labels, default=None
        Boards whose specimens are held out of everything but the calibration.
    size : float, default=None
        Share of the normal takes that calibration by take holds out. If None, a
        fifth, or as many as the rate needs, but no more than half.

    Examples
    --------
    >>> from tapsklearn.detectors import Calibration, CropDetector
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> half = Calibration(by="take", size=0.5)
    >>> detector = CropDetector(calibration=half, random_state=0).fit(crops)
    >>> len(detector.calibration_scores_)
    20
    """

    _parameter_constraints: ClassVar[dict] = {
        "by": [StrOptions({"auto", "take", "board"})],
        "boards": "no_validation",  # As all labels, when they are used.
        "size": [Interval(Real, 0, 1, closed="neither"), None],
    }

    by: str = "auto"
    boards: Labels | None = None
    size: float | None = None


def choose_held_out(
    calibration: Calibration,
    boards: NDArray[Any],
    specimens: NDArray[np.intp],
    is_normal: NDArray[np.bool_],
    rng: np.random.RandomState,
    *,
    false_alarm_rate: float,
    has_reference: bool,
) -> NDArray[np.bool_]:
    """Choose the takes that neither training nor normality may see.

    Parameters
    ----------
    calibration : Calibration
        How.
    boards : ndarray of shape (n_takes,)
        Board of each take.
    specimens : ndarray of shape (n_takes,)
        Number of the specimen of each take.
    is_normal : ndarray of shape (n_takes,), bool
        Whether a take is normal.
    rng : RandomState
        Source of the choice.
    false_alarm_rate : float
        The share of normal takes that may be called abnormal.
    has_reference : bool
        Whether takes are scored against normal ones, which a specimen can be left out
        of.

    Returns
    -------
    ndarray of shape (n_takes,), bool
        Which takes are held out; none where each specimen is scored against the
        others.
    """
    calibration._validate_params()
    by, size = calibration.by, calibration.size
    if size is not None and by != "take":
        raise ValueError(
            f"calibration: size={size} does nothing with by={by!r}: it is the share "
            "that by='take' holds out"
        )
    if calibration.boards is not None:
        if by == "take":
            raise ValueError(
                "calibration: boards does nothing with by='take', which holds out "
                "takes of all boards: use by='auto' or by='board'"
            )
        return _hold_out_named(calibration.boards, boards, specimens, is_normal)
    n_specimens = len(np.unique(specimens[is_normal]))
    if by == "auto":
        by = "board" if n_specimens >= _ENOUGH_SPECIMENS else "take"
    held_out = np.zeros(len(boards), dtype=bool)
    if by == "take":
        n_normal = int(is_normal.sum())
        if size is None:
            n_held_out = default_held_out(n_normal, false_alarm_rate)
        else:
            n_held_out = round(size * n_normal)
        held_out[is_normal] = hold_out_takes(boards[is_normal], n_held_out, rng)
    elif n_specimens < 2:
        raise ValueError(
            "calibration by='board' needs at least 2 normal specimens, there is "
            f"{n_specimens}; use Calibration(by='take')"
        )
    elif not has_reference:
        chosen = hold_out_specimens(specimens[is_normal], false_alarm_rate, rng)
        held_out = np.isin(specimens, chosen)
    return held_out


def _hold_out_named(
    named: Labels,
    boards: NDArray[Any],
    specimens: NDArray[np.intp],
    is_normal: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    # The other end of a specimen would give it away.
    names = check_names(named, boards=boards, name="calibration: boards")
    is_named = np.array([board in set(names) for board in boards.tolist()], dtype=bool)
    held_out = np.isin(specimens, specimens[is_named])
    if not (held_out & is_normal).any() or not (~held_out & is_normal).any():
        raise ValueError(
            f"calibration: boards={names} must name some of the normal specimens of y "
            "and leave others"
        )
    return held_out


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
    """Count the takes that are held out to calibrate with by default.

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
    fit_normality: Callable[[NDArray[np.floating], NDArray[Any]], Any],
) -> NDArray[np.float64]:
    """Score each specimen's takes against the normal takes of the others.

    Parameters
    ----------
    features : ndarray of shape (n_takes, n_features)
        Features of each normal take.
    specimens : ndarray of shape (n_takes,)
        Specimen of each take.
    fit_normality : callable
        From features of normal takes and their specimens to a fitted estimator with
        `score_samples`.

    Returns
    -------
    ndarray of shape (n_takes,)
        Scores; higher is more normal.
    """
    scores = np.empty(len(features))
    for specimen in np.unique(specimens):
        left_out = specimens == specimen
        normality = fit_normality(features[~left_out], specimens[~left_out])
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
        Halfway between the scores ranked k − 1 and k, as at a threshold equal to a
        score the last digit would decide; for k ≤ 1, just below the lowest.

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
            stacklevel=5,
        )
    if rank <= 1:
        margin = 1e-6 * max(abs(ranked[0]), ranked[-1] - ranked[0])
        return float(ranked[0] - max(margin, np.finfo(np.float64).tiny))
    return float((ranked[rank - 2] + ranked[rank - 1]) / 2)


def conformal_p_values(
    scores: ArrayLike, calibration_scores: ArrayLike
) -> NDArray[np.float64]:
    """Compute how rare scores as low as these are among normal takes.

    Parameters
    ----------
    scores : array-like of shape (n_takes,)
        Scores; higher is more normal, and NaN stays NaN.
    calibration_scores : array-like of shape (n_calibration,)
        Scores of normal takes that the detector was not fitted on.

    Returns
    -------
    ndarray of shape (n_takes,)
        (1 + number of normal takes that score no higher) / (1 + number of normal
        takes), the conformal p-value.

    Examples
    --------
    >>> conformal_p_values([-3.0, 0.0], [-2.0, -1.0, 0.5])
    array([0.25, 0.75])
    """
    ranked = np.sort(calibration_scores)
    p_values = (1 + np.searchsorted(ranked, scores, side="right")) / (1 + len(ranked))
    return np.where(np.isnan(scores), np.nan, p_values)
