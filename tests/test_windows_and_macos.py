"""What Windows and macOS do otherwise, as far as it can be shown on any system."""

import errno
import io
import os
import subprocess
import sys
import unicodedata
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

import tapsklearn._growing_table
import tapsklearn.cli._main
import tapsklearn.cli._recordings
from tapsklearn._encode_wav import encode_wav
from tapsklearn._growing_table import GrowingTable
from tapsklearn._whole_file import write_whole
from tapsklearn.cli import main
from tapsklearn.datasets import FolderError, label_boards, load_takes
from tapsklearn.preprocessing import open_sound


class _Os:
    """The module os as another system has it, for one module alone."""

    def __init__(self, **others):
        self._others = others

    def __getattr__(self, name):
        return self._others[name] if name in self._others else getattr(os, name)


def write_take(path, seed=0, n=200):
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_wav(rng.uniform(-0.5, 0.5, n), 8000))


@pytest.fixture
def folder(tmp_path):
    write_take(tmp_path / "oak" / "1.wav", 1)
    write_take(tmp_path / "樫" / "1.wav", 2)
    return tmp_path


# How spreadsheets save text, and whether it can be read.
ENCODINGS = {
    "utf-8": True,
    "utf-8-sig": True,  # Excel's "CSV UTF-8"
    "cp932": False,  # Excel's "CSV" in Japan
    "utf-16": False,  # Excel's "Unicode text"
    "utf-16-le": False,
    "utf-16-be": False,
    "euc-jp": False,
    "gb18030": False,
}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["takes.csv", "boards.csv"])
def test_tables_are_read_right_or_refused(folder, name, encoding, end, capsys):
    lines = ["board,condition", "oak,normal", "樫,abnormal"]
    if name == "takes.csv":
        lines = [
            "path,board,condition",
            *(f"{x.split(',')[0]}/1.wav,{x}" for x in lines),
        ]
        del lines[1]
    content = (end.join(lines) + end).encode(encoding)
    (folder / name).write_bytes(content)
    if ENCODINGS[encoding]:
        takes = load_takes(folder)
        assert dict(zip(takes.board, takes.condition, strict=True)) == {
            "oak": "normal",
            "樫": "abnormal",
        }
        label_boards(folder, normal="oak")
        assert (folder / name).read_bytes() == content
    else:
        for call in (load_takes, lambda where: label_boards(where, normal="*")):
            with pytest.raises(FolderError, match='save it as "CSV UTF-8"') as caught:
                call(folder)
            assert len(caught.value.problems) == 1
        assert main(["check", str(folder)]) != 0
        assert 'save it as "CSV UTF-8"' in capsys.readouterr()[0]
        with pytest.raises(ValueError, match='save it as "CSV UTF-8"'):
            GrowingTable(folder / name, ["board"], required=["board"])
    assert (folder / name).read_bytes() == content


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        (r"oak\1.wav", None),
        (r".\oak\1.wav", None),
        (r"oak\..\oak\1.wav", None),
        ("oak//1.wav", None),
        (r"OAK\1.WAV", "but oak/1.wav: spell them alike"),
        ("Oak/1.wav", "but oak/1.wav: spell them alike"),
        (r"C:\taps\oak\1.wav", ""),
        (r"C:oak\1.wav", ""),
        (r"\\?\C:\taps\oak\1.wav", ""),
        (r"\\server\taps\oak\1.wav", ""),
        ("CON", ""),
        ("oak/1.wav.", ""),
    ],
)
def test_paths_as_windows_writes_them(folder, written, hint):
    (folder / "takes.csv").write_text(f"path,board,condition\n{written},oak,normal\n")
    if hint is None:
        with pytest.warns(UserWarning, match="1 file is not used: 樫"):
            assert (folder / "oak/1.wav").samefile(load_takes(folder).paths[0])
        return
    with pytest.raises(FolderError, match=r"takes\.csv, row 2: there is no") as caught:
        load_takes(folder)
    assert len(caught.value.problems) == 1
    if hint:
        assert hint in caught.value.problems[0]
    else:
        assert "alike" not in caught.value.problems[0]


def test_two_spellings_of_one_file(tmp_path):
    # A Mac's disk gives one file for both, as a second name on the disk does here.
    other = unicodedata.normalize("NFD", "が")
    write_take(tmp_path / other / "1.wav")
    (tmp_path / "が").mkdir()
    (tmp_path / "が" / "1.wav").hardlink_to(tmp_path / other / "1.wav")
    (tmp_path / "takes.csv").write_text(
        "path,board,condition\nが/1.wav,が,normal\n", encoding="utf-8"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of files that are not used
        assert len(load_takes(tmp_path).paths) == 1


def test_a_folder_with_what_systems_put_beside(folder):
    write_take(folder / "oak" / "._1.wav", 3)
    write_take(folder / "__MACOSX" / "oak" / "._1.wav", 3)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "Icon\r", "~$boards.xlsx"):
        (folder / name).write_bytes(b"\0")
        (folder / "oak" / name).write_bytes(b"\0")
    decomposed = unicodedata.normalize("NFD", "が")
    write_take(folder / decomposed / "1.wav", 4)
    labels = label_boards(folder, normal="*")
    assert labels["board"].tolist() == ["oak", "が", "樫"]
    assert load_takes(folder).paths == [
        str(folder / board / "1.wav") for board in ("oak", decomposed, "樫")
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("is_ended", [True, False])
def test_tables_grow_whatever_ends_their_lines(tmp_path, end, is_ended):
    table = tmp_path / "takes.csv"
    rows = [b"path,board,condition,note", b"1.wav,oak,normal,x", b"2.wav,oak,normal"]
    if not is_ended:
        rows[-1] += b",y"
    table.write_bytes(end.join(rows) + (end if is_ended else b""))
    growing = GrowingTable(table, ["path"], required=["path"])
    assert [row["path"] for row in growing.rows] == ["1.wav", "2.wav"]
    growing.start()
    growing.append({"path": "3.wav", "board": "oak", "condition": "normal"})
    again = GrowingTable(table, ["path"], required=["path"])
    assert [row["path"] for row in again.rows] == ["1.wav", "2.wav", "3.wav"]
    assert again.rows[:2] == growing.rows


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_half_a_row_alone_is_taken_off(tmp_path, end):
    table = tmp_path / "takes.csv"
    whole = end.join([b"path,board", b"1.wav,oak", b""])
    table.write_bytes(whole + b"2.wa")
    growing = GrowingTable(table, ["path"], required=["path"])
    growing.start()
    assert table.read_bytes() == whole


def test_rows_are_written_byte_for_byte_on_windows(tmp_path, monkeypatch):
    flags = []

    def open_there(path, flag, mode):
        flags.append(flag)
        return os.open(path, flag, mode)

    module = tapsklearn._growing_table
    monkeypatch.setattr(module, "os", _Os(open=open_there))
    GrowingTable(tmp_path / "t.csv", ["path"], required=[]).append({"path": "a"})
    assert flags == [module._TO_APPEND]
    assert module._TO_APPEND & getattr(os, "O_BINARY", 0) == getattr(os, "O_BINARY", 0)


def test_a_folder_that_cannot_be_flushed(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tapsklearn._whole_file.os", _Os(open=refuse))
    write_whole(tmp_path / "x.csv", b"all of it")
    assert (tmp_path / "x.csv").read_bytes() == b"all of it"


def test_a_table_that_excel_has_open(folder, monkeypatch, capsys):
    # Windows replaces no file that another program has open.
    (folder / "boards.csv").write_text("board,condition\noak,normal\n")

    def refuse(self, target):
        raise PermissionError(
            errno.EACCES, "Permission denied", str(self), None, str(target)
        )

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    assert main(["label", str(folder), "--normal", "*"]) == 2
    table = folder / "boards.csv"
    assert capsys.readouterr().err == f"tapsklearn: {table}: Permission denied\n"
    assert table.read_text() == "board,condition\noak,normal\n"
    assert sorted(path.name for path in folder.iterdir()) == ["boards.csv", "oak", "樫"]


def test_a_take_is_read_through_python_on_windows(tmp_path, monkeypatch):
    write_take(tmp_path / "1.wav", n=5000)
    monkeypatch.setattr("tapsklearn.preprocessing._sound.os", _Os(name="nt"))
    with open_sound(tmp_path / "1.wav") as sound:
        got = np.concatenate(list(sound.read()))
    expected, _ = soundfile.read(tmp_path / "1.wav", dtype="int16", always_2d=True)
    assert np.array_equal(got, expected)


def test_output_that_nobody_reads_on_windows(monkeypatch, folder):
    closed = OSError(errno.EINVAL, "Invalid argument")
    module = tapsklearn.cli._main
    assert not module._is_closed_pipe(closed)
    monkeypatch.setattr(module, "os", _Os(name="nt"))
    assert module._is_closed_pipe(closed)
    assert not module._is_closed_pipe(OSError(errno.EINVAL, "Invalid argument", "a:b"))
    assert not module._is_closed_pipe(OSError(errno.ENOSPC, "No space left on device"))


def test_a_list_in_another_code_page_on_windows(monkeypatch):
    module = tapsklearn.cli._recordings
    names = "樫/1.wav\r\noak/1.wav\r\n".encode("cp932")
    stdin = SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(names)))
    there = SimpleNamespace(
        stdin=stdin,
        getfilesystemencoding=lambda: "utf-8",
        getfilesystemencodeerrors=lambda: "surrogatepass",
    )
    monkeypatch.setattr(module, "sys", there)
    [one, other] = [
        listed for some in module.list_recordings(["-"], at_once=9) for listed in some
    ]
    assert "`chcp 65001`" in one.problem
    assert other.path == "oak/1.wav"


@pytest.mark.parametrize("encoding", ["ascii", "cp932", "cp1252", "utf-8"])
def test_output_in_any_code_page(folder, encoding, monkeypatch):
    write_take(folder / "ä ♪" / "2.wav", 5)
    (folder / "ä ♪" / "3.m4a").write_bytes(b"\0")
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    codes = [
        main(["label", str(folder), "--normal", "oak,樫"]),
        main(["check", str(folder)]),
        main(["check", str(folder), "--json"]),
        main(["features", str(folder / "ä ♪" / "2.wav")]),
        main(["train", str(folder / "ä ♪" / "none")]),
    ]
    for stream in streams:
        stream.flush()
    if encoding == "ascii":
        encoding = "utf-8"  # click takes ASCII for a setting that was forgotten
    out, err = (stream.buffer.getvalue().decode(encoding) for stream in streams)
    assert codes[:3] == [0, 1, 1]
    assert "Traceback" not in err
    # What the code page has is there, the rest is written out.
    for letter in "ä♪樫":
        try:
            letter.encode(encoding)
        except UnicodeEncodeError:
            letter = ascii(letter).strip("'")
        assert letter in out


@pytest.mark.parametrize("closed", [(), ("stdin",), ("stdin", "stdout", "stderr")])
def test_a_program_without_a_console(folder, closed, monkeypatch):
    # As under pythonw.exe, or with streams that a shell has closed.
    for name in closed:
        monkeypatch.setattr(sys, name, None)
    assert main(["label", str(folder)]) == 2
    assert main(["label", str(folder), "--normal", "oak"]) == 0
    assert main(["check", str(folder)]) == 1
    assert main(["check", str(folder / "none")]) != 0


def run_in(environment, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "tapsklearn", *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one encoding")
def test_a_system_without_unicode(folder):
    nothing = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run_in(nothing, "label", folder, "--normal", "oak")
    assert done.returncode == 0, done.stderr
    assert b"1 normal and 1 abnormal boards" in done.stderr
    done = run_in(nothing, "check", folder)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"oak: few takes" in done.stdout


SPAWN = """
import multiprocessing, sys, warnings

import joblib, numpy as np
import tapsklearn as ts
from tapsklearn.cli import main
from tapsklearn.datasets import load_takes
from tapsklearn.model_selection import compare_methods
from tapsklearn.preprocessing import TapFeatures, read_crops


def run(folder, n_jobs):
    takes = load_takes(folder)
    crops, _ = read_crops(takes.paths, n_jobs=n_jobs)
    compared = compare_methods(
        {"spectrum": ts.SpectrumDetector(random_state=0)},
        takes.paths, takes.board, truth=takes.truth,
        cv=2, preprocessing=TapFeatures(), n_jobs=n_jobs,
    )
    return crops, compared.scores["score"].to_numpy()


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    # Where no encoding is named, it is the code page on Windows.
    warnings.filterwarnings("error", category=EncodingWarning, module="tapsklearn")
    folder = sys.argv[1]
    expected = run(folder, 1)
    for backend in ("multiprocessing", "loky"):
        with joblib.parallel_config(backend=backend):
            got = run(folder, 2)
        assert all(np.array_equal(a, b) for a, b in zip(got, expected)), backend
    model = folder + ".taps"
    method = ["--method", "spectrum-knn", "--jobs", "2"]
    assert main(["train", folder, "-o", model, *method]) == 0
    assert main(["score", model, folder]) in (0, 1)
"""


@pytest.mark.slow
def test_jobs_that_are_spawned(tmp_path):
    rng = np.random.default_rng(0)
    times = np.arange(30_000) / 44100
    for number, board in enumerate(["樫 1", "樫 2", "bad, 1", "bad 2"]):
        for take in range(4):
            tap = np.exp(-times * 60) * np.sin(2 * np.pi * (400 + 90 * number) * times)
            sound = np.r_[np.zeros(8000), tap] + 0.001 * rng.standard_normal(38_000)
            path = tmp_path / "taps" / board / f"{take}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_wav(0.5 * sound, 44100))
    label_boards(tmp_path / "taps", normal="樫*")
    script = tmp_path / "script.py"
    script.write_text(SPAWN, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", script, tmp_path / "taps"],
        capture_output=True,
        encoding="utf-8",
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    assert "樫 1" in done.stdout
