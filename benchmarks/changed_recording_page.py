"""The page of ``changed_recording.py``."""

from pathlib import Path

import pandas as pd
from measuring import describe_run, format_table, write_page

# So many more of the normal takes are false alarms where a change does harm.
_HARM = 0.2
_DETECTS = 0.8
_WARNINGS = {"lower": "lower", "higher": "higher", "not known": "?"}


def write_changes(rows: pd.DataFrame, results: Path, unchanged: str) -> None:
    """Write ``changed_recording.md``."""
    failed = rows["failure"].fillna("") != ""
    scored = rows[~failed]
    lines = _say_findings(scored, unchanged)
    for name in dict.fromkeys(scored["data_set"]):
        of_set = scored[scored["data_set"] == name]
        lines += ["", f"## {name}", "", *_describe(of_set)]
        for method in dict.fromkeys(of_set["method"]):
            lines += ["", f"### {name}, {method}", ""]
            lines += _tabulate(of_set[of_set["method"] == method])
    for name, change in (
        rows.loc[failed, ["data_set", "change"]].drop_duplicates().values
    ):
        lines += ["", f"{name}, {change}: no take is used, as no tap is found."]
    write_page(
        results / "changed_recording.md",
        "What another way of recording costs",
        describe_run(
            "changed_recording.py", rows=rows, seeds=int(rows["seed"].max()) + 1
        ),
        lines,
    )


def _describe(of_set: pd.DataFrame) -> list[str]:
    first = of_set.iloc[0]
    n_again = int(of_set["n_recalibrated"].max())
    return [
        f"{first['n_boards']} specimens scored, calibrated with "
        f"{first['n_calibration']}, and again with {n_again}. "
        "? where specimens are too few to know whether scores have moved."
    ]


def _tabulate(rows: pd.DataFrame) -> list[str]:
    header = (
        *("change", "AUROC", "AUROC, boards", "false alarms", "hits"),
        *("warns", "warns, normal boards known"),
        *("false alarms, calibrated again", "hits, calibrated again"),
    )
    cells = []
    for change, of_change in rows.groupby("change", sort=False):
        means = of_change.mean(numeric_only=True)
        cells.append(
            (
                change,
                f"{means['auroc']:.3f}",
                f"{means['board_auroc']:.3f}",
                f"{100 * means['fpr']:.0f} %",
                f"{100 * means['tpr']:.0f} %",
                _count(of_change["warning"]),
                _count(of_change["warning_normal"]),
                f"{100 * means['fpr_calibrated']:.0f} %",
                f"{100 * means['tpr_calibrated']:.0f} %",
            )
        )
    return format_table(header, cells)


def _count(warnings: pd.Series) -> str:
    named = warnings.fillna("").map(_WARNINGS)
    counts = named.dropna().value_counts()
    if "?" in counts:
        return "?"
    said = [f"{name} {n} of {len(warnings)}" for name, n in counts.items()]
    return ", ".join(said) or f"0 of {len(warnings)}"


def _say_findings(rows: pd.DataFrame, unchanged: str) -> list[str]:
    """Say what the numbers show, over all sets and methods."""
    plain = rows[rows["change"] == unchanged]
    key = ["data_set", "seed", "method"]
    joined = rows.merge(plain, on=key, suffixes=("", "_plain"))
    joined = joined[joined["change"] != unchanged]
    alarms = joined.groupby("change", sort=False)[["fpr", "fpr_calibrated"]].mean()
    known = joined[joined["warning"] != "not known"]
    is_harmful = known["fpr"] >= known["fpr_plain"] + _HARM
    warned = known["warning"].fillna("") != ""
    labelled = known["warning_normal"].fillna("") != ""
    of_plain = plain[plain["warning"] != "not known"]
    false = [
        (of_plain[each].fillna("") != "") for each in ("warning", "warning_normal")
    ]
    worst, least = alarms["fpr"].idxmax(), alarms["fpr"].idxmin()
    return [
        "AUROC and rates are means over the seeds, on specimens that nothing was "
        "trained on; thresholds are for 5 % false alarms.",
        "",
        *_say_losses(joined),
        f"- Without a change {100 * plain['fpr'].mean():.0f} % of the normal takes are "
        f"false alarms; with one {100 * joined['fpr'].mean():.0f} %, from "
        f"{100 * alarms['fpr'].min():.0f} % ({least}) to "
        f"{100 * alarms['fpr'].max():.0f} % ({worst}). Calibrated again with "
        "changed normal specimens it is "
        f"{100 * joined['fpr_calibrated'].mean():.0f} %.",
        f"- Where a change adds {100 * _HARM:.0f} false alarms or more to 100 normal "
        f"takes ({int(is_harmful.sum())} of {len(known)} cases with enough specimens), "
        f"half of the boards being defective, the warning comes up in "
        f"{_share(warned[is_harmful])} if nobody says which boards are normal, and in "
        f"{_share(labelled[is_harmful])} if they are known.",
        f"- Where nothing has changed it comes up in {_share(false[0])}, and "
        f"{_share(false[1])} if normal boards are known.",
    ]


def _say_losses(joined: pd.DataFrame) -> list[str]:
    """Say what changes cost where something is detected without them."""
    detecting = joined[joined["auroc_plain"] >= _DETECTS]
    loss = detecting["auroc_plain"] - detecting["auroc"]
    of_change = loss.groupby(detecting["change"], sort=False).mean().sort_values()
    of_method = loss.groupby(detecting["method"], sort=False).mean().sort_values()
    if len(of_change) < 2:
        return []
    worst = joined[joined["change"] == of_change.index[-1]]
    kept = worst.groupby("method", sort=False)["auroc"].mean().sort_values()
    return [
        f"- Where a method detects something, with an AUROC of {_DETECTS} or more, the "
        f"change that costs most is {of_change.index[-1]!r}: AUROC falls by "
        f"{of_change.iloc[-1]:.3f} on average; then {of_change.index[-2]!r}, "
        f"{of_change.iloc[-2]:.3f}. Least costs {of_change.index[0]!r}, "
        f"{of_change.iloc[0]:.3f}.",
        f"- There {of_method.index[-1]} loses most over all changes, "
        f"{of_method.iloc[-1]:.3f} on average, and {of_method.index[0]} least, "
        f"{of_method.iloc[0]:.3f}. With {of_change.index[-1]!r} {kept.index[-1]} has "
        f"the highest AUROC over all sets, {kept.iloc[-1]:.3f}.",
    ]


def _share(flags: pd.Series) -> str:
    return f"{int(flags.sum())} of {len(flags)}"
