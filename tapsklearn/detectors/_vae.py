"""Variational autoencoder: a bottleneck that is a small Gaussian."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import ClassVar

from sklearn.utils._param_validation import Interval
from torch import nn

from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._encoder import begin_with_encoder
from tapsklearn.detectors._losses import EvidenceLoss, FeatureLoss
from tapsklearn.detectors._reconstruction import ReconstructionDetector
from tapsklearn.networks import FeatureAutoencoder, VariationalAutoencoder


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class VAEDetector(ReconstructionDetector):
    """Score taps by how well a variational autoencoder reconstructs them.

    A convolutional encoder compresses the crops of normal takes into a Gaussian of few
    dimensions, and a decoder reconstructs them from a sample of it; what is
    reconstructed badly from the mean is less normal.

    Parameters
    ----------
    embedding_dim : int, default=16
        Size of the latent, whose mean is the embedding.
    kl_weight : float, default=1.0
        Weight of the divergence of the latents from the standard normal
        distribution: 1 is the evidence lower bound for crops with unit variance
        around their reconstruction.

    References
    ----------
    D. P. Kingma and M. Welling, "Auto-Encoding Variational Bayes", ICLR 2014,
    arXiv:1312.6114.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> crops = rng.normal(size=(40, 16, 24)).astype(np.float32)
    >>> detector = VAEDetector(max_epochs=2, random_state=0).fit(crops)
    >>> detector.score_samples(crops).shape
    (40,)
    """

    _parameter_constraints: ClassVar[dict] = {
        **ReconstructionDetector._parameter_constraints,
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "kl_weight": [Interval(Real, 0, None, closed="left")],
    }

    embedding_dim: int = 16
    kl_weight: float = 1.0

    def _make_network(self, input_shape: tuple[int, int]) -> nn.Module:
        if self.backbone == "encoder":
            return begin_with_encoder(
                self,
                lambda channels: FeatureAutoencoder(
                    input_shape,
                    channels=channels,
                    latent_dim=self.embedding_dim,
                    variational=True,
                ),
            )
        return VariationalAutoencoder(
            input_shape, latent_dim=self.embedding_dim, batch_norm=self.batch_norm
        )

    def _make_criterion(self, n_classes: int) -> nn.Module:
        loss = EvidenceLoss(self.kl_weight)
        return FeatureLoss(loss) if self.backbone == "encoder" else loss
