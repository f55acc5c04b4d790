"""The article's shallow convolutional network."""

from torch import Tensor, nn

from tapsklearn.networks._conv_blocks import make_conv_blocks

_CHANNELS = (32, 32, 64, 64, 64)
_HIDDEN = (64, 32)


class ShallowCNN(nn.Module):
    """Five convolutional blocks and three linear layers that make an embedding.

    Each block is a 3 x 3 convolution without padding, PReLU and 2 x 2 max-pooling,
    with 32, 32, 64, 64 and 64 channels; then Linear 64, PReLU, Linear 32, PReLU,
    Linear `embedding_dim`. On the article's crops of 100 x 120 the blocks end in
    64 numbers. Where a side is too small for a step, the convolution is padded
    (below 3 pixels) and the pooling left out (below 2).

    Parameters
    ----------
    input_shape : tuple of (int, int)
        Frequencies and frames of a crop.
    embedding_dim : int, default=2
        Size of the embedding; the article's is 2.
    batch_norm : bool, default=False
        Whether the maps of each convolution are normalized, which the article's
        are not.
    unit_sphere : bool, default=False
        Whether to scale each embedding to length 1, for losses that depend
        on angles alone.
    """

    def __init__(
        self,
        input_shape: tuple[int, int],
        *,
        embedding_dim: int = 2,
        batch_norm: bool = False,
        unit_sphere: bool = False,
    ) -> None:
        super().__init__()
        self.unit_sphere = unit_sphere
        self.blocks, (height, width) = make_conv_blocks(
            input_shape, _CHANNELS, batch_norm=batch_norm
        )
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(_CHANNELS[-1] * height * width, _HIDDEN[0]),
            nn.PReLU(),
            nn.Linear(_HIDDEN[0], _HIDDEN[1]),
            nn.PReLU(),
            nn.Linear(_HIDDEN[1], embedding_dim),
        )

    def forward(self, images: Tensor) -> Tensor:
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
        for block in self.blocks:
            images = block(images)
        embedding = self.head(images)
        if self.unit_sphere:
            return nn.functional.normalize(embedding)
        return embedding

    embed = forward

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Compute the maps of the middle blocks, the third and the fourth.

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
        for block in self.blocks[:4]:
            images = block(images)
            maps.append(images)
        return maps[2:]
