"""What watches a training."""

import dis
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor
from tqdm import tqdm


class StopAtDivergence(Callback):
    """End a training that diverges with an error in place of a useless model."""

    def on_batch_end(
        self, net: NeuralNet, batch: Any = None, training: bool = True, **kwargs: Any
    ) -> None:
        """Look at the loss and the output of a batch.

        Parameters
        ----------
        net : NeuralNet
            What is trained.
        batch : tuple of Tensor, default=None
            Not looked at.
        training : bool, default=True
            Not looked at.
        **kwargs : dict
            The loss and the output, "y_pred".

        Raises
        ------
        ValueError
            If one of them is not finite. An output can overflow unnoticed by the
            loss: triplets at a distance of NaN are not mined.
        """
        outputs = kwargs["y_pred"]
        for each in (
            kwargs["loss"],
            *((outputs,) if isinstance(outputs, Tensor) else outputs),
        ):
            if not bool(each.detach().square().sum().isfinite()):
                raise ValueError(describe_divergence(net))


class AdvanceBar(Callback):
    """Advance a progress bar by one with each epoch.

    Parameters
    ----------
    bar : tqdm
        The bar.
    """

    def __init__(self, bar: tqdm) -> None:
        self.bar = bar

    def on_epoch_end(self, net: NeuralNet, *args: Any, **kwargs: Any) -> None:
        """Show the loss of the epoch.

        Parameters
        ----------
        net : NeuralNet
            What is trained.
        *args, **kwargs
            The data sets; not looked at.
        """
        losses = {
            name: net.history[-1][name]
            for name in ("train_loss", "valid_loss")
            if name in net.history[-1]
        }
        self.bar.set_postfix(losses, refresh=False)
        self.bar.update()


def describe_divergence(net: NeuralNet) -> str:
    """Say when a training diverged and what to change.

    Parameters
    ----------
    net : NeuralNet
        What was trained.

    Returns
    -------
    str
        The message.
    """
    return (
        f"the loss became NaN or infinite in epoch {len(net.history)} with "
        f"lr={net.lr:g}: try a smaller learning rate"
    )


def is_early_end(interrupt: KeyboardInterrupt) -> bool:
    """Tell skorch's way for a callback to end the training from the user's.

    Parameters
    ----------
    interrupt : KeyboardInterrupt
        What was raised.

    Returns
    -------
    bool
        Whether a callback raised it itself.
    """
    traceback = interrupt.__traceback__
    if traceback is None:
        return False
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    frame = traceback.tb_frame
    # A user's can come in the middle of a callback too, but in none of its raises.
    is_raised = frame.f_code.co_code[traceback.tb_lasti] == dis.opmap["RAISE_VARARGS"]
    return is_raised and isinstance(frame.f_locals.get("self"), Callback)
