"""How a job runs, here or in a worker: with one thread, and its warnings kept."""

import contextlib
import sys
import warnings
from collections.abc import Iterator

from threadpoolctl import ThreadpoolController

# The other categories are for developers.
_FOR_USERS = (UserWarning, RuntimeWarning, FutureWarning)


@contextlib.contextmanager
def one_thread(
    libraries: ThreadpoolController | None = None,
) -> Iterator[list[str]]:
    """Run with one thread a library, and keep warnings in place of showing them.

    A worker would print them in its own way, in the middle of everything.

    Parameters
    ----------
    libraries : ThreadpoolController, default=None
        The libraries with threads, where they are known; to look for them takes 3 ms.

    Yields
    ------
    list of str
        Filled on leaving: what was warned of, each message once.
    """
    messages: list[str] = []
    with (
        warnings.catch_warnings(record=True) as caught,
        _one_thread_of_torch(),
        (libraries or ThreadpoolController()).limit(limits=1),
    ):
        # Also what an earlier job in this process has warned of.
        warnings.simplefilter("always")
        try:
            yield messages
        finally:
            messages += dict.fromkeys(
                str(each.message)
                for each in caught
                if issubclass(each.category, _FOR_USERS)
            )


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
