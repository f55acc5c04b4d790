"""A folder with the formats of phones among WAVs, by every command that reads it."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from phone_files import KINDS, encode
from taps import make_tap

from tapsklearn import TapFeatures
from tapsklearn.datasets import check_takes, load_takes
from tapsklearn.preprocessing import TakeError, collect_remarks

# Of each family; the takes of a board are of all kinds.
MIXED = ["aac.m4a", "aac.3gp", "opus.webm", "wma2.wma", "alac.m4a", "aac.mka", "1.wav"]
NORMAL = ["good 1", "good 2"]
BOARDS = {"good 1": 310.0, "good 2": 320.0, "bad 1": 500.0}


def write(path: Path, kind: str, rng: np.random.Generator, freq: float) -> None:
    freqs = tuple(np.array((1.0, 2.8, 6.9)) * freq)
    sr = KINDS[kind][2] if kind in KINDS else 44100
    tap = make_tap(rng, seconds=0.8, onset=0.3, sr=sr, freqs=freqs, noise_db=-40)
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind in KINDS:
        encode(path, tap, kind)
    else:
        soundfile.write(path, tap, sr)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phone") / "taps"
    rng = np.random.default_rng(0)
    for board, freq in BOARDS.items():
        for number, kind in enumerate(2 * MIXED):
            suffix = Path(kind).suffix
            name = f"{number:02}{suffix.upper() if number % 3 == 0 else suffix}"
            write(folder / board / name, kind, rng, freq)
    lines = [
        f"{board},{'normal' if board in NORMAL else 'abnormal'}" for board in BOARDS
    ]
    (folder / "boards.csv").write_text("\n".join(["board,condition", *lines, ""]))
    return folder


def test_check_reads_all_of_them(folder: Path, run: Any) -> None:
    frame = check_takes(folder)
    assert set(frame["problem"]) <= {"lossy", "odd rate", "short"}
    lossy = set(frame["path"][frame["problem"] == "lossy"])
    files = {path.relative_to(folder).as_posix() for path in folder.glob("*/*")}
    lossless = {path for path in files if path.lower().endswith(".wav")}
    # ALAC.
    lossless |= {f"{board}/{number}.m4a" for board in BOARDS for number in ("04", "11")}
    assert lossy == files - lossless
    _, out, _ = run("check", folder, "--json")
    assert {row["path"] for row in json.loads(out)} >= lossy


def test_train_and_score(folder: Path, run: Any, tmp_path: Path) -> None:
    model = tmp_path / "model.taps"
    code, _, err = run(
        "train", folder, "--method", "spectrum-knn", "--jobs", "1", "-o", model
    )
    assert code == 0, err
    code, out, err = run("score", model, folder, "--json")
    assert code == 0, err
    rows = [json.loads(line) for line in out.splitlines()]
    assert len(rows) == len(BOARDS) * 2 * len(MIXED)
    assert not any(row["error"] for row in rows)
    scores = {
        name: [r["score"] for r in rows if f"/{name}/" in r["path"]] for name in BOARDS
    }
    assert max(scores["bad 1"]) < np.median(scores["good 1"])


def test_a_table_of_takes_lists_them(folder: Path, tmp_path: Path) -> None:
    paths = sorted(path.as_posix() for path in folder.glob("good 1/*"))
    lines = [f'"{path}",oak,normal' for path in paths]
    (tmp_path / "takes.csv").write_text("\n".join(["path,board,condition", *lines]))
    takes = load_takes(tmp_path)
    assert len(takes.paths) == 2 * len(MIXED)
    with collect_remarks():
        crops = TapFeatures().fit_transform(takes.paths)
    assert np.isfinite(crops).all()


def test_without_the_extra_nothing_is_passed_over(
    folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A board of M4A must not be missing from what is learnt without a word."""
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(TakeError, match=r"pip install 'tapsklearn\[phone\]'") as raised:
        TapFeatures().fit(load_takes(folder).paths)
    assert len(raised.value.problems) == len(BOARDS) * 2 * (len(MIXED) - 1)
    code, _, err = run(
        "train",
        folder,
        "--method",
        "spectrum-knn",
        "--jobs",
        "1",
        "-o",
        tmp_path / "model.taps",
    )
    assert code != 0
    assert "pip install 'tapsklearn[phone]'" in err
    assert "Traceback" not in err
    frame = check_takes(folder)
    assert (frame["problem"] == "unreadable").sum() == len(raised.value.problems)
