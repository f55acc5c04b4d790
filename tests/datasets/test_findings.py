"""What does not keep a folder from being used is named once."""

import os
import sys
import unicodedata
import warnings

import numpy as np
import pytest
import soundfile

from tapsklearn.datasets import FolderError, _findings, check_takes, load_takes

RATE = 8000


def write(root, *paths, seed=None):
    """Write sounds, each another one without a seed."""
    for place, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng([place, *path.encode()] if seed is None else seed)
        since = np.arange(800) - 200
        tap = 0.01 + 0.3 * np.exp(-np.maximum(since, 0) / 80) * (since >= 0)
        sound = np.sin(0.4 * np.arange(800)) + 0.05 * rng.uniform(-1, 1, 800)
        soundfile.write(root / path, tap * sound, RATE)


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def found(root, **params):
    frame = check_takes(root, min_takes=0, **params)
    return list(frame[["path", "board", "problem"]].itertuples(index=False, name=None))


def warned(root, **params):
    """Load, and return what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_takes(root, **params)
    prefix = f"{root}: "
    assert all(str(each.message).startswith(prefix) for each in caught)
    return [str(each.message).removeprefix(prefix) for each in caught]


def problems_of(root, **params):
    with pytest.raises(FolderError) as caught:
        load_takes(root, **params)
    return caught.value.problems


# Seen and not used


def test_each_recording_that_is_not_used_is_named_once(tmp_path):
    write(tmp_path, "ash/1.wav", "ash/old/2.wav", "ash/old/older/3.flac", "oak/1.wav")
    touch(tmp_path, "ash/4.ds2", "oak/5.MSV", "phone/6.vox", "7.ogv", "oak/notes.txt")
    expected = [
        ("7.ogv", "", "unused"),
        ("ash/4.ds2", "ash", "unused"),
        ("ash/old/2.wav", "ash", "unused"),
        ("ash/old/older/3.flac", "ash", "unused"),
        ("oak/5.MSV", "oak", "unused"),
        ("phone/6.vox", "phone", "unused"),
    ]
    assert found(tmp_path) == expected
    [message] = warned(tmp_path, normal="*")
    assert message.startswith("6 files are not used: 7.ogv (.ogv cannot be read: con")
    for path, _, _ in expected:
        assert message.count(path) == 1


def test_many_are_counted_and_the_first_named(tmp_path):
    write(tmp_path, "oak/1.wav")
    touch(tmp_path, *[f"oak/{i}.ds2" for i in range(500)])
    assert len(found(tmp_path)) == 500
    [message] = warned(tmp_path, normal="*")
    assert message.startswith("500 files are not used: oak/0.ds2 (")
    assert message.endswith("; and 490 more")
    assert len(message) < 1000


def test_files_that_takes_csv_does_not_list(tmp_path):
    write(tmp_path, "a/1.wav", "a/2.mp3", "b/deep/3.wav", "4.wav")
    touch(tmp_path, "b/5.ds2")
    (tmp_path / "takes.csv").write_text("path,board,condition\na/1.wav,oak,normal\n")
    expected = [
        (path, "", "unused") for path in ("4.wav", "a/2.mp3", "b/5.ds2", "b/deep/3.wav")
    ]
    assert found(tmp_path) == expected
    [message] = warned(tmp_path)
    assert message.startswith("4 files are not used: 4.wav (takes.csv does not list it")


def test_a_board_that_cannot_be_read_is_no_board_in_silence(tmp_path):
    write(tmp_path, "oak/1.wav", "ash/1.wav")
    touch(tmp_path, "elm/1.ds2", "elm/2.ds2")
    [message] = warned(tmp_path, normal=["oak", "ash"])
    assert message.startswith("2 files are not used: elm/1.ds2")
    # Where somebody names it, it is an error.
    [problem] = problems_of(tmp_path, normal=["oak", "e*"])
    assert problem == (
        "normal='e*' fits folders without recordings that can be read only: elm"
    )
    (tmp_path / "boards.csv").write_text(
        "board,condition\noak,normal\nash,normal\nelm,abnormal\n"
    )
    [problem] = problems_of(tmp_path)
    assert problem.startswith("boards.csv, row 4: the folder elm has no recordings")
    assert found(tmp_path) == [
        ("", "", "folder"),
        ("elm/1.ds2", "elm", "unused"),
        ("elm/2.ds2", "elm", "unused"),
    ]


def test_a_folder_of_nothing_that_can_be_read(tmp_path):
    touch(tmp_path, "oak/1.ds2", "2.dss")
    [problem] = problems_of(tmp_path, normal="*")
    assert "oak" in problem
    assert "read" in problem
    assert found(tmp_path) == [
        ("", "", "folder"),
        ("2.dss", "", "unused"),
        ("oak/1.ds2", "oak", "unused"),
    ]


def test_an_empty_recording_is_unreadable_not_unused(tmp_path):
    write(tmp_path, "oak/1.wav")
    touch(tmp_path, "oak/2.wav", "oak/3.mp3")
    assert found(tmp_path) == [
        ("oak/2.wav", "oak", "unreadable"),
        ("oak/3.mp3", "oak", "unreadable"),
    ]
    assert warned(tmp_path, normal="*") == []


def test_what_stands_in_a_problem_is_not_named_again(tmp_path):
    write(tmp_path, "oak/1.wav", "2.wav", "ash/deep/3.wav")
    assert found(tmp_path) == [("", "", "folder")] * 2


# Copies


def test_the_same_recording_twice(tmp_path):
    write(tmp_path, "ash/1.wav", "oak/1.wav", "oak/3.wav")
    write(tmp_path, "ash/2.wav", "oak/2.wav", "oak/4.wav", seed=7)
    assert found(tmp_path) == [
        ("oak/2.wav", "oak", "duplicate"),
        ("oak/4.wav", "oak", "duplicate"),
    ]
    [message] = warned(tmp_path, normal="*")
    assert message == (
        "2 recordings are copies: "
        "oak/2.wav (the same recording as ash/2.wav of board ash); "
        "oak/4.wav (the same recording as ash/2.wav of board ash)"
    )


def test_copies_that_takes_csv_lists(tmp_path):
    write(tmp_path, "1.wav", "2.wav", "3.wav", seed=7)
    rows = ["1.wav,oak,normal", "2.wav,oak,normal", "3.wav,ash,normal"]
    (tmp_path / "takes.csv").write_text("\n".join(["path,board,condition", *rows]))
    assert found(tmp_path) == [
        ("2.wav", "oak", "duplicate"),
        ("3.wav", "ash", "duplicate"),
    ]


def test_takes_without_sound_are_no_copies(tmp_path):
    for name in ("1.wav", "2.wav"):
        (tmp_path / "oak").mkdir(exist_ok=True)
        soundfile.write(tmp_path / "oak" / name, np.zeros(800), RATE)
        (tmp_path / "oak" / f"x{name}").write_bytes(b"nothing")
    assert {problem for _, _, problem in found(tmp_path)} == {"silent", "unreadable"}


def test_only_files_of_one_size_are_opened(tmp_path, monkeypatch):
    write(tmp_path, *[f"oak/{i}.wav" for i in range(9)])
    with (tmp_path / "oak/4.wav").open("ab") as file:
        file.write(bytes(2))
    opened = {"parts": [], "all": []}
    for name, paths in opened.items():
        hash_it = getattr(_findings, f"_hash_{name}")
        monkeypatch.setattr(
            _findings,
            f"_hash_{name}",
            lambda path, paths=paths, hash_it=hash_it: (
                paths.append(path) or hash_it(path)
            ),
        )
    assert warned(tmp_path, normal="*") == []
    assert len(opened["parts"]) == 8
    assert opened["all"] == []


# Names


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("oak", "Oak"),
        ("oak 1", "oak1"),
        ("oak 1", "oak  1"),
        ("oak", "oak "),
        ("oak", "".join(chr(ord(letter) + 0xFEE0) for letter in "OAK")),
        ("板１", "板1"),
        ("ｶﾞﾗｽ", "ガラス"),
        ("oak", "oak\u200b"),
        ("oak a", "oak\u3000a"),
        ("straße", "STRASSE"),
    ],
)
@pytest.mark.parametrize("layout", ["folders", "takes.csv"])
def test_boards_that_differ_in_spelling_alone(tmp_path, first, second, layout):
    write(tmp_path, f"{first}/1.wav", "elm/1.wav")
    if layout == "folders":
        write(tmp_path, f"{second}/2.wav")
    else:
        write(tmp_path, "x/2.wav")
        rows = [f"{first}/1.wav,{first}", f"x/2.wav,{second}", "elm/1.wav,elm"]
        (tmp_path / "takes.csv").write_text(
            "\n".join(["path,board", *rows]), encoding="utf-8"
        )
        if second == "oak ":
            pytest.skip("spaces around a cell are none of the board's name")
    rows = found(tmp_path)
    assert [problem for _, _, problem in rows] == ["similar names"]
    assert rows[0][1] in (first, second)
    [message] = warned(tmp_path, normal="*")
    assert message.startswith("1 name is given twice: the boards ")
    assert repr(first) in message
    assert repr(second) in message


@pytest.mark.parametrize(
    ("first", "second"), [("1 1", "11"), ("1", "01"), ("oak-1", "oak-2"), ("a", "ä")]
)
def test_boards_that_are_different(tmp_path, first, second):
    write(tmp_path, f"{first}/1.wav", f"{second}/2.wav")
    assert found(tmp_path) == []


def test_folders_that_differ_in_unicode_form_are_one_board(tmp_path):
    composed, decomposed = (
        unicodedata.normalize(form, "がたつき") for form in ("NFC", "NFD")
    )
    write(tmp_path, f"{composed}/1.wav", f"{decomposed}/2.wav")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system takes both for one")
    assert found(tmp_path) == [("", composed, "similar names")]
    takes = load_takes(tmp_path, normal="*")
    assert takes.board.tolist() == [composed] * 2


def test_specimens_that_differ_in_spelling_alone(tmp_path):
    write(tmp_path, "a/1.wav", "b/1.wav")
    (tmp_path / "boards.csv").write_text(
        "board,condition,specimen\na,normal,Tree\nb,normal,tree\n"
    )
    assert found(tmp_path) == [("", "tree", "similar names")]
    [message] = warned(tmp_path)
    assert "the specimens 'Tree', 'tree' differ" in message
    # Also if one of them is that of a board of its own.
    (tmp_path / "boards.csv").write_text(
        "board,condition,specimen\na,normal,B\nb,normal,\n"
    )
    [message] = warned(tmp_path)
    assert "the specimens 'B', 'b' differ" in message


@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes")
def test_messages_are_one_line_that_can_be_printed(tmp_path):
    name = os.fsdecode(b"t\xe4p\n")
    write(tmp_path, "oak/1.wav")
    touch(tmp_path, f"{name}/{name}.ds2")
    [message] = warned(tmp_path, normal="oak")
    assert r"t\udce4p\n/t\udce4p\n.ds2 (.ds2 cannot be read" in message
    with pytest.raises(FolderError) as caught:
        load_takes(tmp_path, normal=name)
    assert str(caught.value).endswith(r": t\udce4p\n")
    # What a program looks at has the names as they are.
    assert caught.value.problems[0].endswith(name)
