"""Progress of a long job on standard error."""

import contextlib
from collections.abc import Iterator
from typing import Any


class Bar:
    """A bar that advances with each step of a job.

    Parameters
    ----------
    progress : rich.progress.Progress or None
        Where it is shown. If None, nowhere.
    task : object
        Its task in there.
    """

    def __init__(self, progress: Any = None, task: Any = None) -> None:
        self._progress = progress
        self._task = task

    def __call__(self, n_steps: int = 1, note: str = "") -> None:
        """Advance.

        Parameters
        ----------
        n_steps : int, default=1
            How many more steps are done.
        note : str, default=""
            Stands at the end of the line.
        """
        if self._progress is not None:
            self._progress.update(self._task, advance=n_steps, note=note)

    def say(self, line: str, *, note: str = "") -> None:
        """Write a line above the bar.

        Parameters
        ----------
        line : str
            The line.
        note : str, default=""
            What the bar says, for where it is not seen: in a file.
        """
        if self._progress is None:
            return
        console = self._progress.console
        if note and not console.is_terminal:
            line = f"{line}  {note}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextlib.contextmanager
def progress_bar(
    description: str, total: int, *, verbose: int, is_even: bool = True
) -> Iterator[Bar]:
    """Show a bar that advances with each step of a job.

    Parameters
    ----------
    description : str
        What is being done.
    total : int
        Number of steps.
    verbose : int
        0 shows nothing.
    is_even : bool, default=True
        Whether steps take equally long, so that the pace so far says how long the rest
        takes.

    Yields
    ------
    Bar
        ``advance(n_steps=1, note="")``: that many steps more are done; the note stands
        at the end of the line.

    Examples
    --------
    >>> with progress_bar("training", 3, verbose=0) as advance:
    ...     advance(note="loss 0.5")
    """
    if not verbose:
        yield Bar()
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
        *((TextColumn("left"), TimeRemainingColumn()) if is_even else ()),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Bar(progress, progress.add_task(description, total=total, note=""))
