"""From taps to boards: one decision on all taps of a board."""

import warnings

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import combine_pvalues
from sklearn.utils import check_consistent_length, check_random_state

_INDEPENDENT = ("fisher", "pearson", "tippett", "stouffer", "mudholkar_george")
METHODS = ("median", *_INDEPENDENT)


def board_verdicts(
    p_values: ArrayLike,
    boards: ArrayLike,
    *,
    alpha: float = 0.05,
    scores: ArrayLike | None = None,
    method: str = "median",
) -> pd.DataFrame:
    """Decide for each board whether it is normal, by all its taps.

    Taps of one board sound alike: a sound board that is a little unlike the others is
    so at every tap, and to multiply its p-values as if each were news would call it
    abnormal. The k-th smallest of n p-values times n / k is a p-value however the taps
    depend on each other, and with the middle one a few bad taps do not turn it
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
    alpha : float, default=0.05
        Share of the normal boards that may be called abnormal.
    scores : array-like of shape (n_taps,), default=None
        Scores, whose median is told beside.
    method : str, default="median"
        "median", the middle p-value times about 2; or one of scipy's
        `combine_pvalues`, "fisher", "pearson", "tippett", "stouffer" or
        "mudholkar_george", which have more power and keep `alpha` only if the taps of
        a board are as independent as those of two boards, as with p-values calibrated
        by take on the very boards that are judged.

    Returns
    -------
    DataFrame
        One row a board, in the order of their first tap: `n_taps`, `n_unusual` (taps
        with a p-value of at most alpha), `median_score` if scores are given,
        `p_value`, and `verdict`: "abnormal", "normal", or "not judged" of a board
        without a usable tap.

    Raises
    ------
    ValueError
        If lengths differ, a p-value lies outside 0 to 1, or the method is unknown.

    Warns
    -----
    UserWarning
        If no verdict could ever be "abnormal", as the smallest p-value of all is too
        large for alpha.

    Examples
    --------
    >>> board_verdicts([0.4, 0.7, 0.02, 0.01, 0.02, 0.3], ["oak"] * 3 + ["ash"] * 3)
           n_taps  n_unusual  p_value   verdict
    board
    oak         3          1     0.60    normal
    ash         3          2     0.03  abnormal
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    boards = np.asarray(boards)
    check_consistent_length(p_values, boards, scores)
    if method not in METHODS:
        raise ValueError(f"method={method!r} must be one of {', '.join(METHODS)}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha={alpha!r} must lie between 0 and 1")
    known = ~np.isnan(p_values)
    if ((p_values[known] < 0) | (p_values[known] > 1)).any():
        raise ValueError("p_values must lie between 0 and 1; are they scores?")
    taps = pd.DataFrame({"board": boards, "p_value": p_values})
    if scores is not None:
        taps["score"] = np.asarray(scores, dtype=np.float64)
    rows = []
    for board, of_board in taps.groupby("board", sort=False):
        usable = of_board[of_board["p_value"].notna()]
        combined = _combine(usable["p_value"].to_numpy(), method)
        verdict = "abnormal" if combined <= alpha else "normal"
        rows.append(
            {
                "board": board,
                "n_taps": len(usable),
                "n_unusual": int((usable["p_value"] <= alpha).sum()),
                **(
                    {} if scores is None else {"median_score": usable["score"].median()}
                ),
                "p_value": combined,
                "verdict": verdict if len(usable) else "not judged",
            }
        )
    if method == "median" and known.any() and 2 * p_values[known].min() > alpha:
        warnings.warn(
            f"no tap has a p-value of {alpha / 2:g} or less, so that no board can be "
            f"called abnormal at alpha={alpha:g}; calibrating with at least "
            f"{int(np.ceil(2 / alpha)) - 1} normal takes makes it possible",
            stacklevel=2,
        )
    return pd.DataFrame(rows).set_index("board")


def verdict_curve(
    p_values: ArrayLike,
    boards: ArrayLike,
    *,
    normal_boards: ArrayLike,
    alpha: float = 0.05,
    method: str = "median",
    n_repeats: int = 100,
    random_state: int = 0,
) -> pd.DataFrame:
    """Tell how the verdicts get better with the number of taps.

    Of each board, some of its taps are drawn at random, again and again, and judged.

    Parameters
    ----------
    p_values : array-like of shape (n_taps,)
        Of each tap; NaN is left out.
    boards : array-like of shape (n_taps,)
        Board of each tap.
    normal_boards : array-like
        Boards that are normal.
    alpha : float, default=0.05
        As for `board_verdicts`.
    method : str, default="median"
        As for `board_verdicts`.
    n_repeats : int, default=100
        Draws for each number of taps.
    random_state : int, default=0
        Seed of the draws.

    Returns
    -------
    DataFrame
        One row for each number of taps, from 1 to as many as every board has:
        `n_taps`, `false_alarm_rate` and `hit_rate`, the shares of the normal and of
        the abnormal boards that are called abnormal; NaN where there are no such
        boards.

    Raises
    ------
    ValueError
        If no board has a usable tap, or for what `board_verdicts` raises.

    Examples
    --------
    >>> curve = verdict_curve(
    ...     [0.9, 0.6, 0.3, 0.02, 0.01, 0.2], ["oak"] * 3 + ["ash"] * 3,
    ...     normal_boards=["oak"],
    ... )
    >>> curve["hit_rate"].round(1).tolist()
    [0.6, 1.0, 1.0]
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    boards = np.asarray(boards)
    verdicts = board_verdicts(p_values, boards, alpha=alpha, method=method)
    known = ~np.isnan(p_values)
    of_board = [p_values[known & (boards == board)] for board in verdicts.index]
    judged = [taps for taps in of_board if len(taps)]
    if not judged:
        raise ValueError("no board has a usable tap: all p_values are NaN")
    names = verdicts.index[[len(taps) > 0 for taps in of_board]]
    is_normal = np.isin(names, np.asarray(normal_boards))
    rng = check_random_state(random_state)
    rows = []
    for n_taps in range(1, min(map(len, judged)) + 1):
        called = np.array(
            [
                np.mean(
                    [
                        _combine(rng.choice(taps, n_taps, replace=False), method)
                        <= alpha
                        for _ in range(n_repeats)
                    ]
                )
                for taps in judged
            ]
        )
        rows.append(
            {
                "n_taps": n_taps,
                "false_alarm_rate": _mean(called[is_normal]),
                "hit_rate": _mean(called[~is_normal]),
            }
        )
    return pd.DataFrame(rows)


def _combine(p_values: NDArray[np.float64], method: str) -> float:
    if not len(p_values):
        return np.nan
    if method == "median":
        n_taps = len(p_values)
        middle = (n_taps + 1) // 2
        return float(min(1.0, n_taps / middle * np.sort(p_values)[middle - 1]))
    return float(combine_pvalues(p_values, method=method).pvalue)


def _mean(rates: NDArray[np.float64]) -> float:
    return float(rates.mean()) if len(rates) else np.nan
