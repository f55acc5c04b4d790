"""The page that ``detection.py`` writes from its rows."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from data_sets import (
    DATA_SETS,
    KNOWN,
    NEVER,
    ONE_CLASS,
    OTHER_KNOWN,
    QUESTIONS,
    SMOKE,
    SYNTHESIZED,
    TRAINED_PAIRS,
)
from measuring import describe_run, format_table, spread_of, write_page
from methods import CONTRAST

COLUMNS = (
    *("data_set", "features", "seed", "method", "epochs", "question", "n_folds"),
    *("auroc", "board_auroc", "fpr", "tpr", "folds", "settings", "seconds"),
    *("answers", "failure"),
)
# Of several features the first that there are is the one of the overview.
FIRST = ("auto", "by hand", "article")
NOTES = {
    "hammer-floor": (
        "Every pair of places is held out, 28 in all, with all boards of its "
        "distances: its hammering against every strike that was not trained on. "
        "known: one of two boards of a strike was trained on, the other is scored; "
        "never recorded: the other strike is scored; another kind known: the same "
        "with both boards trained on. With one abnormal specimen contrast does not "
        "count, so that known and never recorded are those without it. Methods with "
        "networks are asked for two pairs: {pairs}."
    ),
    "steel-rods": (
        "Each sound group is held out with each damaged one, 12 pairs; methods with "
        "networks are asked for two. The features called background hold a tenth of "
        "a second that ends before the tap: what they detect is the session, not the "
        "rod."
    ),
    "bolts-flange, gaps": (
        "Trained on one session, the other is scored, both ways: the same places "
        "later. Two of twelve places are loose in each session, others each time. "
        "known: with the loose ones of the training session."
    ),
    "bolts-flange, heads": (
        "As the gaps. One head of twelve is loose in each session: contrast needs two "
        "and does not count."
    ),
    "bolts-plate": (
        "Smoke run: the loose bolts are always the same two, so that place and "
        "condition are one, and the figures say nothing of detection."
    ),
    "concrete-blocks": (
        "Smoke run: the void is always in the middle, so that the label is also the "
        "place, and the figures say nothing of detection."
    ),
    "bottles": (
        "Bottles that were not trained on, other ones for each seed. Each is a "
        "specimen with one tap, so that there is no figure of boards."
    ),
    "synthesized": (
        "Unseen boards, synthesized anew for each seed. known: trained on cracked "
        "boards too."
    ),
}


def write_table(results: pd.DataFrame, folder: Path) -> None:
    """Write the page: what was wanted, all sets, and each set."""
    failed = results[results["failure"].notna()]
    results = results[results["failure"].isna()]
    data_sets = [name for name in DATA_SETS if name in set(results["data_set"])]
    lines = [
        "AUROC of taps / of boards, by the mean score of a board; mean over what is "
        "held out and over the seeds, ± the standard deviation over the seeds where "
        "there are several. one-class: trained on normal takes alone. known: "
        "specimens with the same kind of defect were trained on, others are scored. "
        "never recorded: other kinds were trained on. Where a method ignores "
        "known defects the columns agree. FPR and TPR are the shares of normal and of "
        "abnormal takes that are called abnormal at the asked 5 %, known where there "
        "is such a figure. PyOD's detectors have its own settings and thresholds.",
        "",
        "A method that is best of many on the takes of a table is so partly by luck. "
        "Two constants of the automatic features (the length of a transform, and the "
        "gain below which the level counts) and two of contrast (from where on "
        "likeness counts, and how much) were chosen with these sets and splits in "
        "sight: on recordings of others the figures may be lower.",
        *_list_aims(results),
        *_list_eight(results),
    ]
    for question in (ONE_CLASS, KNOWN):
        lines += _format_overview(results, question, data_sets)
    for data_set in data_sets:
        lines += _format_data_set(results, data_set)
    if len(failed):
        lines += ["", "## Failed", ""]
        columns = ["data_set", "features", "seed", "method", "failure"]
        lines += format_table(columns, failed[columns].to_numpy().tolist())
    seeds = int(results["seed"].max()) + 1
    described = describe_run("detection.py", rows=results, seeds=seeds)
    write_page(folder / "detection.md", "Detection on unseen boards", described, lines)


def _format_overview(
    results: pd.DataFrame, question: str, data_sets: Iterable[str]
) -> list[str]:
    """Return the lines of a table of all methods on all sets, with one features each.

    A method that cannot be trained on normal takes alone stands in the first table
    with defects that were never recorded.
    """
    asked = [question, NEVER] if question == ONE_CLASS else [question]
    columns: dict[str, pd.Series] = {}
    for data_set in data_sets:
        rows = results[results["data_set"] == data_set]
        kind = _find_first(rows)
        rows = rows[(rows["features"] == kind) & rows["question"].isin(asked)]
        # One-class where there is that figure.
        order = rows["question"].map(asked.index)
        rows = rows[order == order.groupby(rows["method"]).transform("min")]
        if data_set not in SMOKE and len(rows):
            cells = rows.groupby("method")[["auroc", "board_auroc"]].apply(_both)
            columns[f"{data_set} ({kind})"] = cells
    table = pd.DataFrame(columns)
    best_first = table.map(_leading_number).mean(axis=1).sort_values(ascending=False)
    title = "Known defects" if question == KNOWN else "Without known defects"
    return [
        *("", f"## {title}: AUROC on all sets", ""),
        *format_table(
            ["method", *table.columns],
            [[name, *table.loc[name].fillna("")] for name in best_first.index],
        ),
    ]


def _format_data_set(results: pd.DataFrame, data_set: str) -> list[str]:
    """Return the lines on one set, the best method first."""
    rows = results[results["data_set"] == data_set]
    questions = [name for name in QUESTIONS if name in set(rows["question"])]
    lines = ["", f"## {data_set}", "", _note_on(data_set), "", "Features:", ""]
    for kind, of_kind in rows.groupby("features", sort=False):
        found = dict.fromkeys(
            each
            for settings in of_kind["settings"]
            for each in str(settings).split(" / ")
        )
        lines.append(f"- {kind}: {'; '.join(found)}")
    table = []
    for (kind, name), of_method in rows.groupby(["features", "method"], sort=False):
        by_question = of_method.groupby("question")
        cells = [
            _both(by_question.get_group(each)) if each in by_question.groups else ""
            for each in questions
        ]
        rated = next(
            by_question.get_group(each)
            for each in (KNOWN, *QUESTIONS)
            if each in by_question.groups
        )
        rates = [spread_of(rated[rate]) for rate in ("fpr", "tpr")]
        if rated["fpr"].isna().any():
            rates = ["", ""]
        epochs = of_method["epochs"].iloc[0] or ""
        mean = of_method.groupby("question")["auroc"].mean().mean()
        n_seeds = of_method["seed"].nunique()
        table.append((mean, [kind, name, epochs, n_seeds, *cells, *rates]))
    table.sort(key=lambda each: -each[0])
    header = ["features", "method", "epochs", "seeds", *questions, "FPR", "TPR"]
    return [*lines, "", *format_table(header, [cells for _, cells in table])]


def _note_on(data_set: str) -> str:
    pairs = "; ".join(
        f"{' and '.join(pair)}, trained on {board}"
        for pair, board in TRAINED_PAIRS.items()
    )
    name = data_set if data_set in NOTES else data_set.split(",")[0]
    name = "synthesized" if data_set in SYNTHESIZED else name
    return NOTES[name].format(pairs=pairs)


def _list_aims(results: pd.DataFrame) -> list[str]:
    """Return the lines of a table of what was wanted and what is found."""
    rows = [
        *_aim_of_floor(results),
        *_aims_of(
            results,
            "steel-rods",
            "auroc",
            {ONE_CLASS: 0.96, KNOWN: 0.99},
            best="untrained",
        ),
        *_aims_of(
            results,
            "bolts-flange, gaps",
            "board_auroc",
            {ONE_CLASS: 0.92, KNOWN: 0.995},
        ),
        *_aims_of(results, "bottles, 200 good", "auroc", {ONE_CLASS: 0.998}),
        *_aims_of(results, "bottles, 10 good", "auroc", {ONE_CLASS: 0.964}),
        *_aims_of(results, "bottles, 50 good and 10 bad", "auroc", {KNOWN: 0.984}),
        *(
            row
            for data_set in SYNTHESIZED
            for row in _aims_of(results, data_set, "auroc", {KNOWN: 0.98})
        ),
    ]
    if not rows:
        return []
    header = ["set", "figure", "features", "wanted", "best", "method"]
    return ["", "## What was wanted", "", *format_table(header, rows)]


def _list_eight(results: pd.DataFrame) -> list[str]:
    """Return the lines on known cracks: each of the article's eight at its best."""
    rows = results[results["data_set"].isin(SYNTHESIZED)]
    rows = rows[(rows["epochs"] > 0) & (rows["question"] == KNOWN)]
    if not len(rows):
        return []
    stems = rows["method"].str.removeprefix("tuned-").str.removesuffix(CONTRAST)
    table = []
    for stem, of_stem in rows.groupby(stems, sort=False):
        cells = []
        for data_set in SYNTHESIZED:
            of_set = of_stem[of_stem["data_set"] == data_set]
            if not len(of_set):
                cells.append("")
                continue
            of_setting = of_set.groupby(["method", "features"])["auroc"]
            best = of_setting.mean().idxmax()
            cells.append(f"{spread_of(of_setting.get_group(best))} ({', '.join(best)})")
        table.append([stem, *cells])
    return [
        "",
        "Known cracks, taps, with the best settings of each of the eight; wanted was "
        "0.93 of each:",
        "",
        *format_table(["method", *SYNTHESIZED], table),
    ]


def _aims_of(
    results: pd.DataFrame,
    data_set: str,
    column: str,
    wanted: dict[str, float],
    *,
    best: str = "any",
) -> Iterator[list[str]]:
    rows = results[results["data_set"] == data_set]
    if best == "untrained":
        rows = rows[rows["epochs"] == 0]
    for question, least in wanted.items():
        for kind, of_kind in rows[rows["question"] == question].groupby(
            "features", sort=False
        ):
            of_method = of_kind.groupby("method")[column]
            name = of_method.mean().idxmax()
            figure = f"{question}, {'taps' if column == 'auroc' else 'boards'}"
            aim = "" if kind == "background" else f"≥ {least:g}"
            found = spread_of(of_method.get_group(name))
            yield [data_set, figure, kind, aim, found, name]


def _aim_of_floor(results: pd.DataFrame) -> Iterator[list[str]]:
    rows = results[results["data_set"] == "hammer-floor"]
    yield from _aims_of(
        results, "hammer-floor", "auroc", {ONE_CLASS: 0.98}, best="untrained"
    )
    for kind, of_kind in rows[rows["question"] == OTHER_KNOWN].groupby(
        "features", sort=False
    ):
        # What contrast loses on a strike that nobody recorded, fold by fold.
        for name in of_kind["method"].unique():
            if not name.endswith(CONTRAST):
                continue
            pair = of_kind[
                of_kind["method"].isin([name, name.removesuffix(CONTRAST)])
            ].pivot(index="seed", columns="method", values="folds")
            if len(pair.columns) < 2:
                continue
            joined, novelty = (
                np.array([json.loads(folds) for folds in pair[each]])
                for each in (name, name.removesuffix(CONTRAST))
            )
            lost = novelty - joined
            found = f"{lost.mean():.3f}, at most {lost.max():.3f} for a pair"
            yield [
                "hammer-floor",
                "lost by contrast on another kind",
                kind,
                "≤ 0.01",
                found,
                name,
            ]


def _find_first(rows: pd.DataFrame) -> str:
    kinds = set(rows["features"])
    return next(kind for kind in FIRST if kind in kinds)


def _both(rows: pd.DataFrame) -> str:
    """Return AUROC of taps and of boards, as text."""
    return f"{spread_of(rows['auroc'])} / {rows['board_auroc'].mean():.3f}"


def _leading_number(cell: object) -> float:
    return float(str(cell).split(" ")[0]) if isinstance(cell, str) else np.nan
