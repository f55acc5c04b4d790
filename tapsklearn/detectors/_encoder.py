"""The encoder that ships with the package: what it makes of taps, and no training."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import StrOptions

from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._network import NetworkDetector, as_images
from tapsklearn.detectors._weights import seeded
from tapsklearn.networks import (
    PretrainedNetwork,
    TapEncoder,
    find_encoder_channels,
    hash_encoder_weights,
    read_encoder_weights,
)

_Network = TypeVar("_Network", bound=PretrainedNetwork)


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class EncoderDetector(NetworkDetector):
    """Score taps by what an encoder that was trained on synthesized taps makes of them.

    The weights of the encoder come with the package, and nothing is trained: the mean
    and deviation of each channel of its last maps are compared with those of the
    nearest normal takes. The embedding is that of the last block alone.

    Parameters
    ----------
    weights : str or path-like, default=None
        File of another encoder, as `write_encoder_weights` writes it, read in `fit`. If
        None, the encoder that ships.

    Attributes
    ----------
    encoder_checksum_ : str
        Checksum of the encoder's weights, as `hash_encoder_weights` computes it.

    Notes
    -----
    The encoder was trained on taps from the simulator in `tapsklearn.synthesis`, so
    that figures on synthesized taps are figures of a detector pretrained on their
    simulator. Which taps, and how, its model card says:
    `tapsklearn.networks.read_encoder_card`.

    A fitted detector keeps the weights in `weights_`. It scores the same under later
    versions of the package, which may have another encoder.

    Examples
    --------
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> EncoderDetector(random_state=0).fit(crops).predict(crops + 9)[:3]
    array([-1, -1, -1])
    """

    _parameter_constraints: ClassVar[dict] = {
        **NetworkDetector._parameter_constraints,
        "score_space": [StrOptions({"pooled", "time_pooled"})],
        "weights": [str, os.PathLike, None],
    }

    weights: str | os.PathLike[str] | None = None

    def _train(
        self,
        takes: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        rng: np.random.RandomState,
    ) -> None:
        self.weights_ = read_encoder_weights(self.weights)
        with seeded(0):
            network = self._make_network(self._image_shape)
        network.set_weights(self.weights_)
        self._keep(network.to(dtype=as_images(takes[:1]).dtype))
        self.encoder_checksum_ = hash_encoder_weights(self.weights_)

    def _make_network(self, input_shape: tuple[int, int]) -> TapEncoder:
        channels = find_encoder_channels(self.weights_)
        return TapEncoder(input_shape, channels=channels, answers=True)

    def _check_weights(self) -> None:
        super()._check_weights()
        if hash_encoder_weights(self.weights_) != self.encoder_checksum_:
            raise ValueError(
                "encoder_checksum_ is not that of weights_, as one of the "
                "two was changed: fit the detector again"
            )


def begin_with_encoder(
    detector: Any, make_network: Callable[[tuple[int, ...]], _Network]
) -> _Network:
    """Build the network of a detector, which begins with the encoder.

    Parameters
    ----------
    detector : detector
        If it has `weights_`, the network fits these, and gets no weights. If not, it
        begins with the encoder that ships, whose checksum the detector gets.
    make_network : callable
        From the channels of the encoder to the network.

    Returns
    -------
    PretrainedNetwork
        The network.
    """
    if hasattr(detector, "weights_"):
        return make_network(find_encoder_channels(detector.weights_))
    weights = read_encoder_weights()
    network = make_network(find_encoder_channels(weights))
    network.set_encoder(weights)
    detector.encoder_checksum_ = hash_encoder_weights(weights)
    return network
