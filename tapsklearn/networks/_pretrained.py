"""Networks that begin with the encoder, of which a part is trained further."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tapsklearn.networks._encoder import TapEncoder, pool_maps
from tapsklearn.networks._encoder_weights import find_encoder_channels
from tapsklearn.networks._fold_batch_norm import fold_batch_norm
from tapsklearn.networks._variational import GaussianSample

_HIDDEN = 64
_SETTLED_AT_ONCE = 64


class PretrainedNetwork(nn.Module):
    """A network of which one part is the encoder's and stays, and another is trained.

    The batch normalization of the encoder is folded into its convolutions, so that
    training does not change it. ``trained``, a module, computes from what `freeze`
    returns what the network computes from crops.
    """

    trained: Any

    def __init__(self) -> None:
        super().__init__()

    def set_encoder(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        """Begin with the weights of an encoder.

        Parameters
        ----------
        weights : mapping of str to ndarray
            What `read_encoder_weights` returns.
        """
        encoder = TapEncoder((1, 1), channels=find_encoder_channels(weights)).eval()
        encoder.set_weights(weights)
        fold_batch_norm(encoder)
        for own, given in zip(_list_convs(self), _list_convs(encoder), strict=True):
            own.load_state_dict(given.state_dict())

    def freeze(self, images: Tensor) -> Tensor:
        """Compute what no training changes.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor
            What ``trained`` needs of them.
        """
        raise NotImplementedError

    def forward(self, images: Tensor) -> Any:
        """Compute what the loss needs.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor or tuple of Tensor
            Embeddings or, of a network that reconstructs, what it makes of features,
            and these.
        """
        return self.trained(self.freeze(images))


class FineTunedEncoder(PretrainedNetwork):
    """The encoder with its last block to be trained, and a linear layer behind.

    The mean and deviation of each channel of the last two maps, standardized, go into a
    linear layer that makes the embedding.

    Parameters
    ----------
    input_shape : tuple of (int, int)
        Frequencies and frames of a crop.
    channels : tuple of int
        Channels of each block of the encoder.
    embedding_dim : int, default=64
        Size of the embedding.
    unit_sphere : bool, default=False
        Whether to scale each embedding to length 1, for losses that depend
        on angles alone.
    """

    def __init__(
        self,
        input_shape: tuple[int, int],
        *,
        channels: tuple[int, ...],
        embedding_dim: int = 64,
        unit_sphere: bool = False,
    ) -> None:
        super().__init__()
        *frozen, last = TapEncoder(
            input_shape, channels=channels, batch_norm=False
        ).blocks
        self.frozen = nn.ModuleList(frozen).requires_grad_(False)
        self.trained = _TrainedBlock(
            last, 2 * sum(channels[-2:]), embedding_dim, unit_sphere
        )

    def freeze(self, images: Tensor) -> Tensor:
        """Compute the maps that the last block begins with.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n, n_channels, height, width)
            The maps.
        """
        for block in self.frozen:
            images = block(images)
        return images

    def embed(self, images: Tensor) -> Tensor:
        """Embed crops.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n, embedding_dim)
            Embeddings.
        """
        return self(images)

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Compute the maps of the last two blocks.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        list of Tensor of shape (n, n_channels, height, width)
            Both maps.
        """
        maps = self.freeze(images)
        return [maps, self.trained.last_block(maps)]


class FeatureAutoencoder(PretrainedNetwork):
    """An autoencoder of what the encoder makes of crops.

    The mean and deviation of each channel of the encoder's last maps, standardized, are
    compressed by two linear layers with ReLU between them, and reconstructed by two.

    Parameters
    ----------
    input_shape : tuple of (int, int)
        Frequencies and frames of a crop.
    channels : tuple of int
        Channels of each block of the encoder.
    latent_dim : int, default=16
        Size of the bottleneck.
    variational : bool, default=False
        Whether the bottleneck is the mean of a Gaussian, a sample of which is
        reconstructed in training (D. P. Kingma and M. Welling, "Auto-encoding
        variational Bayes", ICLR 2014, arXiv:1312.6114).
    """

    def __init__(
        self,
        input_shape: tuple[int, int],
        *,
        channels: tuple[int, ...],
        latent_dim: int = 16,
        variational: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = TapEncoder(
            input_shape, channels=channels, batch_norm=False
        ).requires_grad_(False)
        n_features = 2 * sum(channels[-2:])
        self.trained = _DenseAutoencoder(n_features, latent_dim, variational)

    def freeze(self, images: Tensor) -> Tensor:
        """Compute the features that are reconstructed.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n, n_features)
            Mean and deviation of each channel of the encoder's last maps.
        """
        return torch.cat(
            [pool_maps(m) for m in self.encoder.feature_maps(images)], dim=1
        )

    def embed(self, images: Tensor) -> Tensor:
        """Compute the bottleneck; of Gaussians, their mean.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n, latent_dim)
            The bottleneck.
        """
        return self.trained.embed(self.freeze(images))

    def reconstruction_error(self, images: Tensor) -> Tensor:
        """Compute how badly the features of crops are reconstructed.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n,)
            Mean squared errors of the standardized features.
        """
        return self.trained.measure_error(self.freeze(images))


class _Standardized(nn.Module):
    """What standardizes features with the mean and deviation of those trained on."""

    mean: Tensor
    scale: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))

    def standardize(self, features: Tensor) -> Tensor:
        return (features - self.mean) / self.scale

    def compute_features(self, frozen: Tensor) -> Tensor:
        """Compute the features that are standardized."""
        raise NotImplementedError

    def settle(self, frozen: Tensor) -> None:
        """Standardize with what `freeze` returned of the crops to train on."""
        with torch.no_grad():
            parts = [
                self.compute_features(each) for each in frozen.split(_SETTLED_AT_ONCE)
            ]
            features = torch.cat(parts)
            scale = features.std(dim=0, correction=0)
            self.mean.copy_(features.mean(dim=0))
            # A channel that is never active stays at 0.
            self.scale.copy_(torch.where(scale > 0, scale, 1.0))


class _TrainedBlock(_Standardized):
    """The last block, and the linear layer that makes the embedding."""

    def __init__(
        self, block: nn.Module, n_features: int, embedding_dim: int, unit_sphere: bool
    ) -> None:
        super().__init__(n_features)
        self.last_block = block
        self.head = nn.Linear(n_features, embedding_dim)
        self.unit_sphere = unit_sphere

    def compute_features(self, frozen: Tensor) -> Tensor:
        return torch.cat([pool_maps(frozen), pool_maps(self.last_block(frozen))], dim=1)

    def forward(self, frozen: Tensor) -> Tensor:
        embedding = self.head(self.standardize(self.compute_features(frozen)))
        if self.unit_sphere:
            return nn.functional.normalize(embedding)
        return embedding


class _DenseAutoencoder(_Standardized):
    """An autoencoder of features."""

    def __init__(self, n_features: int, latent_dim: int, variational: bool) -> None:
        super().__init__(n_features)
        self.variational = variational
        self.encode = nn.Sequential(
            nn.Linear(n_features, _HIDDEN),
            nn.ReLU(),
            nn.Linear(_HIDDEN, latent_dim * (1 + variational)),
        )
        self.decode = nn.Sequential(
            nn.Linear(latent_dim, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, n_features)
        )
        self.sample = GaussianSample()

    def compute_features(self, frozen: Tensor) -> Tensor:
        return frozen

    def forward(self, frozen: Tensor) -> tuple[Tensor, ...]:
        """Return the reconstruction, of Gaussians these, and what is reconstructed."""
        features = self.standardize(frozen)
        if not self.variational:
            return self.decode(self.encode(features)), features
        mean, log_variance = self.encode(features).chunk(2, dim=1)
        latent = self.sample(mean, log_variance)
        return self.decode(latent), mean, log_variance, features

    def embed(self, frozen: Tensor) -> Tensor:
        latent = self.encode(self.standardize(frozen))
        return latent.chunk(2, dim=1)[0] if self.variational else latent

    def measure_error(self, frozen: Tensor) -> Tensor:
        error = self.decode(self.embed(frozen)) - self.standardize(frozen)
        return error.square().mean(dim=1)


def _list_convs(network: nn.Module) -> list[nn.Module]:
    return [each for each in network.modules() if isinstance(each, nn.Conv2d)]
