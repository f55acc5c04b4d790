"""A folder of recordings as lists that an estimator takes."""

import os
import warnings
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from sklearn.utils import Bunch

from tapsklearn._shorten import shorten
from tapsklearn._table_text import on_one_line
from tapsklearn.datasets._errors import FolderError
from tapsklearn.datasets._index import read_index
from tapsklearn.datasets._truth import Truth

_WARNINGS = {
    "unused": ("file is not used", "files are not used"),
    "duplicate": ("recording is a copy", "recordings are copies"),
    "similar names": ("name is given twice", "names are given twice"),
}


def load_takes(
    directory: str | os.PathLike[str], *, normal: str | Iterable[str] | None = None
) -> Bunch:
    """Find the recordings of a folder, the board of each, and which are normal.

    The sound files themselves are not read, but for parts of those that have the same
    size; `check_takes` reads them all.

    Parameters
    ----------
    directory : path-like
        A folder in one of two layouts:

        - with a table ``takes.csv`` that has the columns ``path`` (relative to
          the folder), ``board`` and ``condition`` ("normal" or "abnormal"), and
          may have ``specimen``, ``take`` and any others;
        - with one folder for each board, the sound files (WAV, FLAC, OGG, MP3,
          AIFF, M4A, AMR and whatever else `read_take` reads) directly in it, and
          maybe a table ``boards.csv`` with the columns ``board`` and ``condition``,
          and maybe ``specimen``, ``kind`` and ``session``.

        Tables are comma-separated UTF-8; if both are there, takes.csv is used. A
        specimen is the object that a board is part of; where none is named, it is
        the board itself. Files and folders whose names begin with a dot are passed
        over, links are followed.
    normal : str or iterable of str, default=None
        Names of the normal boards, or patterns such as ``"good_*"`` (``*``, ``?``
        and ``[...]`` as in a shell; ``"*"`` for all). It then decides alone which
        boards are normal, and the tables' conditions are not even read. If None,
        the tables decide.

    Returns
    -------
    Bunch
        With these attributes:

        paths : list of str
            The sound files, joined to `directory`: in the order of takes.csv, or by
            board and name, numbers in names by their value.
        board : ndarray of str, of shape (n_takes,)
            The board of each.
        condition : ndarray of str, of shape (n_takes,)
            "normal" or "abnormal".
        specimens : dict of str to str
            The specimen of each board.
        normal_boards : list of str
            The boards that are normal, sorted.
        truth : Truth
            The normal boards and the specimens as one object, with the kinds of
            defects and the sessions if the table has columns ``kind`` and
            ``session``: accepted as ``truth=`` wherever boards are split, scored
            or plotted.
        frame : DataFrame
            All of it in the columns ``path`` (as takes.csv has it, relative to
            `directory`), ``board``, ``condition``, ``specimen``, ``take`` (its number,
            counted from 0 for each board where no table has it), and the further
            columns of takes.csv.

    Raises
    ------
    FolderError
        If the folder is missing or holds no recordings, if a table lists what is
        not there or contradicts itself, if one file is of two boards, if a pattern
        fits no board, if nothing says which boards are normal. It lists everything
        that is wrong.

    Warns
    -----
    UserWarning
        Of recordings in the folder that are not used, such as .ds2, which cannot be
        read, or those in subfolders of a board's folder; of recordings that are there
        more than once; of boards whose names differ in spelling alone. `check_takes`
        lists all of them.

    See Also
    --------
    tapsklearn.datasets.check_takes : Find what is wrong with the recordings.

    Examples
    --------
    >>> import pathlib, tempfile, numpy as np, soundfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     for sound, board in enumerate(["good 1", "good 2", "cracked"]):
    ...         folder = pathlib.Path(directory, board)
    ...         folder.mkdir()
    ...         soundfile.write(folder / "00.wav", np.ones(100) / (1 + sound), 44100)
    ...     takes = load_takes(directory, normal="good *")
    >>> takes.normal_boards
    ['good 1', 'good 2']
    >>> takes.frame[["path", "board", "condition"]]
                path    board condition
    0  cracked/00.wav  cracked  abnormal
    1   good 1/00.wav   good 1    normal
    2   good 2/00.wav   good 2    normal
    """
    frame, problems, findings = read_index(
        directory, normal=normal, need_condition=True
    )
    if problems:
        raise FolderError(directory, problems)
    for problem, (one, several) in _WARNINGS.items():
        listed = [
            f"{finding.path} ({finding.detail})" if finding.path else finding.detail
            for finding in findings
            if finding.problem == problem
        ]
        if listed:
            what = f"{len(listed)} {one if len(listed) == 1 else several}"
            message = f"{directory}: {what}: {shorten(listed)}"
            # Whoever shows it may have no sign for a byte of a name.
            warnings.warn(on_one_line(message), stacklevel=2)
    boards = frame.drop_duplicates("board")
    specimens = dict(zip(boards["board"], boards["specimen"], strict=True))
    normal_boards = sorted(boards["board"][boards["condition"] == "normal"])
    return Bunch(
        paths=[str(Path(directory, path)) for path in frame["path"]],
        board=frame["board"].to_numpy(dtype=str),
        condition=frame["condition"].to_numpy(dtype=str),
        specimens=specimens,
        normal_boards=normal_boards,
        truth=Truth(
            normal_boards,
            specimens=specimens,
            kinds=_read_by_board(frame[frame["condition"] == "abnormal"], "kind"),
            sessions=_read_by_board(frame, "session"),
        ),
        frame=frame,
    )


def _read_by_board(frame: pd.DataFrame, column: str) -> dict[str, str] | None:
    """Map boards to what a column says of them, where it says one thing alone."""
    if column not in frame:
        return None
    values = frame[["board", column]].replace("", pd.NA).dropna().drop_duplicates()
    values = values[~values["board"].duplicated(keep=False)]
    return dict(zip(values["board"], values[column], strict=True))
