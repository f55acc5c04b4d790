"""Headers that promise less, more or nonsense: forgiven, read as meant, or an error."""

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from taps import make_tap

from tapsklearn import TakeError
from tapsklearn.preprocessing import (
    article_features,
    find_rumble,
    find_take_problems,
    read_take,
)

SR = 44100
MONO_16 = struct.pack("<HHIIHH", 1, 1, SR, 2 * SR, 2, 16)
LIST = b"LIST\x0c\0\0\0INFOabcdefgh"


@pytest.fixture(scope="module")
def tap() -> NDArray[np.float32]:
    return make_tap(np.random.default_rng(0), seconds=0.5, onset=0.1)


@pytest.fixture(scope="module")
def samples(tap: NDArray) -> bytes:
    return np.round(tap * 32767).astype("<i2").tobytes()


def part(
    name: bytes, content: bytes, size: int | None = None, pad: bool = True
) -> bytes:
    size = len(content) if size is None else size
    padding = b"\0" * (len(content) % 2 if pad else 0)
    return name + struct.pack("<I", size) + content + padding


def riff(*parts: bytes, name: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(parts)
    return name + struct.pack("<I", len(body) if size is None else size) + body


def is_read_whole(path: Path, content: bytes, tap: NDArray, lacking: int = 0) -> None:
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        waveform = read_take(path)
    expected = tap[: len(tap) - lacking]
    expected = expected - find_rumble(expected, sr=SR)
    np.testing.assert_allclose(waveform, expected, atol=2**-13)
    assert find_take_problems(path) == ([], SR)


def reason_against(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(TakeError) as caught:
        read_take(path)
    (reason,) = caught.value.problems.values()
    assert find_take_problems(path) == ([("unreadable", reason)], None)
    _, problems = article_features().try_transform([path])
    assert problems == {0: reason}
    return reason


FORM = part(b"fmt ", MONO_16)
ODD = part(b"note", b"odd")
UNPADDED = part(b"note", b"odd", pad=False)


@pytest.mark.parametrize(
    "after", [b"", LIST, ODD, UNPADDED, b"\0" * 500, b"TAG" + b"x" * 125]
)
@pytest.mark.parametrize(
    "before",
    [b"", LIST, ODD, UNPADDED, UNPADDED + LIST, part(b"JUNK", bytes(28)), FORM],
)
def test_parts_around_the_samples(
    before: bytes, after: bytes, tap: NDArray, samples: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "take.wav"
    for head in (FORM + before, before + FORM):
        is_read_whole(path, riff(head, part(b"data", samples), after), tap)
    # Nor does the outer size matter.
    for size in (0, 36, 2**32 - 1):
        content = riff(FORM, before, part(b"data", samples), after, size=size)
        is_read_whole(path, content, tap)


def test_samples_before_what_describes_them(
    tap: NDArray, samples: bytes, tmp_path: Path
) -> None:
    content = riff(LIST, part(b"data", samples), FORM)
    is_read_whole(tmp_path / "take.wav", content, tap)


@pytest.mark.parametrize("more", [1, 2, 8, 44, 441])
def test_a_little_too_much_is_forgiven(
    more: int, tap: NDArray, samples: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "take.wav"
    content = riff(FORM, part(b"data", samples, len(samples) + more))
    is_read_whole(path, content, tap)
    # And too little.
    content = riff(FORM, part(b"data", samples, len(samples) - more))
    is_read_whole(path, content, tap, lacking=(more + 1) // 2)


@pytest.mark.parametrize("more", [500, 1000, 50_000, 10**8])
def test_much_too_much_is_truncated(more: int, samples: bytes, tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    content = riff(FORM, part(b"data", samples, len(samples) + more))
    reason = f"truncated: at least {more} bytes are missing at its end"
    assert reason_against(path, content) == reason


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.98])
@pytest.mark.parametrize("after", [b"", LIST])
def test_much_too_little_is_no_shorter_take(
    share: float, after: bytes, samples: bytes, tmp_path: Path
) -> None:
    size = round(share * len(samples) / 2) * 2
    content = riff(FORM, part(b"data", samples, size) + after)
    reason = reason_against(tmp_path / "take.wav", content)
    assert reason.startswith(f"its header counts {size} bytes of samples, but ")


@pytest.mark.parametrize("size", [0, 2**31 - 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("long_size", [None, 0, 2**63, 2**64 - 1, "right"])
def test_lengths_that_were_never_filled_in(
    size: int, long_size: int | str | None, tap: NDArray, samples: bytes, tmp_path: Path
) -> None:
    name, parts = b"RIFF", [FORM]
    if long_size is not None:
        length = len(samples) if isinstance(long_size, str) else long_size
        parts.insert(0, part(b"ds64", struct.pack("<QQQI", 0, length, 0, 0)))
        name = b"RF64"
    content = riff(*parts, part(b"data", samples, size), name=name, size=2**32 - 1)
    is_read_whole(tmp_path / "take.wav", content, tap)


@pytest.mark.parametrize("size", [0, 2**31 - 1, 2**32 - 1])
def test_a_cut_where_only_the_outer_size_is_known(
    size: int, samples: bytes, tmp_path: Path
) -> None:
    content = riff(FORM, part(b"data", samples, size), size=36 + len(samples))
    reason = reason_against(tmp_path / "take.wav", content[:-30_000])
    assert reason == "truncated: at least 30000 bytes are missing at its end"


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ((1, 1, SR, 2 * SR, 2, 8), "1 channels of 8 bits are 1 bytes, not 2"),
        ((1, 1, SR, 2 * SR, 2, 24), "contradicts itself"),
        ((1, 2, SR, 2 * SR, 2, 16), "2 channels of 16 bits are 4 bytes, not 2"),
        ((1, 1, SR, 2 * SR, 4, 16), "contradicts itself"),
        ((1, 1, 22050, 2 * SR, 2, 16), "are 44100 bytes a second, not 88200"),
        ((1, 1, SR, SR, 2, 16), "contradicts itself"),
        ((3, 1, SR, 2 * SR, 2, 32), "contradicts itself"),
        ((1, 0, SR, 0, 0, 16), "contradicts itself"),
        ((1, 1, 1, 2, 2, 16), "sampling rate of 1 Hz"),
        ((1, 1, 999, 1998, 2, 16), "sampling rate of 999 Hz"),
        ((1, 1, 0, 0, 2, 16), ""),
        ((1, 1, 2_000_000, 4_000_000, 2, 16), "sampling rate of 2000000 Hz"),
        ((1, 1, 2**31 + 5, 0, 2, 16), ""),
        ((1, 400, SR, 800 * SR, 800, 16), "has 400 channels"),
        ((77, 1, SR, 2 * SR, 2, 16), "cannot be read as audio"),
    ],
)
def test_descriptions_that_cannot_be(
    form: tuple[int, ...], reason: str, samples: bytes, tmp_path: Path
) -> None:
    header = part(b"fmt ", struct.pack("<HHIIHH", *form))
    content = riff(header, part(b"data", samples))
    assert reason in reason_against(tmp_path / "take.wav", content)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([FORM[:-4] + b"\x08\0\x02\0", FORM], "describes its samples in two ways"),
        ([FORM, b"\xff\xfe\x00\x01" + bytes(40)], "no part of it begins at byte 36"),
        ([FORM, part(b"LIST", b"INFO", 10**6)], "truncated"),
        ([part(b"fmt ", MONO_16[:10])], "does not describe its samples"),
        ([FORM, part(b"JUNK", b"") * 2000], "more than 1000 parts"),
    ],
)
def test_parts_that_cannot_be(
    parts: list[bytes], reason: str, samples: bytes, tmp_path: Path
) -> None:
    content = riff(*parts, part(b"data", samples))
    assert reason in reason_against(tmp_path / "take.wav", content)


def test_samples_in_two_places(samples: bytes, tmp_path: Path) -> None:
    content = riff(FORM, part(b"data", samples), LIST, part(b"data", samples))
    assert "two places" in reason_against(tmp_path / "take.wav", content)


@pytest.mark.parametrize("container", ["AIFF", "AU", "W64", "CAF"])
def test_other_containers_that_count_too_little(
    container: str, tap: NDArray, tmp_path: Path
) -> None:
    path = tmp_path / "take.sound"
    soundfile.write(
        path, tap, SR, "PCM_16", "BIG" if container != "W64" else "FILE", container
    )
    content = path.read_bytes()
    field, kind, extra = {
        "AIFF": (content.find(b"SSND") + 4, ">I", 8),
        "AU": (8, ">I", 0),
        "W64": (content.find(b"data\xf3\xac") + 16, "<Q", 24),
        "CAF": (content.find(b"data") + 4, ">Q", 4),
    }[container]
    size = struct.unpack_from(kind, content, field)[0]
    assert abs(size - extra - 2 * len(tap)) <= 8
    for wrong, reason in (
        (size - 20_000, "its header counts"),
        (size + 20_000, "truncated: at least 20"),
    ):
        changed = bytearray(content)
        struct.pack_into(kind, changed, field, wrong)
        assert reason in reason_against(path, bytes(changed))


def test_an_hour_is_no_take(tmp_path: Path) -> None:
    path = tmp_path / "day.wav"
    header = part(b"fmt ", struct.pack("<HHIIHH", 1, 1, 1000, 1000, 1, 8))
    content = riff(header, part(b"data", b"", 10**8))
    with path.open("wb") as file:
        file.write(content)
        file.truncate(len(content) + 10**8)
    assert "is too long: 27.8 h" in reason_against(path, path.read_bytes())


def every_format() -> list[tuple[str, str]]:
    """List what libsndfile writes."""
    return [
        (container, subtype)
        for container in (
            "WAV",
            "AIFF",
            "AU",
            "CAF",
            "W64",
            "RF64",
            "FLAC",
            "OGG",
            "MP3",
        )
        if container in soundfile.available_formats()
        for subtype in soundfile.available_subtypes(container)
        # soundfile itself reads no DWVW.
        if soundfile.check_format(container, subtype) and "DWVW" not in subtype
    ]


@pytest.mark.parametrize(("container", "subtype"), every_format())
def test_every_format_has_its_verdict(
    container: str, subtype: str, tmp_path: Path
) -> None:
    """`check` and what computes features agree, also with those that cannot seek."""
    rates = {"OPUS": 48000, "GSM610": 8000}
    sr = rates.get(subtype, 44100)
    path = tmp_path / "take.sound"
    tap = make_tap(np.random.default_rng(0), seconds=1.0, sr=sr, freqs=(310.0, 870.0))
    for sound, usable in ((tap, True), (0.2 * np.sin(np.arange(sr) / 9), False)):
        try:
            soundfile.write(path, sound, sr, subtype, format=container)
        except soundfile.LibsndfileError:
            pytest.skip("this libsndfile only reads it")
        problems, rate = find_take_problems(path)
        _, found = article_features().try_transform([path])
        assert rate == sr
        codes = {code for code, _ in problems}
        lossless = ("PCM", "FLOAT", "DOUBLE", "ALAC")
        is_lossy = not subtype.removeprefix("ALAC_").startswith(lossless)
        is_lossy &= not subtype.startswith(("ALAC", "DPCM"))
        assert ("lossy" in codes) == (is_lossy or "ADPCM" in subtype)
        assert codes - {"quiet", "lossy"} == (set() if usable else {"no tap"}), problems
        assert (not found) == usable == ("no tap" not in codes), (found, problems)
