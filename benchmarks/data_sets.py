"""The data sets of the benchmark on detection, and what each split is asked.

Every split holds out whole specimens (places, groups of rods, bottles, boards) or, on
the bolts, a whole session. What a score is asked for is one of four questions:

- one-class: trained on normal takes alone;
- known: defects of the same kind, on other specimens or in another session, were among
  the training takes;
- never recorded: other kinds of defects were, this one was not;
- another kind known: the same, but two specimens of the other kind were, so that
  ``contrast`` counts them. Beside the same takes without contrast it shows what known
  defects cost on others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from splits import SYNTHESIZED, Takes, read_takes, split_takes

from tapsklearn.datasets import load_takes
from tapsklearn.synthesis import synthesize_taps

ONE_CLASS, KNOWN, NEVER = "one-class", "known", "never recorded"
OTHER_KNOWN = "another kind known"
QUESTIONS = (ONE_CLASS, KNOWN, NEVER, OTHER_KNOWN)

# Takes of each of the article's boards to train on, and further ones.
ARTICLE_TAKES, ARTICLE_FURTHER_TAKES = 8, 4
# Places of the floor that methods which train hold out, and the drop of the hammer that
# they train on: training for all pairs would take days.
TRAINED_PAIRS = {("03m", "08m"): "hd_3f00m", ("02m", "05m"): "hd_3f06m"}


@dataclass(frozen=True)
class Split:
    """Takes to train on, and those scored, by their numbers.

    Attributes
    ----------
    fold : str
        What is held out.
    train : ndarray of int
        Takes to train on.
    tests : dict of str to ndarray of int
        Takes to score for each question, normal and abnormal ones.
    brief : bool
        Whether methods that train are asked too.
    """

    fold: str
    train: np.ndarray
    tests: dict[str, np.ndarray]
    brief: bool = True

    @property
    def test(self) -> np.ndarray:
        """All takes to score."""
        return np.unique(np.concatenate(list(self.tests.values())))


@dataclass(frozen=True)
class DataSet:
    """Takes and their splits.

    Attributes
    ----------
    name : str
        What it is called.
    sources : sequence
        Paths, or waveforms.
    board : ndarray of shape (n_takes,)
        Board of each take.
    normal_boards : list of str
        The boards that are normal.
    specimens : dict of str to str
        Specimen of each board.
    splits : list of Split
        How it is split.
    input_sr : int or None
        Sampling rate of waveforms. If None, sources are paths.
    calibration_by : str
        How a threshold for the takes scored is found.
    """

    name: str
    sources: Sequence[Any]
    board: np.ndarray
    normal_boards: list[str]
    specimens: dict[str, str]
    splits: list[Split]
    input_sr: int | None = None
    calibration_by: str = "board"

    @property
    def is_normal(self) -> np.ndarray:
        """Which takes are of normal boards."""
        return np.isin(self.board, self.normal_boards)

    def list_splits(self, question: str) -> list[Split]:
        """Return the splits that ask a question."""
        return [split for split in self.splits if question in split.tests]


def split_floor(name: str, folder: Path, seed: int) -> DataSet:
    """Hold out each pair of places; other strikes, wherever, are defects.

    The distance in the name is the specimen: no board of the pair is trained on.
    """
    takes = load_takes(folder / name)
    of_place = {board: board.removeprefix("hh_3f") for board in takes.normal_boards}
    strikes = sorted(set(takes.board) - set(takes.normal_boards))
    splits = []
    for pair in combinations(sorted(of_place.values()), 2):
        normal = [board for board, place in of_place.items() if place not in pair]
        held_out = [board for board, place in of_place.items() if place in pair]
        # What is trained on beside hammering, and what is asked then.
        asked = [([], {ONE_CLASS: strikes})]
        for kind in ("hd", "mb"):
            same = [board for board in strikes if board.startswith(kind)]
            others = [board for board in strikes if board not in same]
            trainable = [board for board in same if not board.endswith(pair)]
            for known in trainable:
                left = [board for board in same if board != known]
                asked.append(([known], {KNOWN: left, NEVER: others}))
            if len(trainable) > 1:
                asked.append((trainable, {OTHER_KNOWN: others}))
        for known, tests in asked:
            rows = {
                question: _rows(takes.board, [*held_out, *boards])
                for question, boards in tests.items()
            }
            train = _rows(takes.board, [*normal, *known])
            brief = pair in TRAINED_PAIRS and known in ([], [TRAINED_PAIRS[pair]])
            splits.append(Split(" and ".join(pair), train, rows, brief))
    specimens = {board: board.rpartition("_3f")[2] for board in set(takes.board)}
    return DataSet(
        name, takes.paths, takes.board, takes.normal_boards, specimens, splits
    )


def split_plate(name: str, folder: Path, seed: int) -> DataSet:
    """Train on two sets of the plates, score the others."""
    takes = load_takes(folder / name)
    early = np.isin(takes.frame["session"].to_numpy(dtype=str), ["1", "2"])
    is_normal = takes.condition == "normal"
    splits = _ask_both(
        "sets 1 and 2 to 3 and 4",
        np.flatnonzero(early & is_normal),
        np.flatnonzero(early & ~is_normal),
        np.flatnonzero(~early),
    )
    return _from_takes(name, takes, splits)


def split_blocks(name: str, folder: Path, seed: int) -> DataSet:
    """Hold out one block after the other."""
    takes = load_takes(folder / name)
    of_block = np.array([takes.specimens[board] for board in takes.board])
    is_normal = takes.condition == "normal"
    splits = []
    for block in np.unique(of_block):
        others = of_block != block
        splits += _ask_both(
            block,
            np.flatnonzero(others & is_normal),
            np.flatnonzero(others & ~is_normal),
            np.flatnonzero(~others),
        )
    return _from_takes(name, takes, splits)


def split_bottles(name: str, folder: Path, seed: int) -> DataSet:
    """Score bottles that were not trained on.

    Each is tapped once and is a bottle of its own: a specimen.
    """
    takes = read_takes(name, folder)
    board = np.array([f"{each} {row}" for row, each in enumerate(takes.board)])
    return DataSet(
        *(name, takes.sources, board, board[takes.is_normal].tolist()),
        specimens={each: each for each in board.tolist()},
        splits=_ask(name, takes, seed),
    )


def split_article(name: str, folder: Path, seed: int) -> DataSet:
    """Train on some takes of the article's boards; score unseen boards.

    Of the boards that are trained on there are further takes, for the article's
    questions.
    """
    n_takes = ARTICLE_TAKES + ARTICLE_FURTHER_TAKES
    taps = synthesize_taps(scenario=name, n_takes=n_takes, random_state=seed, n_jobs=1)
    normal = taps.condition == "normal"
    takes = Takes(list(taps.X), taps.board, normal, taps.truth, sr=44100)
    early = np.flatnonzero(taps.frame["take"] < ARTICLE_TAKES)
    splits = [
        replace(split, train=np.intersect1d(split.train, early))
        for split in _ask(name, takes, seed)
    ]
    return _describe(name, takes, splits)


def split_as_named(name: str, folder: Path, seed: int) -> DataSet:
    """Split as ``splits.py`` does."""
    takes = read_takes(name, folder, seed=seed)
    return _describe(name, takes, _ask(name, takes, seed))


def split_rods(name: str, folder: Path, seed: int) -> DataSet:
    """Hold out each sound group with each damaged one; two pairs are the brief."""
    data = split_as_named(name, folder, seed)
    folds = list(dict.fromkeys(split.fold for split in data.splits))
    brief = folds[:: len(folds) // 2 + 1]
    splits = [replace(split, brief=split.fold in brief) for split in data.splits]
    return replace(data, splits=splits)


def _ask(name: str, takes: Takes, seed: int) -> list[Split]:
    """Return the splits with normal takes alone, and with known defects, by fold."""
    splits = []
    for known, question in ((False, ONE_CLASS), (True, KNOWN)):
        for split in split_takes(name, takes, known=known, seed=seed):
            train, test = np.flatnonzero(split.train), np.flatnonzero(split.test)
            if not known or not takes.is_normal[train].all():
                splits.append(Split(split.name, train, {question: test}))
    folds = [split.fold for split in splits]
    return sorted(splits, key=lambda split: folds.index(split.fold))


def _describe(name: str, takes: Takes, splits: list[Split]) -> DataSet:
    return DataSet(
        name,
        takes.sources,
        takes.board,
        list(takes.truth.normal_boards),
        {board: board for board in takes.board} | dict(takes.truth.specimens or {}),
        splits,
        input_sr=takes.sr,
    )


def _ask_both(
    fold: str, normal: np.ndarray, known: np.ndarray, test: np.ndarray
) -> list[Split]:
    both = np.sort([*normal, *known])
    return [Split(fold, normal, {ONE_CLASS: test}), Split(fold, both, {KNOWN: test})]


def _from_takes(name: str, takes: Any, splits: list[Split]) -> DataSet:
    return DataSet(
        name, takes.paths, takes.board, takes.normal_boards, takes.specimens, splits
    )


def _rows(board: np.ndarray, boards: Sequence[str]) -> np.ndarray:
    return np.flatnonzero(np.isin(board, boards))


DATA_SETS: dict[str, Callable[[str, Path, int], DataSet]] = {
    "hammer-floor": split_floor,
    "steel-rods": split_rods,
    "bolts-flange, gaps": split_as_named,
    "bolts-flange, heads": split_as_named,
    "bottles, 200 good": split_bottles,
    "bottles, 10 good": split_bottles,
    "bottles, 50 good and 10 bad": split_bottles,
    "article": split_article,
    "same_shop": split_as_named,
    "wide": split_as_named,
    "bolts-plate": split_plate,
    "concrete-blocks": split_blocks,
}
# What differs with the seed.
SEEDED = (*SYNTHESIZED, *(name for name in DATA_SETS if name.startswith("bottles")))
# They run, and say nothing of detection: place and condition are one.
SMOKE = ("bolts-plate", "concrete-blocks")


@cache
def load_data_set(name: str, folder: Path, seed: int) -> DataSet:
    """Return a data set, once a process."""
    return DATA_SETS[name](name, folder, seed if name in SEEDED else 0)
