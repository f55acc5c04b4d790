"""``tapsklearn demo``: the whole of it, with nothing at hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tapsklearn.cli._choices import DEFAULT_METHOD, add_contrast
from tapsklearn.cli._comparison import (
    can_plot,
    can_write_reports,
    compare_and_report,
)
from tapsklearn.cli._options import Jobs, Seed
from tapsklearn.cli._synth import synth

if TYPE_CHECKING:
    import pandas as pd

# Small enough for a few minutes on two cores without bfloat16.
_TAKES = 8
_EPOCHS = 15
_RESNET18_EPOCHS = 5
_CHANCE = 0.5
# One split: the article's training boards and some further ones are trained on, with
# the other ends of their specimens, and all others are tested.
_TRAINING_BOARDS = (
    *("normal 1 left", "normal 3 left", "abnormal 5"),
    *("further normal 001 left", "further normal 002 left"),
    "further cracked 003 left",
)


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
    """Synthesize the article's boards, and compare the default with its eight methods.

    Needs no recordings: the boards are computed as plates of wood, some with a
    crack. Twelve boards are for training, the others for testing. The recordings are
    left in the folder, with results.csv, ranking.csv, kinds.csv, scores.csv,
    verdicts.csv and figures.
    """
    from sklearn.model_selection import PredefinedSplit

    from tapsklearn.datasets import load_takes

    boards = directory / "boards"
    synth(boards, takes=_TAKES, seed=seed, jobs=jobs)
    takes = load_takes(boards)
    trained_on = {takes.specimens[board] for board in _TRAINING_BOARDS}
    is_test = [takes.specimens[board] not in trained_on for board in takes.board]

    methods = _choose_methods(takes)
    comparison = compare_and_report(
        methods,
        takes.paths,
        takes.board,
        truth=takes.truth,
        cv=PredefinedSplit([0 if each else -1 for each in is_test]),
        random_state=seed,
        n_jobs=jobs or -1,
        memory=directory / "cells",
        return_estimators=can_plot() or can_write_reports(),
        out=directory,
    )
    for reason in _explain_chance(comparison.ranking(), methods):
        typer.echo(f"tapsklearn: {reason}", err=True)


def _choose_methods(takes: Any) -> dict[str, Any]:
    """Return all methods, those that train with fewer epochs than the article's."""
    from tapsklearn.detectors import Calibration, article_methods, reference_methods

    # The default, and what it has to beat, score as `train` has them.
    references = reference_methods()
    add_contrast(references, takes)
    methods = {DEFAULT_METHOD: references.pop(DEFAULT_METHOD)}
    methods |= references | article_methods()
    for name, method in methods.items():
        if "max_epochs" in method.get_params():
            epochs = _RESNET18_EPOCHS if name.endswith("resnet18") else _EPOCHS
            method.set_params(max_epochs=epochs)
    for method in methods.values():
        # All that is tested are unseen boards, few as there are to calibrate with.
        method.set_params(calibration=Calibration(by="board"))
    return methods


def _explain_chance(ranking: "pd.DataFrame", methods: dict[str, Any]) -> Iterator[str]:
    """Write of each method that is not above chance for certain why that may be."""
    from tapsklearn.detectors import article_methods

    article = article_methods()
    for name, low in ranking["low"].items():
        if low > _CHANCE:
            continue
        if name in article:
            why = (
                f"it has the article's settings and {methods[name].max_epochs} of its "
                f"{article[name].max_epochs} epochs; tuned-{name} has ours"
            )
        else:
            why = "it trains nothing, and sound boards differ as much as a crack does"
        yield f"{name} is not above chance for certain: {why}"
