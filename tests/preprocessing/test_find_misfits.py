"""Recordings that cut their taps are found, and others are not."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tapsklearn.datasets import load_takes
from tapsklearn.preprocessing import TapMeasure, find_misfits, measure_takes

WHOLE = TapMeasure(44100, 0.09, True, 7000.0, True, 0.5, 2.5, 0.001)
SHORT = replace(WHOLE, ring=0.05, is_whole=False, after=0.05)
FULL = replace(WHOLE, band=21000.0)


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        ({}, []),
        ({"a": SHORT}, [("a", "short", "ends 50 ms after the onset")]),
        ({"a": replace(WHOLE, sr=22050)}, []),
        (
            {"a": replace(WHOLE, sr=8000, band=3900.0)},
            [("a", "low rate", "8000 Hz hold 4.0 kHz, where taps of the other .* 7.0")],
        ),
        ({"a": FULL}, []),
        (
            dict.fromkeys("abcdef", SHORT),
            [("", "short", "6 of 10 recordings end .* 50 ms after the onset")],
        ),
        (
            dict.fromkeys("abcdef", FULL),
            [("", "low rate", "the taps reach up to 21.0 kHz")],
        ),
    ],
)
def test_what_is_found(
    odd: dict[str, TapMeasure], expected: list[tuple[str, str, str]]
) -> None:
    found = find_misfits({**dict.fromkeys("uvwx", WHOLE), **odd})
    assert [each[:2] for each in found] == [each[:2] for each in expected]
    for misfit, (_, _, detail) in zip(found, expected, strict=True):
        assert re.match(detail, misfit.detail)


def test_nothing_to_find() -> None:
    assert find_misfits({}) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hammer-floor", []),
        ("steel-rods", []),
        ("bolts-flange", []),
        ("bolts-plate", []),
        ("bottles", [("", "short")]),
        ("concrete-blocks", [("", "short")]),
    ],
)
def test_recordings(
    recordings: Callable[[str], Path], name: str, expected: list[tuple[str, str]]
) -> None:
    paths = load_takes(recordings(name)).paths[::4]
    measures, _ = measure_takes(paths)
    found = find_misfits({paths[row]: each for row, each in measures.items()})
    assert [each[:2] for each in found] == expected
