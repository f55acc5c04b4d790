"""Variational autoencoder: a bottleneck that is a small Gaussian."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

from numpy.typing import ArrayLike
from sklearn.utils._param_validation import Interval
from torch import Tensor, nn

from tapsklearn.detectors._redrawing_base import RedrawingDetector
from tapsklearn.networks import VariationalAutoencoder


class VAEDetector(RedrawingDetector):
    """Score taps by how well a variational autoencoder draws them again.

    A convolutional encoder squeezes the crops of normal takes into a Gaussian of few
    dimensions, from a sample of which they are drawn again; what it draws badly from
    the mean is less normal.

    Parameters
    ----------
    embedding_dim : int, default=16
        Size of the latent.
    kl_weight : float, default=1.0
        Weight of the divergence of the latents from the standard normal
        distribution: 1 is the evidence lower bound for crops with unit variance
        around their drawing.
    score_space : {"reconstruction", "embedding", "pooled", "time_pooled"}, \
default="reconstruction"
        What is judged: the mean squared error of the drawing, or with `normality`
        the mean of the latent, or the mean and deviation of each channel of the
        middle maps, or of each of their rows over time.
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
    D. P. Kingma and M. Welling, "Auto-Encoding Variational Bayes", ICLR 2014,
    arXiv:1312.6114.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> crops = rng.normal(size=(40, 16, 24)).astype(np.float32)
    >>> detector = VAEDetector(max_epochs=2, random_state=0).fit(crops)
    >>> detector.score_samples(crops).shape
    (40,)
    """

    _parameter_constraints: ClassVar[dict] = {
        **RedrawingDetector._parameter_constraints,
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "kl_weight": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        embedding_dim: int = 16,
        kl_weight: float = 1.0,
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
        self.embedding_dim = embedding_dim
        self.kl_weight = kl_weight
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
        return VariationalAutoencoder(
            input_shape, latent_dim=self.embedding_dim, batch_norm=self.batch_norm
        )

    def _make_criterion(self, n_classes: int) -> nn.Module:
        return _EvidenceLoss(self.kl_weight)


class _EvidenceLoss(nn.Module):
    """The negative evidence lower bound of a crop, times 2 / number of pixels.

    So scaled it is the mean squared error plus the divergence's share.
    """

    def __init__(self, kl_weight: float) -> None:
        super().__init__()
        self.kl_weight = kl_weight

    def forward(self, outputs: tuple[Tensor, Tensor, Tensor], crops: Tensor) -> Tensor:
        drawings, mean, log_variance = outputs
        divergence = (mean.square() + log_variance.exp() - log_variance - 1).sum() / 2
        error = nn.functional.mse_loss(drawings, crops)
        return error + 2 * self.kl_weight * divergence / crops.numel()
