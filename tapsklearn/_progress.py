"""Progress of a long job on standard error."""

import contextlib
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def progress_bar(
    description: str, total: int, *, verbose: int
) -> Iterator[Callable[..., None]]:
    """Show a bar that advances with each step of a job.

    Parameters
    ----------
    description : str
        What is being done.
    total : int
        Number of steps.
    verbose : int
        0 shows nothing.

    Yields
    ------
    callable
        ``advance(n_steps=1, note="")``: that many steps more are done; the note stands
        at the end of the line.

    Examples
    --------
    >>> with progress_bar("training", 3, verbose=0) as advance:
    ...     advance(note="loss 0.5")
    """
    if not verbose:
        yield lambda n_steps=1, note="": None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
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
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(description, total=total, note="")

        def advance(n_steps: int = 1, note: str = "") -> None:
            progress.update(task, advance=n_steps, note=note)

        yield advance
