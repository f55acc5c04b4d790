"""What follows a training of skorch, and how a callback ends it."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback, EpochScoring, InputShapeSetter
from torch import Tensor


class EarlyEnd(Exception):  # noqa: N818 - it is no error
    """A callback has ended the training."""


class InterruptibleNet(NeuralNet):
    """A net whose interrupts by callbacks are not those of the user.

    To end a training, a callback of skorch raises KeyboardInterrupt, as Ctrl-C does.

    Attributes
    ----------
    signals : sequence of int
        What `watch_signals` yields while the net is trained.
    """

    signals: Sequence[int] = ()

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
            If a callback ends the training.
        KeyboardInterrupt
            If the user does, be it while a callback runs.
        """
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt as interrupt:
            if self.signals:
                raise
            raise EarlyEnd from interrupt


@contextlib.contextmanager
def watch_signals() -> Iterator[list[int]]:
    """Collect the signals by which a user interrupts, which go on to their handlers.

    Yields
    ------
    list of int
        Those that came. Empty in any thread but the main one, which alone gets them.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    handlers = {
        number: handler
        # The command line ends by a termination as by an interrupt.
        for number in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(number))
    }

    def collect(number: int, frame: FrameType | None) -> Any:
        received.append(number)
        return handlers[signal.Signals(number)](number, frame)

    try:
        for number in handlers:
            signal.signal(number, collect)
        yield received
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def check_monitors(callbacks: Sequence[Any], *, has_validation: bool) -> None:
    """Check that what callbacks watch will be there.

    Parameters
    ----------
    callbacks : sequence of skorch callbacks
        Callbacks, or pairs of a name and a callback.
    has_validation : bool
        Whether takes are held out of the training.

    Raises
    ------
    ValueError
        If one watches a loss of takes that are not held out, or what no callback of
        skorch records, or sets parameters of a network that is built already.
    """
    unpaired = [each[-1] if isinstance(each, tuple) else each for each in callbacks]
    scored = [each for each in unpaired if isinstance(each, EpochScoring)]
    known = {"train_loss", "epoch", "dur", "event_lr"}
    known |= {_name_score(each) for each in scored if each.on_train or has_validation}
    if has_validation:
        known.add("valid_loss")
    # Callbacks of others may record anything.
    all_known = all(type(each).__module__.startswith("skorch.") for each in unpaired)
    for each in unpaired:
        if isinstance(each, InputShapeSetter):
            raise ValueError(
                "callbacks: InputShapeSetter does nothing here, as the network fits "
                "the shape of the crops already: leave it out"
            )
        monitor = getattr(each, "monitor", None)
        if not isinstance(monitor, str):
            continue
        watched = monitor.removesuffix("_best")
        of_validation = {"valid_loss", *map(_name_score, scored)} - known
        if watched in of_validation and not has_validation:
            raise ValueError(
                f"callbacks: {type(each).__name__} watches {monitor!r}, which there is "
                "only of takes that are held out: set validation_size, such as 0.2, or "
                f"monitor={monitor.replace(watched, 'train_loss')!r}"
            )
        if watched not in known and all_known:
            raise ValueError(
                f"callbacks: {type(each).__name__} watches {monitor!r}, which nothing "
                f"records; there is {', '.join(sorted(known))}"
            )


def _name_score(scoring: EpochScoring) -> str:
    if scoring.name is not None:
        return str(scoring.name)
    named = scoring.scoring
    return str(getattr(named, "__name__", named))


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
