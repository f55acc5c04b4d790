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
DEFAULT = "joined"
# Set, question, figure and what was wanted of the default.
AIMS = (
    ("hammer-floor", ONE_CLASS, "auroc", 0.99),
    ("hammer-floor", NEVER, "auroc", 0.99),
    ("hammer-floor", KNOWN, "auroc", 0.995),
    *(
        aim
        for data_set in SYNTHESIZED
        for aim in (
            (data_set, ONE_CLASS, "auroc", 0.97),
            (data_set, ONE_CLASS, "board_auroc", 0.99),
            (data_set, KNOWN, "auroc", 0.995),
            (data_set, KNOWN, "board_auroc", 0.99),
        )
    ),
    ("steel-rods", ONE_CLASS, "auroc", 0.98),
    ("steel-rods", KNOWN, "auroc", 0.995),
    ("bolts-flange, gaps", ONE_CLASS, "board_auroc", 0.95),
    ("bolts-flange, gaps", KNOWN, "board_auroc", 0.995),
    ("bottles, 200 good", ONE_CLASS, "auroc", 0.999),
    ("bottles, 10 good", ONE_CLASS, "auroc", 0.98),
    ("bottles, 50 good and 10 bad", KNOWN, "auroc", 0.995),
)
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
        "gain below which the level counts), two of contrast (from where on likeness "
        "counts, and how much) and of the default how long its encoder is trained, how "
        "sure that has to be and how much its features count were chosen with these "
        "sets and splits in sight: on recordings of others the figures may be lower.",
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
    """Return a table of the default: what was wanted, found, and the best of all."""
    rows = []
    for data_set, question, column, least in AIMS:
        asked = results[
            (results["data_set"] == data_set)
            & (results["question"] == question)
            & (results["features"] == "auto")
        ]
        name = DEFAULT
        if question == KNOWN and f"{DEFAULT}{CONTRAST}" in set(asked["method"]):
            name += CONTRAST
        of_method = asked.groupby("method")[column]
        if name not in of_method.groups:
            continue
        own, best = of_method.get_group(name), of_method.mean()
        lost = best.max() - own.mean()
        rows.append(
            [
                *(data_set, question, "taps" if column == "auroc" else "boards"),
                *(f"≥ {least:g}", spread_of(own)),
                *(f"{best.max():.3f}", best.idxmax()),
                f"{lost:.3f}",
            ]
        )
    rows += _lost_on_other_kinds(results)
    if not rows:
        return []
    header = [
        *("set", "question", "of", "wanted"),
        *(f"`{DEFAULT}`", "best", "method", "lost"),
    ]
    return [
        "",
        f"## The default, `{DEFAULT}`, beside what was wanted and the best of all",
        "",
        *format_table(header, rows),
        "",
        "On bottles the spectrum alone is as good as any method, and no better than "
        "that. On `wide` the boards differ most, and single taps of a few of them are "
        "between the others. The autoencoders reconstruct what the encoder makes of a "
        "crop, which averages over frequency: a bolt or a rod that rings at another "
        "frequency than the others they reconstruct as well as these. ResNet-18 begins "
        "with random weights, and the few boards of a set do not make up for what the "
        "encoder has seen. The encoder was "
        "pretrained on the simulator that article, same_shop and wide are of; "
        "`encoder_ablations.md` has one beside it that never met wood.",
    ]


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
        "0.95 of each:",
        "",
        *format_table(["method", *SYNTHESIZED], table),
    ]


def _lost_on_other_kinds(results: pd.DataFrame) -> Iterator[list[str]]:
    """Return what contrast loses on a strike that nobody recorded, pair by pair."""
    names = [DEFAULT, f"{DEFAULT}{CONTRAST}"]
    pairs = results[
        (results["question"] == OTHER_KNOWN)
        & (results["features"] == "auto")
        & results["method"].isin(names)
    ].pivot(index="seed", columns="method", values="folds")
    if len(pairs.columns) < len(names):
        return
    novelty, joined = (
        np.array([json.loads(folds) for folds in pairs[name]]) for name in names
    )
    lost = novelty - joined
    yield [
        *("hammer-floor", OTHER_KNOWN, "taps, lost by contrast", "≤ 0.01"),
        *(f"{lost.mean():.3f}, at most {lost.max():.3f} for a pair", "", "", ""),
    ]


def _find_first(rows: pd.DataFrame) -> str:
    kinds = set(rows["features"])
    return next(kind for kind in FIRST if kind in kinds)


def _both(rows: pd.DataFrame) -> str:
    """Return AUROC of taps and of boards, as text."""
    return f"{spread_of(rows['auroc'])} / {rows['board_auroc'].mean():.3f}"


def _leading_number(cell: object) -> float:
    return float(str(cell).split(" ")[0]) if isinstance(cell, str) else np.nan
