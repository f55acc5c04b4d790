"""``tapsklearn compare``: which method detects the difference."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tapsklearn.cli._ask_for_report import Language, ReportLanguage
from tapsklearn.cli._choices import (
    DEFAULT_METHODS,
    MOST_FOLDS,
    add_contrast,
    choose_folds,
    choose_methods,
    require_both_conditions,
)
from tapsklearn.cli._comparison import (
    can_plot,
    can_write_reports,
    compare_and_report,
)
from tapsklearn.cli._features import with_features
from tapsklearn.cli._options import (
    Epochs,
    Jobs,
    NoContrast,
    Normal,
    Recordings,
    Seed,
    split_list,
)


class Unit(StrEnum):
    """What folds hold out."""

    specimen = "specimen"
    session = "session"


@with_features
def compare(
    directory: Recordings,
    *,
    features: Any,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            help="Methods to compare; a wrong name gets a list of all.  "
            f"[default: {', '.join(DEFAULT_METHODS)}]",
            metavar="NAMES",
        ),
    ] = None,
    normal: Normal = None,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2,
            metavar="N",
            help=f"Folds over boards.  [default: {MOST_FOLDS}, or what is feasible]",
        ),
    ] = None,
    by: Annotated[
        Unit,
        typer.Option(
            help="What is never on both sides of a fold: specimens, to ask of new "
            "ones, or sessions (a column of takes.csv or boards.csv), to ask of the "
            "same ones later."
        ),
    ] = Unit.specimen,
    known_only: Annotated[
        bool,
        typer.Option(
            "--known-only",
            help="Leave out how well kinds of defects are detected that were never "
            "recorded. For it methods are trained again without each kind (a column "
            "of takes.csv or boards.csv), which can double the time.",
        ),
    ] = False,
    no_contrast: NoContrast = False,
    epochs: Epochs = None,
    seed: Seed = 0,
    jobs: Jobs = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for report.html, results.csv, ranking.csv, kinds.csv, "
            "scores.csv, verdicts.csv and figures, and for what is finished, so that a "
            "comparison that was interrupted continues.",
        ),
    ] = None,
    language: ReportLanguage = Language.en,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the tables as JSON.")
    ] = False,
) -> None:
    """Compare methods on unseen boards.

    Each method is trained and evaluated on the same folds; no board, nor another
    board of its specimen, is on both sides of one. roc_auc and pauc measure how well
    the scores rank abnormal takes below normal ones (0.5 is chance); fpr and tpr, the
    false and true positive rate, are the shares of the normal and of the abnormal
    takes that are called abnormal. The last table sets side by side how well defects
    like those recorded are detected, and kinds that were never recorded.

    What is quick comes first; an interrupt prints what is finished.
    """
    from tapsklearn.datasets import load_takes

    takes = load_takes(directory, normal=split_list(normal))
    require_both_conditions(directory, takes)
    cv = choose_folds(directory, takes, folds, by=by.value)
    # Last, as it takes seconds to import them.
    names = split_list(methods) or list(DEFAULT_METHODS)
    chosen = choose_methods(names, epochs, option="--methods")
    if not no_contrast:
        add_contrast(chosen, takes)
    if out is not None:
        _make_folder(out)
    compare_and_report(
        chosen,
        takes.paths,
        takes.board,
        truth=takes.truth,
        preprocessing=features,
        cv=cv,
        random_state=seed,
        n_jobs=jobs or -1,
        memory=None if out is None else out / "cells",
        never_recorded=not known_only,
        # Figures are plotted from them, and takes explained.
        return_estimators=out is not None and (can_plot() or can_write_reports()),
        out=out,
        language=language.value,
        as_json=as_json,
    )


def _make_folder(out: Path) -> None:
    """Find out now, not after hours of work, that nothing can be written."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out}: is a file, not a folder")
    out.mkdir(parents=True, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise ValueError(f"--out {out}: nothing can be written there")
