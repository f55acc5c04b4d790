"""Synthesized recordings in memory, for training on thousands of boards."""

from collections.abc import Collection
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import Bunch, get_tags

from tapsklearn.datasets import Truth
from tapsklearn.synthesis._boards import EVALUATION, TappedBoard
from tapsklearn.synthesis._make_tap_boards import for_each_board, render_takes
from tapsklearn.synthesis._scenarios import list_boards
from tapsklearn.synthesis._truth import describe


def synthesize_taps(
    *,
    scenario: str = "same_shop",
    n_takes: int = 10,
    n_boards: int | None = None,
    random_state: int = 0,
    domain: str = EVALUATION,
    materials: Collection[str] | None = None,
    transformer: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Bunch:
    """Synthesize takes of tapped boards without touching the disk.

    Parameters
    ----------
    scenario : {"article", "same_shop", "wide", "anything"}, default="same_shop"
        Which boards; see `make_tap_boards`.
    n_takes : int, default=10
        Takes of each board.
    n_boards : int, default=None
        Number of random specimens. If None, as for `make_tap_boards`.
    random_state : int, default=0
        Seed. Each take depends on it, its board and its number alone, and is the one
        that `make_tap_boards` writes, before rounding to 16 bits.
    domain : {"evaluation", "pretraining"}, default="evaluation"
        What the taps are for. Whatever the seeds, no plate, session or take is in
        both, so that what is pretrained on the one has seen nothing of the other.
        "article" cannot be pretrained on, as some of its plates never change.
    materials : collection of str, default=None
        For "anything": the classes of materials to sample from, of "wood", "board",
        "glass", "tile", "stone", "concrete", "steel", "aluminium" and "plastic". If
        None, all.
    transformer : transformer, default=None
        From waveforms to features, without fitting anything, such as
        ``article_features(input="waveform")``; applied board by board, so that no more
        than the features has to fit into memory. If None, X holds the waveforms
        themselves, 0.5 MB each.
    n_jobs : int, default=None
        Boards synthesized in parallel; changes no number.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    Bunch
        With these attributes:

        X : ndarray of shape (n_takes_in_all, ...), float32
            Waveforms of shape (132300,), (35280,) for "anything", or features.
        board, condition : ndarray of str, of shape (n_takes_in_all,)
            Label and condition of each.
        specimens : dict of str to str
            The specimen of each board.
        normal_boards : list of str
            The boards that are normal, sorted.
        truth : Truth
            The normal boards and the specimens as one object.
        frame : DataFrame
            Labels and physical truth of each take.

    Raises
    ------
    ValueError
        If a parameter is out of range, or the transformer has something to fit.

    Examples
    --------
    >>> from tapsklearn.preprocessing import article_features
    >>> features = article_features(input="waveform")
    >>> taps = synthesize_taps(n_takes=2, n_boards=2, transformer=features)
    >>> taps.X.shape, taps.normal_boards
    ((8, 100, 120), ['normal 001 left', 'normal 001 right'])
    """
    if n_takes < 1:
        raise ValueError(f"n_takes={n_takes} must be at least 1")
    # A pipeline says that it needs fitting, whatever its steps do.
    steps = [step for _, step in getattr(transformer, "steps", [("", transformer)])]
    if transformer is not None and any(get_tags(step).requires_fit for step in steps):
        raise ValueError(
            f"transformer={transformer!r} has something to fit, and each board is "
            "transformed by itself: give one that has not, such as article_features("
            "input='waveform'), or none, and fit it on the waveforms"
        )
    boards = list_boards(
        scenario,
        n_boards=n_boards,
        seed=random_state,
        domain=domain,
        materials=materials,
    )
    work = partial(
        _synthesize,
        n_takes=n_takes,
        random_state=random_state,
        domain=domain,
        transformer=transformer,
    )
    parts = for_each_board(work, boards, n_jobs=n_jobs, verbose=verbose)
    frame = pd.DataFrame(
        [
            {**describe(board), "take": take}
            for board in boards
            for take in range(n_takes)
        ]
    )
    specimens = {board.name: board.specimen for board in boards}
    normal_boards = sorted(b.name for b in boards if b.condition == "normal")
    return Bunch(
        X=np.concatenate(parts),
        board=frame["board"].to_numpy(dtype=str),
        condition=frame["condition"].to_numpy(dtype=str),
        specimens=specimens,
        normal_boards=normal_boards,
        truth=Truth(normal_boards, specimens=specimens),
        frame=frame,
    )


def _synthesize(
    board: TappedBoard,
    *,
    n_takes: int,
    random_state: int,
    domain: str,
    transformer: Any,
) -> NDArray[np.floating]:
    takes = render_takes(board, range(n_takes), random_state, domain=domain)
    waveforms = np.stack(list(takes))
    if transformer is None:
        return waveforms
    return clone(transformer).fit_transform(waveforms)
