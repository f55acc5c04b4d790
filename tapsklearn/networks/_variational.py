"""A convolutional variational autoencoder."""

import math

import torch
from torch import Tensor, nn

from tapsklearn.networks._autoencoder import ConvAutoencoder


class GaussianSample(nn.Module):
    """Sample Gaussians in training; in evaluation, return their means.

    It has a generator of its own, so that training uses no global one; what seeds the
    weights seeds it too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._generator = torch.Generator()
        self._generator.manual_seed(int(torch.randint(2**31, (), device="cpu")))

    def forward(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """Sample each of the Gaussians.

        Parameters
        ----------
        mean, log_variance : Tensor of shape (n, latent_dim)
            The Gaussians.

        Returns
        -------
        Tensor of shape (n, latent_dim)
            Samples.
        """
        if not self.training:
            return mean
        noise = torch.randn(mean.shape, generator=self._generator)
        return mean + noise.to(mean) * (log_variance / 2).exp()


class VariationalAutoencoder(nn.Module):
    """Compress crops into a Gaussian of few dimensions and reconstruct them.

    The encoder and decoder of `ConvAutoencoder`, with linear layers between them
    to the mean and the logarithm of the variance of a latent (D. P. Kingma and
    M. Welling, "Auto-encoding variational Bayes", ICLR 2014, arXiv:1312.6114).

    Parameters
    ----------
    input_shape : tuple of (int, int)
        Frequencies and frames of a crop.
    latent_dim : int, default=2
        Size of the latent.
    batch_norm : bool, default=False
        Whether the maps of the encoder are normalized.
    """

    def __init__(
        self,
        input_shape: tuple[int, int],
        *,
        latent_dim: int = 2,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        self.autoencoder = ConvAutoencoder(input_shape, batch_norm=batch_norm)
        n_features = math.prod(self.autoencoder.bottleneck_shape)
        self.to_mean = nn.Linear(n_features, latent_dim)
        self.to_log_variance = nn.Linear(n_features, latent_dim)
        self.from_latent = nn.Linear(latent_dim, n_features)
        self.sample = GaussianSample()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruct crops from a sample of their latents; in evaluation, the mean.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        reconstructions : Tensor of shape (n, 1, n_freqs, n_frames)
            Reconstructions.
        mean, log_variance : Tensor of shape (n, latent_dim)
            The Gaussians.
        """
        features = self.autoencoder.embed(images)
        mean, log_variance = self.to_mean(features), self.to_log_variance(features)
        latent = self.sample(mean, log_variance)
        return self._reconstruct(latent), mean, log_variance

    def reconstruct(self, images: Tensor) -> Tensor:
        """Reconstruct crops from the mean of their latents.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n, 1, n_freqs, n_frames)
            Reconstructions.
        """
        return self._reconstruct(self.embed(images))

    reconstruction_error = ConvAutoencoder.reconstruction_error

    def embed(self, images: Tensor) -> Tensor:
        """Compute the mean of the latents.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n, latent_dim)
            Means.
        """
        return self.to_mean(self.autoencoder.embed(images))

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Compute the maps of the encoder's second and third step.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        list of Tensor of shape (n, n_channels, height, width)
            Both maps.
        """
        return self.autoencoder.feature_maps(images)

    def _reconstruct(self, latent: Tensor) -> Tensor:
        maps = self.from_latent(latent).unflatten(1, self.autoencoder.bottleneck_shape)
        return self.autoencoder.decode(maps)
