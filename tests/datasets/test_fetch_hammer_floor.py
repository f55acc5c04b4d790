"""A public set fetched from a server of the tests' own: GitHub is never reached."""

import csv
import errno
import hashlib
import importlib
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from file_server import serve

from tapsklearn._encode_wav import encode_wav
from tapsklearn.cli import main
from tapsklearn.datasets import FolderError, fetch_hammer_floor, load_takes

MODULE = "tapsklearn.datasets._fetch_hammer_floor"
SR = 44100
# How long each recording is, and when its largest sample comes, in s.
SOURCES = {
    ("hh_a", 0): (8.0, 4.0),
    ("hh_a", 1): (8.0, 0.2),
    ("hh_b", 0): (8.0, 7.9),
    ("hd_a", 0): (1.0, 0.5),
    ("mb_a", 0): (3.0, 1.5),
}
HEADS = ["board", "take", "condition", "path", "bytes", "sha256"]


def make_source(number, seconds, loudest):
    """Make a recording in stereo whose loudest channel is not its loudest mean."""
    rng = np.random.default_rng(number)
    sound = rng.uniform(-0.1, 0.1, (round(seconds * SR), 2))
    sound[round(loudest * SR)] = -0.5, -0.6
    sound[len(sound) // 3] = 0.9, -0.9
    return sound


def write_list(path, sources):
    """Write the list of a set, as the package holds it."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADS)
        for (board, take), (source, content) in sources.items():
            condition = "normal" if board.startswith("hh") else "abnormal"
            digest = hashlib.sha256(content).hexdigest()
            rows.writerow([board, take, condition, source, len(content), digest])
    return path


@pytest.fixture(scope="module")
def sources():
    return {
        (board, take): (
            f"audio/{board}/{take}.wav",
            encode_wav(make_source(number, *what), SR),
        )
        for number, ((board, take), what) in enumerate(SOURCES.items())
    }


@pytest.fixture
def server(sources, tmp_path, monkeypatch):
    """A server of a small set that is fetched in place of the real one."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    listed = write_list(tmp_path / "list.csv", sources)
    monkeypatch.setattr(importlib.import_module(MODULE), "_LIST", str(listed))
    with serve({f"/copy/{path}": content for path, content in sources.values()}) as one:
        one.base_url = f"{one.address}/copy"
        yield one


@pytest.fixture
def fetch(server, tmp_path):
    def fetch(**params):
        params = {"delay": 0, "base_url": server.base_url} | params
        return fetch_hammer_floor(tmp_path / "set", **params)

    return fetch


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "set"


def sounds_in(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.glob("[!.]*/*.wav")
    )


PATHS = ["hh_a/00.wav", "hh_a/01.wav", "hh_b/00.wav", "hd_a/00.wav", "mb_a/00.wav"]


def test_takes_are_cut_as_described(fetch, folder, server):
    takes = fetch()
    assert takes.frame["path"].tolist() == PATHS
    assert takes.normal_boards == ["hh_a", "hh_b"]
    assert takes.truth.kinds == {"hd_a": "dropped hammer", "mb_a": "dropped ball"}
    assert takes.frame["take"].tolist() == [0, 1, 0, 0, 0]
    for number, (path, (seconds, loudest)) in enumerate(
        zip(takes.paths, SOURCES.values(), strict=True)
    ):
        source = make_source(number, seconds, loudest).mean(axis=1)
        begin = max(0.0, min(loudest - 1, seconds - 3))
        part = source[round(begin * SR) : round((begin + 3) * SR)]
        expected = np.zeros(3 * SR)
        expected[: len(part)] = part
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype) == (SR, 1, "PCM_16")
        take, _ = soundfile.read(path)
        assert np.abs(take - expected).max() < 2 / 2**15
    assert sorted(path.name for path in folder.iterdir()) == [
        *("hd_a", "hh_a", "hh_b", "mb_a", "takes.csv")
    ]
    assert len(server.asked) == len(PATHS)


def test_what_is_there_is_not_fetched_again(fetch, folder, server):
    fetch()
    server.asked.clear()
    (folder / "takes.csv").write_text(
        (folder / "takes.csv").read_text().replace("kind", "my_kind")
    )
    (folder / "notes.txt").write_text("mine")
    takes = fetch(download_if_missing=False)
    assert "my_kind" in takes.frame
    assert not server.asked
    # Neither is half a take, nor a take that is gone, taken for one.
    whole = (folder / PATHS[0]).read_bytes()
    (folder / PATHS[0]).write_bytes(whole[:1000])
    (folder / PATHS[3]).unlink()
    with pytest.raises(FileNotFoundError, match="2 of 5 takes are missing"):
        fetch(download_if_missing=False)
    fetch()
    assert server.asked == ["/copy/audio/hh_a/0.wav", "/copy/audio/hd_a/0.wav"]
    assert (folder / PATHS[0]).read_bytes() == whole


def test_an_error_keeps_what_came_before(fetch, folder, server):
    folder.mkdir()
    (folder / "desktop.ini").write_text("put there by the system")
    broken = "/copy/audio/hh_b/0.wav"
    server.trouble[broken] = [404]
    with pytest.raises(ConnectionError, match=r"answers 404.*kept in") as caught:
        fetch()
    # Asked again, the answer would be the same.
    assert server.asked.count(broken) == 1
    assert f"{server.address}{broken}" in str(caught.value)
    assert "--base-url" in str(caught.value)
    assert sounds_in(folder) == PATHS[:2]
    # Without its table, a part is not taken for the whole.
    with pytest.raises(FolderError, match="which boards are normal"):
        load_takes(folder)
    server.asked.clear()
    assert len(fetch().paths) == 5
    assert server.asked == [
        *(broken, "/copy/audio/hd_a/0.wav", "/copy/audio/mb_a/0.wav")
    ]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (500, "the server answers 500"),
        (503, "the server answers 503"),
        (429, "the server answers 429"),
        ("cut", "the connection broke in the middle"),
        ("silent", "the server is silent for 0.2 s"),
        ("wrong", "what came has not the checksum SHA-256 [0-9a-f]{64}"),
    ],
)
def test_a_server_in_trouble_is_tried_again(fetch, folder, server, trouble, reason):
    broken = "/copy/audio/hh_a/1.wav"
    server.trouble[broken] = [trouble] * 5
    with pytest.raises(ConnectionError, match=reason) as caught:
        fetch(n_retries=2, timeout=0.2)
    assert f"{server.address}{broken}" in str(caught.value)
    assert server.asked.count(broken) == 3
    assert sounds_in(folder) == PATHS[:1]
    assert not [path for path in folder.rglob("*") if path.name.startswith("tmp")]
    fetch(n_retries=2, timeout=0.2)
    assert sounds_in(folder) == sorted(PATHS)


def test_redirections_are_followed(fetch, server):
    for path in list(server.files):
        server.trouble[path] = ["redirect"]
    assert len(fetch().paths) == 5


def test_offline(folder, server):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ConnectionError, match=f"{address}/audio.* be reached"):
            fetch_hammer_floor(folder, base_url=address, delay=0)
    assert not sounds_in(folder)


def test_files_fetched_by_a_call_that_was_killed(fetch, folder, server, sources):
    fetched = folder / ".fetched"
    fetched.mkdir(parents=True)
    contents = [content for _, content in sources.values()]
    (fetched / "hh_a-00-0.wav").write_bytes(contents[0])
    (fetched / "hh_a-01-1.wav").write_bytes(contents[1][:5000])
    (fetched / "tmpabc").write_bytes(contents[2][:5000])
    fetch()
    assert "/copy/audio/hh_a/0.wav" not in server.asked
    assert "/copy/audio/hh_a/1.wav" in server.asked
    assert not fetched.exists()


@pytest.mark.parametrize("name", ["oak", "boards.csv", "1.wav", "takes.csv"])
def test_folders_of_other_recordings_are_refused(fetch, folder, server, name):
    folder.mkdir()
    if name == "oak":
        (folder / name).mkdir()
    else:
        (folder / name).write_text("path,board,condition\nx.wav,oak,normal\n")
    before = [*folder.iterdir()]
    with pytest.raises(FolderError, match=f"holds other files .*{name}.*new folder"):
        fetch()
    assert [*folder.iterdir()] == before
    assert not server.asked


def test_what_is_given_is_checked(fetch, folder):
    with pytest.raises(ValueError, match="n_retries=-1"):
        fetch(n_retries=-1)
    folder.write_text("")
    with pytest.raises(FolderError, match="is not a folder"):
        fetch()


def test_the_folder_for_data(server, tmp_path, monkeypatch):
    monkeypatch.setenv("TAPSKLEARN_DATA", str(tmp_path / "data"))
    takes = fetch_hammer_floor(base_url=server.base_url)
    assert Path(takes.paths[0]) == tmp_path / "data" / "hammer-floor" / PATHS[0]


def test_a_file_that_is_no_sound(server, folder, tmp_path):
    server.files["/copy/a.m4a"] = b"no sound"
    write_list(tmp_path / "list.csv", {("hh_a", 0): ("a.m4a", b"no sound")})
    with pytest.raises(OSError, match=r"a\.m4a: "):
        fetch_hammer_floor(folder, base_url=server.base_url)


def test_without_pyav(fetch, server, monkeypatch, capsys, folder):
    module = importlib.import_module(MODULE)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pip install "tapsklearn\[phone\]"'):
        fetch()
    arguments = ["fetch", "hammer-floor", str(folder), "--base-url", server.base_url]
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not server.asked


def test_the_command(server, folder, capsys):
    arguments = ["fetch", "hammer-floor", str(folder), "--base-url", server.base_url]
    server.trouble["/copy/audio/hd_a/0.wav"] = [404]
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith(f"tapsklearn: {server.base_url}/audio/hd_a")
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert f"2 files, 0.7 MB, from {server.base_url}/" in err
    assert "IWAENC" in err
    assert err.endswith(f"5 takes of 4 boards, 2 of them normal; in {folder}\n")


@pytest.fixture
def limit_files():
    """Let no file of this process be longer than some bytes, as on a full disk."""
    resource = pytest.importorskip("resource", reason="files have no limit here")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(n_bytes):
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


# Less than the files that are fetched, or less than the takes.
@pytest.mark.parametrize("n_bytes", [100_000, 200_000])
def test_a_disk_that_takes_no_more(
    server, fetch, folder, capsys, limit_files, n_bytes, tmp_path, sources
):
    first = ("hd_a", 0)
    write_list(tmp_path / "list.csv", {first: sources[first]})
    limit_files(n_bytes)
    arguments = ["fetch", "hammer-floor", str(folder), "--base-url", server.base_url]
    assert main(arguments) == 2
    limit_files(10**9)
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"tapsklearn: {folder}{os.sep}")
    assert last.endswith(os.strerror(errno.EFBIG))
    assert not sounds_in(folder)
    fetch()
    assert sounds_in(folder) == ["hd_a/00.wav"]


RUN = """
import importlib, sys
importlib.import_module("tapsklearn.datasets._fetch_hammer_floor")._LIST = sys.argv[1]
from tapsklearn.datasets import fetch_hammer_floor
fetch_hammer_floor(sys.argv[2], base_url=sys.argv[3])
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9")
@pytest.mark.parametrize("n_kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_kills_lose_nothing(server, fetch, folder, tmp_path, n_kills):
    rng = np.random.default_rng(0)
    arguments = [str(tmp_path / "list.csv"), str(folder), server.base_url]
    n_found = 0
    for kill in range(n_kills):
        server.pause = 0.1
        n_wanted = len(server.asked) + 1 + (kill % 5 == 1)
        process = subprocess.Popen([sys.executable, "-c", RUN, *arguments])
        while len(server.asked) < n_wanted and process.poll() is None:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.2))
        process.kill()
        process.wait()
        found = sounds_in(folder)
        assert all((folder / path).stat().st_size == 264_644 for path in found)
        assert n_found <= len(found)
        n_found = len(found)
        if n_found == len(PATHS):
            break
    assert n_found or n_kills == 2
    server.pause = 0
    fetch()
    killed = {path: (folder / path).read_bytes() for path in [*PATHS, "takes.csv"]}
    assert not list(folder.rglob(".*"))
    folder.rename(tmp_path / "killed")
    server.pause = 0
    fetch()
    assert killed == {path: (folder / path).read_bytes() for path in killed}


def test_the_list_in_the_package(recordings):
    listed = importlib.import_module(MODULE)._read_list()
    assert len(listed) == len({each.source for each in listed}) == 240
    assert all(re.fullmatch("[0-9a-f]{64}", each.sha256) for each in listed)
    takes = load_takes(recordings("hammer-floor"))
    table = takes.frame[["path", "board", "condition", "take"]]
    assert {tuple(row) for row in table.itertuples(index=False)} == {
        (each.path, each.board, each.condition, each.take) for each in listed
    }


def test_real_recordings_become_the_takes_that_are_known(
    recordings, tmp_path, folder, monkeypatch
):
    pytest.importorskip("av", reason="needs PyAV")
    wanted = recordings("hammer-floor")
    phone = wanted.parent.parent / "reference" / "phone"
    found = {path.stem: path for path in phone.glob("*.m4a")}
    if not found:
        pytest.skip("there are no recordings of the phone beside those of the tests")
    module = importlib.import_module(MODULE)
    rows = [HEADS]
    files = {}
    for each in module._read_list():
        name = f"{each.board}-{each.take:02}"
        if name in found:
            rows.append([*each[:6]])
            files[f"/{each.source}"] = found[name].read_bytes()
    assert len(files) == 3
    with (tmp_path / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(module, "_LIST", str(tmp_path / "list.csv"))
    with serve(files) as server:
        takes = fetch_hammer_floor(folder, base_url=server.address)
    for path in takes.frame["path"]:
        got, _ = soundfile.read(folder / path, dtype="int16")
        expected, _ = soundfile.read(wanted / path, dtype="int16")
        assert np.abs(got.astype(int) - expected).max() <= 1
