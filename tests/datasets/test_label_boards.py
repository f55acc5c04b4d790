"""Conditions of boards written into tables that hold other things already."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
import unicodedata
import warnings

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from tapsklearn._encode_wav import encode_wav
from tapsklearn._table_text import csv_line, encode_text
from tapsklearn.datasets import FolderError, label_boards, load_takes


def write_boards(root, boards, n_takes=2):
    """Write a folder for each board; only the length of its takes is its own."""
    for number, board in enumerate(boards):
        (root / board).mkdir()
        for take in range(n_takes):
            content = encode_wav(np.ones(50 + 2 * number + take) / 2, 8000)
            (root / board / f"{take}.wav").write_bytes(content)
    return root


@pytest.fixture
def folder(tmp_path):
    return write_boards(tmp_path, ["ash", "oak 2", "oak 10"])


def read(root, name="boards.csv"):
    return (root / name).read_bytes().decode()


def test_a_table_is_made_from_the_folders(folder):
    labels = label_boards(folder, normal="oak*", kind="crack", specimen="tree")
    assert read(folder) == (
        "board,condition,specimen,kind\n"
        "ash,abnormal,tree,crack\noak 2,normal,tree,\noak 10,normal,tree,\n"
    )
    assert labels.to_dict("list") == {
        "board": ["ash", "oak 2", "oak 10"],
        "n_takes": [2, 2, 2],
        "condition": ["abnormal", "normal", "normal"],
        "specimen": ["tree"] * 3,
        "kind": ["crack", "", ""],
        "session": [""] * 3,
    }
    takes = load_takes(folder)
    assert takes.normal_boards == ["oak 10", "oak 2"]
    assert takes.truth.kinds == {"ash": "crack"}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_what_stands_there_stays(folder, mark, end, last):
    rows = [
        'Board ,note, "Condition"',
        '"ash", "a, ""b""",Abnormal',
        "",
        "gone,x,normal",
    ]
    begun = mark + end.join(rows) + (end if last else "")
    (folder / "boards.csv").write_bytes(begun.encode())
    with pytest.warns(UserWarning, match=r"row 4: gone has no folder"):
        label_boards(folder, normal="oak*")
    expected = mark + end.join([*rows, "oak 2,,normal", "oak 10,,normal", ""])
    assert read(folder) == expected
    with pytest.warns(UserWarning, match="gone"):
        label_boards(folder, normal="oak*")
    assert read(folder) == expected


def test_empty_conditions_are_filled_and_others_kept(folder):
    (folder / "boards.csv").write_text("condition,board\n,ash\nabnormal,oak 2\n")
    with pytest.warns(UserWarning, match="abnormal in boards.csv, .* kept: oak 2"):
        label_boards(folder, normal="*")
    assert (
        read(folder) == "condition,board\nnormal,ash\nabnormal,oak 2\nnormal,oak 10\n"
    )


def test_a_new_column_pads_every_row(folder):
    (folder / "boards.csv").write_text("board,condition,,\nash,abnormal\noak 2,normal")
    label_boards(folder, normal="*", boards="oak 10", session="May")
    assert read(folder) == (
        "board,condition,session,\nash,abnormal,\noak 2,normal,\noak 10,normal,May\n"
    )
    label_boards(folder, boards=["ash", "oak 2"], session="June", kind="crack")
    assert [row["session"] for row in csv.DictReader(io.StringIO(read(folder)))] == [
        *("June", "June", "May")
    ]
    with pytest.warns(UserWarning, match="has session 'June' for board ash, which is"):
        label_boards(folder, boards="ash", session="July")
    assert load_takes(folder).truth.sessions["ash"] == "June"


def test_a_list_of_takes_is_completed(folder):
    text = "path,board,condition,peak\nash/0.wav,ash,,1\nash/1.wav,ash,abnormal,2\n"
    (folder / "takes.csv").write_text(text + "oak 2/0.wav,oak 2,,3\n")
    (folder / "boards.csv").write_text("untouched")
    label_boards(folder, normal="oak 2")
    assert read(folder, "takes.csv") == (
        "path,board,condition,peak\nash/0.wav,ash,abnormal,1\nash/1.wav,ash,abnormal,2\n"
        "oak 2/0.wav,oak 2,normal,3\n"
    )
    assert read(folder) == "untouched"
    (folder / "takes.csv").write_text("path,board\nash/0.wav,ash\noak 2/0.wav,oak 2\n")
    label_boards(folder, normal="oak 2")
    assert read(folder, "takes.csv").splitlines()[:2] == [
        *("path,board,condition", "ash/0.wav,ash,abnormal")
    ]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("board,condition\nash,good\n", "row 2: condition 'good' is not normal or"),
        ("board,condition\nash,normal\nash,normal\n", "ash is listed more than once"),
        ("board,condition\nAsh,normal\n", "called 'Ash' there, and its folder 'ash'"),
        ("board|condition\nash|normal\n", "lacks the column board"),
        ("x;condition\nash;normal\n", "lacks the column board"),
        ("condition\nnormal\n", "lacks the column board"),
        ("board,board\nash,ash\n", "the column board more than once"),
        ('board,condition\n"ash,normal\n', "a quotation mark stands alone"),
        ("board,condition\nash,x,normal\n", "there is a comma too many"),
    ],
)
@pytest.mark.parametrize("normal", [None, "*"])
def test_tables_that_are_refused_stay(folder, table, problem, normal):
    (folder / "boards.csv").write_text(table)
    with pytest.raises(FolderError, match=problem):
        label_boards(folder, normal=normal)
    assert read(folder) == table


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_semicolons_of_spreadsheets_become_commas(folder, delimiter, mark, end):
    rows = [["board", "condition", "peak", "note"]]
    rows += [["ash", "abnormal", "0,5", '"a; ""b"""'], ["oak 2", "", "1,5", ""]]
    text = mark + "".join(delimiter.join(row) + end for row in rows)
    (folder / "boards.csv").write_bytes(text.encode())
    with pytest.raises(FolderError, match="separate the columns by commas"):
        load_takes(folder)
    with pytest.raises(FolderError, match="whether oak 2; oak 10 are normal"):
        label_boards(folder)
    assert read(folder) == text
    label_boards(folder, normal="oak*")
    assert read(folder) == mark + end.join(
        [
            *("board,condition,peak,note", 'ash,abnormal,"0,5","a; ""b"""'),
            *('oak 2,normal,"1,5",', "oak 10,normal,,", ""),
        ]
    )
    assert load_takes(folder).normal_boards == ["oak 10", "oak 2"]
    (folder / "takes.csv").write_text("path;board;condition\nash/0.wav;ash;normal\n")
    label_boards(folder)  # There is nothing to ask.
    assert read(folder, "takes.csv").splitlines()[1] == "ash/0.wav,ash,normal"


@pytest.mark.parametrize("encoding", ["cp932", "utf-16", "cp1252"])
def test_tables_of_other_code_pages_are_refused(folder, encoding):
    name = "Eiche ä" if encoding == "cp1252" else "樫の板"
    table = f"board,condition\n{name},normal\n".encode(encoding)
    (folder / "boards.csv").write_bytes(table)
    with pytest.raises(FolderError, match='save it as "CSV UTF-8"'):
        label_boards(folder, normal="*")
    assert (folder / "boards.csv").read_bytes() == table


def test_contradicting_takes_are_refused(folder):
    text = "path,board,condition\nash/0.wav,ash,normal\nash/1.wav,ash,abnormal\n"
    (folder / "takes.csv").write_text(text)
    with pytest.raises(FolderError, match=r"ash is both normal and abnormal \(row"):
        label_boards(folder, normal="*")


def test_what_is_given_is_checked(folder, tmp_path_factory):
    with pytest.raises(FolderError, match="'elm' fits no board"):
        label_boards(folder, normal="elm")
    with pytest.raises(FolderError, match="boards='elm' fits no board"):
        label_boards(folder, normal="*", boards="elm")
    with pytest.raises(FolderError, match="whether ash; oak 2; oak 10 are normal"):
        label_boards(folder)
    with pytest.raises(ValueError, match="session=' ' must be a name"):
        label_boards(folder, normal="*", session=" ")
    with pytest.raises(ValueError, match="give one"):
        label_boards(folder, normal="*", ask=lambda *_: None)
    with pytest.raises(ValueError, match="ask= gave 'yes' for board ash"):
        label_boards(folder, ask=lambda *_: "yes")
    assert not (folder / "boards.csv").exists()
    with pytest.raises(FolderError, match="empty"):
        label_boards(tmp_path_factory.mktemp("none"), normal="*")
    with pytest.warns(UserWarning, match="kind='crack' is of defects"):
        label_boards(folder, normal="*", kind="crack")
    with pytest.warns(UserWarning, match="nothing is written: name those that session"):
        label_boards(folder, normal="*", session="May")


def test_each_answer_is_on_disk_before_the_next_question(folder):
    seen = []

    def ask(board, n_takes):
        table = folder / "boards.csv"
        seen.append((board, n_takes, table.exists() and table.read_text()))
        if board == "oak 10":
            raise KeyboardInterrupt
        return {"ash": "abnormal", "oak 2": None}[board]

    with pytest.raises(KeyboardInterrupt):
        label_boards(folder, ask=ask)
    begun = "board,condition\nash,abnormal\n"
    assert seen == [("ash", 2, False), ("oak 2", 2, begun), ("oak 10", 2, begun)]
    label_boards(folder, ask=lambda *_: "normal")
    assert read(folder) == begun + "oak 2,normal\noak 10,normal\n"


def test_rows_that_are_added_meanwhile_are_kept(folder):
    table = folder / "takes.csv"
    table.write_text("path,board,condition\nash/0.wav,ash,\noak 2/0.wav,oak 2,\n")

    def ask(board, n_takes):
        with table.open("a") as file:  # as `record` does in another window
            file.write(f"{board}/1.wav,{board},\n")
        return "normal"

    label_boards(folder, ask=ask)
    assert table.read_text() == (
        "path,board,condition\nash/0.wav,ash,normal\noak 2/0.wav,oak 2,normal\n"
        "ash/1.wav,ash,normal\noak 2/1.wav,oak 2,normal\n"
    )


def test_a_link_stays_a_link(folder, tmp_path_factory):
    target = tmp_path_factory.mktemp("elsewhere") / "table.csv"
    target.write_text("board,condition\nash,normal\n")
    (folder / "boards.csv").symlink_to(target)
    label_boards(folder, normal="*")
    assert (folder / "boards.csv").is_symlink()
    assert target.read_text().count("normal") == 3


NAMES = [
    'a,b "c"',
    "semi;colon",
    "two\nlines",
    " space ",
    "=1+1",
    unicodedata.normalize("NFD", "が"),
    "樫",
    os.fsdecode(b"t\xe4p"),
]


def test_names_of_folders_come_back(tmp_path):
    write_boards(tmp_path, NAMES)
    label_boards(tmp_path, normal=[unicodedata.normalize("NFC", "が"), "semi;*"])
    takes = load_takes(tmp_path)
    assert takes.normal_boards == ["semi;colon", "が"]
    assert len(set(takes.board)) == len(NAMES)
    before = (tmp_path / "boards.csv").read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of abnormal boards that "*" fits
        label_boards(tmp_path, normal="*")
    assert (tmp_path / "boards.csv").read_bytes() == before


def test_a_folder_of_spaces_is_no_board(tmp_path):
    write_boards(tmp_path, ["oak", "  "])
    with pytest.raises(FolderError, match="has no name but spaces: rename it"):
        label_boards(tmp_path, normal="*")


BOARDS = ["a", "b,c", "d\ne", "F"]
CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]),
    max_size=6,
)


@st.composite
def tables(draw):
    """Draw a valid boards.csv of the folders, with further columns and other quotes."""
    heads = draw(st.permutations(["board", "condition", "x", "y"]))
    listed = draw(st.lists(st.sampled_from(BOARDS), unique=True))
    rows = []
    for board in listed:
        condition = draw(st.sampled_from(["normal", "Abnormal", " ", ""]))
        known = {"board": board, "condition": condition}
        rows.append([known.get(head) or draw(CELLS) for head in heads])
        if not condition:
            rows[-1][heads.index("condition")] = ""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = [csv_line(row).removesuffix("\n") + end for row in [heads, *rows]]
    text = "".join(lines)
    if draw(st.booleans()):
        text = text.removesuffix(end)
    return draw(st.sampled_from(["", "\ufeff"])) + text


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory):
    return write_boards(tmp_path_factory.mktemp("odd"), BOARDS, n_takes=1)


def read_cells(text):
    """Read a table by heads, whatever its order."""
    text = text.removeprefix("\ufeff")
    return [
        {head.strip(): cell for head, cell in row.items()}
        for row in csv.DictReader(io.StringIO(text, newline=""))
    ]


@hypothesis.given(
    table=tables(), is_normal=st.sets(st.sampled_from(BOARDS), min_size=1)
)
def test_any_table_is_part_of_what_it_becomes(odd_folder, table, is_normal):
    (odd_folder / "boards.csv").write_bytes(encode_text(table))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        label_boards(odd_folder, normal=sorted(is_normal), session="s")
    after = (odd_folder / "boards.csv").read_bytes().decode()
    assert after.startswith("\ufeff") == table.startswith("\ufeff")
    rows, before = read_cells(after), read_cells(table)
    assert len(rows) == len(BOARDS)
    for old, new in zip(before, rows, strict=False):
        for head, cell in old.items():
            assert new[head] == cell or not cell.strip()
    takes = load_takes(odd_folder)
    stood = {row["board"]: row["condition"].strip().lower() for row in before}
    for board, condition in zip(takes.board, takes.condition, strict=True):
        wanted = "normal" if board in is_normal else "abnormal"
        assert condition == (stood.get(board) or wanted)


LABEL = """
import sys
from tapsklearn.datasets import label_boards
n = 0
def ask(board, n_takes):
    global n
    n += 1
    print(n, flush=True)
    return "normal"
label_boards(sys.argv[1], ask=ask)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9")
def test_a_kill_leaves_whole_tables(tmp_path):
    write_boards(tmp_path, [f"b{i:03}" for i in range(150)], n_takes=1)
    table = tmp_path / "boards.csv"
    rng = np.random.default_rng(0)
    n_before = 0
    while n_before < 150:
        process = subprocess.Popen(
            [sys.executable, "-c", LABEL, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        n_asked = 0
        for line in process.stdout:
            n_asked = int(line)
            if n_asked == 60:
                time.sleep(rng.uniform(0, 0.01))
                process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        rows = read_cells(table.read_text())
        # The answer to the last question is the only one that may be lost.
        assert len(rows) - n_before >= n_asked - 1
        assert all(row["condition"] == "normal" for row in rows)
        n_before = len(rows)
