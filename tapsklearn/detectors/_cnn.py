"""Classifier: boards told apart by their names."""

from collections.abc import Mapping
from typing import Any, ClassVar

from numpy.typing import ArrayLike
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn

from tapsklearn.detectors._backbones import BACKBONE_CONSTRAINTS, make_backbone
from tapsklearn.detectors._focal_loss import FocalLoss
from tapsklearn.detectors._trained_base import TrainedDetector


class CNNDetector(TrainedDetector):
    """Score taps in an embedding trained by naming the board of each take.

    A network learns to classify takes by board; takes are judged by their distance
    to the normal ones in the layer before the classes.

    Parameters
    ----------
    backbone : {"shallow", "resnet18"}, default="shallow"
        The network that makes the embedding: the article's shallow one or its
        ResNet-18.
    loss : {"cross_entropy", "focal"}, default="cross_entropy"
        Loss of the classes; the focal loss has its paper's exponent of 2.
    embedding_dim : int, default=64
        Size of the embedding.
    merge_normal : bool, default=False
        Whether all normal boards are one class, as the article seems to do it.
    score_space : {"pooled", "time_pooled", "embedding"}, default="pooled"
        What is judged: the mean and deviation of each channel of the middle maps,
        which keep what an unseen defect changes, or of each row of these maps over
        time, which keeps at which frequency, or the embedding.
    batch_norm : bool, default=True
        Whether the shallow network is batch-normalized, which the article's is not;
        ResNet-18 always is.
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
        Passes over the takes.
    batch_size : int, default=16
        Crops a step, at most.
    validation_size : float, default=None
        Share of the takes that are not trained on, and whose loss is the
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
        Labels of y that are normal; None: all.
    specimens : mapping, default=None
        Specimen of each board that is not a specimen of its own.
    normality : estimator, default=None
        With `fit` and `score_samples`, fitted on the normal takes; None is
        `NeighborDistance()`.
    calibration_by : {"auto", "take", "board"}, default="auto"
        What the threshold is for. "take": further takes of the training boards; a
        share of their takes is set apart for it. "board": boards never heard; each
        normal specimen is scored against the others. The network has seen it, so
        its scores can be better than those of a board that is new to the network:
        name `calibration_boards` to be sure. "auto" is "board" from five normal
        specimens on.
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
    weights_, criterion_weights_ : dict of str to ndarray
        Weights of the network, and of the layer that names the boards.
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

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> crops = rng.normal(size=(40, 16, 24)).astype(np.float32)
    >>> boards = np.repeat(["oak", "ash"], 20)
    >>> detector = CNNDetector(max_epochs=2, random_state=0).fit(crops, boards)
    >>> detector.transform(crops).shape
    (40, 64)
    """

    _learns_boards = True
    _parameter_constraints: ClassVar[dict] = {
        **TrainedDetector._parameter_constraints,
        **BACKBONE_CONSTRAINTS,
        "loss": [StrOptions({"cross_entropy", "focal"})],
    }

    def __init__(
        self,
        backbone: str = "shallow",
        *,
        loss: str = "cross_entropy",
        embedding_dim: int = 64,
        merge_normal: bool = False,
        score_space: str = "pooled",
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
        self.backbone = backbone
        self.loss = loss
        self.embedding_dim = embedding_dim
        self.merge_normal = merge_normal
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
        return make_backbone(
            self.backbone,
            input_shape,
            embedding_dim=self.embedding_dim,
            batch_norm=self.batch_norm,
        )

    def _make_criterion(self, n_classes: int) -> nn.Module:
        head = nn.Linear(self.embedding_dim, n_classes)
        # As in the article: PReLU only in front of the shallow network's classes.
        return _ClassLoss(
            nn.Sequential(nn.PReLU(), head) if self.backbone == "shallow" else head,
            FocalLoss() if self.loss == "focal" else nn.CrossEntropyLoss(),
        )


class _ClassLoss(nn.Module):
    """The layer that names boards, and the loss of its names."""

    def __init__(self, head: nn.Module, loss: nn.Module) -> None:
        super().__init__()
        self.head = head
        self.loss = loss

    def forward(self, embeddings: Tensor, boards: Tensor) -> Tensor:
        return self.loss(self.head(embeddings), boards).mean()
