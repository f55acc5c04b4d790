"""Triplet loss: takes of one board closer together than takes of two."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import ClassVar

import torch
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor, nn

from tapsklearn.detectors._batches import fill_batch
from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._losses import MinedTripletLoss
from tapsklearn.detectors._supervised import SupervisedDetector


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class TripletDetector(SupervisedDetector):
    """Score taps in an embedding trained on triplets of takes.

    A network is trained to put two takes of one board closer together than a take of
    another board; takes are scored by their distance to the normal ones.

    Parameters
    ----------
    batch_size : int, default=32
        Crops a step, at most.
    margin : float, default=1.0
        By how much the squared distance to the other board must be the larger.
    mining : {"all", "semihard", "hard"}, default="all"
        Triplets of a batch to train on: all that violate the margin, or only those
        whose other board is still the further, or already the nearer.
    takes_per_board : int, default=4
        Crops of each board in a batch, as far as there are boards enough to fill
        it; with fewer boards, more crops of each.

    References
    ----------
    F. Schroff, D. Kalenichenko and J. Philbin, "FaceNet: A Unified Embedding for
    Face Recognition and Clustering", CVPR 2015, arXiv:1503.03832.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> crops = rng.normal(size=(40, 16, 24)).astype(np.float32)
    >>> boards = np.repeat(["oak", "ash"], 20)
    >>> detector = TripletDetector(max_epochs=2, random_state=0).fit(crops, boards)
    >>> detector.transform(crops).shape
    (40, 64)
    """

    _parameter_constraints: ClassVar[dict] = {
        **SupervisedDetector._parameter_constraints,
        "margin": [Interval(Real, 0, None, closed="neither")],
        "mining": [StrOptions({"all", "semihard", "hard"})],
        "takes_per_board": [Interval(Integral, 2, None, closed="left")],
    }

    batch_size: int = 32
    margin: float = 1.0
    mining: str = "all"
    takes_per_board: int = 4

    _hidden_dim = 512

    def _make_criterion(self, n_classes: int) -> nn.Module:
        return MinedTripletLoss(self.margin, self.mining)

    def _count_takes_per_board(self) -> int:
        return self.takes_per_board

    def _order_validation(self, classes: Tensor) -> Tensor:
        counts = torch.bincount(classes)
        if int((counts > 0).sum()) < 2 or int(counts.max()) < 2:
            raise ValueError(
                f"validation_size={self.validation_size} does not hold out two crops "
                "of one board and one of another, so that there is no triplet whose "
                "loss could be watched: hold out more"
            )
        # A batch of one board, as takes mostly lie, holds no triplets: as in training,
        # some of each board in turn.
        _, n_takes = fill_batch(
            self.batch_size, self.takes_per_board, n_boards=int((counts > 0).sum())
        )
        rank = torch.zeros_like(classes)
        for board in classes.unique():
            rank[classes == board] = torch.arange(int(counts[board]))
        return torch.argsort(rank // n_takes * len(counts) + classes, stable=True)
