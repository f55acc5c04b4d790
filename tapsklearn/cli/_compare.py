"""``tapsklearn compare``: which method hears the difference."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from tapsklearn.cli._comparison import run_comparison
from tapsklearn.cli._options import Jobs, Normal, Recordings, Seed, split_list

_DEFAULT_METHODS = (
    *("tuned-ae", "tuned-cnn-shallow"),
    *("spectrum-knn", "crop-knn", "randomconv-knn"),
)
_MOST_FOLDS = 5


def compare(
    directory: Recordings,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            help="Methods to compare; a wrong name gets a list of all.  "
            f"[default: {', '.join(_DEFAULT_METHODS)}]",
            metavar="NAMES",
        ),
    ] = None,
    normal: Normal = None,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2,
            metavar="N",
            help=f"Folds over boards.  [default: {_MOST_FOLDS}, or what is feasible]",
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Epochs of every method that trains.  [default: its own]",
        ),
    ] = None,
    seed: Seed = 0,
    jobs: Jobs = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for results.csv, ranking.csv, scores.csv, verdicts.csv and "
            "figures, and for what is finished, so that a comparison that was broken "
            "off goes on.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the rows as JSON.")
    ] = False,
) -> None:
    """Compare methods on boards that they have never heard.

    Each method is trained and judged on the same folds; no board, nor another
    board of its specimen, is on both sides of one. roc_auc and pauc say how well
    the scores rank abnormal takes below normal ones (0.5 is chance),
    false_alarm_rate and hit_rate which shares of the normal and of the abnormal
    takes are called abnormal.
    """
    from tapsklearn.datasets import load_takes
    from tapsklearn.model_selection import BoardKFold, count_feasible_folds

    takes = load_takes(directory, normal=split_list(normal))
    _require_both_conditions(directory, takes)
    truth = {"normal_boards": takes.normal_boards, "specimens": takes.specimens}
    try:
        feasible = count_feasible_folds(takes.board, **truth)
    except ValueError as error:
        raise ValueError(f"{directory}: {error}") from error
    if folds and folds > feasible:
        raise ValueError(
            f"{directory}: --folds {folds} is too many: each fold needs normal and "
            f"abnormal specimens of its own, which makes at most {feasible}"
        )
    # Last, as it takes seconds to import them.
    chosen = _choose_methods(split_list(methods) or list(_DEFAULT_METHODS), epochs)
    if out is not None:
        _make_folder(out)

    run_comparison(
        takes,
        chosen,
        cv=BoardKFold(folds or min(_MOST_FOLDS, feasible), **truth),
        seed=seed,
        jobs=jobs,
        out=out,
        as_json=as_json,
    )


def _choose_methods(names: list[str], epochs: int | None) -> dict[str, Any]:
    from tapsklearn.detectors import article_methods, reference_methods, tuned_methods

    known = {**tuned_methods(), **article_methods(), **reference_methods()}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"--methods: there is no {', '.join(unknown)}; known are {', '.join(known)}"
        )
    chosen = {name: known[name] for name in names}
    for method in chosen.values():
        if epochs is not None and "max_epochs" in method.get_params():
            method.set_params(max_epochs=epochs)
    return chosen


def _require_both_conditions(directory: Path, takes: Any) -> None:
    if not takes.normal_boards:
        raise ValueError(
            f"{directory}: none of its boards is normal; --normal says which are"
        )
    if len(takes.normal_boards) == len(takes.specimens):
        raise ValueError(
            f"{directory}: all its boards are normal, and methods can only be compared "
            "by abnormal ones; to learn from normal boards alone, fit a detector in "
            "Python"
        )


def _make_folder(out: Path) -> None:
    """Find out now, not after hours of work, that nothing can be written."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out}: is a file, not a folder")
    out.mkdir(parents=True, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise ValueError(f"--out {out}: nothing can be written there")
