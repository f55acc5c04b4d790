"""A model and the one that is trained again with boards recorded since."""

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from tapsklearn._boards import name_specimens
from tapsklearn._labels import check_boards
from tapsklearn.datasets import Truth
from tapsklearn.model_selection._board_kfold import BoardKFold, count_feasible_folds
from tapsklearn.model_selection._fit_and_score import with_params
from tapsklearn.model_selection._fold_features import take_rows
from tapsklearn.model_selection._rank_methods import rank_methods
from tapsklearn.scoring import compute_features, find_detector, score_takes

OLD, NEW, UNKNOWN = "old", "new", ""
_MOST_FOLDS = 5
# Of five specimens that all changed for the better, chance does as much in 1 of 16.
_ENOUGH_SPECIMENS = 6
_CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class GrownComparison:
    """What `compare_grown` found.

    Parameters
    ----------
    better : {"old", "new", ""}
        Which model is better on boards that neither has seen; "" if that is unknown.
    conclusion : str
        The same in a sentence, with figures.
    summary : DataFrame
        A row for "old" and one for "new", and the "difference" new - old: `roc_auc`,
        `fpr` and `tpr` (shares of the normal and of the abnormal takes called abnormal
        at each one's threshold), each with `_low` and `_high` of a 95 % interval over
        specimens, and `p_value`, the median p-value of normal takes, 0.5 if the
        calibration holds. NaN where too few specimens were recorded to know.
    scores : DataFrame
        A row for each take and model: `method` ("old" or "new"), `fold`, `board`,
        `specimen`, `condition`, `score`, `p_value` and `is_alarm`.
    n_normal, n_abnormal : int
        Specimens compared on.
    """

    better: str
    conclusion: str
    summary: pd.DataFrame
    scores: pd.DataFrame
    n_normal: int
    n_abnormal: int


def compare_grown(
    old: Any,
    X: Any,
    y: ArrayLike,
    *,
    truth: Truth,
    new: Any = None,
    n_folds: int = _MOST_FOLDS,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> GrownComparison:
    """Compare a model with itself trained again on more boards.

    Both are scored on the same takes, of specimens that neither has seen: those that
    the old model was not fitted on, cross-validated. In each fold the new model is
    trained on all boards but those held out; the old one stays as it is. Which takes
    the old model has seen it knows by the names of their boards and specimens, and by
    the takes themselves.

    Parameters
    ----------
    old : Pipeline
        Fitted: steps that compute features, and a detector of tapsklearn.
    X : array-like of length n_takes
        Takes that the old model was trained on, and takes of further boards, as its
        first step takes them.
    y : array-like of shape (n_takes,)
        Board of each take.
    truth : Truth
        Which boards are normal, and what belongs together.
    new : Pipeline, default=None
        Unfitted, what is trained. If None, the old one's settings.
    n_folds : int, default=5
        At most so many folds.
    n_resamples : int, default=2000
        Samples of specimens that intervals come from.
    random_state : int, default=0
        Seed of the folds and of the samples.

    Returns
    -------
    GrownComparison
        What was found.

    Raises
    ------
    ValueError
        If the old model does not know what it was trained on, or nothing is new.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from tapsklearn import SpectrumDetector, Standardizer
    >>> crops = np.random.default_rng(0).normal(size=(160, 16, 24))
    >>> crops[::2, 3] += 2.0
    >>> boards = np.repeat([f"board {number}" for number in range(40)], 4)
    >>> truth = Truth(sorted(set(boards)))
    >>> old = make_pipeline(Standardizer(), SpectrumDetector(random_state=0))
    >>> old = old.fit(crops[:32], boards[:32])
    >>> found = compare_grown(old, crops, boards, truth=truth)
    >>> found.n_normal, found.summary["fpr"].notna().all()
    (32, np.True_)
    """
    boards = check_boards(y, n_takes=len(X))
    detector = find_detector(old)
    if not hasattr(detector, "has_seen"):
        raise ValueError(
            f"a {type(detector).__name__} does not know what it was trained on: end "
            "the pipeline in a detector of tapsklearn"
        )
    features = compute_features(old, X)
    is_seen = detector.has_seen(features, boards, specimens=truth.specimens)
    unseen = np.flatnonzero(~is_seen)
    if not len(unseen):
        raise ValueError(
            "the model was trained on all of these specimens: nothing is new that it "
            "could be compared on"
        )
    specimens = name_specimens(boards, truth.specimens)
    is_normal = np.isin(boards, list(truth.normal_boards))
    of_old = score_takes(detector, features)
    template = clone(old) if new is None else new
    parts = []
    for fold, held_out in enumerate(
        _split(unseen, boards, specimens, truth, n_folds, random_state)
    ):
        rest = np.setdiff1d(np.arange(len(boards)), held_out)
        present = set(boards[rest].tolist())
        known = {
            "normal_boards": [each for each in truth.normal_boards if each in present],
            "specimens": truth.specimens,
        }
        fitted = with_params(template, known).fit(take_rows(X, rest), boards[rest])
        of_new = score_takes(fitted, take_rows(X, held_out))
        for method, scored in (OLD, of_old.iloc[held_out]), (NEW, of_new):
            parts.append(
                pd.DataFrame(
                    {
                        "method": method,
                        "fold": fold,
                        "board": boards[held_out],
                        "specimen": specimens[held_out],
                        "condition": np.where(
                            is_normal[held_out], "normal", "abnormal"
                        ),
                        "score": scored["score"].to_numpy(),
                        "p_value": scored["p_value"].to_numpy(),
                        "is_alarm": scored["prediction"].to_numpy() == -1,
                    }
                )
            )
    n_normal, n_abnormal = (
        len(np.unique(specimens[unseen][is_normal[unseen] == side]))
        for side in (True, False)
    )
    columns = ["method", "fold", "board", "specimen", "condition"]
    scores = (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=[*columns, "score", "p_value", "is_alarm"])
    )
    summary = _summarize(scores, truth, n_resamples, random_state)
    better, conclusion = _conclude(summary, n_normal, n_abnormal)
    return GrownComparison(
        better=better,
        conclusion=conclusion,
        summary=summary,
        scores=scores,
        n_normal=n_normal,
        n_abnormal=n_abnormal,
    )


def _split(
    unseen: NDArray[np.intp],
    boards: NDArray[Any],
    specimens: NDArray[np.str_],
    truth: Truth,
    n_folds: int,
    random_state: int,
) -> Iterator[NDArray[np.intp]]:
    """Split the takes that the old model has not seen, by specimen."""
    of_unseen = boards[unseen]
    present = set(of_unseen.tolist())
    known: dict[str, Any] = {
        "normal_boards": [each for each in truth.normal_boards if each in present],
        "specimens": dict(
            zip(of_unseen.tolist(), specimens[unseen].tolist(), strict=True)
        ),
    }
    try:
        feasible = count_feasible_folds(of_unseen, **known)
    except ValueError:
        # Too few of a condition: there is no AUROC within a fold.
        names = np.unique(specimens[unseen])
        if len(names) < 2:
            return
        order = np.random.default_rng(random_state).permutation(len(names))
        fold_of = dict(zip(names[order], np.arange(len(names)) % n_folds, strict=True))
        folds = np.array([fold_of[name] for name in specimens[unseen]])
        for fold in np.unique(folds):
            yield unseen[folds == fold]
        return
    splitter = BoardKFold(
        min(n_folds, feasible), shuffle=True, random_state=random_state, **known
    )
    for _, rows in splitter.split(unseen, of_unseen):
        yield unseen[rows]


def _summarize(
    scores: pd.DataFrame, truth: Truth, n_resamples: int, random_state: int
) -> pd.DataFrame:
    rates = ("roc_auc", "fpr", "tpr")
    columns = [f"{rate}{end}" for rate in rates for end in ("", "_low", "_high")]
    found = np.full((3, len(columns) + 1), np.nan)
    if len(scores):
        if (scores.groupby("fold")["condition"].nunique() == 2).all():
            found[:, :3] = _rank(scores, truth, n_resamples, random_state)
        for place, condition in ((3, "normal"), (6, "abnormal")):
            chosen = scores[scores["condition"] == condition]
            if len(chosen):
                found[:, place : place + 3] = _sample_rates(
                    chosen, n_resamples, random_state
                )
        normal = scores[scores["condition"] == "normal"]
        medians = normal.groupby("method")["p_value"].median().reindex([OLD, NEW])
        found[:2, -1] = medians.to_numpy(dtype=float)
        found[2, -1] = found[1, -1] - found[0, -1]
    return pd.DataFrame(
        found, index=[OLD, NEW, "difference"], columns=[*columns, "p_value"]
    )


def _rank(
    scores: pd.DataFrame, truth: Truth, n_resamples: int, random_state: int
) -> NDArray[np.float64]:
    """Compute the AUROC of old, new and their difference, with intervals."""
    ranked = rank_methods(
        scores, truth=truth, n_resamples=n_resamples, random_state=random_state
    )
    each = ranked.loc[[OLD, NEW], ["roc_auc", "low", "high"]].to_numpy(dtype=float)
    # Of the one that is not the best.
    ends = ["difference", "difference_low", "difference_high"]
    difference = ranked.iloc[1][ends].to_numpy(dtype=float)
    if ranked.index[0] == OLD:
        difference = -difference[[0, 2, 1]]
    return np.vstack([each, difference])


def _sample_rates(
    scores: pd.DataFrame, n_resamples: int, random_state: int
) -> NDArray[np.float64]:
    """Compute rates of alarms of old, new and their difference, with intervals.

    Specimens are sampled with replacement, for both models the same.
    """
    specimens = np.unique(scores["specimen"])
    alarms, takes = np.zeros((2, len(specimens), 2))
    for place, method in enumerate((OLD, NEW)):
        of_method = scores[scores["method"] == method]
        row = np.searchsorted(specimens, of_method["specimen"])
        np.add.at(alarms[:, place], row, of_method["is_alarm"].to_numpy(dtype=float))
        np.add.at(takes[:, place], row, 1)
    n_specimens = len(specimens)
    rng = np.random.default_rng(random_state)
    chances = np.full(n_specimens, 1 / n_specimens)
    weights = rng.multinomial(n_specimens, chances, size=n_resamples)
    sampled = (weights @ alarms) / (weights @ takes)
    sampled = np.column_stack([sampled, sampled[:, 1] - sampled[:, 0]])
    rates = alarms.sum(axis=0) / takes.sum(axis=0)
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(sampled, [tail, 1 - tail], axis=0)
    if n_specimens < _ENOUGH_SPECIMENS:
        low = high = np.full(3, np.nan)
    return np.column_stack([[*rates, rates[1] - rates[0]], low, high])


def _conclude(summary: pd.DataFrame, n_normal: int, n_abnormal: int) -> tuple[str, str]:
    """Say which model is better, if that is known."""
    old, new, difference = summary.to_dict(orient="records")
    if math.isnan(new["fpr"]) and math.isnan(new["tpr"]):
        return UNKNOWN, (
            "Which model is better is unknown: there is one new specimen, and the new "
            "model could be trained on it or compared on it, not both."
        )
    figures = []
    for name, title, scale, unit in (
        ("roc_auc", "AUROC", 1, ""),
        ("fpr", "false alarms", 100, " %"),
        ("tpr", "hits", 100, " %"),
    ):
        if math.isnan(new[name]):
            continue
        digits = 3 if scale == 1 else 0
        low, high = (scale * difference[f"{name}_{end}"] for end in ("low", "high"))
        figure = f"{title} {scale * new[name]:.{digits}f}{unit}, "
        figure += f"old {scale * old[name]:.{digits}f}{unit}"
        if not math.isnan(low):
            figure += f" (difference {low:+.{digits}f} to {high:+.{digits}f})"
        figures.append(figure)
    of_new = (
        f"on {n_normal} normal and {n_abnormal} abnormal specimens that neither has "
        f"seen: {'; '.join(figures)}"
    )
    # What is better is larger.
    signs = {
        "AUROC": _find_sign(difference, "roc_auc"),
        "hits": _find_sign(difference, "tpr"),
        "false alarms": -_find_sign(difference, "fpr"),
    }
    better = {name for name, sign in signs.items() if sign > 0}
    worse = {name for name, sign in signs.items() if sign < 0}
    if better and not worse:
        return NEW, f"The new model is better in {_list(better)}, {of_new}."
    if worse and not better:
        return OLD, f"The old model is better in {_list(worse)}, {of_new}."
    if better:
        return UNKNOWN, (
            "Which model is better is for you to say: the new one is better in "
            f"{_list(better)}, the old one in {_list(worse)}, {of_new}."
        )
    return UNKNOWN, (
        f"Which model is better is unknown: the differences may be chance, {of_new}."
    )


def _find_sign(difference: dict[Hashable, Any], name: str) -> int:
    """Return the sign of a difference that is beyond chance, else 0."""
    if difference[f"{name}_low"] > 0:
        return 1
    return -1 if difference[f"{name}_high"] < 0 else 0


def _list(names: set[str]) -> str:
    return " and ".join(sorted(names))
