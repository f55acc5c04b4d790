"""``tapsklearn demo``: the whole of it, with nothing at hand."""

from pathlib import Path
from typing import Annotated

import typer

from tapsklearn.cli._compare import compare
from tapsklearn.cli._options import Jobs, Seed
from tapsklearn.cli._synth import synth

# Small enough for a few minutes on two cores without bfloat16.
_TAKES = 8
_FOLDS = 3
_EPOCHS = 15


def demo(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="[DIR]", help="Folder to write into: new, or of a demo before."
        ),
    ] = Path("tapsklearn-demo"),
    seed: Seed = 0,
    jobs: Jobs = None,
) -> None:
    """Synthesize the article's boards and compare the methods on them.

    Needs no recordings: the boards are computed as plates of wood, some with a
    crack. They are left in the folder, with results.csv and scores.csv.
    """
    boards = directory / "boards"
    synth(boards, takes=_TAKES, seed=seed, jobs=jobs)
    compare(boards, folds=_FOLDS, epochs=_EPOCHS, seed=seed, jobs=jobs, out=directory)
