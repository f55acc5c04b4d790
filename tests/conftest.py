"""What all tests share."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
import torch

# Results and speed of torch depend on the number of threads.
torch.set_num_threads(1)

# A shell that starts the tests in the background has them ignore interrupts, and all
# that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile(
    "tapsklearn",
    deadline=None,  # a shared machine is slow at times
    max_examples=25,
    derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("tapsklearn")


@pytest.fixture(scope="session")
def recordings() -> Callable[[str], Path]:
    """Find a set of real recordings, or skip the test.

    The folder that holds the sets is named by the environment variable
    TAPSKLEARN_RECORDINGS.
    """

    def find(name: str) -> Path:
        root = os.environ.get("TAPSKLEARN_RECORDINGS")
        if not root:
            pytest.skip("needs real recordings: set TAPSKLEARN_RECORDINGS")
        folder = Path(root) / name
        if not folder.is_dir():
            pytest.skip(f"TAPSKLEARN_RECORDINGS holds no set {name!r}")
        return folder

    return find
