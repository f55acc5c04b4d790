"""Files that are there in full or not at all."""

import contextlib
import os
import secrets
from pathlib import Path

# How the name of a file ends that is not whole yet.
UNFINISHED = ".unfinished"


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file, which gets its name once it is whole on disk.

    At any moment the old file or the new one is there, whatever is killed or fails.

    Parameters
    ----------
    path : Path
        The file.
    content : bytes or memoryview
        All of it.

    Raises
    ------
    OSError
        If it cannot be written; names the file.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):
            # A full disk names none, and the unfinished name means nothing to the user.
            error.filename, error.filename2 = str(path), None
        raise
    with contextlib.suppress(OSError):  # Where a folder can be flushed at all.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
