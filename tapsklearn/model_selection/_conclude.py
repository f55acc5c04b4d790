"""What a comparison says in words: which method to use, and what is unknown."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tapsklearn._boards import name_specimens
from tapsklearn.datasets import Truth

_CHANCE = 0.5
_RATE = 0.05
# So many normal specimens make 1 in 20 of the scores the lowest.
_ENOUGH_SPECIMENS = 19


def conclude(ranking: pd.DataFrame, results: pd.DataFrame) -> str:
    """Write which method to use, or that the boards cannot separate them.

    Parameters
    ----------
    ranking : DataFrame
        What `rank_methods` returns.
    results : DataFrame
        The `results` of a `Comparison`.

    Returns
    -------
    str
        One or two sentences.
    """
    best = ranking.iloc[0]
    if np.isnan(best["low"]):
        return (
            f"The AUROC of {best.name} is the highest, {best['roc_auc']:.2f}, but how "
            "far that holds for other boards is unknown: one or two specimens of a "
            "condition show next to nothing of others. Record more boards, at least "
            "three specimens of each condition."
        )
    auroc = f"{best['roc_auc']:.2f} ({best['low']:.2f} to {best['high']:.2f})"
    if best["low"] <= _CHANCE:
        return (
            "No method detects the difference for certain: the AUROC of the best, "
            f"{best.name}, is {auroc}, and 0.5 is chance. Record more boards."
        )
    tied = ranking.index[ranking["tied"]]
    if len(tied) == 1:
        return f"Use {best.name}: its AUROC, {auroc}, is the highest, and above chance."
    seconds = results.groupby("method")["fit_seconds"].mean()
    others = ", ".join(str(name) for name in tied if name != best.name)
    return (
        f"No clear winner: the AUROC of {best.name} is the highest, {auroc}, but these "
        f"boards cannot separate it from {others}. Of these, {seconds[tied].idxmin()} "
        "trains fastest."
    )


def find_limits(
    boards: NDArray[Any],
    is_normal: NDArray[np.bool_],
    kinds: NDArray[np.str_],
    *,
    truth: Truth,
    folds: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
    sessions: dict[Any, Any] | None,
) -> list[str]:
    """Find what no comparison on these boards can say.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Board of each take.
    is_normal : ndarray of shape (n_takes,), bool
        Which takes are of normal boards.
    kinds : ndarray of shape (n_takes,)
        Kind of defect of each take, "" of normal ones.
    truth : Truth
        What is known of the boards.
    folds : sequence of tuple (train, test)
        Rows of each fold.
    sessions : dict or None
        Session of each board, if folds hold out sessions.

    Returns
    -------
    list of str
        A sentence for each.
    """
    unit = "specimen" if sessions is None else "session"
    of_take = name_specimens(boards, truth.specimens if sessions is None else sessions)
    limits = []
    defects = set(kinds) - {""}
    if not any(set(kinds[train]) & set(kinds[test]) - {""} for train, test in folds):
        n_units = [len(np.unique(of_take[kinds == kind])) for kind in defects]
        reason = (
            f"no kind has two {unit}s"
            if max(n_units, default=0) < 2
            else "no fold has a kind on both sides"
        )
        limits.append(f"How well known defects are detected is unknown: {reason}.")
    if truth.kinds is None:
        limits.append(
            "How well other kinds of defects would be detected is unknown: no kinds "
            "are named (a column kind of takes.csv or boards.csv), and all count as "
            "one."
        )
    elif len(defects) < 2:
        limits.append(
            "How well other kinds of defects would be detected is unknown: there is "
            "one kind only."
        )
    n_normal = len(np.unique(of_take[is_normal]))
    if n_normal < _ENOUGH_SPECIMENS:
        limits.append(
            f"No threshold can promise {100 * _RATE:.0f} % false alarms for another "
            f"{unit}: that needs {_ENOUGH_SPECIMENS} normal {unit}s, and there "
            f"{'is' if n_normal == 1 else 'are'} {n_normal}."
        )
    if sessions is None and truth.sessions is not None:
        limits += _find_limits_of_sessions(boards, is_normal, truth.sessions)
    return limits


def _find_limits_of_sessions(
    boards: NDArray[Any], is_normal: NDArray[np.bool_], sessions: Any
) -> list[str]:
    """Find whether a method may detect the session in place of the defect."""
    known = np.isin(boards, list(sessions))
    of_take = np.array([str(sessions.get(board)) for board in boards.tolist()])
    normal, abnormal = (set(of_take[known & side]) for side in (is_normal, ~is_normal))
    if not normal & abnormal:
        return [
            "Whether it is the defect that is detected is unknown: no session has both "
            "normal and abnormal boards."
        ]
    if len(abnormal) == 1 and len(normal) > 1:
        return [
            "Whether it is the defect that is detected is unknown: all abnormal boards "
            f"are of one session, {min(abnormal)}."
        ]
    return []
