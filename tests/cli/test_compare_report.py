"""What ``compare`` prints and writes: two figures, limits, and parts of it."""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from commands import BOARDS, NORMAL, spawn, write_taps

from tapsklearn.cli import _comparison
from tapsklearn.cli._comparison import describe_features, print_kinds
from tapsklearn.datasets import Truth
from tapsklearn.detectors import CropDetector
from tapsklearn.model_selection import Comparison

QUICK = ("--methods", "spectrum-knn,crop-knn", "--jobs", "1")
KINDS = {"crack a": "crack", "crack b": "crack", "loose a": "loose", "loose b": "loose"}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write boards of two kinds of defects, and of one that has a single board."""
    conditions = dict.fromkeys([*NORMAL, "good 3", "good 4"], "normal")
    conditions |= dict.fromkeys([*KINDS, "rotten"], "abnormal")
    folder = write_taps(tmp_path_factory.mktemp("kinds") / "taps", conditions)
    lines = [
        f"{board},{condition},{KINDS.get(board, 'rot' if board == 'rotten' else '')}\n"
        for board, condition in conditions.items()
    ]
    (folder / "boards.csv").write_text("board,condition,kind\n" + "".join(lines))
    return folder


def read_kinds(out: str) -> list[list[str]]:
    """Read the last table: method, kind, specimens and both figures of each line."""
    rows, method = [], ""
    for line in out.split("\n\ndefects")[1].splitlines()[2:]:
        method = line[:23].split()[0] if line[0] != " " else method
        rows.append([method, *line[len(method) if line[0] != " " else 0 :].split()])
    return rows


def test_each_kind_has_two_figures(run: Any, kinds: Path) -> None:
    code, out, err = run("compare", kinds, *QUICK, "--folds", "2")
    assert code == 0
    rows = read_kinds(out)
    assert [row[:-2] for row in rows] == [
        [method, *part]
        for method in ("spectrum-knn", "crop-knn")
        for part in (
            ["all", "kinds", "5"],
            ["crack", "2"],
            ["loose", "2"],
            ["rot", "1"],
        )
    ]
    for row in rows:
        assert (row[-2] == "unknown") == (row[1] == "rot")
        assert all(0 <= float(each) <= 1 for each in row[-2:] if each != "unknown")
    lines = err.splitlines()
    known, never, limit = lines[-3:]
    assert known.startswith("tapsklearn: For defects like those recorded (4 specimens)")
    assert never.startswith("tapsklearn: For kinds never recorded (5 specimens): ")
    assert "19 normal specimens, and there are 4" in limit
    assert not any("contrast" in line for line in lines)


def test_json_and_files_hold_both_figures(
    run: Any, kinds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_comparison, "can_plot", lambda: False)
    monkeypatch.setattr("tapsklearn.cli._compare.can_plot", lambda: False)
    options = (*QUICK, "--folds", "2", "--out", tmp_path)
    code, out, _ = run("compare", kinds, *options, "--json")
    assert code == 0
    found = json.loads(out)
    assert list(found) == [
        *("results", "ranking", "kinds", "features", "conclusion", "limits")
    ]
    assert len(found["results"]) == 4
    assert {row["method"] for row in found["ranking"]} == {"spectrum-knn", "crop-knn"}
    of_kind = {(row["method"], row["kind"]): row for row in found["kinds"]}
    assert of_kind["crop-knn", "rot"]["known"] is None
    table = pd.read_csv(tmp_path / "kinds.csv")
    for (method, kind), row in of_kind.items():
        if kind == "all kinds":
            continue
        rows = table[(table["method"] == method) & (table["kind"] == kind)]
        for question in ("known", "never recorded"):
            mean = rows["roc_auc"][rows["question"] == question].mean()
            assert np.isnan(mean) == (row[question] is None)
            if row[question] is not None:
                assert row[question] == pytest.approx(mean)
    assert found["conclusion"].count("\n") == 1
    assert len(found["limits"]) == 1


@pytest.mark.parametrize("options", [(), ("--no-contrast",)])
def test_known_defects_count_and_are_left_out_by_default(
    options: tuple[str, ...],
    run: Any,
    kinds: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    n_fits = []
    fit = CropDetector.fit

    def count(self: Any, X: Any, y: Any = None) -> Any:
        n_fits.append(self.contrast)
        return fit(self, X, y)

    monkeypatch.setattr(CropDetector, "fit", count)
    knn = ("--methods", "crop-knn", "--jobs", "1", "--folds", "2", *options)
    assert run("compare", kinds, *knn)[0] == 0
    # Without a kind of two boards, in each of two folds.
    assert n_fits == ([False] * 2 if options else [True] * 6)
    n_fits.clear()
    assert run("compare", kinds, *knn, "--known-only")[0] == 0
    assert len(n_fits) == 2


def test_what_was_not_asked_is_unknown(run: Any, kinds: Path) -> None:
    code, out, err = run("compare", kinds, *QUICK, "--folds", "2", "--known-only")
    assert code == 0
    for row in read_kinds(out):
        assert (row[-1] == "unknown") == (row[1] != "rot")
    assert "For defects like those recorded" in err
    assert "For kinds never recorded" not in err


def test_what_the_boards_cannot_say(run: Any, tmp_path: Path) -> None:
    conditions = {**BOARDS, "good 3": "normal"}
    folder = write_taps(tmp_path / "taps", conditions)
    lines = [
        f"{board},{condition},{kind},{session}\n"
        for (board, condition), kind, session in zip(
            conditions.items(),
            ["", "", "crack", "rot", ""],
            ["May", "June", "May", "May", "July"],
            strict=True,
        )
    ]
    (folder / "boards.csv").write_text(
        "board,condition,kind,session\n" + "".join(lines)
    )
    code, out, err = run("compare", folder, *QUICK)
    assert code == 0
    assert [row[-2] for row in read_kinds(out)] == ["unknown"] * 6
    limits = err.splitlines()[-3:]
    for limit, words in zip(
        limits,
        (
            "known defects are detected is unknown: no kind has two specimens.",
            "and there are 3.",
            "all abnormal boards are of one session, May.",
        ),
        strict=True,
    ):
        assert limit.endswith(words)
    assert "For kinds never recorded (2 specimens): " in err
    assert "For defects like those" not in err


def test_by_session_asks_for_the_same_specimens_later(run: Any, tmp_path: Path) -> None:
    conditions = {
        f"{place} {session}": "abnormal"
        if (place, session) in {("a", 1), ("b", 2)}
        else "normal"
        for place in "abc"
        for session in (1, 2)
    }
    folder = write_taps(tmp_path / "taps", conditions)
    lines = [
        f"{board},{condition},{board[0]},{board[2]}\n"
        for board, condition in conditions.items()
    ]
    (folder / "boards.csv").write_text(
        "board,condition,specimen,session\n" + "".join(lines)
    )
    code, out, err = run("compare", folder, *QUICK, "--by", "session", "--json")
    assert code == 0
    found = json.loads(out)
    assert {row["fold"] for row in found["results"]} == {0, 1}
    assert all(row["known"] is not None for row in found["kinds"])
    assert "evaluated in unseen sessions, on specimens whose past may be known" in err
    assert any("another session: " in limit for limit in found["limits"])
    assert not any("specimen" in limit for limit in found["limits"])


def test_the_table_of_kinds_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    rows = pd.DataFrame(
        {
            "method": ["tuned-arcface-resnet18"] * 2,
            "kind": ["all kinds", "crack"],
            "n_specimens": [12, 2],
            "known": [0.98, np.nan],
            "never recorded": [0.5, 1.0],
        }
    )
    print_kinds(rows)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[-3:] == ["12", "0.980", "0.500"]
    assert lines[3].split() == ["crack", "2", "unknown", "1.000"]
    assert max(map(len, lines)) <= 80


class Described:
    def __init__(self, words: str) -> None:
        self.words = words

    def describe(self) -> str:
        return self.words


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["90 ms", "90 ms"], ["features: 90 ms"]),
        (["90 ms", "60 ms"], ["features, fold 0: 90 ms", "features, fold 1: 60 ms"]),
    ],
)
def test_features_are_described_once_if_they_are_the_same(
    words: list[str], expected: list[str]
) -> None:
    given: dict[str, Any] = {
        "results": pd.DataFrame(),
        "scores": pd.DataFrame(),
        "truth": Truth([]),
        "X": [],
        "folds": [],
    }
    steps = [[object(), Described(each)] for each in words]
    assert describe_features(Comparison(preprocessing=steps, **given)) == expected
    assert describe_features(Comparison(preprocessing=[[], []], **given)) == []
    assert describe_features(Comparison(**given)) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
@pytest.mark.parametrize(("n_jobs", "signal_number"), [("1", "INT"), ("2", "TERM")])
def test_an_interrupt_prints_and_writes_what_is_finished(
    n_jobs: str, signal_number: str, taps: Path, tmp_path: Path
) -> None:
    options = ("--methods", "ae,crop-knn", "--epochs", "100000", "--jobs", n_jobs)
    process = spawn(
        *("compare", taps, *options, "--out", tmp_path), start_new_session=True
    )
    watchdog = threading.Timer(180, os.killpg, (process.pid, signal.SIGKILL))
    watchdog.start()
    assert process.stderr is not None
    shown = ""
    try:
        while "crop-knn " not in shown:
            line = process.stderr.readline()
            assert line, shown
            shown += line
        time.sleep(1)
        os.kill(process.pid, getattr(signal, f"SIG{signal_number}"))
        out, err = process.communicate()
    finally:
        watchdog.cancel()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-2:] == [
        f"tapsklearn: 1 of 2 methods are finished; written to {tmp_path}, and the same "
        "command continues",
        "tapsklearn: interrupted",
    ]
    tables = out.split("\n\n")
    assert [table.split()[0] for table in tables] == ["method", "ranking", "defects"]
    assert all("crop-knn" in table for table in tables)
    results = pd.read_csv(tmp_path / "results.csv")
    assert results["method"].tolist() == ["crop-knn"] * 2
    assert (tmp_path / "ranking.csv").exists()
    # Figures would keep whoever interrupted waiting.
    assert not (tmp_path / "figures").exists()
