"""What does not keep a folder from being used, and should not pass in silence."""

import hashlib
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from tapsklearn.datasets._files import is_file

# Most recordings of one length differ in any part of this length.
_SAMPLE_BYTES = 4096


class Finding(NamedTuple):
    """Something to be known of a folder.

    Attributes
    ----------
    path : str
        The file that it is about, from the folder on, or "".
    board : str
        The board, or "".
    problem : {"unused", "duplicate", "similar names", "mixed devices"}
        What it is.
    detail : str
        In words.
    """

    path: str
    board: str
    problem: str
    detail: str


def find_similar_names(frame: pd.DataFrame) -> list[Finding]:
    """Find boards and specimens whose names differ in spelling alone.

    Parameters
    ----------
    frame : DataFrame
        With the columns ``board`` and ``specimen``.

    Returns
    -------
    list of Finding
        One for each group of names.
    """
    boards = [board for board in frame["board"].unique() if board]
    specimens = [name for name in frame["specimen"].unique() if name]
    found = []
    for what, names in (("boards", boards), ("specimens", specimens)):
        for group in _group(names, _ignore_spelling):
            if what == "specimens" and set(group) <= set(boards):
                continue  # Boards of no other specimen than themselves.
            listed = ", ".join(map(repr, group))
            detail = (
                f"the {what} {listed} differ by capital letters, spaces or the width "
                "of letters alone: if they are one, give them one name"
            )
            found.append(Finding("", str(group[-1]), "similar names", detail))
    return found


def find_copies(directory: Path, frame: pd.DataFrame) -> list[Finding]:
    """Find recordings that are there more than once.

    Parameters
    ----------
    directory : Path
        The folder.
    frame : DataFrame
        With the columns ``path`` and ``board``.

    Returns
    -------
    list of Finding
        One for each file that holds the same as one before it. Of files of one size,
        parts are read, and of those that agree in these, all.
    """
    takes = [
        (Path(directory, path), path, board)
        for path, board in zip(frame["path"], frame["board"], strict=True)
        if is_file(Path(directory, path))
    ]
    found = {}
    groups = [takes]
    keys: tuple[Callable[[Path], Hashable], ...] = (_size, _hash_parts, _hash_all)
    for key in keys:
        groups = [
            same for group in groups for same in _group(group, partial(_of_take, key))
        ]
    for (_, first, owner), *copies in groups:
        for _, path, board in copies:
            whose = f" of board {owner}" if board != owner else ""
            detail = f"the same recording as {first}{whose}"
            found[path] = Finding(path, board, "duplicate", detail)
    return [found[path] for path in frame["path"] if path in found]


def _group(items: Iterable[Any], key: Callable[[Any], Hashable]) -> list[list[Any]]:
    """Collect the items of one key, where it is one and they are two or more."""
    groups = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return [group for same, group in groups.items() if len(group) > 1 and same]


def _ignore_spelling(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold()
    plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    # "1 1" is not "11".
    return re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", plain) or name


def _of_take(key: Callable[[Path], Hashable], take: tuple[Path, str, str]) -> Hashable:
    try:
        return key(take[0])
    except OSError:
        return None


def _size(path: Path) -> int:
    return path.stat().st_size


def _hash_parts(path: Path) -> bytes:
    """Hash the beginning, the middle and the end of a file."""
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        parts = []
        for start in (0, size // 2, max(size - _SAMPLE_BYTES, 0)):
            file.seek(start)
            parts.append(file.read(_SAMPLE_BYTES))
    return hashlib.sha256(b"".join(parts)).digest()


def _hash_all(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
