"""``tapsklearn fetch``: public recordings to try things on."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class _Set(StrEnum):
    hammer_floor = "hammer-floor"


def fetch(
    name: Annotated[_Set, typer.Argument(metavar="NAME", help="hammer-floor.")],
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder to write into: new, or begun before."
        ),
    ],
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where a copy of the repository lies.  [default: at GitHub]",
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(metavar="S", help="Seconds after which a silent server fails."),
    ] = 30.0,
) -> None:
    """Fetch public recordings, each compared with its checksum.

    hammer-floor: a floor hammered on, a hammer and a ball dropped on it; 240 takes of
    12 boards, 28 MB to fetch and 64 MB of takes (SNU-B36-50, MIT licence). The folder
    can be given to check and compare. What was interrupted is continued by the same
    command.
    """
    from tapsklearn.datasets import fetch_hammer_floor

    try:
        takes = fetch_hammer_floor(
            directory, base_url=base_url, timeout=timeout, verbose=1
        )
    except ImportError as error:
        raise ValueError(str(error)) from error
    typer.echo(
        f"tapsklearn: {len(takes.paths)} takes of {len(takes.specimens)} boards, "
        f"{len(takes.normal_boards)} of them normal; in {directory}",
        err=True,
    )
