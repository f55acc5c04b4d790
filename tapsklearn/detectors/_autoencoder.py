"""Autoencoder: what it cannot reconstruct is not normal."""

from dataclasses import dataclass

from torch import nn

from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._encoder import begin_with_encoder
from tapsklearn.detectors._losses import FeatureLoss
from tapsklearn.detectors._reconstruction import ReconstructionDetector
from tapsklearn.networks import ConvAutoencoder, FeatureAutoencoder


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class AutoencoderDetector(ReconstructionDetector):
    """Score taps by how well an autoencoder of normal taps reconstructs them.

    A convolutional autoencoder is trained to reconstruct the crops of normal takes
    through a bottleneck, which is the embedding; what it reconstructs badly is less
    normal.

    References
    ----------
    F. Chollet, "Building Autoencoders in Keras", The Keras Blog, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> crops = rng.normal(size=(40, 16, 24)).astype(np.float32)
    >>> detector = AutoencoderDetector(max_epochs=2, random_state=0).fit(crops)
    >>> detector.score_samples(crops).shape
    (40,)
    """

    def _make_network(self, input_shape: tuple[int, int]) -> nn.Module:
        if self.backbone == "encoder":
            return begin_with_encoder(
                self,
                lambda channels: FeatureAutoencoder(input_shape, channels=channels),
            )
        return ConvAutoencoder(input_shape, batch_norm=self.batch_norm)

    def _make_criterion(self, n_classes: int) -> nn.Module:
        loss = nn.MSELoss()
        return FeatureLoss(loss) if self.backbone == "encoder" else loss
