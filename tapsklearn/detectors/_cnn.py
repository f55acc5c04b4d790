"""Classifier: boards separated by their names."""

from dataclasses import dataclass
from typing import ClassVar

from sklearn.utils._param_validation import StrOptions
from torch import nn

from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._losses import ClassLoss, FocalLoss
from tapsklearn.detectors._supervised import SupervisedDetector


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class CNNDetector(SupervisedDetector):
    """Score taps in an embedding trained by classifying takes by board.

    A network is trained to name the board of each take; takes are scored by their
    distance to the normal ones, in the layer before the classes or before that.

    Parameters
    ----------
    loss : {"cross_entropy", "focal"}, default="cross_entropy"
        Loss of the classes; the focal loss has its paper's exponent of 2.

    Attributes
    ----------
    criterion_weights_ : dict of str to ndarray
        Weights of the layer that classifies.

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

    _parameter_constraints: ClassVar[dict] = {
        **SupervisedDetector._parameter_constraints,
        "loss": [StrOptions({"cross_entropy", "focal"})],
    }

    loss: str = "cross_entropy"

    def _make_criterion(self, n_classes: int) -> nn.Module:
        head: nn.Module = nn.Linear(self.embedding_dim, n_classes)
        # As in the article: PReLU only in front of the shallow network's classes.
        if self.backbone != "resnet18":
            head = nn.Sequential(nn.PReLU(), head)
        is_focal = self.loss == "focal"
        return ClassLoss(head, FocalLoss() if is_focal else nn.CrossEntropyLoss())
