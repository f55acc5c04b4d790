"""The table of the common tests: every method, with settings that train quickly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapsklearn.detectors import (
    ArcFaceDetector,
    AutoencoderDetector,
    CropKNNDetector,
)

QUICK = {"max_epochs": 2, "random_state": 0}

METHODS = {
    "ae": AutoencoderDetector(**QUICK),
    "ae-embedding": AutoencoderDetector(score_space="embedding", **QUICK),
    "ae-pooled": AutoencoderDetector(score_space="pooled", **QUICK),
    "arcface-shallow": ArcFaceDetector(embedding_dim=3, **QUICK),
    "arcface-shallow-embedding": ArcFaceDetector(score_space="embedding", **QUICK),
    "crop-knn": CropKNNDetector(random_state=0),
}

TRAINED = {name: each for name, each in METHODS.items() if name != "crop-knn"}
NEED_BOARDS = [name for name in METHODS if name.startswith("arcface")]


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
