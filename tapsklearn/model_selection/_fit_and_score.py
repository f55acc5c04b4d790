"""One method on one fold: fit, score, and what went wrong."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd
from joblib.func_inspect import get_func_code
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_memory

from tapsklearn._jobs import one_thread
from tapsklearn._version import __version__
from tapsklearn.model_selection._fold_features import take_rows
from tapsklearn.model_selection._scorers import compute_metric
from tapsklearn.scoring import score_takes

RATES = ("fpr", "tpr")
SECONDS = ("fit_seconds", "score_seconds")

Scorer = str | Callable[..., float]


class Cell(NamedTuple):
    """One method on one fold."""

    method: str
    fold: int
    estimator: Any  # Unfitted.
    train: NDArray[np.intp]
    test: NDArray[np.intp]
    without: str = ""  # The kind of defect that the training takes lack, if one.
    key: str = ""  # A hash of all that the outcome depends on.


class Outcome(NamedTuple):
    """What came of a cell."""

    row: dict[str, Any]
    scores: pd.DataFrame | None
    estimator: Any
    messages: list[str]  # Failure and warnings.
    without: str = ""  # As of the cell.


class _FailedError(Exception):
    """Carries the outcome of a cell that is not to be kept."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def with_params(method: Any, given: Mapping[str, Any]) -> Any:
    """Clone a method with parameters set, also those of a pipeline's steps.

    Parameters
    ----------
    method : estimator
        Unfitted.
    given : mapping of str to object
        Parameters; those that it does not have are left out.

    Returns
    -------
    estimator
        The clone.
    """
    method = clone(method)
    names = method.get_params()
    matching = {
        name: given[name.rpartition("__")[2]]
        for name in names
        if name.rpartition("__")[2] in given
    }
    return method.set_params(**matching)


class CellRunner:
    """Run cells, all in the same way.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Board of each take.
    is_normal : ndarray of shape (n_takes,), bool
        Which takes are of normal boards.
    scorers : mapping of str to str or callable
        What is computed.
    memory : str, Path, joblib.Memory or None
        Where to keep outcomes.
    error_score : float or "raise"
        What the metrics of a failed cell are.
    return_estimators : bool
        Whether an outcome holds the fitted estimator.
    """

    def __init__(
        self,
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        scorers: Mapping[str, Scorer],
        *,
        memory: Any,
        error_score: Any,
        return_estimators: bool,
    ) -> None:
        self.boards = boards
        self.is_normal = is_normal
        self.scorers = scorers
        self.memory = check_memory(str(memory) if isinstance(memory, Path) else memory)
        self.error_score = error_score
        self.return_estimators = return_estimators

    def name_cell(self, cell: Cell, X_hash: str) -> Cell:
        """Give a cell the key under which its outcome is kept.

        Parameters
        ----------
        cell : Cell
            The cell.
        X_hash : str
            Hash of what the methods are given.

        Returns
        -------
        Cell
            With its key.
        """
        given = (
            __version__,
            X_hash,
            self.boards.tolist(),
            self.is_normal,
            {name: _describe_scorer(scorer) for name, scorer in self.scorers.items()},
            self.return_estimators,
            tuple(cell),
        )
        return cell._replace(key=joblib.hash(given))

    def run(self, cell: Cell, X: Any) -> Outcome:
        """Fit and score, or recall what came of it.

        Parameters
        ----------
        cell : Cell
            The cell.
        X : array-like of length n_takes
            What the methods are given in its fold.

        Returns
        -------
        Outcome
            Its outcome.
        """
        if self.memory.location is None:
            return self._compute(cell, X)
        run = self.memory.cache(_run_and_keep, ignore=["runner", "cell", "X"])
        try:
            return run(cell.key, runner=self, cell=cell, X=X)
        except _FailedError as failed:
            return failed.outcome

    def fail(self, cell: Cell, error: Exception, *, of: str = "") -> Outcome:
        """Make the outcome of a cell that failed.

        Parameters
        ----------
        cell : Cell
            The cell.
        error : Exception
            Why.
        of : str, default=""
            What failed before there was anything to fit.

        Returns
        -------
        Outcome
            With NaN, or the score of an error, for all that is not known.

        Raises
        ------
        Exception
            The error, where it is to be raised.
        """
        if self.error_score == "raise":
            raise error
        text = f"{of}{type(error).__name__}: {_write_out(error)}".rstrip(": ")
        row = {
            "method": cell.method,
            "fold": cell.fold,
            **dict.fromkeys(self.scorers, float(self.error_score)),
            **dict.fromkeys((*RATES, *SECONDS), np.nan),
            "error": text,
        }
        return Outcome(row, None, None, [f"failed: {text}"], cell.without)

    def _compute(self, cell: Cell, X: Any) -> Outcome:
        estimator = clone(cell.estimator)
        X_test, boards = take_rows(X, cell.test), self.boards[cell.test]
        normal = self.is_normal[cell.test]
        scores = None
        with one_thread() as messages:
            try:
                started = time.perf_counter()
                estimator.fit(take_rows(X, cell.train), self.boards[cell.train])
                fitted = time.perf_counter()
                scored = score_takes(estimator, X_test)
                numbers = scored["score"].to_numpy()
                seconds = fitted - started, time.perf_counter() - fitted
                scores = pd.DataFrame(
                    {
                        "method": cell.method,
                        "fold": cell.fold,
                        "row": cell.test,
                        "board": boards,
                        "condition": np.where(normal, "normal", "abnormal"),
                    }
                ).join(scored)
                alarms = (scored["prediction"] == -1)[scored["score"].notna()]
                row = {
                    "method": cell.method,
                    "fold": cell.fold,
                    **{
                        name: compute_metric(scorer, ~normal, numbers)
                        if isinstance(scorer, str)
                        else float(scorer(estimator, X_test, boards))
                        for name, scorer in self.scorers.items()
                    },
                    "fpr": _share(alarms, normal),
                    "tpr": _share(alarms, ~normal),
                    **dict(zip(SECONDS, seconds, strict=True)),
                    "error": "",
                }
                kept = estimator if self.return_estimators else None
                outcome = Outcome(row, scores, kept, [], cell.without)
            # Whatever a method of any kind raises, the others go on; only interrupts
            # and exits are no Exception.
            except Exception as error:
                outcome = self.fail(cell, error)._replace(scores=scores)
        return outcome._replace(messages=outcome.messages + messages)


def _run_and_keep(key: str, *, runner: CellRunner, cell: Cell, X: Any) -> Outcome:
    outcome = runner._compute(cell, X)
    if outcome.row["error"]:
        raise _FailedError(outcome)
    return outcome


def _write_out(error: Exception) -> str:
    try:
        return str(error)
    # An exception can be as broken as what raised it.
    except Exception:
        return ""


def _share(alarms: "pd.Series[bool]", of: NDArray[np.bool_]) -> float:
    """Compute the share of alarms among some of the takes that have a score."""
    chosen = alarms[of[alarms.index]]
    return float(chosen.mean()) if len(chosen) else np.nan


def _describe_scorer(scorer: Scorer) -> Any:
    """Describe a scorer by what it does, in the same way in every process."""
    code = getattr(scorer, "__code__", None)
    if code is not None:
        # Pickle, and so a hash, refuses functions without a name of their own.
        name = [getattr(scorer, each) for each in ("__module__", "__qualname__")]
        return *name, get_func_code(scorer)[0], code.co_code.hex(), code.co_names
    return joblib.hash(scorer)
