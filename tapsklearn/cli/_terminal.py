"""What a terminal shows: messages of this program alone, a level meter, tables."""

import contextlib
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

_LOWEST_DB = -60.0
_METER_WIDTH = 30
# In a narrow terminal, better lines that go on below than figures cut off.
_WIDEST = 200


@contextlib.contextmanager
def only_our_messages() -> Iterator[None]:
    """Keep what PortAudio and ALSA write to standard error from whoever taps.

    They write what they expected of a device, line by line, where a device that is
    unplugged is to give one line that can be understood.

    Yields
    ------
    None
        While they are silent.
    """
    try:
        goes_to_process = sys.stderr.fileno() == 2
    except (AttributeError, OSError, ValueError):
        goes_to_process = False
    if not goes_to_process:
        yield
        return
    ours = os.fdopen(
        os.dup(2), "w", 1, encoding=sys.stderr.encoding, errors=sys.stderr.errors
    )
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with ours:
        os.dup2(nowhere, 2)
        try:
            with contextlib.redirect_stderr(ours):
                yield
        finally:
            os.dup2(ours.fileno(), 2)
            os.close(nowhere)


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
        share = 1 - max(self.peak, _LOWEST_DB) / _LOWEST_DB
        filled = min(round(_METER_WIDTH * share), _METER_WIDTH)
        bar = "█" * filled + "░" * (_METER_WIDTH - filled)
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


def make_table(*, gap: int) -> "Table":
    """Make a table with a line under its head and none around it.

    Parameters
    ----------
    gap : int
        Spaces between columns.

    Returns
    -------
    Table
        Without columns or rows.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap, 0, 0)
    )


def print_table(table: "Table") -> None:
    """Print a table.

    Parameters
    ----------
    table : Table
        The table.
    """
    from rich.console import Console

    Console(width=_WIDEST).print(table)


def known(value: Any) -> Any:
    """Give None, an empty cell, for a number that there is not.

    Parameters
    ----------
    value : object
        A number, or something else.

    Returns
    -------
    object
        None for NaN, else what was given.
    """
    return None if isinstance(value, float) and math.isnan(value) else value


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Write as JSON what any reader gets back as it is, names of files included.

    Parameters
    ----------
    value : object
        A mapping, or what else JSON holds.
    indent : int, default=None
        Spaces by which each level is indented. If None, all is on one line.

    Returns
    -------
    str
        JSON, with null for numbers that there are not; in ASCII alone where standard
        output cannot hold all letters.
    """
    if isinstance(value, Mapping):
        value = {name: known(each) for name, each in value.items()}
    encoding = (sys.stdout.encoding or "ascii").lower()
    # What is no letter at all, like a byte of a name that is not UTF-8, standard output
    # writes as JSON does (see `main`).
    is_unicode = encoding.replace("-", "") in {"utf8", "utf16", "utf32"}
    return json.dumps(value, indent=indent, ensure_ascii=not is_unicode)
