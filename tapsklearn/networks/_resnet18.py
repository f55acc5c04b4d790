"""The article's ResNet-18."""

from itertools import pairwise

from torch import Tensor, nn

# Channels of the four layers, in widths.
_WIDTHS = (1, 2, 4, 8)
# With 4 or 8 channels torch 2.13 crashes while it trains on crops of 100 x 120 in
# channels-last order on a processor with AMX; with 16 it never did.
_LEAST_WIDTH = 16


class ResNet18(nn.Module):
    """A ResNet-18 for crops: a 3 x 3 stem, four layers of stride 2, no pooling.

    Convolution 3 x 3 with 64 channels, batch normalization and ReLU; four layers
    of two basic blocks (K. He et al., "Deep residual learning for image
    recognition", CVPR 2016) with 64, 128, 256 and 512 channels, each with stride 2
    in its first block; then a linear layer of all that is left, 28,672 numbers of
    a crop of 100 x 120.

    Parameters
    ----------
    input_shape : tuple of (int, int)
        Frequencies and frames of a crop.
    embedding_dim : int, default=512
        Size of the embedding.
    hidden_dim : int, default=None
        Size of a linear layer before that of the embedding. If None, there is none.
    width : int, default=64
        Channels of the stem and of the first layer; the others have 2, 4 and 8 times
        as many. The article's is 64; at least 16.
    unit_sphere : bool, default=False
        Whether to scale each embedding to length 1, for losses that depend
        on angles alone.

    Raises
    ------
    ValueError
        If the network is too narrow.
    """

    def __init__(
        self,
        input_shape: tuple[int, int],
        *,
        embedding_dim: int = 512,
        hidden_dim: int | None = None,
        width: int = 64,
        unit_sphere: bool = False,
    ) -> None:
        super().__init__()
        if width < _LEAST_WIDTH:
            raise ValueError(f"width={width!r} must be at least {_LEAST_WIDTH}")
        self.unit_sphere = unit_sphere
        n_in = width
        self.stem = nn.Sequential(
            nn.Conv2d(1, n_in, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_in),
            nn.ReLU(),
        )
        self.layers = nn.ModuleList()
        n_rows, n_columns = input_shape
        for n_out in (width * times for times in _WIDTHS):
            self.layers.append(
                nn.Sequential(
                    _BasicBlock(n_in, n_out, stride=2), _BasicBlock(n_out, n_out)
                )
            )
            n_in, n_rows, n_columns = n_out, -(-n_rows // 2), -(-n_columns // 2)
        sizes = [n_in * n_rows * n_columns, embedding_dim]
        if hidden_dim is not None:
            sizes.insert(1, hidden_dim)
        self.head = nn.Sequential(
            nn.Flatten(), *(nn.Linear(*pair) for pair in pairwise(sizes))
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
        images = self.stem(images)
        for layer in self.layers:
            images = layer(images)
        embedding = self.head(images)
        if self.unit_sphere:
            return nn.functional.normalize(embedding)
        return embedding

    embed = forward

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Compute the maps of the middle layers, the second and the third.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        list of Tensor of shape (n, n_channels, height, width)
            Both maps.
        """
        images = self.stem(images)
        maps = []
        for layer in self.layers[:3]:
            images = layer(images)
            maps.append(images)
        return maps[1:]


class _BasicBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut."""

    def __init__(self, n_in: int, n_out: int, *, stride: int = 1) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
            nn.Conv2d(n_out, n_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
        )
        self.shortcut = (
            nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False),
                nn.BatchNorm2d(n_out),
            )
            if stride > 1
            else nn.Identity()
        )

    def forward(self, maps: Tensor) -> Tensor:
        return nn.functional.relu(self.residual(maps) + self.shortcut(maps))
