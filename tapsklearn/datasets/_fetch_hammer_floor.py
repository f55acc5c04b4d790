"""A public set of recordings: a floor hammered on, recorded with a phone."""

import contextlib
import csv
import io
import os
import shutil
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from tapsklearn._encode_wav import encode_wav
from tapsklearn._progress import progress_bar
from tapsklearn._table_text import csv_line, encode_text
from tapsklearn._whole_file import UNFINISHED, write_whole
from tapsklearn.datasets._download import download
from tapsklearn.datasets._errors import FolderError
from tapsklearn.datasets._files import list_folder
from tapsklearn.datasets._load_takes import load_takes
from tapsklearn.datasets._table import find_table, read_table
from tapsklearn.preprocessing import open_sound

_NAME = "hammer-floor"
_COMMIT = "174b57c38e9acfb7c29a3a7db16f922c693ed5b4"
_BASE_URL = f"https://raw.githubusercontent.com/yodacatmeow/SNU-B36-50/{_COMMIT}/"
_LIST = "hammer_floor_files.csv"
_TABLE = "takes.csv"
# Where files lie until they are takes.
_FETCHED = ".fetched"
_KINDS = {"hd": "dropped hammer", "mb": "dropped ball"}
_CITATION = (
    "Hwiyong Choi, Seungjun Lee, Haesang Yang, Woojae Seong: Classification of noise "
    "between floors in a building using pre-trained deep convolutional neural "
    "networks. 16th International Workshop on Acoustic Signal Enhancement (IWAENC), "
    "2018, pages 535-539"
)
_SECONDS = 3
_SR = 44100  # of all of its recordings
_WAV_BYTES = 44 + 2 * _SECONDS * _SR


class _File(NamedTuple):
    """A recording of the set."""

    board: str
    take: int
    condition: str
    source: str
    n_bytes: int
    sha256: str

    @property
    def path(self) -> str:
        return f"{self.board}/{self.take:02}.wav"


def fetch_hammer_floor(
    directory: str | os.PathLike[str] | None = None,
    *,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    timeout: float = 30.0,
    base_url: str | None = None,
    verbose: int = 0,
) -> Bunch:
    """Fetch recordings of a floor that is hammered on, and load them.

    A floor of a building was struck, and recorded with a phone one floor away: 240
    takes of 12 boards, in mono and of 3 s at 44.1 kHz. Hammering at eight places is
    normal (boards ``hh_*``); a hammer dropped at two places (``hd_*``) and a medicine
    ball dropped at two places (``mb_*``) are abnormal.

    They are a part of SNU-B36-50 and SNU-B36-50E (Copyright (c) 2018 H. Choi, S. Lee,
    H. Yang, and W. Seong; MIT licence), fetched from its repository
    https://github.com/yodacatmeow/SNU-B36-50 at one commit: 28 MB, which give 64 MB of
    takes. Each file is compared with its checksum. It is then decoded, its channels
    are averaged, and 3 s are kept from one second before its largest sample, within
    the recording; a shorter one is padded at its end.

    Parameters
    ----------
    directory : path-like, default=None
        The folder to write into: new, or begun before. If None, ``hammer-floor`` in
        the folder for data of tapsklearn, which `pooch.os_cache` names, or the
        environment variable ``TAPSKLEARN_DATA``.
    download_if_missing : bool, default=True
        Whether to fetch what is missing. If False, that is an error.
    n_retries : int, default=3
        How many times more a file is tried that does not come.
    delay : float, default=1.0
        Seconds between two tries.
    timeout : float, default=30.0
        Seconds without a byte after which a server is given up.
    base_url : str, default=None
        Where a copy of the repository lies, as at that commit. If None, at GitHub.
    verbose : int, default=0
        1 shows progress and how to cite the recordings.

    Returns
    -------
    Bunch
        As of `load_takes`.

    Raises
    ------
    FolderError
        If the folder holds other recordings.
    OSError
        If something is missing and cannot be fetched or written. What has been
        fetched is kept, and the same call goes on from there.
    ImportError
        If PyAV is missing, which decodes the files.

    See Also
    --------
    load_takes : Find the recordings of any folder.
    tapsklearn.synthesis.make_tap_boards : Synthesize recordings instead.

    Notes
    -----
    Whoever publishes work with these recordings cites [1]_.

    The tests of this function fetch from a server of their own: they do not reach
    GitHub.

    References
    ----------
    .. [1] Hwiyong Choi, Seungjun Lee, Haesang Yang, Woojae Seong: Classification of
       noise between floors in a building using pre-trained deep convolutional neural
       networks. 16th International Workshop on Acoustic Signal Enhancement (IWAENC),
       2018, pages 535-539.

    Examples
    --------
    >>> from tapsklearn.datasets import fetch_hammer_floor
    >>> takes = fetch_hammer_floor("hammer-floor")  # doctest: +SKIP
    >>> len(takes.paths), len(takes.normal_boards)  # doctest: +SKIP
    (240, 8)
    """
    if n_retries < 0 or delay < 0 or not timeout > 0:
        raise ValueError(
            f"n_retries={n_retries!r} and delay={delay!r} must be 0 or more, and "
            f"timeout={timeout!r} more than 0"
        )
    folder = _find_folder() if directory is None else Path(directory)
    recordings = _read_list()
    has_table = _check_folder(folder, recordings)
    missing = [each for each in recordings if not _is_whole(folder / each.path)]
    if missing and not download_if_missing:
        raise FileNotFoundError(
            f"{folder}: {len(missing)} of {len(recordings)} takes are missing, and "
            "download_if_missing=False"
        )
    address = (base_url or _BASE_URL).rstrip("/") + "/"
    if missing and find_spec("av") is None:
        raise ImportError(
            "fetch_hammer_floor decodes with PyAV, which is missing: pip install "
            '"tapsklearn[phone]"'
        )
    n_bytes = sum(each.n_bytes for each in missing)
    shown = verbose if missing else 0
    with progress_bar("fetching", len(missing), verbose=shown) as bar:
        bar.say(f"{len(missing)} files, {n_bytes / 1e6:.1f} MB, from {address}")
        for each in missing:
            try:
                _fetch(each, folder, address, n_retries, delay, timeout)
            except ConnectionError as error:
                raise ConnectionError(
                    f"{error}. What came before is kept in {folder}, and the same "
                    "goes on from there; base_url= (--base-url) names a copy "
                    "elsewhere"
                ) from error
            bar(note=each.path)
        bar.say(f"to be cited: {_CITATION}")
    if not has_table:
        # Last, so that a part is never taken for the whole.
        write_whole(folder / _TABLE, _make_table(recordings))
    if missing:
        _tidy(folder, recordings)
    return load_takes(folder)


def _find_folder() -> Path:
    import pooch

    chosen = os.environ.get("TAPSKLEARN_DATA")
    return Path(chosen or pooch.os_cache("tapsklearn"), _NAME)


def _read_list() -> list[_File]:
    text = (files("tapsklearn.datasets") / _LIST).read_text(encoding="utf-8")
    return [
        _File(
            row["board"],
            int(row["take"]),
            row["condition"],
            row["path"],
            int(row["bytes"]),
            row["sha256"],
        )
        for row in csv.DictReader(io.StringIO(text))
    ]


def _check_folder(folder: Path, recordings: list[_File]) -> bool:
    """Check that a folder holds nothing else; return whether it has its table."""
    if folder.exists() and not folder.is_dir():
        raise FolderError(folder, ["is not a folder"])
    if not folder.exists():
        return False
    # Systems and people put notes and the like beside recordings.
    folders, sounds = list_folder(folder)
    boards = {each.board for each in recordings}
    others = [name for name in folders if name not in boards]
    others += [name for name, _ in sounds]
    names = [path.name for path in folder.iterdir() if path.is_file()]
    boards_csv, _ = find_table(names, "boards.csv")
    others += [boards_csv] if boards_csv else []
    table = folder / _TABLE
    if table.exists():
        rows, problems = read_table(table, columns=["path"], condition="ignored")
        if problems or rows is None:
            raise FolderError(folder, problems)
        if {each.path for each in recordings} <= set(rows["path"]):
            # Whatever has been put beside the takes since.
            return True
        others.append(_TABLE)
    if others:
        problem = f"holds other files ({sorted(others)[0]}): name a new folder"
        raise FolderError(folder, [problem])
    return False


def _is_whole(path: Path) -> bool:
    """Return whether a take is there, which it is whole or not at all."""
    try:
        return path.stat().st_size == _WAV_BYTES
    except OSError:
        return False


def _fetch(
    recording: _File,
    folder: Path,
    address: str,
    n_retries: int,
    delay: float,
    timeout: float,
) -> None:
    fetched = folder / _FETCHED
    fetched.mkdir(parents=True, exist_ok=True)
    source = Path(recording.source).name
    file = fetched / f"{recording.board}-{recording.take:02}-{source}"
    download(
        address + recording.source,
        file,
        sha256=recording.sha256,
        n_retries=n_retries,
        delay=delay,
        timeout=timeout,
    )
    try:
        waveform, sr = _decode(file)
    except ValueError as error:
        raise OSError(f"{file}: {error}") from error
    path = folder / recording.path
    path.parent.mkdir(exist_ok=True)
    write_whole(path, encode_wav(_cut(waveform, sr), sr))
    file.unlink()


def _decode(file: Path) -> tuple[NDArray[np.float32], int]:
    """Read a recording, and average its channels."""
    with open_sound(file, is_take=False) as sound:
        blocks = []
        for block in sound.read():
            full_scale = 2**15 if block.dtype.kind == "i" else 1
            blocks.append(block.mean(axis=1, dtype=np.float32) / full_scale)
    return np.concatenate(blocks), sound.sr


def _cut(waveform: NDArray[np.float32], sr: int) -> NDArray[np.float32]:
    """Keep what begins one second before the largest sample."""
    length = _SECONDS * sr
    begin = int(np.abs(waveform).argmax()) - sr
    begin = max(0, min(begin, len(waveform) - length))
    part = waveform[begin : begin + length]
    return np.pad(part, (0, length - len(part)))


def _make_table(recordings: list[_File]) -> bytes:
    lines = [csv_line(["path", "board", "condition", "take", "kind"])]
    for each in recordings:
        kind = _KINDS.get(each.board.split("_")[0], "")
        lines.append(csv_line([each.path, each.board, each.condition, each.take, kind]))
    return encode_text("".join(lines))


def _tidy(folder: Path, recordings: list[_File]) -> None:
    """Remove what calls that were killed have left."""
    with contextlib.suppress(OSError):  # It does no harm there.
        shutil.rmtree(folder / _FETCHED, ignore_errors=True)
        for board in {each.board for each in recordings}:
            for unfinished in (folder / board).glob(f".*{UNFINISHED}"):
                unfinished.unlink(missing_ok=True)
