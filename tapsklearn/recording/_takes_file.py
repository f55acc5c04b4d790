"""Takes on disk: each whole before it is listed, and listed before it is announced."""

import re
from datetime import UTC, datetime
from pathlib import Path

from tapsklearn._encode_wav import encode_wav
from tapsklearn._growing_table import GrowingTable
from tapsklearn._whole_file import write_whole
from tapsklearn.recording._tap import Tap

TAKES_CSV = "takes.csv"
_COLUMNS = ("path", "board", "condition", "specimen", "peak_db", "recorded")
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]')


class TakesFile:
    """Write takes of one board into a folder, and list them in its takes.csv.

    Parameters
    ----------
    directory : Path
        The folder of all boards.
    board : str
        The board.
    condition : {"normal", "abnormal"}
        Its condition.
    specimen : str
        Its specimen.

    Raises
    ------
    ValueError
        If takes.csv lists the board otherwise, or cannot be read as such a table.
    """

    def __init__(
        self, directory: Path, board: str, *, condition: str, specimen: str
    ) -> None:
        self.directory = directory
        self.row = {"board": board, "condition": condition, "specimen": specimen}
        folder = _NOT_IN_NAMES.sub("_", board).strip(". ")
        if not folder:
            raise ValueError(f"board={board!r} must be a name")
        self.folder = directory / folder
        self.index = GrowingTable(
            directory / TAKES_CSV, _COLUMNS, required=("path", "board", "condition")
        )
        self._check()
        self.n_takes = sum(row["board"] == board for row in self.index.rows)

    def start(self) -> None:
        """Make the folders and the table where there are none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.index.start()

    def add(self, tap: Tap, sr: int) -> Path:
        """Write a take.

        Parameters
        ----------
        tap : Tap
            The take.
        sr : int
            Its sampling rate, in Hz.

        Returns
        -------
        Path
            The file, whole on disk and listed.
        """
        path = self.folder / f"{self._find_number():02}.wav"
        write_whole(path, encode_wav(tap.waveform, sr))
        self.index.append(
            {
                **self.row,
                "path": path.relative_to(self.directory).as_posix(),
                "peak_db": f"{tap.peak_db:.1f}",
                "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )
        self.n_takes += 1
        return path

    def _find_number(self) -> int:
        """Give the number after all that are there or listed."""
        listed = [self.directory / (row["path"] or "") for row in self.index.rows]
        numbers = [
            int(path.stem)
            for path in [*self.folder.glob("*.wav"), *listed]
            if path.parent == self.folder and path.stem.isdecimal()
        ]
        return max(numbers, default=-1) + 1

    def _check(self) -> None:
        """Check that the board is what it was before."""
        for row in self.index.rows:
            if row["board"] != self.row["board"]:
                continue
            for column in ("condition", "specimen"):
                before = row.get(column)
                if before and before != self.row[column]:
                    raise ValueError(
                        f"{self.index.path}: board {self.row['board']!r} has {column} "
                        f"{before!r} there, not {self.row[column]!r}; name the same, "
                        "or another board"
                    )
