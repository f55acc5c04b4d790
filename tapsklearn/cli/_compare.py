"""``tapsklearn compare``: which method hears the difference."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tapsklearn.cli._options import Jobs, Normal, Recordings, Seed, split_list
from tapsklearn.cli._progress import progress_bars
from tapsklearn.cli._ranking import conclude, print_ranking

if TYPE_CHECKING:
    import pandas as pd

_DEFAULT_METHODS = ("ae", "arcface-shallow", "crop-knn")
_MOST_FOLDS = 5
_WIDEST = 200


def compare(
    directory: Recordings,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            help="Methods to compare; a wrong name gets a list of all.  "
            f"[default: {','.join(_DEFAULT_METHODS)}]",
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
            help="Folder for results.csv, ranking.csv and scores.csv, and for what is "
            "finished, so that a comparison that was broken off goes on.",
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
    from tapsklearn.model_selection import (
        compare_methods,
        count_feasible_folds,
        rank_methods,
    )
    from tapsklearn.preprocessing import article_preprocessing

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

    with progress_bars() as progress:
        results, scores = compare_methods(
            chosen,
            takes.paths,
            takes.board,
            **truth,
            cv=folds or min(_MOST_FOLDS, feasible),
            # One crop a take trains in half the time of the article's two.
            preprocessing=article_preprocessing(shifts=(0,)),
            random_state=seed,
            n_jobs=jobs or -1,
            keep_in=out and out / "cells",
            progress=progress,
            return_scores=True,
        )
    judged = results["fit_seconds"].notna()
    ranking = None
    if judged.groupby(results["method"]).all().any():
        ranking = rank_methods(scores, specimens=takes.specimens)
    if out is not None:
        if ranking is not None:
            ranking.to_csv(out / "ranking.csv")
        results.to_csv(out / "results.csv", index=False)
        scores.insert(2, "path", takes.frame["path"].to_numpy()[scores["row"]])
        scores.drop(columns="row").to_csv(
            out / "scores.csv", index=False, errors="backslashreplace"
        )
    if as_json:
        typer.echo(results.to_json(orient="records", indent=2, force_ascii=False))
    else:
        _print_table(results)
        if ranking is not None:
            typer.echo()
            print_ranking(ranking)
    typer.echo(
        f"tapsklearn: {len(takes.paths)} takes of {len(takes.specimens)} boards, "
        f"{len(takes.normal_boards)} of them normal; judged on unseen boards"
        + (f"; written to {out}" if out else ""),
        err=True,
    )
    if ranking is None:
        which = "failed in some fold" if judged.any() else "failed"
        raise ValueError(f"every method {which}; the warnings say why")
    typer.echo(f"tapsklearn: {conclude(ranking, results)}", err=True)


def _choose_methods(names: list[str], epochs: int | None) -> dict[str, Any]:
    from tapsklearn.detectors import article_methods, reference_methods

    known = {**article_methods(), **reference_methods()}
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


def _print_table(results: "pd.DataFrame") -> None:
    """Print a row for each fold, and each method's mean and standard deviation."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from tapsklearn.model_selection import summarize

    summary = summarize(results)
    figures = [str(name) for name in results if name not in {"method", "fold"}]
    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for name in ("method", "fold"):
        table.add_column(name)
    for name in figures:
        short = name.replace("_rate", "").replace("_seconds", "_s")
        table.add_column(short, justify="right")
    for method, rows in results.groupby("method", sort=False):
        of_method = summary.loc[method]
        lines = [
            *rows.set_index("fold")[figures].iterrows(),
            ("mean", of_method[figures]),
            ("std", of_method[[f"{name}_std" for name in figures]]),
        ]
        for place, (fold, line) in enumerate(lines):
            table.add_row(
                "" if place else str(method),
                str(fold),
                *(f"{figure:.3f}" for figure in line),
                style="bold" if fold == "mean" else None,
                end_section=fold == "std",
            )
    # In a narrow terminal, better lines that go on below than figures cut off.
    Console(width=_WIDEST).print(table)
