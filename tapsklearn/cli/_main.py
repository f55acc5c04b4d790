"""The entry point: commands in, exit codes out, never a traceback for bad input."""

import contextlib
import errno
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from tapsklearn._version import __version__
from tapsklearn.cli._calibrate import calibrate
from tapsklearn.cli._check import check
from tapsklearn.cli._compare import compare
from tapsklearn.cli._demo import demo
from tapsklearn.cli._devices import devices
from tapsklearn.cli._fetch import fetch
from tapsklearn.cli._info import info
from tapsklearn.cli._label import label
from tapsklearn.cli._listen import listen
from tapsklearn.cli._record import record
from tapsklearn.cli._score import score
from tapsklearn.cli._split import split
from tapsklearn.cli._synth import synth
from tapsklearn.cli._train import train
from tapsklearn.recording import MicrophoneError

# Typer has no public name for the root of its errors about arguments.
_UsageError: Any = typer.BadParameter.__base__

_INTERRUPTED = 130
_WRONG_USE = 2

app = typer.Typer(
    help="Hear damage: learn from tap recordings whether the next tap is normal.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    *(demo, synth, fetch, label, check, compare, train, calibrate, score, info),
    *(devices, record, split, listen),
):
    app.command()(_command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tapsklearn {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False,
        "--version",
        help="Show the version and exit.",
        callback=_show_version,
        is_eager=True,
    ),
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, default=None
        The arguments; if None, those of the process.

    Returns
    -------
    int
        0 when all went well, 1 when a check found something, a recording could not be
        scored or a microphone was not there, 2 on wrong use, 130 when interrupted or
        terminated.
    """
    # A file's name can hold bytes that no encoding has, and must not end the listing.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings(), _termination_interrupts():
        warnings.showwarning = _show_warning
        # Two steps may warn in the same words.
        warnings.filterwarnings("once", category=UserWarning)
        # Joblib replaces a worker that has grown, and nothing is lost by it.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
        # Of a fold, or a training without a kind, that known defects are too few for.
        warnings.filterwarnings("ignore", message=".*contrast=True: there ")
        try:
            status = app(
                args=None if arguments is None else list(arguments),
                prog_name="tapsklearn",
                standalone_mode=False,
            )
            if sys.stdout is not None:
                sys.stdout.flush()
        except _UsageError as error:
            command = error.ctx.command_path if error.ctx else "tapsklearn"
            return _fail(f"{error.format_message()} (see {command} --help)")
        except OSError as error:
            if _is_closed_pipe(error):
                # Whoever read the output has enough; nothing is left to be flushed.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                return 1
            where = f"{error.filename}: " if error.filename else ""
            return _fail(f"{where}{error.strerror or error}")
        except ValueError as error:
            return _fail(str(error))
        except MicrophoneError as error:
            _print_line(str(error))
            return 1
        except (KeyboardInterrupt, typer.Abort):
            status = _INTERRUPTED
    if status == _INTERRUPTED:
        _print_line("interrupted")
    return int(status or 0)


@contextlib.contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Let a termination end what an interrupt ends: workers, recordings, bars."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_closed_pipe(error: OSError) -> bool:
    """Return whether nobody reads the output any more."""
    if isinstance(error, BrokenPipeError):
        return True
    # What Windows says instead, where no file is meant (see CPython's subprocess).
    return os.name == "nt" and error.errno == errno.EINVAL and not error.filename


def _fail(message: str) -> int:
    _print_line(message)
    return _WRONG_USE


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    _print_line(f"warning: {message}")


def _print_line(message: str) -> None:
    """Write one line to what is standard error now, be it below progress bars."""
    # Programs without a console have no such stream.
    if sys.stderr is not None:
        sys.stderr.write(f"tapsklearn: {' '.join(message.split())}\n")
