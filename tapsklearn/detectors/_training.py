"""What the detectors that train their network have in common, with skorch."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils._param_validation import Interval, StrOptions
from skorch.callbacks import Callback
from skorch.helper import predefined_split
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import TensorDataset

from tapsklearn._progress import progress_bar
from tapsklearn.detectors._augmentation import Augmentation
from tapsklearn.detectors._batches import Batches
from tapsklearn.detectors._calibration import hold_out_takes
from tapsklearn.detectors._callbacks import (
    AdvanceBar,
    EarlyEnd,
    InterruptibleNet,
    StopAtDivergence,
    check_callbacks,
    describe_divergence,
    watch_signals,
)
from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._network import NetworkDetector, as_images
from tapsklearn.detectors._weights import seeded, settle_batch_norm, to_arrays
from tapsklearn.networks import PretrainedNetwork

# As many crops as are scored at a time.
_FROZEN_AT_ONCE = 16
# The weights that come with the package, and at which share of `lr` they are trained.
_PRETRAINED = "*last_block.*"
_SLOWLY = 0.1
_OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
}


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class TrainedDetector(NetworkDetector):
    """Train a network, then score takes in one of its spaces.

    A method states which network (`_make_network`) and which loss (`_make_criterion`)
    it uses; whether it is trained on boards or to reconstruct crops is its base's.

    Parameters
    ----------
    augmentation : {"default", None} or Augmentation, default="default"
        How crops are changed each time that the network is trained on them; "default"
        is `Augmentation()`. If None, they stay as they are.
    optimizer : {"adam", "adamw", "sgd"}, default="adamw"
        Optimizer.
    lr : float, default=1e-3
        Learning rate.
    weight_decay : float, default=5e-4
        Weight decay.
    max_epochs : int, default=30
        Passes over the takes that the network is trained on.
    batch_size : int, default=16
        Crops a step, at most.
    validation_size : float, default=None
        Share of these takes that are held out of the training, and whose loss is the
        "valid_loss" that skorch's callbacks can watch. If None, there are none.
    precision : {"float32", "bfloat16", "auto"}, default="float32"
        Precision of training on float32 crops, which gives other weights; "auto" is
        bfloat16 where the processor computes in it. Scores are always computed in the
        dtype of X.
    callbacks : list of skorch callbacks, default=None
        Called while training, after ours: skorch's `LRScheduler`, `EarlyStopping`,
        `Checkpoint`, `GradientNormClipping` or `EpochScoring`, for example. They can
        read and score `net`, which gets crops and gives what the network does, and
        takes of the validation come to them in their order. Without augmentation, a
        network that begins with the encoder gets what the blocks that are not trained
        make of crops. Callbacks cannot score by the name of a metric, as there are no
        labels to compare, nor build the network anew, as `InputShapeSetter` does.
    verbose : int, default=0
        1 shows a progress bar, 2 prints skorch's table of epochs.

    Attributes
    ----------
    criterion_weights_ : dict of str to ndarray
        Weights of the loss, if it has any.
    history_ : list of dict
        Number, mean losses and seconds of each epoch.
    precision_ : {"float32", "float64", "bfloat16"}
        In which the network was trained.
    """

    _parameter_constraints: ClassVar[dict] = {
        **NetworkDetector._parameter_constraints,
        "augmentation": [StrOptions({"default"}), Augmentation, None],
        "optimizer": [StrOptions(set(_OPTIMIZERS))],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "validation_size": [Interval(Real, 0, 1, closed="neither"), None],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "callbacks": [list, None],
        "verbose": ["verbose"],
    }

    augmentation: Any = "default"
    optimizer: str = "adamw"
    lr: float = 1e-3
    weight_decay: float = 5e-4
    max_epochs: int = 30
    batch_size: int = 16
    validation_size: float | None = None
    precision: str = "float32"
    callbacks: Sequence[Callback] | None = None
    verbose: int = 0

    _targets: ClassVar[Literal["classes", "crops"]]

    def _choose_classes(
        self, boards: NDArray[Any], is_normal: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Choose the takes to train on, and number the class of each of these."""
        raise NotImplementedError

    def _make_criterion(self, n_classes: int) -> nn.Module:
        """Build the loss of (output, class), or of (output, crop)."""
        raise NotImplementedError

    def _count_takes_per_board(self) -> int | None:
        """Return how many crops of each board a batch holds. If None, as they come."""
        return None

    def _order_validation(self, classes: Tensor) -> Tensor:
        """Order the crops held out, of these classes: batches take them in order."""
        return torch.arange(len(classes))

    def _train(
        self,
        takes: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        rng: np.random.RandomState,
    ) -> None:
        chosen, classes = self._choose_classes(boards, is_normal)
        takes, boards = takes[chosen], boards[chosen]
        build_seed, order_seed = rng.randint(np.iinfo(np.int32).max, size=2).tolist()
        training, validation = _as_dataset(takes, classes), None
        if self.validation_size is not None:
            n_held_out = round(self.validation_size * len(takes))
            held_out = hold_out_takes(boards, n_held_out, rng)
            training = _as_dataset(takes[~held_out], classes[~held_out])
            validation = _as_dataset(takes[held_out], classes[held_out])
            order = self._order_validation(validation.tensors[1])
            validation = TensorDataset(*(each[order] for each in validation.tensors))
        # What an earlier fit has left says nothing of the network of this one.
        for name in {"weights_", "encoder_checksum_"} & vars(self).keys():
            delattr(self, name)
        with seeded(build_seed):
            network = self._make_network(self._image_shape)
            criterion = self._make_criterion(1 + int(classes.max()))
        self._check_batches(network, len(training))
        trained = network
        if isinstance(network, PretrainedNetwork):
            network.to(dtype=training.tensors[0].dtype)
            frozen = self._freeze(network, training)
            network.trained.settle(frozen.tensors[0])
            if self.augmentation is None:
                # What is the same in each epoch is computed once.
                trained, training = network.trained, frozen
                if validation is not None:
                    validation = self._freeze(network, validation)
        self._run_training(trained, criterion, training, validation, seed=order_seed)
        settle_batch_norm(
            network, training.tensors[0], device=self.device, seed=order_seed
        )
        self._keep(network.to("cpu"))
        self.criterion_weights_ = to_arrays(criterion.to("cpu"))

    def _freeze(
        self, network: PretrainedNetwork, crops: TensorDataset
    ) -> TensorDataset:
        """Compute what the part of a network that is not trained makes of crops."""
        network.to(self.device)
        with torch.no_grad():
            parts = [
                network.freeze(images.to(self.device)).cpu()
                for images in crops.tensors[0].split(_FROZEN_AT_ONCE)
            ]
        return TensorDataset(torch.cat(parts), *crops.tensors[1:])

    def _check_batches(self, network: nn.Module, n_crops: int) -> None:
        """Check that batch normalization has more than one crop to normalize with."""
        if not any(isinstance(each, _BatchNorm) for each in network.modules()):
            return
        if min(self.batch_size, n_crops) == 1:
            cause = (
                f"batch_size={self.batch_size}"
                if self.batch_size == 1
                else "a single crop to train on"
            )
            raise ValueError(
                f"{cause} does not go with batch normalization, which needs two crops "
                "at least: give more, or use a network without it (backbone='shallow', "
                "or batch_norm=False of autoencoders)"
            )

    def _validate_params(self) -> None:
        super()._validate_params()
        check_callbacks(self.callbacks or (), has_validation=bool(self.validation_size))

    def _run_training(
        self,
        network: nn.Module,
        criterion: nn.Module,
        training: TensorDataset,
        validation: TensorDataset | None,
        *,
        seed: int,
    ) -> None:
        """Train a network and the weights of its loss in place."""
        dtype = training.tensors[0].dtype
        trained_in = self._choose_precision(dtype)
        self.precision_ = str(trained_in).removeprefix("torch.")
        layout: Any = {"memory_format": torch.channels_last}
        network.to(dtype=dtype).to(**layout)
        criterion.to(dtype=dtype)
        with (
            watch_signals() as signals,
            progress_bar(
                type(self).__name__, self.max_epochs, verbose=int(self.verbose == 1)
            ) as advance,
        ):
            net = InterruptibleNet(
                network if trained_in == dtype else _Autocast(network, trained_in),
                criterion=criterion,
                optimizer=_OPTIMIZERS[self.optimizer],
                optimizer__weight_decay=self.weight_decay,
                optimizer__param_groups=[(_PRETRAINED, {"lr": _SLOWLY * self.lr})],
                lr=self.lr,
                max_epochs=self.max_epochs,
                batch_size=self.batch_size,
                iterator_train=Batches,
                iterator_train__generator=torch.Generator().manual_seed(seed),
                iterator_train__targets=self._targets,
                iterator_train__takes_per_board=self._count_takes_per_board(),
                iterator_train__augmentation=self._make_augmentation(),
                iterator_valid=Batches,
                iterator_valid__generator=torch.Generator(),
                iterator_valid__targets=self._targets,
                iterator_valid__shuffle=False,
                train_split=None
                if validation is None
                else predefined_split(validation),
                device=self.device,
                # Cloned, as a scheduler keeps what it schedules.
                callbacks=[
                    ("stop_at_divergence", StopAtDivergence()),
                    ("advance_bar", AdvanceBar(advance)),
                    *(clone(each, safe=False) for each in self.callbacks or ()),
                ],
                verbose=max(0, int(self.verbose) - 1),
            )
            # What `net.fit` does, except that it takes every interrupt for an early
            # end.
            net.initialize()
            net.signals = signals
            try:
                net.notify("on_train_begin", X=training, y=None)
                net.fit_loop(training)
            except EarlyEnd:
                pass
            net.notify("on_train_end", X=training, y=None)
        if not all(bool(weight.isfinite().all()) for weight in network.parameters()):
            raise ValueError(describe_divergence(net))
        self.history_ = [
            {
                "epoch": epoch["epoch"],
                **{
                    name: float(epoch[name])
                    for name in ("train_loss", "valid_loss")
                    if name in epoch
                },
                "seconds": float(epoch["dur"]),
            }
            for epoch in net.history
            if "dur" in epoch  # an epoch that a callback has cut short has none
        ]

    def _make_augmentation(self) -> Augmentation | None:
        if self.augmentation is None:
            return None
        if self.augmentation == "default":
            return Augmentation()
        self.augmentation._validate_params()
        return self.augmentation

    def _choose_precision(self, dtype: torch.dtype) -> torch.dtype:
        """Choose the dtype to train in on crops of a dtype."""
        if self.precision == "bfloat16" and dtype != torch.float32:
            raise ValueError(
                "precision='bfloat16' trains on float32 crops, and X is float64: give "
                "X.astype('float32'), or leave precision at 'float32'"
            )
        is_low = self.precision == "bfloat16" or (
            self.precision == "auto"
            and dtype == torch.float32
            and _has_bfloat16(self.device)
        )
        return torch.bfloat16 if is_low else dtype


class _Autocast(nn.Module):
    """Run a network in low precision and return its output in float32."""

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = network
        self.dtype = dtype

    def forward(self, images: Tensor) -> Any:
        with torch.autocast(images.device.type, dtype=self.dtype):
            outputs = self.network(images)
        if isinstance(outputs, Tensor):
            return outputs.float()
        return tuple(each.float() for each in outputs)


def _has_bfloat16(device: str) -> bool:
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.device(device).type == "cpu" and (
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )


def _as_dataset(
    takes: NDArray[np.floating], classes: NDArray[np.int64]
) -> TensorDataset:
    """Make each view of the takes a row, with the class of its take."""
    of_views = np.repeat(classes, takes.shape[1])
    return TensorDataset(as_images(takes), torch.from_numpy(of_views))
