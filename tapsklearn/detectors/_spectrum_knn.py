"""Spectra, without any training: a reference for the methods that train."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OutlierMixin

from tapsklearn.detectors._base import TapDetector


class SpectrumKNNDetector(OutlierMixin, TapDetector):
    """Score taps by the distance of their spectra to the nearest normal ones.

    Of each frequency of a crop the mean over time, in dB, and the deviation from it,
    which tells how fast the frequency dies away. Nothing is trained, and when the
    tap begins does not matter.

    Parameters
    ----------
    normal_boards : array-like, default=None
        Labels of y that are normal; None: all.
    specimens : mapping, default=None
        Specimen of each board that is not a specimen of its own.
    normality : estimator, default=None
        With `fit` and `score_samples`, fitted on the normal takes; None is
        `NeighborDistance()`.
    calibration_by : {"auto", "take", "board"}, default="auto"
        What the threshold is for. "take": further takes of the training boards; a
        share of their takes is set apart for it. "board": boards never heard; each
        normal specimen is scored against the others. "auto" is "board" from five
        normal specimens on.
    calibration_boards : array-like, default=None
        Boards whose specimens are held out of everything but the calibration.
    calibration_size : float, default=None
        Share of the normal takes that calibration by take sets apart. None is a
        fifth, or as many as the rate needs, but no more than half.
    false_alarm_rate : float, default=0.05
        Share of normal takes that may be called abnormal.
    random_state : int, RandomState instance or None, default=None
        Seed of the calibration by take.

    Attributes
    ----------
    normality_ : estimator
        Fitted on the normal takes.
    calibration_scores_ : ndarray
        Scores of the normal takes calibrated with, in ascending order.
    offset_ : float
        Threshold: takes that score below it are called abnormal.
    training_set_ : dict
        What was fitted on: `boards`, `n_takes` and `is_normal` of each, and
        `features_sha256`, a hash of all takes.
    input_shape_ : tuple of int
        Shape of one take.
    n_features_in_ : int
        Size of the second axis of X.

    Examples
    --------
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> SpectrumKNNDetector(random_state=0).fit(crops).predict(crops + 9)[:3]
    array([-1, -1, -1])
    """

    def __init__(
        self,
        *,
        normal_boards: ArrayLike | None = None,
        specimens: Mapping[Any, Any] | None = None,
        normality: Any = None,
        calibration_by: str = "auto",
        calibration_boards: ArrayLike | None = None,
        calibration_size: float | None = None,
        false_alarm_rate: float = 0.05,
        random_state: Any = None,
    ) -> None:
        self.normal_boards = normal_boards
        self.specimens = specimens
        self.normality = normality
        self.calibration_by = calibration_by
        self.calibration_boards = calibration_boards
        self.calibration_size = calibration_size
        self.false_alarm_rate = false_alarm_rate
        self.random_state = random_state

    def _describe(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        spectra = np.concatenate([takes.mean(axis=3), takes.std(axis=3)], axis=2)
        return spectra.mean(axis=1)
