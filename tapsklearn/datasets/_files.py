"""Recordings and folders, as they lie on the disk."""

import os
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

# What phones, cameras and browsers write, pictures with sound included.
PHONE_SUFFIXES = frozenset(
    [
        *(".m4a", ".m4b", ".m4p", ".m4r", ".mp4", ".m4v", ".3gp", ".3gpp", ".3g2"),
        *(".3ga", ".mov", ".qt", ".alac", ".aac", ".adts", ".amr", ".awb", ".wma"),
        *(".wmv", ".asf", ".webm", ".weba", ".mka", ".mkv", ".avi", ".mpg", ".mpeg"),
        *(".mts", ".m2ts"),
    ]
)
# And all that libsndfile recognizes by its content; MATLAB's and headerless files are
# rarely sound.
SOUND_SUFFIXES = PHONE_SUFFIXES.union(
    [
        *(".wav", ".wave", ".bwf", ".rf64", ".w64", ".flac", ".ogg", ".oga"),
        *(".opus", ".mp3", ".mp2", ".mpga", ".aif", ".aiff", ".aifc", ".caf"),
        *(".au", ".snd", ".avr", ".htk", ".ircam", ".nist", ".paf", ".pvf"),
        *(".sds", ".sf", ".sph", ".svx", ".8svx", ".voc", ".wve", ".xi"),
    ]
)
# What dictaphones and players write besides.
UNREAD_SUFFIXES = frozenset(
    [
        *(".flv", ".ogv", ".ogx", ".spx", ".wv", ".ape", ".tta", ".tak", ".ac3"),
        *(".eac3", ".dts", ".dsf", ".dff", ".mpc", ".mp1", ".ra", ".rm", ".qcp"),
        *(".dss", ".ds2", ".dvf", ".msv", ".gsm", ".vox", ".raw", ".pcm", ".sd2"),
    ]
)
KINDS_OF_SOUND = "WAV, FLAC, OGG, MP3, AIFF, CAF, M4A, 3GP, AMR, WMA, WebM and others"
_CONVERT = "{} cannot be read: convert it to WAV"
DEAD_LINK = "is a link that leads to no file"

# How files begin that can be read, whatever they are called.
_BEGINNING = re.compile(
    rb"(RIFF|RIFX|RF64|FFIR)....WAVE|FORM....AIF[FC]|fLaC|OggS|caff|\.snd|ID3"
    rb"|riff\x2e\x91\xcf\x11|#!AMR|....ftyp(M4A |3g|isom|mp4)",
    re.DOTALL,
)
_LONGEST_BEGINNING = 12


class Listing(NamedTuple):
    """What lies directly in a folder, in natural order.

    Attributes
    ----------
    folders : list of str
        Names of its subfolders.
    recordings : list of tuple of str
        Names of all that is or may be a recording, each with the reason why it cannot
        be read, or "".
    """

    folders: list[str]
    recordings: list[tuple[str, str]]

    @property
    def sounds(self) -> list[str]:
        """Names of the files that can be read as far as their names say."""
        return [name for name, reason in self.recordings if not reason]


def list_folder(folder: Path) -> Listing:
    """List what lies directly in a folder, but nothing hidden.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Returns
    -------
    Listing
        Its folders and recordings.

    Raises
    ------
    OSError
        If the folder cannot be opened.
    """
    folders, recordings = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            # Also leaves out the "._01.wav" that macOS puts beside "01.wav".
            if entry.name.startswith("."):
                continue
            if Path(folder, entry.name).is_dir():
                folders.append(entry.name)
            elif (reason := _why_unread(Path(folder, entry.name))) is not None:
                recordings.append((entry.name, reason))
    recordings.sort(key=lambda found: natural_key(found[0]))
    return Listing(sorted(folders, key=natural_key), recordings)


def is_sound(name: str) -> bool:
    """Find out whether a file is called like a recording that can be read.

    Parameters
    ----------
    name : str
        Name of the file.

    Returns
    -------
    bool
        Whether it ends so, in large or small letters.
    """
    return Path(name).suffix.lower() in SOUND_SUFFIXES


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
    except (OSError, ValueError):
        return False


def real_name(path: Path) -> str:
    """Find the one name that a file has whatever links lead to it.

    Parameters
    ----------
    path : Path
        Anything.

    Returns
    -------
    str
        The name, or the path if it can be none of a file.
    """
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return str(path)


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


def why_unread_alone(path: Path) -> str:
    """Explain why a file cannot be read that somebody names, whatever it is called.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        The reason, or "" where only opening it can show.
    """
    suffix = path.suffix.lower()
    if suffix not in UNREAD_SUFFIXES or not is_file(path) or _begins_like_sound(path):
        return ""
    return _CONVERT.format(suffix)


def _why_unread(path: Path) -> str | None:
    """Explain why a recording cannot be read, if so; None for what is no recording."""
    suffix = path.suffix.lower()
    if not is_file(path):
        if path.is_symlink():
            return DEAD_LINK
        # To open a pipe would wait for someone to write to it.
        return "is no file" if is_sound(path.name) else None
    if suffix in SOUND_SUFFIXES:
        return ""
    if suffix in UNREAD_SUFFIXES:
        return _CONVERT.format(suffix)
    if _begins_like_sound(path):
        return "its name does not end like that of a recording: rename it (.wav)"
    return None


def _begins_like_sound(path: Path) -> bool:
    try:
        with path.open("rb", buffering=0) as file:
            return _BEGINNING.match(file.read(_LONGEST_BEGINNING)) is not None
    except OSError:
        return False
