"""``tapsklearn synth``: boards to try things on."""

from pathlib import Path
from typing import Annotated

import typer

from tapsklearn.cli._options import Jobs, Seed


def synth(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder to write into: new, or begun before."
        ),
    ],
    scenario: Annotated[
        str, typer.Option(metavar="NAME", help="article, same_shop, wide or anything.")
    ] = "article",
    takes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Takes of each board.")
    ] = 30,
    boards: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Random specimens.  [default: 12 for article, else 24]",
        ),
    ] = None,
    seed: Seed = 0,
    jobs: Jobs = None,
) -> None:
    """Synthesize recordings of tapped boards, some of them cracked.

    The boards are plates of wood, computed with their cracks, the stick and the
    microphone; takes.csv describes each take. The folder can be given to compare and
    check. A run that was interrupted is continued by the same command.
    """
    from tapsklearn.synthesis import make_tap_boards

    made = make_tap_boards(
        directory,
        scenario=scenario,
        n_takes=takes,
        n_boards=boards,
        random_state=seed,
        n_jobs=jobs or -1,
        verbose=1,
    )
    typer.echo(
        f"tapsklearn: {len(made.paths)} takes of {len(made.specimens)} boards, "
        f"{len(made.normal_boards)} of them normal; written to {directory}",
        err=True,
    )
