"""The data sets of the benchmarks: which takes train, and which are scored.

A task is one data set with one split over specimens. The settings of
``tuned_methods()`` were searched with `search_tasks` and are reported on with
`report_task`; no place of the floor and no synthesized board is in the test set of
both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from splits import N_SHOP_TAKES, Takes, split_takes

from tapsklearn.datasets import load_takes
from tapsklearn.detectors import Calibration
from tapsklearn.preprocessing import article_features
from tapsklearn.synthesis import synthesize_taps

# Halves of the floor's places of hammering. The hammer and the ball were dropped at two
# places each, one a half.
SEARCHED_PLACES = ["hh_3f00m", "hh_3f02m", "hh_3f04m", "hh_3f06m"]
REPORTED_PLACES = ["hh_3f01m", "hh_3f03m", "hh_3f05m", "hh_3f08m"]
# Seeds of synthesized boards that the report leaves to the search.
SEARCHED_SEEDS = [100, 101]


@dataclass(frozen=True)
class Task:
    """Takes of boards, some to train on and some to score.

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
    train, test : ndarray of shape (n_takes,), bool
        Takes to train on, and takes of unseen boards.
    calibration_by : str
        How a threshold for the unseen boards is found.
    """

    name: str
    crops: np.ndarray
    board: np.ndarray
    normal_boards: list[str]
    specimens: dict[str, str]
    train: np.ndarray
    test: np.ndarray
    calibration_by: str = "board"

    def configure(self, detector: Any, seed: int) -> Any:
        """Set what this task knows of the boards in a detector."""
        return detector.set_params(
            normal_boards=self.normal_boards,
            specimens=self.specimens,
            calibration=Calibration(by=self.calibration_by),
            random_state=seed,
        )


def search_tasks(folder: Path) -> Iterator[Task]:
    """Return the tasks that settings are searched with."""
    floor = _read_floor(folder)
    for number, (known, strike) in enumerate(
        [("hd_3f00m", "mb_3f00m"), ("mb_3f00m", "hd_3f00m")]
    ):
        yield _split_floor(
            f"floor, half {number}",
            floor,
            train=[*SEARCHED_PLACES[number::2], known],
            test=[*SEARCHED_PLACES[1 - number :: 2], strike],
        )
    for seed in SEARCHED_SEEDS:
        yield make_shop("same_shop", seed, name=f"same_shop, seed {seed}")


def read_floor(folder: Path) -> Task:
    """Train on hammering at half of the places; score other strikes at the others."""
    return _split_floor(
        "hammer-floor",
        _read_floor(folder),
        train=[*SEARCHED_PLACES, "hd_3f00m"],
        test=[*REPORTED_PLACES, "hd_3f06m", "mb_3f01m"],
    )


def make_shop(scenario: str, seed: int, *, name: str | None = None) -> Task:
    """Train on some boards of a synthesized shop, two ends each; score the others."""
    taps = synthesize_taps(
        scenario=scenario,
        n_takes=N_SHOP_TAKES,
        random_state=seed,
        transformer=article_features(input="waveform"),
        n_jobs=1,
    )
    takes = Takes(
        list(taps.X), taps.board, taps.condition == "normal", taps.truth, sr=44100
    )
    (split,) = split_takes(scenario, takes, known=True)
    return Task(
        name or scenario,
        taps.X,
        taps.board,
        taps.normal_boards,
        taps.specimens,
        split.train,
        split.test,
    )


def _read_floor(folder: Path) -> tuple[Any, np.ndarray]:
    takes = load_takes(folder)
    return takes, article_features().fit_transform(takes.paths)


def _split_floor(
    name: str, floor: tuple[Any, np.ndarray], *, train: list[str], test: list[str]
) -> Task:
    takes, crops = floor
    return Task(
        name,
        crops,
        takes.board,
        takes.normal_boards,
        takes.specimens,
        np.isin(takes.board, train),
        np.isin(takes.board, test),
    )
