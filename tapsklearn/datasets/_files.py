"""Sound files and folders, as they lie on the disk."""

import os
import re
import unicodedata
from pathlib import Path

SOUND_SUFFIXES = (".wav", ".flac", ".ogg")


def list_folder(folder: Path) -> tuple[list[str], list[str]]:
    """List what lies directly in a folder, in natural order, but nothing hidden.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Returns
    -------
    folders : list of str
        Names of its subfolders.
    sounds : list of str
        Names of its sound files.

    Raises
    ------
    OSError
        If the folder cannot be opened.
    """

    def fail(error: OSError) -> None:
        raise error

    _, folders, files = next(os.walk(folder, onerror=fail))
    # Also leaves out the "._01.wav" that macOS puts beside "01.wav".
    folders = [name for name in folders if not name.startswith(".")]
    return sorted(folders, key=natural_key), sorted(_sounds(files), key=natural_key)


def holds_sounds(folder: Path) -> bool:
    """Find out whether there is a sound file in a folder, however deep.

    Parameters
    ----------
    folder : Path
        An existing folder; subfolders that cannot be opened are passed over.

    Returns
    -------
    bool
        True from one file on that is not hidden.
    """
    for _, folders, files in os.walk(folder):
        # os.walk descends into what is left in this list.
        folders[:] = [name for name in folders if not name.startswith(".")]
        if _sounds(files):
            return True
    return False


def is_file(path: Path) -> bool:
    """Find out whether a path leads to a file, whatever stands in the way.

    Parameters
    ----------
    path : Path
        Anything; one that is too long or forbidden leads to no file.

    Returns
    -------
    bool
        True for an existing file.
    """
    try:
        return path.is_file()
    except OSError:
        return False


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Make a sorting key that puts "take 2" before "take 10".

    Parameters
    ----------
    name : str
        What is to be sorted.

    Returns
    -------
    tuple
        Text and numbers by turns, then the name itself, so that "1" and "01" have
        an order too.
    """
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], name


def same_letters(name: str) -> str:
    """Spell a name the one way Unicode calls composed (NFC).

    A folder that a Mac wrote can hold "が" as two characters where a table or a
    pattern holds one: they look alike, and would be two boards.

    Parameters
    ----------
    name : str
        A board's or specimen's name.

    Returns
    -------
    str
        The name, composed.
    """
    return unicodedata.normalize("NFC", name)


def _sounds(files: list[str]) -> list[str]:
    return [
        name
        for name in files
        if name.lower().endswith(SOUND_SUFFIXES) and not name.startswith(".")
    ]
