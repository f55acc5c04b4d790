"""All cells of a comparison: what is quick first, and a row as a method is finished."""

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from typing import Any, NamedTuple

import joblib
import numpy as np
from joblib import delayed

from tapsklearn._jobs import run_parallel
from tapsklearn._progress import progress_bar
from tapsklearn.model_selection._fit_and_score import (
    RATES,
    SECONDS,
    Cell,
    CellRunner,
    Outcome,
)
from tapsklearn.model_selection._fold_features import FoldFeatures

# An epoch of it takes many times as long as one of any other network.
_DEEP = "resnet18"


class Cost(NamedTuple):
    """How long a method takes beside others, in the order in which this decides."""

    is_trained: bool = False
    is_deep: bool = False
    n_epochs: float = 0


def estimate_cost(method: Any) -> Cost:
    """Estimate by its parameters how long a method takes beside others.

    Parameters
    ----------
    method : detector or pipeline
        The method.

    Returns
    -------
    Cost
        The smaller, the sooner it is fitted.
    """
    params = [
        (name.rpartition("__")[2], value) for name, value in method.get_params().items()
    ]
    epochs = [value for name, value in params if name == "max_epochs" and value]
    if not epochs:
        return Cost()
    return Cost(True, ("backbone", _DEEP) in params, max(epochs))


def order_cells(cells: Iterable[Cell]) -> list[Cell]:
    """Order cells by cost, so that most methods are finished soon.

    Parameters
    ----------
    cells : iterable of Cell
        In the order of the methods and folds.

    Returns
    -------
    list of Cell
        Methods that train nothing first; trainings without a kind of defect behind the
        others.
    """
    cells = list(cells)
    costs = {
        cell.method: estimate_cost(cell.estimator) for cell in cells if not cell.without
    }
    place = {method: place for place, method in enumerate(costs)}

    def key(cell: Cell) -> tuple[Any, ...]:
        cost = costs[cell.method]
        return cost.is_trained, cell.without != "", cost, place[cell.method]

    return sorted(cells, key=key)


class TimeLeft:
    """How long the rest of a comparison takes, by what was measured.

    Parameters
    ----------
    cells : iterable of Cell
        All that is run.
    n_jobs : int
        How many at a time.
    """

    def __init__(self, cells: Iterable[Cell], n_jobs: int) -> None:
        self._left: dict[str, int] = defaultdict(int)
        self._costs: dict[str, Cost] = {}
        for cell in cells:
            self._left[cell.method] += 1
            self._costs.setdefault(cell.method, estimate_cost(cell.estimator))
        self._measured: dict[str, list[float]] = defaultdict(list)
        self._n_jobs = n_jobs

    def count(self, outcome: Outcome) -> None:
        """Count a cell that is finished.

        Parameters
        ----------
        outcome : Outcome
            What came of it.
        """
        method = outcome.row["method"]
        self._left[method] -= 1
        seconds = _sum_seconds(outcome)
        if not np.isnan(seconds):
            self._measured[method].append(seconds)

    def write(self) -> str:
        """Write it in words.

        Returns
        -------
        str
            "about 4 min left". "at least" where a method is not measured yet: it takes
            no less than a cheaper one. Empty where nothing is known, and at the end.
        """
        total, is_sure = 0.0, True
        means = {name: float(np.mean(each)) for name, each in self._measured.items()}
        for method, n_left in self._left.items():
            if not n_left:
                continue
            if method not in means:
                is_sure = False
                cheaper = [
                    mean for name, mean in means.items() if self._is_like(name, method)
                ]
                if not cheaper:
                    return ""
            seconds = means[method] if method in means else max(cheaper)
            total += n_left * seconds
        n_left = sum(self._left.values())
        if not n_left:
            return ""
        total /= min(self._n_jobs, n_left)
        return f"{'about' if is_sure else 'at least'} {write_duration(total)} left"

    def _is_like(self, measured: str, method: str) -> bool:
        """Return whether one method bounds the time of another from below."""
        ours, theirs = self._costs[method], self._costs[measured]
        return ours.is_trained == theirs.is_trained and theirs <= ours


def write_duration(seconds: float) -> str:
    """Write how long something takes, no more exactly than it is known.

    Parameters
    ----------
    seconds : float
        The seconds.

    Returns
    -------
    str
        Seconds by tens, minutes, or hours.
    """
    if seconds < 55:
        return f"{max(10, 10 * round(seconds / 10))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


class Rows:
    """A line for each method that is finished: its mean and deviation over the folds.

    Parameters
    ----------
    methods : list of str
        All methods.
    n_folds : int
        Folds of each.
    metrics : list of str
        Names of what is computed.
    """

    def __init__(self, methods: list[str], n_folds: int, metrics: list[str]) -> None:
        self._width = max(map(len, methods))
        self._n_folds = n_folds
        self._columns = [*metrics, *RATES]
        self._outcomes: dict[str, list[Outcome]] = defaultdict(list)
        self._is_begun = False

    def add(self, outcome: Outcome) -> list[str]:
        """Add what came of a cell.

        Parameters
        ----------
        outcome : Outcome
            The outcome.

        Returns
        -------
        list of str
            Lines, if its method is finished by it; the head before the first.
        """
        if outcome.without:
            return []
        method = outcome.row["method"]
        of_method = self._outcomes[method]
        of_method.append(outcome)
        if len(of_method) < self._n_folds:
            return []
        numbers = [[each.row[name] for each in of_method] for name in self._columns]
        seconds = [_sum_seconds(each) for each in of_method]
        cells = [*map(_write_mean, numbers), f"{np.mean(seconds):.1f}"]
        if any(each.row["error"] for each in of_method):
            cells = ["failed"]
        line = self._write(method, cells)
        if self._is_begun:
            return [line]
        self._is_begun = True
        return [self._write("method", [*self._columns, "seconds"]), line]

    def _write(self, first: str, others: list[str]) -> str:
        return first.ljust(self._width) + "".join(f"  {each:>11}" for each in others)


def _sum_seconds(outcome: Outcome) -> float:
    return float(sum(outcome.row[name] for name in SECONDS))


def _write_mean(numbers: list[float]) -> str:
    mean = f"{np.mean(numbers):.2f}"
    return mean if len(numbers) < 2 else f"{mean} ± {np.std(numbers, ddof=1):.2f}"


def run_cells(
    cells: list[Cell],
    features: list[FoldFeatures],
    runner: CellRunner,
    *,
    n_jobs: int | None,
    verbose: int,
) -> Generator[Outcome, None, None]:
    """Run cells, and give what came of each as it is finished.

    Parameters
    ----------
    cells : list of Cell
        In the order of the methods and folds.
    features : list of FoldFeatures
        What the methods are given, by fold.
    runner : CellRunner
        Runs one cell.
    n_jobs : int or None
        Cells run in parallel.
    verbose : int
        1 shows progress, and a line for each method that is finished.

    Yields
    ------
    Outcome
        What came of a cell.
    """
    if runner.memory.location is not None:
        # Mostly all folds have the same features.
        hashes = {id(each.X): joblib.hash(each.X) for each in features}
        cells = [
            runner.name_cell(cell, hashes[id(features[cell.fold].X)]) for cell in cells
        ]
    methods = list(dict.fromkeys(cell.method for cell in cells))
    rows = Rows(methods, len(features), list(runner.scorers))
    left = TimeLeft(cells, joblib.effective_n_jobs(n_jobs))
    with progress_bar(
        "comparing", len(cells), verbose=verbose, is_even=False
    ) as advance:
        for outcome in _run(order_cells(cells), features, runner, n_jobs):
            left.count(outcome)
            note = left.write()
            if lines := rows.add(outcome):
                advance.say("\n".join(lines), note=note)
            advance(note=note)
            yield outcome


def _run(
    cells: list[Cell],
    features: list[FoldFeatures],
    runner: CellRunner,
    n_jobs: int | None,
) -> Iterator[Outcome]:
    tasks = []
    for cell in cells:
        error = features[cell.fold].error
        if error is None:
            tasks.append(delayed(runner.run)(cell, features[cell.fold].X))
        else:
            yield runner.fail(cell, error, of="preprocessing: ")
    yield from run_parallel(tasks, n_jobs=n_jobs, ordered=False)
