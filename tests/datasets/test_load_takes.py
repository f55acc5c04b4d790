import os
import pickle
import unicodedata

import numpy as np
import pandas as pd
import pytest

from tapsklearn.datasets import FolderError, load_takes


def touch(root, *paths):
    """Make files; load_takes does not look inside."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def write(path, *lines, encoding="utf-8", newline="\n"):
    path.write_bytes(newline.join([*lines, ""]).encode(encoding))


def problems_of(root, **options):
    with pytest.raises(FolderError) as caught:
        load_takes(root, **options)
    return caught.value.problems


@pytest.fixture
def listed(tmp_path):
    """A folder with a faultless takes.csv."""
    touch(tmp_path, "a/1.wav", "a/2.wav", "b/1.wav")
    write(
        tmp_path / "takes.csv",
        "path,board,condition",
        "a/1.wav,oak,normal",
        "a/2.wav,oak,normal",
        "b/1.wav,ash,abnormal",
    )
    return tmp_path


# takes.csv


def test_takes_csv_gives_every_key(listed):
    takes = load_takes(listed)
    assert takes.paths == [
        str(listed / path) for path in ("a/1.wav", "a/2.wav", "b/1.wav")
    ]
    assert takes.board.tolist() == ["oak", "oak", "ash"]
    assert takes.board.dtype.kind == takes.condition.dtype.kind == "U"
    assert takes.condition.tolist() == ["normal", "normal", "abnormal"]
    assert takes.specimens == {"oak": "oak", "ash": "ash"}
    assert takes.normal_boards == ["oak"]
    assert takes.frame.columns.tolist() == [
        "path",
        "board",
        "condition",
        "specimen",
        "take",
    ]
    assert takes.frame["path"].tolist() == ["a/1.wav", "a/2.wav", "b/1.wav"]
    assert takes.frame["take"].tolist() == [0, 1, 0]
    assert takes.frame.index.tolist() == [0, 1, 2]


def test_root_may_be_a_string_and_is_joined_as_given(listed, monkeypatch):
    monkeypatch.chdir(listed.parent)
    takes = load_takes(listed.name)
    assert takes.paths[0] == os.path.join(listed.name, "a", "1.wav")  # noqa: PTH118


def test_further_columns_stay_with_their_types(listed):
    write(
        listed / "takes.csv",
        "path,board,condition,take,force,by",
        "a/1.wav,oak,normal,7,1.5,Aya",
        "a/2.wav,oak,normal,8,,Ben",
    )
    frame = load_takes(listed).frame
    assert frame.columns.tolist()[4:] == ["take", "force", "by"]
    assert frame["take"].tolist() == [7, 8]
    assert frame["force"].dtype == float
    assert frame["by"].tolist() == ["Aya", "Ben"]


@pytest.mark.parametrize("name", ["1", "01", "1.0", "NA", "None", "nan"])
def test_board_names_stay_text(listed, name):
    write(
        listed / "takes.csv",
        "path,board,condition,specimen",
        f"a/1.wav,{name},normal,{name}",
        f"a/2.wav,{name},normal,",
    )
    takes = load_takes(listed)
    assert takes.board.tolist() == [name, name]
    assert takes.specimens == {name: name}
    assert takes.normal_boards == [name]


def test_table_as_windows_writes_it(listed):
    write(
        listed / "takes.csv",
        "path, board, condition",
        "a\\1.wav, 樫の板 ,Normal ",
        ",,",
        "b\\1.wav,割れた板,ABNORMAL",
        encoding="utf-8-sig",
        newline="\r\n",
    )
    takes = load_takes(listed)
    assert takes.board.tolist() == ["樫の板", "割れた板"]
    assert takes.condition.tolist() == ["normal", "abnormal"]
    assert takes.paths == [str(listed / "a/1.wav"), str(listed / "b/1.wav")]


def test_names_composed_and_decomposed_are_the_same(tmp_path):
    on_disk = unicodedata.normalize("NFD", "がたつき")
    typed = unicodedata.normalize("NFC", "がたつき")
    assert on_disk != typed
    touch(tmp_path, f"{on_disk}/1.wav")
    write(tmp_path / "boards.csv", "board,condition", f"{typed},normal")
    takes = load_takes(tmp_path)
    assert takes.normal_boards == [typed]
    assert load_takes(tmp_path, normal=on_disk).normal_boards == [typed]
    write(tmp_path / "takes.csv", "path,board,condition", f"{typed}/1.wav,x,normal")
    [path] = load_takes(tmp_path).paths
    assert os.path.exists(path)  # noqa: PTH110


def test_specimen_column(listed):
    write(
        listed / "takes.csv",
        "path,board,condition,specimen",
        "a/1.wav,oak left,normal,7",
        "a/2.wav,oak right,abnormal,7",
        "b/1.wav,ash,normal,",
    )
    takes = load_takes(listed)
    assert takes.specimens == {"oak left": "7", "oak right": "7", "ash": "ash"}
    assert takes.frame["specimen"].tolist() == ["7", "7", "ash"]


def test_files_may_lie_outside_of_the_folder(listed, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "1.wav"
    elsewhere.touch()
    write(listed / "takes.csv", "path,board,condition", f"{elsewhere},x,normal")
    assert load_takes(listed).paths == [str(elsewhere)]


def test_missing_columns_say_which_were_found(listed):
    write(listed / "takes.csv", "file,name,condition", "a/1.wav,oak,normal")
    [problem] = problems_of(listed)
    assert problem == (
        "takes.csv lacks the columns path, board (found: 'file', 'name', 'condition')"
    )


def test_semicolons_are_pointed_out(listed):
    write(listed / "takes.csv", "path;board;condition", "a/1.wav;oak;normal")
    [problem] = problems_of(listed)
    assert "'path;board;condition'" in problem
    assert "commas" in problem


def test_takes_csv_without_condition_says_how_to_say_it(listed):
    write(listed / "takes.csv", "path,board", "a/1.wav,oak")
    [problem] = problems_of(listed)
    assert "lacks the column condition (found: 'path', 'board')" in problem
    assert "normal=" in problem
    assert load_takes(listed, normal="oak").normal_boards == ["oak"]


def test_empty_cells_are_named_by_row(listed):
    write(
        listed / "takes.csv",
        "path,board,condition",
        ",oak,normal",
        "",
        "a/1.wav,,normal",
        "a/2.wav,   ,normal",
        "b/1.wav,ash,",
    )
    assert problems_of(listed) == [
        "takes.csv: path is empty in row 2",
        "takes.csv: board is empty in rows 4, 5",
        "takes.csv: condition is empty, not normal or abnormal in row 6",
    ]


def test_unknown_condition_words(listed):
    write(
        listed / "takes.csv",
        "path,board,condition",
        "a/1.wav,oak,OK",
        "a/2.wav,elm,normal",
        "b/1.wav,ash,ok",
    )
    [problem] = problems_of(listed)
    assert problem == "takes.csv: condition 'ok' is not normal or abnormal in rows 2, 4"


@pytest.mark.parametrize("again", ["a/1.wav", "./a//1.wav", "a\\1.wav", "b/../a/1.wav"])
def test_a_path_listed_twice(listed, again):
    write(
        listed / "takes.csv",
        "path,board,condition",
        "a/1.wav,oak,normal",
        "b/1.wav,ash,normal",
        f"{again},oak,normal",
    )
    assert problems_of(listed) == [
        "takes.csv: a/1.wav is listed more than once (rows 2, 4)"
    ]


def test_each_missing_file_is_named(listed):
    (listed / "a/1.wav").unlink()
    (listed / "b/1.wav").unlink()
    assert problems_of(listed) == [
        "takes.csv, row 2: there is no file a/1.wav",
        "takes.csv, row 4: there is no file b/1.wav",
    ]


@pytest.mark.parametrize("path", ["a", "x" * 5000, "a\0b"])
def test_a_path_that_no_file_can_have_is_missing(listed, path):
    write(listed / "takes.csv", "path,board,condition", f'"{path}",oak,normal')
    [problem] = problems_of(listed)
    assert problem.startswith("takes.csv, row 2: there is no file")


def test_a_missing_file_and_a_contradiction_are_both_told(listed):
    write(
        listed / "takes.csv",
        "path,board,condition",
        "a/1.wav,oak,normal",
        "a/2.wav,oak,abnormal",
        "a/3.wav,ash,normal",
    )
    assert problems_of(listed) == [
        "takes.csv: board oak is both normal (row 2) and abnormal (row 3)",
        "takes.csv, row 4: there is no file a/3.wav",
    ]


def test_a_board_of_two_specimens(listed):
    write(
        listed / "takes.csv",
        "path,board,condition,specimen",
        "a/1.wav,oak,normal,A",
        "a/2.wav,oak,normal,B",
    )
    expected = ["takes.csv: board oak is of more than one specimen: A (row 2) and "]
    assert problems_of(listed) == [expected[0] + "B (row 3)"]
    # Which board is normal has no say in it.
    assert problems_of(listed, normal="*") == [expected[0] + "B (row 3)"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "takes.csv is empty"),
        (b"\n\n", "takes.csv is empty"),
        (b"path,board,condition\n", "no rows"),
        (b'path,board,condition\n"a/1.wav,oak,normal\n', "cannot be read as a table"),
        (
            b"path,board,condition\na,b,normal\na,b,normal,9\n",
            "in row 3: there is a comma",
        ),
        (b"path,board,condition\na,b,normal,9\n", "cannot be read as a table"),
        ("path,board,condition\na,樫,normal\n".encode("cp932"), "CSV UTF-8"),
        ("path,board,condition\na,樫,normal\n".encode("utf-16"), "CSV UTF-8"),
    ],
)
def test_a_table_that_is_none(listed, content, reason):
    (listed / "takes.csv").write_bytes(content)
    [problem] = problems_of(listed)
    assert problem.startswith("takes.csv")
    assert reason in problem
    assert "\n" not in problem


# One folder a board


def test_folders_are_boards_in_natural_order(tmp_path):
    touch(
        tmp_path, *[f"{board}/{take}.wav" for board in (10, 9, 1) for take in (10, 2)]
    )
    takes = load_takes(tmp_path, normal="1*")
    assert takes.frame["path"].tolist() == [
        "1/2.wav",
        "1/10.wav",
        "9/2.wav",
        "9/10.wav",
        "10/2.wav",
        "10/10.wav",
    ]
    assert takes.frame["take"].tolist() == [0, 1] * 3
    assert takes.board.tolist() == ["1", "1", "9", "9", "10", "10"]
    assert takes.normal_boards == ["1", "10"]
    assert takes.paths[0] == str(tmp_path / "1" / "2.wav")


def test_only_sound_files_that_are_not_hidden_count(tmp_path):
    touch(
        tmp_path,
        "樫/1.wav",
        "樫/2.WAV",
        "樫/3.Flac",
        "樫/4.ogg",
        "樫/._1.wav",
        "樫/.5.wav",
        "樫/notes.txt",
        "notes/todo.txt",
        ".trash/1.wav",
        "__MACOSX/樫/._1.wav",
    )
    takes = load_takes(tmp_path, normal="樫")
    assert takes.frame["path"].tolist() == [
        f"樫/{name}" for name in ("1.wav", "2.WAV", "3.Flac", "4.ogg")
    ]


def test_boards_csv(tmp_path):
    touch(tmp_path, "1/a.wav", "2/a.wav", "3/a.wav")
    write(
        tmp_path / "boards.csv",
        "board,condition,specimen",
        "1,Normal,A",
        "3, abnormal,A",
        "2,normal,",
        encoding="utf-8-sig",
        newline="\r\n",
    )
    takes = load_takes(tmp_path)
    assert takes.condition.tolist() == ["normal", "normal", "abnormal"]
    assert takes.specimens == {"1": "A", "2": "2", "3": "A"}
    assert takes.normal_boards == ["1", "2"]


def test_boards_csv_and_folders_that_do_not_match(tmp_path):
    touch(tmp_path, "oak/1.wav", "elm/1.wav", "notes/todo.txt")
    write(
        tmp_path / "boards.csv",
        "board,condition",
        "oak,normal",
        "ash,normal",
        "oak,normal",
        "notes,fine",
    )
    assert problems_of(tmp_path) == [
        "boards.csv: condition 'fine' is not normal or abnormal in row 5",
        "boards.csv: board oak is listed more than once (rows 2, 4)",
        "boards.csv, row 3: there is no folder ash with sound files",
        "boards.csv, row 5: there is no folder notes with sound files",
        "the folder elm has no row in boards.csv",
    ]


def test_boards_csv_that_is_no_such_table(tmp_path):
    touch(tmp_path, "oak/1.wav", "elm/1.wav")
    write(tmp_path / "boards.csv", "name,condition", "oak,normal")
    # The folders without a row follow from it, and are not listed.
    assert problems_of(tmp_path) == [
        "boards.csv lacks the column board (found: 'name', 'condition')"
    ]
    (tmp_path / "boards.csv").write_bytes("樫,".encode("cp932"))
    [problem] = problems_of(tmp_path)
    assert "CSV UTF-8" in problem
    write(tmp_path / "boards.csv", "board,condition", "oak,", ",normal", "elm,normal")
    assert problems_of(tmp_path) == [
        "boards.csv: board is empty in row 3",
        "boards.csv: condition is empty, not normal or abnormal in row 2",
    ]


def test_nothing_says_what_is_normal(tmp_path):
    touch(tmp_path, "oak/1.wav")
    [problem] = problems_of(tmp_path)
    for way in ("boards.csv", "takes.csv", "normal=", '"*"'):
        assert way in problem
    write(tmp_path / "boards.csv", "board,specimen", "oak,A")
    [problem] = problems_of(tmp_path)
    assert "lacks the column condition" in problem
    assert "normal=" in problem


def test_sound_files_outside_of_any_board(tmp_path):
    touch(tmp_path, "oak/1.wav", "2.wav", "10.wav")
    [problem] = problems_of(tmp_path, normal="*")
    assert "(2.wav; 10.wav)" in problem
    assert "takes.csv" in problem


def test_sound_files_in_subfolders_only(tmp_path):
    touch(tmp_path, "oak/1.wav", "ash/day 1/1.wav", "elm/1.wav", "elm/old/1.wav")
    [problem] = problems_of(tmp_path, normal="*")
    assert problem.startswith("the folder ash ")
    assert "subfolders" in problem
    # boards.csv is right about it, and must not be blamed as well.
    write(
        tmp_path / "boards.csv",
        "board,condition",
        "oak,normal",
        "ash,normal",
        "elm,normal",
    )
    assert problems_of(tmp_path) == [problem]


def test_links_that_lead_nowhere(tmp_path):
    touch(tmp_path, "oak/1.wav")
    try:
        (tmp_path / "oak/2.wav").symlink_to("gone.wav")
        (tmp_path / "oak/3.wav").symlink_to("3.wav")
        (tmp_path / "loop").symlink_to("loop")
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert problems_of(tmp_path, normal="*") == [
        "oak/2.wav is a link that leads to no file",
        "oak/3.wav is a link that leads to no file",
    ]


# normal=


def test_normal_overrides_takes_csv(listed):
    write(
        listed / "takes.csv",
        "path,board,condition",
        "a/1.wav,oak,abnormal",
        "a/2.wav,oak,fine",
        "b/1.wav,ash,",
    )
    takes = load_takes(listed, normal="oak")
    assert takes.condition.tolist() == ["normal", "normal", "abnormal"]
    assert takes.frame["condition"].tolist() == ["normal", "normal", "abnormal"]
    assert takes.normal_boards == ["oak"]


def test_normal_overrides_boards_csv(tmp_path):
    touch(tmp_path, "oak/1.wav", "elm/1.wav")
    write(
        tmp_path / "boards.csv",
        "board,condition,specimen",
        "oak,normal,A",
        "elm,normal,B",
    )
    takes = load_takes(tmp_path, normal=["elm"])
    assert takes.normal_boards == ["elm"]
    assert takes.specimens == {"elm": "B", "oak": "A"}


@pytest.mark.parametrize(
    ("normal", "expected"),
    [
        ("*", ["good 1", "good 2", "good [3]", "悪い"]),
        ("good *", ["good 1", "good 2", "good [3]"]),
        (["good 1", "悪*"], ["good 1", "悪い"]),
        (("good ?",), ["good 1", "good 2"]),
        ("good [3]", ["good [3]"]),
        ("good [12]", ["good 1", "good 2"]),
    ],
)
def test_patterns(tmp_path, normal, expected):
    touch(tmp_path, *[f"{board}/1.wav" for board in ("good 1", "good 2", "good [3]")])
    touch(tmp_path, "悪い/1.wav")
    assert load_takes(tmp_path, normal=normal).normal_boards == expected


def test_a_pattern_that_fits_no_board(tmp_path):
    touch(tmp_path, "oak/1.wav", "ash/1.wav")
    problems = problems_of(tmp_path, normal=["oak", "elm*", "OAK"])
    assert problems == [
        "normal='elm*' fits no board (there are: ash; oak)",
        "normal='OAK' fits no board (there are: ash; oak)",
    ]


def test_no_pattern_at_all(tmp_path):
    touch(tmp_path, "oak/1.wav")
    [problem] = problems_of(tmp_path, normal=[])
    assert "normal=" in problem


# Folders without recordings, and the error


def test_root_is_missing_a_file_empty_or_without_sound(tmp_path):
    assert problems_of(tmp_path / "none") == ["there is no such folder"]
    assert problems_of(tmp_path) == ["the folder is empty"]
    touch(tmp_path, "docs/a.txt", "docs/._a.wav")
    [problem] = problems_of(tmp_path, normal="*")
    assert "no sound files (WAV, FLAC, OGG, MP3, AIFF, CAF, M4A, 3GP, " in problem
    assert problems_of(tmp_path / "docs/a.txt") == ["is not a folder"]
    [problem] = problems_of("x" * 5000)
    assert problem.startswith("cannot be opened")


def test_folder_error_reads_as_one_line():
    assert str(FolderError("taps", ["a"])) == "taps: a"
    error = FolderError("taps", ["a", "b", "c"])
    assert str(error) == "taps: 3 problems: a; b; c"
    assert isinstance(error, ValueError)
    many = FolderError("taps", [f"p{i}" for i in range(1000)])
    assert str(many).endswith("p9; and 990 more")
    assert len(many.problems) == 1000


def test_folder_error_pickles():
    error = pickle.loads(pickle.dumps(FolderError("taps", ["a", "b"])))
    assert (error.directory, error.problems) == ("taps", ["a", "b"])
    assert str(error) == "taps: 2 problems: a; b"


def test_folder_error_names_the_folder(listed):
    (listed / "a/1.wav").unlink()
    with pytest.raises(FolderError) as caught:
        load_takes(listed)
    assert caught.value.directory == str(listed)
    assert str(caught.value).startswith(f"{listed}: takes.csv, row 2")


def test_real_recordings(recordings):
    takes = load_takes(recordings("hammer-floor"))
    assert len(takes.paths) == len(takes.board) == 240
    assert len(np.unique(takes.board)) == 12
    assert len(takes.normal_boards) == 8
    assert all(board.startswith("hh_") for board in takes.normal_boards)
    again = load_takes(recordings("hammer-floor"), normal="hh_*")
    pd.testing.assert_frame_equal(takes.frame, again.frame, check_dtype=False)
