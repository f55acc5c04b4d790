"""The losses are those of the papers, computed anew in float64 and loop by loop."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from methods import make_crops
from pytorch_metric_learning.losses import ArcFaceLoss
from torch.distributions import Normal, kl_divergence

from tapsklearn.detectors import (
    ArcFaceDetector,
    CNNDetector,
    TripletDetector,
    VAEDetector,
)

seeds = st.integers(0, 10_000)


def loss_of(detector, embeddings, labels, n_classes=7):
    """Compute the detector's loss, and return it with the weights of its criterion."""
    torch.manual_seed(0)
    criterion = detector._make_criterion(n_classes).double()
    found = criterion(torch.tensor(embeddings), torch.tensor(labels)).item()
    return found, {k: w.detach().numpy() for k, w in criterion.state_dict().items()}


def cross_entropies(logits, labels, gamma=0.0):
    """Compute equation 4 of arXiv 1708.02002; cross-entropy if gamma is 0."""
    losses = []
    for row, label in zip(logits, labels, strict=True):
        own = np.exp(row[label] - np.log(np.exp(row).sum()))
        losses.append(-((1 - own) ** gamma) * np.log(own))
    return losses


def arcface_logits(embeddings, labels, centres, margin, scale):
    """Compute the logits of equation 3 of arXiv 1801.07698, take by take."""
    centres = centres / np.linalg.norm(centres, axis=0)
    rows = []
    for embedding, label in zip(embeddings, labels, strict=True):
        cosines = embedding / np.linalg.norm(embedding) @ centres
        angle = np.arccos(cosines[label])
        row = scale * cosines
        row[label] = scale * (
            np.cos(angle + margin)
            if angle <= np.pi - margin
            else cosines[label] - margin * np.sin(np.pi - margin)
        )
        rows.append(row)
    return np.array(rows)


@given(seeds, st.floats(0, 1.5), st.floats(0.5, 64))
@pytest.mark.parametrize(("loss", "gamma"), [("cross_entropy", 0), ("focal", 2)])
def test_arcface(loss, gamma, seed, margin, scale):
    rng = np.random.default_rng(seed)
    embeddings, labels = rng.normal(size=(20, 5)), rng.integers(0, 7, 20)
    detector = ArcFaceDetector(margin=margin, scale=scale, embedding_dim=5, loss=loss)
    found, weights = loss_of(detector, embeddings, labels)
    logits = arcface_logits(embeddings, labels, weights["W"], margin, scale)
    expected = np.mean(cross_entropies(logits, labels, gamma))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_the_library_still_counts_the_margin_in_degrees():
    assert np.isclose(ArcFaceLoss(3, 2, margin=np.degrees(0.5)).margin, 0.5)


@given(seeds)
@pytest.mark.parametrize("backbone", ["shallow", "shallow-bn", "resnet18"])
@pytest.mark.parametrize(("loss", "gamma"), [("cross_entropy", 0), ("focal", 2)])
def test_classifier(loss, gamma, backbone, seed):
    rng = np.random.default_rng(seed)
    embeddings, labels = 3 * rng.normal(size=(20, 5)), rng.integers(0, 7, 20)
    detector = CNNDetector(backbone, loss=loss, embedding_dim=5)
    found, weights = loss_of(detector, embeddings, labels)
    inputs = embeddings
    if backbone != "resnet18":
        slope, matrix, bias = weights.values()
        inputs = np.where(inputs > 0, inputs, slope * inputs)
    else:
        matrix, bias = weights.values()
    logits = inputs @ matrix.T + bias
    expected = np.mean(cross_entropies(logits, labels, gamma))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


@given(seeds, st.floats(0.1, 5), st.floats(0.1, 3))
@pytest.mark.parametrize("mining", ["all", "semihard", "hard"])
def test_triplets(mining, seed, margin, spread):
    """Check equation 1 of arXiv 1503.03832, and the choice of its section 3.2."""
    rng = np.random.default_rng(seed)
    embeddings, labels = spread * rng.normal(size=(12, 3)), rng.integers(0, 4, 12)
    losses = []
    for anchor, positive, negative in itertools.permutations(range(12), 3):
        if labels[anchor] != labels[positive] or labels[anchor] == labels[negative]:
            continue
        near = ((embeddings[anchor] - embeddings[positive]) ** 2).sum()
        far = ((embeddings[anchor] - embeddings[negative]) ** 2).sum()
        chosen = {
            "all": near + margin >= far,
            "semihard": near < far <= near + margin,
            "hard": far <= near,
        }
        if chosen[mining]:
            losses.append(near - far + margin)
    detector = TripletDetector(margin=margin, mining=mining, embedding_dim=3)
    found, weights = loss_of(detector, embeddings, labels)
    np.testing.assert_allclose(found, np.mean(losses) if losses else 0, rtol=1e-6)
    assert not weights


@given(seeds, st.floats(0, 5))
def test_evidence_lower_bound(seed, kl_weight):
    generator = torch.Generator().manual_seed(seed)

    def sample(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    crops, images = sample(6, 1, 5, 8), sample(6, 1, 5, 8)
    mean, log_variance = sample(6, 3), sample(6, 3)
    likelihood = Normal(images, 1.0).log_prob(crops).sum(dim=(1, 2, 3))
    likelihood -= Normal(crops, 1.0).log_prob(crops).sum(dim=(1, 2, 3))
    divergence = kl_divergence(
        Normal(mean, (log_variance / 2).exp()),
        Normal(torch.zeros_like(mean), torch.ones_like(mean)),
    ).sum(dim=1)
    # Times 2 / number of pixels, without the constant of the likelihood.
    expected = 2 / 40 * (kl_weight * divergence - likelihood).mean()
    criterion = VAEDetector(kl_weight=kl_weight)._make_criterion(0)
    found = criterion((images, mean, log_variance), crops)
    np.testing.assert_allclose(found.item(), expected.item(), rtol=1e-9)


@pytest.mark.parametrize(
    ("detector_class", "name"),
    [(ArcFaceDetector, "W"), (CNNDetector, "head.1.weight")],
)
def test_the_weights_of_the_loss_are_trained_and_kept(detector_class, name):
    crops, boards = make_crops()
    options = {"embedding_dim": 5, "random_state": 0}
    first = detector_class(max_epochs=1, lr=1e-9, **options).fit(crops, boards)
    later = detector_class(max_epochs=5, lr=1e-2, **options).fit(crops, boards)
    before, after = (each.criterion_weights_[name] for each in (first, later))
    assert sorted(before.shape) == [4, 5]
    assert np.abs(after - before).max() > 1e-3
