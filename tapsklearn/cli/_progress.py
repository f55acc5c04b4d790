"""Progress on standard error."""

import contextlib
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each stage of a job.

    Yields
    ------
    callable
        To be called with a stage, how many of its steps are done, and how many
        there are.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:>12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    progress = Progress(*columns, console=Console(stderr=True))
    stages: dict[str, TaskID] = {}

    def update(stage: str, done: int, total: int) -> None:
        if not stages:
            progress.start()
        if stage not in stages:
            stages[stage] = progress.add_task(stage, total=total)
        progress.update(stages[stage], completed=done)

    try:
        yield update
    finally:
        # Bars that never started would leave an empty line.
        if stages:
            progress.stop()
