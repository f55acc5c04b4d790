"""Tables on disk that grow row by row, whatever they are killed by."""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


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
        self, path: Path, columns: Sequence[str], *, required: Iterable[str]
    ) -> None:
        self.path = path
        self.columns = list(columns)
        self.rows: list[dict[str, str]] = []
        self._content = path.read_bytes() if path.exists() else b""
        *lines, last = self._content.splitlines(keepends=True) or [b""]
        self._is_ended = last.endswith(b"\n")
        if not self._is_ended and last.count(b",") < b"".join(lines[:1]).count(b","):
            # Half a row: whoever wrote it was killed, and it was never announced.
            self._content = b"".join(lines)
            self._is_ended = True
        if not self._content:
            return
        try:
            table = csv.DictReader(io.StringIO(self._content.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: is no text in UTF-8") from error
        self.columns = list(table.fieldnames or ())
        missing = set(required) - set(self.columns)
        if missing:
            raise ValueError(f"{path}: has no column {', '.join(sorted(missing))}")
        self.rows = list(table)

    def start(self) -> None:
        """Make the file ready for the next row."""
        if not self._content:
            self.append(dict(zip(self.columns, self.columns, strict=True)))
        else:
            os.truncate(self.path, len(self._content))
            if not self._is_ended:
                self._write(b"\n")

    def append(self, row: Mapping[str, Any]) -> None:
        """Append a row.

        Parameters
        ----------
        row : mapping of str to object
            Values by column; those of no column are left out.
        """
        line = io.StringIO()
        csv.DictWriter(
            line, self.columns, extrasaction="ignore", lineterminator="\n"
        ).writerow(row)
        self._write(line.getvalue().encode())

    def _write(self, line: bytes) -> None:
        """Write with one call, so that no kill leaves half of a line."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
