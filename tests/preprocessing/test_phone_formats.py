"""What phones write is the sound that WAV would be, where the file lets it be."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phone_files import KINDS, av, encode
from scipy.signal import correlate
from taps import make_tap

from tapsklearn import TapFeatures
from tapsklearn.preprocessing import (
    TakeError,
    WavLoader,
    _av_sound,
    _take,
    collect_remarks,
    find_take_problems,
    inspect_take,
    open_sound,
    read_take,
)

# What FFmpeg's own encoders reach where it is not -40 dB: they are simple ones.
REACHED_DB = {"vorbis": -36.0, "wmav1": -36.0}
# Files that do not say how much their encoder put before the sound, and how much that
# is at most; FFmpeg's WMA loses its first packet besides.
UNSTATED = {".aac": 1100, ".mts": 1100, ".avi": 1200, ".mpg": 500}
UNSTATED |= {".wma": 2048, ".asf": 2048}
# Matroska's of AAC and Vorbis say nothing of the end; FFmpeg takes what CAF says of it
# off a last packet that is short already.
OPEN_END = {*UNSTATED, ".mka", ".webm", ".caf"}
# In seconds, how much later a tap begins: AMR smears it, and its coder's delay of 5 ms
# is stated in 3GP alone.
SPEECH = {"amr.amr": 0.012, "amr.3gp": 0.006}


def tap_of(kind: str, **params: float) -> np.ndarray:
    params = {
        "seconds": 1.0,
        "onset": 0.4,
        "noise_db": -80,
        "sr": KINDS[kind][2],
    } | params
    return make_tap(np.random.default_rng(0), **params)


def samples_of(path: Path) -> np.ndarray:
    with open_sound(path) as sound:
        blocks = list(sound.read())
        assert sound.n_frames == sum(map(len, blocks))
    scale = 2.0**-15 if blocks[0].dtype == np.int16 else 1.0
    return np.concatenate(blocks) * scale


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SPEECH])
def test_the_sound_is_that_of_the_wav(tmp_path, kind):
    path = tmp_path / kind
    tap = tap_of(kind)
    encode(path, tap, kind)
    samples = samples_of(path).mean(axis=1)
    lag = int(np.argmax(correlate(samples, tap, "full"))) - (len(tap) - 1)
    most = UNSTATED.get(path.suffix, 0)
    assert abs(lag) <= most
    if path.suffix not in OPEN_END:
        assert len(samples) == len(tap)
    n_equal = min(len(tap) - max(0, -lag), len(samples) - max(0, lag))
    both = samples[max(0, lag) :][:n_equal], tap[max(0, -lag) :][:n_equal]
    error = np.sum((both[0] - both[1]) ** 2, dtype=float) / np.sum(tap**2, dtype=float)
    assert 10 * np.log10(error) <= REACHED_DB.get(KINDS[kind][1], -40.0)
    problems, rate, measure = inspect_take(path)
    assert rate == KINDS[kind][2]
    assert measure is not None
    is_lossless = KINDS[kind][3] == 0
    assert ("lossy" in dict(problems)) != is_lossless
    assert "clipped" not in dict(problems)


@pytest.mark.parametrize("kind", SPEECH)
def test_a_tap_in_a_coding_of_speech_keeps_its_place(tmp_path, kind):
    """AMR is made for voices: of a tap, it keeps where it is and how loud."""
    tap = tap_of(kind)
    encode(tmp_path / kind, tap, kind)
    samples = samples_of(tmp_path / kind)[:, 0]
    first, first_of_tap = (
        int(np.argmax(np.abs(each) > 0.3 * np.abs(each).max()))
        for each in (samples, tap)
    )
    assert abs(first - first_of_tap) / 8000 < SPEECH[kind]
    level = np.sum(samples**2, dtype=float) / np.sum(tap**2, dtype=float)
    assert abs(10 * np.log10(level)) < 3
    problems, rate, measure = inspect_take(tmp_path / kind)
    assert rate == 8000
    assert measure is not None
    assert dict(problems)["lossy"].startswith("AMR_NB ")


@pytest.mark.parametrize("kind", ["aac.m4a", "opus.webm", "amr.3gp", "alac.m4a"])
def test_a_take_goes_through_all_that_reads_files(tmp_path, kind):
    path, wav = tmp_path / kind, tmp_path / "1.wav"
    tap = tap_of(kind)
    encode(path, tap, kind)
    soundfile.write(wav, tap, KINDS[kind][2])
    with collect_remarks() as remarks:
        takes = WavLoader(sr=8000, duration=0.5).fit_transform([path, wav])
    assert set(remarks.get(str(path), ())) == set() if kind == "alac.m4a" else {"lossy"}
    loudest = np.abs(takes).argmax(axis=1)
    assert abs(loudest[0] - loudest[1]) <= (80 if "amr" in kind else 8)
    crops = TapFeatures(sr=8000, duration=0.8, n_freqs=40).fit_transform([path, wav])
    closeness = np.corrcoef(crops.reshape(2, -1))[0, 1]
    assert closeness > (0.6 if "amr" in kind else 0.95)


@pytest.mark.parametrize("kind", ["aac.m4a", "opus.mka", "alac.m4a", "vorbis.webm"])
def test_channels_are_averaged(tmp_path, kind):
    tap = tap_of(kind)
    paths = [tmp_path / f"{name}{Path(kind).suffix}" for name in "mab"]
    encode(paths[0], tap, kind)
    encode(paths[1], np.stack([tap, 0.5 * tap], axis=1), kind)
    encode(paths[2], np.stack([tap, -0.97 * tap], axis=1), kind)
    assert samples_of(paths[1]).shape[1] == 2
    mono, both = (read_take(path, sr=KINDS[kind][2]) for path in paths[:2])
    np.testing.assert_allclose(both, 0.75 * mono[: len(both)], atol=0.02)
    with pytest.raises(TakeError, match="its channels cancel each other out"):
        read_take(paths[2])


@pytest.mark.parametrize(
    ("kind", "other"), [("opus.ogg", "opus.mka"), ("mp3.mp3", "mp3.m4a")]
)
@pytest.mark.parametrize("gain", [1.0, 1.9, 8.0])
def test_both_readers_say_the_same(tmp_path, kind, other, gain):
    """One coding in two kinds of file: at full scale and beyond, too."""
    tap = np.clip(gain * tap_of(kind), -1, 1)
    for each in (kind, other):
        encode(tmp_path / each, tap, each)
    one, two = (samples_of(tmp_path / each) for each in (kind, other))
    np.testing.assert_allclose(one, two[: len(one)], atol=2e-3)
    of_one, of_two = (
        dict(find_take_problems(tmp_path / each)[0]) for each in (kind, other)
    )
    assert of_one.keys() == of_two.keys()


@pytest.mark.parametrize("kind", ["aac.m4a", "amr.amr", "opus.webm"])
def test_a_long_take_is_that_of_a_short_one(tmp_path, kind, monkeypatch):
    """It is decoded piece by piece where it does not fit."""
    path = tmp_path / kind
    encode(path, tap_of(kind), kind)
    whole = read_take(path, sr=16000, duration=0.5), inspect_take(path)
    monkeypatch.setattr(_av_sound, "_MOST_KEPT", 1000)
    samples = samples_of(path)
    monkeypatch.setattr(_take, "_MOST_AT_ONCE", 1000)
    np.testing.assert_allclose(
        read_take(path, sr=16000, duration=0.5), whole[0], atol=1e-6
    )
    assert inspect_take(path)[:2] == whole[1][:2]
    # Parts of it.
    with open_sound(path) as sound:
        for first, last in [(0, 5), (1023, 3000), (3000, 3001), (2000, len(samples))]:
            blocks = list(sound.read(first, last, at_once=700))
            assert {len(block) for block in blocks[:-1]} <= {700}
            np.testing.assert_array_equal(np.concatenate(blocks), samples[first:last])


@pytest.mark.parametrize("kind", ["aac.m4a", "amr.amr", "opus.webm", "wma2.wma"])
def test_a_recording_of_any_length_is_decoded_once(tmp_path, kind, monkeypatch):
    path = tmp_path / kind
    encode(path, np.tile(tap_of(kind), 5), kind)
    samples = samples_of(path)
    opened = []
    open_ = av.open
    monkeypatch.setattr(av, "open", lambda *a, **k: opened.append(a) or open_(*a, **k))
    monkeypatch.setattr(_av_sound, "check_length", None)
    with open_sound(path, is_take=False) as sound:
        assert abs(sound.n_frames - len(samples)) < 0.1 * len(samples)
        blocks = list(sound.read(at_once=5000))
    assert len(opened) == 1
    np.testing.assert_array_equal(np.concatenate(blocks), samples)


def test_a_take_has_its_longest(tmp_path, monkeypatch):
    encode(tmp_path / "aac.m4a", tap_of("aac.m4a"), "aac.m4a")
    encode(tmp_path / "amr.amr", tap_of("amr.amr"), "amr.amr")
    monkeypatch.setattr("tapsklearn.preprocessing._sound_file.MOST_SECONDS", 0.5)
    for path in tmp_path.iterdir():
        with pytest.raises(TakeError, match="is too long"):
            read_take(path)


# What a file holds decides, not how it is called


@pytest.mark.parametrize("kind", ["aac.m4a", "aac.aac", "amr.amr", "wma2.wma"])
@pytest.mark.parametrize("name", ["1.wav", "1.M4A", "1.mp3", "1", os.fsdecode(b"\xe4")])
def test_any_name_does(tmp_path, kind, name):
    encode(tmp_path / kind, tap_of(kind), kind)
    samples = samples_of(tmp_path / kind)
    (tmp_path / kind).rename(tmp_path / name)
    np.testing.assert_array_equal(samples_of(tmp_path / name), samples)


@pytest.mark.parametrize("name", ["1.m4a", "1.amr", "1.webm", "1.3GP"])
@pytest.mark.parametrize("kind", ["WAV", "MP3"])
def test_a_phone_s_name_for_what_libsndfile_reads(tmp_path, name, kind):
    tap = make_tap(np.random.default_rng(0), seconds=0.5, onset=0.1)
    soundfile.write(tmp_path / "x", tap, 44100, format=kind)
    samples = samples_of(tmp_path / "x")
    (tmp_path / "x").rename(tmp_path / name)
    np.testing.assert_array_equal(samples_of(tmp_path / name), samples)


def test_wideband_amr(tmp_path):
    """No encoder of PyAV writes it: frames of its lowest mode, 17 bytes and a head."""
    rng = np.random.default_rng(0)
    frames = [b"\x04" + rng.bytes(17) for _ in range(25)]
    (tmp_path / "1.awb").write_bytes(b"#!AMR-WB\n" + b"".join(frames))
    with open_sound(tmp_path / "1.awb") as sound:
        assert (sound.sr, sound.n_frames) == (16000, 25 * 320)
        assert sound.watch().coding == "AMR_WB"


def test_aac_after_a_tag(tmp_path):
    encode(tmp_path / "1.aac", tap_of("aac.aac"), "aac.aac")
    samples = samples_of(tmp_path / "1.aac")
    tag = b"ID3\x04\x00\x00\x00\x00\x02\x01" + bytes(257)
    (tmp_path / "2.aac").write_bytes(tag + (tmp_path / "1.aac").read_bytes())
    np.testing.assert_array_equal(samples_of(tmp_path / "2.aac"), samples)


# Without the extra


@pytest.mark.parametrize("kind", ["aac.m4a", "aac.aac", "amr.amr", "opus.webm"])
def test_without_the_extra_it_says_what_to_install(tmp_path, kind, monkeypatch):
    encode(tmp_path / kind, tap_of(kind), kind)
    soundfile.write(tmp_path / "1.wav", tap_of(kind), 48000)
    (tmp_path / "2.m4a").write_bytes(b"nothing")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(TakeError) as raised:
        read_take(tmp_path / kind)
    assert str(raised.value).endswith(
        ", which PyAV reads: pip install 'tapsklearn[phone]'"
    )
    assert "\n" not in str(raised.value)
    assert len(read_take(tmp_path / "1.wav"))
    with pytest.raises(TakeError, match="cannot be read as audio"):
        read_take(tmp_path / "2.m4a")


def test_wav_needs_no_pyav(tmp_path):
    soundfile.write(tmp_path / "1.wav", tap_of("aac.m4a"), 44100)
    code = (
        "import sys; from tapsklearn.preprocessing import read_take; "
        "read_take(sys.argv[1]); print('av' in sys.modules)"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "1.wav")]
    assert subprocess.check_output(command, text=True).strip() == "False"


# Real recordings of a phone


def phone_recordings() -> list[Path]:
    recordings = os.environ.get("TAPSKLEARN_RECORDINGS", "")
    folder = Path(recordings, "..", "reference", "phone")
    return sorted(folder.glob("*.m4a")) if recordings else []


@pytest.mark.skipif(not phone_recordings(), reason="no recordings of a phone here")
@pytest.mark.parametrize("path", phone_recordings(), ids=lambda path: path.name)
def test_recordings_of_a_phone_are_the_wavs_made_of_them(path):
    """Three seconds from one before the loudest sample on, rounded to 16 bits."""
    mono = samples_of(path).mean(axis=1)
    first = max(0, int(np.argmax(np.abs(mono))) - 44100)
    cut = mono[first : first + 3 * 44100]
    cut = np.pad(cut, (0, 3 * 44100 - len(cut)))
    board, take = path.stem.rsplit("-", 1)
    wav = Path(
        os.environ["TAPSKLEARN_RECORDINGS"], "hammer-floor", board, f"{take}.wav"
    )
    expected, sr = soundfile.read(wav, dtype="int16")
    assert sr == 44100
    assert np.abs(np.clip(cut, -1, 1) * 2**15 - expected).max() <= 1
