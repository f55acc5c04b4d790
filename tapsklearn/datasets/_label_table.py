"""The table that says which boards of a folder are normal, as it is completed."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tapsklearn._shorten import shorten
from tapsklearn.datasets import _board_folders, _takes_csv
from tapsklearn.datasets._edit_table import EditedTable, read_bytes, with_commas
from tapsklearn.datasets._errors import FolderError
from tapsklearn.datasets._files import is_file, same_letters
from tapsklearn.datasets._index import cannot_open
from tapsklearn.datasets._table import CONDITIONS, describe_rows, find_table, read_table

FURTHER = ("specimen", "kind", "session")
# Somebody else would have to write the table as often, each time in between.
_MOST_TRIES = 20


class Label(NamedTuple):
    """What a table says of a board.

    Attributes
    ----------
    n_takes : int
        How many takes it has.
    condition : {"normal", "abnormal", ""}
        Its condition.
    specimen, kind, session : str
        What else is said of it, or "".
    is_complete : bool
        Whether each of its rows has the condition.
    """

    n_takes: int
    condition: str
    specimen: str
    kind: str
    session: str
    is_complete: bool


class LabelTable:
    """The table of a folder that says which of its boards are normal.

    Parameters
    ----------
    path : Path
        The table, which need not be there yet.
    n_takes : dict of str to int, or None
        How many takes each board has. If None, the table itself lists the takes.
    remarks : list of str
        What is to be known of the folder.

    Attributes
    ----------
    name : str
        The table's name.
    remarks : list of str
        With those about what stands in the table.
    """

    def __init__(
        self, path: Path, n_takes: dict[str, int] | None, remarks: list[str]
    ) -> None:
        self._path = path
        self._n_takes = n_takes
        self.name = path.name
        self.remarks = remarks

    def read(self) -> dict[str, Label]:
        """Read what the table says of each board that has takes.

        Returns
        -------
        dict of str to Label
            In the order of the folders, or of the table that lists takes.

        Raises
        ------
        FolderError
            If it cannot be read or contradicts itself.
        """
        table = self._open()
        return self._read_labels(table, self._place_rows(table))

    def write(self, conditions: Mapping[str, str], values: Mapping[str, str]) -> None:
        """Fill empty cells and add rows, in the table as it is by now.

        Parameters
        ----------
        conditions : mapping of str to str
            Conditions by board.
        values : mapping of str to str
            What else these boards have in common, by column.
        """
        for _ in range(_MOST_TRIES):
            table = self._open()
            rows = self._place_rows(table)
            for board, condition in conditions.items():
                cells = {"condition": condition, **values}
                if condition == "normal":  # It has no defect of any kind.
                    cells.pop("kind", None)
                if rows.get(board):
                    self._fill(table, board, rows[board], cells)
                else:
                    table.append({"board": board, **cells})
            if table.write():
                return
        raise OSError(f"{self._path}: another program writes it all the time")

    def _open(self) -> EditedTable:
        """Open the table; raise what keeps it from being completed."""
        folder = self._path.parent
        columns = ["path", "board"] if self._n_takes is None else ["board"]
        path = self._path.resolve()  # A link stays one: what it leads to is completed.
        on_disk = read_bytes(path)
        content = with_commas(on_disk)
        if content:
            _, problems = read_table(
                self._path, columns=columns, condition="ignored", content=content
            )
            problems = [each for each in problems if "no rows below" not in each]
            if problems:
                raise FolderError(folder, problems)
        table = EditedTable(path, on_disk, content, ["board", "condition"])
        problems = [
            f"{self.name}, row {number}: condition {word.strip()!r} is not normal or "
            "abnormal: correct it, or empty the cell"
            for number, word in zip(
                table.numbers, table.column("condition"), strict=True
            )
            if word.strip().casefold() not in ("", *CONDITIONS)
        ]
        problems += self._find_contradictions(table)
        if problems:
            raise FolderError(folder, problems)
        return table

    def _find_contradictions(self, table: EditedTable) -> list[str]:
        """Compare the rows with the folders, and with each other."""
        rows = self._place_rows(table)
        numbers = table.numbers
        problems = []
        for board, places in rows.items():
            where = describe_rows([numbers[place] for place in places])
            if self._n_takes is not None and len(places) > 1:
                problems.append(
                    f"{self.name}: board {board} is listed more than once ({where})"
                )
            words = {table.cell(place, "condition").casefold() for place in places}
            if set(CONDITIONS) <= words:
                problems.append(
                    f"{self.name}: board {board} is both normal and abnormal ({where})"
                )
            if self._n_takes is None or board in self._n_takes:
                continue
            meant = [
                each
                for each in self._n_takes
                if each not in rows and _ignore_case(each) == _ignore_case(board)
            ]
            if meant:
                problems.append(
                    f"{self.name}, {where}: the board is called {board!r} there, and "
                    f"its folder {meant[0]!r}: spell them alike"
                )
            else:
                remark = f"{self.name}, {where}: {board} has no folder with sound files"
                if remark not in self.remarks:
                    self.remarks.append(remark)
        return problems

    def _place_rows(self, table: EditedTable) -> dict[str, list[int]]:
        """Find the rows of each board."""
        found = self._n_takes or {}
        by_letters = {board.strip(): board for board in found}
        rows: dict[str, list[int]] = {}
        for place, cell in enumerate(table.column("board")):
            board = same_letters(cell)
            if board not in found:
                board = by_letters.get(board.strip(), board.strip())
            if board:
                rows.setdefault(board, []).append(place)
        return rows

    def _read_labels(
        self, table: EditedTable, rows: dict[str, list[int]]
    ) -> dict[str, Label]:
        n_takes = self._n_takes
        if n_takes is None:
            n_takes = {board: len(places) for board, places in rows.items()}
        labels = {}
        for board, n in n_takes.items():
            said = {
                name: [table.cell(place, name) for place in rows.get(board, [])]
                for name in ("condition", *FURTHER)
            }
            first = {name: next(filter(None, said[name]), "") for name in said}
            first["condition"] = first["condition"].casefold()
            is_complete = bool(said["condition"]) and all(said["condition"])
            labels[board] = Label(n, is_complete=is_complete, **first)
        return labels

    def _fill(
        self, table: EditedTable, board: str, places: list[int], cells: dict[str, str]
    ) -> None:
        """Fill the empty cells of one board, unless it has another value."""
        for name, value in cells.items():
            said = [table.cell(place, name) for place in places]
            other = next((each for each in said if each and each != value), None)
            if other is not None and name != "condition":
                self.remarks.append(
                    f"{self.name} has {name} {other!r} for board {board}, which is "
                    f"kept, not {value!r}: change it there"
                )
                continue
            for place, cell in zip(places, said, strict=True):
                if not cell:
                    table.fill(place, name, value)


def open_labels(directory: str | os.PathLike[str]) -> LabelTable:
    """Find a folder's boards, and the table that says which are normal.

    Parameters
    ----------
    directory : path-like
        The folder.

    Returns
    -------
    LabelTable
        The table.

    Raises
    ------
    FolderError
        If the folder holds no boards.
    """
    folder = Path(directory)
    reason = cannot_open(folder)
    if reason:
        raise FolderError(directory, [reason])
    names = sorted(path.name for path in folder.iterdir() if is_file(path))
    takes_csv, _ = find_table(names, _takes_csv.NAME)
    if takes_csv:
        return LabelTable(folder / takes_csv, None, [])
    boards_csv, others = find_table(names, _board_folders.NAME)
    found = _board_folders.read_board_folders(folder, None, condition="ignored")
    remarks = list(found.problems)
    if found.unread:
        remarks.append(f"no recordings that can be read in {shorten(found.unread)}")
    if others and not boards_csv:
        remarks.append(f"{others[0]} is not read: save it as boards.csv (CSV UTF-8)")
    n_takes = Counter(found.frame["board"])
    nameless = [board for board in n_takes if not board.strip()]
    if nameless:
        problem = f"the folder {nameless[0]!r} has no name but spaces: rename it"
        raise FolderError(directory, [problem])
    if not n_takes:
        listed = f": {shorten(remarks)}" if remarks else ""
        raise FolderError(directory, [f"holds no folders of recordings{listed}"])
    table = folder / (boards_csv or _board_folders.NAME)
    return LabelTable(table, dict(n_takes), remarks)


def _ignore_case(name: str) -> str:
    return name.strip().casefold()
