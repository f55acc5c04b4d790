"""The recordings that a command is given: files, folders, a list on standard input."""

import codecs
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tapsklearn.datasets import find_recordings

STANDARD_INPUT = "-"
_BYTES_AT_ONCE = 65536
# How text begins that says how it is encoded.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}

# How a byte is held that the encoding has not.
_BYTE = re.compile("[\udc80-\udcff]")


class Listed(NamedTuple):
    """A recording, or what is in its place.

    Attributes
    ----------
    path : str
        The file, or a folder.
    problem : str
        Why it cannot be scored, or "".
    is_unused : bool
        Whether it was found in a folder and cannot be read.
    """

    path: str
    problem: str = ""
    is_unused: bool = False


def list_recordings(
    given: Sequence[str], *, at_once: int, null: bool = False
) -> Iterator[list[Listed]]:
    """List recordings, some at a time, and no later than they are known.

    Parameters
    ----------
    given : sequence of str
        Files, folders, or "-" for a list on standard input.
    at_once : int
        The most that are listed at a time.
    null : bool, default=False
        Whether NUL characters end the names of that list, and not lines.

    Yields
    ------
    list of Listed
        Files, and what cannot be scored.
    """
    some: list[Listed] = []
    for listed in _list_all(given, null):
        if listed is not None:
            some.append(listed)
        # The next one may be long in coming.
        if some and (listed is None or len(some) == at_once):
            yield some
            some = []
    if some:
        yield some


def _list_all(given: Sequence[str], null: bool) -> Iterator[Listed | None]:
    for path in given:
        if path == STANDARD_INPUT:
            for name in _read_names("\0" if null else "\n"):
                yield from [None] if name is None else _list_one(name)
        else:
            yield from _list_one(path)


def _list_one(path: str) -> Iterator[Listed]:
    if "\0" in path:
        reason = (
            "a NUL character follows in the list: a list of find -print0 needs the "
            "option -0, one in UTF-16 a byte-order mark"
        )
        yield Listed(path.partition("\0")[0] or STANDARD_INPUT, reason)
        return
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        yield Listed(path, "is no name that a file can have")
        return
    if sys.getfilesystemencodeerrors() == "surrogatepass" and _BYTE.search(path):
        # On Windows, where a name has letters in place of bytes.
        reason = "the list is not UTF-8: in cmd, `chcp 65001` makes it so"
        yield Listed(path, reason)
        return
    try:
        is_folder = Path(path).is_dir()
    except OSError as error:
        yield Listed(path, f"cannot be opened ({error.strerror})")
        return
    if not is_folder:
        [(path, problem)] = find_recordings(path)
        yield Listed(path, problem)
        return
    is_empty = True
    for found, problem in find_recordings(path):
        is_empty = False
        yield Listed(found, problem, is_unused=bool(problem))
    if is_empty:
        yield Listed(path, "the folder holds no recordings")


def _read_names(end: str) -> Iterator[str | None]:
    """Read names from standard input as they come; None where all that came is read."""
    stream: Any = sys.stdin.buffer
    decoder: codecs.IncrementalDecoder | None = None
    unread, begun = b"", ""
    is_open = True
    while is_open:
        part = stream.read1(_BYTES_AT_ONCE)
        is_open = bool(part)
        unread += part
        if decoder is None:
            # A part of a mark may be all that has come.
            if is_open and any(mark.startswith(unread) for mark in _MARKS):
                continue
            decoder, unread = _choose_decoder(unread)
        # Half a sign is a part of a name, but for the encodings that have a mark.
        is_last = not is_open and decoder.errors == "surrogateescape"
        *names, begun = (begun + decoder.decode(unread, is_last)).split(end)
        unread = b""
        yield from (each for name in names if (each := _trim(name, end)).strip())
        yield None
    if (last := _trim(begun, end)).strip():
        yield last


def _trim(name: str, end: str) -> str:
    return name.removesuffix("\r") if end == "\n" else name


def _choose_decoder(begun: bytes) -> tuple[codecs.IncrementalDecoder, bytes]:
    """Choose how to read a list by how it begins; return what follows the mark."""
    for mark, encoding in _MARKS.items():
        if begun.startswith(mark):
            decoder = codecs.getincrementaldecoder(encoding)
            # Names of files can hold what the encoding has not.
            errors = "surrogateescape" if encoding == "utf-8" else "surrogatepass"
            return decoder(errors), begun[len(mark) :]
    decoder = codecs.getincrementaldecoder(sys.getfilesystemencoding())
    return decoder("surrogateescape"), begun
