"""What a network makes of crops that can be scored: its score spaces."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tapsklearn.networks._encoder import pool_maps


def extract_features(network: nn.Module, images: Tensor, space: str) -> Tensor:
    """Compute what a network makes of crops in one of its score spaces.

    Parameters
    ----------
    network : Module
        A network of this package, which has `feature_maps`, `embed`, `answer` and
        `all_maps`, or `reconstruction_error`, as far as the space needs them.
    images : Tensor of shape (n, 1, n_freqs, n_frames)
        Crops.
    space : {"embedding", "pooled", "time_pooled", "reconstruction", "answered"}
        The embedding; mean and standard deviation of each channel of the middle
        maps, wherever in time or frequency something is, which suits pieces of
        different size; mean and standard deviation over time of each row of these
        maps, which keeps at which frequency something is and suits one place or
        product; the mean squared error of the reconstruction; or the answer of the
        encoder whether the piece is defective, and mean and deviation of each channel
        of the two maps before its last.

    Returns
    -------
    Tensor of shape (n, n_features)
        Features.

    Examples
    --------
    >>> from tapsklearn.networks import ShallowCNN
    >>> network = ShallowCNN((100, 120), embedding_dim=8)
    >>> extract_features(network, torch.zeros(2, 1, 100, 120), "embedding").shape
    torch.Size([2, 8])
    """
    return _SPACES[space](network, images)


def _embedding(network: Any, images: Tensor) -> Tensor:
    return network.embed(images)


def _pooled(network: Any, images: Tensor) -> Tensor:
    return _pool(network.feature_maps(images))


def _time_pooled(network: Any, images: Tensor) -> Tensor:
    return _mean_and_deviation(network.feature_maps(images))


def _answered(network: Any, images: Tensor) -> Tensor:
    *_, before, middle, last = network.all_maps(images)
    return torch.cat([network.answer(pool_maps(last)), _pool([before, middle])], dim=1)


def _pool(maps: list[Tensor]) -> Tensor:
    return _mean_and_deviation([each.flatten(2) for each in maps])


def _mean_and_deviation(maps: list[Tensor]) -> Tensor:
    means = [each.mean(dim=-1).flatten(1) for each in maps]
    deviations = [each.std(dim=-1, correction=0).flatten(1) for each in maps]
    return torch.cat(means + deviations, dim=1)


def _reconstruction(network: Any, images: Tensor) -> Tensor:
    return network.reconstruction_error(images).unsqueeze(1)


_SPACES: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "embedding": _embedding,
    "pooled": _pooled,
    "time_pooled": _time_pooled,
    "reconstruction": _reconstruction,
    "answered": _answered,
}
