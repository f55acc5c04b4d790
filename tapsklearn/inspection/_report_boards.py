"""The boards of a report: their takes, their verdicts, and in which order."""

import math
import os
import unicodedata
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from tapsklearn._table_text import on_one_line
from tapsklearn.scoring import board_verdicts

ABNORMAL, NORMAL, NO_VERDICT = "abnormal", "normal", "none"
_ORDER = (ABNORMAL, NORMAL, NO_VERDICT)
# What turns the direction of the text around it, so that a name can be read as another.
_TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Of a spark line, in its own unit: its width and height, and a take's step.
SPARK_WIDTH, SPARK_HEIGHT = 160, 36
_SPARK_EDGE = 5
_WIDEST_STEP = 10.0


@dataclass(frozen=True)
class TakeRow:
    """A take as a report lists it.

    Attributes
    ----------
    source : object
        The file, or the row of a comparison.
    name : str
        What it is called.
    score, p_value : float
        NaN if it could not be scored.
    verdict : {"abnormal", "normal", "none"}
        Of it alone.
    flags : list of str
        What may have spoilt its score.
    error : str
        Why it could not be scored, or "".
    margin : float
        How far its score is above the threshold, in units of the report.
    model : int
        Which of the models of the report scored it.
    """

    source: Any
    name: str
    score: float
    p_value: float
    verdict: str
    flags: list[str] = field(default_factory=list)
    error: str = ""
    margin: float = math.nan
    model: int = 0


@dataclass
class BoardRow:
    """A board as a report lists it.

    Attributes
    ----------
    number : int
        Its place in the report.
    name : str
        What it is called.
    verdict : {"abnormal", "normal", "none"}
        By all its takes.
    p_value, median_score : float
        NaN if none of its takes could be scored.
    takes : list of TakeRow
        In the order given.
    condition : str
        What it is known to be, or "".
    """

    number: int
    name: str
    verdict: str
    p_value: float
    median_score: float
    takes: list[TakeRow]
    condition: str = ""

    @property
    def scored(self) -> list[TakeRow]:
        """Takes that have a score."""
        return [take for take in self.takes if not math.isnan(take.score)]

    @property
    def worst(self) -> TakeRow | None:
        """The take with the lowest score."""
        return min(self.scored, key=lambda take: take.margin, default=None)

    @property
    def n_below(self) -> int:
        """How many takes are below the threshold."""
        return sum(take.verdict == ABNORMAL for take in self.takes)

    @property
    def n_unscored(self) -> int:
        """How many takes could not be scored."""
        return len(self.takes) - len(self.scored)

    @property
    def rank(self) -> int:
        """Where its verdict stands among the verdicts."""
        return _ORDER.index(self.verdict)


def name_boards(
    rows: Sequence[Mapping[str, Any]], boards: Iterable[Any] | None
) -> tuple[list[str], list[str], str]:
    """Name boards and takes.

    Parameters
    ----------
    rows : sequence of mapping
        With the `path` of each take.
    boards : iterable or None
        Board of each. If None, the folder of its file.

    Returns
    -------
    boards : list of str
        Board of each take.
    takes : list of str
        What each is called.
    folder : str
        What all files have in common, or "".
    """
    paths = [os.fspath(row["path"]) for row in rows]
    folders = [os.path.dirname(path) for path in paths]  # noqa: PTH120
    common = _find_common(folders)
    if boards is not None:
        return [str(board) for board in boards], _last_parts(paths), common
    if len(set(folders)) == 1:
        # One folder is one board, known by its own name.
        parent = os.path.dirname(common)  # noqa: PTH120
        named = [PurePath(common).name or common or "."] * len(paths)
        return named, _last_parts(paths), parent
    inside = [
        os.path.relpath(folder, common) if common else folder for folder in folders
    ]
    return inside, _last_parts(paths), common


def _find_common(folders: Sequence[str]) -> str:
    try:
        return os.path.commonpath(sorted(set(folders)))
    except ValueError:
        # Of two drives, or some absolute and some not.
        return ""


def _last_parts(paths: Sequence[str]) -> list[str]:
    return [PurePath(path).name or path for path in paths]


def collect_boards(
    takes: Iterable[tuple[str, TakeRow]],
    *,
    false_alarm_rate: float,
    conditions: Mapping[str, str] | None = None,
) -> list[BoardRow]:
    """Collect takes into boards, with a verdict on each, the most abnormal first.

    Parameters
    ----------
    takes : iterable of tuple (str, TakeRow)
        Each with its board.
    false_alarm_rate : float
        As of `board_verdicts`.
    conditions : mapping, default=None
        What each board is known to be.

    Returns
    -------
    list of BoardRow
        The boards.
    """
    of_boards: dict[str, list[TakeRow]] = {}
    for board, take in takes:
        of_boards.setdefault(board, []).append(take)
    if not of_boards:
        return []
    with warnings.catch_warnings():
        # The page says it.
        warnings.simplefilter("ignore", UserWarning)
        found = board_verdicts(
            [take.p_value for of_board in of_boards.values() for take in of_board],
            # By numbers, as any text is a name here.
            np.repeat(
                np.arange(len(of_boards)), [len(of) for of in of_boards.values()]
            ),
            scores=[take.score for of_board in of_boards.values() for take in of_board],
            false_alarm_rate=false_alarm_rate,
        )
    boards = [
        BoardRow(
            number=0,
            name=show_name(name),
            verdict=verdict if verdict in _ORDER else NO_VERDICT,
            p_value=p_value,
            median_score=median,
            takes=of_board,
            condition=(conditions or {}).get(name, ""),
        )
        for (name, of_board), p_value, median, verdict in zip(
            of_boards.items(),
            found["p_value"],
            found["median_score"],
            found["verdict"],
            strict=True,
        )
    ]
    boards.sort(key=_by_verdict)
    for number, row in enumerate(boards):
        row.number = number
    return boards


def _by_verdict(board: BoardRow) -> tuple[int, float, float]:
    margins = [take.margin for take in board.scored]
    middle = float(np.median(margins)) if margins else 0.0
    return board.rank, 0.0 if math.isnan(board.p_value) else board.p_value, middle


def add_margins(scores: pd.DataFrame) -> pd.Series:
    """Compute how far scores are above their threshold.

    Parameters
    ----------
    scores : DataFrame
        `score`, `threshold`, and `model`: takes of two models have two scales.

    Returns
    -------
    Series
        In units of the median distance to the threshold; NaN without a score.
    """
    above = scores["score"] - scores["threshold"]
    unit = above.abs().groupby(scores["model"]).transform("median")
    return above / unit.where(unit > 0, 1.0)


def plot_spark(board: BoardRow, lowest: float, highest: float) -> dict[str, Any]:
    """Plot the takes of a board as marks above and below the threshold.

    Parameters
    ----------
    board : BoardRow
        The board.
    lowest, highest : float
        Of the margins in the report, so that boards can be compared.

    Returns
    -------
    dict
        `above` and `below`, paths whose points are marks, and `line`, where the
        threshold is.
    """
    bottom, top = math.asinh(min(lowest, -1.0)), math.asinh(max(highest, 1.0))
    usable = SPARK_HEIGHT - 2 * _SPARK_EDGE

    def place_at(margin: float) -> float:
        share = (top - math.asinh(margin)) / (top - bottom)
        return round(_SPARK_EDGE + usable * share, 1)

    width = SPARK_WIDTH - 2 * _SPARK_EDGE
    step = min(_WIDEST_STEP, width / max(1, len(board.takes) - 1))
    above: list[str] = []
    below: list[str] = []
    for place, take in enumerate(board.takes):
        if math.isnan(take.margin):
            continue
        x = round(_SPARK_EDGE + place * step, 1)
        mark = f"M{x:g} {place_at(take.margin):g}h0"
        (below if take.verdict == ABNORMAL else above).append(mark)
    return {"above": "".join(above), "below": "".join(below), "line": place_at(0.0)}


def show_name(name: str) -> str:
    """Write a name so that nothing of it is hidden or turned around.

    Parameters
    ----------
    name : str
        Of a board or a file.

    Returns
    -------
    str
        With what breaks lines or turns text written out.
    """
    # File systems of macOS store letters apart from their marks.
    text = on_one_line(unicodedata.normalize("NFC", name))
    return "".join(
        f"\\u{ord(sign):04x}" if sign in _TURNS_TEXT else sign for sign in text
    )
