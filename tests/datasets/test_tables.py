"""Tables beside recordings, as spreadsheets and people write them."""

import csv
import os
import sys

import hypothesis
import numpy as np
import pytest
import soundfile
from hypothesis import strategies as st

from tapsklearn._growing_table import GrowingTable
from tapsklearn._table_text import csv_line, encode_text, restore_bytes
from tapsklearn.datasets import FolderError, check_takes, load_takes

# Letters as wide as those of Japanese.
WIDE = {letter: letter + 0xFEE0 for letter in range(0x21, 0x7F)}


@pytest.fixture
def folder(tmp_path):
    """A folder of two takes that no table lists yet."""
    for seed, name in enumerate(("1.wav", "2.wav")):
        (tmp_path / "oak").mkdir(exist_ok=True)
        since = np.arange(800) - 200
        tap = 0.01 + 0.3 * np.exp(-np.maximum(since, 0) / 80) * (since >= 0)
        noise = np.random.default_rng(seed).uniform(-1, 1, 800)
        sound = np.sin(0.4 * np.arange(800)) + 0.05 * noise
        soundfile.write(tmp_path / "oak" / name, tap * sound, 8000)
    return tmp_path


ROWS = "oak/1.wav,oak,normal\noak/2.wav,oak,normal\n"
HEAD = "path,board,condition\n"


def problems_of(root, **params):
    with pytest.raises(FolderError) as caught:
        load_takes(root, **params)
    return caught.value.problems


def details(root, problem):
    frame = check_takes(root, min_takes=0)
    rows = frame[frame["problem"] == problem]
    return dict(zip(rows["path"], rows["detail"], strict=True))


@pytest.mark.parametrize(
    "head",
    [
        "PATH,BOARD,CONDITION",
        "Path,Board,Condition",
        " Path , Board ,  condition ",
        '"Path "," Board",Condition',
        ",".join(head.translate(WIDE) for head in ("Path", "board", "CONDITION")),
        "\ufeffpath,board,condition",
        "path,board,condition,",
        "path,board,condition,,,",
    ],
)
@pytest.mark.parametrize("name", ["takes.csv", "boards.csv"])
def test_heads_in_any_letters(folder, head, name):
    text = f"{head}\n{ROWS}"
    if name == "boards.csv":
        text = f"{head}\nx,oak,normal\n"
    (folder / name).write_text(text, encoding="utf-8")
    takes = load_takes(folder)
    assert takes.frame["path"].tolist() == ["oak/1.wav", "oak/2.wav"]
    assert takes.normal_boards == ["oak"]
    assert takes.frame.columns[:5].tolist() == [
        *("path", "board", "condition", "specimen", "take")
    ]


@pytest.mark.parametrize("head", ["path,board,Board,condition", "path,board,a,a"])
def test_heads_that_are_there_twice(folder, head):
    (folder / "takes.csv").write_text(f"{head}\noak/1.wav,oak,oak,normal\n")
    [problem] = problems_of(folder, normal="*")
    assert problem.startswith("takes.csv has the column ")
    assert problem.endswith(" more than once")


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ("oak/1.wav,oak,normal,x\n", "row 2"),
        ("oak/1.wav,oak,normal\noak/2.wav,oak, left,normal\n", "row 3"),
        ("oak/1.wav,oak,normal\n\n\noak/2.wav,o,a,k\na,b,c,d,e\n", "rows 5, 6"),
    ],
)
def test_a_comma_too_many_is_named_by_row(folder, rows, named):
    (folder / "takes.csv").write_text(HEAD + rows)
    [problem] = problems_of(folder)
    assert f"in {named}: there is a comma too many" in problem
    for jargon in ("token", "C error", "Expected", "fields"):
        assert jargon not in problem
    # What it lists is not known, so that nothing is called unlisted.
    assert list(check_takes(folder)["problem"]) == ["folder"]


@pytest.mark.parametrize("rows", [ROWS.replace("\n", ",\n"), ROWS + ",,,,,\n,\n"])
def test_empty_cells_too_many_are_no_problem(folder, rows):
    (folder / "takes.csv").write_text(HEAD + rows)
    assert len(load_takes(folder).paths) == 2


@pytest.mark.parametrize("row", ['"oak/1.wav,oak,normal', '"oak"/1.wav,oak,normal'])
def test_a_quotation_mark_alone_is_named_by_row(folder, row):
    (folder / "takes.csv").write_text(f"{HEAD}oak/2.wav,oak,normal\n{row}\n")
    [problem] = problems_of(folder)
    assert "in row 3 a quotation mark stands alone" in problem


def test_inches_are_no_quotation_mark(folder):
    (folder / "takes.csv").write_text(f'{HEAD}oak/1.wav,12" plate,normal\n')
    assert load_takes(folder).normal_boards == ['12" plate']


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["takes.csv", "boards.csv"])
def test_utf_16_is_named(folder, name, encoding):
    (folder / name).write_text("\ufeff" * (encoding != "utf-16") + HEAD, encoding)
    [problem] = problems_of(folder)
    assert problem == f'{name} is UTF-16 text, not UTF-8: save it as "CSV UTF-8"'


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_named(folder, separator):
    (folder / "takes.csv").write_text((HEAD + ROWS).replace(",", separator))
    [problem] = problems_of(folder)
    assert problem.endswith("separate the columns by commas")
    # A comma within a cell is not what is wrong.
    with (folder / "takes.csv").open("a") as file:
        file.write(f"a, b{separator}c, d, e{separator}normal\n")
    assert problems_of(folder) == [problem]


@pytest.mark.parametrize("board", ["01", "1", "1.0", "NA", "nan", "None", "=1+1", "-"])
@pytest.mark.parametrize("name", ["takes.csv", "boards.csv"])
def test_boards_are_text(folder, name, board):
    (folder / "oak").rename(folder / board)
    rows = ROWS.replace("oak", board) if name == "takes.csv" else f"x,{board},normal\n"
    (folder / name).write_text(HEAD + rows)
    assert load_takes(folder).normal_boards == [board]


# Which table is read


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="one case there")
@pytest.mark.parametrize("name", ["Takes.CSV", "TAKES.csv", "BOARDS.CSV", "boards.Csv"])
def test_tables_in_capitals_are_read(folder, name):
    rows = ROWS if name.lower() == "takes.csv" else "x,oak,normal\n"
    (folder / name).write_text(HEAD + rows)
    assert load_takes(folder).normal_boards == ["oak"]
    (folder / name).write_text(HEAD + "oak/1.wav,oak,good\n")
    assert problems_of(folder)[0].startswith(f"{name}: condition 'good' is not")
    # The one that is called as it should be comes first.
    (folder / name.lower()).write_text(HEAD + rows)
    with pytest.warns(UserWarning, match=rf"{name} \({name.lower()} is read in its pl"):
        assert load_takes(folder).normal_boards == ["oak"]


@pytest.mark.parametrize(
    "name",
    [
        *("takes.xlsx", "Takes.XLS", "boards.ods", "takes.csv.txt", "boards.txt"),
        *("boards.numbers", "takes (1).csv", "take.csv", "boards.tsv", "takes_old.csv"),
    ],
)
def test_tables_that_are_not_read_are_named(folder, name):
    (folder / name).touch()
    wanted = "takes.csv" if name.lower().startswith("take") else "boards.csv"
    how = f"is not read: save it as {wanted} (CSV UTF-8)"
    assert details(folder, "unused") == {name: how}
    # Nothing says which boards are normal, but this, maybe.
    assert problems_of(folder)[-1] == f"not read: {name}: {how}"
    with pytest.warns(UserWarning, match="1 file is not used"):
        load_takes(folder, normal="*")


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "takeoff.csv", "boardroom.xlsx", ".takes.csv.swp", "xtakes.csv"],
)
def test_other_tables_are_none_of_ours(folder, name):
    (folder / name).touch()
    assert details(folder, "unused") == {}


def test_what_a_table_was_exported_from_needs_no_word(folder):
    (folder / "takes.xlsx").touch()
    (folder / "takes.csv").write_text(HEAD + ROWS)
    assert check_takes(folder, min_takes=0).empty


def test_both_tables(folder):
    (folder / "boards.csv").write_text("board,condition\noak,abnormal\n")
    (folder / "takes.csv").write_text(HEAD + ROWS)
    how = "takes.csv is read in its place"
    assert details(folder, "unused") == {"boards.csv": how}
    with pytest.warns(UserWarning, match=rf"1 file is not used: boards.csv \({how}\)"):
        assert load_takes(folder).normal_boards == ["oak"]


# Names come back


@hypothesis.given(st.lists(st.text(st.characters()), min_size=1))
def test_any_text_comes_back_from_a_line(cells):
    [read] = csv.reader([csv_line(cells)], strict=True) if cells != [""] else [[""]]
    assert read == cells


@hypothesis.given(st.binary())
def test_any_bytes_come_back_from_utf_8(name):
    text = os.fsdecode(name)
    hypothesis.assume(r"\udc" not in text)
    assert restore_bytes(encode_text(text).decode()) == text


@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes")
@hypothesis.given(
    st.binary(min_size=1, max_size=40).filter(
        lambda name: not {0, ord("/")} & set(name) and name[:1] not in b"."
    )
)
def test_any_name_comes_back_from_takes_csv(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("folder")
    file = os.fsdecode(name + b".wav")
    (folder / file).touch()
    table = GrowingTable(folder / "takes.csv", ["path", "board"], required=["path"])
    table.start()
    table.append({"path": file, "board": file})
    again = GrowingTable(folder / "takes.csv", [], required=["path", "board"])
    assert again.rows == [{"path": file, "board": file}]
    takes = load_takes(folder, normal="*")
    assert takes.paths == [str(folder / file)]
    assert len(takes.normal_boards) == 1


def test_a_table_to_record_into_has_heads_in_any_letters(tmp_path):
    path = tmp_path / "takes.csv"
    path.write_text("Path, Board \na.wav,oak\n")
    table = GrowingTable(path, [], required=["path", "board"])
    assert table.rows == [{"path": "a.wav", "board": "oak"}]
    table.append({"board": "ash, left", "path": " b.wav"})
    assert path.read_text() == 'Path, Board \na.wav,oak\n" b.wav","ash, left"\n'


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\n", b"\xef\xbb\xbf\n"])
def test_a_table_of_nothing_cannot_be_recorded_into(tmp_path, content):
    (tmp_path / "takes.csv").write_bytes(content)
    with pytest.raises(ValueError, match="has no column"):
        GrowingTable(tmp_path / "takes.csv", [], required=["path"])
