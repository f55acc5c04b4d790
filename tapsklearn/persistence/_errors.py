"""What is wrong with a model file."""

import contextlib
import os
import textwrap
from collections.abc import Iterator

_LONGEST = 500


class ModelFileError(ValueError):
    """A file that is no model of ours, is damaged, or must not be loaded.

    Examples
    --------
    >>> issubclass(ModelFileError, ValueError)
    True
    """


class UntrustedClassesError(ModelFileError):
    """A file holds classes that are not trusted.

    Parameters
    ----------
    names : set of str
        The classes.

    Attributes
    ----------
    names : list of str
        The same, sorted.
    """

    def __init__(self, names: set[str]) -> None:
        self.names = sorted(names)
        super().__init__(
            f"holds {', '.join(self.names)}, which could run code; if you know where "
            "the file comes from, name them in trusted=[...]"
        )


@contextlib.contextmanager
def explain_damage(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn whatever error reading an arbitrary file raises into one of ours.

    Parameters
    ----------
    path : path-like
        The file, which the error names.

    Yields
    ------
    None
        Nothing.
    """
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {_clean(str(error))}") from error
    # No list of kinds would be complete: bytes of any kind are read as any other.
    except Exception as error:
        raise ModelFileError(
            f"{path}: is no tapsklearn model, or is damaged ({_describe(error)})"
        ) from error


def _describe(error: Exception) -> str:
    message = _clean(str(error))
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _clean(message: str) -> str:
    """Leave out control characters, and what would be too long to read."""
    printable = "".join(sign if sign.isprintable() else " " for sign in message)
    return textwrap.shorten(printable, _LONGEST, placeholder=" ...")
