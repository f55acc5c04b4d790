"""The data sets of the benchmarks: what is learnt from, and what is judged.

A task is one data set with one split over specimens. The settings of
``tuned_methods()`` were searched with `search_tasks` and are reported on with
`report_task`; no place of the floor and no synthesized board that is judged in the
one is judged in the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline

from tapsklearn import LogSpectrogram, Standardizer, TapCrop, WavLoader
from tapsklearn.datasets import load_takes
from tapsklearn.detectors import Calibration
from tapsklearn.preprocessing import article_preprocessing
from tapsklearn.synthesis import synthesize_taps

# Halves of the floor's places of hammering. The hammer dropped and the ball are heard
# at two places each, one a half.
SEARCHED_PLACES = ["hh_3f00m", "hh_3f02m", "hh_3f04m", "hh_3f06m"]
REPORTED_PLACES = ["hh_3f01m", "hh_3f03m", "hh_3f05m", "hh_3f08m"]
# Seeds of synthesized boards that the report leaves to the search.
SEARCHED_SEEDS = [100, 101]

# Of the article's boards and of shops; the others are judged.
ARTICLE_LEARNT = [
    *("normal 1 left", "normal 1 right", "normal 3 left", "normal 3 right"),
    *("abnormal 5", "abnormal 6"),
    *("further normal 001 left", "further normal 001 right"),
    *("further normal 002 left", "further normal 002 right"),
    *("further cracked 003 left", "further cracked 003 right"),
]
ARTICLE_TAKES, ARTICLE_FURTHER_TAKES = 8, 4
SHOP_TAKES = 6
SHOP_LEARNT = {"normal": 4, "abnormal": 2}


@dataclass(frozen=True)
class Task:
    """Takes of boards, some to learn from and some to judge.

    Attributes
    ----------
    name : str
        The data set.
    crops : ndarray of shape (n_takes, n_freqs, n_frames)
        Crops, standardized.
    board : ndarray of shape (n_takes,)
        Board of each take.
    normal_boards : list of str
        The boards that are normal.
    specimens : dict of str to str
        Specimen of each board.
    learnt, judged : ndarray of shape (n_takes,), bool
        Takes to learn from, and takes of boards never learnt from.
    calibration_by : str
        How a threshold for the judged boards is found.
    """

    name: str
    crops: np.ndarray
    board: np.ndarray
    normal_boards: list[str]
    specimens: dict[str, str]
    learnt: np.ndarray
    judged: np.ndarray
    calibration_by: str = "board"

    def configure(self, detector: Any, seed: int) -> Any:
        """Tell a detector what this task knows of the boards."""
        return detector.set_params(
            normal_boards=self.normal_boards,
            specimens=self.specimens,
            calibration=Calibration(by=self.calibration_by),
            random_state=seed,
        )


def search_tasks(folder: Path) -> Iterator[Task]:
    """Give the tasks that settings are searched with."""
    floor = _read_floor(folder)
    for number, (known, strike) in enumerate(
        [("hd_3f00m", "mb_3f00m"), ("mb_3f00m", "hd_3f00m")]
    ):
        yield _split_floor(
            f"floor, half {number}",
            floor,
            learnt=[*SEARCHED_PLACES[number::2], known],
            judged=[*SEARCHED_PLACES[1 - number :: 2], strike],
        )
    for seed in SEARCHED_SEEDS:
        yield make_shop("same_shop", seed, name=f"same_shop, seed {seed}")


def read_floor(folder: Path) -> Task:
    """Learn hammering at one half of the places; judge other strikes at the other."""
    return _split_floor(
        "hammer-floor",
        _read_floor(folder),
        learnt=[*SEARCHED_PLACES, "hd_3f00m"],
        judged=[*REPORTED_PLACES, "hd_3f06m", "mb_3f01m"],
    )


def make_shop(scenario: str, seed: int, *, name: str | None = None) -> Task:
    """Learn some boards of a synthesized shop, two ends each, and judge the others."""
    taps = synthesize_taps(
        scenario=scenario,
        n_takes=SHOP_TAKES,
        random_state=seed,
        transformer=_after_loading(),
        n_jobs=1,
    )
    specimens = taps.frame["specimen"].to_numpy()
    chosen = [
        specimen
        for condition, number in SHOP_LEARNT.items()
        for specimen in list(dict.fromkeys(specimens[taps.condition == condition]))[
            :number
        ]
    ]
    learnt = np.isin(specimens, chosen)
    return Task(
        name or scenario,
        taps.X,
        taps.board,
        taps.normal_boards,
        taps.specimens,
        learnt,
        ~learnt,
    )


def make_article(seed: int) -> Task:
    """Learn the article's boards; judge them again, and those it never learnt."""
    taps = synthesize_taps(
        scenario="article",
        n_takes=ARTICLE_TAKES + ARTICLE_FURTHER_TAKES,
        random_state=seed,
        transformer=_after_loading(),
        n_jobs=1,
    )
    of_learnt = np.isin(taps.board, ARTICLE_LEARNT)
    return Task(
        "article",
        taps.X,
        taps.board,
        taps.normal_boards,
        taps.specimens,
        of_learnt & (taps.frame["take"] < ARTICLE_TAKES).to_numpy(),
        ~of_learnt,
    )


def read_bottles(folder: Path, n_good: int, n_bad: int, seed: int) -> Task:
    """Learn some good bottles, and perhaps some bad ones; judge a hundred others.

    Each is tapped once and is a bottle of its own, so that a further take is a
    further bottle. Crops hold the whole tap, and each row is standardized over the
    bottles learnt from: how loud a bottle rings says much of it, and per take it
    would be lost.
    """
    takes = load_takes(folder)
    order = np.random.default_rng(seed).permutation(len(takes.board))
    good, bad = (order[takes.board[order] == name] for name in ("good", "bad"))
    learnt = np.isin(np.arange(len(order)), [*good[:n_good], *bad[:n_bad]])
    judged = np.isin(np.arange(len(order)), [*good[200:], *bad[10:]])
    images = make_pipeline(
        WavLoader(duration=2048 / 44100),
        # Of the transforms from 128 to 1024 samples the one that hears most of 46 ms.
        LogSpectrogram(n_fft=512, hop_length=32),
        TapCrop(n_freqs=257, n_frames=64, pre_frames=0),
    ).fit_transform(takes.paths)
    known = f", {n_bad} bad" if n_bad else ""
    return Task(
        f"bottles, {n_good} good{known}",
        Standardizer(per="frequency").fit(images[learnt]).transform(images),
        takes.board,
        takes.normal_boards,
        takes.specimens,
        learnt,
        judged,
        calibration_by="take",
    )


# What is reported on, each from a folder of recordings and a seed.
REPORTED = {
    "hammer-floor": lambda folder, _: read_floor(folder / "hammer-floor"),
    "article": lambda _, seed: make_article(seed),
    "same_shop": lambda _, seed: make_shop("same_shop", seed),
    "wide": lambda _, seed: make_shop("wide", seed),
    "bottles, 200 good": lambda f, seed: read_bottles(f / "bottles", 200, 0, seed),
    "bottles, 10 good": lambda f, seed: read_bottles(f / "bottles", 10, 0, seed),
    "bottles, 50 good and 10 bad": lambda f, seed: read_bottles(
        f / "bottles", 50, 10, seed
    ),
}


@cache
def report_task(name: str, folder: Path, seed: int) -> Task:
    """Give a task that is reported on, once a process."""
    return REPORTED[name](folder, seed)


def _after_loading() -> Any:
    return article_preprocessing(shifts=(0,))[1:]


def _read_floor(folder: Path) -> tuple[Any, np.ndarray]:
    takes = load_takes(folder)
    return takes, article_preprocessing(shifts=(0,)).fit_transform(takes.paths)


def _split_floor(
    name: str, floor: tuple[Any, np.ndarray], *, learnt: list[str], judged: list[str]
) -> Task:
    takes, crops = floor
    return Task(
        name,
        crops,
        takes.board,
        takes.normal_boards,
        takes.specimens,
        np.isin(takes.board, learnt),
        np.isin(takes.board, judged),
    )
