"""What lies in a folder is found, whatever it is called and however it is linked."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phone_files import KINDS, encode

from tapsklearn.datasets import check_takes, find_recordings, load_takes
from tapsklearn.datasets._files import PHONE_SUFFIXES, SOUND_SUFFIXES, UNREAD_SUFFIXES
from tapsklearn.preprocessing import read_take

FORMATS = {
    **dict.fromkeys([".wav", ".wave", ".bwf"], "WAV"),
    **dict.fromkeys([".ogg", ".oga", ".opus"], "OGG"),
    **dict.fromkeys([".mp3", ".mp2", ".mpga"], "MP3"),
    **dict.fromkeys([".aif", ".aiff", ".aifc"], "AIFF"),
    **dict.fromkeys([".au", ".snd"], "AU"),
    **dict.fromkeys([".ircam", ".sf"], "IRCAM"),
    **dict.fromkeys([".nist", ".sph"], "NIST"),
    **dict.fromkeys([".svx", ".8svx"], "SVX"),
    ".flac": "FLAC",
    ".rf64": "RF64",
    ".w64": "W64",
    ".caf": "CAF",
    ".avr": "AVR",
    ".htk": "HTK",
    ".paf": "PAF",
    ".pvf": "PVF",
    ".sds": "SDS",
    ".voc": "VOC",
    ".wve": "WVE",
    ".xi": "XI",
}
# Files of MATLAB and of a sampler are other data; the rest have no header of their own.
NOT_SOUGHT = {"MAT4", "MAT5", "MPC2K", "RAW", "SD2", "WAVEX"}
needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights")


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def relative(root):
    return [
        Path(path).relative_to(root).as_posix() for path, _ in find_recordings(root)
    ]


def test_each_format_of_libsndfile_is_sought():
    assert set(FORMATS) == SOUND_SUFFIXES - PHONE_SUFFIXES
    assert set(FORMATS.values()) == set(soundfile.available_formats()) - NOT_SOUGHT
    assert not SOUND_SUFFIXES & UNREAD_SUFFIXES


@pytest.mark.parametrize("suffix", sorted(FORMATS))
@pytest.mark.parametrize("is_capital", [False, True])
def test_what_can_be_read_is_a_take(tmp_path, suffix, is_capital):
    kind = FORMATS[suffix]
    subtype = {".opus": "OPUS", ".aifc": "FLOAT"}.get(suffix)
    subtype = subtype or {"HTK": "PCM_16"}.get(kind)
    name = f"1{suffix.upper() if is_capital else suffix}"
    (tmp_path / "oak").mkdir()
    sound = 0.3 * np.sin(np.arange(9600) / 9)
    soundfile.write(tmp_path / "oak" / name, sound, 48000, format=kind, subtype=subtype)
    [path] = load_takes(tmp_path, normal="*").paths
    assert path == str(tmp_path / "oak" / name)
    assert relative(tmp_path) == [f"oak/{name}"]
    assert 0.2 < np.abs(read_take(path)).max() < 0.6


# A kind of file for each suffix of phones and cameras.
PHONE_KINDS = {
    **dict.fromkeys([".m4a", ".m4b", ".m4p", ".m4r", ".mp4", ".m4v"], "aac.m4a"),
    **dict.fromkeys([".3gp", ".3gpp", ".3g2", ".3ga"], "amr.3gp"),
    **dict.fromkeys([".mov", ".qt"], "aac.mov"),
    **dict.fromkeys([".aac", ".adts"], "aac.aac"),
    **dict.fromkeys([".amr", ".awb"], "amr.amr"),
    **dict.fromkeys([".wma", ".wmv", ".asf"], "wma2.wma"),
    **dict.fromkeys([".webm", ".weba"], "opus.webm"),
    **dict.fromkeys([".mka", ".mkv"], "aac.mka"),
    **dict.fromkeys([".mpg", ".mpeg"], "mp2.mpg"),
    **dict.fromkeys([".mts", ".m2ts"], "aac.mts"),
    ".alac": "alac.caf",
    ".avi": "mp3.avi",
}


def test_each_suffix_of_a_phone_is_tried():
    assert set(PHONE_KINDS) == PHONE_SUFFIXES


@pytest.mark.parametrize("suffix", sorted(PHONE_KINDS))
@pytest.mark.parametrize("is_capital", [False, True])
def test_what_phones_write_is_a_take(tmp_path, suffix, is_capital):
    name = f"1{suffix.upper() if is_capital else suffix}"
    kind = PHONE_KINDS[suffix]
    (tmp_path / "oak").mkdir()
    touch(tmp_path, f"oak/._{name}")
    sound = 0.3 * np.sin(np.arange(0.2 * KINDS[kind][2]) / 9)
    encode(tmp_path / "oak" / name, sound, kind)
    [path] = load_takes(tmp_path, normal="*").paths
    assert path == str(tmp_path / "oak" / name)
    assert relative(tmp_path) == [f"oak/{name}"]
    assert 0.2 < np.abs(read_take(path)).max() < 0.7


@pytest.mark.parametrize("suffix", sorted(UNREAD_SUFFIXES))
def test_what_cannot_be_read_is_named(tmp_path, suffix):
    touch(tmp_path, "oak/1.wav", f"oak/2{suffix.upper()}")
    message = rf"1 file is not used: oak/2\{suffix.upper()} \(\{suffix} cannot be read"
    with pytest.warns(UserWarning, match=message):
        takes = load_takes(tmp_path, normal="*")
    assert takes.frame["path"].tolist() == ["oak/1.wav"]
    (_, first), (path, problem) = find_recordings(tmp_path)
    assert first == ""
    assert Path(path).name == f"2{suffix.upper()}"
    assert "convert it to WAV" in problem


@pytest.mark.parametrize("kind", ["WAV", "RF64", "FLAC", "OGG", "AIFF", "CAF", "AU"])
@pytest.mark.parametrize("name", ["1", "1.wav.bak", "1.wav ", "1.tmp"])
def test_sound_without_its_suffix_is_named(tmp_path, kind, name):
    (tmp_path / "oak").mkdir()
    soundfile.write(tmp_path / "oak" / "x", np.ones(100) / 2, 44100, format=kind)
    (tmp_path / "oak" / "x").rename(tmp_path / "oak" / name)
    touch(tmp_path, "oak/notes.txt", "oak/picture.jpg")
    [(path, problem)] = find_recordings(tmp_path)
    assert Path(path).name == name
    assert "rename" in problem


@pytest.mark.parametrize("kind", ["aac.m4a", "amr.amr", "amr.3gp"])
def test_sound_of_a_phone_without_its_suffix_is_named(tmp_path, kind):
    encode(tmp_path / "1.bin", np.ones(1000) / 2, kind)
    [(path, problem)] = find_recordings(tmp_path)
    assert Path(path).name == "1.bin"
    assert "rename" in problem


def test_hidden_files_are_passed_over(tmp_path):
    touch(tmp_path, "oak/1.wav", "oak/._1.wav", "oak/.2.m4a", ".trash/1.wav")
    touch(tmp_path, "oak/~$notes.xlsx", "__MACOSX/oak/._1.wav")
    assert relative(tmp_path) == ["oak/1.wav"]


def test_a_folder_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    touch(tmp_path, "ash/1.wav", "ash/locked/2.wav", "oak/1.wav")
    scan = os.scandir

    def refuse(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = dict(find_recordings(tmp_path))
    problem = "the folder cannot be opened (Permission denied)"
    assert found[str(tmp_path / "ash" / "locked")] == problem
    with pytest.warns(UserWarning, match=r"1 file is not used: ash/locked \(the fold"):
        assert len(load_takes(tmp_path, normal="*").paths) == 2


# Links


@pytest.fixture
def boards(tmp_path):
    root = tmp_path / "root"
    touch(root, "ash/1.wav", "oak/1.wav", "oak/2.wav")
    return root


BOARDS = ["ash/1.wav", "oak/1.wav", "oak/2.wav"]


@needs_links
@pytest.mark.parametrize(
    "links",
    [
        {"oak/self": "."},
        {"oak/up": ".."},
        {"self": "."},
        {"a": "a"},
        {"parent": ".."},
        {"ash/one": "../oak", "oak/two": "../ash"},
        {"a": "b", "b": "a"},
        {"oak/self": ".", "oak/again": ".", "ash/up": "..", "ash/oak": "../oak"},
        {"ash/root": "/"},
    ],
    ids=str,
)
def test_loops_of_links(boards, links):
    for link, target in links.items():
        (boards / link).symlink_to(target)
    found = [path for path in relative(boards) if path.endswith(".wav")]
    assert found == BOARDS
    # A link to nothing is named, one that leads back is not.
    dead = [link for link, target in links.items() if link == target or len(link) == 1]
    assert [path for path in relative(boards) if not path.endswith(".wav")] == dead
    frame = check_takes(boards, min_takes=0)
    assert frame["path"][frame["problem"] != "unreadable"].tolist() == dead
    assert not frame["problem"].isin(["folder", "duplicate"]).any()
    if not dead:
        assert load_takes(boards, normal="*").frame["path"].tolist() == BOARDS


@needs_links
def test_a_file_is_found_once_at_its_own_place(boards, tmp_path):
    (boards / "ash/0.wav").symlink_to("../oak/1.wav")
    (boards / "link").symlink_to("oak")
    assert relative(boards) == BOARDS
    # From elsewhere, it is found where the first link to it is.
    elsewhere = tmp_path / "elsewhere"
    touch(elsewhere, "1.wav", "2.wav")
    (boards / "elm").symlink_to(elsewhere)
    (boards / "more").symlink_to(elsewhere)
    (boards / "oak/3.wav").symlink_to(elsewhere / "2.wav")
    # A link from there comes back.
    (elsewhere / "back").symlink_to(boards)
    assert relative(boards) == [*BOARDS[:1], "elm/1.wav", "elm/2.wav", *BOARDS[1:]]


@needs_links
def test_links_to_what_is_hidden_are_followed(tmp_path):
    """git-annex keeps files so."""
    touch(tmp_path, ".git/annex/5e1f", ".git/annex/77ab", ".store/1.wav")
    (tmp_path / "oak").mkdir()
    (tmp_path / "oak/1.wav").symlink_to("../.git/annex/5e1f")
    (tmp_path / "oak/2.wav").symlink_to("../.git/annex/77ab")
    (tmp_path / "ash").symlink_to(".store")
    assert relative(tmp_path) == ["ash/1.wav", "oak/1.wav", "oak/2.wav"]
    assert len(load_takes(tmp_path, normal="*").paths) == 3


@needs_links
def test_one_file_under_two_boards_is_an_error(boards):
    (boards / "ash/2.wav").symlink_to("../oak/2.wav")
    with pytest.raises(ValueError, match=r"ash/2\.wav and oak/2\.wav are one file"):
        load_takes(boards, normal="*")
    (boards / "ash/2.wav").unlink()
    (boards / "elm").symlink_to("oak")
    with pytest.raises(ValueError, match="the folders elm and oak are one"):
        load_takes(boards, normal="*")
    frame = check_takes(boards, min_takes=0)
    assert (frame["problem"] == "folder").sum() == 1


@needs_links
def test_a_link_to_a_take_of_its_board_is_no_further_take(boards):
    (boards / "oak/0.wav").symlink_to("2.wav")
    with pytest.warns(UserWarning, match="1 recording is a copy: oak/0.wav"):
        takes = load_takes(boards, normal="*")
    assert takes.frame["path"].tolist() == BOARDS


@needs_links
def test_takes_csv_that_lists_a_file_and_a_link_to_it(boards):
    (boards / "ash/2.wav").symlink_to("../oak/2.wav")
    (boards / "takes.csv").write_text(
        "path,board,condition\noak/2.wav,oak,normal\nash/2.wav,ash,normal\n"
    )
    message = r"oak/2\.wav \(also as ash/2\.wav\) is listed more than once \(rows 2, 3"
    with pytest.raises(ValueError, match=message):
        load_takes(boards)


@needs_links
def test_links_that_lead_nowhere_are_named(boards):
    (boards / "oak/3.wav").symlink_to("gone.wav")
    (boards / "elm").symlink_to("/nowhere/elm")
    assert dict(find_recordings(boards))[str(boards / "elm")] == (
        "is a link that leads to no file"
    )
    frame = check_takes(boards, min_takes=0)
    assert frame[["path", "problem", "detail"]].to_numpy().tolist()[:2] == [
        ["", "folder", "oak/3.wav is a link that leads to no file"],
        ["elm", "unused", "is a link that leads to no file"],
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(boards):
    os.mkfifo(boards / "oak/3.wav")
    assert dict(find_recordings(boards))[str(boards / "oak/3.wav")] == "is no file"
    with pytest.warns(UserWarning, match=r"oak/3\.wav \(is no file\)"):
        load_takes(boards, normal="*")
