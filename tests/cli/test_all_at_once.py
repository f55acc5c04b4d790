"""One folder with all that folders of people have had, checked and scored."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from commands import NORMAL, write_taps
from taps import make_tap

from tapsklearn.cli import main

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names and links")

RAW_NAME = os.fsdecode(b't\xe4p\n,"=1.wav')
# What can be read, by board.
SOUNDS = {
    "good 1": [
        "1.wav",
        "2.WAV",
        "3.flac",
        "4.ogg",
        "5.mp3",
        "6.aiff",
        "7.Aif",
        "8.caf",
    ],
    "good 2": [
        "1.w64",
        "2.au",
        "3.oga",
        "4.opus",
        "5.rf64",
        "6.wave",
        "7.bwf",
        RAW_NAME,
    ],
    "Good 1": ["1.wav", "2.wav"],
    "板１": ["1.wav", "2.wav"],
    "板1": ["1.wav", "2.wav"],
    "bad": ["1.mp3", "2.mp3"],
    os.fsdecode(b"b\xe4d"): ["1.wav", "2.wav"],
}
FORMATS = {
    ".oga": "OGG",
    ".opus": "OGG",
    ".wave": "WAV",
    ".bwf": "WAV",
    ".aif": "AIFF",
    ".flac": "FLAC",
    ".ogg": "OGG",
    ".mp3": "MP3",
    ".aiff": "AIFF",
    ".caf": "CAF",
    ".w64": "W64",
    ".au": "AU",
    ".rf64": "RF64",
    ".wav": "WAV",
}
UNUSED = {
    "good 1/9.ds2": b"sound",
    "good 1/10.MSV": b"sound",
    "good 2/8.vox": b"sound",
    "phone/1.ds2": b"sound",
    "phone/2.ds2": b"sound",
}
LOSSY = [
    *("good 1/4.ogg", "good 1/5.mp3", "good 2/3.oga", "good 2/4.opus"),
    *("bad/1.mp3", "bad/2.mp3"),
]
SUBFOLDERS = ["good 1/old/1.wav", "good 1/old/older/2.flac", "bad/day 2/1.wav"]
COPIES = {"good 2/copy.wav": "good 1/1.wav", "good 1/copy.wav": "good 1/1.wav"}
BROKEN = {
    "good 2/empty.wav": (b"", "unreadable"),
    "good 2/text.wav": (b"no sound at all", "unreadable"),
}
HIDDEN = ["good 1/._1.wav", ".trash/1.wav", "good 2/.hidden.m4a"]
OTHERS = ["good 1/notes.txt", "pictures/1.jpg", "readme.md", "boards (1).csv"]


def write(folder: Path, path: str, rng: np.random.Generator) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    suffix = Path(path).suffix.lower()
    sound = make_tap(rng, sr=48000, seconds=0.8, onset=0.2)
    subtype = "OPUS" if suffix == ".opus" else None
    # libsndfile writes names of UTF-8 only, and MP3 into none but a file.
    made = folder / f"made{suffix}"
    soundfile.write(made, sound, 48000, format=FORMATS[suffix], subtype=subtype)
    made.rename(folder / path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("all") / "taps"
    rng = np.random.default_rng(0)
    for board, names in SOUNDS.items():
        for name in names:
            write(folder, f"{board}/{name}", rng)
    for path in SUBFOLDERS:
        write(folder, path, rng)
    for path, source in COPIES.items():
        (folder / path).write_bytes((folder / source).read_bytes())
    files = UNUSED | {path: content for path, (content, _) in BROKEN.items()}
    files |= dict.fromkeys([*HIDDEN, *OTHERS], b"nothing")
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    links = {
        "self": ".",
        "good 1/up": "..",
        "good 2/self": ".",
        "one": "two",
        "two": "one",
        "bad/good": "../good 1",
        "good 1/bad": "../bad",
        "good 1/link.wav": "2.WAV",
        "good 1/gone.wav": "nowhere.wav",
        "parent": "..",
    }
    for link, target in links.items():
        (folder / link).symlink_to(target)
    boards = [*SOUNDS, "no such"]
    lines = [f"{board},normal" for board in boards if not board.startswith("b\udce4")]
    text = "\n".join(
        ["Board , CONDITION", *lines, "b\\udce4d,abnormal", "phone,normal"]
    )
    (folder / "Boards.CSV").write_bytes(b"\xef\xbb\xbf" + text.encode())
    return folder


def test_check_lists_each_thing_once(folder: Path, run: Any) -> None:
    start = time.perf_counter()
    code, out, err = run("check", folder, "--min-takes", "1", "--json")
    assert time.perf_counter() - start < 10
    assert code == 1
    found = [(row["path"], row["problem"]) for row in json.loads(out)]
    expected = [
        *[("", "folder")] * 3,
        *[("", "similar names")] * 2,
        # The only abnormal board is of MP3s, in their coding and in their band.
        *[("", "mixed devices")] * 2,
        *dict.fromkeys([*UNUSED, *SUBFOLDERS, "one", "two"], "unused").items(),
        *dict.fromkeys([*COPIES, "good 1/link.wav"], "duplicate").items(),
        *((path, problem) for path, (_, problem) in BROKEN.items()),
        *dict.fromkeys(LOSSY, "lossy").items(),
    ]
    assert sorted(found) == sorted(expected)
    assert f"{len(expected)} problems found" in err.splitlines()[-1]
    problems = [row["detail"] for row in json.loads(out) if row["problem"] == "folder"]
    for problem, part in zip(
        problems, ["good 1/gone.wav", "no folder no such", "phone"], strict=True
    ):
        assert part in problem

    code, out, _ = run("check", folder, "--min-takes", "1")
    assert len(out.splitlines()) == len(expected)


def test_score_gives_a_row_for_each_file(
    folder: Path, run: Any, tmp_path: Path
) -> None:
    taps = write_taps(tmp_path / "taps", dict.fromkeys(NORMAL, "normal"))
    model = tmp_path / "model.taps"
    assert main(["train", str(taps), "-o", str(model), "--jobs", "1"]) == 0
    run()
    code, out, err = run("score", model, folder, "--json")
    assert code == 1
    rows = {}
    for line in out.splitlines():
        row = json.loads(line)
        assert row["path"] not in rows
        rows[row["path"]] = row["error"]
    scored = [f"{board}/{name}" for board, names in SOUNDS.items() for name in names]
    scored += [*SUBFOLDERS, *COPIES]
    others = [*UNUSED, *BROKEN, "one", "two", "good 1/gone.wav"]
    expected = {str(folder / path): path in others for path in scored + others}
    assert {path: bool(error) for path, error in rows.items()} == expected
    [warned] = [line for line in err.splitlines() if "cannot be read" in line]
    assert warned.startswith("tapsklearn: warning: 8 cannot be read: ")
