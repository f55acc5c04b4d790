"""How jobs run, here or in workers: with one thread, and their warnings kept."""

import contextlib
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from joblib import Parallel
from threadpoolctl import ThreadpoolController

# The other categories are for developers.
_FOR_USERS = (UserWarning, RuntimeWarning, FutureWarning)


def run_parallel(
    tasks: Iterable[Any], *, n_jobs: int | None, ordered: bool = True
) -> Iterable[Any]:
    """Run tasks in parallel, and return results as they come if the backend can.

    Parameters
    ----------
    tasks : iterable
        What `joblib.delayed` makes.
    n_jobs : int or None
        As for `joblib.Parallel`.
    ordered : bool, default=True
        Whether the results come in the order of the tasks.

    Returns
    -------
    iterable
        The results.

    Examples
    --------
    >>> from joblib import delayed
    >>> list(run_parallel((delayed(abs)(number) for number in (-1, 2)), n_jobs=1))
    [1, 2]
    """
    return_as: Literal["generator", "generator_unordered"] = (
        "generator" if ordered else "generator_unordered"
    )
    try:
        parallel = Parallel(n_jobs=n_jobs, return_as=return_as)
    except ValueError:
        # Some backends, such as multiprocessing, return lists only.
        parallel = Parallel(n_jobs=n_jobs)
    return parallel(tasks)


@contextlib.contextmanager
def one_thread(
    libraries: ThreadpoolController | None = None,
) -> Iterator[list[str]]:
    """Run with one thread a library, and keep warnings in place of showing them.

    A worker would print them in its own way, in the middle of everything. Threads may
    run jobs side by side: each gets its own warnings.

    Parameters
    ----------
    libraries : ThreadpoolController, default=None
        The libraries with threads, if known; to look for them takes 3 ms.

    Yields
    ------
    list of str
        Filled on leaving: the messages of the warnings, each once.
    """
    messages: list[str] = []
    with _JOBS.run(libraries) as caught:
        try:
            yield messages
        finally:
            messages += dict.fromkeys(
                str(each)
                for each, category in caught
                if issubclass(category, _FOR_USERS)
            )


class _Jobs:
    """The jobs of this process that run now.

    Limits of threads and the handling of warnings belong to the whole process. The
    first job sets them and the last one that ends restores them: jobs of several
    threads that each did so would leave what another one had set.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = contextlib.ExitStack()
        # The thread of each job, and what it was warned of.
        self._running: list[tuple[int, list[tuple[Warning | str, Any]]]] = []

    @contextlib.contextmanager
    def run(
        self, libraries: ThreadpoolController | None
    ) -> Iterator[list[tuple[Warning | str, Any]]]:
        job = threading.get_ident(), list[tuple[Warning | str, Any]]()
        with self._lock:
            if not self._running:
                self._limit(libraries)
            self._running.append(job)
        try:
            yield job[1]
        finally:
            with self._lock:
                # By identity: two that were warned of the same are equal.
                place = [each is job for each in self._running].index(True)
                del self._running[place]
                if not self._running:
                    self._process.close()

    def _limit(self, libraries: ThreadpoolController | None) -> None:
        # What is entered stays entered only if all is: an interrupt may come here too.
        with contextlib.ExitStack() as process:
            process.enter_context(_all_warnings(self._keep))
            process.enter_context(_one_thread_of_torch())
            limited = (libraries or ThreadpoolController()).limit(limits=1)
            process.enter_context(limited)
            self._process = process.pop_all()

    def _keep(
        self, message: Warning | str, category: type[Warning], *_: Any, **__: Any
    ) -> None:
        here = threading.get_ident()
        running = list(self._running)
        # A thread that a job has started itself warns for the last job.
        of_thread = [caught for thread, caught in running if thread == here]
        for caught in (of_thread or [caught for _, caught in running])[-1:]:
            caught.append((message, category))


_JOBS = _Jobs()


@contextlib.contextmanager
def _all_warnings(show: Callable[..., None]) -> Iterator[None]:
    """Show all warnings in a way of ours, also those that were shown before."""
    catcher = warnings.catch_warnings()
    catcher.__enter__()
    warnings.simplefilter("always")
    warnings.showwarning = show
    ours = warnings.filters
    try:
        yield
    finally:
        # A job can outlast the error of another one, and with it the handling of
        # warnings that it began in: what is in force since then stays.
        if warnings.filters is ours:
            catcher.__exit__(None, None, None)


@contextlib.contextmanager
def _one_thread_of_torch() -> Iterator[None]:
    """Limit the MKL that is part of torch too, which nobody but torch can reach."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)
