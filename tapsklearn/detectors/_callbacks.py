"""What follows a training of skorch, and how a callback ends it."""

import contextlib
import copy
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import (
    BatchScoring,
    Callback,
    EpochScoring,
    InputShapeSetter,
    LRScheduler,
    PassthroughScoring,
)
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


def check_callbacks(callbacks: Sequence[Any], *, has_validation: bool) -> None:
    """Check that callbacks can work, and that what they watch will be there.

    Parameters
    ----------
    callbacks : sequence of skorch callbacks
        Callbacks, classes of them, or pairs of a name and a callback.
    has_validation : bool
        Whether takes are held out of the training.

    Raises
    ------
    ValueError
        If one is no callback, cannot score or change the network that is trained
        here, or watches a loss of takes that are not held out or what no callback
        before it records.
    """
    unpaired = [_unpack(each) for each in callbacks]
    for each in unpaired:
        _check_can_work(each)
    recorded = {"epoch", "dur", "train_loss", "train_loss_best", "train_batch_count"}
    of_validation = {"valid_loss", "valid_loss_best", "valid_batch_count"}
    # Callbacks of others may record anything, in an epoch or a batch of it.
    may_be_more = any(map(_has_own_events, unpaired))
    for place, each in enumerate(unpaired):
        watched = getattr(each, "monitor", None)
        if isinstance(watched, str) and not _ignores_monitor(each):
            _check_monitor(
                each,
                watched,
                recorded=recorded | (of_validation if has_validation else set()),
                lacking=set() if has_validation else of_validation,
                later={name for one in unpaired[place:] for name in _list_records(one)},
                may_be_more=may_be_more,
            )
        is_scoring = isinstance(each, _SCORINGS)
        side = of_validation if is_scoring and not each.on_train else recorded
        side.update(_list_records(each))


_SCORINGS = (EpochScoring, BatchScoring, PassthroughScoring)


def _unpack(given: Any) -> Callback:
    callback = given
    if isinstance(given, tuple) and len(given) == 2:
        callback = given[1]
    if isinstance(callback, type) and issubclass(callback, Callback):
        callback = callback()
    if not isinstance(callback, Callback):
        raise ValueError(
            f"callbacks: {given!r} is no callback of skorch, and no pair of a name and "
            "one: give EarlyStopping(), for example"
        )
    return callback


def _check_can_work(callback: Callback) -> None:
    name = type(callback).__name__
    if isinstance(callback, InputShapeSetter):
        raise ValueError(
            f"callbacks: {name} does nothing here, as the network fits the shape of "
            "the crops already: leave it out"
        )
    # What is recorded under a name alone was computed by another callback.
    if isinstance(callback, EpochScoring | BatchScoring) and (
        callback.scoring is None or isinstance(callback.scoring, str)
    ):
        raise ValueError(
            f"callbacks: {name} cannot score by {callback.scoring!r}, as the network "
            "makes embeddings or reconstructions and no labels: give a function of "
            "(net, dataset, y) that returns a number"
        )


def _check_monitor(
    callback: Callback,
    watched: str,
    *,
    recorded: set[str],
    lacking: set[str],
    later: set[str],
    may_be_more: bool,
) -> None:
    name = type(callback).__name__
    if watched in recorded:
        return
    if watched in lacking:
        of_training = watched.replace("valid_", "train_")
        instead = f", or monitor={of_training!r}" if of_training in recorded else ""
        raise ValueError(
            f"callbacks: {name} watches {watched!r}, which there is only of takes that "
            f"are held out: set validation_size, such as 0.2{instead}"
        )
    if watched in later:
        raise ValueError(
            f"callbacks: {name} watches {watched!r}, which a later callback records: "
            f"list that one before {name}"
        )
    if not may_be_more:
        raise ValueError(
            f"callbacks: {name} watches {watched!r}, which nothing records; there is "
            f"{', '.join(sorted(recorded))}"
        )


def _list_records(callback: Callback) -> set[str]:
    """List what a callback of skorch records of an epoch."""
    if isinstance(callback, _SCORINGS):
        name = callback.name
        if name is None:
            name = copy.copy(callback).initialize().name_
        best = set() if callback.lower_is_better is None else {f"{name}_best"}
        return {name, *best}
    event = getattr(callback, "event_name", None)
    return set() if event is None else {event}


def _has_own_events(callback: Callback) -> bool:
    """Return whether more than what skorch has written runs while training."""
    return any(
        name.startswith("on_")
        for cls in type(callback).__mro__
        if not cls.__module__.startswith("skorch.")
        for name in vars(cls)
    )


def _ignores_monitor(callback: Callback) -> bool:
    """Return whether a schedule is the same whatever is monitored."""
    policy = getattr(callback, "policy", None)
    return isinstance(callback, LRScheduler) and (
        getattr(policy, "__name__", policy) != "ReduceLROnPlateau"
    )


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
