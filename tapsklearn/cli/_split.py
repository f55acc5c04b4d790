"""``tapsklearn split``: a board's takes out of recordings of any length."""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tapsklearn._table_text import on_one_line
from tapsklearn.cli._comparison import can_plot
from tapsklearn.cli._options import Condition, Kind, Session, Specimen

if TYPE_CHECKING:
    from tapsklearn.recording import SplitRecording, SplitTap

_FIGURES = (".png", ".pdf", ".svg")
_DOTS_PER_INCH = 120
# So much quieter than most takes, something else may have been struck.
_FAINT_DB = 25.0
_PERCENT = 100


class _Job(NamedTuple):
    recording: Path
    board: str
    condition: str
    specimen: str | None
    kind: str | None
    session: str | None


def split(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="LONG... DIR",
            help="Recordings of any length, and the folder of all boards; the folder "
            "alone with --table.",
        ),
    ],
    board: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Board that is tapped in all of them."),
    ] = None,
    condition: Annotated[
        Condition | None,
        typer.Option(help="What the board is known to be.  [default: normal]"),
    ] = None,
    specimen: Specimen = None,
    kind: Kind = None,
    session: Session = None,
    table: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Recordings of several boards: columns file, board and condition, and "
            "maybe specimen, kind and session. Files are looked for from its folder.",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="Figure of the recording with its taps; with several recordings "
            "FILE-1.png and so on. PDF and SVG too.",
        ),
    ] = None,
) -> None:
    """Find the taps in recordings of any length, and write each as a take.

    Takes are the same as those of `tapsklearn record`. A tap that is clipped, too
    quiet, struck twice within 0.4 s or cut off is left out, and named with its time.
    Run again, after an interrupt or when a recording has grown, it writes only what is
    missing. The exit code is 1 if a recording could not be read to its end, or gave no
    take.
    """
    *recordings, directory = paths
    named = {
        "--board": board,
        "--condition": condition,
        "--specimen": specimen,
        "--kind": kind,
        "--session": session,
    }
    if table is not None:
        given = [name for name, value in named.items() if value is not None]
        if given or recordings:
            what = given[0] if given else str(recordings[0])
            raise ValueError(f"{what}: with --table, the table alone says so")
        jobs = _read_table(table)
    else:
        if board is None:
            raise ValueError("name the board with --board, or give a --table")
        if not recordings:
            raise ValueError(f"name the recordings, then the folder, not {directory}")
        jobs = [
            _Job(path, board, condition or Condition.normal, specimen, kind, session)
            for path in recordings
        ]
    if directory.is_file():
        raise ValueError(f"{directory} is a file, not the folder of all boards")
    if plot is not None:
        _check_plot(plot)
    is_well = True
    for number, job in enumerate(jobs, start=1):
        result = _split(job, directory)
        is_well &= not result.problem and any(tap.path for tap in result.taps)
        _say(f"{job.recording}: {_summarize(result, job.board)}")
        if plot is not None and len(result.peaks):
            suffix = f"-{number}" if len(jobs) > 1 else ""
            _plot(result, plot.with_stem(plot.stem + suffix))
    if not is_well:
        raise typer.Exit(1)


def _split(job: _Job, directory: Path) -> "SplitRecording":
    from tapsklearn._progress import progress_bar
    from tapsklearn.recording import split_takes

    is_shown = sys.stderr.isatty()
    with progress_bar("splitting", _PERCENT, verbose=int(is_shown)) as bar:
        n_done = 0

        def report(recording: Path, tap: "SplitTap") -> None:
            if tap.path is None:
                line = f"{recording.name} {_as_clock(tap.seconds)}: left out, "
                line += ", ".join(tap.flags)
                if is_shown:
                    bar.say(on_one_line(line))
                else:
                    _say(line)

        def advance(recording: Path, seconds: float, total: float | None) -> None:
            nonlocal n_done
            share = 0 if not total else min(int(_PERCENT * seconds / total), _PERCENT)
            bar(share - n_done, note=f"{recording.name} {_as_clock(seconds)}")
            n_done = share

        (result,) = split_takes(
            job.recording,
            directory,
            job.board,
            condition=job.condition,
            specimen=job.specimen,
            kind=job.kind,
            session=job.session,
            on_tap=report,
            on_block=advance,
        )
    return result


def _read_table(table: Path) -> list[_Job]:
    from tapsklearn.datasets import read_long_table

    return [
        _Job(
            Path(row["file"]),
            row["board"],
            row["condition"],
            *(row[name] or None for name in ("specimen", "kind", "session")),
        )
        for _, row in read_long_table(table).iterrows()
    ]


def _summarize(result: "SplitRecording", board: str) -> str:
    taken = [tap for tap in result.taps if tap.path]
    n_new = sum(tap.is_new for tap in taken)
    parts = [f"{n_new} takes of {board} written" if n_new != 1 else "1 take written"]
    if len(taken) > n_new:
        parts.append(f"{len(taken) - n_new} there before")
    left_out = Counter(", ".join(tap.flags) for tap in result.taps if not tap.path)
    if left_out:
        why = "; ".join(f"{count} {reason}" for reason, count in left_out.items())
        parts.append(f"{left_out.total()} left out ({why})")
    if not result.taps and not result.problem:
        parts = ["no tap was found"]
    faint = _find_faint(taken)
    if faint:
        parts.append(f"look at what is far quieter than most: {', '.join(faint)}")
    if result.problem:
        # Nothing was written of what could not be opened.
        parts = [result.problem, *(parts if result.taps else [])]
    return "; ".join(parts)


def _find_faint(taken: "list[SplitTap]") -> list[str]:
    from statistics import median

    if not taken:
        return []
    usual = median(tap.peak_db for tap in taken)
    return [
        f"{tap.path.name} at {_as_clock(tap.seconds)}"
        for tap in taken
        if tap.path and tap.peak_db < usual - _FAINT_DB
    ]


def _check_plot(plot: Path) -> None:
    if plot.suffix.lower() not in _FIGURES:
        raise ValueError(f"--plot {plot}: name a file that ends in .png, .pdf or .svg")
    if not plot.absolute().parent.is_dir():
        raise ValueError(f"--plot {plot}: there is no folder {plot.parent}")
    if not can_plot():
        raise ValueError('--plot needs matplotlib: pip install "tapsklearn[plot]"')


def _plot(result: "SplitRecording", path: Path) -> None:
    import matplotlib.pyplot as plt

    from tapsklearn.inspection import RecordingDisplay

    figure: Any = RecordingDisplay.from_split(result).figure_
    figure.savefig(path, dpi=_DOTS_PER_INCH)
    plt.close(figure)
    _say(f"plotted {path}")


def _as_clock(seconds: float) -> str:
    minutes, left = divmod(round(seconds, 2), 60)
    return f"{int(minutes)}:{left:05.2f}"


def _say(line: str) -> None:
    typer.echo(f"tapsklearn: {on_one_line(line)}", err=True)
