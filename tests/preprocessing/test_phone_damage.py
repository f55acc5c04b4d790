"""Files of phones that are cut off, damaged, encrypted or a lie, and what is said."""

import struct
from pathlib import Path

import numpy as np
import pytest
from phone_files import KINDS, av, encode
from taps import make_tap

from tapsklearn.preprocessing import (
    TakeError,
    _av_sound,
    collect_remarks,
    find_take_problems,
    open_sound,
    read_take,
)

# The parts of an MP4 that hold others, as far as they are changed here.
INSIDE = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"ilst", b"edts"}


def make(path: Path, kind: str, *, seconds: float = 1.0, **params: object) -> bytes:
    rng = np.random.default_rng(0)
    sr = params.get("sr") or KINDS[kind][2]
    tap = make_tap(rng, seconds=seconds, onset=0.4, noise_db=-60, sr=int(str(sr)))
    encode(path, tap, kind, **params)  # type: ignore[arg-type]
    return path.read_bytes()


def reason_against(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(TakeError) as raised:
        read_take(path)
    message = str(raised.value)
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def length_of(path: Path, content: bytes) -> int:
    path.write_bytes(content)
    with open_sound(path) as sound:
        assert sum(map(len, sound.read())) == sound.n_frames
        return sound.n_frames or 0


def change(content: bytes, name: bytes, make_new) -> bytes:
    """Change the content of a box of an MP4; sizes around it follow."""
    out, place = b"", 0
    while place + 8 <= len(content):
        size, of = struct.unpack(">I4s", content[place : place + 8])
        inside = content[place + 8 : place + size]
        if of == name:
            inside = make_new(inside)
        elif of in INSIDE:
            inside = change(inside, name, make_new)
        elif of == b"meta":
            inside = inside[:4] + change(inside[4:], name, make_new)
        out += struct.pack(">I4s", len(inside) + 8, of) + inside
        place += size
    return out


# Cut off

CUT = ["aac.m4a", "aac.aac", "aac.mka", "opus.webm", "wma2.wma", "amr.amr", "mp3.avi"]


@pytest.mark.parametrize("kind", CUT)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_that_was_cut_off(tmp_path, kind, share):
    content = make(tmp_path / kind, kind)
    reason = reason_against(tmp_path / kind, content[: round(share * len(content))])
    assert reason.startswith(("truncated: ", "was never finished: its index (moov)"))


def test_an_index_at_the_beginning(tmp_path):
    """As of what was made for the web: what is cut off then is sound."""
    path = tmp_path / "1.m4a"
    content = make(path, "aac.m4a", options={"movflags": "faststart"})
    assert content.find(b"moov") < content.find(b"mdat")
    assert length_of(path, content) == 44100
    for n_missing in (100, 1000, 10_000):
        reason = reason_against(path, content[:-n_missing])
        assert reason == f"truncated: at least {n_missing} bytes are missing at its end"
        # What is there of a long recording can be had.
        with open_sound(path, is_take=False) as sound:
            assert sound.damage == reason
            blocks = sound.read(at_once=10_000)
            assert len(next(blocks)) == 10_000
            with pytest.raises(ValueError, match="truncated"):
                list(blocks)


def test_fragments_have_no_length_and_need_none(tmp_path):
    """As browsers write MP4 while they record."""
    path = tmp_path / "1.mp4"
    options = {"movflags": "frag_keyframe+empty_moov", "frag_duration": "100000"}
    content = make(path, "aac.mp4", options=options)
    assert 44100 <= length_of(path, content) <= 44100 + 3 * 1024
    assert "truncated" in reason_against(path, content[:-3000])


def test_a_live_webm_says_no_length(tmp_path):
    path = tmp_path / "1.webm"
    content = make(path, "opus.webm", options={"live": "1"})
    assert 48000 <= length_of(path, content) <= 48000 + 960
    with open_sound(path, is_take=False) as sound:
        assert sum(map(len, sound.read())) >= 48000


# Damaged


@pytest.mark.parametrize("kind", ["aac.m4a", "aac.aac", "opus.webm", "amr.amr"])
def test_packets_in_the_middle_are_damaged(tmp_path, kind):
    content = bytearray(make(tmp_path / kind, kind))
    middle = len(content) // 2
    content[middle : middle + 300] = np.random.default_rng(0).bytes(300)
    reason = reason_against(tmp_path / kind, bytes(content))
    assert reason.startswith(("is damaged: what comes after 0.", "truncated: "))
    # Of a long recording, what comes before is given.
    with open_sound(tmp_path / kind, is_take=False) as sound:
        blocks = sound.read(at_once=sound.sr // 10)
        assert all(len(next(blocks)) for _ in range(3))
        with pytest.raises(ValueError, match=r"damaged|truncated"):
            list(blocks)


def test_packets_that_are_missing(tmp_path):
    """A gap would be heard as a click where the sound was joined."""
    whole = make(tmp_path / "1.mka", "flac.mka", seconds=2.0)
    (tmp_path / "1.mka").write_bytes(whole)
    with (
        av.open(str(tmp_path / "1.mka")) as old,
        av.open(str(tmp_path / "2.mka"), "w") as new,
    ):
        stream = new.add_stream_from_template(old.streams.audio[0])
        for number, packet in enumerate(old.demux(audio=0)):
            if packet.size and number not in {8, 9}:
                packet.stream = stream
                new.mux(packet)
    with pytest.raises(TakeError, match=r"has a gap of 0\.21 s at 0\.8"):
        read_take(tmp_path / "2.mka")


def test_the_rate_changes_midway(tmp_path):
    one = make(tmp_path / "1.aac", "aac.aac")
    two = make(tmp_path / "2.aac", "aac.aac", sr=32000)
    reason = reason_against(tmp_path / "3.aac", one + two)
    assert reason.startswith("changes from 44100 Hz and 1 channels to 32000 Hz and 1 ")


@pytest.mark.parametrize(
    ("place", "number", "message"),
    [
        (28, struct.pack(">I", 3 << 16), "has a sampling rate of 3 Hz"),
        (20, struct.pack(">H", 200), "has 200 channels, of at most 64"),
        (28, struct.pack(">I", 22050 << 16), "contradicts itself"),
    ],
)
def test_a_header_that_lies(tmp_path, place, number, message):
    content = bytearray(make(tmp_path / "1.mov", "pcm.mov"))
    # The description of the samples: its name, then where the numbers are.
    place += content.find(b"sowt")
    content[place : place + len(number)] = number
    assert reason_against(tmp_path / "1.mov", bytes(content)).startswith(message)


@pytest.mark.parametrize(
    "box",
    [b"stsz", b"stts", b"stsc", b"stco", b"mdhd", b"mvhd", b"tkhd", b"elst", b"stsd"],
)
def test_counts_that_lie_take_no_memory(tmp_path, box, limited_memory):
    content = bytearray(make(tmp_path / "1.m4a", "aac.m4a"))
    start = content.find(box) + 4
    for place in range(start + 4, start + 28, 4):
        changed = content.copy()
        changed[place : place + 4] = b"\x7f\xff\xff\xff"
        (tmp_path / "1.m4a").write_bytes(changed)
        try:
            waveform = read_take(tmp_path / "1.m4a")
        except TakeError as error:
            assert "Traceback" not in str(error)  # noqa: PT017
        else:
            assert len(waveform) < 2 * 44100


@pytest.fixture
def limited_memory():
    """Give no gigabytes beyond what the process has."""
    resource = pytest.importorskip("resource", reason="needs limits of Linux")
    status = Path("/proc/self/statm")
    if not status.exists():
        pytest.skip("needs Linux's /proc")
    n_bytes = int(status.read_text().split()[0]) * resource.getpagesize()
    old = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (n_bytes + 2**30, old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, old)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_disk_that_fails(tmp_path, monkeypatch, after, capfd):
    path = tmp_path / "1.aac"
    make(path, "aac.aac", seconds=5.0)
    read, calls = _av_sound._Source.read, []

    def fail(self, n_bytes):
        calls.append(n_bytes)
        if len(calls) > after:
            self._file = FailingFile()
        return read(self, n_bytes)

    monkeypatch.setattr(_av_sound._Source, "read", fail)
    with pytest.raises(TakeError, match="Input/output error"):
        read_take(path)
    assert capfd.readouterr() == ("", "")


class FailingFile:
    def read(self, n_bytes):
        raise OSError(5, "Input/output error")

    def seek(self, offset, whence=0):
        return offset


# No sound that can be had


@pytest.mark.parametrize("name", [b"drms", b"enca"])
def test_what_is_encrypted(tmp_path, name):
    content = make(tmp_path / "1.m4p", "aac.m4a")
    place = content.find(b"mp4a", content.find(b"stsd"))
    content = content[:place] + name + content[place + 4 :]
    assert "encrypted" in reason_against(tmp_path / "1.m4p", content)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_pictures_alone(tmp_path, suffix):
    path = tmp_path / f"1{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(
                np.zeros((64, 64, 3), dtype=np.uint8), "rgb24"
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    reason = reason_against(path, path.read_bytes())
    assert reason == "holds no sound, only pictures or other data"


@pytest.mark.parametrize("kind", ["aac.m4a", "aac.mka"])
def test_the_first_of_several_streams_is_taken(tmp_path, kind):
    path = tmp_path / kind
    make(path, kind, n_streams=2)
    with open_sound(path) as sound:
        [one] = sound.read()
    make(path, kind)
    with open_sound(path) as sound:
        [alone] = sound.read()
    n_both = min(len(one), len(alone))
    np.testing.assert_allclose(one[:n_both], alone[:n_both], atol=0.01)


@pytest.mark.parametrize("kind", ["aac.m4a", "alac.m4a", "pcm.mov", "flac.mka"])
def test_no_samples(tmp_path, kind):
    encode(tmp_path / kind, np.zeros(0, dtype=np.float32), kind)
    reason = reason_against(tmp_path / kind, (tmp_path / kind).read_bytes())
    assert reason.startswith(("holds no samples", "holds no sound", "cannot be read"))


@pytest.mark.parametrize("kind", ["aac.m4a", "opus.webm"])
def test_digital_silence(tmp_path, kind):
    encode(tmp_path / kind, np.zeros(44100, dtype=np.float32), kind)
    problems, rate = find_take_problems(tmp_path / kind)
    assert rate == KINDS[kind][2]
    assert dict(problems).keys() & {"silent", "no tap"}


@pytest.mark.parametrize("suffix", [".m4a", ".amr", ".webm", ".wma", ".aac", ".mp4"])
@pytest.mark.parametrize("content", [b"", b"sound", b"\0" * 5000, b"\xff" * 5000])
def test_what_is_no_recording(tmp_path, suffix, content):
    reason = reason_against(tmp_path / f"1{suffix}", content)
    assert reason.startswith(("the file is empty", "cannot be read as audio"))


# Padding that is stated


def test_apple_s_tag_states_the_padding(tmp_path):
    """Where there is no edit list, iTunes' own tag says it."""
    path = tmp_path / "1.m4a"
    content = make(path, "aac.m4a")
    assert length_of(path, content) == 44100
    bare = content.replace(b"edts", b"free")
    assert length_of(path, bare) > 44100 + 1023
    with open_sound(path) as sound:
        [padded] = sound.read()
    text = f" 00000000 {1024:08X} {412:08X} {44100:016X}" + " 00000000" * 8
    parts = [
        struct.pack(">I4sI", 12 + len(of), name, 0) + of
        for name, of in [(b"mean", b"com.apple.iTunes"), (b"name", b"iTunSMPB")]
    ]
    parts += [struct.pack(">I4sII", 16 + len(text), b"data", 1, 0) + text.encode()]
    tag = b"".join(parts)
    tag = struct.pack(">I4s", 8 + len(tag), b"----") + tag
    tagged = change(bare, b"ilst", lambda inside: inside + tag)
    assert length_of(path, tagged) == 44100
    with open_sound(path) as sound:
        [trimmed] = sound.read()
    np.testing.assert_allclose(trimmed, padded[1024 : 1024 + 44100], atol=1e-6)


def test_a_part_cut_out_by_the_phone_is_not_heard(tmp_path):
    """Phones cut recordings by their edit list alone."""
    path = tmp_path / "1.m4a"
    content = make(path, "alac.m4a")
    with open_sound(path) as sound:
        [whole] = sound.read()
    elst = struct.pack(">II", 0, 1) + struct.pack(">IiI", 500, 8192, 1 << 16)
    edts = struct.pack(">I4s", 8 + len(elst), b"elst") + elst
    edts = struct.pack(">I4s", 8 + len(edts), b"edts") + edts
    cut = change(
        content.replace(b"edts", b"free"), b"trak", lambda inside: inside + edts
    )
    path.write_bytes(cut)
    with open_sound(path) as sound:
        [part] = sound.read()
    assert abs(len(part) - 22050) <= 2
    np.testing.assert_array_equal(part, whole[8192 : 8192 + len(part)])


# At random


@pytest.mark.parametrize(
    "kind", ["aac.m4a", "opus.webm", "amr.amr", "aac.aac", "wma2.wma"]
)
def test_changed_bytes_never_do_more_than_spoil_the_take(tmp_path, kind, capfd):
    content = make(tmp_path / kind, kind, seconds=0.5)
    rng = np.random.default_rng(0)
    n_read = 0
    for _ in range(80):
        changed = bytearray(content)
        for _ in range(rng.integers(1, 6)):
            # Headers are where they hurt most.
            most = len(content) if rng.random() < 0.4 else min(600, len(content))
            place = int(rng.integers(most))
            if kind == "aac.m4a" and most < len(content):
                place = len(content) - 1 - place
            what = rng.integers(3)
            if what == 0:
                changed[place : place + 1] = rng.bytes(1)
            elif what == 1:
                changed[place : place + 4] = (
                    rng.choice([0, 0x7F, 0xFF], 1).astype(np.uint8).tobytes() * 4
                )
            else:
                del changed[place : place + int(rng.integers(1, 50))]
        (tmp_path / kind).write_bytes(changed)
        try:
            with collect_remarks():
                read_take(tmp_path / kind)
            n_read += 1
        except TakeError as error:
            [reason] = error.problems.values()
            assert reason
            assert "\n" not in reason
    assert n_read < 80
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi"])
def test_pictures_beside_the_sound_are_passed_over(tmp_path, suffix):
    """As of a camera; they may last longer than the sound."""
    encode(
        tmp_path / "1.m4a", make_tap(np.random.default_rng(0), seconds=1.0), "aac.m4a"
    )
    with open_sound(tmp_path / "1.m4a") as sound:
        [alone] = sound.read()
    with (
        av.open(str(tmp_path / "1.m4a")) as old,
        av.open(str(tmp_path / f"2{suffix}"), "w") as new,
    ):
        pictures = new.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 64
        pictures.pix_fmt = "yuv420p"
        stream = new.add_stream_from_template(old.streams.audio[0])
        for _ in range(15):
            frame = av.VideoFrame.from_ndarray(
                np.zeros((64, 64, 3), dtype=np.uint8), "rgb24"
            )
            new.mux(pictures.encode(frame))
        for packet in old.demux(audio=0):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
        new.mux(pictures.encode(None))
    with open_sound(tmp_path / f"2{suffix}") as sound:
        [beside] = sound.read()
    # Where nothing states the padding it is still there.
    shift = len(beside) - len(alone) if suffix in {".avi", ".mkv"} else 0
    assert 0 <= shift < 2100
    starts = range(shift + 1)
    n_both = len(alone) - 2048
    error = min(
        float(np.abs(beside[first : first + n_both] - alone[:n_both]).max())
        for first in starts
    )
    assert error < 1e-6
