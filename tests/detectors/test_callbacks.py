"""Callbacks of skorch, and what they are given of the validation."""

from typing import ClassVar

import numpy as np
import pytest
import torch
from methods import METHODS, NORMAL, TRAINED, make_crops
from sklearn.base import clone
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    InputShapeSetter,
    LRScheduler,
)
from torch.optim.lr_scheduler import ReduceLROnPlateau

every_trained = pytest.mark.parametrize("name", TRAINED)


def fit(name, **params):
    detector = clone(METHODS[name]).set_params(normal_boards=NORMAL, **params)
    return detector.fit(*make_crops())


class Predict(Callback):
    """Keep what the network makes of the validation, and the loss it was told."""

    found: ClassVar[list] = []

    def on_epoch_end(self, net, dataset_valid=None, **kwargs):
        images = dataset_valid.tensors[0]
        with torch.inference_mode():
            net.module_.eval()
            expected = net.module_(images)
        first = expected if isinstance(expected, torch.Tensor) else expected[0]
        self.found.append((net.predict(dataset_valid), first.numpy()))


@every_trained
def test_predictions_belong_to_their_takes(name):
    Predict.found = []
    fit(name, validation_size=0.3, callbacks=[Predict()])
    assert len(Predict.found) == 2
    for predicted, expected in Predict.found:
        np.testing.assert_allclose(predicted, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("caching", [True, False])
def test_a_score_of_reconstructions_is_their_error(caching):
    def error(net, dataset, y):
        images = dataset.tensors[0].numpy()
        return np.mean((net.predict(dataset) - images) ** 2)

    scoring = EpochScoring(error, name="error", use_caching=caching)
    seen = []

    class Look(Callback):
        def on_epoch_end(self, net, **kwargs):
            seen.append((net.history[-1]["error"], net.history[-1]["valid_loss"]))

    fit("ae", validation_size=0.4, callbacks=[scoring, Look()])
    assert len(seen) == 2
    for found, loss in seen:
        assert found == pytest.approx(loss, rel=1e-4)


@every_trained
def test_callbacks_of_skorch(name, tmp_path):
    def size(net, dataset, y):
        return float(np.square(net.predict(dataset)).mean())

    callbacks = [
        EpochScoring(size, name="size"),
        Checkpoint(monitor="size_best", dirname=str(tmp_path), f_history=None),
        EarlyStopping(monitor="valid_loss", patience=5),
        LRScheduler(policy=ReduceLROnPlateau, monitor="valid_loss"),
        ("clipping", GradientNormClipping(gradient_clip_value=0.1)),
    ]
    detector = fit(name, validation_size=0.3, callbacks=callbacks)
    assert len(detector.history_) == 2
    assert (tmp_path / "params.pt").exists()
    assert np.isfinite(detector.score_samples(make_crops()[0])).all()


# What is watched, and what the error says.
IN_VAIN = {
    "stopping": (
        EarlyStopping(),
        "EarlyStopping watches 'valid_loss'.*validation_size",
    ),
    "checkpoint": (Checkpoint(), "Checkpoint watches 'valid_loss_best'.*validation_si"),
    "pair": (("stop", EarlyStopping()), "EarlyStopping watches 'valid_loss'"),
    "plateau": (
        LRScheduler(policy=ReduceLROnPlateau, monitor="valid_loss"),
        "LRScheduler watches 'valid_loss'.*validation_size",
    ),
    "misspelt": (
        EarlyStopping(monitor="train_los"),
        "EarlyStopping watches 'train_los', which nothing records; there is .*train_l",
    ),
    "shape": (InputShapeSetter(), "InputShapeSetter does nothing here"),
}


@every_trained
@pytest.mark.parametrize("case", IN_VAIN)
def test_what_a_callback_watches_in_vain_is_an_error_before_training(name, case):
    callback, message = IN_VAIN[case]
    with pytest.raises(ValueError, match=f"callbacks: {message}"):
        fit(name, callbacks=[Untouched(), callback])


class Untouched(EpochScoring):
    """Fail if a training begins."""

    def __init__(self):
        super().__init__("never", name="never", on_train=True)

    def on_train_begin(self, *args, **kwargs):
        raise AssertionError("the training has begun")


Untouched.__module__ = "skorch.callbacks"


def test_the_score_of_a_validation_that_is_not_there():
    callbacks = [EpochScoring("a", name="mine"), EarlyStopping(monitor="mine")]
    with pytest.raises(ValueError, match=r"watches 'mine'.*held out"):
        fit("ae", callbacks=callbacks)


@pytest.mark.parametrize("device", ["cuda", "cuda:7", "mps", "meta", "gpu", "cpuu"])
@pytest.mark.parametrize("name", ["ae", "cnn", "randomconv"])
def test_a_device_that_is_not_there_is_named_before_training(name, device):
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ValueError, match=f"device='{device}' cannot be used"):
        fit(name, device=device)
    # And where one is asked for later on.
    fitted = fit(name)
    with pytest.raises(ValueError, match=f"device='{device}' cannot be used"):
        fitted.set_params(device=device).score_samples(make_crops()[0])
