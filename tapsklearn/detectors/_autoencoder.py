"""Autoencoder: what it cannot draw again is not normal."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike
from torch import nn

from tapsklearn.detectors._redrawing_base import RedrawingDetector
from tapsklearn.networks import ConvAutoencoder


class AutoencoderDetector(RedrawingDetector):
    """Score taps by how well an autoencoder of normal taps draws them again.

    A convolutional autoencoder learns to draw the crops of normal takes through a
    bottleneck; what it draws badly is less normal.

    Parameters
    ----------
    score_space : {"reconstruction", "embedding", "pooled", "time_pooled"}, \
default="reconstruction"
        What is judged: the mean squared error of the drawing, or with `normality`
        the bottleneck, or the mean and deviation of each channel of the middle
        maps, or of each of their rows over time.
    batch_norm : bool, default=True
        Whether the encoder is batch-normalized.
    augmentation : {"default", None} or Augmentation, default="default"
        How crops are changed each time that they are learnt from; "default" is
        `Augmentation()`, None leaves them as they are.
    optimizer : {"adam", "adamw", "sgd"}, default="adamw"
        Optimizer.
    lr : float, default=1e-3
        Learning rate.
    weight_decay : float, default=5e-4
        Weight decay.
    max_epochs : int, default=30
        Passes over the normal takes.
    batch_size : int, default=16
        Crops a step, at most.
    validation_size : float, default=None
        Share of the normal takes that are not trained on, and whose loss is the
        "valid_loss" that skorch's callbacks can watch; None trains on all.
    device : str, default="cpu"
        Torch device that trains and scores.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Precision of training on float32 crops; "auto" takes bfloat16 where the
        processor computes in it. Scores are always computed in the dtype of X.
    callbacks : list of skorch callbacks, default=None
        Called while training, after ours: skorch's `LRScheduler` or
        `EarlyStopping`, for example.
    normal_boards : array-like, default=None
        Labels of y that are normal; None: all. Only they are learnt from.
    specimens : mapping, default=None
        Specimen of each board that is not a specimen of its own.
    normality : estimator, default=None
        With `fit` and `score_samples`, fitted on the normal takes; None is
        `NeighborDistance()`. Not used in the reconstruction space.
    calibration_by : {"auto", "take", "board"}, default="auto"
        What the threshold is for. "take": further takes of the training boards; a
        share of their takes is set apart for it. "board": boards never heard; in the
        reconstruction space whole normal specimens are held out for it, a third or
        as many as the rate needs, in the others each normal specimen is scored
        against the others. "auto" is "board" from five normal specimens on.
    calibration_boards : array-like, default=None
        Boards whose specimens are held out of everything but the calibration.
    calibration_size : float, default=None
        Share of the normal takes that calibration by take sets apart. None is a
        fifth, or as many as the rate needs, but no more than half.
    false_alarm_rate : float, default=0.05
        Share of normal takes that may be called abnormal.
    random_state : int, RandomState instance or None, default=None
        Seed of weights, order of takes, augmentation and calibration.
    verbose : int, default=0
        1 shows a progress bar, 2 prints skorch's table of epochs.

    Attributes
    ----------
    net_ : torch.nn.Module
        The trained network.
    weights_ : dict of str to ndarray
        Its weights.
    history_ : list of dict
        Number, mean losses and seconds of each epoch.
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

    References
    ----------
    F. Chollet, "Building Autoencoders in Keras", The Keras Blog, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> crops = rng.normal(size=(40, 16, 24)).astype(np.float32)
    >>> detector = AutoencoderDetector(max_epochs=2, random_state=0).fit(crops)
    >>> detector.score_samples(crops).shape
    (40,)
    """

    def __init__(
        self,
        *,
        score_space: str = "reconstruction",
        batch_norm: bool = True,
        augmentation: Any = "default",
        optimizer: str = "adamw",
        lr: float = 1e-3,
        weight_decay: float = 5e-4,
        max_epochs: int = 30,
        batch_size: int = 16,
        validation_size: float | None = None,
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
        self.batch_norm = batch_norm
        self.augmentation = augmentation
        self.optimizer = optimizer
        self.lr = lr
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.validation_size = validation_size
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
        return ConvAutoencoder(input_shape, batch_norm=self.batch_norm)

    def _make_criterion(self, n_classes: int) -> nn.Module:
        return nn.MSELoss()
