"""Files that are there in full or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# How the name of a file ends that is not whole yet.
UNFINISHED = ".unfinished"


@contextlib.contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write, which gets its name once it is whole on disk.

    At any moment the old file or the new one is there, whatever is killed or fails.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    binary file
        What to write into.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # Where a folder can be flushed at all.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file as `open_whole` does.

    Parameters
    ----------
    path : Path
        The file.
    content : bytes or memoryview
        All of it.
    """
    with open_whole(path) as file:
        file.write(content)
