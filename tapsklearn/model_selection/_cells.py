"""What is finished of a comparison, kept on disk."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tapsklearn._version import __version__
from tapsklearn._whole_file import write_whole

# Name of the method, fold, the method, rows to train on and to judge.
Cell = tuple[str, int, Any, NDArray[np.intp], NDArray[np.intp]]
# Row of the results, scores of the takes unless the fit failed, warnings.
Outcome = tuple[dict[str, Any], pd.DataFrame | None, list[str]]


class FinishedCells:
    """Keep the outcome of each method and fold in a file of its own.

    A file's name holds a hash of all that the outcome depends on, so that a changed
    method, take or scorer is computed anew.

    Parameters
    ----------
    folder : str, Path or None
        Where to keep them; None keeps nothing.
    takes : ndarray of shape (n_takes, ...)
        Crops.
    boards : ndarray of shape (n_takes,)
        Board of each take.
    is_normal : ndarray of shape (n_takes,), bool
        Which takes are of normal boards.
    scorers : mapping of str to str or callable
        What is computed.
    """

    def __init__(
        self,
        folder: str | Path | None,
        takes: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        scorers: Mapping[str, str | Callable[..., float]],
    ) -> None:
        self.folder = None if folder is None else Path(folder)
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            judged_by = {name: _describe(scorer) for name, scorer in scorers.items()}
            self.given = joblib.hash(
                (__version__, takes, boards.tolist(), is_normal, judged_by)
            )

    def read(self, cell: Cell) -> Outcome | None:
        """Give the outcome of a cell, if there is one.

        Parameters
        ----------
        cell : tuple
            The cell.

        Returns
        -------
        tuple or None
            Its outcome.
        """
        path = self._find_place(cell)
        if path is None or not path.exists():
            return None
        kept = json.loads(path.read_text(encoding="utf-8"))
        return kept["figures"], pd.DataFrame(**kept["scores"]), kept["messages"]

    def write(self, cell: Cell, outcome: Outcome) -> None:
        """Keep the outcome of a cell: all of it, or nothing.

        Parameters
        ----------
        cell : tuple
            The cell.
        outcome : tuple
            Its outcome.
        """
        path = self._find_place(cell)
        figures, scores, messages = outcome
        if path is None or scores is None:
            return
        kept = {
            "figures": figures,
            "scores": scores.to_dict(orient="split"),
            "messages": messages,
        }
        write_whole(path, json.dumps(kept, default=_to_plain).encode())

    def _find_place(self, cell: Cell) -> Path | None:
        if self.folder is None:
            return None
        name, fold, method, train, test = cell
        digest = joblib.hash((self.given, method, train, test))
        readable = re.sub(r"[^\w.-]+", "_", name)
        return self.folder / f"{readable}-{fold}-{digest}.json"


def _describe(scorer: str | Callable[..., float]) -> str:
    """Name a scorer in a way that is the same in every process."""
    name = getattr(scorer, "__qualname__", None)
    return f"{scorer.__module__}.{name}" if name else repr(scorer)


def _to_plain(value: Any) -> Any:
    """Turn numpy's numbers and strings into Python's."""
    return value.item()
