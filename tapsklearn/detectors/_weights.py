"""The weights of a network: seeded, kept as numpy arrays, and settled on crops."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn
from torch.utils.data import TensorDataset

from tapsklearn.detectors._batches import Batches

# Crops of which batch normalization takes its statistics together.
_SETTLED_AT_ONCE = 64

# Building a network uses torch's one global generator, which threads share.
_GLOBAL_GENERATOR = threading.Lock()


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch for building a network, and restore its state afterwards.

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


def check_device(device: str) -> torch.device:
    """Check that torch can compute on a device of this machine.

    Parameters
    ----------
    device : str
        Name of the device.

    Returns
    -------
    torch.device
        The device.

    Raises
    ------
    ValueError
        If it cannot.
    """
    reason = "it holds no numbers"
    try:
        found = torch.zeros(1, device=device).device
        if found.type != "meta":
            return found
    # Torch raises errors of any kind for a device that it has no driver for.
    except Exception as error:
        reason = str(error).partition("\n")[0]
    raise ValueError(
        f"device={device!r} cannot be used on this machine ({reason}): device='cpu' "
        "always can"
    )


def to_arrays(module: nn.Module) -> dict[str, NDArray[Any]]:
    """Copy a module's weights into numpy arrays.

    Parameters
    ----------
    module : Module
        Whose weights.

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
        What `to_arrays` returned.

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
        targets="crops",
    )
    update_bn(batches, network, device=torch.device(device))
