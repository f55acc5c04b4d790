"""``tapsklearn score``: a model file and recordings in, a verdict on each out."""

import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tapsklearn._shorten import shorten
from tapsklearn._table_text import csv_line, on_one_line
from tapsklearn.cli._ask_for_report import (
    Language,
    MaxSize,
    Report,
    ReportLanguage,
    ask_for_report,
)
from tapsklearn.cli._model import Model, load_model
from tapsklearn.cli._moved import warn_if_moved
from tapsklearn.cli._options import FalseAlarmRate, Normal, split_list
from tapsklearn.cli._recordings import STANDARD_INPUT, Listed, list_recordings
from tapsklearn.cli._terminal import known, to_json

_COLUMNS = ("path", "score", "p_value", "verdict", "flags", "error")
_BOARD_COLUMNS = ("board", "n_taps", "n_unusual", "median_score", "p_value", "verdict")
# No more are listed before the first of them is scored.
_LISTED_AT_ONCE = 64


def score(
    model: Model,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATHS...",
            help="Recordings, folders of recordings, or - for a list of them on "
            "standard input, one a line (UTF-8, or UTF-16 with a mark).",
        ),
    ],
    false_alarm_rate: FalseAlarmRate = None,
    null: Annotated[
        bool,
        typer.Option(
            "-0", "--null", help="The list has NUL between names: find -print0."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each row as JSON, one a line.")
    ] = False,
    report: Report = None,
    language: ReportLanguage = Language.en,
    max_size: MaxSize = "30MB",
    board_verdicts: Annotated[
        bool,
        typer.Option(
            "--board-verdicts",
            help="Print one verdict on all takes of a folder, in place of one on each.",
        ),
    ] = False,
    normal: Normal = None,
) -> None:
    """Score recordings with a model, one row each, as they are read.

    A higher score is more normal; the p-value is the share of normal takes that
    score as low; flags name what may have spoilt a score. A file that cannot be used
    has a row with the reason, and the exit code is 1 at the end. Hidden files are
    passed over, and links are followed once. With --report, all rows are kept in memory
    to the end, and the takes that the page holds are read again.

    At the end it warns if normal boards score otherwise than when the model was
    calibrated, as with another microphone, place or stick. If nothing says which boards
    are normal, half of them are taken for it.
    """
    if null and STANDARD_INPUT not in paths:
        raise ValueError(f"-0 is of no use without {STANDARD_INPUT}, a list to read")
    # Known now, not after hours of scoring.
    asked = ask_for_report(report, language=language, max_size=max_size)
    fitted, rate = load_model(model, false_alarm_rate=false_alarm_rate)
    if asked is not None:
        asked.check_model(model, fitted)
    columns = _BOARD_COLUMNS if board_verdicts else _COLUMNS
    write = _write_json if as_json else _start_csv(columns)

    n_broken = 0
    unused: list[str] = []
    scored: list[tuple[str, float]] = []
    of_boards: dict[str, list[tuple[float, float]]] = {}
    for some in list_recordings(paths, at_once=_LISTED_AT_ONCE, null=null):
        unused += [listed.path for listed in some if listed.is_unused]
        for row in _score(fitted, some):
            n_broken += bool(row["error"])
            if not row["error"]:
                scored.append((row["path"], row["score"]))
            if asked is not None:
                asked.rows.append(row)
            if not board_verdicts:
                write(row)
            elif row["error"]:
                typer.echo(f"tapsklearn: {row['path']}: {row['error']}", err=True)
            else:
                if row["flags"]:
                    typer.echo(f"tapsklearn: {row['path']}: {row['flags']}", err=True)
                board = str(Path(row["path"]).parent)
                taps = of_boards.setdefault(board, [])
                taps.append((row["p_value"], row["score"]))
        # Whoever reads along has not to wait for the next ones.
        sys.stdout.flush()
    if of_boards:
        for verdict in _decide(of_boards, rate):
            write(verdict)
    # For boards, each has had its line already.
    if unused and not board_verdicts:
        message = f"{len(unused)} cannot be read: {shorten(unused)}"
        warnings.warn(on_one_line(message), stacklevel=2)
    shift = warn_if_moved(fitted, scored, given=paths, normal=split_list(normal))
    if asked is not None:
        asked.write(fitted, model, shift=shift)
    if n_broken:
        raise typer.Exit(1)


def _score(model: Any, listed: Sequence[Listed]) -> Iterator[dict[str, Any]]:
    """Yield a row for each path, those with known problems among them."""
    from tapsklearn.scoring import score_files

    files = [path for path, problem, _ in listed if not problem]
    rows = score_files(model, files)
    unknown = {"score": math.nan, "p_value": math.nan, "verdict": "", "flags": ""}
    for path, problem, _ in listed:
        yield {"path": path, **unknown, "error": problem} if problem else next(rows)


def _decide(
    of_boards: Mapping[str, Sequence[tuple[float, float]]], rate: float
) -> Iterable[Mapping[Any, Any]]:
    from tapsklearn.scoring import board_verdicts

    boards = [board for board, taps in of_boards.items() for _ in taps]
    taps = [tap for taps in of_boards.values() for tap in taps]
    p_values, scores = zip(*taps, strict=True)
    verdicts = board_verdicts(p_values, boards, scores=scores, false_alarm_rate=rate)
    return verdicts.reset_index().to_dict(orient="records")


def _start_csv(columns: Sequence[str]) -> Callable[[Mapping[str, Any]], None]:
    sys.stdout.write(csv_line(columns))
    sys.stdout.flush()

    def write(row: Mapping[str, Any]) -> None:
        sys.stdout.write(csv_line(known(row[name]) for name in columns))

    return write


def _write_json(row: Mapping[str, Any]) -> None:
    sys.stdout.write(to_json(row) + "\n")
