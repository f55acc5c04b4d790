"""A comparison run, told and written down: what ``compare`` and ``demo`` share."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tapsklearn.cli._figures import can_draw, draw_comparison, fit_on_first_fold
from tapsklearn.cli._progress import progress_bars
from tapsklearn.cli._ranking import conclude, print_ranking
from tapsklearn.cli._tables import make_table, print_table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def run_comparison(
    takes: Any,
    methods: dict[str, Any],
    *,
    cv: Any,
    seed: int,
    jobs: int | None,
    out: Path | None,
    as_json: bool = False,
) -> "tuple[NDArray[np.floating], pd.DataFrame, pd.DataFrame]":
    """Compare methods, print what comes out and write it down.

    Parameters
    ----------
    takes : Bunch
        What `load_takes` gave.
    methods : dict of str to detector
        Methods by name.
    cv : splitter
        As for `compare_methods`.
    seed : int
        Seed of all that is random.
    jobs : int or None
        Jobs run in parallel; None is one a core.
    out : Path or None
        Existing folder to write into.
    as_json : bool, default=False
        Whether to print JSON in place of tables.

    Returns
    -------
    crops : ndarray
        What the methods were given.
    results : DataFrame
        What `compare_methods` gave.
    ranking : DataFrame
        What `rank_methods` gave.

    Raises
    ------
    ValueError
        If every method failed.
    """
    from tapsklearn.model_selection import compare_methods, rank_methods
    from tapsklearn.preprocessing import TapFeatures
    from tapsklearn.scoring._features import read_features

    drawn = None
    with progress_bars() as progress:
        # One crop a take trains in half the time of the article's two.
        crops = read_features(
            takes.paths,
            TapFeatures(),
            n_jobs=jobs or -1,
            progress=progress,
        )
        results, scores = compare_methods(
            methods,
            crops,
            takes.board,
            normal_boards=takes.normal_boards,
            specimens=takes.specimens,
            cv=cv,
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
            _write_tables(out, takes, results, scores, ranking)
            if ranking is not None and can_draw():
                fitted = fit_on_first_fold(
                    {name: methods[name] for name in _choose_drawn(methods, ranking)},
                    crops,
                    takes,
                    cv=cv,
                    seed=seed,
                    jobs=jobs,
                    progress=progress,
                )
                drawn = draw_comparison(out, takes, results, scores, ranking, fitted)
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
        + (f"; written to {out}" if out else "")
        + (f", figures in {drawn}" if drawn else ""),
        err=True,
    )
    if out is not None and not can_draw():
        typer.echo(
            'tapsklearn: no figures without matplotlib: pip install "tapsklearn[plot]"',
            err=True,
        )
    if ranking is None:
        which = "failed in some fold" if judged.any() else "failed"
        raise ValueError(f"every method {which}; the warnings say why")
    typer.echo(f"tapsklearn: {conclude(ranking, results)}", err=True)
    return crops, results, ranking


def _write_tables(
    out: Path,
    takes: Any,
    results: "pd.DataFrame",
    scores: "pd.DataFrame",
    ranking: "pd.DataFrame | None",
) -> None:
    """Write down the figures, every take's score, and what the best says of boards."""
    from tapsklearn.scoring import board_verdicts

    results.to_csv(out / "results.csv", index=False)
    named = scores.drop(columns="row")
    named.insert(2, "path", takes.frame["path"].to_numpy()[scores["row"]])
    named.to_csv(out / "scores.csv", index=False, errors="backslashreplace")
    if ranking is None:
        return
    ranking.to_csv(out / "ranking.csv")
    best = scores[scores["method"] == ranking.index[0]]
    verdicts = board_verdicts(best["p_value"], best["board"], scores=best["score"])
    verdicts.insert(0, "condition", best.groupby("board")["condition"].first())
    verdicts.to_csv(out / "verdicts.csv", errors="backslashreplace")


def _choose_drawn(methods: dict[str, Any], ranking: "pd.DataFrame") -> list[str]:
    """Choose the best method, and those whose drawings can be looked at."""
    best = str(ranking.index[0])
    drawing = [name for name, each in methods.items() if hasattr(each, "reconstruct")]
    return list(dict.fromkeys([best, *drawing]))


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
