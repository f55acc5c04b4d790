"""Train a torch network with skorch, reproducibly, leaving numpy behind."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor, nn
from torch.utils.data import TensorDataset

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
}

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
    images: NDArray[np.floating],
    targets: NDArray[np.int64] | None,
    recipe: Recipe,
    *,
    seed: int,
) -> list[dict[str, float]]:
    """Train a network in place.

    Parameters
    ----------
    network : Module
        What to train.
    criterion : Module
        The loss of (output, target); its own weights are trained too.
    images : ndarray of shape (n, 1, n_freqs, n_frames)
        Crops.
    targets : ndarray of shape (n,) or None
        Class of each crop; None to aim at the crops themselves.
    recipe : Recipe
        How to train.
    seed : int
        Seed of the order of the crops.

    Returns
    -------
    list of dict
        Of each epoch its number, its mean loss and the seconds it took.

    Raises
    ------
    ValueError
        If the loss stops being finite.
    """
    inputs = torch.from_numpy(images)
    dataset = TensorDataset(
        inputs, inputs if targets is None else torch.from_numpy(targets)
    )
    low_precision = _autocast_dtype(recipe.precision, recipe.device, inputs.dtype)
    network.to(dtype=inputs.dtype)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    criterion.to(dtype=inputs.dtype)
    net = NeuralNet(
        network if low_precision is None else _Autocast(network, low_precision),
        criterion=criterion,
        optimizer=OPTIMIZERS[recipe.optimizer],
        optimizer__weight_decay=recipe.weight_decay,
        lr=recipe.lr,
        max_epochs=recipe.max_epochs,
        batch_size=recipe.batch_size,
        iterator_train=_ShuffledBatches,
        iterator_train__generator=torch.Generator().manual_seed(seed),
        train_split=None,
        device=recipe.device,
        callbacks=[("stop_at_nan", _StopAtNaN()), *(recipe.callbacks or ())],
        verbose=recipe.verbose,
    )
    # What `net.fit` does, except that it takes every interrupt for an early end.
    net.initialize()
    net.notify("on_train_begin", X=dataset, y=None)
    try:
        net.fit_loop(dataset)
    except KeyboardInterrupt as interrupt:
        if not _is_early_end(interrupt):
            raise
    net.notify("on_train_end", X=dataset, y=None)
    network.to("cpu")
    criterion.to("cpu")
    if not all(bool(weight.isfinite().all()) for weight in network.parameters()):
        raise ValueError(_divergence(net))
    return [
        {
            "epoch": epoch["epoch"],
            "train_loss": float(epoch["train_loss"]),
            "seconds": float(epoch["dur"]),
        }
        for epoch in net.history
    ]


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


class _ShuffledBatches:
    """Cut a data set into shuffled batches of nearly equal size.

    Unlike torch's loader this cuts each batch from the tensors at once, never
    leaves a last batch of one crop and draws from a generator of its own.
    """

    def __init__(
        self, dataset: TensorDataset, *, batch_size: int, generator: torch.Generator
    ) -> None:
        self.dataset = dataset
        self.generator = generator
        self.n_batches = -(-len(dataset) // batch_size)

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        order = torch.randperm(len(self.dataset), generator=self.generator)
        for chosen in order.tensor_split(self.n_batches):
            yield self.dataset[chosen]


class _StopAtNaN(Callback):
    """End a training that diverges with an error in place of a useless model."""

    def on_batch_end(
        self, net: NeuralNet, batch: Any = None, training: bool = True, **kwargs: Any
    ) -> None:
        if not bool(kwargs["loss"].isfinite().all()):
            raise ValueError(_divergence(net))


def _is_early_end(interrupt: KeyboardInterrupt) -> bool:
    """Tell skorch's way for a callback to end the training from the user's."""
    traceback = interrupt.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    raised_in = traceback.tb_frame.f_locals if traceback else {}
    return isinstance(raised_in.get("self"), Callback)


def _divergence(net: NeuralNet) -> str:
    return (
        f"the loss became NaN or infinite in epoch {len(net.history)} with "
        f"lr={net.lr:g}: try a smaller learning rate"
    )


class _Autocast(nn.Module):
    """Run a network in low precision and give its output in float32."""

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = network
        self.dtype = dtype

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, dtype=self.dtype):
            output = self.network(images)
        return output.float()


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
