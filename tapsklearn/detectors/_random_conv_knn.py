"""Convolutions that nobody trained: a reference for the methods that train."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OutlierMixin
from sklearn.utils._param_validation import StrOptions
from torch import nn

from tapsklearn.detectors._network_base import NetworkDetector, as_images
from tapsklearn.detectors._training import seeded, settle_batch_norm
from tapsklearn.networks import RandomConvBlocks


class RandomConvKNNDetector(OutlierMixin, NetworkDetector):
    """Score taps by what random convolutions make of them.

    Three random convolutional blocks, batch-normalized with the normal takes; the
    mean and deviation of each channel of the last two are compared with those of the
    nearest normal takes. Nothing is trained: what a trained network adds is what it
    has over this one.

    Parameters
    ----------
    score_space : {"pooled", "time_pooled"}, default="pooled"
        What is judged: the mean and deviation of each channel of the maps, or of each
        of their rows over time, which keeps at which frequency.
    device : str, default="cpu"
        Torch device that scores.
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
        Seed of the weights and of the calibration by take.

    Attributes
    ----------
    net_ : torch.nn.Module
        The network.
    weights_ : dict of str to ndarray
        Its weights.
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
    >>> RandomConvKNNDetector(random_state=0).fit(crops).predict(crops + 9)[:3]
    array([-1, -1, -1])
    """

    _parameter_constraints: ClassVar[dict] = {
        **NetworkDetector._parameter_constraints,
        "score_space": [StrOptions({"pooled", "time_pooled"})],
    }

    def __init__(
        self,
        *,
        score_space: str = "pooled",
        device: str = "cpu",
        normal_boards: ArrayLike | None = None,
        specimens: Mapping[Any, Any] | None = None,
        normality: Any = None,
        calibration_by: str = "auto",
        calibration_boards: ArrayLike | None = None,
        calibration_size: float | None = None,
        false_alarm_rate: float = 0.05,
        random_state: Any = None,
    ) -> None:
        self.score_space = score_space
        self.device = device
        self.normal_boards = normal_boards
        self.specimens = specimens
        self.normality = normality
        self.calibration_by = calibration_by
        self.calibration_boards = calibration_boards
        self.calibration_size = calibration_size
        self.false_alarm_rate = false_alarm_rate
        self.random_state = random_state

    def _make_network(self, input_shape: tuple[int, int]) -> nn.Module:
        return RandomConvBlocks(input_shape)

    def _learn(
        self,
        takes: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        rng: np.random.RandomState,
    ) -> None:
        build_seed, order_seed = rng.randint(np.iinfo(np.int32).max, size=2).tolist()
        crops = as_images(takes[is_normal])
        with seeded(build_seed):
            network = self._make_network(self._image_shape).to(dtype=crops.dtype)
        network.to(self.device)
        settle_batch_norm(network, crops, device=self.device, seed=order_seed)
        self._keep(network)

    def _embed(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return self._describe(takes)
