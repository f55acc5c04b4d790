"""A comparison, printed and written: what ``compare``, ``train`` and ``demo`` share."""

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


def can_write_reports() -> bool:
    """Find out whether what reports need, an extra, is there.

    Returns
    -------
    bool
        Whether it is.
    """
    return all(importlib.util.find_spec(name) for name in ("jinja2", "PIL"))


def compare_and_report(
    methods: dict[str, Any],
    X: Any,
    boards: Any,
    *,
    out: Path | None = None,
    language: str = "en",
    as_json: bool = False,
    **params: Any,
) -> "Comparison":
    """Compare methods, and report what was found, also of a part if interrupted.

    Parameters
    ----------
    methods : dict of str to detector
        Methods by name.
    X : list of str or ndarray
        Paths or crops.
    boards : ndarray of shape (n_takes,)
        Board of each take.
    out : Path, default=None
        Folder to write into.
    language : {"en", "ja"}, default="en"
        Of the report.
    as_json : bool, default=False
        Whether to print JSON in place of tables.
    **params : object
        Further parameters of `compare_methods`.

    Returns
    -------
    Comparison
        What was found.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted; what was finished is reported before.
    """
    from tapsklearn.model_selection import compare_methods

    finished: list[Comparison] = []
    try:
        comparison = compare_methods(
            methods, X, boards, verbose=1, callback=finished.append, **params
        )
    except KeyboardInterrupt:
        for part in finished[-1:]:
            _report_part(part, list(methods), out=out, as_json=as_json)
        raise
    report_comparison(comparison, out=out, language=language, as_json=as_json)
    return comparison


def _report_part(
    comparison: "Comparison", methods: list[str], *, out: Path | None, as_json: bool
) -> None:
    """Print what was finished before an interrupt, and write the tables."""
    if out is not None:
        comparison.to_csv(out)
    _print_found(comparison, as_json=as_json)
    n_finished = len(comparison.complete)
    typer.echo(
        f"tapsklearn: {n_finished} of {len(methods)} methods are finished"
        + (f"; written to {out}, and the same command continues" if out else ""),
        err=True,
    )


def report_comparison(
    comparison: "Comparison",
    *,
    out: Path | None = None,
    language: str = "en",
    as_json: bool = False,
) -> None:
    """Print what was found, and write tables, figures and a report.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.
    out : Path, default=None
        Folder to write into.
    language : {"en", "ja"}, default="en"
        Of the report.
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
    _print_found(comparison, as_json=as_json)
    report = None
    if out is not None and can_write_reports():
        from tapsklearn.inspection import write_comparison_report

        report = write_comparison_report(
            out / "report.html", comparison, language=language, verbose=1
        )
    typer.echo(
        f"tapsklearn: {len(comparison.X)} takes of {len(truth.specimens or {})} "
        f"boards, {len(truth.normal_boards)} of them normal; evaluated "
        + (
            "on unseen boards"
            if comparison.by == "specimen"
            else "in unseen sessions, on specimens whose past may be known"
        )
        + (f"; written to {out}" if out else "")
        + (f", figures in {figures}" if figures else "")
        + (f", and {report}, a page to look at and to listen to" if report else ""),
        err=True,
    )
    if out is not None and not can_plot():
        typer.echo(
            'tapsklearn: no figures without matplotlib: pip install "tapsklearn[plot]"',
            err=True,
        )
    if out is not None and not can_write_reports():
        typer.echo(
            "tapsklearn: no report without jinja2 and pillow: pip install "
            '"tapsklearn[report]"',
            err=True,
        )
    if not comparison.complete:
        some = (results["error"] == "").any()
        which = "failed in some fold" if some else "failed"
        raise ValueError(f"every method {which}; the warnings name the reasons")
    for line in [*comparison.conclusion().splitlines(), *comparison.limits]:
        typer.echo(f"tapsklearn: {line}", err=True)


def _print_found(comparison: "Comparison", *, as_json: bool) -> None:
    """Print all tables."""
    if as_json:
        typer.echo(to_json(_collect_json(comparison), indent=2))
        return
    print_results(comparison)
    if comparison.complete:
        typer.echo()
        print_ranking(comparison.ranking())
        by_kind = select_kinds(comparison)
        if len(by_kind):
            typer.echo()
            print_kinds(by_kind)
    for line in describe_features(comparison):
        typer.echo(f"tapsklearn: {line}", err=True)


def _collect_json(comparison: "Comparison") -> dict[str, Any]:
    """Collect what the tables and sentences hold."""
    is_ranked = bool(comparison.complete)
    tables = {"results": comparison.results}
    if is_ranked:
        tables["ranking"] = comparison.ranking().reset_index()
        tables["kinds"] = select_kinds(comparison)
    return {
        **{name: _to_rows(table) for name, table in tables.items()},
        "features": describe_features(comparison),
        "conclusion": comparison.conclusion() if is_ranked else None,
        "limits": list(comparison.limits),
    }


def _to_rows(table: "pd.DataFrame") -> list[dict[str, Any]]:
    return [
        {str(name): known(value) for name, value in row.items()}
        for row in table.to_dict(orient="records")
    ]


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


def select_kinds(comparison: "Comparison") -> "pd.DataFrame":
    """Select how well the methods that are finished detect each kind of defect.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.

    Returns
    -------
    DataFrame
        A row for each method and kind.
    """
    by_kind = comparison.by_kind().reset_index()
    return by_kind[by_kind["method"].isin(comparison.complete)]


def print_kinds(by_kind: "pd.DataFrame") -> None:
    """Print how well each method detects defects like those recorded, and new kinds.

    Parameters
    ----------
    by_kind : DataFrame
        What `select_kinds` returned.
    """
    table = make_table(gap=2)
    for name in ("defects", "kind"):
        table.add_column(name)
    for name in ("specimens", "known", "never recorded"):
        table.add_column(name, justify="right")
    before = None
    for method, kind, n_specimens, *numbers in by_kind.itertuples(index=False):
        table.add_row(
            "" if method == before else str(method),
            str(kind),
            str(n_specimens),
            *("unknown" if math.isnan(each) else f"{each:.3f}" for each in numbers),
        )
        before = method
    print_table(table)


def describe_features(comparison: "Comparison") -> list[str]:
    """Describe the features of all folds, in a line if they are the same.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.

    Returns
    -------
    list of str
        A line for all folds, or one for each; none where nothing describes itself.
    """
    described = comparison.describe_features()
    if len(described) == 1:
        return [f"features: {described[0]}"]
    return [f"features, fold {fold}: {each}" for fold, each in enumerate(described)]


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
