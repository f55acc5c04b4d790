"""What the benchmarks share: the clock, where a number comes from, rows and pages."""

import argparse
import copy
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from sklearn.pipeline import Pipeline, make_pipeline

from tapsklearn import __version__
from tapsklearn.detectors import article_methods, reference_methods
from tapsklearn.networks import fold_batch_norm
from tapsklearn.preprocessing import article_features

RESULTS = Path(__file__).parent / "results"
# Of every page.
PACKAGES = ("numpy", "scikit-learn", "torch")
# Columns of where a row comes from.
ORIGIN = ("processor", "versions", "precision")
NOT_TRAINED = "not trained"


def parse_arguments(
    parser: argparse.ArgumentParser, *, quick: Mapping[str, Any]
) -> argparse.Namespace:
    """Add what all scripts have, and parse.

    Parameters
    ----------
    parser : ArgumentParser
        With the arguments of the script.
    quick : mapping
        Smallest values of these, by name, which ``--quick`` makes the defaults.
    """
    parser.add_argument("--results", type=Path, help="folder of the page")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="smallest settings, to see that the script works; without --results, the "
        "page is written into a temporary folder",
    )
    if parser.parse_known_args()[0].quick:
        parser.set_defaults(**quick)
    arguments = parser.parse_args()
    if arguments.results is None:
        arguments.results = Path(tempfile.mkdtemp()) if arguments.quick else RESULTS
    arguments.results.mkdir(parents=True, exist_ok=True)
    return arguments


def add_recordings(parser: argparse.ArgumentParser) -> None:
    """Add the folder that holds the sets of recordings."""
    known = os.environ.get("TAPSKLEARN_RECORDINGS", ".")
    parser.add_argument(
        "recordings",
        type=Path,
        nargs="?",
        default=Path(known),
        help="folder with a folder for each set (TAPSKLEARN_RECORDINGS)",
    )


def train_briefly(name: str, takes: Any) -> Pipeline:
    """Train a method for an epoch: its weights do not change its speed."""
    detector = {**article_methods(), **reference_methods()}[name].set_params(
        normal_boards=takes.normal_boards, random_state=0
    )
    if "max_epochs" in detector.get_params():
        detector.set_params(max_epochs=1)
    return make_pipeline(article_features(), detector).fit(takes.paths, takes.board)


def copy_network(detector: Any) -> torch.nn.Module:
    """Return the network of a fitted detector, made as fast as the detector has it."""
    network = copy.deepcopy(detector.net_)
    fold_batch_norm(network)
    return network.to(memory_format=torch.channels_last)


def find_precision(detector: Any) -> str:
    """Return the precision that a fitted detector was trained in."""
    return getattr(detector, "precision_", NOT_TRAINED)


def find_cpu() -> str:
    """Return the processor's name, as well as the system knows it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def find_origin(*packages: str, device: str = "cpu", precision: str = "") -> dict:
    """Return what a row keeps of where it comes from: the columns of `ORIGIN`."""
    versions = {"Python": platform.python_version(), "tapsklearn": __version__} | {
        name: version(name) for name in dict.fromkeys([*PACKAGES, *packages])
    }
    processor = find_cpu()
    if device.startswith("cuda"):
        processor += f" and {torch.cuda.get_device_name(device)}"
    return {
        "processor": processor,
        "versions": ", ".join(f"{name} {each}" for name, each in versions.items()),
        "precision": precision,
    }


def describe_run(
    script: str,
    *packages: str,
    rows: pd.DataFrame | None = None,
    device: str = "cpu",
    precision: str | None = None,
    seeds: int | None = None,
    rounds: int | None = None,
) -> str:
    """Describe in a line where the numbers of a page come from.

    Parameters
    ----------
    script : str
        The file; pass `__file__`.
    *packages : str
        Whose versions matter, beside those of `PACKAGES`.
    rows : DataFrame, default=None
        Rows of the page, with the columns of `ORIGIN`. If None, all was computed now
        and here.
    device : str, default="cpu"
        What trained.
    precision : str, default=None
        What detectors were trained in. If None and without rows, nothing was trained.
    seeds, rounds : int, default=None
        How many, if there are any; seeds begin with 0.
    """
    if rows is None:
        now = find_origin(*packages, device=device, precision=precision or NOT_TRAINED)
        rows = pd.DataFrame([now])
    rows = rows.reindex(columns=ORIGIN)
    parts = []
    for column in ("processor", "versions"):
        counts = rows[column].fillna(f"{column} not recorded").value_counts()
        cells = [
            f"{name} ({n} of {len(rows)} rows)" if n < len(rows) else name
            for name, n in counts.items()
        ]
        parts.append(" / ".join(cells))
    trained_in = sorted(set(rows["precision"].fillna("not recorded")) - {NOT_TRAINED})
    if trained_in:
        parts.append(f"precision of training: {', '.join(trained_in)}")
    if seeds is not None:
        parts.append("seed: 0" if seeds == 1 else f"seeds: 0 to {seeds - 1}")
    if rounds is not None:
        parts.append(f"rounds: {rounds}")
    return f"Written by `benchmarks/{Path(script).name}`. {'; '.join(parts)}."


def read_rows(path: Path, columns: Iterable[str], **options: Any) -> pd.DataFrame:
    """Read the rows kept so far, with these columns and those of `ORIGIN`."""
    columns = [*columns, *ORIGIN]
    if not path.exists():
        return pd.DataFrame(columns=columns)
    return pd.read_csv(path, **options).reindex(columns=columns)


def keep_rows(path: Path, rows: Sequence[Mapping[str, Any]], columns: Any) -> None:
    """Add rows to those kept; the file is a whole one at any time."""
    new = pd.DataFrame(rows, columns=[*columns, *ORIGIN])
    # As text, so that no number is rounded.
    kept = read_rows(path, columns, dtype=str)
    part = path.with_suffix(".part")
    pd.concat([kept.astype(object), new.astype(object)]).to_csv(part, index=False)
    part.replace(path)


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
    """Return the median over the rounds of how often one takes the other's time."""
    ratios = sorted(a / b for a, b in zip(slow, fast, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def spread_of(values: Any, digits: int = 3) -> str:
    """Return the mean ± the standard deviation over the seeds."""
    values = pd.Series(values, dtype=float)
    mean, deviation = f"{values.mean():.{digits}f}", f"{values.std():.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ± {deviation}"


def format_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return the lines of a table."""
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(map(str, line))} |" for line in lines]


def write_page(path: Path, title: str, described: str, lines: Iterable[str]) -> None:
    """Print a page of results and keep it.

    Parameters
    ----------
    path : Path
        The file.
    title : str
        What was asked.
    described : str
        Where the numbers come from: of `describe_run`.
    lines : iterable of str
        All else.
    """
    page = "\n".join([f"# {title}", "", described, "", *lines]) + "\n"
    print(page)
    path.write_text(page, encoding="utf-8")
    print(f"-> {path}")
