"""What the detectors that compute features with a network have in common."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from tapsklearn.detectors._base import TapDetector
from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._weights import (
    check_device,
    from_arrays,
    seeded,
    to_arrays,
)
from tapsklearn.networks import extract_features, fold_batch_norm

# Crops scored at a time: few enough that their maps stay in the processor's cache.
_SCORED_AT_ONCE = 16
# Networks built from `weights_`, and never kept with them.
_BUILT = {"_net", "_scoring_net"}


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class NetworkDetector(TapDetector):
    """Score takes by what a network makes of them, in one of its spaces.

    A method states which network it is (`_make_network`) and where its weights come
    from (`_train`, which ends in `_keep`).

    Parameters
    ----------
    score_space : {"pooled", "time_pooled"}, default="pooled"
        What is scored: the mean and deviation of each channel of the middle maps, or
        of each of their rows over time, which keeps at which frequency.
    device : str, default="cpu"
        Torch device that trains and scores.

    Attributes
    ----------
    net_ : torch.nn.Module
        The network.
    weights_ : dict of str to ndarray
        Its weights.
    """

    _parameter_constraints: ClassVar[dict] = {
        **TapDetector._parameter_constraints,
        "device": [str],
    }

    score_space: str = "pooled"
    device: str = "cpu"

    def _make_network(self, input_shape: tuple[int, int]) -> nn.Module:
        """Build the network for crops of (n_freqs, n_frames)."""
        raise NotImplementedError

    def _validate_params(self) -> None:
        super()._validate_params()
        check_device(self.device)

    @property
    def net_(self) -> nn.Module:
        """The network as it was trained, built from `weights_` where need be.

        Returns
        -------
        torch.nn.Module
            The network, in evaluation mode.
        """
        check_is_fitted(self)
        if not hasattr(self, "_net"):
            self._net = self._build_network()
        return self._net

    def _build_network(self) -> nn.Module:
        with seeded(0):
            network = self._make_network(self._image_shape)
        return from_arrays(network, self.weights_)

    def _prepare_scoring(self) -> nn.Module:
        """Return the network as it scores fastest, where it scores."""
        if not hasattr(self, "_scoring_net"):
            network = self._build_network()
            fold_batch_norm(network)
            # A processor convolves and pools in this order up to three times as fast.
            layout: Any = {"memory_format": torch.channels_last}
            self._scoring_net = network.to(**layout)
        weight = next(self._scoring_net.parameters())
        if str(weight.device) != self.device:
            self._scoring_net.to(check_device(self.device))
        return self._scoring_net

    @property
    def _image_shape(self) -> tuple[int, int]:
        n_freqs, n_frames = (1, *self.input_shape_)[-2:]
        return n_freqs, n_frames

    def _keep(self, network: nn.Module) -> None:
        """Keep the weights of a network, and never the network."""
        self.weights_ = to_arrays(network)
        # Built anew from the weights, so that a copy computes to the last digit what
        # this one does.
        for name in _BUILT:
            self.__dict__.pop(name, None)

    def _extract_features(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return self._average(takes, self.score_space)

    def _embed(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return self._average(takes, "embedding")

    def _fit_normality(
        self, features: NDArray[np.floating], specimens: NDArray[np.intp]
    ) -> Any:
        if self.score_space not in {"pooled", "time_pooled", "answered"}:
            return super()._fit_normality(features, specimens)
        # Means and deviations of channels differ in scale by orders.
        scaler = StandardScaler().set_output(transform="default").fit(features)
        normality = super()._fit_normality(scaler.transform(features), specimens)
        return make_pipeline(scaler, normality)

    def _average(self, takes: NDArray[np.floating], space: str) -> Any:
        """Run the network and average what it computes over the views of a take."""
        features = self._run(
            lambda network, images: extract_features(network, images, space), takes
        )
        return features.reshape(*takes.shape[:2], -1).mean(axis=1)

    def _run(self, function: Any, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        """Compute a function of (network, crops) of all views, each a row."""
        network = self._prepare_scoring()
        dtype = next(network.parameters()).dtype
        images = as_images(takes)
        parts = []
        with torch.inference_mode():
            for batch in images.split(_SCORED_AT_ONCE):
                outputs = function(network, batch.to(self.device, dtype))
                parts.append(outputs.to("cpu", images.dtype).numpy())
        return np.concatenate(parts)

    def __getstate__(self) -> dict[str, Any]:
        # Numbers alone: the network is built from its weights.
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name not in _BUILT}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "weights_" in state:
            self._check_weights()

    def _check_weights(self) -> None:
        """Check that the weights are those of the network, without building it.

        A model file could have parameters that ask for more memory than there is.
        """
        with seeded(0), torch.device("meta"):
            expected = self._make_network(self._image_shape).state_dict()
        shapes = {name: tuple(weight.shape) for name, weight in expected.items()}
        if shapes != {name: w.shape for name, w in self.weights_.items()}:
            raise ValueError(
                f"the weights of {type(self).__name__} are not those of its network"
            )


def as_images(takes: NDArray[np.floating]) -> Tensor:
    """Line up all views.

    Parameters
    ----------
    takes : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes.

    Returns
    -------
    Tensor of shape (n_takes * n_views, 1, n_freqs, n_frames)
        Images.
    """
    images = takes.reshape(-1, 1, *takes.shape[2:])
    return torch.from_numpy(images if images.flags.writeable else images.copy())
