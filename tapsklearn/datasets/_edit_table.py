"""A table that is completed cell by cell, everything else in it staying as it is."""

import codecs
import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from tapsklearn._table_text import csv_line, encode_text, normalize_head, restore_bytes
from tapsklearn._whole_file import write_whole


class EditedTable:
    """A CSV file that can be read as a table, and is to be completed.

    Rows in which nothing changes are written as they were, byte for byte; a
    byte-order mark and the ends of lines are kept. Semicolons and tabs between
    columns become commas, which tables here have.

    Parameters
    ----------
    path : Path
        The file; one that is not there is begun.
    on_disk : bytes
        What it holds.
    content : bytes
        The same in UTF-8 and with commas: a table that can be read, or nothing.
    columns : sequence of str
        Columns of a new one.

    Attributes
    ----------
    numbers : list of int
        The numbers of its rows, as a spreadsheet shows them.
    """

    def __init__(
        self, path: Path, on_disk: bytes, content: bytes, columns: Sequence[str]
    ) -> None:
        self.path = path
        self._on_disk = on_disk
        self._mark = _find_mark(content)
        text = content[len(self._mark) :].decode()
        lines = list(io.StringIO(text, newline=""))
        reader = csv.reader(lines, skipinitialspace=True, strict=True)
        self._raw: list[str] = []
        self._cells: list[list[str]] = []
        begin = 0
        for cells in reader:
            self._raw.append("".join(lines[begin : reader.line_num]))
            self._cells.append(cells)
            begin = reader.line_num
        filled = [
            row
            for row, cells in enumerate(self._cells)
            if any(cell.strip() for cell in cells)
        ]
        if not filled:
            self._raw.append(csv_line(columns))
            self._cells.append(list(columns))
            filled = [len(self._cells) - 1]
        self._head, *rows = filled
        self._end = _end_of_line(self._raw[self._head])
        self._rows = rows
        heads = map(normalize_head, self._cells[self._head])
        self._columns = {head: place for place, head in enumerate(heads) if head}

    @property
    def numbers(self) -> list[int]:
        """The numbers of its rows, as a spreadsheet shows them."""
        return [row + 1 for row in self._rows]

    def column(self, name: str) -> list[str]:
        """Read a column.

        Parameters
        ----------
        name : str
            Its head, in small letters.

        Returns
        -------
        list of str
            A cell for each row, spaces kept; "" where there is none.
        """
        return [self._read(row, name) for row in self._rows]

    def cell(self, place: int, name: str) -> str:
        """Read a cell.

        Parameters
        ----------
        place : int
            Of the row, counted from 0 below the head.
        name : str
            Head of the column, in small letters.

        Returns
        -------
        str
            What it holds, without spaces around it.
        """
        return self._read(self._rows[place], name).strip()

    def fill(self, place: int, column: str, value: str) -> None:
        """Write into an empty cell.

        Parameters
        ----------
        place : int
            Of the row, counted from 0 below the head.
        column : str
            Head of the column, which is added if it is not there.
        value : str
            What it is to hold.
        """
        self._set(self._rows[place], self._add_column(column), value)

    def append(self, row: Mapping[str, str]) -> None:
        """Add a row at the end.

        Parameters
        ----------
        row : mapping of str to str
            Values by column.
        """
        for column in row:
            self._add_column(column)
        width = max(self._columns.values()) + 1
        cells = [""] * width
        for column, value in row.items():
            cells[self._columns[column]] = value
        self._rows.append(len(self._cells))
        self._cells.append(cells)
        self._raw.append(self._line(cells))

    def write(self) -> bool:
        """Write the file, unless somebody else has written it since it was read.

        Returns
        -------
        bool
            Whether it was written, or had nothing to be changed.
        """
        raw = [
            text if _is_ended(text) or row == len(self._raw) - 1 else text + self._end
            for row, text in enumerate(self._raw)
        ]
        content = self._mark + encode_text("".join(raw))
        if content == self._on_disk:
            return True
        if read_bytes(self.path) != self._on_disk:
            return False
        write_whole(self.path, content)
        return True

    def _read(self, row: int, name: str) -> str:
        place = self._columns.get(name)
        cells = self._cells[row]
        if place is None or place >= len(cells):
            return ""
        return restore_bytes(cells[place])

    def _add_column(self, name: str) -> int:
        """Give a column's place, after all that have a head or anything else."""
        if name not in self._columns:
            used = [
                place
                for row in (self._head, *self._rows)
                for place, cell in enumerate(self._cells[row])
                if cell.strip()
            ]
            self._columns[name] = max(used, default=-1) + 1
            self._set(self._head, self._columns[name], name)
            # A last row with too few cells looks as if its writer had been stopped.
            for row in self._rows:
                self._set(row, self._columns[name], "")
        return self._columns[name]

    def _set(self, row: int, place: int, value: str) -> None:
        cells = self._cells[row]
        cells += [""] * (place + 1 - len(cells))
        cells[place] = value
        self._raw[row] = self._line(cells)

    def _line(self, cells: Sequence[str]) -> str:
        return csv_line(cells).removesuffix("\n") + self._end


def read_bytes(path: Path) -> bytes:
    """Read a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bytes
        What it holds: nothing if it is not there.
    """
    return path.read_bytes() if path.exists() else b""


def with_commas(content: bytes) -> bytes:
    """Write a table with commas that has semicolons or tabs between its columns.

    Excel writes semicolons where the comma is the decimal sign.

    Parameters
    ----------
    content : bytes
        A file.

    Returns
    -------
    bytes
        The same table with commas; what was given if it has them, or is no table.
    """
    mark = _find_mark(content)
    try:
        text = content[len(mark) :].decode()
        [head] = next(csv.reader(io.StringIO(text, newline=""), strict=True))
        for delimiter in ";\t":
            if delimiter in head:
                source = io.StringIO(text, newline="")
                rows = list(csv.reader(source, delimiter=delimiter, strict=True))
                end = _end_of_line(next(io.StringIO(text, newline="")))
                lines = [csv_line(row).removesuffix("\n") + end for row in rows]
                return mark + "".join(lines).encode()
    except (ValueError, csv.Error, StopIteration):
        pass
    return content


def _find_mark(content: bytes) -> bytes:
    return codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""


def _end_of_line(text: str) -> str:
    if text.endswith("\r\n"):
        return "\r\n"
    return "\r" if text.endswith("\r") else "\n"


def _is_ended(text: str) -> bool:
    return text.endswith(("\n", "\r"))
