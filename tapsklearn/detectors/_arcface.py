"""ArcFace: boards separated by angular margins."""

from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

import numpy as np
from pytorch_metric_learning.losses import ArcFaceLoss
from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn

from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._losses import FocalLoss
from tapsklearn.detectors._supervised import SupervisedDetector


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class ArcFaceDetector(SupervisedDetector):
    """Score taps in an embedding trained with angular margins between boards.

    A network is trained to separate all boards on a sphere, each pushed away from the
    others by an angle; takes are scored by their distance to the normal ones.

    Parameters
    ----------
    margin : float, default=0.5
        Angle by which a board must be closer to its own centre, in radians.
    scale : float, default=30.0
        Factor of the cosines before the softmax.
    loss : {"cross_entropy", "focal"}, default="cross_entropy"
        What the cosines go into; the focal loss has its paper's exponent of 2.

    Attributes
    ----------
    criterion_weights_ : dict of str to ndarray
        Weights of the loss: the boards' centres.

    References
    ----------
    J. Deng, J. Guo, N. Xue and S. Zafeiriou, "ArcFace: Additive Angular Margin Loss
    for Deep Face Recognition", CVPR 2019, arXiv:1801.07698.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> crops = rng.normal(size=(40, 16, 24)).astype(np.float32)
    >>> boards = np.repeat(["oak", "ash"], 20)
    >>> detector = ArcFaceDetector(max_epochs=2, random_state=0).fit(crops, boards)
    >>> detector.transform(crops).shape
    (40, 64)
    """

    _parameter_constraints: ClassVar[dict] = {
        **SupervisedDetector._parameter_constraints,
        "margin": [Interval(Real, 0, np.pi / 2, closed="left")],
        "scale": [Interval(Real, 0, None, closed="neither")],
        "loss": [StrOptions({"cross_entropy", "focal"})],
    }

    margin: float = 0.5
    scale: float = 30.0
    loss: str = "cross_entropy"

    _unit_sphere = True

    def _make_criterion(self, n_classes: int) -> nn.Module:
        criterion = ArcFaceLoss(
            num_classes=n_classes,
            embedding_size=self.embedding_dim,
            # The library counts the margin in degrees.
            margin=np.degrees(self.margin),
            scale=self.scale,
        )
        if self.loss == "focal":
            criterion.cross_entropy = FocalLoss()
        return criterion
