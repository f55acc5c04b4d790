"""What a comparison of methods found, as one page to look at and listen to."""

import math
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tapsklearn.inspection._comparison_tables import (
    count_alarms,
    describe_features,
    list_kinds,
    list_ranking,
    plot_curves,
    style_methods,
)
from tapsklearn.inspection._report_boards import (
    ABNORMAL,
    NO_VERDICT,
    NORMAL,
    BoardRow,
    TakeRow,
    add_margins,
    collect_boards,
    name_boards,
    show_name,
)
from tapsklearn.inspection._report_language import Language
from tapsklearn.inspection._report_page import check_report, list_versions, write_page
from tapsklearn.inspection._write_report import MAX_SIZE
from tapsklearn.scoring import find_detector

_VERDICTS = {1: NORMAL, -1: ABNORMAL}


def write_comparison_report(
    path: str | os.PathLike[str],
    comparison: Any,
    *,
    false_alarm_rate: float = 0.05,
    language: str = "en",
    max_size: int = MAX_SIZE,
    created: datetime | None = None,
    verbose: int = 0,
) -> Path:
    """Write what a comparison of methods found as one HTML file.

    It needs no network: the conclusion and what the boards cannot say, the ranking
    with intervals, ROC curves, false alarms and detections, kinds of defects, the
    features, and the verdicts of the best method on all boards, as of `write_report`.

    Parameters
    ----------
    path : path-like
        The file to write; of the same name, one is replaced.
    comparison : Comparison
        What `compare_methods` returned. There are sounds, spectrograms and maps only
        if it was given paths and kept its estimators.
    false_alarm_rate : float, default=0.05
        Share of the normal boards that may be called abnormal.
    language : {"en", "ja"}, default="en"
        Of the page: English or Japanese.
    max_size : int, default=30000000
        Of the file, in bytes; sounds that do not fit are left out, from the least
        important on, and the page says so.
    created : datetime, default=None
        When the report is written. If None, now; with the same one, the same
        comparison gives the same bytes.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ImportError
        If a package of the extra `report` is missing.
    ValueError
        If a parameter makes no sense.
    OSError
        If the file cannot be written.

    See Also
    --------
    write_report : The same of scored recordings.

    Examples
    --------
    >>> import tempfile
    >>> from tapsklearn import CropDetector
    >>> from tapsklearn.model_selection import compare_methods
    >>> crops = np.random.default_rng(0).normal(size=(120, 16, 24))
    >>> crops[80:] += 5
    >>> boards = np.repeat(["oak", "ash", "fir", "elm", "cracked a", "cracked b"], 20)
    >>> comparison = compare_methods(
    ...     {"crop": CropDetector()}, crops, boards, cv=2, random_state=0,
    ...     normal_boards=["oak", "ash", "fir", "elm"],
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_comparison_report(f"{folder}/report.html", comparison)
    ...     "Ranking" in page.read_text(encoding="utf-8")
    True
    """
    file = Path(path)
    check_report(file, language=language, max_size=max_size)
    words = Language(language)
    complete = comparison.complete
    best = comparison.best if complete else None
    boards, folder = _collect(comparison, best, false_alarm_rate)
    ranking = comparison.ranking() if complete else None
    styles = style_methods(comparison, ranking)
    truth = comparison.truth
    n_boards = comparison.scores["board"].nunique()
    details = [
        words.say(
            "cmp_sum",
            methods=words.count("n_methods", comparison.results["method"].nunique()),
            takes=words.count("n_takes", len(comparison.X)),
            boards=words.count("n_boards", n_boards),
            normal=len(
                set(truth.normal_boards) & {*comparison.scores["board"].tolist()}
            ),
            folds=words.count("n_folds", len(comparison.folds)),
        ),
        words.say(f"cmp_by_{comparison.by}"),
    ]
    if best is None:
        details.append(words.say("cmp_failed"))
    curves = plot_curves(comparison, styles, words) if complete else []
    write_page(
        file,
        "comparison.html.jinja",
        boards,
        _find_models(comparison, best),
        language=words,
        max_size=max_size,
        created=created,
        verbose=verbose,
        title=words.say("title_comparison"),
        heading=words.say("title_comparison"),
        conclusion=comparison.conclusion().splitlines() if complete else [],
        details=details,
        notes=_warn(boards, best, false_alarm_rate, words),
        limits=comparison.limits,
        ranking=[] if ranking is None else list_ranking(ranking, styles, words),
        curves=curves,
        roc_label=words.say(
            "roc_label", methods=words.say("list").join(c["method"] for c in curves)
        ),
        alarms=count_alarms(comparison, false_alarm_rate, words),
        kinds=list_kinds(comparison, words),
        features=describe_features(comparison, words),
        errors=[
            (show_name(str(row["method"])), row["fold"], row["error"])
            for row in comparison.results.to_dict(orient="records")
            if row["error"]
        ],
        reading=[
            *([words.say("all_boards_of", method=show_name(best))] if best else []),
            words.say("reading_verdict"),
            words.say("reading_p", rate=words.percent(false_alarm_rate)),
            words.say("reading_score_folds"),
            words.say("legend_scale"),
            words.say("reading_open"),
        ],
        boards_title=words.say("boards_of", method=show_name(best))
        if best
        else words.say("boards"),
        facts=[
            ("about_rate", words.percent(false_alarm_rate)),
            ("about_folder", show_name(folder) or words.say("unknown")),
            ("about_versions", list_versions()),
        ],
    )
    return file


def _warn(
    boards: list[BoardRow], best: str | None, rate: float, words: Language
) -> list[str]:
    """Say so where the best method could call no board abnormal."""
    p_values = [take.p_value for board in boards for take in board.scored]
    known = [each for each in p_values if not math.isnan(each)]
    if best is None or (known and 2 * min(known) <= rate):
        return []
    key = "note_few_calibrated" if known else "note_no_p_values"
    return [words.say(key, method=show_name(best), rate=words.percent(rate))]


def _find_models(comparison: Any, best: str | None) -> dict[int, Any]:
    kept = comparison.estimators or {}
    if comparison.paths is None:
        return {}
    return {fold: each for (name, fold), each in kept.items() if name == best}


def _collect(
    comparison: Any, best: str | None, rate: float
) -> tuple[list[BoardRow], str]:
    """Collect the boards with the scores of the best method."""
    if best is None:
        return [], ""
    scores = comparison.scores[comparison.scores["method"] == best].copy()
    kept = comparison.estimators or {}
    scores["model"] = scores["fold"]
    scores["threshold"] = math.nan
    for fold, of_fold in scores.groupby("fold"):
        detector = find_detector(kept.get((best, fold)))
        found = getattr(detector, "offset_", None)
        threshold = _guess_threshold(of_fold) if found is None else np.ravel(found)[0]
        scores.loc[of_fold.index, "threshold"] = float(threshold)
    folder, files = "", comparison.paths
    names = [str(row) for row in scores["row"]]
    if files is not None:
        rows = [{"path": files[row]} for row in scores["row"]]
        _, names, folder = name_boards(rows, scores["board"])
    takes = [
        TakeRow(
            source=None if files is None else files[row["row"]],
            name=show_name(name),
            score=row["score"],
            p_value=row["p_value"],
            verdict=_VERDICTS.get(row["prediction"], NO_VERDICT)
            if not math.isnan(row["score"])
            else NO_VERDICT,
            margin=margin,
            model=int(row["fold"]),
        )
        for row, name, margin in zip(
            scores.to_dict(orient="records"), names, add_margins(scores), strict=True
        )
    ]
    named = [str(board) for board in scores["board"]]
    conditions = dict(zip(named, scores["condition"], strict=True))
    pairs = zip(named, takes, strict=True)
    boards = collect_boards(pairs, false_alarm_rate=rate, conditions=conditions)
    return boards, folder


def _guess_threshold(of_fold: pd.DataFrame) -> float:
    """Guess a threshold that was not kept: between what is above and what is below."""
    below = of_fold.loc[of_fold["prediction"] == -1, "score"].max()
    above = of_fold.loc[of_fold["prediction"] == 1, "score"].min()
    return float(np.nanmean([below, above]))
