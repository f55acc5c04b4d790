"""Scores that have moved are told of, and calibrating mends it."""

import io
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from taps import make_tap

from tapsklearn.cli import main
from tapsklearn.persistence import load

TOLD = "warning: normal scores seem to have moved since calibration"


def write(folder: Path, boards: list[str], *, seed: int, decay: float = 0.05) -> Path:
    rng = np.random.default_rng(seed)
    for board in boards:
        (folder / board).mkdir(parents=True)
        freqs = (rng.uniform(300, 330), rng.uniform(850, 900))
        for take in range(3):
            tap = make_tap(
                rng,
                seconds=0.6,
                onset=0.1,
                noise_db=-35,
                freqs=freqs,
                decay=decay,
                peak=0.2,
            )
            soundfile.write(folder / board / f"{take:02}.wav", tap, 44100)
    return folder


def name(word: str, n_boards: int) -> list[str]:
    return [f"{word} {number}" for number in range(n_boards)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    write(folder / "taps", name("good", 12), seed=0)
    out = folder / "model.taps"
    arguments = ["train", folder / "taps", "-o", out, "--normal", "good*"]
    arguments += ["--method", "crop-knn", "--jobs", "1"]
    assert main(list(map(str, arguments))) == 0
    return out


@pytest.fixture(scope="module")
def same(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("same"), name("new", 8), seed=1)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of boards that are held in another way."""
    return write(tmp_path_factory.mktemp("changed"), name("new", 8), seed=1, decay=0.03)


def test_score_warns_of_what_was_changed_alone(
    run: Any, model: Path, same: Path, changed: Path
) -> None:
    code, out, err = run("score", model, same)
    assert (code, TOLD in err) == (0, False)
    code, out, err = run("score", model, changed)
    assert code == 0
    assert err.count(TOLD) == 1
    assert "most of the 8 boards score lower than the 12 normal ones" in err
    assert "tapsklearn calibrate" in err
    assert "train --add" in err
    assert len(out.splitlines()) == 25
    _, _, err = run("score", model, changed, "--board-verdicts")
    assert TOLD in err
    _, _, err = run("score", model, changed, "--json")
    assert TOLD in err


def test_defective_boards_are_no_change(
    run: Any, model: Path, same: Path, changed: Path, tmp_path: Path
) -> None:
    """Half of them may be abnormal."""
    _, _, err = run("score", model, same, *sorted(changed.iterdir())[:7])
    assert TOLD not in err


def test_known_normal_boards_count_alone(
    run: Any, model: Path, same: Path, changed: Path
) -> None:
    few = sorted(changed.iterdir())[:3]
    _, _, err = run("score", model, same, *few)
    assert TOLD not in err
    _, _, err = run("score", model, *few)
    assert TOLD not in err
    _, _, err = run("score", model, *few, "--normal", "new*")
    assert "the 3 boards, normal ones, score lower" in err
    _, _, err = run("score", model, *few, "--normal", "beech*")
    assert "warning: --normal beech*: no board is called so" in err


def test_the_folders_table_is_read(
    run: Any, model: Path, same: Path, tmp_path: Path
) -> None:
    """Abnormal boards of a table do not count, nor do further ends of a specimen."""
    bad = write(tmp_path / "taps", name("bad", 9), seed=2, decay=0.03)
    write(tmp_path / "taps", name("good", 6), seed=3)
    write_table(bad, dict.fromkeys(name("bad", 9), "abnormal"), "good")
    _, _, err = run("score", model, bad)
    assert TOLD not in err
    write_table(bad, dict.fromkeys(name("bad", 9), "normal"), "good")
    _, _, err = run("score", model, bad)
    assert "the 15 boards, normal ones, score lower" in err
    write_table(bad, dict.fromkeys(name("bad", 9), "normal"), "good", one="piece")
    _, _, err = run("score", model, bad)
    assert TOLD not in err
    # A table that cannot be read keeps nothing from being scored.
    (bad / "boards.csv").write_text("board\n")
    code, out, _ = run("score", model, bad)
    assert (code, len(out.splitlines())) == (0, 46)


def write_table(folder: Path, bad: dict[str, str], good: str, *, one: str = "") -> None:
    rows = [(board, condition, one or board) for board, condition in bad.items()]
    rows += [(board, "normal", board) for board in name(good, 6)]
    table = pd.DataFrame(rows, columns=["board", "condition", "specimen"])
    table.to_csv(folder / "boards.csv", index=False)


def test_calibrating_with_changed_boards_mends_it(
    run: Any, model: Path, changed: Path, tmp_path: Path
) -> None:
    before = model.read_bytes()
    further = write(tmp_path / "more", name("more", 12), seed=4, decay=0.03)
    out = tmp_path / "calibrated.taps"
    code, _, err = run("calibrate", model, further, "--out", out, "--normal", "more*")
    assert code == 0
    assert "calibrated with 36 takes of 12 normal boards for 5 % false alarms" in err
    assert model.read_bytes() == before
    _, scores, err = run("score", out, changed)
    assert TOLD not in err
    verdicts = pd.read_csv(io.StringIO(scores))["verdict"]
    assert (verdicts == "abnormal").mean() < 0.3
    # What is not its own is as before.
    one, other = load(model)[-1], load(out)[-1]
    assert one.normal_boards == other.normal_boards
    assert one.specimens == other.specimens
    code, _, err = run("calibrate", model, further, "--out", out, "--normal", "more 1*")
    assert code == 0
    assert len(set(load(out)[-1].calibration_specimens_)) == 3


def test_what_cannot_calibrate_is_refused(
    refuse: Any, model: Path, same: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.taps"
    known = model.parent / "taps"
    given = ("calibrate", model, known, "--out", out, "--normal", "good*")
    assert "fit has seen these boards" in refuse(*given)
    assert "none of its boards is normal" in refuse(
        "calibrate", model, write_bad(tmp_path), "--out", out
    )
    assert "there is no folder" in refuse(
        "calibrate", model, same, "--out", tmp_path / "none" / "m", "--normal", "*"
    )
    assert "false_alarm_rate" in refuse(
        *("calibrate", model, same, "--out", out, "--normal", "*"),
        *("--false-alarm-rate", "2"),
    )
    assert not out.exists()


@pytest.mark.parametrize(("score", "n_told"), [(-1e6, 1), (None, 0)])
def test_listen_warns_after_some_boards(
    run: Any,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    score: float | None,
    n_told: int,
) -> None:
    """Enter comes after each tap; scores are far too low, or those calibrated with."""
    usual = load(model)[-1].calibration_scores_
    enters: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen(*_: Any, **__: Any) -> Iterator[dict[str, Any]]:
        for tap in range(24):
            given = usual[(7 * tap) % len(usual)] if score is None else score
            yield {
                "time": tap,
                "level": -20.0,
                "flags": "",
                "error": "",
                "score": given,
                "p_value": 0.5,
                "verdict": "normal",
            }
            enters.put("")

    monkeypatch.setattr("tapsklearn.recording.listen", listen)
    monkeypatch.setattr("tapsklearn.cli._listen._count_enters", lambda: enters)
    code, out, err = run("listen", model)
    assert code == 0
    assert len(out.splitlines()) == 24
    assert err.count(TOLD) == n_told


def write_bad(folder: Path) -> Path:
    bad = write(folder / "bad", ["bad"], seed=5)
    (bad / "boards.csv").write_text("board,condition\nbad,abnormal\n")
    return bad
