"""All methods under one cross-validation over boards."""

import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.pipeline import Pipeline, make_pipeline

from tapsklearn._boards import check_known, find_sessions, resolve_truth
from tapsklearn._labels import Labels, check_boards
from tapsklearn.datasets import Truth
from tapsklearn.model_selection._board_kfold import BoardKFold
from tapsklearn.model_selection._comparison import Comparison
from tapsklearn.model_selection._conclude import find_limits
from tapsklearn.model_selection._fit_and_score import (
    Cell,
    CellRunner,
    Outcome,
    Scorer,
    with_params,
)
from tapsklearn.model_selection._fold_features import (
    FoldFeatures,
    compute_fold_features,
    find_paths,
)
from tapsklearn.model_selection._kinds import (
    evaluate_kinds,
    list_cells_without,
    name_kinds,
    select_kind_scores,
)
from tapsklearn.model_selection._run_cells import run_cells
from tapsklearn.model_selection._scorers import METRICS
from tapsklearn.preprocessing import TapFeatures

# Of fewer normal ones `Calibration` leaves out takes, whose scores say nothing of
# another session: mostly false alarms in there.
_ENOUGH_SESSIONS = 5

_SCORE_COLUMNS = (
    *("method", "fold", "row", "board", "condition"),
    *("score", "p_value", "prediction"),
)


def compare_methods(
    methods: Mapping[str, Any],
    X: Any,
    y: ArrayLike,
    *,
    truth: Any = None,
    normal_boards: Labels | None = None,
    specimens: Mapping[Any, Any] | None = None,
    cv: Any = 5,
    scoring: Any = ("roc_auc", "pauc"),
    preprocessing: Any = None,
    random_state: int | None = None,
    n_jobs: int | None = None,
    memory: Any = None,
    verbose: int = 0,
    error_score: Any = np.nan,
    return_estimators: bool = False,
    never_recorded: bool = False,
    callback: Callable[[Comparison], Any] | None = None,
) -> Comparison:
    """Evaluate methods on the same folds, each on boards unseen in training.

    Parameters
    ----------
    methods : mapping of str to detector
        Unfitted detectors, or pipelines that end in one, by name. `normal_boards`,
        `specimens` and, if given, `random_state` are set in all of them.
    X : array-like of length n_takes
        Paths of recordings, or crops as the detectors take them.
    y : array-like of shape (n_takes,)
        Board of each take.
    truth : Truth, default=None
        What is known of the boards, in place of the next two.
    normal_boards : collection of labels, default=None
        Labels of y that are normal. Needed without `truth`.
    specimens : mapping, default=None
        Specimen of each board that is not a specimen of its own.
    cv : int or splitter, default=5
        Number of folds of a `BoardKFold`, or a splitter of (X, y). One with
        ``by="session"`` asks for the same specimens later: methods leave sessions out
        too, to calibrate, in folds that train on five or more, and else specimens.
    scoring : str, callable, sequence or mapping, default=("roc_auc", "pauc")
        Metrics of `anomaly_scorer`, by name, or scorers of your own,
        ``scorer(estimator, X, y)`` with the boards as y; a mapping names its columns.
    preprocessing : transformer, default=None
        From X to what the methods take. A transformer, or the first steps of a
        pipeline, that need no fitting (tag `requires_fit`) transform all takes once;
        else clones are fitted on the training takes of each fold, once for all
        methods; `normal_boards` and `specimens` are set where they are None. If None,
        `TapFeatures()` for paths, and nothing for crops.
    random_state : int, default=None
        Seed given to every method.
    n_jobs : int, default=None
        Parts of the files, then fits, run in parallel, by the backend that joblib is
        set to, Dask's too. Each fit has one thread, so the numbers are the same with
        any `n_jobs`.
    memory : str or object with the joblib.Memory interface, default=None
        Folder in which the outcome of each method and fold is kept. A comparison that
        was interrupted and is called again in the same way continues; what failed is
        tried again.
    verbose : int, default=0
        1 shows progress on standard error: for each method that is finished, mean and
        standard deviation over the folds, and how long the rest takes, by the fits so
        far. Methods that train nothing are first, then those of few epochs.
    error_score : float or "raise", default=nan
        Metrics of a method and fold that failed. With "raise" its error is raised.
    return_estimators : bool, default=False
        Whether to keep the fitted estimators.
    never_recorded : bool, default=False
        Whether methods are trained again without each kind of defect (`truth.kinds`,
        or all abnormal boards as one kind) that a fold has on both sides, so that
        `by_kind` says how well kinds are detected that were never recorded. Methods
        whose scores depend on normal takes alone need no further training.

    callback : callable, default=None
        Called with the `Comparison` of what is finished, each time that a method is,
        and when the comparison is interrupted; then the interrupt is raised.

    Returns
    -------
    Comparison
        Results, scores and what follows from them. If a method fails in a fold,
        whatever the error, its row holds it in the column `error`, a warning names
        it, and all else is computed.

    Raises
    ------
    ValueError
        If there is no method, a metric is unknown, a normal board is not in y, X and
        y differ in length, or the folds cannot be made.
    TakeError
        If recordings cannot be used; it names them all.

    See Also
    --------
    BoardKFold : The folds.
    rank_methods : Intervals and differences.

    Examples
    --------
    >>> from tapsklearn.detectors import reference_methods
    >>> crops = np.random.default_rng(0).normal(size=(120, 16, 24))
    >>> crops[80:] += 5
    >>> boards = np.repeat(["oak", "ash", "fir", "elm", "cracked a", "cracked b"], 20)
    >>> comparison = compare_methods(
    ...     reference_methods(), crops, boards, cv=2, random_state=0,
    ...     normal_boards=["oak", "ash", "fir", "elm"],
    ... )
    >>> comparison.results[["method", "fold", "roc_auc"]]
                     method  fold  roc_auc
    0          spectrum-knn     0      1.0
    1          spectrum-knn     1      1.0
    2  spectrum-mahalanobis     0      1.0
    3  spectrum-mahalanobis     1      1.0
    4              crop-knn     0      1.0
    5              crop-knn     1      1.0
    6        randomconv-knn     0      1.0
    7        randomconv-knn     1      1.0
    8           encoder-knn     0      1.0
    9           encoder-knn     1      1.0
    10               joined     0      1.0
    11               joined     1      1.0
    """
    if not methods:
        raise ValueError("there is no method to compare: methods is empty")
    if error_score != "raise" and not isinstance(error_score, Real):
        raise ValueError(f"error_score={error_score!r} must be a number or 'raise'")
    scorers = _name_scorers(scoring)
    boards = check_boards(y, n_takes=len(X))
    normal_boards, specimens = resolve_truth(truth, normal_boards, specimens)
    if normal_boards is None:
        raise ValueError("to compare methods, give normal_boards or truth")
    is_normal = check_known(boards, truth, normal_boards, specimens)
    if truth is None:
        truth = Truth(normal_boards, specimens=specimens)
    if isinstance(cv, int | np.integer):
        cv = BoardKFold(int(cv), normal_boards=normal_boards, specimens=specimens)
    folds = list(cv.split(boards, boards))

    paths = find_paths(X)
    if preprocessing is None and paths is not None:
        preprocessing = TapFeatures()
    if preprocessing is None:
        features = [FoldFeatures(np.asarray(X), [])] * len(folds)
    else:
        features = compute_fold_features(
            X if paths is None else paths,
            boards,
            folds,
            preprocessing,
            known={"normal_boards": normal_boards, "specimens": specimens},
            n_jobs=n_jobs,
            verbose=verbose,
        )

    by = getattr(cv, "by", "specimen")
    sessions = find_sessions(boards, truth, cv.sessions) if by == "session" else None
    given: dict[str, Any] = {"normal_boards": normal_boards}
    if random_state is not None:
        given["random_state"] = random_state
    # A threshold is for what the folds hold out.
    units = [
        _choose_units(boards[train][is_normal[train]], specimens, sessions)
        for train, _ in folds
    ]
    cells = [
        Cell(name, fold, with_params(method, given | {"specimens": of_fold}), *sides)
        for name, method in methods.items()
        for fold, (sides, of_fold) in enumerate(zip(folds, units, strict=True))
    ]
    runner = CellRunner(
        boards,
        is_normal,
        scorers,
        memory=memory,
        error_score=error_score,
        return_estimators=return_estimators,
    )
    kinds = name_kinds(boards, is_normal, truth.kinds)
    further = list_cells_without(cells, kinds) if never_recorded else []

    collect = partial(
        _collect,
        cells=cells,
        features=features,
        kinds=kinds,
        truth=truth,
        X=X,
        paths=paths,
        folds=folds,
        by=by,
        limits=find_limits(
            *(boards, is_normal, kinds), truth=truth, folds=folds, sessions=sessions
        ),
        return_estimators=return_estimators,
    )
    outcomes: list[Outcome] = []
    n_left = dict.fromkeys(methods, len(folds))
    running = run_cells(
        [*cells, *further], features, runner, n_jobs=n_jobs, verbose=verbose
    )
    try:
        # The bar and the workers end before anything else is done.
        with closing(running):
            for outcome in running:
                outcomes.append(outcome)
                if outcome.without:
                    continue
                n_left[outcome.row["method"]] -= 1
                if callback is not None and not n_left[outcome.row["method"]]:
                    callback(collect(outcomes))
    except KeyboardInterrupt:
        if callback is not None and not all(each.without for each in outcomes):
            callback(collect(outcomes))
        raise
    _warn_once(outcomes)
    return collect(outcomes)


def _collect(
    outcomes: list[Outcome],
    *,
    cells: list[Cell],
    features: list[FoldFeatures],
    kinds: NDArray[np.str_],
    truth: Truth,
    folds: list[Any],
    return_estimators: bool,
    **given: Any,
) -> Comparison:
    """Make one object of what came of the cells so far."""
    by_cell = {
        (each.row["method"], each.row["fold"], each.without): each.scores
        for each in outcomes
        if each.scores is not None
    }
    methods = list(dict.fromkeys(cell.method for cell in cells))
    whole = [each for each in outcomes if not each.without]
    scores = [each.scores for each in whole if each.scores is not None]
    scored = pd.concat(scores) if scores else pd.DataFrame(columns=_SCORE_COLUMNS)
    estimators = {
        (each.row["method"], each.row["fold"]): _join(
            features[each.row["fold"]].steps, each.estimator
        )
        for each in whole
        if each.estimator is not None
    }
    kind_scores = select_kind_scores(cells, by_cell, kinds)
    return Comparison(
        results=_in_order(pd.DataFrame([each.row for each in whole]), methods),
        scores=_in_order(scored.astype({"fold": int, "row": int}), methods),
        truth=truth,
        folds=folds,
        kinds=evaluate_kinds(kind_scores, truth.specimens),
        kind_scores=kind_scores,
        preprocessing=[each.steps for each in features],
        estimators=estimators if return_estimators else None,
        **given,
    )


def _warn_once(outcomes: list[Outcome]) -> None:
    """Warn of failures and of what methods warned of, once for all folds."""
    warned = defaultdict(list)
    for each in outcomes:
        name = each.row["method"]
        messages = each.messages
        if each.without:
            # What such a training warns of is mostly that the kind is missing.
            messages = messages[: each.row["error"] != ""]
            name += f" without {each.without!r}"
        for message in messages:
            warned[name, message].append(each.row["fold"])
    for (name, message), folds in warned.items():
        listed = ", ".join(str(fold) for fold in sorted(folds))
        where = f"folds {listed}" if len(folds) > 1 else f"fold {listed}"
        warnings.warn(f"{name}, {where}: {message}", stacklevel=3)


def _choose_units(
    normal: NDArray[Any],
    specimens: Mapping[Any, Any] | None,
    sessions: Mapping[Any, Any] | None,
) -> Mapping[Any, Any] | None:
    """Choose what methods leave out: sessions, or specimens if these are too few."""
    if sessions is None:
        return specimens
    n_sessions = len({sessions[board] for board in normal.tolist()})
    return sessions if n_sessions >= _ENOUGH_SESSIONS else specimens


def _join(steps: list[Any], estimator: Any) -> Any:
    """Put fitted preprocessing before a fitted method."""
    if not steps:
        return estimator
    last = estimator.steps if isinstance(estimator, Pipeline) else [("", estimator)]
    return make_pipeline(*steps, *(step for _, step in last))


def _name_scorers(scoring: Any) -> dict[str, Scorer]:
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
        raise ValueError(
            f"scoring holds {unknown}; metrics are {', '.join(METRICS)}, or callables"
        )
    return scorers


def _name_of(scorer: Callable[..., float]) -> str:
    return str(getattr(scorer, "__name__", scorer))


def _in_order(rows: pd.DataFrame, methods: list[str]) -> pd.DataFrame:
    """Sort rows that came in as they were finished: by method as given, and fold."""
    rank = {name: place for place, name in enumerate(methods)}
    order = np.lexsort((rows["fold"], rows["method"].map(rank)))
    return rows.iloc[order].reset_index(drop=True)
