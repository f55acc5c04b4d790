"""Lists on standard input, and names of any kind from the disk and back to it."""

import codecs
import csv
import io
import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from commands import NORMAL, write_taps
from taps import make_tap

from tapsklearn import CropDetector
from tapsklearn._table_text import restore_bytes
from tapsklearn.cli import main
from tapsklearn.cli._recordings import list_recordings
from tapsklearn.datasets import load_takes
from tapsklearn.persistence import load, read_about
from tapsklearn.preprocessing import article_features

needs_bytes = pytest.mark.skipif(sys.platform != "linux", reason="names of bytes")


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    taps = write_taps(folder / "taps", dict.fromkeys(NORMAL, "normal"))
    path = folder / "model.taps"
    assert main(["train", str(taps), "-o", str(path), "--jobs", "1"]) == 0
    return path


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put bytes on standard input, so many at a time."""

    def give(content: bytes, at_once: int = 65536) -> None:
        class Slow(io.BytesIO):
            def read1(self, size: int = -1) -> bytes:
                return super().read1(min(size, at_once))

        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Slow(content)))

    return give


def rows_of(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


NAMES = ["a.wav", "板 1.wav", "é, so.wav", " b .wav", "c.wav"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    for name in NAMES:
        soundfile.write(folder / name, make_tap(rng, seconds=0.6, onset=0.1), 44100)
    return [str(folder / name) for name in NAMES]


@pytest.mark.parametrize("at_once", [1, 7, 65536])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n \r\n", "\0"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
@pytest.mark.parametrize("is_ended", [True, False])
def test_lists_in_any_encoding(
    run: Any,
    give: Any,
    model_file: Path,
    files: list[str],
    mark: bytes,
    encoding: str,
    end: str,
    at_once: int,
    is_ended: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tapsklearn.cli._score._score", _answer)
    text = end.join([*files, ""] if is_ended else files)
    give(mark + text.encode(encoding), at_once)
    options = ["-0"] if end == "\0" else []
    code, out, err = run("score", model_file, "-", "--json", *options)
    assert (code, err) == (0, "")
    assert [row["path"] for row in rows_of(out)] == files


def _answer(_: Any, listed: Any) -> Iterator[dict[str, Any]]:
    """Give a row for each file without reading it."""
    for path, problem, _ in listed:
        row = {"score": 0.0, "p_value": 1.0, "verdict": "normal", "error": problem}
        yield {"path": path, **row}


@pytest.mark.parametrize("option", ["-0", "--null"])
def test_a_list_with_nul_is_scored(
    run: Any, give: Any, model_file: Path, files: list[str], option: str
) -> None:
    give("\0".join(files).encode())
    code, out, _ = run("score", model_file, "-", option)
    assert code == 0
    assert list(pd.read_csv(io.StringIO(out))["path"]) == files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_nul_without_the_option_has_one_row(
    run: Any, give: Any, model_file: Path, files: list[str], encoding: str
) -> None:
    text = "\0".join(files) if encoding == "utf-8" else files[0]
    give(text.encode(encoding))
    code, out, _ = run("score", model_file, "-", "--json")
    assert code == 1
    [row] = rows_of(out)
    assert "-0" in row["error"]
    assert "UTF-16" in row["error"]
    assert "\0" not in row["path"]


def test_a_nul_in_one_line_ends_nothing(
    run: Any, give: Any, model_file: Path, files: list[str]
) -> None:
    give(f"{files[0]}\na\0b\n\0\n{files[1]}\n".encode())
    code, out, _ = run("score", model_file, "-", "--json")
    assert code == 1
    rows = rows_of(out)
    assert [row["path"] for row in rows] == [files[0], "a", "-", files[1]]
    assert [bool(row["error"]) for row in rows] == [False, True, True, False]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\xd8\n\x00", b"\xff\xfeabc"])
def test_a_list_that_is_damaged_ends_nothing(
    run: Any, give: Any, model_file: Path, content: bytes
) -> None:
    give(content)
    code, out, err = run("score", model_file, "-", "--json")
    assert code == 1
    assert len(rows_of(out)) == 1
    assert "Traceback" not in err


def test_nul_needs_a_list(refuse: Any, model_file: Path, files: list[str]) -> None:
    assert "without -, a list to read" in refuse("score", model_file, "-0", files[0])


@pytest.mark.parametrize("end", ["\n", "\0"])
def test_names_are_listed_as_they_come(
    monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    parts = [f"a{end}b", f"b{end}c{end}", "d"]
    n_read = 0

    class Input:
        buffer: Any

        def read1(self, _: int) -> bytes:
            nonlocal n_read
            n_read += 1
            return parts.pop(0).encode() if parts else b""

    stream = Input()
    stream.buffer = stream
    monkeypatch.setattr(sys, "stdin", stream)
    listed = list_recordings(["-"], at_once=64, null=end == "\0")
    came = [(n_read, [each.path for each in some]) for some in listed]
    assert came == [(1, ["a"]), (2, ["bb", "c"]), (4, ["d"])]


def test_files_keep_the_name_that_they_were_given_by(
    run: Any, model_file: Path, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(files[0]).parent)
    given = ["./a.wav", ".//c.wav", files[1]]
    _, out, _ = run("score", model_file, *given, "--json")
    assert [row["path"] for row in rows_of(out)] == given


def test_what_is_not_read_has_rows_and_is_counted(
    run: Any, model_file: Path, files: list[str], tmp_path: Path
) -> None:
    shutil.copy(files[0], tmp_path / "1.wav")
    for number in range(2, 15):
        (tmp_path / f"{number}.ds2").write_bytes(b"sound")
    code, out, err = run("score", model_file, tmp_path, "--json")
    assert code == 1
    rows = rows_of(out)
    assert [Path(row["path"]).stem for row in rows] == [*map(str, range(1, 15))]
    assert {row["error"] for row in rows[1:]} == {
        ".ds2 cannot be read: convert it to WAV"
    }
    [line] = err.splitlines()
    assert line.startswith(f"tapsklearn: warning: 13 cannot be read: {tmp_path}/2.ds2")
    assert line.endswith("; and 3 more")


def test_a_file_that_is_named_has_the_reason(
    run: Any, give: Any, model_file: Path, files: list[str], tmp_path: Path
) -> None:
    phone, odd = tmp_path / "1.ds2", tmp_path / "2.ds2"
    phone.write_bytes(b"sound")
    # What it holds decides, not how it is called.
    shutil.copy(files[0], odd)
    give(f"{phone}\n{odd}\n".encode())
    for given in ([phone, odd], ["-"]):
        code, out, _ = run("score", model_file, *given, "--json")
        assert code == 1
        assert [row["error"] for row in rows_of(out)] == [
            ".ds2 cannot be read: convert it to WAV",
            "",
        ]


# Names

ANY_NAMES = [
    *("oak", "01", "1.0", "1e5", "nan", "None", "NA", "true", "-0", "=1+1", "@sum"),
    *("a,b", 'say "x"', "it's", " oak ", "\u3000板", "tab\there", "line\nbreak"),
    *("cr\rname", "crlf\r\nname", "#1", "%s", "{}", "$x$", "back\\slash", "*", "[a]"),
    *("板の端", "👨‍👩‍👧 tap", "x" * 200, "\x1b[31mred", "\x07"),
    unicodedata.normalize("NFD", "がたつき"),
    *map(os.fsdecode, (b"t\xe4p", b"\xff\xfe", "樫".encode("cp932"), b"\xed\xa0\x80")),
]


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose boards and files are called by any name."""
    folder = tmp_path_factory.mktemp("named") / "taps"
    rng = np.random.default_rng(0)
    for name in ANY_NAMES:
        (folder / name).mkdir(parents=True)
        for take in range(2):
            sound = make_tap(rng, seconds=0.6, onset=0.1)
            # libsndfile's own names are of UTF-8.
            with (folder / name / f"{name[:100]} {take}.wav").open("wb") as file:
                soundfile.write(file, sound, 44100, format="WAV")
    return folder


@pytest.fixture(scope="module")
def named_model(named: Path) -> Path:
    path = named.parent / "model.taps"
    arguments = ["train", str(named), "-o", str(path), "--normal", "*", "--jobs", "1"]
    assert main(arguments) == 0
    return path


BOARDS = {unicodedata.normalize("NFC", name) for name in ANY_NAMES}


@needs_bytes
def test_names_survive_in_model_files(run: Any, named: Path, named_model: Path) -> None:
    about = read_about(named_model)
    assert set(about["training"]["boards"]) == BOARDS
    detector = load(named_model)[-1]
    assert set(detector.training_set_["boards"]) == BOARDS
    assert set(detector.normal_boards) == BOARDS
    assert set(detector.specimens) == BOARDS
    _, out, _ = run("info", named_model, "--json")
    assert json.loads(out) == about
    code, out, _ = run("info", named_model)
    assert code == 0
    assert sum(line.endswith(": 2 takes, normal") for line in out.splitlines()) == len(
        BOARDS
    )


@needs_bytes
def test_names_survive_in_rows(run: Any, named: Path, named_model: Path) -> None:
    paths = set(load_takes(named, normal="*").paths)
    assert len(paths) == 2 * len(ANY_NAMES)
    code, out, _ = run("score", named_model, named, "--json")
    assert code == 0
    assert {row["path"] for row in rows_of(out)} == paths
    code, out, _ = run("score", named_model, named)
    assert code == 0
    table = list(csv.DictReader(io.StringIO(out, newline="")))
    assert {restore_bytes(row["path"]) for row in table} == paths
    table = pd.read_csv(io.StringIO(out, newline=""), keep_default_na=False)
    assert {restore_bytes(path) for path in table["path"]} == paths
    _, out, _ = run("score", named_model, named, "--board-verdicts", "--json")
    assert {row["board"] for row in rows_of(out)} == {
        str(named / name) for name in ANY_NAMES
    }


@needs_bytes
def test_names_survive_in_a_list(
    run: Any, give: Any, named: Path, named_model: Path
) -> None:
    paths = load_takes(named, normal="*").paths
    give(b"\0".join(map(os.fsencode, paths)))
    code, out, _ = run("score", named_model, "-", "-0", "--json")
    assert code == 0
    assert [row["path"] for row in rows_of(out)] == paths


@needs_bytes
def test_names_survive_in_problems(run: Any, named: Path) -> None:
    code, out, _ = run("check", named, "--json", "--min-takes", "3")
    assert code == 1
    rows = json.loads(out)
    assert {row["board"] for row in rows if row["problem"] == "few takes"} == BOARDS
    code, out, _ = run("check", named, "--min-takes", "3")
    # A line for each, whatever the names hold.
    assert len(out.splitlines()) == len(rows)
    assert "\x1b" not in out


@needs_bytes
def test_names_survive_in_takes_csv(named: Path, tmp_path: Path) -> None:
    from tapsklearn._growing_table import GrowingTable

    folder = shutil.copytree(named, tmp_path / "taps")
    takes = load_takes(folder, normal="*")
    columns = ["path", "board", "condition"]
    table = GrowingTable(folder / "takes.csv", columns, required=columns)
    table.start()
    for row in takes.frame.to_dict(orient="records"):
        table.append(row)
    listed = load_takes(folder)
    assert listed.paths == takes.paths
    assert listed.board.tolist() == [board.strip() for board in takes.board]


@needs_bytes
def test_names_survive_in_a_comparison(run: Any, tmp_path: Path) -> None:
    names = [os.fsdecode(b"t\xe4p"), "cr\rname", "=1+1", "line\nbreak, x"]
    conditions = ["normal", "abnormal"] * 2
    folder = write_taps(tmp_path / "taps", dict.fromkeys("abcd", ""))
    for old, new in zip("abcd", names, strict=True):
        (folder / old).rename(folder / new)
    normal = [
        name for name, is_so in zip(names, conditions, strict=True) if is_so[0] == "n"
    ]
    paths = load_takes(folder, normal=normal).paths
    options = ("--methods", "crop-knn", "--jobs", "1", "--normal", ",".join(normal))
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        # Figures have no letters for such names.
        for module in ("_comparison", "_compare"):
            patch.setattr(f"tapsklearn.cli.{module}.can_plot", lambda: False)
        code, out, err = run(
            "compare", folder, *options, "--out", tmp_path / "o", "--json"
        )
    assert code == 0, err
    assert len(json.loads(out)["results"]) == 2
    text = (tmp_path / "o" / "scores.csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {restore_bytes(row["path"]) for row in rows} == set(paths)
    assert {restore_bytes(row["board"]) for row in rows} == set(names)


@needs_bytes
def test_an_error_with_such_a_name_is_json(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(*_: Any) -> None:
        raise ValueError(os.fsdecode(b"t\xe4p.wav: is broken"))

    boards = {"a": "normal", "b": "abnormal", "c": "normal", "d": "abnormal"}
    folder = write_taps(tmp_path / "taps", boards)
    monkeypatch.setattr(CropDetector, "fit", fit)
    code, out, err = run(
        "compare", folder, "--methods", "crop-knn", "--jobs", "1", "--json"
    )
    assert code == 2, err
    rows = json.loads(out)["results"]
    assert all(os.fsdecode(b"t\xe4p.wav") in row["error"] for row in rows)


@pytest.mark.parametrize("encoding", ["ascii", "cp932", "latin1", "utf-8", "utf-16"])
def test_json_of_any_encoding_is_json(
    model_file: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["板.wav", "é.wav", "🔨.wav", *map(os.fsdecode, [b"\xff.wav"])]
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding, write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["score", str(model_file), *given, "--json"]) == 1
    rows = rows_of(written.getvalue().decode(encoding))
    assert [row["path"] for row in rows] == given


def test_features_of_files_with_any_name(named: Path) -> None:
    paths = load_takes(named, normal="*").paths
    assert len(article_features().fit_transform(paths)) == len(paths)
