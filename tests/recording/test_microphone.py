"""What is played into a real sound server is what is recorded out of it."""

import itertools
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import soundfile
import soxr
from sound_server import SR, start_sound_server
from sounds import make_taps, tap_a_board

from tapsklearn.cli import main
from tapsklearn.datasets import load_takes
from tapsklearn.recording import Microphone, MicrophoneError, list_devices, record_takes


def record(seconds):
    with Microphone(sr=SR) as microphone:
        assert microphone.sr == SR
        n_blocks = round(seconds / 0.01)
        return np.concatenate(list(itertools.islice(microphone, n_blocks)))


def align(heard, played):
    """Find by how much a sound comes later in one than in the other."""
    n = 2 * max(len(heard), len(played))
    spectrum = np.fft.rfft(heard, n) * np.conj(np.fft.rfft(played, n))
    shift = int(np.argmax(np.fft.irfft(spectrum, n)))
    return shift - n if shift > n // 2 else shift


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
    start = align(heard, played)
    np.testing.assert_array_equal(heard[start : start + len(played)], played)


@pytest.mark.slow
def test_thirty_taps_are_thirty_takes(sound_server, tmp_path):
    every, pre = 0.8, 0.1
    sound, first = tap_a_board(30, every=every)
    player = sound_server.play(sound, delay=1.0)
    said = []
    written = record_takes(
        tmp_path,
        "oak",
        30,
        duration=0.6,
        pre_seconds=pre,
        sr=SR,
        on_tap=lambda tap, path: said.append((tap, path)),
    )
    player.wait()
    assert [path.name for path in written] == [f"{n:02}.wav" for n in range(30)]
    assert [path for _, path in said] == written
    for number, path in enumerate(written):
        take, sr = soundfile.read(path, dtype="float32")
        assert (sr, len(take)) == (SR, round(0.6 * SR))
        start = round((number * every + first - pre) * SR)
        shift = align(take, sound[start : start + len(take)])
        # The tap of each lies where the pre-roll ends, to within two hops.
        assert abs(shift) <= 2 * 140
        same = sound[start - shift :][: len(take)]
        np.testing.assert_allclose(take, same, rtol=0, atol=2**-15)
    takes = load_takes(tmp_path)
    assert list(takes.board) == ["oak"] * 30
    assert takes.normal_boards == ["oak"]


def test_takes_that_are_not_good_are_not_kept(sound_server, tmp_path):
    sound, onsets = make_taps(5, every=1.0, noise_db=-80)
    # The second strikes twice, the third clips, the fourth is too quiet.
    sound[onsets[1] + SR // 5 :][: SR // 4] += sound[onsets[0] :][: SR // 4]
    third = slice(onsets[2], onsets[2] + SR // 2)
    sound[third] = np.clip(sound[third] * 9, -1, 1)
    sound[onsets[3] : onsets[3] + SR // 2] /= 110
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


def test_a_device_with_a_rate_of_its_own(sound_server, tmp_path, monkeypatch):
    """Where the rate that is asked for cannot be had, what is recorded is resampled."""
    import sounddevice

    def refuse(*_, samplerate, **__):
        raise sounddevice.PortAudioError(f"Invalid sample rate {samplerate}")

    monkeypatch.setattr(sounddevice, "check_input_settings", refuse)
    own = round(sounddevice.query_devices(None, "input")["default_samplerate"])
    asked = 32000
    assert own != asked
    with Microphone(sr=asked) as microphone:
        assert microphone.sr == own
    sound, onsets = make_taps(1, every=3.0)
    player = sound_server.play(sound, delay=1.0)
    (path,) = record_takes(tmp_path, "oak", 1, duration=1.0, pre_seconds=0.1, sr=asked)
    player.wait()
    take, sr = soundfile.read(path, dtype="float32")
    assert (sr, len(take)) == (asked, asked)
    played = soxr.resample(sound, SR, asked)
    around = played[round((onsets[0] / SR - 0.15) * asked) :][: round(1.1 * asked)]
    products = np.correlate(around, take[: -round(0.02 * asked)])
    start = int(products.argmax())
    part = around[start : start + len(take)]
    assert np.corrcoef(part[:20000], take[:20000])[0, 1] > 0.99


def test_lost_sound_is_no_number():
    class Status:
        input_overflow = True

    microphone = Microphone()
    microphone._keep(np.ones((480, 1), np.float32), 480, None, Status)
    block = microphone._wait()
    assert np.isnan(block).tolist() == [True] + [False] * 479


@pytest.mark.parametrize("end", ["kill", "unload"])
def test_unplugged(tmp_path, end):
    """The device goes in the middle: one line, exit code 1, and all takes kept."""
    out = tmp_path / "takes"
    with start_sound_server(tmp_path) as server:
        command = [sys.executable, "-m", "tapsklearn", "record", out, "--board", "oak"]
        recorder = subprocess.Popen(
            command, env=server.environment, stderr=subprocess.PIPE, text=True
        )
        player = server.play(make_taps(4, every=4.0)[0], delay=4.0)
        saved = recorder.stderr.readline()
        if end == "kill":
            server.process.kill()
        else:
            subprocess.run(
                ["pactl", "unload-module", "module-null-sink"],
                env=server.environment,
                check=True,
            )
        _, said = recorder.communicate(timeout=20)
        player.wait()
    assert saved.startswith(f"saved {out / 'oak' / '00.wav'}")
    assert recorder.returncode == 1
    assert said.count("\n") == 1
    assert said.startswith("tapsklearn: the microphone g")
    assert len(load_takes(out).paths) == 1


@pytest.mark.parametrize(
    ("module", "to_install"),
    [
        (None, "tapsklearn[record]"),
        ("raise OSError('PortAudio library not found')", "libportaudio2"),
    ],
)
def test_without_portaudio(tmp_path, module, to_install):
    """One line that says what to install."""
    if module is None:
        start = "sys.modules['sounddevice'] = None"
    else:
        (tmp_path / "sounddevice.py").write_text(module)
        start = f"sys.path.insert(0, {str(tmp_path)!r})"
    script = f"""
    import sys
    {start}
    from tapsklearn.cli import main
    for arguments in (["devices"], ["record", "takes", "--board", "oak"]):
        assert main(arguments) == 1
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(to_install in line for line in lines)


def test_without_a_device(tmp_path):
    """One line that says what to plug in, and nothing is left behind."""
    try:
        import sounddevice  # noqa: F401
    except (ModuleNotFoundError, OSError):
        pytest.skip("needs PortAudio: run ./install-system-packages")
    out = tmp_path / "takes"
    # Where no sound server is to be found.
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    for arguments in (["devices"], ["record", out, "--board", "oak"]):
        done = subprocess.run(
            [sys.executable, "-m", "tapsklearn", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        if not done.returncode:
            pytest.skip("this machine has a microphone")
        assert done.returncode == 1
        assert done.stderr.startswith("tapsklearn: there is no microphone")
        assert "plug one in" in done.stderr
        assert done.stderr.count("\n") == 1
    assert not out.exists()
