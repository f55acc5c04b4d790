"""WavLoader and read_take, over every kind of file that turns up."""

import copy
import os
import pickle
import re
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from taps import make_tap

from tapsklearn.preprocessing import (
    LogSpectrogram,
    Standardizer,
    TakeError,
    TapCrop,
    WavLoader,
    find_rumble,
    read_take,
)

SR = 44100


@pytest.fixture
def tap() -> NDArray[np.float32]:
    return make_tap(np.random.default_rng(0), seconds=0.5, onset=0.1)


def without_rumble(waveform: NDArray[np.floating], sr: int = SR) -> NDArray:
    """Give what is read of a file with such samples."""
    waveform = waveform.astype(np.float32)
    return waveform - find_rumble(waveform, sr=sr)


def chunk(name: bytes, content: bytes) -> bytes:
    """Make a RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def wav(
    waveform: NDArray[np.floating],
    *,
    before: bytes = b"",
    after: bytes = b"",
    data_size: int | None = None,
    riff_size: int | None = None,
) -> bytes:
    """Make a mono 16-bit WAV by hand, with what extra chunks and sizes are wanted."""
    samples = np.round(waveform * 32767).astype("<i2").tobytes()
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, SR, 2 * SR, 2, 16))
    size = len(samples) if data_size is None else data_size
    body = b"WAVE" + form + before
    body += b"data" + struct.pack("<I", size) + samples + after
    size = len(body) if riff_size is None else riff_size
    return b"RIFF" + struct.pack("<I", size) + body


def reason_against(path: Path | str, **parameters: object) -> str:
    """Read what must not be read, and return why, without the file's name."""
    with pytest.raises(TakeError) as caught:
        read_take(path, **parameters)
    assert list(caught.value.problems) == [str(path)]
    assert str(caught.value) == f"{path}: {caught.value.problems[str(path)]}"
    return caught.value.problems[str(path)]


# ---------------------------------------------------------------- bad files


def test_missing_file(tmp_path: Path) -> None:
    assert reason_against(tmp_path / "gone.wav") == "there is no such file"


def test_folder(tmp_path: Path) -> None:
    assert reason_against(tmp_path) == "is a folder, not a recording"


def test_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "oak").write_text("not a folder")
    assert "cannot be opened" in reason_against(tmp_path / "oak" / "1.wav")


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.touch()
    assert reason_against(path) == "the file is empty"


@pytest.mark.parametrize("suffix", ["wav", "flac", "txt", "raw", ""])
@pytest.mark.parametrize("content", [b"The board, struck. " * 500, bytes(range(256))])
def test_not_audio(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"notes.{suffix}"
    path.write_bytes(content)
    assert "cannot be read as audio" in reason_against(path)


def test_other_riff_is_not_a_truncated_wav(tmp_path: Path) -> None:
    path = tmp_path / "photo.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", 104) + b"WEBPVP8 " + bytes(100))
    assert "cannot be read as audio" in reason_against(path)


@pytest.mark.parametrize("extra", [b"", chunk(b"LIST", b"INFOISFT\3\0\0\0abc")])
def test_wav_truncated_at_any_byte(tmp_path: Path, tap: NDArray, extra: bytes) -> None:
    whole = wav(tap, before=extra)
    header = len(whole) - 2 * len(tap)
    cuts = [*range(1, header + 5), *range(header + 5, len(whole) - 441, 1999)]
    for cut in [*cuts, len(whole) - 442]:
        path = tmp_path / f"{cut}.wav"
        path.write_bytes(whole[:cut])
        reason = reason_against(path)
        # A file of three bytes could be anything.
        assert reason.startswith("truncated" if cut > 3 else "cannot be read"), cut
    for missing in (1, 2, 3, 44, 441):
        # Some phones write every header so; the sound is all there, or nearly.
        path.write_bytes(whole[:-missing])
        assert len(read_take(path)) == len(tap) - (missing + 1) // 2


def test_says_how_much_of_a_wav_is_missing(tmp_path: Path, tap: NDArray) -> None:
    path = tmp_path / "cut.wav"
    path.write_bytes(wav(tap)[:-1234])
    assert (
        reason_against(path) == "truncated: at least 1234 bytes are missing at its end"
    )
    # Also where all that is wanted of it is there: such a file was not copied whole.
    assert "truncated" in reason_against(path, duration=0.1)


def test_rf64(tmp_path: Path, tap: NDArray) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, tap, SR, format="RF64", subtype="FLOAT")
    assert path.read_bytes().startswith(b"RF64")
    np.testing.assert_array_equal(read_take(path), without_rumble(tap))

    path.write_bytes(path.read_bytes()[:-1007])
    reason = reason_against(path)
    assert reason == "truncated: at least 1007 bytes are missing at its end"


def test_big_endian_wav(tmp_path: Path, tap: NDArray) -> None:
    path = tmp_path / "big.wav"
    soundfile.write(path, tap, SR, endian="BIG", subtype="FLOAT")
    assert path.read_bytes().startswith(b"RIFX")
    np.testing.assert_array_equal(read_take(path), without_rumble(tap))

    path.write_bytes(path.read_bytes()[:-1007])
    reason = reason_against(path)
    assert reason == "truncated: at least 1007 bytes are missing at its end"


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_16"),
        ("WAV", "PCM_24"),
        ("WAV", "FLOAT"),
        ("WAVEX", "PCM_16"),
        ("RF64", "PCM_16"),
        ("RF64", "FLOAT"),
        ("AIFF", "PCM_16"),
        ("AIFF", "FLOAT"),
        ("AU", "PCM_16"),
        ("AU", "FLOAT"),
        ("W64", "PCM_16"),
        ("W64", "FLOAT"),
    ],
)
def test_truncated_in_every_format_that_says_its_size(
    tmp_path: Path, tap: NDArray, container: str, subtype: str
) -> None:
    path = tmp_path / "tap.sound"
    soundfile.write(path, tap, SR, format=container, subtype=subtype)
    whole = path.read_bytes()
    assert len(read_take(path)) == len(tap)
    # Also where all that is wanted of it is there.
    for n_missing, duration in ((1234, None), (2345, 0.1), (30000, 0.1)):
        path.write_bytes(whole[: -min(n_missing, len(tap) - 100)])
        missing = min(n_missing, len(tap) - 100)
        assert reason_against(path, duration=duration) == (
            f"truncated: at least {missing} bytes are missing at its end"
        )
    for n_missing in (1, 44):
        path.write_bytes(whole[:-n_missing])
        assert len(tap) - 44 <= len(read_take(path)) <= len(tap)


def test_aiff_with_chunks_around_the_samples(tmp_path: Path, tap: NDArray) -> None:
    path = tmp_path / "tap.aiff"
    soundfile.write(path, tap, SR)
    whole = path.read_bytes()
    name = b"NAME" + struct.pack(">I", 10) + b"a recorder"
    path.write_bytes(whole[:12] + name + whole[12:])
    assert len(read_take(path)) == len(tap)
    path.write_bytes(whole[:12] + name + whole[12:-77])
    assert reason_against(path) == "truncated: at least 77 bytes are missing at its end"
    # A cut in what comes after the samples costs nothing of the sound.
    path.write_bytes(whole + name[:-5])
    assert len(read_take(path)) == len(tap)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7F000008])
def test_aiff_and_au_of_a_pipe(tmp_path: Path, tap: NDArray, size: int) -> None:
    for container, field in (("AIFF", b"SSND"), ("AU", b".snd")):
        path = tmp_path / f"piped.{container.lower()}"
        soundfile.write(path, tap, SR, format=container, endian="BIG")
        content = bytearray(path.read_bytes())
        at = content.index(field) + (4 if container == "AIFF" else 8)
        content[at : at + 4] = struct.pack(">I", size)
        path.write_bytes(content)
        np.testing.assert_allclose(read_take(path), without_rumble(tap), atol=2**-14)


def test_wav_truncated_behind_much_text(tmp_path: Path, tap: NDArray) -> None:
    # It fills the log in which libsndfile would say so.
    text = chunk(b"LIST", b"INFO" + 30 * chunk(b"ICMT", 200 * b"x"))
    path = tmp_path / "tap.wav"
    path.write_bytes(wav(tap, before=text)[:-1234])
    with soundfile.SoundFile(path) as file:
        assert "data" not in file.extra_info
    assert (
        reason_against(path) == "truncated: at least 1234 bytes are missing at its end"
    )


def test_flac_truncated(tmp_path: Path, tap: NDArray) -> None:
    path = tmp_path / "whole.flac"
    soundfile.write(path, tap, SR)
    whole = path.read_bytes()
    for cut in [*range(1, 100, 7), *range(100, len(whole), 997), len(whole) - 1]:
        path = tmp_path / f"{cut}.flac"
        path.write_bytes(whole[:cut])
        for duration in (None, 0.5, 3.0):
            assert reason_against(path, duration=duration)


@pytest.mark.skipif(
    "MP3" not in soundfile.available_formats(), reason="this libsndfile lacks MP3"
)
def test_mp3_truncated(tmp_path: Path) -> None:
    path = tmp_path / "tap.mp3"
    soundfile.write(path, make_tap(np.random.default_rng(0), seconds=2.0), SR)
    assert len(read_take(path)) == 2 * SR
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    # libsndfile gives what it finds without an error.
    assert re.fullmatch(
        r"truncated: \d{5} of 88200 samples could be read", reason_against(path)
    )


def test_flac_that_does_not_know_its_length(tmp_path: Path, tap: NDArray) -> None:
    path = tmp_path / "piped.flac"
    soundfile.write(path, tap, SR)
    content = bytearray(path.read_bytes())
    # The last 36 bits of bytes 18 to 25 are the number of samples; 0: not known.
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    for duration in (None, 0.1, 3.0):
        assert "does not say how long" in reason_against(path, duration=duration)


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_no_samples(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "none.wav"
    soundfile.write(path, np.zeros(0), SR, subtype=subtype)
    assert reason_against(path) == "holds no samples"


def test_no_samples_but_a_chunk_after_them(tmp_path: Path) -> None:
    path = tmp_path / "none.wav"
    path.write_bytes(wav(np.zeros(0), after=chunk(b"LIST", b"INFO" * 50)))
    assert reason_against(path) == "holds no samples"


def test_too_short_to_resample(tmp_path: Path) -> None:
    path = tmp_path / "one.wav"
    soundfile.write(path, [0.5], 96000)
    for duration in (None, 1.0):
        assert "too short" in reason_against(path, duration=duration)


@pytest.mark.parametrize("channels", [1, 2])
def test_all_zero(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "zero.wav"
    soundfile.write(path, np.zeros((SR, channels)), SR)
    assert reason_against(path) == "all samples are zero"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("rate", [44100, 48000])
def test_not_finite(
    tmp_path: Path, tap: NDArray, bad: float, subtype: str, rate: int
) -> None:
    tap[500] = bad
    path = tmp_path / "bad.wav"
    soundfile.write(path, tap, rate, subtype=subtype)
    assert reason_against(path) == "holds samples that are NaN or infinite"


def test_infinities_that_cancel_without_a_warning(tmp_path: Path, tap: NDArray) -> None:
    stereo = np.c_[tap, tap]
    stereo[500] = [np.inf, -np.inf]
    path = tmp_path / "bad.wav"
    soundfile.write(path, stereo, SR, subtype="FLOAT")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reason_against(path) == "holds samples that are NaN or infinite"


# ---------------------------------------------------------------- channels, formats


def test_channels_are_averaged(tmp_path: Path, tap: NDArray) -> None:
    three = np.c_[tap, 0.5 * tap, np.zeros_like(tap)]
    path = tmp_path / "three.wav"
    soundfile.write(path, three, SR, subtype="FLOAT")
    np.testing.assert_allclose(read_take(path), 0.5 * without_rumble(tap), atol=1e-6)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("residue", [0.0, 1e-5])
def test_channels_out_of_phase(
    tmp_path: Path, tap: NDArray, subtype: str, residue: float
) -> None:
    # Two converters never round alike: what is left is not exactly zero.
    noise = residue * np.random.default_rng(0).normal(size=len(tap))
    path = tmp_path / "phase.wav"
    soundfile.write(path, np.c_[tap, noise - tap], SR, subtype=subtype)
    for duration in (None, 0.25):
        reason = reason_against(path, duration=duration)
        assert reason == "its channels cancel each other out"


@pytest.mark.parametrize("rate", [44100, 48000])
def test_channels_out_of_phase_where_it_is_quiet(tmp_path: Path, rate: int) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, size=2 * rate)
    # Where it is loudest is what counts.
    noise[:rate] /= 2
    other = np.where(np.arange(2 * rate) < rate, -noise, noise)
    path = tmp_path / "phase.wav"
    soundfile.write(path, np.c_[noise, other], rate)
    assert read_take(path).any()


@pytest.mark.parametrize("offset", [0.0, 0.3])
@pytest.mark.parametrize(
    ("mixed", "cancel"),
    [
        ([[1], [-0.9]], True),
        ([[1], [-1.05]], True),
        ([[1], [-0.99], [1], [-1.02]], True),
        ([[1], [-0.5]], False),
        ([[1], [0]], False),
        ([[1], [0], [0], [0], [0], [0], [0], [0]], False),
        ([[1, 0], [0, 1]], False),
        ([[1, 0], [0, -1]], False),
    ],
    ids=str,
)
def test_how_far_channels_may_be_out_of_phase(
    tmp_path: Path, mixed: list[list[float]], cancel: bool, offset: float
) -> None:
    """Noises that differ, dead channels, and an offset do not matter."""
    rng = np.random.default_rng(0)
    taps = [make_tap(rng, seconds=0.5, onset=0.1) for _ in mixed[0]]
    channels = offset + np.array(mixed) @ np.array(taps)
    path = tmp_path / "phase.wav"
    soundfile.write(path, channels.T, SR, subtype="FLOAT")
    if cancel:
        assert reason_against(path) == "its channels cancel each other out"
    else:
        read_take(path)


@pytest.mark.parametrize("delay", [1, 7, 20, 100])
def test_channels_that_come_one_after_the_other_are_fine(
    tmp_path: Path, delay: int
) -> None:
    tap = make_tap(np.random.default_rng(0), seconds=0.5, onset=0.1)
    path = tmp_path / "far.wav"
    soundfile.write(path, np.c_[tap, np.roll(tap, delay)], SR)
    read_take(path)


@pytest.mark.parametrize(
    ("subtype", "tolerance"),
    [
        ("PCM_U8", 2**-7),
        ("PCM_16", 2**-15),
        ("PCM_24", 2**-23),
        ("PCM_32", 2**-23),
        ("FLOAT", 0),
        ("DOUBLE", 0),
    ],
)
def test_sample_formats(
    tmp_path: Path, tap: NDArray, subtype: str, tolerance: float
) -> None:
    path = tmp_path / "tap.wav"
    soundfile.write(path, tap, SR, subtype=subtype)
    waveform = read_take(path)
    assert waveform.dtype == np.float32
    np.testing.assert_allclose(waveform, without_rumble(tap), rtol=0, atol=tolerance)


@pytest.mark.parametrize("suffix", ["flac", "ogg", "aiff"])
def test_other_containers(tmp_path: Path, tap: NDArray, suffix: str) -> None:
    path = tmp_path / f"tap.{suffix}"
    soundfile.write(path, tap, SR)
    waveform = read_take(path)
    assert waveform.shape == tap.shape
    # Vorbis keeps the sound, not the samples.
    assert np.corrcoef(waveform, tap)[0, 1] > 0.99


def test_float_files_beyond_full_scale_are_not_clipped(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    tap = 6 * make_tap(np.random.default_rng(0), seconds=0.5, onset=0.1)
    soundfile.write(path, tap, SR, subtype="FLOAT")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(read_take(path), without_rumble(tap))
    assert np.abs(tap).max() > 2


LIST = chunk(b"LIST", b"INFO" + chunk(b"ISFT", b"a recorder\0"))
ODD = chunk(b"note", b"odd")


@pytest.mark.parametrize(
    ("before", "after"),
    [(LIST, b""), (b"", LIST), (LIST, LIST), (ODD, b""), (b"", ODD), (ODD + LIST, ODD)],
    ids=["before", "after", "around", "odd before", "odd after", "mixed"],
)
def test_extra_chunks(
    tmp_path: Path, tap: NDArray, before: bytes, after: bytes
) -> None:
    path = tmp_path / "tap.wav"
    path.write_bytes(wav(tap, before=before, after=after))
    np.testing.assert_allclose(read_take(path), without_rumble(tap), atol=2**-14)

    # A cut in what comes after the samples costs nothing of the sound.
    path.write_bytes(wav(tap, before=before, after=after)[: -1 if after else None])
    assert len(read_take(path)) == len(tap)


@pytest.mark.parametrize("n_samples", [1001, 1002])
def test_odd_number_of_sample_bytes(tmp_path: Path, n_samples: int) -> None:
    quiet = 0.1 * np.ones(n_samples)
    path = tmp_path / "tap.wav"
    soundfile.write(path, quiet, SR, subtype="PCM_U8")
    assert len(read_take(path)) == n_samples
    # Whether or not the writer pads an odd number of bytes.
    path.write_bytes(path.read_bytes()[: 44 + n_samples])
    assert len(read_take(path)) == n_samples


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
@pytest.mark.parametrize("riff_size", [0, 36, 0x7FFFF024, 0xFFFFFFFF])
def test_streaming_sizes(
    tmp_path: Path, tap: NDArray, size: int, riff_size: int
) -> None:
    path = tmp_path / "piped.wav"
    path.write_bytes(wav(tap, before=LIST, data_size=size, riff_size=riff_size))
    np.testing.assert_allclose(read_take(path), without_rumble(tap), atol=2**-14)


# ---------------------------------------------------------------- rate and length


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 96000])
def test_sine_stays_where_it_is(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "sine.wav"
    sine = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    soundfile.write(path, sine, rate, subtype="FLOAT")
    waveform = read_take(path)
    assert waveform.shape == (SR,)
    # A window of one second, so that bin k is k Hz; Hann halves the amplitude.
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(SR))) / (SR / 4)
    assert np.argmax(spectrum) == 1000
    assert spectrum[1000] == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("rate", [8000, 96000])
@pytest.mark.parametrize("duration", [None, 0.6])
def test_resampling_agrees_with_librosa(
    tmp_path: Path, rate: int, duration: float | None
) -> None:
    path = tmp_path / "tap.wav"
    tap = make_tap(np.random.default_rng(0), seconds=1.0, onset=0.1, sr=rate)
    soundfile.write(path, tap, rate, subtype="FLOAT")
    # Of the whole: a resampler's filter at the cut must know what comes after it.
    quiet = without_rumble(tap, rate)
    expected = librosa.resample(quiet, orig_sr=rate, target_sr=SR)
    if duration is None:
        assert len(read_take(path)) == SR
        np.testing.assert_allclose(read_take(path), expected, atol=1e-6)
    else:
        waveform = read_take(path, duration=duration)
        np.testing.assert_allclose(waveform, expected[: len(waveform)], atol=1e-6)


def test_all_of_a_file_counts(tmp_path: Path, tap: NDArray) -> None:
    tap[round(0.3 * SR) + 1 :] = np.nan
    path = tmp_path / "tap.wav"
    soundfile.write(path, tap, SR, subtype="FLOAT")
    reason = reason_against(path, duration=0.3)
    assert reason == "holds samples that are NaN or infinite"


def test_a_short_file_goes_on_after_its_end(tmp_path: Path, tap: NDArray) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, tap, SR, subtype="FLOAT")
    waveform = read_take(path, duration=0.75)
    assert waveform.shape == (round(0.75 * SR),)
    quiet = without_rumble(tap)
    np.testing.assert_array_equal(waveform[: len(tap)], quiet)
    np.testing.assert_array_equal(waveform[len(tap) :][:1000], quiet[:-1001:-1])


def test_exact_length_does_not_warn(tmp_path: Path) -> None:
    paths = []
    for rate in (8000, 11025, 44100, 48000):
        # Half a sample more or less is what rounding leaves.
        paths.append(tmp_path / f"{rate}.wav")
        tap = make_tap(np.random.default_rng(0), seconds=0.4, onset=0.1, sr=rate)
        soundfile.write(paths[-1], tap[: int(np.ceil(0.3337 * rate))], rate)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        waveforms = WavLoader(duration=0.3337).fit_transform(paths)
    assert waveforms.shape == (4, round(0.3337 * SR))


def test_one_warning_for_all_files(tmp_path: Path, tap: NDArray) -> None:
    paths = [tmp_path / f"{i:02}.wav" for i in range(12)]
    for path in paths:
        soundfile.write(path, np.clip(9 * tap, -1, 1), SR)
    with pytest.warns(UserWarning, match="clipped") as caught:
        WavLoader(duration=0.4).fit_transform(paths)
    (message,) = [str(warning.message) for warning in caught]
    assert all(str(path) in message for path in paths[:10])
    assert message.endswith("; and 2 more")


# ---------------------------------------------------------------- names, collections


@pytest.mark.parametrize("name", ["板 5 (左端).wav", "Tür, größer.wav", "a'b;c d.wav"])
def test_unicode_names(tmp_path: Path, tap: NDArray, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, tap, SR, subtype="FLOAT")
    np.testing.assert_array_equal(read_take(path), without_rumble(tap))
    path.write_bytes(b"")
    assert reason_against(path) == "the file is empty"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no names that are not Unicode")
def test_name_in_another_encoding(tmp_path: Path, tap: NDArray) -> None:
    soundfile.write(tmp_path / "tap.wav", tap, SR, subtype="FLOAT")
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    try:
        (tmp_path / "tap.wav").rename(path)
    except OSError:
        pytest.skip("this file system takes no such names")
    np.testing.assert_array_equal(read_take(path), without_rumble(tap))


@pytest.fixture
def three_files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{i}.wav" for i in range(3)]
    for i, path in enumerate(paths):
        tap = make_tap(np.random.default_rng(i), seconds=0.5, onset=0.1)
        soundfile.write(path, tap, SR, subtype="FLOAT")
    return paths


def test_collections_of_paths(three_files: list[Path]) -> None:
    names = [str(path) for path in three_files]
    expected = np.stack([read_take(path, duration=1.0) for path in three_files])
    loader = WavLoader(duration=1.0)
    for paths in (
        three_files,
        names,
        tuple(names),
        np.array(names),
        np.array(names, dtype=object),
        np.array(three_files),
        pd.Series(names, index=[7, 8, 9]),
        pd.Series(three_files),
        pd.Index(names),
    ):
        waveforms = loader.fit_transform(paths)
        assert waveforms.dtype == np.float32
        np.testing.assert_array_equal(waveforms, expected)


@pytest.mark.parametrize("call", ["fit", "transform", "fit_transform"])
def test_a_single_file_is_an_error(three_files: list[Path], call: str) -> None:
    for single in (str(three_files[0]), three_files[0], bytes(three_files[0])):
        with pytest.raises(ValueError, match="expected a list of files"):
            getattr(WavLoader(), call)(single)


@pytest.mark.parametrize("call", ["fit", "transform", "fit_transform"])
@pytest.mark.parametrize("empty", [[], np.array([], dtype=str), pd.Series(dtype=str)])
def test_no_files_are_an_error(call: str, empty: object) -> None:
    with pytest.raises(ValueError, match="the list of paths is empty"):
        getattr(WavLoader(), call)(empty)


def test_what_is_not_a_path_is_an_error(three_files: list[Path]) -> None:
    for wrong in (3.5, None, np.nan, pd.NA, ["a.wav"]):
        with pytest.raises(ValueError, match="expected paths of files, got"):
            WavLoader().fit([three_files[0], wrong])


@pytest.mark.parametrize("call", ["fit", "transform"])
def test_two_dimensions_are_an_error(three_files: list[Path], call: str) -> None:
    # list(frame) would be the names of its columns.
    frame = pd.DataFrame({"path": three_files})
    for wrong in (frame, frame.to_numpy(), np.array("a.wav")):
        with pytest.raises(ValueError, match="one-dimensional"):
            getattr(WavLoader(), call)(wrong)


def test_iterators_are_an_error(three_files: list[Path]) -> None:
    # fit would use them up, and transform find nothing.
    generator: Iterator[Path] = three_files[0].parent.glob("*.wav")
    for iterator in (generator, iter(three_files)):
        with pytest.raises(ValueError, match=r"read only once; sorted\(...\)"):
            WavLoader().fit_transform(iterator)


# ---------------------------------------------------------------- on_error


@pytest.fixture
def mixed_files(tmp_path: Path, three_files: list[Path]) -> list[Path]:
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    cut = tmp_path / "cut.wav"
    cut.write_bytes(three_files[0].read_bytes()[:-1000])
    a, b, c = three_files
    return [a, text, b, tmp_path / "gone.wav", cut, c]


def test_raise_lists_all_bad_files(mixed_files: list[Path]) -> None:
    _, text, _, gone, cut, _ = mixed_files
    with pytest.raises(TakeError) as caught:
        WavLoader().fit_transform(mixed_files)
    assert caught.value.problems == {
        str(text): "cannot be read as audio: Format not recognised.",
        str(gone): "there is no such file",
        str(cut): "truncated: at least 1000 bytes are missing at its end",
    }
    message = str(caught.value)
    assert message.startswith("3 takes cannot be used: ")
    for name, reason in caught.value.problems.items():
        assert f"{name}: {reason}" in message


def test_raise_keeps_all_reasons_where_the_message_cannot() -> None:
    names = [f"gone/{i}.wav" for i in range(200)]
    with pytest.raises(TakeError, match=r"^200 takes .* and 190 more$") as caught:
        WavLoader().fit_transform(names)
    assert list(caught.value.problems) == names


def test_nan_keeps_the_others(mixed_files: list[Path]) -> None:
    good = [0, 2, 5]
    expected = WavLoader(duration=1.0).fit_transform([mixed_files[i] for i in good])
    loader = WavLoader(duration=1.0, on_error="nan")
    with pytest.warns(UserWarning, match="cannot be used") as caught:
        waveforms = loader.fit_transform(mixed_files)
    np.testing.assert_array_equal(waveforms[good], expected)
    assert np.isnan(waveforms[[1, 3, 4]]).all()

    (message,) = [str(warning.message) for warning in caught]
    assert "will score NaN" in message
    for i, path in enumerate(mixed_files):
        assert (str(path) in message) == (i not in good)


def test_nan_goes_through_the_whole_pipeline(mixed_files: list[Path]) -> None:
    pipe = make_pipeline(
        WavLoader(duration=0.5, on_error="nan"),
        LogSpectrogram(),
        TapCrop(),
        Standardizer(),
    )
    with pytest.warns(UserWarning, match="cannot be used"):
        crops = pipe.fit_transform(mixed_files)
    assert crops.shape == (6, 100, 120)
    np.testing.assert_array_equal(
        np.isnan(crops).all(axis=(1, 2)), [False, True, False, True, True, False]
    )
    assert np.isfinite(crops[[0, 2, 5]]).all()


def test_take_error_pickles() -> None:
    error = TakeError({"oak/03.wav": "the file is empty", 4: "holds no tap"})
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is TakeError
        assert again.problems == error.problems
        assert str(again) == str(error)
        assert str(again) == (
            "2 takes cannot be used: oak/03.wav: the file is empty; row 4: holds no tap"
        )


# ---------------------------------------------------------------- as an estimator


def test_is_an_estimator(three_files: list[Path]) -> None:
    loader = WavLoader(sr=22050, duration=0.25, on_error="nan")
    assert loader.get_params() == {"sr": 22050, "duration": 0.25, "on_error": "nan"}
    expected = loader.fit(three_files).transform(three_files)
    for again in (clone(loader), pickle.loads(pickle.dumps(loader))):
        assert again.get_params() == loader.get_params()
        # Stateless: no fit is needed.
        np.testing.assert_array_equal(again.transform(three_files), expected)


@pytest.mark.parametrize(
    "wrong", [{"sr": 0}, {"sr": 44100.5}, {"duration": 0.0}, {"on_error": "ignore"}]
)
def test_wrong_parameters(three_files: list[Path], wrong: dict[str, object]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=f"The '{name}' parameter of WavLoader"):
        WavLoader(**wrong).fit(three_files)


def test_a_header_that_promises_days_of_sound_is_an_error_not_a_crash(tmp_path):
    path = tmp_path / "damaged.flac"
    soundfile.write(path, np.full(1000, 0.1), 44100)
    content = bytearray(path.read_bytes())
    # The 36 bits of STREAMINFO that count the samples (RFC 9639, section 8.2).
    content[21] |= 0x0F
    content[22:26] = b"\xff\xff\xff\xf0"
    path.write_bytes(content)
    with pytest.raises(TakeError, match=r"damaged\.flac: (is too long|truncated)"):
        read_take(path)
