"""What the detectors that train their network have in common."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn
from torch.utils.data import TensorDataset

from tapsklearn.detectors._augmentation import Augmentation
from tapsklearn.detectors._calibration import hold_out_takes
from tapsklearn.detectors._network_base import NetworkDetector, as_images
from tapsklearn.detectors._training import (
    OPTIMIZERS,
    Recipe,
    seeded,
    to_arrays,
    train,
)


class TrainedDetector(NetworkDetector):
    """Train a network, then judge takes in one of its spaces.

    A method says which network (`_make_network`) and which loss (`_make_criterion`)
    it uses, and whether it learns boards apart (`_learns_boards`) or to draw
    normal takes again.
    """

    _parameter_constraints: ClassVar[dict] = {
        **NetworkDetector._parameter_constraints,
        "batch_norm": ["boolean"],
        "augmentation": [StrOptions({"default"}), Augmentation, None],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "validation_size": [Interval(Real, 0, 1, closed="neither"), None],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "callbacks": [list, None],
        "verbose": ["verbose"],
    }

    _learns_boards: ClassVar[bool]

    batch_norm: bool
    merge_normal: bool
    augmentation: Any
    optimizer: str
    lr: float
    weight_decay: float
    max_epochs: int
    batch_size: int
    validation_size: float | None
    precision: str
    callbacks: list[Any] | None
    verbose: int

    def _make_criterion(self, n_classes: int) -> nn.Module:
        """Build the loss of (output, class), or of (output, crop)."""
        raise NotImplementedError

    def _learn(
        self,
        takes: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        rng: np.random.RandomState,
    ) -> None:
        classes, n_classes = None, 0
        if self._learns_boards:
            classes = self._number_classes(boards, is_normal)
            n_classes = classes.max() + 1
            if n_classes < 2:
                raise ValueError(
                    f"{type(self).__name__} learns boards apart, but y holds only 1 "
                    "class; give takes of more boards, or merge_normal=False"
                )
        else:
            takes, boards = takes[is_normal], boards[is_normal]
        build_seed, order_seed = rng.randint(np.iinfo(np.int32).max, size=2).tolist()
        training, validation = _as_dataset(takes, classes), None
        if self.validation_size is not None:
            n_held_out = round(self.validation_size * len(takes))
            held_out = hold_out_takes(boards, n_held_out, rng)
            training = _as_dataset(takes, classes, ~held_out)
            validation = _as_dataset(takes, classes, held_out)
        with seeded(build_seed):
            network = self._make_network(self._image_shape)
            criterion = self._make_criterion(n_classes)
        self.history_ = train(
            network,
            criterion,
            training,
            self._write_recipe(),
            seed=order_seed,
            validation=validation,
            title=type(self).__name__,
        )
        self._keep(network)
        self.criterion_weights_ = to_arrays(criterion)

    def _write_recipe(self) -> Recipe:
        augmentation = self.augmentation
        if augmentation == "default":
            augmentation = Augmentation()
        if augmentation is not None:
            augmentation._validate_params()
        return Recipe(
            optimizer=self.optimizer,
            lr=self.lr,
            weight_decay=self.weight_decay,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            takes_per_board=getattr(self, "takes_per_board", None),
            augmentation=augmentation,
            device=self.device,
            precision=self.precision,
            callbacks=self.callbacks,
            verbose=self.verbose,
        )

    def _number_classes(
        self, boards: NDArray[Any], is_normal: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        numbers = np.unique(boards, return_inverse=True)[1].astype(np.int64)
        if self.merge_normal:
            numbers[is_normal] = -1
            numbers = np.unique(numbers, return_inverse=True)[1].astype(np.int64)
        return numbers

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self._learns_boards
        return tags


def _as_dataset(
    takes: NDArray[np.floating],
    classes: NDArray[np.int64] | None,
    chosen: NDArray[np.bool_] | slice = slice(None),
) -> TensorDataset:
    """Give each view of the chosen takes a row, with the class of its take."""
    images = as_images(takes[chosen])
    if classes is None:
        return TensorDataset(images)
    of_views = np.repeat(classes[chosen], takes.shape[1])
    return TensorDataset(images, torch.from_numpy(of_views))
