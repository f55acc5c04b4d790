"""Train a torch network with skorch, reproducibly, leaving numpy behind."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from skorch import NeuralNet
from skorch.callbacks import Callback
from skorch.helper import predefined_split
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn
from torch.utils.data import TensorDataset
from tqdm import tqdm

from tapsklearn.detectors._augmentation import Augmentation
from tapsklearn.detectors._batches import Batches
from tapsklearn.detectors._callbacks import (
    AdvanceBar,
    StopAtDivergence,
    describe_divergence,
    is_early_end,
)

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
}

# Crops of which batch normalization takes its statistics together.
_SETTLED_AT_ONCE = 64

# Building a network draws from torch's one global generator, which threads share.
_GLOBAL_GENERATOR = threading.Lock()


@dataclass(frozen=True)
class Recipe:
    """How to train: what the parameters of the same names of a detector say."""

    optimizer: str
    lr: float
    weight_decay: float
    max_epochs: int
    batch_size: int
    takes_per_board: int | None
    augmentation: Augmentation | None
    device: str
    precision: str
    callbacks: Sequence[Callback] | None
    verbose: int


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch for building a network, and put its state back afterwards.

    Parameters
    ----------
    seed : int
        The seed.

    Yields
    ------
    None
        Nothing.
    """
    with _GLOBAL_GENERATOR, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def train(
    network: nn.Module,
    criterion: nn.Module,
    training: TensorDataset,
    recipe: Recipe,
    *,
    seed: int,
    validation: TensorDataset | None = None,
    title: str = "training",
) -> list[dict[str, float]]:
    """Train a network in place.

    Parameters
    ----------
    network : Module
        What to train.
    criterion : Module
        The loss of (output, class), or of (output, crop); its own weights are
        trained too.
    training : TensorDataset
        Crops of shape (n, 1, n_freqs, n_frames) and their classes; or crops alone,
        which are to be drawn again.
    recipe : Recipe
        How to train.
    seed : int
        Seed of the order of the crops and of the augmentation.
    validation : TensorDataset, default=None
        Like `training`; its loss is computed after each epoch.
    title : str, default="training"
        What the progress bar is called.

    Returns
    -------
    list of dict
        Of each epoch its number, its mean loss, that of `validation`, and the
        seconds it took.

    Raises
    ------
    ValueError
        If the loss stops being finite.
    """
    crops = training.tensors[0]
    low_precision = _autocast_dtype(recipe.precision, recipe.device, crops.dtype)
    network.to(dtype=crops.dtype)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    criterion.to(dtype=crops.dtype)
    with tqdm(
        total=recipe.max_epochs, desc=title, unit="epoch", disable=recipe.verbose != 1
    ) as bar:
        net = NeuralNet(
            network if low_precision is None else _Autocast(network, low_precision),
            criterion=criterion,
            optimizer=OPTIMIZERS[recipe.optimizer],
            optimizer__weight_decay=recipe.weight_decay,
            lr=recipe.lr,
            max_epochs=recipe.max_epochs,
            batch_size=recipe.batch_size,
            iterator_train=Batches,
            iterator_train__generator=torch.Generator().manual_seed(seed),
            iterator_train__takes_per_board=recipe.takes_per_board,
            iterator_train__augmentation=recipe.augmentation,
            iterator_valid=Batches,
            iterator_valid__generator=torch.Generator().manual_seed(seed),
            train_split=None if validation is None else predefined_split(validation),
            device=recipe.device,
            # Cloned, as a scheduler keeps what it schedules.
            callbacks=[
                ("stop_at_divergence", StopAtDivergence()),
                ("advance_bar", AdvanceBar(bar)),
                *(clone(callback, safe=False) for callback in recipe.callbacks or ()),
            ],
            verbose=max(0, recipe.verbose - 1),
        )
        # What `net.fit` does, except that it takes every interrupt for an early end.
        net.initialize()
        net.notify("on_train_begin", X=training, y=None)
        try:
            net.fit_loop(training)
        except KeyboardInterrupt as interrupt:
            if not is_early_end(interrupt):
                raise
        net.notify("on_train_end", X=training, y=None)
    if not all(bool(weight.isfinite().all()) for weight in network.parameters()):
        raise ValueError(describe_divergence(net))
    settle_batch_norm(network, crops, device=recipe.device, seed=seed)
    network.to("cpu")
    criterion.to("cpu")
    return [
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
    ]


def settle_batch_norm(
    network: nn.Module, crops: Tensor, *, device: str, seed: int
) -> None:
    """Let batch normalization take its statistics from crops as they are scored.

    The running averages of training lag behind the weights and are of augmented
    crops.

    Parameters
    ----------
    network : Module
        The network; without batch normalization it stays as it is.
    crops : Tensor of shape (n, 1, n_freqs, n_frames)
        Crops.
    device : str
        Torch device that the network is on.
    seed : int
        Seed of the order of the crops.
    """
    batches = Batches(
        TensorDataset(crops),
        batch_size=_SETTLED_AT_ONCE,
        generator=torch.Generator().manual_seed(seed),
    )
    update_bn(batches, network, device=torch.device(device))


def to_arrays(module: nn.Module) -> dict[str, NDArray[Any]]:
    """Copy a module's weights into numpy arrays.

    Parameters
    ----------
    module : Module
        Of which the weights are.

    Returns
    -------
    dict of str to ndarray
        The module's state.
    """
    return {
        name: weight.detach().cpu().numpy().copy()
        for name, weight in module.state_dict().items()
    }


def from_arrays(module: nn.Module, weights: dict[str, NDArray[Any]]) -> nn.Module:
    """Put weights into a module, in their dtype, ready to score.

    Parameters
    ----------
    module : Module
        Of the architecture that the weights are of.
    weights : dict of str to ndarray
        What `to_arrays` gave.

    Returns
    -------
    Module
        The same module, in evaluation mode.
    """
    state = {name: torch.from_numpy(np.array(w)) for name, w in weights.items()}
    dtypes = {w.dtype for w in state.values() if w.is_floating_point()}
    module.to(dtype=dtypes.pop() if dtypes else None)
    module.load_state_dict(state)
    return module.eval().requires_grad_(False)


class _Autocast(nn.Module):
    """Run a network in low precision and give its output in float32."""

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


def _autocast_dtype(
    precision: str, device: str, dtype: torch.dtype
) -> torch.dtype | None:
    """Decide whether to train in bfloat16; None keeps the dtype of the crops."""
    if dtype != torch.float32 or precision == "float32":
        return None
    if precision == "bfloat16" or _has_bfloat16(device):
        return torch.bfloat16
    return None


def _has_bfloat16(device: str) -> bool:
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.device(device).type == "cpu" and (
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )
