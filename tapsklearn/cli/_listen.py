"""``tapsklearn listen``: a verdict a moment after each tap."""

import contextlib
import queue
import sys
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tapsklearn._table_text import on_one_line
from tapsklearn.cli._model import Model, load_model
from tapsklearn.cli._options import Device, read_device
from tapsklearn.cli._terminal import known, only_our_messages

_COLUMNS = (
    *("board", "time", "level", "flags"),
    *("score", "p_value", "verdict", "error"),
)


def listen(
    model: Model,
    device: Device = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Table to write the results to; one that is there goes on.",
        ),
    ] = None,
) -> None:
    """Score each tap as it comes; Enter starts the next board, Ctrl-C ends.

    One line a tap, with the verdict on all taps of the board so far. After some boards
    it warns if most of them score otherwise than when the model was calibrated.
    """
    from tapsklearn._growing_table import GrowingTable
    from tapsklearn.recording import listen as listen_to
    from tapsklearn.scoring import ShiftMonitor

    fitted, rate = load_model(model)
    monitor = ShiftMonitor(fitted)
    n_enters = _count_enters()
    table = None
    board, p_values = 1, list[float]()
    if out is not None:
        table = GrowingTable(out, _COLUMNS, required=_COLUMNS)
        board += max((_read_number(out, row) for row in table.rows), default=0)
        table.start()
    # To be interrupted is how it ends.
    with only_our_messages(), contextlib.suppress(KeyboardInterrupt):
        for tap in listen_to(fitted, read_device(device), on_start=_announce):
            if not n_enters.empty():
                while not n_enters.empty():
                    n_enters.get()
                board, p_values = board + 1, []
            if not tap["error"]:
                p_values.append(tap["p_value"])
                if shift := monitor.add(board, tap["score"]):
                    warnings.warn(on_one_line(shift.describe()), stacklevel=2)
            typer.echo(_describe(tap, board, p_values, rate))
            if table is not None:
                row = {name: known(value) for name, value in tap.items()}
                table.append({"board": board, **row})


def _announce() -> None:
    typer.echo("tapsklearn: listening; Enter starts the next board", err=True)


def _describe(
    tap: dict[str, Any], board: int, p_values: list[float], rate: float
) -> str:
    from tapsklearn.scoring import board_verdicts

    line = f"{tap['time']:9.2f} s  {tap['level']:4.0f} dB  "
    line += tap["error"] or (
        f"{tap['verdict']:8}  score {tap['score']:.4g}, p {tap['p_value']:.3f}"
    )
    if tap["flags"]:
        line += f" ({tap['flags']})"
    if not p_values:
        return line
    with warnings.catch_warnings():
        # That calibration needs more takes is no news at each tap.
        warnings.simplefilter("ignore")
        (verdict,) = board_verdicts(
            p_values, [board] * len(p_values), false_alarm_rate=rate
        )["verdict"]
    return f"{line}  board {board}: {verdict} after {len(p_values)}"


def _count_enters() -> "queue.SimpleQueue[str]":
    """Collect lines of standard input in a thread."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _read_number(out: Path, row: Mapping[str, str]) -> int:
    if not row["board"].isdecimal():
        raise ValueError(
            f"--out {out}: has a board {row['board']!r}, which is no number; name "
            "another file"
        )
    return int(row["board"])
