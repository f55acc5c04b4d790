"""What was found on boards, as one page to look at and listen to."""

import hashlib
import math
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.utils import check_consistent_length

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
from tapsklearn.scoring import (
    ScoreShift,
    check_reads_files,
    find_detector,
    flatten_steps,
)

MAX_SIZE = 30_000_000


def write_report(
    path: str | os.PathLike[str],
    pipeline: Any,
    rows: Iterable[Mapping[str, Any]],
    *,
    boards: Iterable[Any] | None = None,
    language: str = "en",
    max_size: int = MAX_SIZE,
    model_file: str | os.PathLike[str] | None = None,
    shift: ScoreShift | None = None,
    created: datetime | None = None,
    verbose: int = 0,
) -> Path:
    """Write what was found on scored recordings as one HTML file.

    It needs no network and opens from a USB stick: a summary, the boards by their
    verdicts with p-values and the scores of their takes, and of abnormal boards and
    of those nearest the threshold the take with the lowest score: to listen to, also
    beside the nearest normal take, slowed down, pitched down and as the difference of
    the two; its spectrogram, and the map of what lowers its score.

    Parameters
    ----------
    path : path-like
        The file to write; of the same name, one is replaced.
    pipeline : Pipeline
        Fitted: what scored the recordings.
    rows : iterable of mapping
        What `score_files` yields of them.
    boards : iterable of length n_rows, default=None
        Board of each. If None, the folder of its file.
    language : {"en", "ja"}, default="en"
        Of the page: English or Japanese.
    max_size : int, default=30000000
        Of the file, in bytes; sounds that do not fit are left out, from the least
        important on, and the page says so.
    model_file : path-like, default=None
        The file that the pipeline was loaded from, which the page names with its
        checksum. If None, it names none.
    shift : ScoreShift, default=None
        What `find_shift` found of these scores: if they have moved since calibration,
        the page says so at its top. If None, nothing is said of it.
    created : datetime, default=None
        When the report is written. If None, now; with the same one, the same rows give
        the same bytes.
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
        If the pipeline reads no files or has no p-values, a parameter makes no sense,
        or there are no rows.
    OSError
        If the file cannot be written.

    See Also
    --------
    write_comparison_report : The same of a comparison of methods.
    tapsklearn.scoring.score_files : Score recordings.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.pipeline import make_pipeline
    >>> from tapsklearn import CropDetector, TapFeatures
    >>> from tapsklearn.scoring import score_files
    >>> from tapsklearn.synthesis import make_tap_boards
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     takes = make_tap_boards(folder, scenario="wide", n_takes=1, random_state=0)
    ...     model = make_pipeline(TapFeatures(), CropDetector(false_alarm_rate=0.2))
    ...     model = model.fit(takes.paths[:10])
    ...     rows = score_files(model, takes.paths[:2])
    ...     page = write_report(f"{folder}/report.html", model, rows)
    ...     page.name, "Tap test report" in page.read_text(encoding="utf-8")
    ('report.html', True)
    """
    file = Path(path)
    check_report(file, language=language, max_size=max_size)
    check_can_report(pipeline)
    scored = list(rows)
    if not scored:
        raise ValueError("rows is empty: there is nothing to report")
    named = None if boards is None else list(boards)
    check_consistent_length(scored, named)
    detector = find_detector(pipeline)
    of_boards, names, folder = name_boards(scored, named)
    margins = add_margins(
        pd.DataFrame(
            {
                "score": [row["score"] for row in scored],
                "threshold": float(detector.offset_),
                "model": 0,
            }
        )
    )
    takes = [
        TakeRow(
            source=row["path"],
            name=show_name(name),
            score=row["score"],
            p_value=row["p_value"],
            verdict=row["verdict"] or NO_VERDICT,
            flags=[flag for flag in row["flags"].split(", ") if flag],
            error=row["error"],
            margin=margin,
        )
        for row, name, margin in zip(scored, names, margins, strict=True)
    ]
    rate = float(detector.false_alarm_rate_)
    found = collect_boards(zip(of_boards, takes, strict=True), false_alarm_rate=rate)
    words = Language(language)
    write_page(
        file,
        "score.html.jinja",
        found,
        {0: pipeline},
        language=words,
        max_size=max_size,
        created=created,
        verbose=verbose,
        title=words.say("title"),
        heading=words.say("title"),
        summary=_summarize(found, words),
        details=_describe_rate(found, rate, words),
        boards_title=words.say("boards"),
        notes=[
            *_note_shift(shift, words),
            *_warn(detector, found, rate, words),
        ],
        reading=[
            words.say("reading_verdict"),
            words.say("reading_p", rate=words.percent(rate)),
            words.say("reading_score", threshold=words.number(float(detector.offset_))),
            words.say("legend_scale"),
            words.say("reading_open"),
        ],
        facts=[
            *_describe_model(pipeline, model_file, words),
            ("about_folder", show_name(folder) or words.say("unknown")),
            ("about_versions", list_versions()),
        ],
    )
    return file


def check_can_report(pipeline: Any) -> None:
    """Check that a report can be written of what a pipeline scores.

    Parameters
    ----------
    pipeline : estimator
        Fitted.

    Raises
    ------
    ValueError
        If it reads no files, or has no p-values.
    """
    check_reads_files(pipeline)
    detector = find_detector(pipeline)
    if not hasattr(detector, "calibration_scores_"):
        raise ValueError(
            f"a report gives p-values, and {type(detector).__name__} has none: end the "
            "pipeline in a detector of tapsklearn"
        )


def _summarize(boards: list[BoardRow], words: Language) -> list[str]:
    """Write in a few words what was found."""
    n_takes = sum(len(board.takes) for board in boards)
    sentences = [
        words.say(
            "sum_tested",
            boards=words.count("n_boards", len(boards)),
            takes=words.count("n_takes", n_takes),
        )
    ]
    n = dict.fromkeys((ABNORMAL, NORMAL, NO_VERDICT), 0)
    for board in boards:
        n[board.verdict] += 1
    if n[NO_VERDICT] == len(boards):
        return [*sentences, words.say("sum_nothing")]
    parts = [
        words.count("sum_abnormal", n[ABNORMAL])
        if n[ABNORMAL]
        else words.say("sum_none_abnormal"),
        words.count("sum_normal", n[NORMAL])
        if n[NORMAL]
        else words.say("sum_none_normal"),
    ]
    if not n[NO_VERDICT]:
        return [*sentences, words.say("sum_joined", first=parts[0], second=parts[1])]
    joined = words.say(
        "sum_joined_three",
        first=parts[0],
        second=parts[1],
        third=words.count("sum_no_verdict", n[NO_VERDICT]),
    )
    return [*sentences, joined]


def _describe_rate(boards: list[BoardRow], rate: float, words: Language) -> list[str]:
    n_scored = sum(board.verdict != NO_VERDICT for board in boards)
    n_unscored = sum(board.n_unscored for board in boards)
    sentences = []
    if n_scored:
        about = [words.say("sum_rate", rate=words.percent(rate))]
        if (expected := round(rate * n_scored)) >= 1:
            of_boards = words.count("n_boards", n_scored)
            about.append(words.count("sum_expected", expected, boards=of_boards))
        sentences.append((" " if words.code == "en" else "").join(about))
    if n_unscored:
        sentences.append(words.count("sum_unusable", n_unscored))
    return sentences


def _note_shift(shift: ScoreShift | None, words: Language) -> list[str]:
    if shift is None or not shift.has_moved:
        return []
    key = f"note_moved_{shift.direction}"
    if shift.direction == "lower" and shift.n_normal < shift.n_boards:
        key += "_most"
    return [words.say(key, n=shift.n_boards)]


def _warn(
    detector: Any, boards: list[BoardRow], rate: float, words: Language
) -> list[str]:
    """Say so where no verdict could have been another."""
    n_calibrated = len(detector.calibration_scores_)
    # As `board_verdicts` combines p-values, of which this is the smallest.
    n_scored = [len(board.scored) for board in boards if board.scored]
    factors = [n / ((n + 1) // 2) for n in n_scored]
    if not factors or min(factors) / (n_calibrated + 1) <= rate:
        return []
    needed = math.ceil(min(factors) / rate) - 1
    return [
        words.say(
            "note_never_abnormal",
            n=n_calibrated,
            rate=words.percent(rate),
            needed=needed,
        )
    ]


def _describe_model(
    pipeline: Any, model_file: str | os.PathLike[str] | None, words: Language
) -> list[tuple[str, str]]:
    """Describe what scored the recordings, as far as it describes itself."""
    detector = find_detector(pipeline)
    facts = []
    if model_file is not None:
        file = Path(model_file)
        facts += [
            ("about_model", show_name(file.name)),
            ("about_checksum", _compute_checksum(file)),
        ]
    steps = [step for step in flatten_steps(pipeline)[:-1] if hasattr(step, "describe")]
    features = ", ".join(step.describe() for step in steps)
    facts += [
        ("about_method", type(detector).__name__),
        ("about_features", features or words.say("features_unknown")),
        ("about_threshold", words.number(float(detector.offset_))),
        ("about_rate", words.percent(float(detector.false_alarm_rate_))),
        (
            "about_calibrated",
            words.count("about_n_normal", len(detector.calibration_scores_)),
        ),
    ]
    trained = getattr(detector, "training_set_", None)
    if trained is not None:
        facts.append(
            (
                "about_trained",
                words.say(
                    "about_trained_with",
                    takes=words.count("n_takes", int(trained["n_takes"].sum())),
                    boards=words.count("n_boards", len(trained["boards"])),
                ),
            )
        )
    return facts


def _compute_checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
