"""Boards that were recorded with other devices or settings than the others."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from statistics import median

import pandas as pd

from tapsklearn._shorten import shorten
from tapsklearn.datasets._findings import Finding
from tapsklearn.preprocessing import TapMeasure, find_band_edge, find_reach

# A board is recorded as so many of its takes are.
_MOST = 2 / 3
# The band of a board ends where others have sound at so many times its end.
_FURTHER = 1.25
_CODED = {2.0**-7: "8 bits", 2.0**-15: "16 bits", 2.0**-23: "24 bits"}
_CODED |= {2.0**-31: "32 bits", 0.0: "floating point"}


def find_mixed_devices(
    frame: pd.DataFrame, measures: Mapping[str, TapMeasure]
) -> list[Finding]:
    """Find whether boards differ in how they were recorded.

    Parameters
    ----------
    frame : DataFrame
        With the columns ``path``, ``board`` and ``condition``.
    measures : mapping of str to TapMeasure
        Of the taps of its recordings, by path.

    Returns
    -------
    list of Finding
        One for each property in which boards differ: sampling rate, coding, channels,
        and where a narrow band ends. It says so where it coincides with the condition.
    """
    of_board: dict[str, list[TapMeasure]] = defaultdict(list)
    for path, board in zip(frame["path"], frame["board"], strict=True):
        if board and path in measures:
            of_board[board].append(measures[path])
    conditions = dict(zip(frame["board"], frame["condition"], strict=True))
    ways = (_describe_rates, _describe_codings, _describe_channels, _describe_bands)
    details = [_say_mix(describe(of_board), conditions) for describe in ways]
    return [Finding("", "", "mixed devices", detail) for detail in details if detail]


def _describe_rates(of_board: Mapping[str, list[TapMeasure]]) -> dict[str, str]:
    return _describe(of_board, lambda each: f"at {each.sr} Hz")


def _describe_codings(of_board: Mapping[str, list[TapMeasure]]) -> dict[str, str]:
    def describe(each: TapMeasure) -> str:
        return f"in {each.coding or _CODED.get(each.step, f'steps of {each.step:g}')}"

    return _describe(of_board, describe)


def _describe_channels(of_board: Mapping[str, list[TapMeasure]]) -> dict[str, str]:
    def describe(each: TapMeasure) -> str:
        n = each.n_channels
        return f"with {n} channel{'s' * (n != 1)}"

    return _describe(of_board, describe)


def _describe(
    of_board: Mapping[str, list[TapMeasure]], describe: Callable[[TapMeasure], str]
) -> dict[str, str]:
    """Describe how each board was recorded; single takes have rows of their own."""
    described = {}
    for board, takes in of_board.items():
        ((value, n_takes),) = Counter(map(describe, takes)).most_common(1)
        if n_takes >= _MOST * len(takes):
            described[board] = value
    return described


def _describe_bands(of_board: Mapping[str, list[TapMeasure]]) -> dict[str, str]:
    """Describe where the bands of boards end, where other boards have sound beyond."""
    edges = {}
    for board, takes in of_board.items():
        found = [edge for take in takes if (edge := find_band_edge(take)) is not None]
        if len(found) >= _MOST * len(takes):
            edges[board] = median(found)
    if not edges:
        return {}
    reaches = {
        board: median(map(find_reach, takes))
        for board, takes in of_board.items()
        if board not in edges
    }
    lowest = min(edges.values())
    described = {}
    for board, edge in edges.items():
        # They are known to within a part of the spectrum.
        same = [each for each in edges.values() if _are_near(each, edge)]
        described[board] = f"with a band that ends at {_say_khz(median(same))}"
    return described | {
        board: "with a wider band"
        for board, reach in reaches.items()
        if reach >= _FURTHER * lowest
    }


def _are_near(one: float, other: float) -> bool:
    return max(one, other) < _FURTHER * min(one, other)


def _say_khz(frequency: float) -> str:
    return f"{frequency / 1e3:.0f} kHz"


def _say_mix(described: Mapping[str, str], conditions: Mapping[str, str]) -> str:
    """Say how boards differ, the most common way last; "" if they do not."""
    boards_of: dict[str, list[str]] = defaultdict(list)
    for board, value in described.items():
        boards_of[value].append(board)
    if len(boards_of) < 2:
        return ""
    ordered = sorted(boards_of.items(), key=lambda item: len(item[1]))
    parts = [
        f"{len(boards)} {'board is' if len(boards) == 1 else 'boards are'} recorded "
        f"{value} ({shorten(boards)})"
        for value, boards in ordered[:-1]
    ]
    usual, others = ordered[-1]
    parts.append(f"{len(others)} {usual}")
    return ", ".join(parts) + _say_coincidence(described, conditions)


def _say_coincidence(
    described: Mapping[str, str], conditions: Mapping[str, str]
) -> str:
    normal, abnormal = (
        {value for board, value in described.items() if conditions[board] == condition}
        for condition in ("normal", "abnormal")
    )
    if normal and abnormal and not normal & abnormal:
        return (
            "; no normal board is recorded as an abnormal one: a model would learn the "
            "device, and not the defect; record both with the same"
        )
    alone = [
        condition
        for condition, values, other in (
            ("normal", normal, abnormal),
            ("abnormal", abnormal, normal),
        )
        if other and values - other
    ]
    if alone:
        return (
            f"; some of these ways are of {' or '.join(alone)} boards alone: a model "
            "may learn the device; record both with each"
        )
    return "; record all with one, or normal and abnormal boards with each"
