"""Truth: what is known of boards, in one object that does not change."""

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from tapsklearn.datasets import Truth, load_takes
from tapsklearn.synthesis import synthesize_taps


def test_it_does_not_change() -> None:
    normal, specimens = ["oak", "ash"], {"oak": "tree"}
    truth = Truth(normal, specimens=specimens)
    normal.append("fir")
    specimens["ash"] = "tree"
    assert truth == Truth(np.array(["oak", "ash"]), specimens={"oak": "tree"})
    assert truth != Truth(["oak"], specimens={"oak": "tree"})
    assert pickle.loads(pickle.dumps(truth)) == truth
    assert (truth.kinds, truth.sessions) == (None, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        truth.specimens = None


@pytest.mark.parametrize("wrong", ["oak", None, 3])
def test_normal_boards_are_a_list(wrong: Any) -> None:
    with pytest.raises(ValueError, match="must be a list of boards"):
        Truth(wrong)


def write_takes(folder: Path, **columns: list[str]) -> Path:
    boards = ["good", "good", "bad", "bad", "worse"]
    paths = [f"{row}.wav" for row in range(len(boards))]
    for path in paths:
        soundfile.write(folder / path, np.ones(100), 44100)
    table = pd.DataFrame({"path": paths, "board": boards, **columns})
    table["condition"] = np.where(table["board"] == "good", "normal", "abnormal")
    table.to_csv(folder / "takes.csv", index=False)
    return folder


def test_it_is_loaded_with_takes(tmp_path: Path) -> None:
    takes = load_takes(write_takes(tmp_path, specimen=["tree"] * 4 + ["bush"]))
    specimens = {"good": "tree", "bad": "tree", "worse": "bush"}
    assert takes.truth == Truth(["good"], specimens=specimens)
    assert list(takes.truth.normal_boards) == takes.normal_boards
    assert takes.truth.specimens == takes.specimens


def test_kinds_and_sessions_are_read_where_they_are_known(tmp_path: Path) -> None:
    folder = write_takes(
        tmp_path,
        kind=["", "", "crack", "crack", ""],
        session=["May", "May", "May", "June", "June"],
    )
    truth = load_takes(folder).truth
    assert truth.kinds == {"bad": "crack"}
    # A board of two sessions is of neither.
    assert truth.sessions == {"good": "May", "worse": "June"}


def test_boards_csv_has_kinds_and_sessions_too(tmp_path: Path) -> None:
    for board, level in (("good", 0.5), ("bad", 0.3)):
        (tmp_path / board).mkdir()
        soundfile.write(tmp_path / board / "0.wav", np.full(100, level), 44100)
    rows = ["board,condition,Kind,session", "good,normal,,May", "bad,abnormal,crack,"]
    (tmp_path / "boards.csv").write_text("\n".join(rows))
    truth = load_takes(tmp_path).truth
    assert truth.kinds == {"bad": "crack"}
    assert truth.sessions == {"good": "May"}


def test_it_is_synthesized_with_takes() -> None:
    taps = synthesize_taps(n_takes=1, n_boards=1, scenario="wide")
    assert taps.truth == Truth(taps.normal_boards, specimens=taps.specimens)
