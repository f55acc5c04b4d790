"""A comparison run, told and written down: what ``compare`` and ``demo`` share."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tapsklearn.cli._progress import progress_bars
from tapsklearn.cli._ranking import conclude, print_ranking
from tapsklearn.cli._tables import make_table, print_table

if TYPE_CHECKING:
    import pandas as pd


def run_comparison(
    takes: Any,
    methods: dict[str, Any],
    *,
    cv: Any,
    seed: int,
    jobs: int | None,
    out: Path | None,
    as_json: bool = False,
) -> None:
    """Compare methods, print what comes out and write it down.

    Parameters
    ----------
    takes : Bunch
        What `load_takes` gave.
    methods : dict of str to detector
        Methods by name.
    cv : int or splitter
        As for `compare_methods`.
    seed : int
        Seed of all that is random.
    jobs : int or None
        Jobs run in parallel; None is one a core.
    out : Path or None
        Existing folder to write into.
    as_json : bool, default=False
        Whether to print JSON in place of tables.

    Raises
    ------
    ValueError
        If every method failed.
    """
    from tapsklearn.model_selection import compare_methods, rank_methods
    from tapsklearn.preprocessing import article_preprocessing

    with progress_bars() as progress:
        results, scores = compare_methods(
            methods,
            takes.paths,
            takes.board,
            normal_boards=takes.normal_boards,
            specimens=takes.specimens,
            cv=cv,
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


def _print_table(results: "pd.DataFrame") -> None:
    """Print a row for each fold, and each method's mean and standard deviation."""
    from tapsklearn.model_selection import summarize

    summary = summarize(results)
    figures = [str(name) for name in results if name not in {"method", "fold"}]
    table = make_table(gap=1)
    for name in ("method", "fold"):
        table.add_column(name)
    for name in figures:
        short = name.replace("_rate", "").replace("_seconds", "_s")
        table.add_column(short, justify="right")
    for method, rows in results.groupby("method", sort=False):
        of_method = summary.loc[method]
        lines: list[tuple[Any, Any]] = list(rows.set_index("fold")[figures].iterrows())
        if len(lines) > 1:
            lines += [
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
    print_table(table)
