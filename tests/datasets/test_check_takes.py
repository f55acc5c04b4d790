import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tapsklearn.datasets import FolderError, check_takes
from tapsklearn.preprocessing import _sound

RATE = 44100


def sound(*taps, seconds=2.0, noise=1e-4, rate=RATE, seed=0):
    """Make a take with ringing taps, each a time in seconds and a height."""
    t = np.arange(round(seconds * rate)) / rate
    rng = np.random.default_rng(seed)
    samples = noise * rng.standard_normal(len(t))
    for start, height in taps:
        since = np.clip(t - start, 0, None)
        ringing = np.sin(2 * np.pi * 800 * since) * np.exp(-since * 40)
        samples += height * ringing * (t >= start)
    return samples


def write(root, path, samples, *, rate=RATE, subtype="PCM_16"):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(root / path, samples, rate, subtype=subtype)


def found(root, **options):
    """Check, and return the rows as tuples without the detail."""
    frame = check_takes(root, min_takes=0, **options)
    return list(frame[["path", "board", "problem"]].itertuples(index=False, name=None))


@pytest.fixture
def tap():
    return sound((0.5, 0.5))


def test_nothing_wrong_is_an_empty_frame(tmp_path, tap):
    write(tmp_path, "oak/1.wav", tap)
    frame = check_takes(tmp_path, min_takes=1)
    assert frame.columns.tolist() == ["path", "board", "problem", "detail"]
    assert len(frame) == 0


def test_unreadable_takes_have_their_reason(tmp_path, tap):
    write(tmp_path, "樫/1.wav", tap)
    write(tmp_path, "樫/2.wav", tap)
    whole = (tmp_path / "樫/2.wav").read_bytes()
    (tmp_path / "樫/2.wav").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "樫/3.wav").touch()
    (tmp_path / "樫/4.wav").write_text("not a sound")
    write(
        tmp_path, "樫/5.wav", np.where(tap == tap.max(), np.nan, tap), subtype="FLOAT"
    )
    frame = check_takes(tmp_path, min_takes=0)
    assert frame["path"].tolist() == [f"樫/{i}.wav" for i in (2, 3, 4, 5)]
    assert frame["problem"].unique().tolist() == ["unreadable"]
    assert frame["board"].unique().tolist() == ["樫"]
    for detail, reason in zip(
        frame["detail"], ["truncated", "empty", "audio", "NaN"], strict=True
    ):
        assert reason in detail
        assert "樫" not in detail  # the path has its own column


def test_a_header_that_promises_too_much(tmp_path, tap):
    write(tmp_path, "oak/1.flac", tap)
    data = bytearray((tmp_path / "oak/1.flac").read_bytes())
    # The last 36 bits before the checksum of the first block count the samples.
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    (tmp_path / "oak/1.flac").write_bytes(data)
    assert found(tmp_path) == [("oak/1.flac", "oak", "unreadable")]


def test_silence_is_all_zero_and_quiet_what_its_numbers_resolve_badly(tmp_path, tap):
    tap = tap / np.abs(tap).max()
    write(tmp_path, "oak/1.wav", np.zeros(RATE))
    write(tmp_path, "oak/2.wav", 0.0025 * tap)
    write(tmp_path, "oak/3.wav", 0.0035 * tap)
    write(tmp_path, "oak/4.wav", 0.0008 * tap, subtype="FLOAT")
    write(tmp_path, "oak/5.wav", 0.0008 * tap, subtype="PCM_24")
    write(tmp_path, "oak/6.wav", 0.5 * tap, subtype="PCM_U8")
    assert found(tmp_path) == [
        ("oak/1.wav", "oak", "silent"),
        ("oak/2.wav", "oak", "quiet"),
        ("oak/6.wav", "oak", "quiet"),
    ]
    assert "-52.2 dBFS" in check_takes(tmp_path)["detail"][1]


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("rate", [RATE, 16000])
def test_clipping_in_every_kind_of_file(tmp_path, subtype, rate):
    cut = np.clip(sound((0.5, 4.0), rate=rate), -1, 1)
    write(tmp_path, "oak/1.wav", cut, subtype=subtype, rate=rate)
    write(tmp_path, "oak/2.wav", 0.9 * cut, subtype=subtype, rate=rate)
    assert found(tmp_path) == [("oak/1.wav", "oak", "clipped")]
    assert "0.500 s" in check_takes(tmp_path)["detail"][0]


def test_clipping_of_16_bits_in_a_float_file(tmp_path):
    cut = np.clip(sound((0.5, 4.0)), -0.5, 32767 / 32768)
    write(tmp_path, "oak/1.wav", cut, subtype="FLOAT")
    assert found(tmp_path) == [("oak/1.wav", "oak", "clipped")]


def test_beyond_full_scale_is_not_clipped(tmp_path):
    write(tmp_path, "oak/1.wav", sound((0.5, 4.0)), subtype="FLOAT")
    assert found(tmp_path) == []


@pytest.mark.parametrize(("run", "problems"), [(2, []), (3, ["clipped"])])
@pytest.mark.parametrize("sign", [1, -1])
def test_clipping_takes_three_samples_in_a_row(tmp_path, tap, run, problems, sign):
    tap[22300 : 22300 + run] = sign
    tap[22400 : 22400 + run] = sign
    write(tmp_path, "oak/1.wav", tap)
    assert [problem for _, _, problem in found(tmp_path)] == problems


def test_clipping_in_one_channel(tmp_path, tap):
    cut = np.clip(8 * tap, -1, 1)
    write(tmp_path, "oak/1.wav", np.column_stack([0.1 * tap, cut]))
    assert found(tmp_path) == [("oak/1.wav", "oak", "clipped")]


def test_no_tap(tmp_path):
    write(tmp_path, "oak/1.wav", sound(noise=0.1))
    frame = check_takes(tmp_path, min_takes=0)
    assert frame["problem"].tolist() == ["no tap"]
    assert "10 dB" in frame["detail"][0]


def test_a_tap_late_in_a_long_take_counts(tmp_path):
    write(tmp_path, "oak/1.wav", sound((7.0, 0.5), seconds=8.0))
    assert found(tmp_path) == []


@pytest.mark.parametrize("n_samples", [1, 2, 100, 1023, 2048, 4500, 20000])
def test_short_takes_need_a_tap_too(tmp_path, n_samples, recwarn):
    since = np.arange(n_samples)
    write(tmp_path, "oak/1.wav", 0.1 * np.sin(1 + since / 9))
    # In two milliseconds a sine is as good a tap as any.
    if n_samples != 100:
        assert ("oak/1.wav", "oak", "no tap") in found(tmp_path)
    ringing = 0.9 * np.exp(-5 * since / n_samples) * np.sin(1 + since / 3)
    write(tmp_path, "oak/1.wav", ringing)
    has_tap = n_samples >= RATE / 1000
    expected = "cut" if has_tap else "no tap"
    assert ("oak/1.wav", "oak", expected) in found(tmp_path)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("taps", "flagged"),
    [
        ([(0.5, 0.5), (1.2, 0.4)], True),
        ([(0.0, 0.5), (1.2, 0.4)], True),  # the take begins with the first one
        ([(0.5, 0.12), (1.2, 0.5)], True),  # 12 dB below
        ([(0.5, 0.5), (1.2, 0.06)], False),  # 18 dB below
        ([(0.5, 0.5), (0.55, 0.5)], False),  # 0.05 s apart
        ([(0.5, 0.5)], False),
    ],
)
@pytest.mark.parametrize("rate", [RATE, 22050])
def test_two_taps(tmp_path, taps, flagged, rate):
    write(tmp_path, "oak/1.wav", sound(*taps, rate=rate), rate=rate)
    frame = check_takes(tmp_path, min_takes=0)
    problems = ["two taps"] if flagged else []
    if taps[0][0] == 0:
        problems.append("cut")
    assert frame["problem"].tolist() == problems
    if flagged:
        times = frame["detail"][0].removeprefix("2 taps, at ").removesuffix(" s")
        assert [float(time) for time in times.split(", ")] == pytest.approx(
            [start for start, _ in taps], abs=0.03
        )


def test_ringing_that_swells_is_no_second_tap(tmp_path):
    # Two partials beat: four times a second the sound falls by 6 dB and comes back.
    since = np.arange(2 * RATE) / RATE - 1.2
    beating = np.sin(2 * np.pi * 500 * since) + np.sin(2 * np.pi * 504 * since) / 3
    samples = sound() + 0.3 * beating * np.exp(-2 * since) * (since >= 0)
    write(tmp_path, "oak/1.wav", samples)
    # It rings for longer than it was recorded.
    assert found(tmp_path) == [("", "", "short")]


def test_a_take_that_ends_too_soon(tmp_path, tap):
    for take in range(3):
        write(tmp_path, f"oak/{take}.wav", 0.9**take * tap)
    write(tmp_path, "ash/0.wav", tap[: np.abs(tap).argmax() + 2000])
    problems = found(tmp_path)
    short = [problem for problem in problems if problem[2] == "short"]
    assert short == [("ash/0.wav", "ash", "short")]


def test_a_noise_that_sets_in_is_no_second_tap(tmp_path):
    samples = sound((0.5, 0.5))
    samples[RATE:] += 0.02 * np.random.default_rng(1).standard_normal(RATE)
    write(tmp_path, "oak/1.wav", samples)
    assert found(tmp_path) == []


def test_odd_rate(tmp_path):
    for i, rate in enumerate([48000, 44100, 44100, 16000], start=1):
        write(tmp_path, f"oak/{i}.wav", sound((0.5, 0.5), seed=i), rate=rate)
    frame = check_takes(tmp_path, min_takes=0)
    assert frame["problem"].tolist() == ["odd rate", "odd rate"]
    assert frame["path"].tolist() == ["oak/1.wav", "oak/4.wav"]
    assert frame["detail"][0] == "48000 Hz, where most files have 44100 Hz"


def test_few_takes(tmp_path, tap):
    for i in range(3):
        write(tmp_path, f"1/{i}.wav", sound((0.5, 0.5), seed=1 + i))
    write(tmp_path, "02/0.wav", tap)
    frame = check_takes(tmp_path, min_takes=3)
    assert frame.to_dict("records") == [
        {
            "path": "",
            "board": "02",
            "problem": "few takes",
            "detail": "1 of the 3 takes needed",
        }
    ]
    assert check_takes(tmp_path)["board"].tolist() == ["1", "02"]  # 10 by default


def test_one_take_can_have_several_problems(tmp_path, tap):
    write(tmp_path, "oak/1.wav", tap)
    write(tmp_path, "oak/2.wav", sound((0.5, 0.5), seed=1))
    cut = np.clip(sound((0.5, 4.0), (1.2, 4.0), rate=16000), -1, 1)
    write(tmp_path, "oak/3.wav", cut, rate=16000)
    assert found(tmp_path) == [
        ("oak/3.wav", "oak", "clipped"),
        ("oak/3.wav", "oak", "two taps"),
        ("oak/3.wav", "oak", "odd rate"),
    ]


def test_problems_of_the_folder_and_of_its_takes_together(tmp_path, tap):
    write(tmp_path, "a/1.wav", tap)
    write(tmp_path, "a/2.wav", np.zeros(RATE))
    (tmp_path / "takes.csv").write_text(
        "path,board,condition\n"
        "a/1.wav,oak,normal\n"
        "a/2.wav,oak,abnormal\n"
        "a/3.wav,ash,fine\n"
        "a/2.wav,oak,abnormal\n"
    )
    frame = check_takes(tmp_path, min_takes=1)
    assert frame["problem"].tolist() == ["folder"] * 4 + ["silent", "few takes"]
    assert frame["detail"].tolist()[:4] == [
        "takes.csv: condition 'fine' is not normal or abnormal in row 4",
        "takes.csv: board oak is both normal (row 2) and abnormal (row 3)",
        "takes.csv, row 4: there is no file a/3.wav",
        "takes.csv: a/2.wav is listed more than once (rows 3, 5)",
    ]
    assert frame["path"].tolist() == [""] * 4 + ["a/2.wav", ""]
    assert frame["board"].tolist() == [""] * 4 + ["oak", "ash"]
    assert frame["detail"].tolist()[-1] == "0 of the 1 takes needed"


def test_a_take_without_board_is_still_read(tmp_path):
    write(tmp_path, "a/1.wav", np.zeros(RATE))
    (tmp_path / "takes.csv").write_text("path,board\na/1.wav,\n")
    assert found(tmp_path) == [("", "", "folder"), ("a/1.wav", "", "silent")]


def test_a_table_that_is_none_is_a_problem_not_an_error(tmp_path, tap):
    write(tmp_path, "a/1.wav", tap)
    (tmp_path / "takes.csv").write_bytes(b"\xff\xfe\xff")
    assert found(tmp_path) == [("", "", "folder")]


def test_nothing_has_to_say_what_is_normal(tmp_path, tap):
    write(tmp_path, "oak/1.wav", tap)
    assert found(tmp_path) == []
    (tmp_path / "boards.csv").write_text("board,specimen\noak,A\n")
    assert found(tmp_path) == []
    (tmp_path / "boards.csv").unlink()
    (tmp_path / "takes.csv").write_text("path,board\noak/1.wav,oak\n")
    assert found(tmp_path) == []


def test_a_pattern_that_fits_no_board(tmp_path, tap):
    write(tmp_path, "oak/1.wav", tap)
    assert found(tmp_path, normal="oak") == []
    assert found(tmp_path, normal="elm") == [("", "", "folder")]


def test_a_bar_counts_the_files(tmp_path, tap, capsys, monkeypatch):
    for i in range(3):
        write(tmp_path, f"oak/{i}.wav", tap)
    (tmp_path / "oak/1.wav").write_bytes(b"")
    check_takes(tmp_path)
    assert capsys.readouterr() == ("", "")
    check_takes(tmp_path, verbose=1)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "checking" in shown.err
    assert "3/3" in shown.err


def test_each_file_is_opened_once(tmp_path, tap, monkeypatch):
    for i, samples in enumerate([tap, 0 * tap, 4 * tap]):
        write(tmp_path, f"oak/{i}.wav", samples)
    (tmp_path / "oak/3.wav").write_text("no sound")
    opened = []

    def open_and_count(path, *args, **options):
        opened.append(Path(path).name)
        return Path(path).open(*args, **options)

    monkeypatch.setattr(_sound, "open", open_and_count, raising=False)
    decoded = []
    init = soundfile.SoundFile.__init__
    monkeypatch.setattr(
        soundfile.SoundFile,
        "__init__",
        lambda *a, **k: decoded.append(a[1]) or init(*a, **k),
    )
    assert len(found(tmp_path)) == 3
    assert opened == [f"{i}.wav" for i in range(4)]
    assert len(decoded) == 4


def test_only_a_folder_without_recordings_is_an_error(tmp_path):
    with pytest.raises(FolderError, match="no such folder"):
        check_takes(tmp_path / "none")
    with pytest.raises(FolderError, match="empty"):
        check_takes(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FolderError, match="not a folder"):
        check_takes(tmp_path / "notes.txt")
    with pytest.raises(FolderError, match="no sound files"):
        check_takes(tmp_path)


def test_sound_outside_of_any_board_is_a_problem(tmp_path, tap):
    write(tmp_path, "1.wav", tap)
    assert found(tmp_path) == [("", "", "folder")]


def test_real_recordings(recordings):
    frame = check_takes(recordings("hammer-floor"))
    # Nothing but bounces, of every board where something was dropped, and four
    # hammerings of one place that were hit by a noise later on.
    assert frame["problem"].unique().tolist() == ["two taps"]
    counts = frame["board"].value_counts()
    assert set(counts.index) == {
        "hh_3f06m",
        "hd_3f00m",
        "hd_3f06m",
        "mb_3f00m",
        "mb_3f01m",
    }
    assert counts["hh_3f06m"] == 4
    assert counts.drop("hh_3f06m").between(8, 17).all()


def test_a_name_in_another_encoding_is_checked_like_any_other(tmp_path):
    write(tmp_path, "oak/00.wav", sound((0.5, 0.5)))
    board = tmp_path / "oak"
    try:
        (board / "00.wav").rename(os.fsdecode(os.fsencode(board) + b"/t\xe4p.wav"))
    except OSError:
        pytest.skip("this file system takes no such names")
    assert check_takes(tmp_path, min_takes=1).empty
