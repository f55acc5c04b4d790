"""The table of the common tests: every method, with settings that train quickly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapsklearn.detectors import (
    ArcFaceDetector,
    AutoencoderDetector,
    CNNDetector,
    CropKNNDetector,
    RandomConvKNNDetector,
    SpectrumKNNDetector,
    TripletDetector,
    VAEDetector,
)

QUICK = {"max_epochs": 2, "random_state": 0}
SLOW = {"max_epochs": 1, "random_state": 0}
# As the article has its networks.
PLAIN = {"batch_norm": False, "augmentation": None, "score_space": "embedding", **QUICK}

METHODS = {
    "ae": AutoencoderDetector(**QUICK),
    "ae-pooled": AutoencoderDetector(score_space="time_pooled", **QUICK),
    "ae-plain": AutoencoderDetector(**PLAIN),
    "vae": VAEDetector(**QUICK),
    "vae-plain": VAEDetector(embedding_dim=2, **PLAIN),
    "cnn-shallow": CNNDetector(loss="focal", **QUICK),
    "cnn-shallow-plain": CNNDetector(embedding_dim=2, **PLAIN),
    "cnn-resnet18": CNNDetector("resnet18", **SLOW),
    "triplet-shallow": TripletDetector(**QUICK),
    "triplet-shallow-plain": TripletDetector(embedding_dim=2, **PLAIN),
    "triplet-resnet18": TripletDetector("resnet18", **SLOW),
    "arcface-shallow": ArcFaceDetector(embedding_dim=3, **QUICK),
    "arcface-shallow-plain": ArcFaceDetector(loss="focal", **PLAIN),
    "arcface-resnet18": ArcFaceDetector("resnet18", **SLOW),
    "spectrum-knn": SpectrumKNNDetector(random_state=0),
    "crop-knn": CropKNNDetector(random_state=0),
    "randomconv-knn": RandomConvKNNDetector(random_state=0),
}

TRAINED = {name: each for name, each in METHODS.items() if not name.endswith("knn")}
NEED_BOARDS = [name for name in TRAINED if name.startswith(("cnn", "triplet", "arc"))]


def make_crops(
    n_boards: int = 4, n_takes: int = 10, *, views: int | None = None, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Make crops of a ridge whose place says the board, and the boards' names."""
    rng = np.random.default_rng(seed)
    shape = (n_boards * n_takes, *((views,) if views else ()), 12, 16)
    crops = rng.normal(size=shape).astype(np.float32)
    boards = np.repeat(np.arange(n_boards), n_takes)
    for row, board in enumerate(boards):
        crops[row, ..., 1 + 2 * board, :] += 4
    names = np.array([f"board {number}" for number in range(n_boards)])
    return crops, names[boards]
