"""What is played into a real sound server is what is recorded out of it."""

import itertools
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import soundfile
from sound_server import SR
from sounds import make_taps

from tapsklearn.cli import main
from tapsklearn.datasets import load_takes
from tapsklearn.recording import Microphone, MicrophoneError, list_devices, record_takes


def record(seconds):
    with Microphone(sr=SR) as microphone:
        assert microphone.sr == SR
        n_blocks = round(seconds / 0.01)
        return np.concatenate(list(itertools.islice(microphone, n_blocks)))


def test_devices(sound_server):
    found = list_devices()
    assert len(found)
    assert found["is_default"].sum() == 1
    assert (found["n_channels"] > 0).all()


def test_what_is_played_is_what_is_recorded(sound_server):
    rng = np.random.default_rng(0)
    played = rng.uniform(-0.5, 0.5, size=2 * SR).astype(np.float32)
    player = sound_server.play(played, delay=0.5)
    heard = record(4.0)
    player.wait()
    # It starts when it starts: align by the largest correlation.
    spectrum = np.fft.rfft(heard, 2**18) * np.conj(np.fft.rfft(played, 2**18))
    start = int(np.argmax(np.fft.irfft(spectrum)))
    np.testing.assert_array_equal(heard[start : start + len(played)], played)


def test_thirty_taps_are_thirty_takes(sound_server, tmp_path):
    sound, onsets = make_taps(30, every=0.8)
    player = sound_server.play(sound, delay=1.0)
    said = []
    written = record_takes(
        tmp_path,
        "oak",
        30,
        duration=0.6,
        pre_seconds=0.1,
        sr=SR,
        on_tap=lambda tap, path: said.append((tap, path)),
    )
    player.wait()
    assert [path.name for path in written] == [f"{n:02}.wav" for n in range(30)]
    assert [path for _, path in said] == written
    starts = []
    for number, path in enumerate(written):
        take, sr = soundfile.read(path, dtype="float32")
        assert (sr, len(take)) == (SR, round(0.6 * SR))
        first = onsets[number] - round(0.1 * SR)
        spectrum = np.fft.rfft(take, 2**16) * np.conj(
            np.fft.rfft(sound[first : first + len(take)], 2**16)
        )
        starts.append(int(np.argmax(np.fft.irfft(spectrum))) % 2**16)
    # The tap of each lies where the pre-roll ends, to within two hops.
    shifts = np.array(starts)
    shifts[shifts > 2**15] -= 2**16
    assert np.abs(shifts).max() <= 2 * 140
    takes = load_takes(tmp_path)
    assert list(takes.board) == ["oak"] * 30
    assert takes.normal_boards == ["oak"]


def test_takes_that_are_not_good_are_not_kept(sound_server, tmp_path):
    sound, onsets = make_taps(5, every=1.0)
    # The second strikes twice, the third clips, the fourth is too quiet.
    sound[onsets[1] + SR // 5 :][: SR // 4] += sound[onsets[0] :][: SR // 4]
    third = slice(onsets[2], onsets[2] + SR // 2)
    sound[third] = np.clip(sound[third] * 9, -1, 1)
    sound[onsets[3] : onsets[3] + SR // 2] /= 60
    player = sound_server.play(sound, delay=1.0)
    flags = []
    record_takes(
        tmp_path,
        "oak",
        2,
        duration=0.6,
        pre_seconds=0.1,
        sr=SR,
        on_tap=lambda tap, _: flags.append(
            (tap.is_double, tap.is_clipped, tap.is_quiet)
        ),
    )
    player.wait()
    assert flags == [
        (False, False, False),
        (True, False, False),
        (False, True, False),
        (False, False, True),
        (False, False, False),
    ]


def test_a_device_that_is_not_there(sound_server, capsys, tmp_path):
    with (
        pytest.raises(MicrophoneError, match="no microphone 'nothing'"),
        Microphone("nothing"),
    ):
        pass
    code = main(["record", str(tmp_path), "--board", "oak", "--device", "nothing"])
    assert code == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "devices" in err


def test_without_portaudio(tmp_path):
    """One line that says what to install."""
    script = """
    import sys
    sys.modules["sounddevice"] = None
    from tapsklearn.cli import main
    sys.exit(main(["devices"]))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "tapsklearn[record]" in done.stderr
