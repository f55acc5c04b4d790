"""What a comparison comes to: the ranking and one sentence."""

from typing import TYPE_CHECKING, Any

from tapsklearn.cli._tables import make_table, print_table

if TYPE_CHECKING:
    import pandas as pd

_CHANCE = 0.5


def print_ranking(ranking: "pd.DataFrame") -> None:
    """Print each method's AUROC and what it is behind, with their intervals.

    Parameters
    ----------
    ranking : DataFrame
        What `rank_methods` gave.
    """
    table = make_table(gap=2)
    table.add_column("ranking")
    for name in ("roc_auc", "95 % interval", "behind", "95 % interval"):
        table.add_column(name, justify="right")
    for method, row in ranking.iterrows():
        table.add_row(
            str(method),
            f"{row['roc_auc']:.3f}",
            _interval(row, "low", "high"),
            f"{row['behind']:.3f}",
            _interval(row, "behind_low", "behind_high"),
        )
    print_table(table)


def conclude(ranking: "pd.DataFrame", results: "pd.DataFrame") -> str:
    """Say which method to use, or that the boards cannot tell.

    Parameters
    ----------
    ranking : DataFrame
        What `rank_methods` gave.
    results : DataFrame
        What `compare_methods` gave.

    Returns
    -------
    str
        One or two sentences.
    """
    best = ranking.iloc[0]
    figure = f"{best['roc_auc']:.2f} ({_interval(best, 'low', 'high', digits=2)})"
    if best["low"] <= _CHANCE:
        return (
            f"None hears the difference for certain: the AUROC of the best, "
            f"{best.name}, is {figure}, and 0.5 is chance. More boards would tell."
        )
    as_good = ranking.index[ranking["as_good"]]
    if len(as_good) == 1:
        return f"Use {best.name}: its AUROC, {figure}, is the highest beyond chance."
    seconds = results.groupby("method")["fit_seconds"].mean()
    others = ", ".join(str(name) for name in as_good if name != best.name)
    return (
        f"No clear winner: the AUROC of {best.name} is the highest, {figure}, but "
        f"{others} may be as good, these boards cannot tell. Of these, "
        f"{seconds[as_good].idxmin()} trains quickest."
    )


def _interval(row: Any, low: str, high: str, *, digits: int = 3) -> str:
    return f"{row[low]:.{digits}f} to {row[high]:.{digits}f}"
