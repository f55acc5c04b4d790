"""All methods under one cross-validation over boards."""

import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import check_consistent_length

from tapsklearn._jobs import one_thread
from tapsklearn.model_selection._board_kfold import BoardKFold
from tapsklearn.model_selection._cells import Cell, FinishedCells, Outcome
from tapsklearn.model_selection._scorers import METRICS, judge
from tapsklearn.preprocessing import TapFeatures
from tapsklearn.scoring._estimators import judge_takes
from tapsklearn.scoring._features import read_features

_SECONDS = ("fit_seconds", "score_seconds")
_RATES = ("false_alarm_rate", "hit_rate")
_SCORE_COLUMNS = (
    *("method", "fold", "row", "board", "condition"),
    *("score", "p_value", "prediction"),
)


def compare_methods(
    methods: Mapping[str, Any],
    X: Any,
    y: ArrayLike,
    *,
    normal_boards: ArrayLike,
    cv: Any = 5,
    specimens: Mapping[Any, Any] | None = None,
    scoring: Any = ("roc_auc", "pauc"),
    preprocessing: Any = None,
    random_state: int | None = None,
    n_jobs: int | None = None,
    keep_in: str | Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    return_scores: bool = False,
) -> Any:
    """Judge methods by the same boards that none of them has heard.

    Parameters
    ----------
    methods : mapping of str to detector
        Unfitted detectors, or pipelines that end in one, by name. `normal_boards`,
        `specimens` and, if given, `random_state` are set in all of them.
    X : array-like of length n_takes
        Crops as the detectors take them, or paths of recordings, which are read
        and turned into crops once for all methods and folds.
    y : array-like of shape (n_takes,)
        Board of each take.
    normal_boards : array-like
        Labels of y that are normal.
    cv : int or splitter, default=5
        Number of folds of a `BoardKFold`, or a splitter of (X, y).
    specimens : mapping, default=None
        Specimen of each board that is not a specimen of its own.
    scoring : str, callable, sequence or mapping, default=("roc_auc", "pauc")
        Metrics that `anomaly_scorer` knows, by name, or scorers of your own,
        ``scorer(estimator, X, y)`` with the boards as y; a mapping names its columns.
    preprocessing : transformer, default=None
        From paths to crops, each take alone; None is `TapFeatures(shifts=(0, 6))`,
        the article's two crops.
        Only used with paths.
    random_state : int, default=None
        Seed given to every method.
    n_jobs : int, default=None
        Parts of the files, then fits, run in parallel, by the backend that joblib is
        set to, Dask's too. Each fit has one thread, so the numbers are the same with
        any `n_jobs`.
    keep_in : str or Path, default=None
        Folder to keep what is finished of each method and fold in. A comparison that
        was broken off and is called again in the same way goes on where it was.
    progress : callable, default=None
        Called with a stage, "reading" or "comparing", how many of its steps are
        done, and how many there are.
    return_scores : bool, default=False
        Whether to return the score of every take too.

    Returns
    -------
    results : DataFrame
        One row for each method and fold: `method`, `fold`, the metrics,
        `false_alarm_rate` and `hit_rate` (shares of the normal and of the abnormal
        takes that are called abnormal), `fit_seconds` and `score_seconds`. Where
        a fit fails, the figures are NaN and a warning says why.
    scores : DataFrame
        One row for each method and judged take: `method`, `fold`, `row` (of X),
        `board`, `condition`, `score`, `p_value` (NaN of an estimator without
        `p_values`) and `prediction`. Only if asked.

    Raises
    ------
    ValueError
        If there is no method, a metric is unknown, X and y differ in length, or
        the folds cannot be made.
    TakeError
        If recordings cannot be used; it names them all.

    Examples
    --------
    >>> from tapsklearn.detectors import reference_methods
    >>> crops = np.random.default_rng(0).normal(size=(120, 16, 24))
    >>> crops[80:] += 5
    >>> boards = np.repeat(["oak", "ash", "fir", "elm", "cracked a", "cracked b"], 20)
    >>> results = compare_methods(
    ...     reference_methods(), crops, boards, cv=2, random_state=0,
    ...     normal_boards=["oak", "ash", "fir", "elm"],
    ... )
    >>> results[["method", "fold", "roc_auc"]]
                     method  fold  roc_auc
    0          spectrum-knn     0      1.0
    1          spectrum-knn     1      1.0
    2  spectrum-mahalanobis     0      1.0
    3  spectrum-mahalanobis     1      1.0
    4              crop-knn     0      1.0
    5              crop-knn     1      1.0
    6        randomconv-knn     0      1.0
    7        randomconv-knn     1      1.0
    """
    if not methods:
        raise ValueError("there is no method to compare: methods is empty")
    scorers = _name_scorers(scoring)
    boards = np.asarray(y)
    check_consistent_length(X, boards)
    if isinstance(cv, int | np.integer):
        cv = BoardKFold(int(cv), normal_boards=normal_boards, specimens=specimens)
    folds = list(cv.split(boards, boards))
    is_normal = np.isin(boards, np.asarray(normal_boards))

    takes = np.asarray(X)
    if takes.ndim == 1:
        takes = read_features(
            [str(path) for path in takes],
            preprocessing or TapFeatures(shifts=(0, 6)),
            n_jobs=n_jobs,
            progress=progress,
        )
    given = {"normal_boards": normal_boards, "specimens": specimens}
    if random_state is not None:
        given["random_state"] = random_state
    cells = [
        (name, fold, _with_params(method, given), *sides)
        for name, method in methods.items()
        for fold, sides in enumerate(folds)
    ]
    kept = FinishedCells(keep_in, takes, boards, is_normal, scorers)
    known = [kept.read(cell) for cell in cells]
    missing = [cell for cell, found in zip(cells, known, strict=True) if not found]
    finished = chain(
        (found for found in known if found),
        Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
            delayed(_run_cell)(cell, takes, boards, is_normal, scorers, kept)
            for cell in missing
        ),
    )
    if progress:
        progress("comparing", 0, len(cells))
    rows, scores = [], []
    warned = defaultdict(list)
    for done, (row, cell_scores, messages) in enumerate(finished, start=1):
        rows.append(row)
        scores += [] if cell_scores is None else [cell_scores]
        for message in messages:
            warned[row["method"], message].append(row["fold"])
        if progress:
            progress("comparing", done, len(cells))
    # What a method warns of it mostly warns of in every fold.
    for (name, message), numbers in warned.items():
        listed = ", ".join(str(number) for number in sorted(numbers))
        where = f"folds {listed}" if len(numbers) > 1 else f"fold {listed}"
        warnings.warn(f"{name}, {where}: {message}", stacklevel=2)

    results = _in_order(pd.DataFrame(rows), methods)
    if return_scores:
        judged = pd.concat(scores) if scores else pd.DataFrame(columns=_SCORE_COLUMNS)
        return results, _in_order(judged.astype({"fold": int, "row": int}), methods)
    return results


def summarize(results: pd.DataFrame) -> pd.DataFrame:
    """Average the folds of each method.

    Parameters
    ----------
    results : DataFrame
        What `compare_methods` gave.

    Returns
    -------
    DataFrame
        One row a method, best mean `roc_auc` (or first metric) first; for each
        figure its mean over the folds and `<figure>_std`, their standard deviation.

    Examples
    --------
    >>> results = pd.DataFrame(
    ...     {"method": ["a", "a", "b"], "fold": [0, 1, 0], "roc_auc": [0.5, 0.7, 0.9]}
    ... )
    >>> summarize(results)["roc_auc"]
    method
    b    0.9
    a    0.6
    Name: roc_auc, dtype: float64
    """
    figures = results.drop(columns="fold").groupby("method", sort=False)
    means = figures.mean()
    spread = figures.std().add_suffix("_std")
    ranking = "roc_auc" if "roc_auc" in means else means.columns[0]
    return means.join(spread).sort_values(ranking, ascending=False, kind="stable")


def _with_params(method: Any, given: Mapping[str, Any]) -> Any:
    """Clone a method with parameters set, also those of a pipeline's last step."""
    method = clone(method)
    names = method.get_params()
    matching = {
        name: given[name.rpartition("__")[2]]
        for name in names
        if name.rpartition("__")[2] in given
    }
    return method.set_params(**matching)


def _name_scorers(scoring: Any) -> dict[str, str | Callable[..., float]]:
    """Give each scorer the name of its column."""
    if isinstance(scoring, Mapping):
        scorers = dict(scoring)
    else:
        alone = isinstance(scoring, str) or callable(scoring)
        listed = [scoring] if alone else list(scoring)
        scorers = {
            scorer if isinstance(scorer, str) else _name_of(scorer): scorer
            for scorer in listed
        }
        if len(scorers) < len(listed):
            raise ValueError(
                f"scoring holds several scorers of one name, {list(scorers)}: give a "
                "mapping of names to scorers"
            )
    unknown = [s for s in scorers.values() if not callable(s) and s not in METRICS]
    if unknown:
        raise ValueError(f"scoring holds {unknown}, known are {', '.join(METRICS)}")
    return scorers


def _name_of(scorer: Any) -> str:
    return str(getattr(scorer, "__name__", scorer))


def _run_cell(
    cell: Cell,
    takes: NDArray[np.floating],
    boards: NDArray[Any],
    is_normal: NDArray[np.bool_],
    scorers: Mapping[str, str | Callable[..., float]],
    kept: FinishedCells,
) -> Outcome:
    """Fit one method on one fold and judge it; say what was warned of."""
    name, fold, unfitted, train, test = cell
    method = clone(unfitted)
    figures = dict.fromkeys((*scorers, *_RATES, *_SECONDS), np.nan)
    judged, failures = None, []
    with one_thread() as messages:
        try:
            started = time.perf_counter()
            method.fit(takes[train], boards[train])
            fitted = time.perf_counter()
            judged = judge_takes(method, takes[test])
            scored = time.perf_counter()
            normal = is_normal[test]
            scores, calls_abnormal = judged["score"], judged["prediction"] == -1
            judged.insert(0, "method", name)
            judged.insert(1, "fold", fold)
            judged.insert(2, "row", test)
            judged.insert(3, "board", boards[test])
            judged.insert(4, "condition", np.where(normal, "normal", "abnormal"))
            figures = {
                **{
                    column: judge(scorer, ~normal, scores.to_numpy())
                    if isinstance(scorer, str)
                    else float(scorer(method, takes[test], boards[test]))
                    for column, scorer in scorers.items()
                },
                "false_alarm_rate": float(calls_abnormal[normal].mean()),
                "hit_rate": float(calls_abnormal[~normal].mean()),
                "fit_seconds": fitted - started,
                "score_seconds": scored - fitted,
            }
        # The latter is what torch raises, for want of memory as well.
        except (ValueError, RuntimeError) as error:
            failures = [f"failed: {error}"]
    outcome = {"method": name, "fold": fold, **figures}, judged, failures + messages
    if judged is not None:
        kept.write(cell, outcome)
    return outcome


def _in_order(rows: pd.DataFrame, methods: Mapping[str, Any]) -> pd.DataFrame:
    """Sort rows that came in as they were finished: by method as given, and fold."""
    rank = {name: place for place, name in enumerate(methods)}
    order = np.lexsort((rows["fold"], rows["method"].map(rank)))
    return rows.iloc[order].reset_index(drop=True)
