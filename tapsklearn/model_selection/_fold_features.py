"""What methods are given in each fold: features fitted on its training takes."""

import os
import tempfile
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from joblib import delayed
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import get_tags

from tapsklearn._jobs import one_thread, run_parallel
from tapsklearn._progress import progress_bar
from tapsklearn.preprocessing import TakeError, collect_remarks, warn_of_remarks
from tapsklearn.scoring import flatten_steps, transform_usable

# Enough to keep a worker busy, few enough that their spectrograms fit anywhere.
_TAKES_AT_ONCE = 16

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


class FoldFeatures(NamedTuple):
    """What the methods are given in one fold, or why there is nothing to give."""

    X: Any  # With a row for each take; those that the fold lacks are of no use.
    steps: list[Any]  # Fitted, from what was given to X.
    error: Exception | None = None
    remarks: dict[Any, dict[str, str]] | None = None  # On takes.


def compute_fold_features(
    takes: Any,
    boards: NDArray[Any],
    folds: Sequence[Fold],
    preprocessing: Any,
    *,
    known: dict[str, Any],
    n_jobs: int | None,
    verbose: int,
) -> list[FoldFeatures]:
    """Transform takes for each fold, and nothing twice.

    The first steps, as long as they need no fitting, transform all takes once. From
    the first on that does, each fold fits clones on its training takes.

    Parameters
    ----------
    takes : sequence of length n_takes
        Paths or waveforms.
    boards : ndarray of shape (n_takes,)
        Board of each take.
    folds : sequence of tuple (train, test)
        Rows of each fold.
    preprocessing : transformer
        From takes to what methods are given.
    known : dict
        What is known of the boards, for the parameters of these names that are None.
    n_jobs : int or None
        Parts of the takes that are transformed in parallel.
    verbose : int
        0 shows no progress.

    Returns
    -------
    list of FoldFeatures
        One for each fold.

    Raises
    ------
    TakeError
        If takes cannot be used; it names them all.
    """
    steps = [_fill_in(clone(step), known) for step in flatten_steps(preprocessing)]
    needs_fit = [get_tags(step).requires_fit for step in steps]
    n_shared = needs_fit.index(True) if any(needs_fit) else len(steps)
    shared, fitted = steps[:n_shared], steps[n_shared:]
    if shared:
        X = _transform_all(takes, boards, shared, n_jobs=n_jobs, verbose=verbose)
    else:
        X = takes
    if not fitted:
        return [FoldFeatures(X, shared)] * len(folds)

    features = []
    problems: dict[str | int, str] = {}
    messages: dict[str, None] = {}
    remarks: dict[Any, dict[str, str]] = {}
    with (
        tempfile.TemporaryDirectory(prefix="tapsklearn-") as folder,
        progress_bar("reading", len(folds), verbose=verbose) as advance,
    ):
        # One fold after another, so that no two read the same file.
        for fold in folds:
            lent: dict[str, Any] = {"n_jobs": n_jobs}
            if find_paths(X) is not None:
                lent["memory"] = folder
            try:
                with one_thread() as warned:
                    of_fold = _fit_fold(X, boards, fold, fitted, lent)
                of_fold = of_fold._replace(steps=[*shared, *of_fold.steps])
                messages |= dict.fromkeys(warned)
                remarks |= of_fold.remarks or {}
            except TakeError as error:
                problems |= _name_takes(error.problems, takes, fold[0])
                of_fold = FoldFeatures(None, [], error)
            except Exception as error:
                of_fold = FoldFeatures(None, [], error)
            features.append(of_fold)
            advance()
    for message in messages:
        warnings.warn(message, stacklevel=3)
    warn_of_remarks(remarks, stacklevel=3)
    if problems:
        raise TakeError(problems)
    return features


def _fit_fold(
    X: Any,
    boards: NDArray[Any],
    fold: Fold,
    steps: Sequence[Any],
    lent: dict[str, Any],
) -> FoldFeatures:
    """Fit steps on the training takes, and transform both sides with them."""
    train, test = fold
    X_train, X_test = take_rows(X, train), take_rows(X, test)
    fitted = []
    remarks: dict[Any, dict[str, str]] = {}
    for unfitted in steps:
        step = clone(unfitted)
        borrowed = _find_missing(step, lent)
        step.set_params(**borrowed)
        with collect_remarks() as of_train:
            X_train = np.asarray(step.fit_transform(X_train, boards[train]))
        with collect_remarks() as of_test:
            X_test = np.asarray(step.transform(X_test))
        remarks |= _name_takes(of_train, X, train) | _name_takes(of_test, X, test)
        fitted.append(step.set_params(**dict.fromkeys(borrowed)))
    features = np.zeros((len(boards), *X_train.shape[1:]), dtype=X_train.dtype)
    features[train], features[test] = X_train, X_test
    return FoldFeatures(features, fitted, remarks=remarks)


def _fill_in(step: Any, known: dict[str, Any]) -> Any:
    return step.set_params(**_find_missing(step, known))


def _find_missing(step: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Find the values for parameters of a step that are None."""
    own = step.get_params(deep=False)
    return {name: values[name] for name in values if own.get(name, 0) is None}


def _transform_all(
    takes: Any,
    boards: NDArray[Any],
    steps: Sequence[Any],
    *,
    n_jobs: int | None,
    verbose: int,
) -> NDArray[np.floating]:
    """Transform all takes with steps that need no fitting, in bounded memory."""
    parts = [
        np.arange(first, min(first + _TAKES_AT_ONCE, len(boards)))
        for first in range(0, len(boards), _TAKES_AT_ONCE)
    ]
    tasks = [
        delayed(_transform_part)(take_rows(takes, rows), boards[rows], steps)
        for rows in parts
    ]
    features = []
    problems: dict[str | int, str] = {}
    remarks: dict[Any, dict[str, str]] = {}
    with progress_bar("reading", len(boards), verbose=verbose) as advance:
        results = run_parallel(tasks, n_jobs=n_jobs)
        for rows, (X, found, messages, of_part) in zip(parts, results, strict=True):
            for message in messages:
                warnings.warn(message, stacklevel=4)
            remarks |= _name_takes(of_part, takes, rows)
            features += [] if X is None else [X]
            problems |= _name_takes(found, takes, rows)
            advance(len(rows))
    warn_of_remarks(remarks, stacklevel=4)
    if problems:
        raise TakeError(problems)
    return np.concatenate(features)


def _transform_part(
    takes: Any, boards: NDArray[Any], steps: Sequence[Any]
) -> tuple[Any, dict[int, str], list[str], dict[Any, dict[str, str]]]:
    X = takes
    usable = np.arange(len(boards))
    problems: dict[int, str] = {}
    with one_thread() as messages, collect_remarks() as remarks:
        for unfitted in steps:
            # Checks parameters.
            step = clone(unfitted).fit(X, boards[usable])
            if getattr(step, "on_error", "raise") == "nan":
                X = step.transform(X)
                continue
            X, kept, found = transform_usable([step], X)
            problems |= {int(usable[place]): reason for place, reason in found.items()}
            usable = usable[kept]
            if not len(usable):
                return None, problems, messages, remarks
    return X, problems, messages, remarks


def _name_takes(
    problems: dict[Any, Any], takes: Any, rows: NDArray[np.intp]
) -> dict[str | int, Any]:
    """Name takes by their paths, or by their rows in all that was given."""
    named: dict[str | int, Any] = {}
    for take, reason in problems.items():
        row = int(rows[take]) if isinstance(take, int) else None
        if row is None:
            named[take] = reason
        else:
            named[takes[row] if isinstance(takes[row], str) else row] = reason
    return named


def take_rows(X: Any, rows: NDArray[np.intp]) -> Any:
    """Select rows of an array or a list.

    Parameters
    ----------
    X : sequence
        Array or list.
    rows : ndarray of int
        Rows.

    Returns
    -------
    ndarray or list
        As X.
    """
    return X[rows] if isinstance(X, np.ndarray) else [X[row] for row in rows]


def find_paths(X: Any) -> list[str] | None:
    """Return paths as a list of strings.

    Parameters
    ----------
    X : sequence
        Paths, or anything else.

    Returns
    -------
    list of str or None
        If None, X does not hold paths.
    """
    if isinstance(X, np.ndarray) and X.ndim > 1:
        return None
    if not len(X) or not all(isinstance(each, str | os.PathLike) for each in X):
        return None
    return [os.fspath(path) for path in X]
