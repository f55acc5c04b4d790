"""Takes out of long recordings: every tap once, whatever is stopped or repeated."""

import csv
import subprocess
import sys
import textwrap
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from sounds import FakeMicrophone, make_taps
from taps import make_tap

from tapsklearn.datasets import load_takes
from tapsklearn.preprocessing import read_take
from tapsklearn.recording import TapTrigger, record_takes, split_takes

SR = 16000
FAST = {"sr": SR, "duration": 0.6, "pre_seconds": 0.1}


def read_index(folder):
    with (folder / "takes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def make_sound(onsets, peaks, *, seconds, seed=0, noise_db=-60.0):
    """Put taps into noise: onsets in seconds, of loudest samples in full scales."""
    rng = np.random.default_rng(seed)
    sound = rng.normal(scale=10 ** (noise_db / 20), size=round(seconds * SR))
    for onset, peak in zip(onsets, peaks, strict=True):
        first = round(onset * SR)
        tap = make_tap(
            rng, seconds=0.4, onset=0.0, sr=SR, noise_db=-np.inf, peak=peak, decay=0.03
        )
        sound[first : first + len(tap)] += tap[: len(sound) - first]
    return sound.astype(np.float32)


def find(sound, sizes=(SR,), **options):
    """Find taps as `split_takes` does, in blocks of these sizes, over and over."""
    trigger = TapTrigger(**{"apart": 0.4, "end_spoilt": True, **FAST, **options})
    trigger.begin_with(sound[: 3 * SR])
    taps, first, number = [], 0, 0
    while first < len(sound):
        size = sizes[number % len(sizes)]
        taps += trigger.feed(sound[first : first + size])
        first, number = first + size, number + 1
    return [*taps, *trigger.finish()]


@given(
    gaps=st.lists(st.floats(0.41, 2.0), min_size=1, max_size=8),
    levels=st.lists(st.floats(-24, -2), min_size=8, max_size=8),
    before=st.floats(0.0, 1.0),
    after=st.floats(0.16, 1.0),
    noise_db=st.floats(-90, -55),
    sizes=st.lists(st.integers(1, 3 * SR), min_size=1, max_size=4),
)
def test_each_tap_is_found_once(gaps, levels, before, after, noise_db, sizes):
    """Wherever taps are, however loud, and wherever blocks end."""
    # A tap in the first 20 ms has nothing to stand out of.
    onsets = 0.02 + before + np.cumsum([0.0, *gaps[:-1]])
    peaks = [10 ** (level / 20) for level in levels[: len(onsets)]]
    sound = make_sound(
        onsets, peaks, seconds=onsets[-1] + after, noise_db=noise_db, seed=len(sizes)
    )
    taps = find(sound, [max(size, 200) for size in sizes])
    assert [tap.flags for tap in taps] == [()] * len(onsets)
    for tap, onset in zip(taps, onsets, strict=True):
        assert abs(tap.onset / SR - onset) < 0.01
    whole = find(sound, [len(sound)])
    assert [tap.onset for tap in taps] == [tap.onset for tap in whole]
    for tap, again in zip(taps, whole, strict=True):
        np.testing.assert_array_equal(tap.waveform, again.waveform)


def test_a_take_ends_before_the_next_tap_and_begins_after_the_last():
    sound = make_sound([1.0, 1.5, 3.0], [0.3] * 3, seconds=4.0)
    first, second, third = find(sound, duration=2.0, pre_seconds=0.4)
    assert len(first.waveform) == pytest.approx((0.4 + 0.45) * SR, abs=0.02 * SR)
    # Half of the way from the tap before is its own.
    assert len(second.waveform) == pytest.approx((0.25 + 1.45) * SR, abs=0.02 * SR)
    assert len(third.waveform) == pytest.approx(1.4 * SR, abs=0.02 * SR)
    # As far as it is there, a take is the recording, sample by sample.
    start = first.onset - round(0.4 * SR)
    np.testing.assert_array_equal(first.waveform, sound[start:][: len(first.waveform)])


@pytest.mark.parametrize("apart", [0.3, 0.6])
def test_what_strikes_again_too_soon_is_a_second_tap(apart):
    sound = make_sound([1.0, 1.45, 3.0], [0.3] * 3, seconds=4.0)
    flags = [tap.flags for tap in find(sound, apart=apart)]
    assert flags == ([()] * 3 if apart < 0.45 else [("two taps",), ()])


def test_bounces_are_one_tap_with_their_blow():
    sound = make_sound(
        [1.0, 1.25, 1.45, 1.6, 3.0], [0.5, 0.3, 0.2, 0.1, 0.3], seconds=4
    )
    assert [tap.flags for tap in find(sound)] == [("two taps",), ()]


def test_a_rattle_is_no_second_tap():
    """It stays more than 15 dB below the blow, as a file's second tap does not."""
    sound = make_sound([1.0, 1.2, 1.3], [0.5, 0.05, 0.03], seconds=3.0)
    assert [tap.flags for tap in find(sound)] == [()]


def test_a_noise_just_before_a_tap_does_not_hide_it():
    sound = make_sound([1.0, 1.2], [0.02, 0.5], seconds=3.0)
    noise, tap = find(sound)
    assert noise.flags == ("two taps",)
    assert tap.is_good
    assert tap.onset / SR == pytest.approx(1.2, abs=0.01)
    # Nor does one that is too quiet to be a tap.
    sound = make_sound([1.0, 1.2], [0.002, 0.5], seconds=3.0, noise_db=-90)
    assert [tap.flags for tap in find(sound)] == [("quiet",), ()]


def test_taps_without_an_end_are_told_again_and_again():
    onsets = np.arange(1.0, 11.0, 0.25)
    taps = find(make_sound(onsets, [0.3] * len(onsets), seconds=12.0))
    assert {tap.flags for tap in taps} == {("two taps",)}
    assert 5 <= len(taps) <= 12


def test_a_recording_that_begins_or_ends_in_a_tap():
    sound = make_sound([1.0, 2.0, 3.0], [0.3] * 3, seconds=5.0)
    begun = sound[round(1.02 * SR) : round(3.05 * SR)]
    assert [tap.flags for tap in find(begun)] == [("cut",), (), ("cut",)]
    # 0.2 s are enough to be a take.
    *_, last = find(sound[: round(3.2 * SR)])
    assert last.is_good
    assert len(last.waveform) == pytest.approx(0.3 * SR, abs=0.01 * SR)


def test_silence_before_the_noise_is_no_tap():
    noise = make_sound([], [], seconds=2.0, noise_db=-50)
    zeros = np.zeros(2 * SR, dtype=np.float32)
    assert find(np.concatenate([zeros[:4000], noise, zeros, noise])) == []


@pytest.mark.parametrize("every", [0.45, 1.3, 4.0])
def test_the_microphone_gives_the_same_takes(tmp_path, every):
    """Bit by bit, also of what is left out."""
    sound, onsets = make_taps(12, every=every)
    sound[onsets[3] :][:4000] = np.clip(9 * sound[onsets[3] :][:4000], -1, 1)
    sound[onsets[5] :][:9000] /= 99
    sound[onsets[7] + 7000 :][:9000] += sound[onsets[8] :][:9000] / 2
    # As a file holds it.
    soundfile.write(tmp_path / "long.wav", sound, 48000)
    sound, _ = soundfile.read(tmp_path / "long.wav", dtype="float32")
    # A microphone goes on, where a file ends.
    sound = np.concatenate([sound, sound[:20000]])
    soundfile.write(tmp_path / "long.wav", sound, 48000, "FLOAT")
    told = []
    record_takes(
        *(tmp_path / "by microphone", "oak", 99),
        microphone=FakeMicrophone(np.concatenate([sound, np.zeros(200000, "f4")])),
        on_tap=lambda tap, path: told.append((tap.flags, path and path.name)),
    )
    (split,) = split_takes(tmp_path / "long.wav", tmp_path / "by file", "oak")
    assert [(tap.flags, tap.path and tap.path.name) for tap in split.taps] == told
    # The fast one's next tap comes too soon after what struck twice.
    assert len([path for _, path in told if path]) == (9 if every > 0.5 else 8)
    for path in sorted((tmp_path / "by microphone/oak").iterdir())[:-1]:
        other = tmp_path / "by file/oak" / path.name
        assert path.read_bytes() == other.read_bytes()


@pytest.fixture
def long(tmp_path):
    path = tmp_path / "long.wav"
    onsets = np.arange(0.5, 6.0, 0.7)
    soundfile.write(path, make_sound(onsets, [0.3] * len(onsets), seconds=6.6), SR)
    return path


def test_a_rerun_writes_nothing_twice(tmp_path, long):
    folder = tmp_path / "taps"
    (first,) = split_takes(long, folder, "oak", **FAST)
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    # Under another name too.
    copy = long.with_name("copy.wav")
    copy.write_bytes(long.read_bytes())
    for again in split_takes([long, copy], folder, "oak", **FAST):
        assert [tap.path for tap in again.taps] == [tap.path for tap in first.taps]
        assert not any(tap.is_new for tap in again.taps)
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before
    rows = read_index(folder)
    assert {row["source"] for row in rows} == {"long.wav"}
    assert [float(row["onset"]) for row in rows] == pytest.approx(
        np.arange(0.5, 6.0, 0.7), abs=0.01
    )


def test_a_recording_that_has_grown_gives_what_is_new(tmp_path, long):
    folder = tmp_path / "taps"
    whole = long.read_bytes()
    sound, _ = soundfile.read(long, dtype="float32")
    soundfile.write(long, sound[: 3 * SR], SR)
    (first,) = split_takes(long, folder, "oak", **FAST)
    long.write_bytes(whole)
    (again,) = split_takes(long, folder, "oak", **FAST)
    n_first = len([tap for tap in first.taps if tap.path])
    assert [tap.is_new for tap in again.taps] == [
        number >= n_first for number in range(len(again.taps))
    ]
    assert len(load_takes(folder).paths) == len(again.taps) == 8


def test_another_recording_of_the_same_name(tmp_path, long):
    folder = tmp_path / "taps"
    split_takes(long, folder, "oak", **FAST)
    other = tmp_path / "other" / long.name
    other.parent.mkdir()
    sound = make_sound([0.5, 1.2], [0.3] * 2, seconds=2.0, seed=1)
    soundfile.write(other, sound, SR)
    (split,) = split_takes(other, folder, "oak", **FAST)
    assert [tap.is_new for tap in split.taps] == [True, True]
    assert len(load_takes(folder).paths) == 10


def test_a_board_that_macos_spells_otherwise(tmp_path, long):
    """Its letters with marks in two parts: it is the same board."""
    folder = tmp_path / "taps"
    names = [unicodedata.normalize(form, "Tür が") for form in ("NFC", "NFD")]
    for name in (*names, *names[::-1]):
        (split,) = split_takes(long, folder, name, **FAST)
        assert len([tap for tap in split.taps if tap.path]) == 8
    assert len(load_takes(folder).paths) == len(list(folder.glob("*/*.wav"))) == 8
    # Where somebody has made the folder on macOS, it stays that.
    (folder / "mac").mkdir()
    (folder / "mac" / names[1]).mkdir()
    (folder / "mac" / "takes.csv").write_text(
        f"path,board,condition\n{names[1]}/00.wav,{names[1]},normal\n"
    )
    split_takes(long, folder / "mac", names[0], **FAST)
    assert [path.name for path in (folder / "mac").iterdir() if path.is_dir()] == [
        names[1]
    ]


@pytest.mark.parametrize("name", ["con", "NUL", "aux.1", "LPT9", "com² .x"])
def test_names_that_windows_opens_devices_by(tmp_path, long, name):
    split_takes(long, tmp_path / "taps", name, **FAST)
    (folder,) = [path for path in (tmp_path / "taps").iterdir() if path.is_dir()]
    assert folder.name == f"_{name}"
    assert set(load_takes(tmp_path / "taps").board) == {name}


def test_boards_that_share_a_folder(tmp_path, long):
    """As Oak and oak do on Windows and macOS: no take is written over."""
    folder = tmp_path / "taps"
    split_takes(long, folder, "oak?", **FAST)
    sound, _ = soundfile.read(long, dtype="float32")
    soundfile.write(long, np.concatenate([sound[SR:], sound]), SR)
    split_takes(long, folder, "oak*", **FAST)
    assert len(list((folder / "oak_").iterdir())) == 8 + 15
    assert len(load_takes(folder).paths) == 8 + 15


def test_recordings_that_begin_alike(tmp_path, long):
    """As those of a program do: the same noise, and other taps in it."""
    folder = tmp_path / "taps"
    split_takes(long, folder, "oak", **FAST)
    other = tmp_path / "other.wav"
    sound, _ = soundfile.read(long, dtype="float32")
    sound[round(0.45 * SR) :] /= 2
    soundfile.write(other, sound, SR)
    (split,) = split_takes(other, folder, "oak", **FAST)
    assert [tap.is_new for tap in split.taps] == [True] * 8


def test_a_recording_of_another_board_already(tmp_path, long):
    folder = tmp_path / "taps"
    split_takes(long, folder, "oak", **FAST)
    (split,) = split_takes(long, folder, "ash", **FAST)
    assert split.problem.startswith("its takes are listed for board 'oak' already")
    assert set(load_takes(folder).board) == {"oak"}


def test_a_take_that_was_not_yet_listed_is_listed(tmp_path, long):
    """It was written when the power went."""
    folder = tmp_path / "taps"
    split_takes(long, folder, "oak", **FAST)
    content = (folder / "takes.csv").read_text()
    *lines, _ = content.splitlines(keepends=True)
    (folder / "takes.csv").write_text("".join(lines))
    split_takes(long, folder, "oak", **FAST)
    assert len(list((folder / "oak").iterdir())) == 8
    assert len(load_takes(folder).paths) == 8


def test_an_older_table_gets_the_columns_and_keeps_its_own(tmp_path, long):
    folder = tmp_path / "taps"
    folder.mkdir()
    text = '\ufeffpath,board,"my\nnote",condition\r\na.wav,ash,x,normal\r\n'
    text += "b.wav,ash,,normal"
    (folder / "takes.csv").write_bytes(text.encode())
    options = {"condition": "abnormal", "kind": "crack", "session": "May"}
    split_takes(long, folder, "oak", **FAST, **options)
    after = (folder / "takes.csv").read_bytes().decode()
    head, _, rows = text.partition("condition\r\n")
    more = "condition,kind,session,source,source_id,onset\r\n"
    assert after.startswith(head + more + rows + "\noak/00.wav,oak,,abnormal,crack,May")
    # Whoever does not name the kind means the same.
    (again,) = split_takes(long, folder, "oak", **FAST, condition="abnormal")
    assert not any(tap.is_new for tap in again.taps)
    for name in ("a.wav", "b.wav"):
        soundfile.write(folder / name, make_sound([0.5], [0.3], seconds=1.0), SR)
    takes = load_takes(folder)
    assert takes.truth.kinds == {"oak": "crack"}
    assert takes.truth.sessions["oak"] == "May"


def test_what_another_recorder_adds_while_columns_are_added(
    tmp_path, long, monkeypatch
):
    from tapsklearn import _growing_table

    folder = tmp_path / "taps"
    folder.mkdir()
    table = folder / "takes.csv"
    table.write_text("path,board,condition\n")

    def write_late(path, content):
        with path.open("a") as file:
            file.write("a.wav,ash,normal\n")
        write_whole(path, content)

    write_whole = _growing_table.write_whole
    monkeypatch.setattr(_growing_table, "write_whole", write_late)
    split_takes(long, folder, "oak", **FAST)
    assert [row["board"] for row in read_index(folder)] == ["ash", *["oak"] * 8]


def test_kind_and_session_of_what_is_recorded(tmp_path):
    microphone = FakeMicrophone(make_taps(3, every=0.7)[0])
    record_takes(
        *(tmp_path, "oak", 1),
        condition="abnormal",
        kind="crack",
        session="2026-05-01",
        microphone=microphone,
        duration=0.5,
        pre_seconds=0.1,
    )
    truth = load_takes(tmp_path).truth
    assert (truth.kinds, truth.sessions) == ({"oak": "crack"}, {"oak": "2026-05-01"})
    with pytest.raises(ValueError, match="kind 'crack' there, not 'hole'"):
        record_takes(tmp_path, "oak", condition="abnormal", kind="hole")
    with pytest.raises(ValueError, match="kind='hole': a normal board"):
        record_takes(tmp_path, "ash", kind="hole")


def test_a_recording_that_was_cut_off(tmp_path, long):
    """What is there is split, and the damage is told."""
    content = long.read_bytes()
    long.write_bytes(content[: len(content) // 2])
    (split,) = split_takes(long, tmp_path / "taps", "oak", **FAST)
    assert split.problem.startswith("truncated: at least")
    assert len([tap for tap in split.taps if tap.path]) == 4
    assert split.seconds == pytest.approx(3.3, abs=0.01)


def test_recordings_that_cannot_be_read(tmp_path, long):
    folder = tmp_path / "taps"
    (tmp_path / "empty.wav").touch()
    stereo, _ = soundfile.read(long, dtype="float32")
    stereo = np.stack([stereo, -0.97 * stereo], axis=1)
    soundfile.write(tmp_path / "inverted.wav", stereo, SR, "FLOAT")
    names = ["missing.wav", "empty.wav", "inverted.wav", long.name]
    results = split_takes([tmp_path / name for name in names], folder, "oak", **FAST)
    assert [result.problem for result in results] == [
        "there is no such file",
        "the file is empty",
        "its channels cancel each other out",
        "",
    ]
    assert len(load_takes(folder).paths) == 8


def test_what_is_no_number_leaves_out_its_tap_alone(tmp_path, long):
    sound, _ = soundfile.read(long, dtype="float32")
    sound[round(1.3 * SR)] = np.nan
    sound[round(2.7 * SR)] = 1e20
    soundfile.write(long, sound, SR, "FLOAT")
    (split,) = split_takes(long, tmp_path / "taps", "oak", **FAST)
    assert split.problem == "2 samples are no numbers"
    flags = [tap.flags for tap in split.taps]
    assert flags == [(), ("gap",), (), ("gap",), (), (), (), ()]


def test_one_channel_that_clips(tmp_path):
    """And noise that grows at once, which is told from a tap."""
    sound = make_sound([1.0, 2.0], [0.4, 0.4], seconds=3.0)
    other = np.clip(sound * np.where(np.arange(3 * SR) < 1.5 * SR, 1, 9), -1, 1)
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([sound, other], axis=1), SR)
    (split,) = split_takes(path, tmp_path / "taps", "oak", **FAST)
    assert [tap.flags for tap in split.taps] == [(), ("no tap",), ("clipped",)]


def test_progress_is_told(tmp_path, long):
    done, told = [], []
    split_takes(
        *(long, tmp_path / "taps", "oak"),
        on_block=lambda *progress: done.append(progress),
        on_tap=lambda path, tap: told.append((path, tap.path.exists())),
        **FAST,
    )
    assert done[0][0] == long
    assert done[-1][1:] == (6.6, 6.6)
    assert told == [(long, True)] * 8


def test_a_full_disk_is_no_fault_of_the_recording(tmp_path, long, monkeypatch):
    from tapsklearn.recording import _takes_file

    def fail(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(_takes_file, "write_whole", fail)
    with pytest.raises(OSError, match="No space left") as caught:
        split_takes(long, tmp_path / "taps", "oak", **FAST)
    assert caught.value.filename.endswith("00.wav")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"apart": 0.1}, "apart=0.1"),
        ({"duration": 0.3}, "pre_seconds"),
        ({"sr": 0}, "sr=0"),
        ({"condition": "good"}, "condition="),
    ],
)
def test_wrong_parameters(tmp_path, long, options, named):
    with pytest.raises(ValueError, match=named):
        split_takes(long, tmp_path / "taps", "oak", **options)
    assert not (tmp_path / "taps").exists()


@pytest.mark.parametrize("kind", ["aac.m4a", "opus.webm", "amr.3gp"])
def test_recordings_of_phones(tmp_path, kind):
    phone_files = pytest.importorskip("phone_files", reason="needs the extra phone")
    sr = phone_files.KINDS[kind][2]
    sound, onsets = make_taps(10, every=1.1, sr=sr)
    path = tmp_path / kind
    phone_files.encode(path, sound, kind)
    (split,) = split_takes(path, tmp_path / "taps", "oak")
    assert split.problem == ""
    assert [tap.flags for tap in split.taps] == [()] * 10
    found = [tap.seconds for tap in split.taps]
    assert found == pytest.approx(onsets / sr, abs=0.01)


def test_real_takes_after_each_other(recordings, tmp_path):
    """Hammering on a floor, heard through it: each blow is found once."""
    files = sorted(recordings("hammer-floor").glob("hh_3f01m/*.wav"))
    sound = np.concatenate([read_take(path) for path in files])
    soundfile.write(tmp_path / "long.wav", sound, 44100)
    (split,) = split_takes(tmp_path / "long.wav", tmp_path / "taps", "floor")
    assert len(files) == 20
    assert [int(tap.seconds // 3) for tap in split.taps if tap.path] == [*range(20)]


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_killed_at_any_moment(tmp_path):
    """Fifty times: nothing is lost, nothing is there twice."""
    script = """
    import os, random, signal, sys, time
    from pathlib import Path
    sys.path[:0] = sys.argv[2:]
    import soundfile
    from sounds import make_taps
    from tapsklearn.recording import split_takes
    root = Path(sys.argv[1])
    options = {"sr": 16000, "duration": 0.4, "pre_seconds": 0.1}
    sound, onsets = make_taps(20, every=0.5, sr=16000)
    soundfile.write(root / "long.wav", sound, 16000)
    split_takes(root / "long.wav", root / "never killed", "oak", **options)
    wanted = [path.read_bytes() for path in root.glob("never killed/oak/*")]
    draw = random.Random(0)
    n_folders, announced, kills = 0, set(), 0
    while kills < 50:
        folder = root / str(n_folders)
        receive, send = os.pipe()
        child = os.fork()
        if not child:
            split_takes(
                root / "long.wav", folder, "oak",
                on_tap=lambda _, tap: os.write(send, f"{tap.path}\\n".encode()),
                **options,
            )
            os._exit(0)
        os.close(send)
        time.sleep(draw.uniform(0.01, 0.1))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        kills += os.WIFSIGNALED(status)
        with open(receive) as told:
            announced |= set(told.read().split())
        listed = []
        if (folder / "takes.csv").exists():
            lines = (folder / "takes.csv").read_text().splitlines()[1:]
            listed = [str(folder / line.split(",")[0]) for line in lines]
        assert announced <= set(listed), kills
        assert len(set(listed)) == len(listed)
        if len(listed) < len(wanted):
            continue
        split_takes(root / "long.wav", folder, "oak", **options)
        found = [path.read_bytes() for path in sorted(folder.glob("oak/*.wav"))]
        assert sorted(found) == sorted(wanted), kills
        n_folders, announced = n_folders + 1, set()
    split_takes(root / "long.wav", folder, "oak", **options)
    found = [path.read_bytes() for path in sorted(folder.glob("oak/*.wav"))]
    assert sorted(found) == sorted(wanted)
    print(kills, n_folders, len(wanted))
    """
    here = Path(__file__).parent
    done = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)),
            *(tmp_path, here, here.parent),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    kills, _, n_taps = map(int, done.stdout.split())
    assert (kills, n_taps) == (50, 20)
