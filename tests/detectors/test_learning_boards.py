"""What the methods that are trained to separate boards make of them."""

import numpy as np
import pytest
import torch
from methods import (
    NarrowArcFaceDetector,
    NarrowCNNDetector,
    NarrowTripletDetector,
    make_crops,
)

from tapsklearn.detectors import (
    ArcFaceDetector,
    Calibration,
    CNNDetector,
    TripletDetector,
)

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
    chosen, numbers = detector._choose_classes(boards, is_normal)
    assert chosen.all()
    assert numbers[::10].tolist() == [0, 1, 2, 3]
    detector.set_params(merge_normal=True)
    _, merged = detector._choose_classes(boards, is_normal)
    assert merged[::10].tolist() == [1, 0, 0, 2]
    # Where only normal boards are left, there is nothing to separate.
    with pytest.raises(ValueError, match="only 1 class"):
        detector.fit(crops[is_normal], boards[is_normal])


def test_arcface_embeds_on_the_sphere():
    crops, boards = make_crops()
    for detector in (
        ArcFaceDetector("shallow", max_epochs=1, random_state=0),
        ArcFaceDetector(max_epochs=1, random_state=0),
        NarrowArcFaceDetector("resnet18", max_epochs=1, random_state=0),
    ):
        lengths = np.linalg.norm(detector.fit(crops, boards).transform(crops), axis=1)
        np.testing.assert_allclose(lengths, 1, rtol=1e-5)


@pytest.mark.parametrize(
    "detector_class", [NarrowArcFaceDetector, NarrowCNNDetector, NarrowTripletDetector]
)
def test_every_loss_trains_the_resnet18(detector_class):
    crops, boards = make_crops()
    detector = detector_class("resnet18", max_epochs=8, random_state=0)
    losses = [epoch["train_loss"] for epoch in detector.fit(crops, boards).history_]
    assert losses[-1] < losses[0]
    # What it is compared with but for its width.
    whole = detector_class.__mro__[2]("resnet18")._make_network((12, 16))
    narrow = detector._make_network((12, 16))
    assert str(whole.head[-1]).endswith("out_features=64, bias=True)")
    assert list(narrow.state_dict()) == list(whole.state_dict())
    assert narrow.unit_sphere == whole.unit_sphere
    assert len(whole.stem[0].weight) == 64


def test_one_epoch_of_the_whole_resnet18():
    crops, boards = make_crops()
    detector = CNNDetector("resnet18", max_epochs=1, random_state=0).fit(crops, boards)
    assert len(detector.weights_["stem.0.weight"]) == 64
    assert np.isfinite(detector.score_samples(crops)).all()


@every_class
def test_batch_normalization_is_a_choice_for_the_shallow_network(detector_class):
    crops, boards = make_crops()
    options = {"max_epochs": 1, "random_state": 0}
    with_it = detector_class(**options).fit(crops, boards)
    without = detector_class("shallow", **options).fit(crops, boards)
    counts = [
        sum("running_mean" in name for name in detector.weights_)
        for detector in (with_it, without)
    ]
    assert counts == [5, 0]


def test_batch_normalization_ends_with_the_statistics_of_the_crops():
    crops, boards = make_crops(4, 16)
    detector = CNNDetector(
        max_epochs=2, calibration=Calibration(boards=["board 3"]), random_state=0
    ).fit(crops, boards)
    first_convolution, normalization = detector.net_.blocks[0][:2]
    trained_on = crops[boards != "board 3"][:, None]
    maps = first_convolution(torch.from_numpy(trained_on))
    np.testing.assert_allclose(
        normalization.running_mean, maps.mean(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5
    )
