"""Which boards are parts of one object: the one rule that detectors and folds share."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def number_specimens(
    boards: NDArray[Any], specimens: Mapping[Any, Any] | None
) -> NDArray[np.intp]:
    """Number the specimen of each take.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Board of each take.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.

    Returns
    -------
    ndarray of shape (n_takes,)
        Numbers from 0 on, the same for boards of one specimen.

    Examples
    --------
    >>> boards = np.array(["left end", "right end", "ash"])
    >>> number_specimens(boards, {"left end": "oak", "right end": "oak"})
    array([1, 1, 0])
    """
    known = specimens or {}
    names = [str(known.get(board, board)) for board in boards.tolist()]
    return np.unique(names, return_inverse=True)[1]
