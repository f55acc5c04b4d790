"""How a job runs, here or in a worker: with one thread, and its warnings kept."""

import contextlib
import sys
import warnings
from collections.abc import Iterator

from threadpoolctl import threadpool_limits

# The other categories are for developers.
_FOR_USERS = (UserWarning, RuntimeWarning, FutureWarning)


@contextlib.contextmanager
def one_thread() -> Iterator[list[str]]:
    """Run with one thread a library, and keep warnings in place of showing them.

    A worker would print them in its own way, in the middle of everything.

    Yields
    ------
    list of str
        Filled on leaving: what was warned of, each message once.
    """
    # Torch sets its number of threads when it is first asked for anything, over
    # every limit set before.
    if "torch" in sys.modules:
        sys.modules["torch"].get_num_threads()
    messages: list[str] = []
    with warnings.catch_warnings(record=True) as caught, threadpool_limits(1):
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
