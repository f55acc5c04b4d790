"""Callbacks of skorch, and what they are given of the validation."""

from typing import ClassVar

import numpy as np
import pytest
import torch
from methods import METHODS, NORMAL, TRAINED, make_crops
from sklearn.base import clone
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    InputShapeSetter,
    LRScheduler,
    PassthroughScoring,
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


def one(net, dataset, y):
    return 1.0


# What is watched, and what the error says.
IN_VAIN = {
    "stopping": (
        [EarlyStopping()],
        "EarlyStopping watches 'valid_loss'.*validation_size.*monitor='train_loss'",
    ),
    "class": ([EarlyStopping], "EarlyStopping watches 'valid_loss'.*validation_size"),
    "checkpoint": (
        [Checkpoint()],
        "Checkpoint watches 'valid_loss_best'.*validation_size.*'train_loss_best'",
    ),
    "pair": ([("stop", EarlyStopping())], "EarlyStopping watches 'valid_loss'"),
    "plateau": (
        [LRScheduler(policy=ReduceLROnPlateau, monitor="valid_loss")],
        "LRScheduler watches 'valid_loss'.*validation_size",
    ),
    "named plateau": (
        [LRScheduler(policy="ReduceLROnPlateau", monitor="valid_loss")],
        "LRScheduler watches 'valid_loss'.*validation_size",
    ),
    "misspelt": (
        [EarlyStopping(monitor="train_los")],
        "EarlyStopping watches 'train_los', which nothing records; there is .*train_l",
    ),
    "no best": (
        [Checkpoint(monitor="dur_best")],
        "Checkpoint watches 'dur_best', which nothing records",
    ),
    "no schedule": (
        [EarlyStopping(monitor="event_lr")],
        "EarlyStopping watches 'event_lr', which nothing records",
    ),
    "later": (
        [
            EarlyStopping(monitor="mine"),
            EpochScoring(one, name="mine", on_train=True),
        ],
        "'mine', which a later callback records: list that one before EarlyStopping",
    ),
    "score of what is not held out": (
        [EpochScoring(one, name="mine"), EarlyStopping(monitor="mine")],
        "EarlyStopping watches 'mine'.*held out",
    ),
    "score of its batches": (
        [BatchScoring(one), EarlyStopping(monitor="one")],
        "EarlyStopping watches 'one'.*held out",
    ),
    "metric": ([EpochScoring("accuracy")], "EpochScoring cannot score by 'accuracy'"),
    "own score": ([BatchScoring(None)], "BatchScoring cannot score by None"),
    "shape": ([InputShapeSetter()], "InputShapeSetter does nothing here"),
    "word": (["EarlyStopping"], "'EarlyStopping' is no callback of skorch"),
    "number": ([3], "3 is no callback of skorch"),
}


@every_trained
@pytest.mark.parametrize("case", IN_VAIN)
def test_what_a_callback_does_in_vain_is_an_error_before_training(name, case):
    callbacks, message = IN_VAIN[case]
    with pytest.raises(ValueError, match=f"callbacks: .*{message}"):
        fit(name, callbacks=[Untouched(one, name="never", on_train=True), *callbacks])


class Untouched(EpochScoring):
    """Fail if a training begins."""

    def on_train_begin(self, *args, **kwargs):
        raise AssertionError("the training has begun")


# Callbacks of others may record what they like.
Untouched.__module__ = "skorch.callbacks"

RECORDED = {
    "loss": [EarlyStopping(monitor="train_loss")],
    "best loss": [Checkpoint(monitor="train_loss_best")],
    "time": [EarlyStopping(monitor="dur")],
    "batches": [EarlyStopping(monitor="train_batch_count")],
    "learning rate": [LRScheduler(), EarlyStopping(monitor="event_lr")],
    "its other name": [LRScheduler(event_name="rate"), EarlyStopping(monitor="rate")],
    "checkpoint": [Checkpoint(monitor=None), EarlyStopping(monitor="event_cp")],
    "score": [EpochScoring(one, on_train=True), Checkpoint(monitor="one_best")],
    "score of batches": [
        BatchScoring(one, name="mine", on_train=True),
        EarlyStopping(monitor="mine"),
    ],
    "of a batch": [
        PassthroughScoring("train_batch_size", on_train=True),
        EarlyStopping(monitor="train_batch_size"),
    ],
    "function": [Checkpoint(monitor=lambda net: True)],
    "schedule that monitors nothing": [
        LRScheduler("StepLR", "valid_loss", step_size=9)
    ],
}


@pytest.mark.parametrize("case", RECORDED)
def test_what_is_recorded_can_be_watched(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert fit("ae", callbacks=RECORDED[case]).history_


class Record(EarlyStopping):
    def on_epoch_end(self, net, **kwargs):
        net.history.record("own", 1.0)
        super().on_epoch_end(net, **kwargs)


class Named(EarlyStopping):
    pass


def test_what_callbacks_of_others_record_can_be_watched():
    assert fit("ae", callbacks=[Record(monitor="own")]).history_
    with pytest.raises(ValueError, match="Named watches 'own', which nothing records"):
        fit("ae", callbacks=[Named(monitor="own")])


@pytest.mark.parametrize("views", [None, 3, 20])
@pytest.mark.parametrize("name", ["triplet", "triplet-plain"])
def test_the_loss_of_a_validation_is_of_triplets(name, views):
    # Boards lie one after the other, so that most batches would hold one board alone.
    crops, boards = make_crops(4, 20, views=views)
    detector = clone(METHODS[name]).set_params(
        normal_boards=NORMAL, validation_size=0.5, batch_size=8
    )
    n_boards = []

    class Look(Callback):
        def on_batch_end(self, net, batch=None, training=True, **kwargs):
            if not training:
                n_boards.append(len(batch[1].unique()))

    detector.set_params(callbacks=[Look()]).fit(crops, boards)
    assert min(n_boards) >= 2


@pytest.mark.parametrize("size", [0.01, 0.05, 0.1])
def test_a_validation_without_a_triplet_is_an_error(size):
    with pytest.raises(ValueError, match=f"validation_size={size} does not hold out"):
        fit("triplet", validation_size=size)


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
