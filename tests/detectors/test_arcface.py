"""ArcFace's loss is that of the paper, and its own weights are trained."""

import numpy as np
import torch
from methods import make_crops
from pytorch_metric_learning.losses import ArcFaceLoss

from tapsklearn.detectors import ArcFaceDetector


def arcface_by_hand(embeddings, labels, centres, margin, scale):
    """Compute equation 3 of arXiv 1801.07698 in float64, take by take."""
    losses = []
    centres = centres / np.linalg.norm(centres, axis=0)
    for embedding, label in zip(embeddings, labels, strict=True):
        cosines = embedding / np.linalg.norm(embedding) @ centres
        logits = scale * cosines
        angle = np.arccos(cosines[label])
        logits[label] = scale * (
            np.cos(angle + margin)
            if angle <= np.pi - margin
            else cosines[label] - margin * np.sin(np.pi - margin)
        )
        losses.append(np.log(np.exp(logits - logits[label]).sum()))
    return np.mean(losses)


def test_the_loss_is_that_of_the_paper():
    rng = np.random.default_rng(0)
    detector = ArcFaceDetector(margin=0.4, scale=12.0, embedding_dim=5)
    criterion = detector._make_criterion(7).double()
    embeddings, labels = rng.normal(size=(50, 5)), rng.integers(0, 7, 50)
    expected = arcface_by_hand(
        embeddings, labels, criterion.W.detach().numpy(), margin=0.4, scale=12.0
    )
    found = criterion(torch.tensor(embeddings), torch.tensor(labels))
    np.testing.assert_allclose(found.item(), expected, rtol=1e-6)


def test_the_library_still_counts_the_margin_in_degrees():
    assert np.isclose(ArcFaceLoss(3, 2, margin=np.degrees(0.5)).margin, 0.5)


def test_the_centres_are_trained():
    crops, boards = make_crops()
    first = ArcFaceDetector(max_epochs=1, lr=1e-9, random_state=0).fit(crops, boards)
    later = ArcFaceDetector(max_epochs=5, lr=1e-2, random_state=0).fit(crops, boards)
    assert first.criterion_weights_["W"].shape == (64, 4)
    moved = np.abs(later.criterion_weights_["W"] - first.criterion_weights_["W"])
    assert moved.max() > 1e-3


def test_embeddings_lie_on_the_sphere():
    crops, boards = make_crops()
    detector = ArcFaceDetector(max_epochs=1, random_state=0).fit(crops, boards)
    lengths = np.linalg.norm(detector.transform(crops), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-5)


def test_merging_makes_the_normal_boards_one_class():
    crops, boards = make_crops()
    normal = ["board 0", "board 1"]
    options = {"max_epochs": 1, "normal_boards": normal, "random_state": 0}
    apart = ArcFaceDetector(**options).fit(crops, boards)
    merged = ArcFaceDetector(merge_normal=True, **options).fit(crops, boards)
    assert apart.criterion_weights_["W"].shape[1] == 4
    assert merged.criterion_weights_["W"].shape[1] == 3
    assert apart._number_classes(boards, np.isin(boards, normal))[::10].tolist() == [
        0, 1, 2, 3,
    ]  # fmt: skip


def test_boards_it_learnt_are_separated_in_the_embedding():
    crops, boards = make_crops(4, 20)
    detector = ArcFaceDetector(max_epochs=30, embedding_dim=8, random_state=0)
    embeddings = detector.fit(crops, boards).transform(make_crops(4, 20, seed=1)[0])
    centres = np.stack(
        [embeddings[boards == b].mean(axis=0) for b in np.unique(boards)]
    )
    nearest = np.argmax(embeddings @ centres.T, axis=1)
    assert (nearest == np.repeat(np.arange(4), 20)).mean() > 0.9
