"""What of a network is judged: its embedding, its middle maps, or its errors."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from torch import Tensor


class ReconstructionError(BaseEstimator):
    """Take the one number it is given, an error, as its own judgement."""

    def fit(self, X: NDArray[np.floating], y: Any = None) -> "ReconstructionError":
        """Learn nothing.

        Parameters
        ----------
        X : ndarray of shape (n_takes, 1)
            Errors.
        y : None
            Ignored.

        Returns
        -------
        ReconstructionError
            Itself.
        """
        self.n_features_in_ = X.shape[1]
        return self

    def score_samples(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Give minus the error.

        Parameters
        ----------
        X : ndarray of shape (n_takes, 1)
            Errors.

        Returns
        -------
        ndarray of shape (n_takes,)
            Scores; higher is more normal.
        """
        return -X[:, 0].astype(np.float64)


Space = Callable[[Any, Tensor], Tensor]


def _embedding(network: Any, images: Tensor) -> Tensor:
    return network.embed(images)


def _pooled(network: Any, images: Tensor) -> Tensor:
    """Give mean and standard deviation of each channel of the middle maps.

    It does not matter where in time or frequency something is, which suits pieces of
    different size.
    """
    return _mean_and_deviation([m.flatten(2) for m in network.feature_maps(images)])


def _time_pooled(network: Any, images: Tensor) -> Tensor:
    """Give mean and standard deviation over time of each row of the middle maps.

    It matters at which frequency something is, which suits one place or product.
    """
    return _mean_and_deviation(network.feature_maps(images))


def _mean_and_deviation(maps: list[Tensor]) -> Tensor:
    means = [each.mean(dim=-1).flatten(1) for each in maps]
    deviations = [each.std(dim=-1, correction=0).flatten(1) for each in maps]
    return torch.cat(means + deviations, dim=1)


def _reconstruction(network: Any, images: Tensor) -> Tensor:
    """Give the mean squared error of each crop."""
    return (
        (network.reconstruct(images) - images).square().mean(dim=(1, 2, 3)).unsqueeze(1)
    )


SPACES: Mapping[str, Space] = {
    "embedding": _embedding,
    "pooled": _pooled,
    "time_pooled": _time_pooled,
    "reconstruction": _reconstruction,
}
