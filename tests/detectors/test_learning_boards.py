"""What the methods that learn boards apart make of them."""

import numpy as np
import pytest
import torch
from methods import make_crops

from tapsklearn.detectors import ArcFaceDetector, CNNDetector, TripletDetector

every_class = pytest.mark.parametrize(
    "detector_class", [CNNDetector, TripletDetector, ArcFaceDetector]
)


@every_class
def test_boards_are_separated_in_the_embedding(detector_class):
    crops, boards = make_crops(4, 20)
    detector = detector_class(max_epochs=30, embedding_dim=8, random_state=0)
    embeddings = detector.fit(crops, boards).transform(make_crops(4, 20, seed=1)[0])
    centres = np.stack(
        [embeddings[boards == board].mean(axis=0) for board in np.unique(boards)]
    )
    distances = np.linalg.norm(embeddings[:, None] - centres, axis=2)
    assert (distances.argmin(axis=1) == np.repeat(np.arange(4), 20)).mean() > 0.9


@every_class
def test_merging_makes_the_normal_boards_one_class(detector_class):
    crops, boards = make_crops()
    normal = ["board 1", "board 2"]
    detector = detector_class(max_epochs=1, normal_boards=normal, random_state=0)
    is_normal = np.isin(boards, normal)
    numbers = detector._number_classes(boards, is_normal)
    assert numbers[::10].tolist() == [0, 1, 2, 3]
    detector.set_params(merge_normal=True)
    merged = detector._number_classes(boards, is_normal)
    assert merged[::10].tolist() == [1, 0, 0, 2]
    # Where only normal boards are left, there is nothing to tell apart.
    with pytest.raises(ValueError, match="only 1 class"):
        detector.fit(crops[is_normal], boards[is_normal])


def test_arcface_embeds_on_the_sphere():
    crops, boards = make_crops()
    for backbone in ("shallow", "resnet18"):
        detector = ArcFaceDetector(backbone, max_epochs=1, random_state=0)
        lengths = np.linalg.norm(detector.fit(crops, boards).transform(crops), axis=1)
        np.testing.assert_allclose(lengths, 1, rtol=1e-5)


@every_class
def test_batch_normalization_is_a_choice_for_the_shallow_network(detector_class):
    crops, boards = make_crops()
    options = {"max_epochs": 1, "random_state": 0}
    with_it = detector_class(**options).fit(crops, boards)
    without = detector_class(batch_norm=False, **options).fit(crops, boards)
    counts = [
        sum("running_mean" in name for name in detector.weights_)
        for detector in (with_it, without)
    ]
    assert counts == [5, 0]


def test_batch_normalization_ends_with_the_statistics_of_the_crops():
    crops, boards = make_crops(4, 16)
    detector = CNNDetector(
        max_epochs=2, calibration_boards=["board 3"], random_state=0
    ).fit(crops, boards)
    first_convolution, normalization = detector.net_.blocks[0][:2]
    learnt = crops[boards != "board 3"][:, None]
    maps = first_convolution(torch.from_numpy(learnt))
    np.testing.assert_allclose(
        normalization.running_mean, maps.mean(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5
    )
