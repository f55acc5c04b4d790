"""Takes on disk: each whole before it is listed, and listed before it is announced."""

import contextlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tapsklearn._encode_wav import encode_wav
from tapsklearn._growing_table import GrowingTable
from tapsklearn._whole_file import write_whole
from tapsklearn.recording._tap import Tap

TAKES_CSV = "takes.csv"
_COLUMNS = ("path", "board", "condition", "specimen", "peak_db", "recorded")
# Where a take was cut out of.
_SOURCE_COLUMNS = ("source", "source_id", "onset")
# Windows opens devices by these names, whatever follows a dot.
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|(com|lpt)[0-9¹²³])( *\..*)?")
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
# Taps are not so close to each other, and one has no other level when it is cut again.
_SAME_SECONDS = 0.1
_SAME_DB = 0.2


@dataclass(frozen=True)
class Source:
    """What a take is cut out of.

    Attributes
    ----------
    name : str
        Name of the recording's file.
    id : str
        What distinguishes recordings of one name.
    seconds : float
        Where in it the tap begins.
    """

    name: str
    id: str
    seconds: float


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
    specimen : str or None
        Its specimen. If None, it is one of its own.
    kind : str, default=None
        Kind of its defect. If None, what is listed of it.
    session : str, default=None
        When it is recorded.
    has_source : bool, default=False
        Whether takes come from recordings that are named.

    Raises
    ------
    ValueError
        If a value is wrong, takes.csv lists the board otherwise, or it cannot be read
        as such a table.
    """

    def __init__(
        self,
        directory: Path,
        board: str,
        *,
        condition: str,
        specimen: str | None,
        kind: str | None = None,
        session: str | None = None,
        has_source: bool = False,
    ) -> None:
        if condition not in ("normal", "abnormal"):
            raise ValueError(f"condition={condition!r} must be 'normal' or 'abnormal'")
        if kind and condition == "normal":
            raise ValueError(f"kind={kind!r}: a normal board has no kind of defect")
        self.directory = directory
        # macOS spells letters with marks in two parts, as `load_takes` does not.
        board = _same_letters(board)
        self.row = {
            "board": board,
            "condition": condition,
            "specimen": _same_letters(specimen or board),
            "kind": kind or "",
            "session": session or "",
        }
        folder = _NOT_IN_NAMES.sub("_", board).strip(". ")
        if not folder:
            raise ValueError(f"board={board!r} must be a name")
        if _RESERVED.fullmatch(folder):
            folder = f"_{folder}"
        self.index = GrowingTable(
            directory / TAKES_CSV,
            _COLUMNS,
            required=("path", "board", "condition"),
            added=[
                *(name for name in ("kind", "session") if self.row[name]),
                *(_SOURCE_COLUMNS if has_source else ()),
            ],
        )
        for row in self.index.rows:
            for column in ("board", "specimen"):
                if column in row:
                    row[column] = _same_letters(row[column])
        self._check()
        of_board = [row for row in self.index.rows if row["board"] == board]
        self.folder = directory / _find_folder(of_board, folder)
        self.n_takes = len(of_board)
        # Whoever gives no kind means the one that it has.
        kinds = [row["kind"] for row in of_board if row.get("kind")]
        self.row["kind"] = self.row["kind"] or next(iter(kinds), "")
        self._cut_before: dict[str, list[tuple[float, float, str, str]]] = {}
        for row in self.index.rows:
            with contextlib.suppress(KeyError, ValueError):
                seconds, peak = float(row["onset"]), float(row.get("peak_db") or "nan")
                places = self._cut_before.setdefault(row["source_id"], [])
                places.append((seconds, peak, row["path"], row["board"]))
        self._number, self._unlisted = self._find_files()

    def start(self) -> None:
        """Make the folders and the table where there are none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.index.start()

    def find(self, source: Source, peak_db: float) -> tuple[Path, str] | None:
        """Find a take that was cut out before.

        Parameters
        ----------
        source : Source
            Where.
        peak_db : float
            Level of its loudest sample. Recordings made by a program can begin alike.

        Returns
        -------
        tuple or None
            The take, and the board that it is listed for. If None, it is not listed.
        """
        for seconds, peak, path, board in self._cut_before.get(source.id, ()):
            is_there = abs(seconds - source.seconds) < _SAME_SECONDS
            if is_there and not abs(peak - peak_db) > _SAME_DB:
                return self.directory / path, board
        return None

    def add(self, tap: Tap, sr: int, source: Source | None = None) -> Path:
        """Write a take.

        Parameters
        ----------
        tap : Tap
            The take.
        sr : int
            Its sampling rate, in Hz.
        source : Source, default=None
            What it was cut out of.

        Returns
        -------
        Path
            The file, whole on disk and listed.
        """
        content = encode_wav(tap.waveform, sr)
        path = None if source is None else self._find_unlisted(content)
        if path is None:
            path = self._next_path()
            write_whole(path, content)
        row = {
            **self.row,
            "path": path.relative_to(self.directory).as_posix(),
            "peak_db": f"{tap.peak_db:.1f}",
            "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        if source is not None:
            row |= {
                "source": source.name,
                "source_id": source.id,
                "onset": f"{source.seconds:.4f}",
            }
            places = self._cut_before.setdefault(source.id, [])
            places.append((source.seconds, tap.peak_db, row["path"], row["board"]))
        self.index.append(row)
        self.n_takes += 1
        return path

    def _find_files(self) -> tuple[int, list[Path]]:
        """Find the number after all that are there or listed, and unlisted files."""
        listed = {self.directory / (row["path"] or "") for row in self.index.rows}
        files = set(self.folder.glob("*.wav"))
        numbers = [
            int(path.stem)
            for path in files | listed
            if path.parent == self.folder and path.stem.isdecimal()
        ]
        return max(numbers, default=-1) + 1, sorted(files - listed)

    def _find_unlisted(self, content: bytes) -> Path | None:
        """Find the same take, which was written when the power went, not yet listed."""
        for path in self._unlisted:
            if path.stat().st_size == len(content) and path.read_bytes() == content:
                self._unlisted.remove(path)
                return path
        return None

    def _next_path(self) -> Path:
        """Name a file that is not there."""
        while (path := self.folder / f"{self._number:02}.wav").exists():
            self._number += 1
        self._number += 1
        return path

    def _check(self) -> None:
        """Check that the board is what it was before."""
        for row in self.index.rows:
            if row["board"] != self.row["board"]:
                continue
            for column in ("condition", "specimen", "kind"):
                before, now = row.get(column), self.row[column]
                if before and before != now and (now or column != "kind"):
                    raise ValueError(
                        f"{self.index.path}: board {self.row['board']!r} has {column} "
                        f"{before!r} there, not {now!r}; name the same, or another "
                        "board"
                    )


def _same_letters(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _find_folder(rows: list[dict[str, str]], name: str) -> str:
    """Spell a folder the way that is on the disk already."""
    for row in rows:
        first, *rest = row["path"].replace("\\", "/").split("/")
        if rest and _same_letters(first) == name:
            return first
    return name
