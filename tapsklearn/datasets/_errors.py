"""The one error that lists everything that is wrong with a folder."""

import os
from collections.abc import Iterable

from tapsklearn._shorten import shorten
from tapsklearn._table_text import on_one_line


class FolderError(ValueError):
    """A folder of recordings that cannot be used, with all that is wrong with it.

    Parameters
    ----------
    directory : path-like
        The folder.
    problems : iterable of str
        What is wrong, one sentence each.

    Attributes
    ----------
    directory : str
        The folder.
    problems : list of str
        As given; all of them, also those the message leaves out.

    Examples
    --------
    >>> print(FolderError("taps", ["the folder is empty"]))
    taps: the folder is empty
    >>> print(FolderError("taps", ["there is no file a.wav", "there is no file b.wav"]))
    taps: 2 problems: there is no file a.wav; there is no file b.wav
    """

    def __init__(
        self, directory: str | os.PathLike[str], problems: Iterable[str]
    ) -> None:
        self.directory = os.fspath(directory)
        self.problems = list(problems)
        super().__init__(self.directory, self.problems)

    def __str__(self) -> str:
        n = len(self.problems)
        count = "" if n == 1 else f"{n} problems: "
        return on_one_line(f"{self.directory}: {count}{shorten(self.problems)}")
