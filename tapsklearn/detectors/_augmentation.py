"""Crops as they could have been: moved, partly hidden, noisier."""

from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

import torch
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval
from torch import Tensor


@dataclass(kw_only=True, eq=False, repr=False)
class Augmentation(BaseEstimator):
    """Change crops a little each time that a network is trained on them.

    Each crop is moved in time, what leaves at one end coming back at the other; a
    band of frequencies and a stretch of time are hidden behind the mean of the
    crop (D. S. Park et al., "SpecAugment", Interspeech 2019, arXiv:1904.08779); and
    white noise is added. Autoencoders are to reconstruct what was moved, but neither
    hidden nor made noisy. Sizes are shares, so that they suit crops of any shape.

    Parameters
    ----------
    time_roll : float, default=0.05
        How far a crop is moved at most, earlier or later, as a share of its frames.
    freq_mask, time_mask : float, default=0.1
        Share of the frequencies and of the frames that are hidden at most.
    noise : float, default=0.1
        Standard deviation of the noise, as a share of that of the crop.

    Examples
    --------
    >>> from tapsklearn import CNNDetector
    >>> from tapsklearn.detectors import Augmentation
    >>> detector = CNNDetector(augmentation=Augmentation(noise=0.3))
    >>> detector.get_params()["augmentation__noise"]
    0.3
    """

    _parameter_constraints: ClassVar[dict] = {
        name: [Interval(Real, 0, 1, closed="left")]
        for name in ("time_roll", "freq_mask", "time_mask")
    } | {"noise": [Interval(Real, 0, None, closed="left")]}

    time_roll: float = 0.05
    freq_mask: float = 0.1
    time_mask: float = 0.1
    noise: float = 0.1

    def move(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Move each crop in time.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.
        generator : Generator
            Source of the choice.

        Returns
        -------
        Tensor of shape (n, 1, n_freqs, n_frames)
            Moved crops.
        """
        n_frames = images.shape[3]
        furthest = int(self.time_roll * n_frames)
        shifts = torch.randint(
            -furthest, furthest + 1, (len(images), 1), generator=generator
        )
        frames = (torch.arange(n_frames) - shifts) % n_frames
        return images.gather(3, frames[:, None, None, :].expand_as(images))

    def corrupt(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Hide parts of each crop and add noise.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.
        generator : Generator
            Source of the choice.

        Returns
        -------
        Tensor of shape (n, 1, n_freqs, n_frames)
            Corrupted crops.
        """
        n_crops, _, n_freqs, n_frames = images.shape
        rows = _choose_stretches(n_crops, n_freqs, self.freq_mask, generator)
        columns = _choose_stretches(n_crops, n_frames, self.time_mask, generator)
        hidden = rows[:, None, :, None] | columns[:, None, None, :]
        mean = images.mean(dim=(1, 2, 3), keepdim=True)
        spread = images.std(dim=(1, 2, 3), keepdim=True, correction=0)
        noise = torch.randn(images.shape, generator=generator, dtype=images.dtype)
        return torch.where(hidden, mean, images) + self.noise * spread * noise


def _choose_stretches(
    n_crops: int, length: int, share: float, generator: torch.Generator
) -> Tensor:
    """Mark a stretch of at most a share of the length for each crop."""
    sizes = torch.randint(int(share * length) + 1, (n_crops, 1), generator=generator)
    starts = torch.rand((n_crops, 1), generator=generator) * (length + 1 - sizes)
    places = torch.arange(length)
    return (places >= starts.floor()) & (places < starts.floor() + sizes)
