"""All recordings in a folder and its subfolders, each once."""

import os
from collections.abc import Iterator
from pathlib import Path

from tapsklearn.datasets._files import (
    DEAD_LINK,
    SOUND_SUFFIXES,
    UNREAD_SUFFIXES,
    list_folder,
    real_name,
    why_unread_alone,
)


def find_recordings(
    directory: str | os.PathLike[str],
) -> Iterator[tuple[str, str]]:
    """Find the recordings in a folder and in all of its subfolders.

    Those of a folder come before those of its subfolders, numbers in names count by
    their value, and what is hidden (its name begins with a dot) is passed over. Links
    are followed, and each file is found once: at its own place if that is in the
    folder, else where the first link to it is.

    Parameters
    ----------
    directory : path-like
        The folder. Of a single file, which need not exist, that file is all.

    Yields
    ------
    path : str
        A file, or a subfolder that cannot be opened.
    problem : str
        Why it cannot be read, as far as that is known without opening it: of a
        format such as .ds2, say; else "".

    See Also
    --------
    load_takes : Find recordings together with their boards.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("2.wav", "10.flac", "9.ds2", "notes.txt"):
    ...         pathlib.Path(folder, name).touch()
    ...     for path, problem in find_recordings(folder):
    ...         print(pathlib.Path(path).name, problem)
    2.wav
    9.ds2 .ds2 cannot be read: convert it to WAV
    10.flac
    """
    root = Path(directory)
    if not root.is_dir():
        yield os.fspath(directory), why_unread_alone(root)
        return
    for path, problem in walk(root):
        yield str(root / path), problem


def walk(root: Path) -> Iterator[tuple[str, str]]:
    """Find recordings as `find_recordings` does, named from the folder on.

    Parameters
    ----------
    root : Path
        The folder.

    Yields
    ------
    path : str
        A file, or a subfolder that cannot be opened; its parts joined by "/".
    problem : str
        Why it cannot be read, or "".
    """
    top = real_name(root)
    # What links have led to, folders and files, by their real names.
    reached: set[str] = set()
    waiting = [("", top)]
    while waiting:
        folder, real = waiting.pop()
        try:
            folders, recordings = list_folder(root / folder)
        except OSError as error:
            yield folder, f"the folder cannot be opened ({error.strerror})"
            continue
        for name, problem in recordings:
            path = f"{folder}/{name}" if folder else name
            target = real_name(root / path)
            is_direct = target == os.path.join(real, name) and _is_in(real, top)  # noqa: PTH118
            if not is_direct and problem != DEAD_LINK:
                if target in reached or (_is_in(target, top) and _sounds(target)):
                    continue
                reached.add(target)
            yield path, problem
        further = []
        for name in folders:
            path = f"{folder}/{name}" if folder else name
            target = real_name(root / path)
            is_direct = target == os.path.join(real, name) and _is_in(real, top)  # noqa: PTH118
            if not is_direct:
                # A folder's own parents are no part of it.
                is_parent = top.startswith(os.path.join(target, ""))  # noqa: PTH118
                if target in reached or is_parent or _is_in(target, top):
                    continue
                reached.add(target)
            further.append((path, target))
        waiting += reversed(further)


def _is_in(real: str, top: str) -> bool:
    """Return whether a file or folder is found below another one without any link."""
    if real == top:
        return True
    below = real.removeprefix(os.path.join(top, ""))  # noqa: PTH118
    return below != real and not any(part.startswith(".") for part in Path(below).parts)


def _sounds(path: str) -> bool:
    return Path(path).suffix.lower() in SOUND_SUFFIXES | UNREAD_SUFFIXES
