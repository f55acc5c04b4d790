"""The ideas of ``margin_ideas.py``: losses and batches of methods trained on boards.

- sub-center ArcFace: J. Deng, J. Guo, T. Liu, M. Gong and S. Zafeiriou, "Sub-center
  ArcFace: Boosting Face Recognition by Large-Scale Noisy Web Faces", ECCV 2020;
- AdaCos: X. Zhang, R. Zhao, Y. Qiao, X. Wang and H. Li, "AdaCos: Adaptively Scaling
  Cosine Logits for Effectively Learning Deep Face Representations", CVPR 2019,
  arXiv:1905.00292;
- mixup: H. Zhang, M. Cisse, Y. N. Dauphin and D. Lopez-Paz, "mixup: Beyond Empirical
  Risk Minimization", ICLR 2018, arXiv:1710.09412.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from pytorch_metric_learning.losses import ArcFaceLoss, SubCenterArcFaceLoss
from torch import Tensor, nn

from tapsklearn.detectors import (
    ArcFaceDetector,
    Augmentation,
    CNNDetector,
    tuned_methods,
)

ARCFACE, CNN, PLAIN = "tuned-arcface-shallow", "tuned-cnn-shallow", "as it is"
SUB_CENTERS = 3
# Of mixup: the paper's of small images, and one of its range for large ones.
ALPHAS = (1.0, 0.2)
# AdaCos: its scale of two classes would be 0, so that they count as three, and that of
# few classes can fall to 0 in training, which this prevents (assumed).
FEWEST_CLASSES, SMALLEST_SCALE = 3, 0.1


class SubCenterArcFace(ArcFaceDetector):
    """ArcFace with several centres for each class."""

    def _make_criterion(self, n_classes: int) -> nn.Module:
        return SubCenterArcFaceLoss(
            num_classes=n_classes,
            embedding_size=self.embedding_dim,
            margin=np.degrees(self.margin),
            scale=self.scale,
            sub_centers=SUB_CENTERS,
        )


class AdaCos(ArcFaceDetector):
    """Cosines with the scale that the number of classes gives, and without margin."""

    is_dynamic = False

    def _make_criterion(self, n_classes: int) -> nn.Module:
        return AdaCosLoss(n_classes, self.embedding_dim, is_dynamic=self.is_dynamic)


class DynamicAdaCos(AdaCos):
    """The same with the scale that each batch gives."""

    is_dynamic = True


class AdaCosLoss(nn.Module):
    """Cross-entropy of scaled cosines to the centres of the classes."""

    scale: Tensor

    def __init__(self, n_classes: int, embedding_dim: int, *, is_dynamic: bool) -> None:
        super().__init__()
        self.is_dynamic = is_dynamic
        self.centers = nn.Parameter(torch.empty(n_classes, embedding_dim))
        nn.init.xavier_uniform_(self.centers)
        n_others = max(n_classes, FEWEST_CLASSES) - 1
        scale = np.sqrt(2) * np.log(n_others)
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))

    def forward(self, embeddings: Tensor, classes: Tensor) -> Tensor:
        normalize = nn.functional.normalize
        cosines = normalize(embeddings) @ normalize(self.centers).T
        if self.is_dynamic:
            self.scale.copy_(self._find_scale(cosines.detach(), classes))
        return nn.functional.cross_entropy(self.scale * cosines, classes)

    def _find_scale(self, cosines: Tensor, classes: Tensor) -> Tensor:
        is_own = nn.functional.one_hot(classes, cosines.shape[1]).bool()
        others = (self.scale * cosines).exp().masked_fill(is_own, 0).sum(dim=1).mean()
        # The cosine of the median angle, and at least that of 45 degrees.
        median = cosines[is_own].clamp(-1, 1).acos().median().cos()
        scale = others.log() / median.clamp(min=np.sqrt(0.5))
        return scale.clamp(min=SMALLEST_SCALE)


@dataclass(kw_only=True, eq=False, repr=False)
class Mixup(Augmentation):
    """Mix each crop of a batch with another one of it, in one share for all.

    The loss of the batch finds here what was mixed with what.
    """

    alpha: float = 1.0

    def move(self, images: Tensor, generator: torch.Generator) -> Tensor:
        self.partner_ = torch.randperm(len(images), generator=generator)
        seed = torch.randint(2**31, (), generator=generator).item()
        self.share_ = np.random.default_rng(seed).beta(self.alpha, self.alpha)
        return self.share_ * images + (1 - self.share_) * images[self.partner_]

    def corrupt(self, images: Tensor, generator: torch.Generator) -> Tensor:
        return images


class MixedLoss(nn.Module):
    """The losses of both classes of mixed crops, in the shares of the crops."""

    def __init__(self, loss: nn.Module, mixup: Mixup) -> None:
        super().__init__()
        self.loss = loss
        self.mixup = mixup

    def forward(self, embeddings: Tensor, classes: Tensor) -> Tensor:
        share, partners = self.mixup.share_, classes[self.mixup.partner_]
        first, second = (self.loss(embeddings, each) for each in (classes, partners))
        return share * first + (1 - share) * second


class Classifier(nn.Module):
    """The layers that classify, and their loss, as those of `CNNDetector`."""

    def __init__(self, n_classes: int, embedding_dim: int) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.PReLU(), nn.Linear(embedding_dim, n_classes))

    def forward(self, embeddings: Tensor, classes: Tensor) -> Tensor:
        return nn.functional.cross_entropy(self.head(embeddings), classes)


class MixedArcFace(ArcFaceDetector):
    """ArcFace that is trained on mixed crops."""

    def _make_criterion(self, n_classes: int) -> nn.Module:
        loss = ArcFaceLoss(
            num_classes=n_classes,
            embedding_size=self.embedding_dim,
            margin=np.degrees(self.margin),
            scale=self.scale,
        )
        return MixedLoss(loss, self.augmentation)


class MixedCNN(CNNDetector):
    """The classifier that is trained on mixed crops."""

    def _make_criterion(self, n_classes: int) -> nn.Module:
        return MixedLoss(Classifier(n_classes, self.embedding_dim), self.augmentation)


def list_ideas() -> dict[tuple[str, str], Any]:
    """Return unfitted detectors by the method and the idea that changes it."""
    methods = tuned_methods()
    arcface, cnn = methods[ARCFACE], methods[CNN]
    settings = arcface.get_params(deep=False)
    mixed = {}
    for alpha in ALPHAS:
        changed = {"augmentation": Mixup(alpha=alpha)}
        mixed |= {
            (ARCFACE, f"mixup, alpha = {alpha}"): MixedArcFace(**settings | changed),
            (CNN, f"mixup, alpha = {alpha}"): MixedCNN(
                **cnn.get_params(deep=False) | changed
            ),
        }
    return {
        (ARCFACE, PLAIN): arcface,
        (ARCFACE, f"{SUB_CENTERS} sub-centers"): SubCenterArcFace(**settings),
        (ARCFACE, "AdaCos, fixed scale"): AdaCos(**settings),
        (ARCFACE, "AdaCos, dynamic scale"): DynamicAdaCos(**settings),
        (CNN, PLAIN): cnn,
        **mixed,
    }
