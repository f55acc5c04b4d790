"""The features of detectors, and what scores crops by them, as torch modules."""

import torch
from torch import Tensor, nn

from tapsklearn.networks import extract_features


class CropsToScores(nn.Module):
    """Extract features of takes and score them.

    Parameters
    ----------
    features : Module
        From (n_takes, n_views, n_freqs, n_frames) to (n_takes, n_features).
    normality : Module
        From there, in double precision, to (n_takes,).
    image_shape : tuple of int
        Of one view.
    """

    def __init__(
        self, features: nn.Module, normality: nn.Module, image_shape: tuple[int, int]
    ) -> None:
        super().__init__()
        self.features = features
        self.normality = normality
        self.image_shape = image_shape

    def forward(self, crops: Tensor) -> Tensor:
        """Score crops.

        Parameters
        ----------
        crops : Tensor of shape (n_takes, ...)
            Crops, of the shape that the detector is given.

        Returns
        -------
        Tensor of shape (n_takes,)
            Scores.
        """
        n_views = crops[0].numel() // (self.image_shape[0] * self.image_shape[1])
        takes = crops.reshape(crops.shape[0], n_views, *self.image_shape)
        return self.normality(self.features(takes).double())


class NetworkFeatures(nn.Module):
    """Compute what a network makes of takes in a space, the mean over the views.

    Parameters
    ----------
    network : Module
        The network.
    space : str
        The space, as for `extract_features`.
    """

    def __init__(self, network: nn.Module, space: str) -> None:
        super().__init__()
        self.network = network
        self.space = space
        self.dtype = next(network.parameters()).dtype

    def forward(self, takes: Tensor) -> Tensor:
        """Extract features.

        Parameters
        ----------
        takes : Tensor of shape (n_takes, n_views, n_freqs, n_frames)
            Takes.

        Returns
        -------
        Tensor of shape (n_takes, n_features)
            Features.
        """
        images = takes.flatten(0, 1).unsqueeze(1).to(self.dtype)
        features = extract_features(self.network, images, self.space)
        return features.unflatten(0, (-1, takes.shape[1])).mean(dim=1)


class SpectrumFeatures(nn.Module):
    """Compute mean and deviation of each row, the mean over the views."""

    def forward(self, takes: Tensor) -> Tensor:
        """Extract features.

        Parameters
        ----------
        takes : Tensor of shape (n_takes, n_views, n_freqs, n_frames)
            Takes.

        Returns
        -------
        Tensor of shape (n_takes, 2 * n_freqs)
            Features.
        """
        parts = [takes.mean(dim=3), takes.std(dim=3, correction=0)]
        return torch.cat(parts, dim=2).mean(dim=1)


class JoinedFeatures(nn.Module):
    """Compute several features, one after the other.

    Parameters
    ----------
    *parts : Module
        What computes them.
    """

    def __init__(self, *parts: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, takes: Tensor) -> Tensor:
        """Extract features.

        Parameters
        ----------
        takes : Tensor of shape (n_takes, n_views, n_freqs, n_frames)
            Takes.

        Returns
        -------
        Tensor of shape (n_takes, n_features)
            Features.
        """
        return torch.cat([part(takes) for part in self.parts], dim=1)


class CropFeatures(nn.Module):
    """Return the whole crop, the mean over the views."""

    def forward(self, takes: Tensor) -> Tensor:
        """Extract features.

        Parameters
        ----------
        takes : Tensor of shape (n_takes, n_views, n_freqs, n_frames)
            Takes.

        Returns
        -------
        Tensor of shape (n_takes, n_freqs * n_frames)
            Features.
        """
        return takes.mean(dim=1).flatten(1)
