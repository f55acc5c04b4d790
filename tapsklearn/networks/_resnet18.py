"""The article's ResNet-18."""

from itertools import pairwise

from torch import Tensor, nn

_CHANNELS = (64, 128, 256, 512)


class ResNet18(nn.Module):
    """A ResNet-18 for crops: a 3 x 3 stem, four layers of stride 2, no pooling.

    Convolution 3 x 3 with 64 channels, batch normalization and ReLU; four layers
    of two basic blocks (K. He et al., "Deep residual learning for image
    recognition", CVPR 2016) with 64, 128, 256 and 512 channels, each with stride 2
    in its first block; then all that is left, 28,672 numbers of a crop of
    100 x 120, into a linear layer.

    Parameters
    ----------
    input_shape : tuple of (int, int)
        Frequencies and frames of a crop.
    embedding_dim : int, default=512
        Size of the embedding.
    hidden_dim : int, default=None
        Size of a linear layer before that of the embedding; None leaves it out.
    unit_sphere : bool, default=False
        Whether to scale each embedding to length 1, for losses that only know
        angles.
    """

    def __init__(
        self,
        input_shape: tuple[int, int],
        *,
        embedding_dim: int = 512,
        hidden_dim: int | None = None,
        unit_sphere: bool = False,
    ) -> None:
        super().__init__()
        self.unit_sphere = unit_sphere
        n_in = _CHANNELS[0]
        self.stem = nn.Sequential(
            nn.Conv2d(1, n_in, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_in),
            nn.ReLU(),
        )
        self.layers = nn.ModuleList()
        height, width = input_shape
        for n_out in _CHANNELS:
            self.layers.append(
                nn.Sequential(
                    _BasicBlock(n_in, n_out, stride=2), _BasicBlock(n_out, n_out)
                )
            )
            n_in, height, width = n_out, -(-height // 2), -(-width // 2)
        sizes = [n_in * height * width, embedding_dim]
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
        """Give the maps of the middle layers, the second and the third.

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
