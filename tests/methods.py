"""The table of the common tests: every method, with settings that train quickly."""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import get_tags
from torch import nn

from tapsklearn.detectors import (
    ArcFaceDetector,
    AutoencoderDetector,
    CNNDetector,
    CropDetector,
    EncoderDetector,
    JoinedDetector,
    RandomConvDetector,
    SpectrumDetector,
    TripletDetector,
    VAEDetector,
)
from tapsklearn.networks import ResNet18


class _Narrow:
    """Of the 11 million weights of ResNet-18, as many as tests have time for."""

    def _make_network(self: Any, input_shape: tuple[int, int]) -> nn.Module:
        return ResNet18(
            input_shape,
            embedding_dim=self.embedding_dim,
            hidden_dim=self._hidden_dim,
            unit_sphere=self._unit_sphere,
            width=16,
        )


class NarrowArcFaceDetector(_Narrow, ArcFaceDetector):
    """ArcFaceDetector with a narrow ResNet-18."""


class NarrowCNNDetector(_Narrow, CNNDetector):
    """CNNDetector with a narrow ResNet-18."""


class NarrowTripletDetector(_Narrow, TripletDetector):
    """TripletDetector with a narrow ResNet-18."""


QUICK: dict[str, Any] = {"max_epochs": 2, "random_state": 0}
# As the article has its networks.
PLAIN: dict[str, Any] = {"augmentation": None, "score_space": "embedding", **QUICK}

METHODS = {
    "ae": AutoencoderDetector(**QUICK),
    "ae-pooled": AutoencoderDetector(score_space="time_pooled", **QUICK),
    "ae-plain": AutoencoderDetector(batch_norm=False, **PLAIN),
    "ae-encoder": AutoencoderDetector("encoder", **QUICK),
    "vae": VAEDetector(**QUICK),
    "vae-plain": VAEDetector(batch_norm=False, embedding_dim=2, **PLAIN),
    "vae-encoder": VAEDetector(
        "encoder", score_space="embedding", **{"augmentation": None, **QUICK}
    ),
    "cnn": CNNDetector(loss="focal", **QUICK),
    "cnn-plain": CNNDetector("shallow", embedding_dim=2, **PLAIN),
    "triplet": TripletDetector(**QUICK),
    "triplet-plain": TripletDetector("shallow", embedding_dim=2, **PLAIN),
    "cnn-encoder": CNNDetector("encoder", augmentation=None, **QUICK),
    "arcface": ArcFaceDetector(embedding_dim=3, **QUICK),
    "arcface-plain": ArcFaceDetector("shallow", loss="focal", **PLAIN),
    # What holds of a method does not depend on its network: once is enough.
    "resnet18": NarrowCNNDetector("resnet18", **QUICK),
    "spectrum": SpectrumDetector(random_state=0),
    "crop": CropDetector(random_state=0),
    "randomconv": RandomConvDetector(random_state=0),
    "encoder": EncoderDetector(random_state=0),
    "joined": JoinedDetector(random_state=0),
}

TRAINED = [name for name, each in METHODS.items() if hasattr(each, "max_epochs")]
NEED_BOARDS = [
    name for name, each in METHODS.items() if get_tags(each).target_tags.required
]
# Of the files that hold them, the class must be known without this module.
SAVED = [name for name in METHODS if name != "resnet18"]

NORMAL = ["board 0", "board 1"]


def make_crops(
    n_boards: int = 4, n_takes: int = 10, *, views: int | None = None, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Make crops of a ridge whose place shows the board, and the boards' names."""
    rng = np.random.default_rng(seed)
    shape = (n_boards * n_takes, *((views,) if views else ()), 12, 16)
    crops = rng.normal(size=shape).astype(np.float32)
    boards = np.repeat(np.arange(n_boards), n_takes)
    for row, board in enumerate(boards):
        crops[row, ..., 1 + 2 * board, :] += 4
    names = np.array([f"board {number}" for number in range(n_boards)])
    return crops, names[boards]


@functools.cache
def fit_once(name: str) -> Any:
    """Fit a method on `make_crops()`, for all tests that do not change it."""
    return clone(METHODS[name]).set_params(normal_boards=NORMAL).fit(*make_crops())
