"""The encoder that is trained once, on synthesized taps, and ships with its weights."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

# 27 million multiply-adds for a crop of 100 x 120.
CHANNELS = (16, 24, 48, 96)
# Units between the embedding and the answer.
_HIDDEN = 128
_ANSWER = "answer_layers."


class TapEncoder(nn.Module):
    """Convolutional blocks that describe a tap, whatever the shape of its crop.

    Each block is a 3 x 3 convolution that keeps the size, batch normalization, 2 x 2
    max-pooling and ReLU. A side of one pixel is not pooled, so that crops of any shape
    pass; the weights are the same for all shapes.

    Parameters
    ----------
    input_shape : tuple of (int, int)
        Frequencies and frames of a crop.
    channels : tuple of int, default=(16, 24, 48, 96)
        Channels of each block.
    batch_norm : bool, default=True
        Whether the maps of each convolution are normalized. If not, each has a bias,
        which normalization that is folded into it leaves.
    answers : bool, default=False
        Whether there are the layers that answer whether a piece is defective.
    """

    def __init__(
        self,
        input_shape: tuple[int, int],
        *,
        channels: tuple[int, ...] = CHANNELS,
        batch_norm: bool = True,
        answers: bool = False,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        height, width = input_shape
        n_in = 1
        for n_out in channels:
            pool = (min(height, 2), min(width, 2))
            height, width = height // pool[0], width // pool[1]
            self.blocks.append(
                nn.Sequential(
                    nn.Conv2d(n_in, n_out, 3, padding=1, bias=not batch_norm),
                    *((nn.BatchNorm2d(n_out),) if batch_norm else ()),
                    nn.MaxPool2d(pool),
                    nn.ReLU(),
                )
            )
            n_in = n_out
        if answers:
            self.answer_layers = nn.Sequential(
                nn.Linear(2 * n_in, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, 1)
            )

    def set_weights(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        """Set the weights, such as those that ship with the package.

        Parameters
        ----------
        weights : mapping of str to ndarray
            What `read_encoder_weights` returns.

        Raises
        ------
        RuntimeError
            If they are those of another network.
        """
        # How many batches were seen, which changes nothing, is kept in no file.
        counters = {
            name: each for name, each in self.state_dict().items() if not each.ndim
        }
        answers = hasattr(self, "answer_layers")
        tensors = {
            name: torch.from_numpy(weight)
            for name, weight in weights.items()
            if answers or not name.startswith(_ANSWER)
        }
        self.load_state_dict({**counters, **tensors})

    def forward(self, images: Tensor) -> Tensor:
        """Embed crops.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n, 2 * channels[-1])
            Mean and deviation of each channel of the last maps.
        """
        return pool_maps(self.feature_maps(images)[-1])

    embed = forward

    def answer(self, embeddings: Tensor) -> Tensor:
        """Answer whether pieces are defective, as far as it was trained to.

        Parameters
        ----------
        embeddings : Tensor of shape (n, 2 * channels[-1])
            What `embed` returns.

        Returns
        -------
        Tensor of shape (n, 1)
            Logarithms of the odds; around 0 for sounds unlike those trained on.
        """
        return self.answer_layers(embeddings)

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
        return self.all_maps(images)[-2:]

    def all_maps(self, images: Tensor) -> list[Tensor]:
        """Compute the maps of all blocks.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        list of Tensor of shape (n, n_channels, height, width)
            The maps of each.
        """
        maps = []
        for block in self.blocks:
            images = block(images)
            maps.append(images)
        return maps


def pool_maps(maps: Tensor) -> Tensor:
    """Compute the mean and the deviation of each channel.

    Parameters
    ----------
    maps : Tensor of shape (n, n_channels, height, width)
        Maps.

    Returns
    -------
    Tensor of shape (n, 2 * n_channels)
        All means, then all deviations.

    Examples
    --------
    >>> pool_maps(torch.ones(2, 3, 4, 5)).tolist()
    [[1.0, 1.0, 1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]]
    """
    flat = maps.flatten(2)
    return torch.cat([flat.mean(-1), flat.std(-1, correction=0)], dim=1)
