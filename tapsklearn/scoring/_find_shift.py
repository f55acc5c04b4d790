"""Whether the scores of normal boards have moved since the model was calibrated."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import mannwhitneyu

from tapsklearn._boards import find_normal, name_specimens, resolve_truth
from tapsklearn._labels import Labels, check_boards
from tapsklearn.scoring._pipelines import find_detector

# How often a warning may come up though nothing has changed.
FALSE_WARNING_RATE = 0.01
LOWER, HIGHER, UNMOVED = "lower", "higher", ""
# Shares of that rate. A specimen that was left out is scored against one fewer than a
# new one, which so scores a little higher: more of these than the rate are higher by
# chance, and fewer are lower (benchmarks/false_warnings.py).
_OF_LOWER, _OF_HIGHER = 0.5, 0.05
# Of the boards whose condition is unknown, so many are normal.
_LEAST_NORMAL = 0.5
# Numbers of pairs up to which p-values are counted, and not approximated.
_MOST_COUNTED = 2500


@dataclass(frozen=True, kw_only=True)
class ScoreShift:
    """What `find_shift` found.

    Parameters
    ----------
    direction : {"lower", "higher", ""}
        How normal boards score, compared with those that calibrated the model: "" if
        nothing shows that it is otherwise.
    p_value : float
        At most so often boards which are like those calibrated with look so different,
        in any of both directions; NaN if nothing can be known.
    n_boards : int
        Specimens that were scored.
    n_normal : int
        How many of them count as normal: those that are known to be, or half.
    n_calibration : int
        Specimens that calibrated the model.
    reason : str, default=""
        Why nothing can be known, if so.
    """

    direction: str
    p_value: float
    n_boards: int
    n_normal: int
    n_calibration: int
    reason: str = ""

    @property
    def has_moved(self) -> bool:
        """Whether normal scores have moved.

        Returns
        -------
        bool
            True if they have, for all that is known.
        """
        return self.direction != UNMOVED

    def describe(self) -> str:
        """Say what was found, and what to do.

        Returns
        -------
        str
            A message of a few sentences.
        """
        if self.reason:
            return f"whether normal scores have moved is unknown: {self.reason}"
        if not self.has_moved:
            return (
                f"nothing shows that normal scores have moved (p = {self.p_value:.2g})"
            )
        are_known = self.n_normal == self.n_boards
        boards = f"{self.n_boards} boards"
        if self.direction == LOWER:
            who = (
                f"the {boards}, normal ones," if are_known else f"most of the {boards}"
            )
            risk = "normal boards are called abnormal too often"
            if not are_known:
                risk = f"unless most of these boards are damaged, {risk}"
        else:
            who, risk = f"the {boards}", "defects may pass for normal"
        return (
            f"normal scores seem to have moved since calibration: {who} score "
            f"{self.direction} than the {self.n_calibration} normal ones that the "
            f"threshold comes from (p = {self.p_value:.1g}), as with another "
            f"microphone, place or stick; {risk}. Record a few normal boards as these "
            "were, and calibrate with them (`tapsklearn calibrate`), or train with "
            "them (`tapsklearn train --add`)"
        )


def find_shift(
    estimator: Any,
    scores: ArrayLike,
    boards: ArrayLike,
    *,
    normal_boards: Labels | None = None,
    truth: Any = None,
    specimens: Mapping[Any, Any] | None = None,
    false_warning_rate: float = FALSE_WARNING_RATE,
) -> ScoreShift:
    """Find out whether normal boards score otherwise than when it was calibrated.

    Another microphone, room or stick moves the scores of all boards, and the threshold
    stays. Of each specimen the median over its taps counts, as its taps sound alike;
    these medians are compared with those of the specimens that calibrated the model,
    by ranks (H. B. Mann and D. R. Whitney, "On a test of whether one of two random
    variables is stochastically larger than the other", Annals of Mathematical
    Statistics 18, 1947).

    Which boards are normal need not be known. Then it is assumed that half of them are,
    and that abnormal ones score no higher. So the higher half scores at least as high
    as as many normal boards would: if even this half is lower than the boards
    calibrated with, normal scores are lower. If all boards together are higher, so are
    the normal ones.

    Parameters
    ----------
    estimator : estimator
        Fitted detector, or a pipeline or search that ends in one.
    scores : array-like of shape (n_taps,)
        Of each tap, by this estimator; NaN is left out.
    boards : array-like of shape (n_taps,)
        Board of each tap.
    normal_boards : collection of labels, default=None
        Boards that are known to be normal; then they alone count. If None, none is.
    truth : Truth, default=None
        What is known of the boards, in place of `normal_boards` and `specimens`.
    specimens : mapping, default=None
        Specimen of each board that is not a specimen of its own.
    false_warning_rate : float, default=0.01
        How often normal scores may seem to have moved though they have not, between 0
        and 1: half of it for lower ones, a twentieth for higher ones.

    Returns
    -------
    ScoreShift
        What was found.

    Raises
    ------
    ValueError
        If lengths differ, `false_warning_rate` lies outside 0 to 1, or a name of
        `normal_boards` is no board.

    Notes
    -----
    The rate holds where normal boards are exchangeable with those calibrated with.
    They are so to within what a specimen more changes in the model, if each specimen
    was scored against the others, which the rate of higher ones allows for; not if the
    network of the detector was trained on
    the boards that calibrated it. Nothing can be known of a model that was calibrated
    by take, as it promises nothing for other boards, nor of boards that are too few for
    the rate.

    Examples
    --------
    >>> from tapsklearn import CropDetector
    >>> rng = np.random.default_rng(0)
    >>> crops = rng.normal(size=(60, 16, 24))
    >>> boards = np.repeat([f"board {number}" for number in range(30)], 2)
    >>> detector = CropDetector(random_state=0).fit(crops[:40], boards[:40])
    >>> find_shift(detector, detector.score_samples(crops[40:]), boards[40:]).direction
    ''
    >>> changed = crops[40:] * 0.8
    >>> find_shift(detector, detector.score_samples(changed), boards[40:]).direction
    'higher'
    """
    if not 0 < false_warning_rate < 1:
        raise ValueError(
            f"false_warning_rate={false_warning_rate!r} must lie between 0 and 1"
        )
    scores = np.asarray(scores, dtype=np.float64)
    boards = check_boards(boards, n_takes=len(scores), name="boards")
    normal_boards, specimens = resolve_truth(truth, normal_boards, specimens)
    is_known = np.isfinite(scores)
    if normal_boards is not None:
        unknown: Any = "raise" if truth is None else "ignore"
        is_known &= find_normal(boards, normal_boards, unknown=unknown)
    medians = _find_medians(
        scores[is_known], name_specimens(boards[is_known], specimens)
    )
    n_boards = len(medians)
    n_normal = n_boards
    if normal_boards is None:
        n_normal = math.ceil(_LEAST_NORMAL * n_boards)
    calibrated = _find_calibrated(estimator)
    found: dict[str, Any] = {
        "n_boards": n_boards,
        "n_normal": n_normal,
        "n_calibration": len(calibrated),
    }
    reason = _find_reason(n_normal, len(calibrated), _OF_LOWER * false_warning_rate)
    if reason:
        return ScoreShift(direction=UNMOVED, p_value=math.nan, reason=reason, **found)
    best = np.sort(medians)[n_boards - n_normal :]
    lower = _compare(best, calibrated, "less") / _OF_LOWER
    higher = _compare(medians, calibrated, "greater") / _OF_HIGHER
    p_value = min(lower, higher, 1.0)
    direction = UNMOVED
    if p_value <= false_warning_rate:
        direction = LOWER if lower <= higher else HIGHER
    return ScoreShift(direction=direction, p_value=p_value, **found)


class ShiftMonitor:
    """Watch for moved scores while boards are tapped, one after the other.

    `find_shift` of all boards so far, when there are enough to know something, and
    each time that they have doubled: first with half of the rate, then with a quarter
    and so on, so that all looks together keep it.

    Parameters
    ----------
    estimator : estimator
        Fitted detector, or a pipeline or search that ends in one.
    false_warning_rate : float, default=0.01
        How often scores may seem to have moved though they have not, in all.

    Examples
    --------
    >>> from tapsklearn import CropDetector
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> boards = np.repeat([f"board {number}" for number in range(20)], 2)
    >>> monitor = ShiftMonitor(CropDetector(random_state=0).fit(crops, boards))
    >>> found = [monitor.add(number, -99.0) for number in range(6)]
    >>> [shift.direction for shift in found if shift]
    ['lower']
    """

    def __init__(
        self, estimator: Any, *, false_warning_rate: float = FALSE_WARNING_RATE
    ) -> None:
        self._estimator = estimator
        self._rate = false_warning_rate / 2
        n_calibration = len(_find_calibrated(estimator))
        self._next_look: float = math.inf
        if n_calibration:
            self._next_look = _count_needed(n_calibration, _OF_LOWER * self._rate)
        self._scores: list[float] = []
        self._boards: list[Any] = []
        self._n_whole = 0

    def add(self, board: Any, score: float) -> ScoreShift | None:
        """Add a tap.

        Parameters
        ----------
        board : label
            Its board: another one than that of the last tap ends that board.
        score : float
            Its score.

        Returns
        -------
        ScoreShift or None
            That scores have moved, if the boards that have ended show it; said once.
        """
        found = None
        if self._boards and board != self._boards[-1]:
            self._n_whole += 1
            if self._n_whole >= self._next_look:
                found = self._look()
        self._scores.append(score)
        self._boards.append(board)
        return found

    def _look(self) -> ScoreShift | None:
        shift = find_shift(
            self._estimator, self._scores, self._boards, false_warning_rate=self._rate
        )
        self._next_look *= 2
        self._rate /= 2
        if not shift.has_moved:
            return None
        self._next_look = math.inf
        return shift


def _find_calibrated(estimator: Any) -> NDArray[np.float64]:
    """Find the medians of the specimens that a model is calibrated with, if known."""
    detector = find_detector(estimator)
    specimens = getattr(detector, "calibration_specimens_", None)
    if specimens is None:
        return np.empty(0)
    return _find_medians(detector.calibration_scores_, specimens)


def _find_medians(
    scores: NDArray[np.float64], specimens: NDArray[Any]
) -> NDArray[np.float64]:
    medians = pd.Series(scores).groupby(specimens).median()
    return np.asarray(medians, dtype=np.float64)


def _count_ways(n_normal: int, n_calibration: int) -> int:
    """Count the orders of which one is the most extreme."""
    return math.comb(n_normal + n_calibration, n_normal)


def _count_needed(n_calibration: int, rate: float) -> int:
    """Count the boards without which nothing can be so rare."""
    n_boards = 1
    while _count_ways(math.ceil(_LEAST_NORMAL * n_boards), n_calibration) < 1 / rate:
        n_boards += 1
    return n_boards


def _find_reason(n_normal: int, n_calibration: int, rate: float) -> str:
    if not n_calibration:
        return (
            "the model is calibrated by take, not with boards that were left out: that "
            "takes five normal specimens"
        )
    if _count_ways(n_normal, n_calibration) < 1 / rate:
        return (
            f"{n_normal} normal boards and {n_calibration} that calibrated the model "
            "are too few"
        )
    return ""


def _compare(
    scores: NDArray[np.float64], calibrated: NDArray[np.float64], alternative: Any
) -> float:
    is_counted = len(scores) * len(calibrated) <= _MOST_COUNTED
    test = mannwhitneyu(
        scores,
        calibrated,
        alternative=alternative,
        method="exact" if is_counted else "asymptotic",
    )
    return float(test.pvalue)
