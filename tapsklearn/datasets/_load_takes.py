"""A folder of recordings as lists that an estimator takes."""

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from sklearn.utils import Bunch

from tapsklearn.datasets._errors import FolderError
from tapsklearn.datasets._index import read_index
from tapsklearn.datasets._truth import Truth


def load_takes(
    directory: str | os.PathLike[str], *, normal: str | Iterable[str] | None = None
) -> Bunch:
    """Find the recordings of a folder, the board of each, and which are normal.

    The sound files themselves are not opened; `check_takes` does that.

    Parameters
    ----------
    directory : path-like
        A folder in one of two layouts:

        - with a table ``takes.csv`` that has the columns ``path`` (relative to
          the folder), ``board`` and ``condition`` ("normal" or "abnormal"), and
          may have ``specimen``, ``take`` and any others;
        - with one folder for each board, the sound files (WAV, FLAC, OGG)
          directly in it, and maybe a table ``boards.csv`` with the columns
          ``board`` and ``condition``, and maybe ``specimen``. Hidden files are
          passed over.

        Tables are comma-separated UTF-8. A specimen is the object that a board
        is part of; where none is named, it is the board itself.
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
            defects and the sessions if takes.csv has columns ``kind`` and
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
        not there or contradicts itself, if a pattern fits no board, if nothing
        says which boards are normal. It lists everything that is wrong.

    See Also
    --------
    tapsklearn.datasets.check_takes : Find what is wrong with the recordings.

    Examples
    --------
    >>> import pathlib, tempfile, numpy as np, soundfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     for board in ["good 1", "good 2", "cracked"]:
    ...         folder = pathlib.Path(directory, board)
    ...         folder.mkdir()
    ...         soundfile.write(folder / "00.wav", np.ones(100), 44100)
    ...     takes = load_takes(directory, normal="good *")
    >>> takes.normal_boards
    ['good 1', 'good 2']
    >>> takes.frame[["path", "board", "condition"]]
                path    board condition
    0  cracked/00.wav  cracked  abnormal
    1   good 1/00.wav   good 1    normal
    2   good 2/00.wav   good 2    normal
    """
    frame, problems = read_index(directory, normal=normal, need_condition=True)
    if problems:
        raise FolderError(directory, problems)
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
