"""``tapsklearn label``: which boards of a folder are normal."""

import sys
from typing import Annotated

import typer

from tapsklearn._table_text import on_one_line
from tapsklearn.cli._options import (
    Kind,
    Normal,
    Recordings,
    Session,
    Specimen,
    split_list,
)

_ANSWERS = {"n": "normal", "a": "abnormal", "s": None}


def label(
    directory: Recordings,
    normal: Normal = None,
    board: Annotated[
        list[str] | None,
        typer.Option(
            help="Boards that are labelled, as patterns.  [default: all that have no "
            "condition yet]",
            metavar="PATTERNS",
        ),
    ] = None,
    specimen: Specimen = None,
    kind: Kind = None,
    session: Session = None,
) -> None:
    """Say which boards of a folder are normal, in its boards.csv or takes.csv.

    Asks board by board on a terminal, and each answer is kept at once; with --normal,
    the boards that fit are normal and the others abnormal. What stands in the table
    already stays. A folder without a table gets boards.csv.
    """
    from tapsklearn.datasets import label_boards

    answered = []

    def ask(name: str, n_takes: int) -> str | None:
        answer = _ask(name, n_takes)
        answered.append(answer)
        return answer

    # Without any standard input, there is no such stream.
    asks = normal is None and sys.stdin is not None and sys.stdin.isatty()
    try:
        labels = label_boards(
            directory,
            normal=split_list(normal),
            boards=split_list(board),
            specimen=specimen,
            kind=kind,
            session=session,
            ask=ask if asks else None,
        )
    except (typer.Exit, typer.Abort):
        n_kept = sum(answer is not None for answer in answered)
        kept = "1 answer is" if n_kept == 1 else f"{n_kept} answers are"
        typer.echo(f"tapsklearn: {directory}: {kept} kept", err=True)
        raise
    counts = labels["condition"].value_counts()
    unknown = counts.get("", 0)
    rest = f", {unknown} not labelled" if unknown else ""
    typer.echo(
        f"tapsklearn: {directory}: {counts.get('normal', 0)} normal and "
        f"{counts.get('abnormal', 0)} abnormal boards{rest}",
        err=True,
    )


def _ask(board: str, n_takes: int) -> str | None:
    """Ask for a board's condition, again until it is understood."""
    takes = f"{n_takes} take{'' if n_takes == 1 else 's'}"
    question = f"{on_one_line(board)} ({takes}): [n]ormal, [a]bnormal, [s]kip, [q]uit"
    while True:
        answer = str(typer.prompt(question, default="n", err=True)).strip().casefold()
        # A whole word is as clear as its first letter.
        short = answer[:1] if answer in {"normal", "abnormal", "skip", "quit"} else ""
        answer = short or answer
        if answer == "q":
            raise typer.Exit
        if answer in _ANSWERS:
            return _ANSWERS[answer]
