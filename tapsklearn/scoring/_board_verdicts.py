"""From taps to boards: one decision on all taps of a board."""

import warnings
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import combine_pvalues
from sklearn.utils import check_consistent_length, check_random_state

from tapsklearn._boards import find_normal, resolve_truth
from tapsklearn._labels import Labels, check_boards

_INDEPENDENT = ("fisher", "pearson", "tippett", "stouffer", "mudholkar_george")
COMBINATIONS = ("median", *_INDEPENDENT)


def board_verdicts(
    p_values: ArrayLike,
    boards: ArrayLike,
    *,
    false_alarm_rate: float = 0.05,
    scores: ArrayLike | None = None,
    combine: str = "median",
) -> pd.DataFrame:
    """Decide for each board whether it is normal, by all its taps.

    Taps of one board sound alike: a sound board that is a little unlike the others is
    so at every tap, and to multiply its p-values as if each were new evidence would
    call it abnormal. The k-th smallest of n p-values times n / k is a p-value however
    the taps depend on each other, and with the middle one a few bad taps do not turn it
    (B. Rüger, "Das maximale Signifikanzniveau des Tests: Lehne H0 ab, wenn k unter n
    gegebenen Tests zur Ablehnung führen", Metrika 25, 1978; V. Vovk and R. Wang,
    "Combining p-values via averaging", Biometrika 107, 2020). Its price is power: no
    verdict rests on a p-value below twice the smallest that one tap can have, which is
    1 / (number of takes calibrated with + 1).

    Parameters
    ----------
    p_values : array-like of shape (n_taps,)
        Of each tap, as a detector's `p_values` gives them; NaN is left out.
    boards : array-like of shape (n_taps,)
        Board of each tap.
    false_alarm_rate : float, default=0.05
        Share of the normal boards that may be called abnormal.
    scores : array-like of shape (n_taps,), default=None
        Scores, whose median is given beside.
    combine : str, default="median"
        "median", the middle p-value times about 2; or one of scipy's
        `combine_pvalues`, "fisher", "pearson", "tippett", "stouffer" or
        "mudholkar_george", which have more power and keep the rate only if the taps of
        a board are as independent as those of two boards, as with p-values calibrated
        by take on the very boards that are scored.

    Returns
    -------
    DataFrame
        One row a board, in the order of their first tap: `n_taps`, `n_unusual` (taps
        with a p-value of at most the rate), `median_score` if scores are given,
        `p_value`, and `verdict`: "abnormal", "normal", or "no usable take" of a board
        without a usable tap.

    Raises
    ------
    ValueError
        If lengths differ, a p-value lies outside 0 to 1, or `combine` is unknown.

    Warns
    -----
    UserWarning
        If no verdict could ever be "abnormal", as the smallest p-value of all is too
        large for the rate.

    Examples
    --------
    >>> board_verdicts([0.4, 0.7, 0.02, 0.01, 0.02, 0.3], ["oak"] * 3 + ["ash"] * 3)
           n_taps  n_unusual  p_value   verdict
    board
    oak         3          1     0.60    normal
    ash         3          2     0.03  abnormal
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    boards = check_boards(boards, n_takes=len(p_values), name="boards")
    check_consistent_length(p_values, scores)
    if combine not in COMBINATIONS:
        raise ValueError(
            f"combine={combine!r} must be one of {', '.join(COMBINATIONS)}"
        )
    if not 0 < false_alarm_rate < 1:
        raise ValueError(
            f"false_alarm_rate={false_alarm_rate!r} must lie between 0 and 1"
        )
    known = ~np.isnan(p_values)
    if ((p_values[known] < 0) | (p_values[known] > 1)).any():
        raise ValueError("p_values must lie between 0 and 1; are they scores?")
    taps = pd.DataFrame({"board": boards, "p_value": p_values})
    if scores is not None:
        taps["score"] = np.asarray(scores, dtype=np.float64)
    rows = []
    for board, of_board in taps.groupby("board", sort=False):
        usable = of_board[of_board["p_value"].notna()]
        combined = _combine(usable["p_value"].to_numpy(), combine)
        verdict = "abnormal" if combined <= false_alarm_rate else "normal"
        rows.append(
            {
                "board": board,
                "n_taps": len(usable),
                "n_unusual": int((usable["p_value"] <= false_alarm_rate).sum()),
                **(
                    {} if scores is None else {"median_score": usable["score"].median()}
                ),
                "p_value": combined,
                "verdict": verdict if len(usable) else "no usable take",
            }
        )
    if (
        combine == "median"
        and known.any()
        and 2 * p_values[known].min() > false_alarm_rate
    ):
        n_needed = int(np.ceil(2 / false_alarm_rate)) - 1
        warnings.warn(
            f"no tap has a p-value of {false_alarm_rate / 2:g} or less, so that no "
            f"board can be called abnormal at false_alarm_rate={false_alarm_rate:g}; "
            f"calibrating with at least {n_needed} normal takes makes it possible",
            stacklevel=2,
        )
    return pd.DataFrame(rows).set_index("board")


def verdict_curve(
    p_values: ArrayLike,
    boards: ArrayLike,
    *,
    normal_boards: Labels | None = None,
    truth: Any = None,
    false_alarm_rate: float = 0.05,
    combine: str = "median",
    n_repeats: int = 100,
    random_state: int = 0,
) -> pd.DataFrame:
    """Compute how the verdicts get better with the number of taps.

    Of each board, some of its taps are sampled at random, again and again, and the
    verdict on them counted.

    Parameters
    ----------
    p_values : array-like of shape (n_taps,)
        Of each tap; NaN is left out.
    boards : array-like of shape (n_taps,)
        Board of each tap.
    normal_boards : collection of labels, default=None
        Boards that are normal.
    truth : Truth, default=None
        What is known of the boards, in place of `normal_boards`.
    false_alarm_rate : float, default=0.05
        As for `board_verdicts`.
    combine : str, default="median"
        As for `board_verdicts`.
    n_repeats : int, default=100
        Samples for each number of taps.
    random_state : int, default=0
        Seed of the samples.

    Returns
    -------
    DataFrame
        One row for each number of taps, from 1 to as many as every board has:
        `n_taps`, `fpr` and `tpr`, the shares of the normal and of
        the abnormal boards that are called abnormal; NaN where there are no such
        boards.

    Raises
    ------
    ValueError
        If no board has a usable tap, a name of `normal_boards` is no board, or for
        what `board_verdicts` raises.

    Examples
    --------
    >>> curve = verdict_curve(
    ...     [0.9, 0.6, 0.3, 0.02, 0.01, 0.2], ["oak"] * 3 + ["ash"] * 3,
    ...     normal_boards=["oak"],
    ... )
    >>> curve["tpr"].round(1).tolist()
    [0.6, 1.0, 1.0]
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    boards = check_boards(boards, n_takes=len(p_values), name="boards")
    verdicts = board_verdicts(
        p_values, boards, false_alarm_rate=false_alarm_rate, combine=combine
    )
    normal_boards, _ = resolve_truth(truth, normal_boards)
    if normal_boards is None:
        raise ValueError("verdict_curve needs normal_boards or truth")
    # Boards without a usable tap count as there. What is known of a whole data set may
    # be of more boards than these.
    unknown: Literal["ignore", "raise"] = "raise" if truth is None else "ignore"
    find_normal(boards, normal_boards, unknown=unknown)
    known = ~np.isnan(p_values)
    of_board = [p_values[known & (boards == board)] for board in verdicts.index]
    usable = [taps for taps in of_board if len(taps)]
    if not usable:
        raise ValueError("no board has a usable tap: all p_values are NaN")
    names = verdicts.index[[len(taps) > 0 for taps in of_board]]
    is_normal = find_normal(check_boards(names), normal_boards)
    rng = check_random_state(random_state)
    rows = []
    for n_taps in range(1, min(map(len, usable)) + 1):
        called = np.array(
            [
                np.mean(
                    [
                        _combine(rng.choice(taps, n_taps, replace=False), combine)
                        <= false_alarm_rate
                        for _ in range(n_repeats)
                    ]
                )
                for taps in usable
            ]
        )
        rows.append(
            {
                "n_taps": n_taps,
                "fpr": _mean(called[is_normal]),
                "tpr": _mean(called[~is_normal]),
            }
        )
    return pd.DataFrame(rows)


def _combine(p_values: NDArray[np.float64], combine: str) -> float:
    if not len(p_values):
        return np.nan
    if combine == "median":
        n_taps = len(p_values)
        middle = (n_taps + 1) // 2
        return float(min(1.0, n_taps / middle * np.sort(p_values)[middle - 1]))
    return float(combine_pvalues(p_values, method=combine).pvalue)


def _mean(rates: NDArray[np.float64]) -> float:
    return float(rates.mean()) if len(rates) else np.nan
