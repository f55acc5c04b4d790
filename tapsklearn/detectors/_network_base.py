"""What the detectors that look through a network have in common."""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from torch import nn

from tapsklearn.detectors._base import TapDetector
from tapsklearn.detectors._spaces import SPACES, ReconstructionError, Space
from tapsklearn.detectors._training import from_arrays, seeded, to_arrays
from tapsklearn.networks._fold_batch_norm import fold_batch_norm

# Crops scored at a time: few enough that their maps stay in the processor's cache.
_SCORED_AT_ONCE = 16
# Networks built from `weights_`, and never kept with them.
_BUILT = {"_net", "_scoring_net"}


class NetworkDetector(TapDetector):
    """Judge takes by what a network makes of them, in one of its spaces.

    A method says which network it is (`_make_network`) and where its weights come
    from (`_learn`, which ends in `_keep`).
    """

    _parameter_constraints: ClassVar[dict] = {
        **TapDetector._parameter_constraints,
        "device": [str],
    }

    score_space: str
    device: str

    def _make_network(self, input_shape: tuple[int, int]) -> nn.Module:
        """Build the network for crops of (n_freqs, n_frames)."""
        raise NotImplementedError

    @property
    def net_(self) -> nn.Module:
        """The network as it was trained, built again where need be.

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

    def _check_weights(self) -> None:
        """Check that the weights are those of the network, without building it."""
        with torch.device("meta"):
            expected = self._make_network(self._image_shape).state_dict()
        shapes = {name: tuple(weight.shape) for name, weight in expected.items()}
        if shapes != {name: w.shape for name, w in self.weights_.items()}:
            raise ValueError(
                f"the weights of {type(self).__name__} are not those of its network"
            )

    def _prepare_scoring(self) -> nn.Module:
        """Give the network as it scores fastest, where it scores."""
        if not hasattr(self, "_scoring_net"):
            network = self._build_network()
            fold_batch_norm(network)
            # A processor convolves and pools in this order up to three times as fast.
            layout: Any = {"memory_format": torch.channels_last}
            self._scoring_net = network.to(**layout)
        weight = next(self._scoring_net.parameters())
        if weight.device != torch.device(self.device):
            self._scoring_net.to(self.device)
        return self._scoring_net

    @property
    def _image_shape(self) -> tuple[int, int]:
        n_freqs, n_frames = (1, *self.input_shape_)[-2:]
        return n_freqs, n_frames

    def _keep(self, network: nn.Module) -> None:
        """Keep the weights of a network, and never the network."""
        self.weights_ = to_arrays(network)
        # Built again from the weights, so that a copy computes to the last digit
        # what this one does.
        for name in _BUILT:
            self.__dict__.pop(name, None)

    def _describe(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return self._average(SPACES[self.score_space], takes)

    def _embed(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return self._average(SPACES["embedding"], takes)

    def _make_normality(self) -> Any:
        if self.score_space == "reconstruction":
            return ReconstructionError()
        normality = super()._make_normality()
        if self.score_space in {"pooled", "time_pooled"}:
            # Means and deviations of channels differ in scale by orders.
            return make_pipeline(StandardScaler(), normality)
        return normality

    def _average(self, space: Space, takes: NDArray[np.floating]) -> Any:
        """Run the network and average what it gives over the views of a take."""
        numbers = self._run(space, takes)
        return numbers.reshape(*takes.shape[:2], -1).mean(axis=1)

    def _run(self, space: Space, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        """Run the network over all views, each a row."""
        network = self._prepare_scoring()
        dtype = next(network.parameters()).dtype
        images = as_images(takes)
        parts = []
        with torch.inference_mode():
            for batch in images.split(_SCORED_AT_ONCE):
                given = space(network, batch.to(self.device, dtype))
                parts.append(given.to("cpu", images.dtype).numpy())
        return np.concatenate(parts)

    def __getstate__(self) -> dict[str, Any]:
        # Numbers alone: the network is built again from its weights.
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name not in _BUILT}


def as_images(takes: NDArray[np.floating]) -> torch.Tensor:
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
