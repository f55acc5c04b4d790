"""Files of sound, opened and decoded block by block."""

import contextlib
import os
import stat
from collections.abc import Iterator
from typing import Any

import soundfile

from tapsklearn.preprocessing._av_sound import AvSound
from tapsklearn.preprocessing._errors import TruncatedError, UnusableError
from tapsklearn.preprocessing._headers import SplicedFile, check_header
from tapsklearn.preprocessing._phone_headers import check_whole, find_format
from tapsklearn.preprocessing._sound_file import LibsndfileSound, Sound


@contextlib.contextmanager
def open_sound(
    path: str | os.PathLike[str], *, is_take: bool = True
) -> Iterator[Sound]:
    """Open a recording, once its header is checked, to read it block by block.

    Parameters
    ----------
    path : path-like
        The file.
    is_take : bool, default=True
        Whether it is to be one take, of an hour at most. If False, it may be of any
        length, and need not say of which; one that was cut off is opened, and has
        the reason as `damage`.

    Yields
    ------
    Sound
        The open file: its sampling rate is `sr`, its length in samples `n_frames`, and
        `read` gives its samples.

    Raises
    ------
    UnusableError
        If the file is missing, empty, truncated or not audio, on opening or later on: a
        ValueError, whose message does not name the file.

    See Also
    --------
    tapsklearn.preprocessing.read_take : One take at once.

    Examples
    --------
    >>> import tempfile, numpy as np, soundfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.zeros((5, 2)), 48000)
    ...     with open_sound(file.name, is_take=False) as sound:
    ...         print(sound.sr, sound.n_frames)
    ...         print([block.shape for block in sound.read(at_once=3)])
    48000 5
    [(3, 2), (2, 2)]
    """
    try:
        # Without a buffer, so that libsndfile begins where the file does.
        with (
            open(path, "rb", buffering=0) as file,  # noqa: PTH123
            contextlib.closing(_decode(file, is_take=is_take)) as sound,
        ):
            yield sound
    except soundfile.LibsndfileError as error:
        raise UnusableError(f"cannot be read as audio: {error.error_string}") from error
    except FileNotFoundError as error:
        raise UnusableError("there is no such file") from error
    except IsADirectoryError as error:
        raise UnusableError("is a folder, not a recording") from error
    except OSError as error:
        raise UnusableError(f"cannot be opened ({error.strerror})") from error
    except MemoryError as error:
        raise UnusableError("is too long to fit into memory") from error


def _decode(file: Any, *, is_take: bool) -> Sound:
    source, damage = _find_sound(file, is_take=is_take)
    try:
        decoded = soundfile.SoundFile(source, closefd=False)
    except TypeError as error:
        # soundfile must be given what a file called .raw holds.
        raise UnusableError("cannot be read as audio: it has no header") from error
    except soundfile.LibsndfileError as error:
        # What a file holds decides, not how it is called.
        format_ = find_format(file, code=error.code)
        if format_ is None:
            raise
        length = os.fstat(file.fileno()).st_size
        with _damage(is_take=is_take) as found:
            check_whole(file, length, format_)
        sound: Sound = AvSound(file, format_, is_take=is_take)
        sound.damage = "".join(found)
        return sound
    try:
        sound = LibsndfileSound(decoded, is_take=is_take)
    except BaseException:
        decoded.close()
        raise
    sound.damage = damage
    return sound


def _find_sound(file: Any, *, is_take: bool) -> tuple[Any, str]:
    """Check an open file before it is decoded; return it as soundfile needs it.

    And what is wrong with it, of a recording that need not be whole.
    """
    status = os.fstat(file.fileno())
    if stat.S_ISDIR(status.st_mode):
        raise UnusableError("is a folder, not a recording")
    if status.st_size == 0:
        raise UnusableError("the file is empty")
    splice = None
    with _damage(is_take=is_take) as found:
        splice = check_header(file, status.st_size)
    damage = "".join(found)
    file.seek(0)
    if splice is not None:
        return SplicedFile(file, splice), damage
    # On Windows a file has another number in libsndfile than in Python.
    return file if os.name == "nt" else file.fileno(), damage


@contextlib.contextmanager
def _damage(*, is_take: bool) -> Iterator[list[str]]:
    """Forgive that a recording is cut off which need not be whole; collect why."""
    found: list[str] = []
    try:
        yield found
    except TruncatedError as error:
        if is_take:
            raise
        found.append(str(error))
