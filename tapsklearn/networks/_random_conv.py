"""Convolutional blocks with random weights, which are not trained."""

from torch import Tensor, nn

from tapsklearn.networks._conv_blocks import make_conv_blocks

_CHANNELS = (32, 32, 64)


class RandomConvBlocks(nn.Module):
    """The first three blocks of the shallow network, batch-normalized.

    Random filters already separate textures once batch normalization has brought
    their outputs to one scale (K. Jarrett et al., "What is the best multi-stage
    architecture for object recognition?", ICCV 2009).

    Parameters
    ----------
    input_shape : tuple of (int, int)
        Frequencies and frames of a crop.
    """

    def __init__(self, input_shape: tuple[int, int]) -> None:
        super().__init__()
        self.blocks, _ = make_conv_blocks(input_shape, _CHANNELS, batch_norm=True)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the last maps.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n, n_channels, height, width)
            The maps of the third block.
        """
        return self.feature_maps(images)[-1]

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Compute the maps of the second and of the third block.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        list of Tensor of shape (n, n_channels, height, width)
            Both maps.
        """
        maps = []
        for block in self.blocks:
            images = block(images)
            maps.append(images)
        return maps[1:]
