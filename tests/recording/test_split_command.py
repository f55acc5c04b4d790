"""``tapsklearn split``, as whoever recorded sees it."""

import csv
import os
import signal

import numpy as np
import pytest
import soundfile
from sounds import make_taps

from tapsklearn.cli import main
from tapsklearn.datasets import load_takes

SR = 48000


@pytest.fixture(scope="module")
def sound():
    sound, onsets = make_taps(6, every=0.9)
    clipped = sound[onsets[1] :][:9000]
    clipped[:] = np.clip(9 * clipped, -1, 1)
    return sound


@pytest.fixture
def long(tmp_path, sound):
    soundfile.write(tmp_path / "long.wav", sound, SR)
    return tmp_path / "long.wav"


def test_takes_and_what_was_left_out(long, tmp_path, capsys):
    folder = tmp_path / "taps"
    arguments = ["split", str(long), str(folder), "--board", "oak"]
    arguments += ["--condition", "abnormal", "--kind", "crack", "--session", "01"]
    assert main([*arguments, "--specimen", "tree"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "tapsklearn: long.wav 0:01.40: left out, clipped",
        f"tapsklearn: {long}: 5 takes of oak written; 1 left out (1 clipped)",
    ]
    with (folder / "takes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["specimen"], row["kind"], row["session"]) for row in rows] == [
        ("tree", "crack", "01")
    ] * 5
    # Again: there is nothing left to do.
    assert main([*arguments, "--specimen", "tree"]) == 0
    assert "0 takes of oak written; 5 there before; 1 left" in capsys.readouterr().err


def test_a_table_of_boards(long, tmp_path, sound, capsys):
    (tmp_path / "sub").mkdir()
    soundfile.write(tmp_path / "sub" / "other.flac", sound[::-1][: 2 * SR], SR)
    soundfile.write(tmp_path / "sub" / "ash.wav", sound[SR:], SR)
    table = tmp_path / "long.csv"
    table.write_bytes(
        b"\xef\xbb\xbfFile, Board ,CONDITION,Session\n"
        b"long.wav,oak,normal,01\nsub\\ash.wav,ash,Abnormal,\n"
    )
    folder = tmp_path / "taps"
    plot = tmp_path / "figure.png"
    arguments = ["--table", str(table), "--plot", str(plot)]
    assert main(["split", str(folder), *arguments]) == 0
    takes = load_takes(folder)
    assert takes.normal_boards == ["oak"]
    assert set(takes.board) == {"oak", "ash"}
    assert takes.truth.sessions["oak"] == "01"
    for number in (1, 2):
        assert (tmp_path / f"figure-{number}.png").read_bytes()[:4] == b"\x89PNG"
    capsys.readouterr()
    assert main(["split", str(folder), "--table", str(table), "--board", "oak"]) == 2
    assert "--board: with --table" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"file;board;condition\n", "separate the columns by commas"),
        ("file,board,condition\n".encode("utf-16"), "is UTF-16 text"),
        (b"file,board\na.wav,oak\n", "lacks the column condition"),
        (b"file,board,condition\na.wav,oak,good\n", "condition 'good' is not"),
        (b"file,board,condition\n,oak,normal\n", "file is empty in row 2"),
        (
            b"file,board,condition\na.wav,oak,normal\nb.wav,oak,abnormal\n",
            "board oak is both normal (row 2) and abnormal (row 3)",
        ),
        (None, "there is no file long.csv"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, capsys, content, said):
    table = tmp_path / "long.csv"
    if content is not None:
        table.write_bytes(content)
    assert main(["split", str(tmp_path / "taps"), "--table", str(table)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "taps").exists()


def test_recordings_without_a_take(long, tmp_path, capsys):
    """All others are split; the exit code says that something was not."""
    noise = np.random.default_rng(0).normal(scale=1e-3, size=3 * SR)
    soundfile.write(tmp_path / "noise.wav", noise, SR)
    names = ["missing.wav", "noise.wav", "long.wav"]
    paths = [str(tmp_path / name) for name in names]
    assert main(["split", *paths, str(tmp_path / "taps"), "--board", "oak"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"tapsklearn: {paths[0]}: there is no such file"
    assert lines[1] == f"tapsklearn: {paths[1]}: no tap was found"
    assert lines[-1].startswith(f"tapsklearn: {paths[2]}: 5 takes of oak written")


def test_a_take_far_quieter_than_the_others_is_named(tmp_path, sound, capsys):
    quiet = sound.copy()
    quiet[round(-1.2 * SR) :] /= 30
    soundfile.write(tmp_path / "long.wav", quiet, SR)
    path, folder = str(tmp_path / "long.wav"), str(tmp_path / "taps")
    assert main(["split", path, folder, "--board", "oak"]) == 0
    said = "look at what is far quieter than most: 04.wav at 0:05.00"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["long.wav", "taps"],
        ["taps", "--board", "oak"],
        ["long.wav", "taps", "--board", ".."],
        ["long.wav", "taps", "--board", "oak", "--condition", "bad"],
        ["long.wav", "taps", "--board", "oak", "--kind", "crack"],
        ["long.wav", "taps", "--board", "oak", "--plot", "figure.doc"],
        ["long.wav", "taps", "--board", "oak", "--plot", "nowhere/figure.png"],
        ["long.wav", "long.wav", "--board", "oak"],
    ],
)
def test_wrong_use(long, tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    assert main(["split", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tapsklearn: ")
    assert not (tmp_path / "taps").exists()


def test_an_interrupt_keeps_what_was_written(long, tmp_path, monkeypatch, capsys):
    from tapsklearn.recording import _takes_file

    def write(path, content):
        write_whole(path, content)
        if path.name == "02.wav":
            os.kill(os.getpid(), signal.SIGINT)

    write_whole = _takes_file.write_whole
    folder = tmp_path / "taps"
    arguments = ["split", str(long), str(folder), "--board", "oak"]
    with monkeypatch.context() as patch:
        patch.setattr(_takes_file, "write_whole", write)
        assert main(arguments) == 130
    assert capsys.readouterr().err.endswith("tapsklearn: interrupted\n")
    assert len(load_takes(folder).paths) == 2
    # The third was written, and is listed now.
    assert main(arguments) == 0
    assert len(list((folder / "oak").iterdir())) == len(load_takes(folder).paths) == 5
