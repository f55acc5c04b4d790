"""The takes of the benchmarks, and honest splits of them.

A split trains on normal takes alone, or with `known` on abnormal ones as well; no test
take is of a board that was trained on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapsklearn.datasets import Truth, load_takes
from tapsklearn.synthesis import synthesize_taps

# Of the article's boards, those that are trained on.
ARTICLE_TRAINING = [
    *("normal 1 left", "normal 1 right", "normal 3 left", "normal 3 right"),
    *("abnormal 5", "abnormal 6"),
    *("further normal 001 left", "further normal 001 right"),
    *("further normal 002 left", "further normal 002 right"),
    *("further cracked 003 left", "further cracked 003 right"),
]
# Of a shop's pieces of wood.
SHOP_TRAINING = {"normal": 4, "abnormal": 2}
N_SHOP_TAKES = 6
SYNTHESIZED = ("article", "same_shop", "wide")
# Bottles that are never trained on: those from these places of the order on.
BOTTLES_TESTED = {"good": 200, "bad": 10}


@dataclass(frozen=True)
class Takes:
    """The takes of a set.

    Attributes
    ----------
    sources : list
        Paths of files, or waveforms.
    board : ndarray of shape (n_takes,)
        Board of each.
    is_normal : ndarray of shape (n_takes,), bool
        Whether it is normal.
    truth : Truth
        What is known of the boards.
    sr : int or None
        Sampling rate of waveforms. If None, the sources are files.
    """

    sources: list[Any]
    board: NDArray[np.str_]
    is_normal: NDArray[np.bool_]
    truth: Truth
    sr: int | None = None


@dataclass(frozen=True)
class Split:
    """Takes to train on, and takes to score.

    Attributes
    ----------
    name : str
        What is held out.
    train, test : ndarray of shape (n_takes,), bool
        Which they are.
    """

    name: str
    train: NDArray[np.bool_]
    test: NDArray[np.bool_]


def read_takes(name: str, folder: Path, *, seed: int = 0) -> Takes:
    """Read the takes of one of `SPLITS`.

    Parameters
    ----------
    name : str
        The set.
    folder : Path
        Folder that holds the sets that were recorded.
    seed : int, default=0
        Of those that are synthesized.

    Returns
    -------
    Takes
        All of the set.
    """
    if name in SYNTHESIZED:
        taps = synthesize_taps(
            scenario=name, n_takes=N_SHOP_TAKES, random_state=seed, n_jobs=1
        )
        normal = taps.condition == "normal"
        return Takes(list(taps.X), taps.board, normal, taps.truth, sr=44100)
    takes = load_takes(folder / name.split(",")[0])
    truth = takes.truth
    if name == "hammer-floor":
        # hh_3f02m: hammering, 2 m away on the third floor.
        parts = {board: board.split("_") for board in np.unique(takes.board)}
        truth = Truth(
            truth.normal_boards,
            specimens={board: place for board, (_, place) in parts.items()},
            kinds={
                board: strike
                for board, (strike, _) in parts.items()
                if board not in truth.normal_boards
            },
        )
    normal = np.isin(takes.board, truth.normal_boards)
    return Takes(list(takes.paths), takes.board, normal, truth)


def split_takes(
    name: str, takes: Takes, *, known: bool = False, seed: int = 0
) -> list[Split]:
    """Split the takes of a set, such that nothing tested was trained on.

    Parameters
    ----------
    name : str
        The set: of `SPLITS`.
    takes : Takes
        Of `read_takes`.
    known : bool, default=False
        Whether abnormal boards are trained on as well.
    seed : int, default=0
        Of the order of bottles, which are taken at random.

    Returns
    -------
    list of Split
        With normal and abnormal takes in each test set.
    """
    return list(SPLITS[name](takes, known, seed))


def _split_floor(takes: Takes, known: bool, seed: int) -> Iterator[Split]:
    """For every pair of places, their hammering and all strikes not trained on."""
    board, normal = takes.board, takes.is_normal
    strikes = [b for b in np.unique(board) if b.startswith("hd")] if known else [None]
    for pair in combinations(np.unique(board[normal]), 2):
        held_out = np.isin(board, pair)
        for strike in strikes:
            train = (normal & ~held_out) | (board == strike)
            yield Split(
                " and ".join(pair) + (f", {strike} known" if strike else ""),
                train,
                held_out | (~normal & ~train),
            )


def _split_rods(takes: Takes, known: bool, seed: int) -> Iterator[Split]:
    """For every group of sound rods, that and one group of damaged ones."""
    board, normal = takes.board, takes.is_normal
    for good in np.unique(board[normal]):
        for bad in np.unique(board[~normal]):
            test = np.isin(board, [good, bad])
            train = ~test if known else normal & ~test
            yield Split(f"{good} and {bad}", train, test)


def _split_bolts(part: str) -> Callable[[Takes, bool, int], Iterator[Split]]:
    """Train on a session, score another one: a bolt's healthy past is known."""

    def split(takes: Takes, known: bool, seed: int) -> Iterator[Split]:
        sessions = takes.truth.sessions or {}
        session = np.array([sessions[board] for board in takes.board])
        first, second = sorted(each for each in set(session) if each.startswith(part))
        for trained, tested in ((first, second), (second, first)):
            train = session == trained
            if not known:
                train &= takes.is_normal
            yield Split(f"{trained} to {tested}", train, session == tested)

    return split


def _split_bottles(
    n_good: int, n_bad: int = 0
) -> Callable[[Takes, bool, int], Iterator[Split]]:
    """Train on some bottles, score a hundred others and all that are cracked."""

    def split(takes: Takes, known: bool, seed: int) -> Iterator[Split]:
        order = np.random.default_rng(seed).permutation(len(takes.board))
        good, bad = (order[takes.board[order] == name] for name in ("good", "bad"))
        trained = [*good[:n_good], *(bad[:n_bad] if known else [])]
        tested = [*good[BOTTLES_TESTED["good"] :], *bad[BOTTLES_TESTED["bad"] :]]
        rows = np.arange(len(order))
        yield Split(f"seed {seed}", np.isin(rows, trained), np.isin(rows, tested))

    return split


def _split_article(takes: Takes, known: bool, seed: int) -> Iterator[Split]:
    """Train on some of the article's boards, score the others."""
    of_training = np.isin(takes.board, ARTICLE_TRAINING)
    train = of_training if known else of_training & takes.is_normal
    yield Split(f"seed {seed}", train, ~of_training)


def _split_shop(takes: Takes, known: bool, seed: int) -> Iterator[Split]:
    """Train on some pieces of wood, two ends each, score the others."""
    specimens = takes.truth.specimens or {}
    specimen = np.array([specimens[board] for board in takes.board])
    chosen = [
        each
        for condition, number in SHOP_TRAINING.items()
        for each in list(
            dict.fromkeys(specimen[takes.is_normal == (condition == "normal")])
        )[:number]
    ]
    of_training = np.isin(specimen, chosen)
    train = of_training if known else of_training & takes.is_normal
    yield Split(f"seed {seed}", train, ~of_training)


# By set; what comes after the comma is a split of the folder before it.
SPLITS: dict[str, Callable[[Takes, bool, int], Iterator[Split]]] = {
    "hammer-floor": _split_floor,
    "steel-rods": _split_rods,
    "bolts-flange, gaps": _split_bolts("gap"),
    "bolts-flange, heads": _split_bolts("head"),
    "bottles, 200 good": _split_bottles(200),
    "bottles, 10 good": _split_bottles(10),
    "bottles, 50 good and 10 bad": _split_bottles(50, 10),
    "article": _split_article,
    "same_shop": _split_shop,
    "wide": _split_shop,
}
