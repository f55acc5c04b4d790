"""``tapsklearn check``: what is wrong with a folder of recordings."""

from typing import Annotated

import typer

from tapsklearn._table_text import on_one_line
from tapsklearn.cli._options import Normal, Recordings, split_list
from tapsklearn.cli._terminal import to_json


def check(
    directory: Recordings,
    normal: Normal = None,
    min_takes: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Boards with fewer takes are listed."),
    ] = 10,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the problems as JSON.")
    ] = False,
) -> None:
    """List what is wrong with a folder of recordings.

    Unreadable, silent and clipped files, files without a tap or with two, files of
    an odd sampling rate, files that cut their tap by their rate or length, recordings
    that are there and not used or there twice, boards of similar names, recorded with
    another device than others, or with few takes. Exit code 1 if there is anything.
    """
    from tapsklearn.datasets import check_takes

    problems = check_takes(
        directory, normal=split_list(normal), min_takes=min_takes, verbose=1
    )
    if as_json:
        records = problems.to_dict(orient="records")
        typer.echo(to_json(records, indent=2))
    else:
        for path, board, problem, detail in problems.itertuples(index=False):
            line = f"{path or board or directory}: {problem}: {detail}"
            typer.echo(on_one_line(line))
    n_found = len(problems)
    found = f"{n_found or 'no'} problem{'' if n_found == 1 else 's'} found"
    typer.echo(f"tapsklearn: {directory}: {found}", err=True)
    raise typer.Exit(1 if n_found else 0)
