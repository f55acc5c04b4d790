"""One data set with one split over specimens: which takes train, which are scored."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from splits import N_SHOP_TAKES, Takes, split_takes

from tapsklearn.detectors import Calibration
from tapsklearn.preprocessing import article_features
from tapsklearn.synthesis import synthesize_taps


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


def make_shop(scenario: str, seed: int) -> Task:
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
        scenario,
        taps.X,
        taps.board,
        taps.normal_boards,
        taps.specimens,
        split.train,
        split.test,
    )
