"""Autoencoder: what it cannot draw again is not normal."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OutlierMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import nn

from tapsklearn.detectors._network_base import NetworkDetector
from tapsklearn.networks import ConvAutoencoder


class AutoencoderDetector(OutlierMixin, NetworkDetector):
    """Score taps by how well an autoencoder of normal taps draws them again.

    A convolutional autoencoder learns to draw the crops of normal takes through a
    bottleneck; what it draws badly is less normal.

    Parameters
    ----------
    score_space : {"reconstruction", "embedding", "pooled"}, default="reconstruction"
        What is judged: the mean squared error of the drawing, or with `normality`
        the bottleneck or the mean and deviation of each channel of the middle maps.
    optimizer : {"adam", "adamw", "sgd"}, default="adam"
        Optimizer.
    lr : float, default=1e-3
        Learning rate.
    weight_decay : float, default=0.0
        Weight decay.
    max_epochs : int, default=50
        Passes over the normal takes.
    batch_size : int, default=16
        Crops a step, at most.
    device : str, default="cpu"
        Torch device that trains and scores.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Precision of training on float32 crops; "auto" takes bfloat16 where the
        processor computes in it. Scores are always computed in the dtype of X.
    callbacks : list of skorch callbacks, default=None
        Called while training, after ours.
    normal_boards : array-like, default=None
        Labels of y that are normal; None: all. Only they are learnt from.
    specimens : mapping, default=None
        Specimen of each board that is not a specimen of its own.
    normality : estimator, default=None
        With `fit` and `score_samples`, fitted on the normal takes; None is
        `NeighborDistance()`. Not used in the reconstruction space.
    calibration_by : {"auto", "take", "board"}, default="auto"
        What the threshold is for. "take": further takes of the training boards; a
        share of their takes is set apart for it. "board": boards never heard; each
        normal specimen is scored against the others. The network has seen it, so
        the scores, and above all the errors of the reconstruction space, can be
        better than those of a board that is new to the network: name
        `calibration_boards` to be sure. "auto" is "board" from five normal
        specimens on.
    calibration_boards : array-like, default=None
        Boards whose specimens are held out of everything but the calibration.
    calibration_size : float, default=None
        Share of the normal takes that calibration by take sets apart. None is a
        fifth, or as many as the rate needs, but no more than half.
    false_alarm_rate : float, default=0.05
        Share of normal takes that may be called abnormal.
    random_state : int, RandomState instance or None, default=None
        Seed of weights, order of takes and calibration.
    verbose : int, default=0
        Whether skorch prints its table of epochs.

    Attributes
    ----------
    net_ : torch.nn.Module
        The trained network.
    weights_ : dict of str to ndarray
        Its weights.
    history_ : list of dict
        Number, mean loss and seconds of each epoch.
    normality_ : estimator
        Fitted on the normal takes.
    calibration_scores_ : ndarray
        Scores of the normal takes calibrated with, in ascending order.
    offset_ : float
        Threshold: takes that score below it are called abnormal.
    input_shape_ : tuple of int
        Shape of one take.
    n_features_in_ : int
        Size of the second axis of X.

    References
    ----------
    F. Chollet, "Building Autoencoders in Keras", The Keras Blog, 2016.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> crops = rng.normal(size=(40, 16, 24)).astype(np.float32)
    >>> detector = AutoencoderDetector(max_epochs=2, random_state=0).fit(crops)
    >>> detector.score_samples(crops).shape
    (40,)
    """

    _learns_boards = False
    _parameter_constraints: ClassVar[dict] = {
        **NetworkDetector._parameter_constraints,
        "score_space": [StrOptions({"reconstruction", "embedding", "pooled"})],
    }

    def __init__(
        self,
        *,
        score_space: str = "reconstruction",
        optimizer: str = "adam",
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        max_epochs: int = 50,
        batch_size: int = 16,
        device: str = "cpu",
        precision: str = "auto",
        callbacks: list[Any] | None = None,
        normal_boards: ArrayLike | None = None,
        specimens: Mapping[Any, Any] | None = None,
        normality: Any = None,
        calibration_by: str = "auto",
        calibration_boards: ArrayLike | None = None,
        calibration_size: float | None = None,
        false_alarm_rate: float = 0.05,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.score_space = score_space
        self.optimizer = optimizer
        self.lr = lr
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.device = device
        self.precision = precision
        self.callbacks = callbacks
        self.normal_boards = normal_boards
        self.specimens = specimens
        self.normality = normality
        self.calibration_by = calibration_by
        self.calibration_boards = calibration_boards
        self.calibration_size = calibration_size
        self.false_alarm_rate = false_alarm_rate
        self.random_state = random_state
        self.verbose = verbose

    def _make_network(self, input_shape: tuple[int, int]) -> nn.Module:
        return ConvAutoencoder(input_shape)

    def _make_criterion(self, n_classes: int) -> nn.Module:
        return nn.MSELoss()

    def reconstruct(self, X: ArrayLike) -> NDArray[np.floating]:
        """Draw takes as the autoencoder hears them.

        Parameters
        ----------
        X : array-like
            Crops, of the shape given to `fit`.

        Returns
        -------
        ndarray of the shape of X
            Reconstructions; NaN for takes with NaN.
        """
        check_is_fitted(self)
        return self._compute(X, self._redraw, shape=self.input_shape_)

    def _redraw(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        drawings = self._run(lambda network, images: network(images), takes)
        return drawings.reshape(-1, *self.input_shape_)
