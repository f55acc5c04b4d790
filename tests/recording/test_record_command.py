"""``tapsklearn record``, as whoever taps sees it."""

import contextlib
import os
import signal
import time

import numpy as np
import pytest
from sound_server import SR
from sounds import FakeMicrophone, make_taps

from tapsklearn.cli import main
from tapsklearn.cli._terminal import LevelMeter
from tapsklearn.datasets import load_takes


@pytest.fixture
def hear(monkeypatch):
    """Let the command hear a sound."""

    def hear(sound):
        monkeypatch.setattr(
            "tapsklearn.recording._record_takes.open_microphone",
            lambda *_: contextlib.nullcontext(FakeMicrophone(sound)),
        )

    return hear


def test_each_tap_is_told(hear, tmp_path, capsys):
    sound, onsets = make_taps(4, every=4.0)
    clipped, double = onsets[:2]
    sound[clipped : clipped + SR] = np.clip(9 * sound[clipped : clipped + SR], -1, 1)
    sound[double + SR // 4 :][:SR] += sound[onsets[2] :][:SR]
    hear(sound)
    arguments = ("record", str(tmp_path), "--board", "oak", "--condition", "abnormal")
    assert main([*arguments, "--takes", "2", "--specimen", "tree"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("not kept, clipped: tap more softly")
    assert lines[1].startswith("not kept, two taps: something struck twice")
    assert lines[2].startswith(f"saved {tmp_path / 'oak' / '00.wav'} (-10 dB)")
    assert lines[3].startswith(f"saved {tmp_path / 'oak' / '01.wav'}")
    assert lines[4] == f"tapsklearn: oak: 2 takes recorded into {tmp_path}"
    takes = load_takes(tmp_path)
    assert list(takes.condition) == ["abnormal"] * 2
    assert takes.specimens == {"oak": "tree"}
    # Again: there is nothing left to do, and nothing is done.
    assert main([*arguments, "--takes", "2", "--specimen", "tree"]) == 0
    err = capsys.readouterr().err
    assert err == "tapsklearn: oak: has its 2 takes already; --takes asks for more\n"


def test_wrong_use(hear, tmp_path, capsys):
    hear(make_taps(1, every=4.0)[0])
    assert main(["record", str(tmp_path), "--board", "oak", "--condition", "bad"]) == 2
    assert main(["record", str(tmp_path), "--board", ".."]) == 2
    assert main(["record", str(tmp_path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("tapsklearn: ") for line in lines)


def test_an_interrupt_keeps_what_was_announced(hear, monkeypatch, tmp_path, capsys):
    sound, _ = make_taps(1, every=4.0)

    class Endless(FakeMicrophone):
        def __iter__(self):
            yield from super().__iter__()
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(10)

    monkeypatch.setattr(
        "tapsklearn.recording._record_takes.open_microphone",
        lambda *_: contextlib.nullcontext(Endless(sound)),
    )
    assert main(["record", str(tmp_path), "--board", "oak"]) == 130
    assert capsys.readouterr().err.endswith("tapsklearn: interrupted\n")
    assert len(load_takes(tmp_path).paths) == 1


def test_the_meter_shows_the_level_and_what_is_left():
    class Line:
        shown = ""

        def update(self, text):
            self.shown = text

    line = Line()
    meter = LevelMeter(line)
    meter.start(8)
    meter.count_down()
    meter.show(-200.0)
    assert line.shown == "░" * 30 + "  -60 dB  7 to go"
    meter.show(-30.0)
    assert line.shown.startswith("█" * 15 + "░" * 15 + "  -30 dB")
    # It falls slowly, so that a tap can be read.
    meter.show(-60.0)
    assert " -30 dB" in line.shown
    meter.show(0.0)
    assert line.shown.startswith("█" * 30 + "    0 dB")
