"""The recordings that a command is given: files, folders, a list on standard input."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tapsklearn.datasets import list_folder

STANDARD_INPUT = "-"
# A path, and what is wrong with it if that is known; nothing if the next may be long
# in coming.
_Listed = tuple[str, str] | None
_BYTES_AT_ONCE = 65536


def list_recordings(
    given: Sequence[str], *, at_once: int
) -> Iterator[list[tuple[str, str]]]:
    """List recordings, some at a time, and no later than they are known.

    Parameters
    ----------
    given : sequence of str
        Files, folders, or "-" for one a line on standard input.
    at_once : int
        The most that are listed at a time.

    Yields
    ------
    list of tuple of str
        Paths, each with what is wrong with a folder or "".
    """
    some: list[tuple[str, str]] = []
    for listed in _list_all(given):
        if listed is not None:
            some.append(listed)
        if some and (listed is None or len(some) == at_once):
            yield some
            some = []
    if some:
        yield some


def _list_all(given: Iterable[str]) -> Iterator[_Listed]:
    for path in given:
        if path == STANDARD_INPUT:
            for line in _read_lines():
                yield from [None] if line is None else _list_one(Path(line))
        else:
            yield from _list_one(Path(path))


def _list_one(path: Path) -> Iterator[_Listed]:
    try:
        is_folder = path.is_dir()
    except (OSError, ValueError):  # Too long, or no path at all.
        is_folder = False
    if not is_folder:
        yield str(path), ""
        return
    n_found = 0
    for listed in _walk(path):
        n_found += 1
        yield listed
    if not n_found:
        yield str(path), "the folder holds no recordings"


def _walk(folder: Path) -> Iterator[_Listed]:
    """List the recordings of a folder, then those of its folders."""
    try:
        folders, sounds = list_folder(folder)
    except OSError as error:
        yield str(folder), f"the folder cannot be opened ({error.strerror})"
        return
    for name in sounds:
        yield str(folder / name), ""
    for name in folders:
        yield from _walk(folder / name)


def _read_lines() -> Iterator[str | None]:
    """Read standard input as lines come; None where all that came is read."""
    begun = b""
    stream: Any = sys.stdin.buffer
    while part := stream.read1(_BYTES_AT_ONCE):
        *lines, begun = (begun + part).split(b"\n")
        yield from (os.fsdecode(line.rstrip(b"\r")) for line in lines if line.strip())
        yield None
    if begun.strip():
        yield os.fsdecode(begun)
