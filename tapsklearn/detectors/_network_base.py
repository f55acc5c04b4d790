"""What the detectors that train a network have in common."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import nn

from tapsklearn.detectors._base import TapDetector
from tapsklearn.detectors._spaces import SPACES, ReconstructionError, Space
from tapsklearn.detectors._training import (
    OPTIMIZERS,
    Recipe,
    from_arrays,
    seeded,
    to_arrays,
    train,
)

# Crops scored at a time: the first map of 64 takes 90 MB in float32.
_SCORED_AT_ONCE = 64


class NetworkDetector(TapDetector):
    """Train a network, then judge takes in one of its spaces.

    A method says which network (`_make_network`) and which loss (`_make_criterion`)
    it uses, and whether it learns boards apart (`_learns_boards`) or to draw
    normal takes again.
    """

    _parameter_constraints: ClassVar[dict] = {
        **TapDetector._parameter_constraints,
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "device": [str],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "callbacks": [list, None],
        "verbose": ["verbose"],
    }

    _learns_boards: ClassVar[bool]

    merge_normal: bool
    score_space: str
    optimizer: str
    lr: float
    weight_decay: float
    max_epochs: int
    batch_size: int
    device: str
    precision: str
    callbacks: list[Any] | None
    verbose: int

    def _make_network(self, input_shape: tuple[int, int]) -> nn.Module:
        """Build the network for crops of (n_freqs, n_frames)."""
        raise NotImplementedError

    def _make_criterion(self, n_classes: int) -> nn.Module:
        """Build the loss of (output, class), or of (output, crop)."""
        raise NotImplementedError

    @property
    def net_(self) -> nn.Module:
        """The trained network, built again where need be.

        Returns
        -------
        torch.nn.Module
            The network, in evaluation mode.
        """
        check_is_fitted(self)
        if not hasattr(self, "_net"):
            with seeded(0):
                network = self._make_network(self._image_shape)
            self._net = from_arrays(network, self.weights_)
        return self._net

    @property
    def _image_shape(self) -> tuple[int, int]:
        n_freqs, n_frames = (1, *self.input_shape_)[-2:]
        return n_freqs, n_frames

    def _learn(
        self,
        takes: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        rng: np.random.RandomState,
    ) -> None:
        targets, n_classes = None, 0
        if self._learns_boards:
            targets = self._number_classes(boards, is_normal)
            n_classes = targets.max() + 1
            if n_classes < 2:
                raise ValueError(
                    f"{type(self).__name__} learns boards apart, but y holds only 1 "
                    "class; give takes of more boards, or merge_normal=False"
                )
            targets = np.repeat(targets, takes.shape[1])
        else:
            takes = takes[is_normal]
        build_seed, order_seed = rng.randint(np.iinfo(np.int32).max, size=2).tolist()
        with seeded(build_seed):
            network = self._make_network(self._image_shape)
            criterion = self._make_criterion(n_classes)
        recipe = Recipe(**{name: getattr(self, name) for name in _RECIPE})
        self.history_ = train(
            network, criterion, _as_images(takes), targets, recipe, seed=order_seed
        )
        self.weights_ = to_arrays(network)
        self.criterion_weights_ = to_arrays(criterion)
        # Built again from the weights, so that a copy computes to the last digit
        # what this one does.
        self.__dict__.pop("_net", None)

    def _number_classes(
        self, boards: NDArray[Any], is_normal: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        numbers = np.unique(boards, return_inverse=True)[1].astype(np.int64)
        if self.merge_normal:
            numbers[is_normal] = -1
            numbers = np.unique(numbers, return_inverse=True)[1].astype(np.int64)
        return numbers

    def _describe(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return self._average(SPACES[self.score_space], takes)

    def _embed(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return self._average(SPACES["embedding"], takes)

    def _make_normality(self) -> Any:
        if self.score_space == "reconstruction":
            return ReconstructionError()
        normality = super()._make_normality()
        if self.score_space == "pooled":
            # Means and deviations of channels differ in scale by orders.
            return make_pipeline(StandardScaler(), normality)
        return normality

    def _average(self, space: Space, takes: NDArray[np.floating]) -> Any:
        """Run the network and average what it gives over the views of a take."""
        numbers = self._run(space, takes)
        return numbers.reshape(*takes.shape[:2], -1).mean(axis=1)

    def _run(self, space: Space, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        """Run the network over all views, each a row."""
        network = self.net_.to(self.device)
        dtype = next(network.parameters()).dtype
        images = torch.from_numpy(_as_images(takes))
        parts = []
        with torch.inference_mode():
            for batch in images.split(_SCORED_AT_ONCE):
                given = space(network, batch.to(self.device, dtype))
                parts.append(given.to("cpu", images.dtype).numpy())
        return np.concatenate(parts)

    def __getstate__(self) -> dict[str, Any]:
        # Numbers alone: the network is built again from its weights.
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_net"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self._learns_boards
        return tags


_RECIPE = tuple(Recipe.__dataclass_fields__)


def _as_images(takes: NDArray[np.floating]) -> NDArray[np.floating]:
    """Line up all views as (n_takes * n_views, 1, n_freqs, n_frames)."""
    images = takes.reshape(-1, 1, *takes.shape[2:])
    return images if images.flags.writeable else images.copy()
