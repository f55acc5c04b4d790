"""What follows a training of skorch, and how a callback ends it."""

from collections.abc import Callable
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor


class EarlyEnd(Exception):  # noqa: N818 - it is no error
    """A callback has ended the training."""


class InterruptibleNet(NeuralNet):
    """A net whose interrupts by callbacks are not those of the user.

    To end a training, a callback of skorch raises KeyboardInterrupt, as Ctrl-C does.
    """

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Call a method of each callback.

        Parameters
        ----------
        method_name : str
            Which one.
        **cb_kwargs : dict
            What it is called with.

        Raises
        ------
        EarlyEnd
            If a callback ends the training, or Ctrl-C comes while one runs.
        """
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt as interrupt:
            raise EarlyEnd from interrupt


class StopAtDivergence(Callback):
    """End a training that diverges with an error in place of a useless model."""

    def on_batch_end(
        self, net: NeuralNet, batch: Any = None, training: bool = True, **kwargs: Any
    ) -> None:
        """Check the loss and the output of a batch.

        Parameters
        ----------
        net : NeuralNet
            What is trained.
        batch : tuple of Tensor, default=None
            Not used.
        training : bool, default=True
            Not used.
        **kwargs : dict
            The loss and the output, "y_pred".

        Raises
        ------
        ValueError
            If one of them is not finite. An output can overflow without a trace in
            the loss: triplets at a distance of NaN are not mined.
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
    advance : callable
        What `progress_bar` yields.
    """

    def __init__(self, advance: Callable[..., None]) -> None:
        self.advance = advance

    def on_epoch_end(self, net: NeuralNet, *args: Any, **kwargs: Any) -> None:
        """Show the losses of the epoch.

        Parameters
        ----------
        net : NeuralNet
            What is trained.
        *args, **kwargs
            The data sets; not used.
        """
        losses = (
            f"{name}={net.history[-1][name]:.3g}"
            for name in ("train_loss", "valid_loss")
            if name in net.history[-1]
        )
        self.advance(note=" ".join(losses))


def describe_divergence(net: NeuralNet) -> str:
    """Write when a training diverged and what to change.

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
