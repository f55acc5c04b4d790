"""Whether scores have moved since a model was calibrated, of what a command scored."""

import os
import warnings
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tapsklearn._table_text import on_one_line

if TYPE_CHECKING:
    from tapsklearn.scoring import ScoreShift

_TABLES = ("takes.csv", "boards.csv")


def warn_if_moved(
    model: Any,
    scored: Sequence[tuple[str, float]],
    *,
    given: Iterable[str],
    normal: Sequence[str] | None,
) -> "ScoreShift | None":
    """Warn if the scores of recordings show that normal ones have moved.

    Parameters
    ----------
    model : Pipeline
        What scored them.
    scored : sequence of (str, float)
        Path and score of each; its folder is its board, where no table says more.
    given : iterable of str
        Folders whose tables say what boards are.
    normal : sequence of str or None
        Patterns of boards that are known to be normal.

    Returns
    -------
    ScoreShift or None
        What was found; None if nothing was scored.

    Warns
    -----
    UserWarning
        If scores have moved, or no board fits a pattern.
    """
    from tapsklearn.scoring import find_shift

    if not scored:
        return None
    paths, scores = zip(*scored, strict=True)
    folders = [Path(path).parent for path in paths]
    board_of, specimens, normal_boards = _read_tables(given)
    boards = [
        board_of.get(Path(path), str(folder))
        for path, folder in zip(paths, folders, strict=True)
    ]
    for pattern in normal or ():
        fitting = {
            board
            for board, folder in zip(boards, folders, strict=True)
            if fnmatchcase(folder.name, pattern) or fnmatchcase(board, pattern)
        }
        if not fitting:
            warnings.warn(f"--normal {pattern}: no board is called so", stacklevel=2)
        normal_boards |= fitting
    known = normal_boards & set(boards)
    shift = find_shift(
        model,
        scores,
        boards,
        normal_boards=sorted(known) or None,
        specimens={board: specimens.get(board, board) for board in set(boards)},
    )
    if shift.has_moved:
        warnings.warn(on_one_line(shift.describe()), stacklevel=2)
    return shift


def _read_tables(
    given: Iterable[str],
) -> tuple[dict[Path, str], dict[str, str], set[str]]:
    """Read board of each path, specimens and normal boards from the folders' tables."""
    from tapsklearn.datasets import FolderError, load_takes

    board_of: dict[Path, str] = {}
    specimens: dict[str, str] = {}
    normal_boards: set[str] = set()
    for directory in given:
        # What is given may be no name that a file can have.
        if not any(os.path.isfile(f"{directory}/{name}") for name in _TABLES):  # noqa: PTH113
            continue
        try:
            with warnings.catch_warnings():
                # What is not used has its own row, or `check` lists it.
                warnings.simplefilter("ignore")
                takes = load_takes(directory)
        except FolderError:
            continue
        # Two folders may have boards of one name.
        name = f"{directory}: {{}}".format
        board_of |= {
            Path(path): name(board)
            for path, board in zip(takes.paths, takes.board, strict=True)
        }
        specimens |= {name(b): name(each) for b, each in takes.specimens.items()}
        normal_boards |= {name(board) for board in takes.normal_boards}
    return board_of, specimens, normal_boards
