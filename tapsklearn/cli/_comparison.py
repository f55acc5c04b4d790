"""What is printed and written of a comparison: what ``compare`` and ``demo`` share."""

import importlib.util
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tapsklearn.cli._terminal import known, make_table, print_table, to_json

if TYPE_CHECKING:
    import pandas as pd

    from tapsklearn.model_selection import Comparison


def can_plot() -> bool:
    """Find out whether matplotlib, an extra, is there.

    Returns
    -------
    bool
        Whether it is.
    """
    return importlib.util.find_spec("matplotlib") is not None


def report_comparison(
    comparison: "Comparison", *, out: Path | None = None, as_json: bool = False
) -> None:
    """Print what was found, and write tables and figures.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.
    out : Path, default=None
        Folder to write into.
    as_json : bool, default=False
        Whether to print JSON in place of tables.

    Raises
    ------
    ValueError
        If every method failed.
    """
    figures = None
    if out is not None:
        comparison.to_csv(out)
        if comparison.complete and can_plot():
            from tapsklearn.inspection import save_figures

            figures = save_figures(comparison, out / "figures")
    results, truth = comparison.results, comparison.truth
    if as_json:
        rows = [
            {name: known(value) for name, value in row.items()}
            for row in results.to_dict(orient="records")
        ]
        typer.echo(to_json(rows, indent=2))
    else:
        print_results(comparison)
        if comparison.complete:
            typer.echo()
            print_ranking(comparison.ranking())
    typer.echo(
        f"tapsklearn: {len(comparison.X)} takes of {len(truth.specimens or {})} "
        f"boards, {len(truth.normal_boards)} of them normal; evaluated "
        + (
            "on unseen boards"
            if comparison.by == "specimen"
            else "in unseen sessions, on specimens that may be known"
        )
        + (f"; written to {out}" if out else "")
        + (f", figures in {figures}" if figures else ""),
        err=True,
    )
    if out is not None and not can_plot():
        typer.echo(
            'tapsklearn: no figures without matplotlib: pip install "tapsklearn[plot]"',
            err=True,
        )
    if not comparison.complete:
        some = (results["error"] == "").any()
        which = "failed in some fold" if some else "failed"
        raise ValueError(f"every method {which}; the warnings name the reasons")
    typer.echo(f"tapsklearn: {comparison.conclusion()}", err=True)


def print_results(comparison: "Comparison") -> None:
    """Print a row for each fold, and each method's mean and standard deviation.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.
    """
    summary = comparison.summary()
    results = comparison.results.drop(columns="error")
    numbers = [str(name) for name in results if name not in {"method", "fold"}]
    table = make_table(gap=1)
    for name in ("method", "fold"):
        table.add_column(name)
    for name in numbers:
        table.add_column(name.replace("_seconds", "_s"), justify="right")
    for method, rows in results.groupby("method", sort=False):
        of_method = summary.loc[method]
        lines: list[tuple[Any, Any]] = list(rows.set_index("fold")[numbers].iterrows())
        if len(lines) > 1:
            lines += [
                ("mean", of_method[numbers]),
                ("std", of_method[[f"{name}_std" for name in numbers]]),
            ]
        for place, (fold, line) in enumerate(lines):
            table.add_row(
                "" if place else str(method),
                str(fold),
                *(f"{number:.3f}" for number in line),
                style="bold" if fold == "mean" else None,
                end_section=fold == "std",
            )
    print_table(table)


def print_ranking(ranking: "pd.DataFrame") -> None:
    """Print each method's AUROC and its difference to the best, with intervals.

    Parameters
    ----------
    ranking : DataFrame
        What a comparison's `ranking` returns.
    """
    table = make_table(gap=2)
    table.add_column("ranking")
    for name in ("roc_auc", "95 % interval", "difference", "95 % interval"):
        table.add_column(name, justify="right")
    for method, row in ranking.iterrows():
        table.add_row(
            str(method),
            f"{row['roc_auc']:.3f}",
            _write_interval(row["low"], row["high"]),
            f"{row['difference']:.3f}",
            _write_interval(row["difference_low"], row["difference_high"]),
        )
    print_table(table)


def _write_interval(low: float, high: float) -> str:
    return "unknown" if math.isnan(low) else f"{low:.3f} to {high:.3f}"
