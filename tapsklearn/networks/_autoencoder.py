"""A convolutional autoencoder."""

from torch import Tensor, nn

_CHANNELS = (16, 8, 8)


class ConvAutoencoder(nn.Module):
    """Compress crops in three pooling steps and reconstruct them.

    The convolutional autoencoder of F. Chollet, "Building Autoencoders in Keras"
    (2016): 3 x 3 convolutions, ReLU and 2 x 2 max-pooling with 16, 8 and 8
    channels, mirrored with upsampling, but with a linear output, as standardized
    crops are not bounded. Crops of any size are padded up to a multiple of 8, and
    the reconstruction is cut back.

    Parameters
    ----------
    input_shape : tuple of (int, int)
        Frequencies and frames of a crop.
    batch_norm : bool, default=False
        Whether the maps of the encoder are normalized, which the blog's are not.

    Attributes
    ----------
    bottleneck_shape : tuple of (int, int, int)
        Channels, height and width of the last map of the encoder.
    """

    def __init__(
        self, input_shape: tuple[int, int], *, batch_norm: bool = False
    ) -> None:
        super().__init__()
        self.input_shape = n_freqs, n_frames = input_shape
        step = 2 ** len(_CHANNELS)
        height, width = -(-n_freqs // step), -(-n_frames // step)
        self.bottleneck_shape = (_CHANNELS[-1], height, width)
        self.pad = nn.ZeroPad2d(
            (0, width * step - n_frames, 0, height * step - n_freqs)
        )
        # Pooling before ReLU gives the same, with a quarter of the work.
        self.encoder = nn.ModuleList()
        n_in = 1
        for n_out in _CHANNELS:
            self.encoder.append(
                nn.Sequential(
                    nn.Conv2d(n_in, n_out, 3, padding=1, bias=not batch_norm),
                    *((nn.BatchNorm2d(n_out),) if batch_norm else ()),
                    nn.MaxPool2d(2),
                    nn.ReLU(),
                )
            )
            n_in = n_out
        decoder: list[nn.Module] = []
        for n_out in reversed(_CHANNELS):
            decoder += [
                nn.Conv2d(n_in, n_out, 3, padding=1),
                nn.ReLU(),
                nn.Upsample(scale_factor=2),
            ]
            n_in = n_out
        self.decoder = nn.Sequential(*decoder, nn.Conv2d(n_in, 1, 3, padding=1))

    def forward(self, images: Tensor) -> Tensor:
        """Reconstruct crops from what passes the bottleneck.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n, 1, n_freqs, n_frames)
            Reconstructions.
        """
        return self.decode(self.feature_maps(images)[-1])

    reconstruct = forward

    def reconstruction_error(self, images: Tensor) -> Tensor:
        """Compute how badly crops are reconstructed.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n,)
            Mean squared errors.
        """
        return (self.reconstruct(images) - images).square().mean(dim=(1, 2, 3))

    def decode(self, maps: Tensor) -> Tensor:
        """Reconstruct crops from the bottleneck.

        Parameters
        ----------
        maps : Tensor of shape (n, *bottleneck_shape)
            The last maps of an encoder.

        Returns
        -------
        Tensor of shape (n, 1, n_freqs, n_frames)
            Reconstructions.
        """
        n_freqs, n_frames = self.input_shape
        return self.decoder(maps)[..., :n_freqs, :n_frames]

    def embed(self, images: Tensor) -> Tensor:
        """Compute the bottleneck.

        Parameters
        ----------
        images : Tensor of shape (n, 1, n_freqs, n_frames)
            Crops.

        Returns
        -------
        Tensor of shape (n, n_features)
            The last map of the encoder, flattened.
        """
        return self.feature_maps(images)[-1].flatten(1)

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
        images = self.pad(images)
        maps = []
        for step in self.encoder:
            images = step(images)
            maps.append(images)
        return maps[1:]
