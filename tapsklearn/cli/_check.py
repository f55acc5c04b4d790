"""``tapsklearn check``: what is wrong with a folder of recordings."""

import json
from typing import Annotated

import typer

from tapsklearn.cli._options import Normal, Recordings, split_list


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
    an odd sampling rate, boards with few takes. Exit code 1 if there is anything.
    """
    from tapsklearn.datasets import check_takes

    problems = check_takes(
        directory, normal=split_list(normal), min_takes=min_takes, verbose=1
    )
    if as_json:
        records = problems.to_dict(orient="records")
        typer.echo(json.dumps(records, indent=2, ensure_ascii=False))
    else:
        for path, board, problem, detail in problems.itertuples(index=False):
            typer.echo(f"{path or board or directory}: {problem}: {detail}")
    n_found = len(problems)
    found = f"{n_found or 'no'} problem{'' if n_found == 1 else 's'} found"
    typer.echo(f"tapsklearn: {directory}: {found}", err=True)
    raise typer.Exit(1 if n_found else 0)
