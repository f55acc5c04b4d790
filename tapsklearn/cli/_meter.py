"""The level of the microphone, on standard error if that is a terminal."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import typer

_LOWEST_DB = -60.0
_WIDTH = 30


class LevelMeter:
    """A line that shows the level and what is left, with messages above it.

    Parameters
    ----------
    live : rich.live.Live, or None
        Where the line is shown. If None, nowhere.
    """

    def __init__(self, live: Any) -> None:
        self.live = live
        self.n_left: int | None = None
        self.peak = _LOWEST_DB

    def show(self, level: float) -> None:
        """Show a level, which falls slowly so that it can be read.

        Parameters
        ----------
        level : float
            In dB relative to full scale.
        """
        self.peak = max(level, self.peak - 0.5)
        if self.live is None:
            return
        filled = round(_WIDTH * (1 - max(self.peak, _LOWEST_DB) / _LOWEST_DB))
        bar = "█" * min(filled, _WIDTH) + "░" * (_WIDTH - min(filled, _WIDTH))
        left = "" if self.n_left is None else f"{self.n_left} to go"
        self.live.update(f"{bar} {self.peak:4.0f} dB  {left}")

    def start(self, n_left: int) -> None:
        """Show how many takes are to be recorded.

        Parameters
        ----------
        n_left : int
            How many.
        """
        self.n_left = n_left

    def count_down(self) -> None:
        """Show that there is one take less to be recorded."""
        self.n_left = (self.n_left or 0) - 1

    def say(self, message: str) -> None:
        """Write a line that stays.

        Parameters
        ----------
        message : str
            The line.
        """
        if self.live is None:
            typer.echo(message, err=True)
        else:
            self.live.console.print(message, markup=False, highlight=False)


@contextlib.contextmanager
def level_meter() -> Iterator[LevelMeter]:
    """Show a meter while something is recorded.

    Yields
    ------
    LevelMeter
        The meter.
    """
    if not sys.stderr.isatty():
        yield LevelMeter(None)
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    with Live("", console=console, transient=True, refresh_per_second=12) as live:
        yield LevelMeter(live)
