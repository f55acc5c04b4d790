"""Detectors that begin with the encoder."""

import numpy as np
import pytest
import torch
from methods import fit_once, make_crops
from sklearn.base import clone

from tapsklearn.detectors import (
    AutoencoderDetector,
    CNNDetector,
    EncoderDetector,
    VAEDetector,
)
from tapsklearn.inspection import ReconstructionDisplay
from tapsklearn.networks import extract_features, find_encoder_channels


def test_only_the_last_block_is_trained():
    fitted = fit_once("cnn-encoder")
    fresh = clone(fitted).set_params(lr=1e-12, weight_decay=0.0).fit(*make_crops())
    frozen = {name for name in fitted.weights_ if name.startswith("frozen.")}
    assert len(frozen) == 2 * (len(find_encoder_channels(fitted.weights_)) - 1)
    for name in frozen:
        np.testing.assert_array_equal(fitted.weights_[name], fresh.weights_[name])
    name = "trained.last_block.0.weight"
    assert (fitted.weights_[name] != fresh.weights_[name]).any()


def test_untrained_it_scores_what_the_frozen_encoder_scores():
    crops, boards = make_crops()
    normal = {"normal_boards": ["board 0", "board 1"], "random_state": 0}
    frozen = EncoderDetector(**normal).fit(crops, boards)
    detector = CNNDetector("encoder", lr=1e-12, max_epochs=1, **normal)
    detector.fit(crops, boards)
    np.testing.assert_allclose(
        detector.score_samples(crops), frozen.score_samples(crops), rtol=1e-3
    )


def test_what_is_computed_once_is_what_each_epoch_computes(monkeypatch):
    once = fit_once("cnn-encoder")
    # An augmentation that changes nothing, so that each epoch begins with crops.
    unchanged = type("Unchanged", (), {})()
    unchanged.move = unchanged.corrupt = lambda crops, generator: crops
    each_time = clone(once).set_params(augmentation="default")
    monkeypatch.setattr(CNNDetector, "_make_augmentation", lambda self: unchanged)
    each_time.fit(*make_crops())
    assert each_time.history_[-1]["train_loss"] == pytest.approx(
        once.history_[-1]["train_loss"], rel=1e-3
    )
    for name, weight in once.weights_.items():
        np.testing.assert_allclose(
            each_time.weights_[name], weight, rtol=1e-2, atol=1e-4
        )


def test_another_backbone_leaves_nothing_of_the_encoder():
    detector = clone(fit_once("cnn-encoder")).fit(*make_crops())
    assert detector.encoder_checksum_ == fit_once("encoder").encoder_checksum_
    detector.set_params(backbone="shallow").fit(*make_crops())
    assert not hasattr(detector, "encoder_checksum_")


def test_the_score_is_minus_the_error_of_the_standardized_features():
    crops, boards = make_crops()
    detector = fit_once("ae-encoder")
    normal = {"normal_boards": ["board 0", "board 1"], "random_state": 0}
    frozen = EncoderDetector(**normal).fit(crops, boards)
    # What the frozen encoder's detector scores, before it is scaled.
    part = detector.net_.trained
    with torch.no_grad():
        features = detector.net_.freeze(torch.from_numpy(crops)[:, None])
        standardized = part.standardize(features)
        errors = (part.decode(part.encode(standardized)) - standardized).square()
    np.testing.assert_allclose(
        detector.score_samples(crops), -errors.mean(dim=1).numpy(), rtol=1e-4
    )
    own = extract_features(frozen.net_, torch.from_numpy(crops)[:, None], "pooled")
    np.testing.assert_allclose(
        np.sort(features, axis=1), np.sort(own.numpy(), axis=1), rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("kind", [AutoencoderDetector, VAEDetector])
def test_what_normal_takes_share_is_reconstructed_best(kind):
    crops, boards = make_crops(3, 30)
    normal = boards != "board 2"
    detector = kind("encoder", max_epochs=60, lr=3e-3, random_state=0)
    detector.fit(crops[normal][::2])
    unseen = [crops[normal][1::2], crops[~normal]]
    medians = [np.median(detector.score_samples(each)) for each in unseen]
    assert medians[0] > 2 * medians[1]
    losses = [epoch["train_loss"] for epoch in detector.history_]
    assert np.median(losses[-10:]) < 0.95 * np.median(losses[:10])


def test_features_are_no_crops_to_be_shown():
    crops, _ = make_crops()
    detector = fit_once("ae-encoder")
    assert not hasattr(detector, "reconstruct")
    with pytest.raises(AttributeError) as error:
        detector.reconstruct(crops)
    assert "use backbone='conv'" in str(error.value.__cause__)
    with pytest.raises(ValueError, match="AutoencoderDetector has no `reconstruct`"):
        ReconstructionDisplay.from_estimator(detector, crops)
    assert hasattr(fit_once("ae"), "reconstruct")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"batch_norm": False}, "batch_norm=False does nothing"),
        ({"score_space": "pooled"}, "score_space='pooled' is what the encoder makes"),
        ({"score_space": "time_pooled"}, "use EncoderDetector"),
    ],
)
def test_a_parameter_that_does_nothing_is_an_error(params, message):
    with pytest.raises(ValueError, match=message):
        VAEDetector("encoder", **params).fit(make_crops()[0])
