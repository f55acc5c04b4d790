"""Tables on disk that grow row by row, whatever they are killed by.

A table that is written anew as a whole would be as safe against a kill, but not against
a second recorder in the same folder, whose rows it would lose.
"""

import csv
import errno
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tapsklearn._table_text import csv_line, encode_text, normalize_head, restore_bytes
from tapsklearn._whole_file import write_whole

# Windows would write "\r\n" for each "\n", also where it is a part of a name.
_TO_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


class GrowingTable:
    """A CSV file to which rows are appended, each whole on disk or not there.

    Parameters
    ----------
    path : Path
        The file; what it holds is kept.
    columns : sequence of str
        The columns of a new one. An older one keeps its own.
    required : iterable of str
        The columns that an older one needs to have.
    added : sequence of str, default=()
        Further columns of a new one, which an older one gets behind its own.

    Attributes
    ----------
    rows : list of dict of str to str
        What it held at first.

    Raises
    ------
    ValueError
        If the file is another kind of table.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        *,
        required: Iterable[str],
        added: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.columns = [*columns, *added]
        self._added = added
        self.rows: list[dict[str, str]] = []
        content = path.read_bytes() if path.exists() else b""
        # Spreadsheets on a Mac may end lines with "\r" alone.
        n_whole = 1 + max(content.rfind(b"\n"), content.rfind(b"\r"))
        last = content[n_whole:]
        self._is_ended = not last
        # Whoever wrote half a row was stopped in the middle, and never announced it.
        self._n_broken = len(last) if last and _is_broken(content) else 0
        if self._n_broken:
            content, self._is_ended = content[:n_whole], True
        if not content:
            return
        text = _decode(content)
        if text is None:
            raise ValueError(f'{path}: is not UTF-8 text: save it as "CSV UTF-8"')
        rows = list(csv.reader(io.StringIO(text, newline="")))
        heads = rows.pop(0) if rows else []
        self.columns = [normalize_head(head) for head in heads]
        missing = set(required) - set(self.columns)
        if missing:
            raise ValueError(f"{path}: has no column {', '.join(sorted(missing))}")
        self.rows = [
            dict(
                zip_longest(
                    self.columns, map(restore_bytes, row[: len(heads)]), fillvalue=""
                )
            )
            for row in rows
            if row
        ]

    def start(self) -> None:
        """Make the file ready for the next row."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if self._n_broken:
            os.truncate(self.path, size - self._n_broken)
        if size == self._n_broken:
            self.append(dict(zip(self.columns, self.columns, strict=True)))
        elif not self._is_ended:
            self._write(b"\n")
        missing = [column for column in self._added if column not in self.columns]
        if missing:
            self._widen(missing)

    def _widen(self, columns: Sequence[str]) -> None:
        """Add columns to the head alone: rows that are shorter leave them empty."""
        self.columns += columns
        more = encode_text("," + csv_line(columns).removesuffix("\n"))
        with self.path.open("rb") as old:
            content = old.read()
            end = _find_end_of_head(content)
            if os.name == "nt":
                old.close()  # It cannot be replaced while it is open.
            write_whole(self.path, content[:end] + more + content[end:])
            # What another recorder has added to the old one since.
            late = b"" if old.closed else old.read()
        if late:
            self._write(late)

    def append(self, row: Mapping[str, Any]) -> None:
        """Append a row.

        Parameters
        ----------
        row : mapping of str to object
            Values by column; those of no column are left out.
        """
        line = csv_line(row.get(column, "") for column in self.columns)
        self._write(encode_text(line))

    def _write(self, line: bytes) -> None:
        """Write with one call, so that no kill leaves half of a line."""
        descriptor = os.open(self.path, _TO_APPEND, 0o666)
        try:
            size = os.fstat(descriptor).st_size
            if os.write(descriptor, line) < len(line):
                os.truncate(descriptor, size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _decode(content: bytes) -> str | None:
    """Decode UTF-8; None for other text, such as UTF-16 with its NULs."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text[:2] else text


def _find_end_of_head(content: bytes) -> int:
    is_quoted = False
    for place, sign in enumerate(content):
        if sign == ord('"'):
            is_quoted = not is_quoted
        elif sign in b"\r\n" and not is_quoted:
            return place
    return len(content)


def _is_broken(content: bytes) -> bool:
    """Return whether the last row, which has no end of line, was cut off."""
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    except csv.Error:
        return True
    return bool(rows) and len(rows[-1]) < len(rows[0])
