"""What measurements of speed share: the model, the clock, the machine and the page."""

import platform
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline, make_pipeline

from tapsklearn import TapFeatures
from tapsklearn.detectors import article_methods, reference_methods

RESULTS = Path(__file__).parent / "results"


def train_briefly(name: str, takes: Any) -> Pipeline:
    """Train a method for an epoch: what it has learnt does not change its speed."""
    detector = {**article_methods(), **reference_methods()}[name].set_params(
        normal_boards=takes.normal_boards, random_state=0
    )
    if "max_epochs" in detector.get_params():
        detector.set_params(max_epochs=1)
    return make_pipeline(TapFeatures(), detector).fit(takes.paths, takes.board)


def cpu_name() -> str:
    """Give the processor's name, as well as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def describe_machine(*packages: str) -> str:
    """Name the processor, the interpreter and the versions of packages."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{cpu_name()}; Python {platform.python_version()}, {versions}"


def seconds_of(call: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def side_by_side(
    calls: Sequence[Callable[[], object]], rounds: int
) -> list[list[float]]:
    """Time calls in turn, round by round, after one round to warm up.

    A machine that is slow for a while is so for all of them.

    Parameters
    ----------
    calls : sequence of callable
        What is timed.
    rounds : int
        How often each is timed.

    Returns
    -------
    list of list of float
        The seconds of each call, one number a round.
    """
    times = [[seconds_of(call) for call in calls] for _ in range(rounds + 1)]
    return [list(of_call) for of_call in zip(*times[1:], strict=True)]


def ratio_of(slow: Sequence[float], fast: Sequence[float]) -> str:
    """Give the median over the rounds of how many times one takes the other's time."""
    ratios = sorted(a / b for a, b in zip(slow, fast, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def write_page(name: str, lines: Sequence[str]) -> None:
    """Print a page of results and keep it."""
    page = "\n".join(lines) + "\n"
    print(page)
    (RESULTS / name).write_text(page, encoding="utf-8")
