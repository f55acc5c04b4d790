"""Nothing that was announced is ever lost."""

import contextlib
import csv
import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import soundfile
from sounds import FakeMicrophone, make_taps

from tapsklearn.cli import main
from tapsklearn.datasets import load_takes
from tapsklearn.recording import MicrophoneError, record_takes

SR = 48000
SHORT = {"duration": 0.5, "pre_seconds": 0.1}


@pytest.fixture(scope="module")
def sound():
    return make_taps(6, every=0.7)[0]


def read_index(folder):
    with (folder / "takes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_takes_are_listed_as_load_takes_reads_them(sound, tmp_path):
    left = []
    written = record_takes(
        *(tmp_path, "oak: left", 2),
        condition="abnormal",
        specimen="oak",
        microphone=FakeMicrophone(sound),
        on_start=left.append,
        **SHORT,
    )
    record_takes(tmp_path, "ash", 1, microphone=FakeMicrophone(sound), **SHORT)
    assert left == [2]
    assert [path.name for path in written] == ["00.wav", "01.wav"]
    takes = load_takes(tmp_path)
    assert list(takes.board) == ["oak: left"] * 2 + ["ash"]
    assert takes.specimens == {"oak: left": "oak", "ash": "ash"}
    assert list(takes.normal_boards) == ["ash"]
    # Recorded at 48 kHz, resampled to what is asked for.
    take, sr = soundfile.read(written[0])
    assert (sr, len(take)) == (44100, 22050)


def test_a_rerun_goes_on_at_the_next_number(sound, tmp_path):
    microphone = FakeMicrophone(sound)
    first = record_takes(tmp_path, "oak", 2, microphone=microphone, sr=SR, **SHORT)
    before = [path.read_bytes() for path in first]
    # One that was written and not listed, when the power went.
    (tmp_path / "oak" / "02.wav").write_bytes(before[0])
    left = []
    more = record_takes(
        *(tmp_path, "oak", 4),
        microphone=microphone,
        on_start=left.append,
        sr=SR,
        **SHORT,
    )
    assert left == [2]
    assert [path.name for path in more] == ["03.wav", "04.wav"]
    assert [path.read_bytes() for path in first] == before
    assert record_takes(tmp_path, "oak", 4, microphone=microphone, **SHORT) == []
    assert [row["path"] for row in read_index(tmp_path)] == [
        f"oak/{name}.wav" for name in ("00", "01", "03", "04")
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes")
@pytest.mark.parametrize(
    "board",
    [
        *(
            "=1+1",
            "01",
            "a,b",
            'say "x"',
            "cr\rname",
            "line\nbreak",
            "👨‍👩‍👧",
            "板の端",
        ),
        os.fsdecode(b"b\xe4d"),
    ],
    ids=ascii,
)
def test_a_board_of_any_name(sound, tmp_path, board):
    microphone = FakeMicrophone(sound)
    record_takes(tmp_path, board, 1, microphone=microphone, sr=SR, **SHORT)
    # The same board goes on.
    record_takes(tmp_path, board, 2, microphone=microphone, sr=SR, **SHORT)
    takes = load_takes(tmp_path)
    assert takes.board.tolist() == [board] * 2
    assert takes.normal_boards == [board]
    assert all(map(os.path.exists, takes.paths))


def test_a_table_whose_heads_are_in_capitals_goes_on(sound, tmp_path):
    (tmp_path / "takes.csv").write_text("Path, Board ,CONDITION\n")
    record_takes(tmp_path, "oak", 1, microphone=FakeMicrophone(sound), **SHORT)
    assert load_takes(tmp_path).board.tolist() == ["oak"]


def test_half_a_line_was_not_announced(sound, tmp_path):
    microphone = FakeMicrophone(sound)
    record_takes(tmp_path, "oak", 1, microphone=microphone, **SHORT)
    with (tmp_path / "takes.csv").open("a") as file:
        file.write("oak/01.wav,oa")
    record_takes(tmp_path, "oak", 2, microphone=microphone, **SHORT)
    assert [row["path"] for row in read_index(tmp_path)] == ["oak/00.wav", "oak/01.wav"]


@pytest.mark.parametrize(
    "half",
    ['oak/01.wav,"oak, le', '"oak, left/01.wav","oak, left",no', "oak/01.wav,\xc3"],
)
def test_half_a_line_is_told_from_a_whole_one(sound, tmp_path, half):
    microphone = FakeMicrophone(sound)
    record_takes(tmp_path, "oak, left", 1, microphone=microphone, **SHORT)
    with (tmp_path / "takes.csv").open("a", encoding="latin1") as file:
        file.write(half)
    record_takes(tmp_path, "oak, left", 2, microphone=microphone, **SHORT)
    assert [(row["path"], row["board"]) for row in read_index(tmp_path)] == [
        (f"oak, left/{name}.wav", "oak, left") for name in ("00", "01")
    ]


def test_two_that_record_into_one_folder(sound, tmp_path):
    """One that starts keeps what the other has listed since it looked."""

    class Late(FakeMicrophone):
        def __iter__(self):
            record_takes(
                tmp_path, "ash", 2, microphone=FakeMicrophone(sound), sr=SR, **SHORT
            )
            yield from super().__iter__()

    record_takes(tmp_path, "oak", 2, microphone=Late(sound), sr=SR, **SHORT)
    assert list(load_takes(tmp_path).board) == ["ash", "ash", "oak", "oak"]


def test_the_number_of_a_take_that_is_gone_is_not_used_again(sound, tmp_path):
    microphone = FakeMicrophone(sound)
    _, last = record_takes(tmp_path, "oak", 2, microphone=microphone, **SHORT)
    last.unlink()
    (path,) = record_takes(tmp_path, "oak", 3, microphone=microphone, **SHORT)
    assert path.name == "02.wav"


@pytest.mark.parametrize("full_at", ["take", "table"])
def test_a_full_disk(tmp_path, monkeypatch, capsys, full_at):
    """One line that names the file, and what was announced is kept."""
    n_written = 0

    def write(descriptor, line):
        nonlocal n_written
        n_written += 1
        # The header and a row fit, and of the next row a part.
        return os_write(descriptor, line if n_written < 3 else line[:7])

    def flush(descriptor):
        nonlocal n_written
        # A take, its folder, and the header and row of the table before.
        n_written += 1
        if n_written > 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    os_write = os.write
    if full_at == "table":
        monkeypatch.setattr(os, "write", write)
    else:
        monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(
        "tapsklearn.recording._record_takes.open_microphone",
        lambda *_: contextlib.nullcontext(FakeMicrophone(make_taps(2, every=4.0)[0])),
    )
    assert main(["record", str(tmp_path), "--board", "oak", "--takes", "2"]) == 2
    saved, said = capsys.readouterr().err.splitlines()
    assert saved.startswith(f"saved {tmp_path / 'oak' / '00.wav'}")
    file = "takes.csv" if full_at == "table" else "oak/01.wav"
    assert said == f"tapsklearn: {tmp_path / file}: No space left on device"
    assert len(load_takes(tmp_path).paths) == 1
    assert not list(tmp_path.rglob(".*"))


def test_a_row_by_hand_without_an_end_is_kept(sound, tmp_path):
    text = "path,board,condition\r\na.wav,ash,normal\r\nb.wav,ash,normal"
    (tmp_path / "takes.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    record_takes(tmp_path, "oak", 1, microphone=FakeMicrophone(sound), **SHORT)
    content = (tmp_path / "takes.csv").read_bytes()
    assert content.decode("utf-8-sig") == text + "\noak/00.wav,oak,normal\n"


def test_an_index_in_another_encoding(sound, tmp_path):
    (tmp_path / "takes.csv").write_bytes(
        "path,board,condition\n\xe4,\xe4,normal\n".encode("latin1")
    )
    with pytest.raises(ValueError, match=r"takes\.csv: is not UTF-8 text"):
        record_takes(tmp_path, "oak", 1, microphone=FakeMicrophone(sound), **SHORT)


def test_an_index_with_other_columns_is_kept(sound, tmp_path):
    (tmp_path / "takes.csv").write_text(
        "board,note,path,condition\nash,x,a.wav,normal\n"
    )
    record_takes(tmp_path, "oak", 1, microphone=FakeMicrophone(sound), **SHORT)
    rows = read_index(tmp_path)
    assert list(rows[0]) == ["board", "note", "path", "condition"]
    assert list(rows[1].values()) == ["oak", "", "oak/00.wav", "normal"]


def test_what_contradicts_the_index(sound, tmp_path):
    microphone = FakeMicrophone(sound)
    record_takes(tmp_path, "oak", 1, microphone=microphone, **SHORT)
    with pytest.raises(ValueError, match="condition 'normal' there"):
        record_takes(
            tmp_path, "oak", 2, condition="abnormal", microphone=microphone, **SHORT
        )
    with pytest.raises(ValueError, match="specimen 'oak' there"):
        record_takes(
            tmp_path, "oak", 2, specimen="tree", microphone=microphone, **SHORT
        )
    with pytest.raises(ValueError, match="condition="):
        record_takes(tmp_path, "elm", condition="good", microphone=microphone)
    with pytest.raises(ValueError, match="must be a name"):
        record_takes(tmp_path, "..", microphone=microphone)
    (tmp_path / "takes.csv").write_text("a,b\n")
    with pytest.raises(ValueError, match=r"takes\.csv: has no column"):
        record_takes(tmp_path, "elm", microphone=microphone)


class Unplugged(FakeMicrophone):
    def __iter__(self):
        yield from super().__iter__()
        raise MicrophoneError("the microphone has given no sound for 2 s")


def test_unplugged_in_the_middle(tmp_path, monkeypatch, capsys):
    sound = make_taps(1, every=4.0)[0]
    monkeypatch.setattr(
        "tapsklearn.recording._record_takes.open_microphone",
        lambda *_: contextlib.nullcontext(Unplugged(sound)),
    )
    code = main(["record", str(tmp_path), "--board", "oak", "--takes", "2"])
    assert code == 1
    out, err = capsys.readouterr()
    assert out == ""
    saved, said = err.splitlines()
    assert saved.startswith(f"saved {tmp_path / 'oak' / '00.wav'}")
    assert said == "tapsklearn: the microphone has given no sound for 2 s"
    assert len(load_takes(tmp_path).paths) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_killed_at_any_moment(tmp_path):
    """Fifty times: what was announced is whole and listed, and nothing is broken."""
    script = """
    import os, random, signal, sys, time
    sys.path[:0] = sys.argv[2:]
    import soundfile
    from sounds import FakeMicrophone, make_taps
    from tapsklearn.datasets import load_takes
    from tapsklearn.recording import record_takes
    folder = sys.argv[1]
    sound, _ = make_taps(40, every=0.7)
    draw = random.Random(0)
    announced = []
    for attempt in range(50):
        receive, send = os.pipe()
        child = os.fork()
        if not child:
            record_takes(
                folder, "oak", 10**6, microphone=FakeMicrophone(sound), sr=48000,
                duration=0.5, pre_seconds=0.1,
                on_tap=lambda tap, path: os.write(send, f"{path}\\n".encode()),
            )
            time.sleep(60)
        os.close(send)
        time.sleep(draw.uniform(0.02, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with open(receive) as told:
            announced += told.read().split()
        if announced:
            takes = load_takes(folder)
            listed = takes.paths
            assert set(announced) <= set(map(str, listed)), attempt
            assert len(set(listed)) == len(listed)
            for path in listed:
                assert soundfile.info(path).frames == 24000
    print(len(announced), len(set(announced)))
    """
    here = Path(__file__).parent
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            textwrap.dedent(script),
            tmp_path,
            here,
            here.parent,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    n_announced, n_different = map(int, done.stdout.split())
    assert n_announced == n_different > 50
