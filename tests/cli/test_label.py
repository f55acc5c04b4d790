"""``tapsklearn label``, on a terminal and without one."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from tapsklearn._encode_wav import encode_wav

BOARDS = ["ash", "oak 2", "oak 10"]


@pytest.fixture
def boards(tmp_path):
    for number, board in enumerate(BOARDS):
        (tmp_path / board).mkdir()
        content = encode_wav(np.ones(50 + number) / 2, 8000)
        (tmp_path / board / "0.wav").write_bytes(content)
    return tmp_path


def test_without_a_terminal(boards, run, refuse):
    # pytest gives commands no terminal.
    message = refuse("label", boards)
    assert "ash; oak 2; oak 10" in message
    assert "--normal" in message
    assert not (boards / "boards.csv").exists()
    assert run("label", boards, "--normal", "oak*,pine")[0] == 2
    code, out, err = run("label", boards, "--normal", "oak*", "--session", "May")
    assert (code, out) == (0, "")
    assert err == f"tapsklearn: {boards}: 2 normal and 1 abnormal boards\n"
    code, _, err = run("label", boards, "--board", "ash", "--kind", "crack")
    assert code == 0
    assert (boards / "boards.csv").read_text() == (
        "board,condition,session,kind\nash,abnormal,May,crack\noak 2,normal,May,\n"
        "oak 10,normal,May,\n"
    )
    assert refuse("label", boards, "--board", "elm", "--kind", "crack")
    assert refuse("label", boards / "none")


def talk(folder, *answers, **variables):
    """Run ``label`` on a terminal of its own; type an answer to each question."""
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tapsklearn", "label", str(folder)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "dumb", **variables},
        preexec_fn=lambda: os.login_tty(0),  # so that Ctrl-C reaches it
    )
    os.close(theirs)
    shown = b""
    waiting = list(answers)
    deadline = time.monotonic() + 60
    n_asked = 0
    while time.monotonic() < deadline:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux says so where the other end is closed.
            break
        if not part:
            break
        shown += part
        while waiting and shown.count(b"]uit [n]: ") > n_asked:
            n_asked += 1
            os.write(ours, waiting.pop(0))
    os.close(ours)
    return process.wait(30), shown.decode(errors="replace").replace("\r\n", "\n")


def test_asked_on_a_terminal(boards):
    code, shown = talk(boards, b"A\n", b"what?\n", b"\n", b"skip\n")
    assert code == 0, shown
    assert "oak 2 (1 take): [n]ormal, [a]bnormal, [s]kip, [q]uit [n]: what?" in shown
    assert shown.count("oak 2 (1 take)") == 2
    assert "1 normal and 1 abnormal boards, 1 not labelled" in shown
    assert (boards / "boards.csv").read_text() == (
        "board,condition\nash,abnormal\noak 2,normal\n"
    )


@pytest.mark.parametrize(
    ("stop", "code"), [(b"q\n", 0), (b"\x04", 130), (b"\x03", 130)]
)
def test_answers_are_kept_when_stopped(boards, stop, code):
    (boards / "boards.csv").write_bytes(b"\xef\xbb\xbfboard,condition\r\n")
    got, shown = talk(boards, b"a\n", stop)
    assert got == code, shown
    assert "Traceback" not in shown
    assert "1 answer is kept" in shown
    table = (boards / "boards.csv").read_bytes()
    assert table == b"\xef\xbb\xbfboard,condition\r\nash,abnormal\r\n"


def test_names_that_the_terminal_cannot_show(boards):
    (boards / "ash").rename(boards / "樫\n")
    code, shown = talk(boards, b"n\n", b"n\n", b"n\n", PYTHONIOENCODING="ascii")
    assert code == 0, shown
    assert "\\n (1 take)" in shown
    text = (boards / "boards.csv").read_bytes().decode()
    assert text == 'board,condition\noak 2,normal\noak 10,normal\n"樫\n",normal\n'
