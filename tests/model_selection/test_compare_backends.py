"""compare_methods in parallel: the same numbers from every backend."""

import contextlib
import time
import warnings
from collections.abc import Iterator
from typing import Any

import distributed
import pytest
import torch
from comparisons import BOARDS, CROPS, METHODS, OPTIONS, RECORDED, assert_same, record
from joblib import parallel_config, register_parallel_backend
from joblib._parallel_backends import ThreadingBackend

from tapsklearn.detectors import CropDetector
from tapsklearn.model_selection import Comparison, compare_methods
from tapsklearn.preprocessing import article_features

pytestmark = pytest.mark.filterwarnings("ignore:.*false_alarm_rate=0.05 needs")


class ThreadCounter(CropDetector):
    """Returns the number of torch's threads while it was fitted as scores."""

    def fit(self, X: Any, y: Any = None) -> "ThreadCounter":
        self._n_threads = torch.get_num_threads()
        # Some fits are overtaken by later ones, where there are workers.
        if "oak" in y:
            time.sleep(0.5)
        return super().fit(X, y)

    def score_samples(self, X: Any) -> Any:
        return 0 * super().score_samples(X) + self._n_threads


class Warned(CropDetector):
    """Warns of the boards it is fitted on, when others are at work too."""

    def fit(self, X: Any, y: Any = None) -> "Warned":
        time.sleep(0.2)
        warnings.warn(f"fitted on {', '.join(sorted(set(y)))}", stacklevel=1)
        return super().fit(X, y)


@pytest.fixture(scope="module", autouse=True)
def _many_cores() -> Iterator[None]:
    """Set what joblib sets for workers on a computer with many more cores."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MKL_NUM_THREADS", "2")
        yield


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return compare_methods(METHODS, CROPS, BOARDS, **OPTIONS)


@pytest.fixture(scope="module")
def compared_by_workers() -> Comparison:
    # First the threads, while nobody has asked torch for anything.
    methods = {"threads": ThreadCounter(), **METHODS}
    return compare_methods(methods, CROPS, BOARDS, n_jobs=2, **OPTIONS)


@pytest.mark.parametrize(
    ("compared_in", "methods"),
    [
        ("compared", list(METHODS)),
        ("compared_by_workers", ["threads", *METHODS]),
    ],
)
def test_rows_come_in_the_order_of_the_methods(
    compared_in: str, methods: list[str], request: pytest.FixtureRequest
) -> None:
    comparison = request.getfixturevalue(compared_in)
    results, scores = comparison.results, comparison.scores
    expected = [(name, fold) for name in methods for fold in range(3)]
    assert list(zip(results["method"], results["fold"], strict=True)) == expected
    groups = scores.groupby(["method", "fold"], sort=False)
    assert list(groups.groups) == expected
    assert groups["row"].apply(lambda rows: rows.is_monotonic_increasing).all()
    assert scores.index.tolist() == list(range(len(methods) * len(BOARDS)))


def without_threads(comparison: Comparison) -> Comparison:
    tables = {
        name: table[table["method"] != "threads"].reset_index(drop=True)
        for name, table in vars(comparison).items()
        if name in {"results", "scores"}
    }
    return Comparison(**{**vars(comparison), **tables})


def test_workers_give_the_same_numbers(
    compared: Comparison, compared_by_workers: Comparison
) -> None:
    assert_same(without_threads(compared_by_workers), compared)


def test_each_fit_of_a_worker_has_one_thread(compared_by_workers: Comparison) -> None:
    scores = compared_by_workers.scores
    threads = scores.loc[scores["method"] == "threads", "score"]
    assert len(threads) == len(BOARDS)
    assert (threads == 1).all()


def test_each_fit_has_one_thread_here_too() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        comparison = compare_methods(
            {"threads": ThreadCounter()}, CROPS, BOARDS, **OPTIONS
        )
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert (comparison.scores["score"] == 1).all()


@contextlib.contextmanager
def dask() -> Iterator[None]:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        parallel_config("dask"),
    ):
        yield


@pytest.mark.parametrize("backend", ["threading", "dask"])
def test_other_backends_give_the_same_numbers(
    backend: str, compared: Comparison
) -> None:
    config = dask() if backend == "dask" else parallel_config(backend, n_jobs=2)
    with config:
        comparison = compare_methods(METHODS, CROPS, BOARDS, **OPTIONS)
    assert_same(comparison, compared)


@pytest.mark.parametrize("per", ["take", "frequency"])
def test_a_backend_that_returns_lists_gives_the_same_numbers(
    per: str, tmp_path: Any
) -> None:
    # Torch does not survive a fork, so that only what does without it can be compared.
    paths, boards = record(tmp_path)
    options = RECORDED | {"preprocessing": article_features(per=per)}
    methods = {"knn": CropDetector()}
    expected = compare_methods(methods, paths, boards, **options)
    with parallel_config("multiprocessing", n_jobs=2):
        assert_same(compare_methods(methods, paths, boards, **options), expected)


def test_threads_leave_this_process_as_it_was() -> None:
    """Side by side, each fit has its own warnings and none keeps what it has set."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    filters, show = list(warnings.filters), warnings.showwarning
    try:
        with (
            pytest.warns(UserWarning, match="fitted on") as caught,
            parallel_config("threading", n_jobs=3),
        ):
            compare_methods({"knn": Warned()}, CROPS, BOARDS, **OPTIONS)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert warnings.showwarning is show
    assert list(warnings.filters) == filters
    messages = sorted(str(each.message) for each in caught if "fitted" in str(each))
    assert [message[:11] for message in messages] == [f"knn, fold {k}" for k in "012"]


class FailsOrLasts(CropDetector):
    """Fails where the oak is missing, and else goes on after that."""

    def fit(self, X: Any, y: Any = None) -> "FailsOrLasts":
        time.sleep(0.1 if "oak" not in y else 0.6)
        if "oak" not in y:
            raise OSError
        return super().fit(X, y)


class Interrupted(FailsOrLasts):
    """The same by an interrupt."""

    def fit(self, X: Any, y: Any = None) -> "FailsOrLasts":
        try:
            return super().fit(X, y)
        except OSError as error:
            raise KeyboardInterrupt from error


@pytest.mark.parametrize("method", [FailsOrLasts, Interrupted])
def test_a_thread_that_outlasts_an_error_leaves_this_process_as_it_was(
    method: Any,
) -> None:
    threads = torch.get_num_threads()
    with warnings.catch_warnings(record=True) as told:
        filters, show = list(warnings.filters), warnings.showwarning
        with (
            pytest.raises((OSError, KeyboardInterrupt)),
            warnings.catch_warnings(record=True),
            parallel_config("threading", n_jobs=3),
        ):
            compare_methods(
                {"it": method()}, CROPS, BOARDS, error_score="raise", **OPTIONS
            )
        time.sleep(1)
        assert warnings.showwarning is show
        assert list(warnings.filters) == filters
        assert torch.get_num_threads() == threads
        warnings.warn("after it", stacklevel=1)
    assert str(told[-1].message) == "after it"


class ListBackend(ThreadingBackend):
    supports_return_generator = False


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
@pytest.mark.parametrize("of_config", [{}, {"n_jobs": 2}])
def test_a_registered_backend_without_generators(
    n_jobs: int | None, of_config: dict[str, int], compared: Comparison, tmp_path: Any
) -> None:
    paths, _ = record(tmp_path)
    register_parallel_backend("lists", ListBackend)
    with parallel_config("lists", **of_config):
        found = compare_methods(METHODS, CROPS, BOARDS, n_jobs=n_jobs, **OPTIONS)
        crops = article_features(n_jobs=n_jobs).fit_transform(paths)
    assert_same(found, compared)
    assert len(crops) == len(paths)
