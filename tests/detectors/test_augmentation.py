"""Augmentation changes crops as much as asked, reproducibly, and only in training."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from methods import make_crops

from tapsklearn.detectors import Augmentation, AutoencoderDetector, CNNDetector

NONE = {"time_roll": 0.0, "freq_mask": 0.0, "time_mask": 0.0, "noise": 0.0}

shapes = st.tuples(
    st.integers(1, 5), st.just(1), st.integers(1, 30), st.integers(1, 30)
)
shares = st.floats(0, 1, exclude_max=True)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def sample(shape, seed=0):
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


@given(shapes, shares, shares, shares, st.floats(0, 3))
def test_crops_keep_their_shape_and_type_and_stay_finite(shape, roll, rows, cols, sd):
    augmentation = Augmentation(
        time_roll=roll, freq_mask=rows, time_mask=cols, noise=sd
    )
    for images in (sample(shape), sample(shape).float()):
        before = images.clone()
        moved = augmentation.move(images, generator())
        corrupted = augmentation.corrupt(moved, generator())
        for changed in (moved, corrupted):
            assert changed.shape == images.shape
            assert changed.dtype == images.dtype
            assert changed.isfinite().all()
        assert torch.equal(images, before)
        # Moving loses nothing and mixes no rows.
        assert torch.equal(moved.sort(dim=3).values, images.sort(dim=3).values)


@given(shapes, st.integers(0, 99))
def test_nothing_changes_where_all_is_zero(shape, seed):
    images = sample(shape, seed)
    nothing = Augmentation(**NONE)
    assert torch.equal(nothing.move(images, generator()), images)
    assert torch.equal(nothing.corrupt(images, generator()), images)


def test_all_frames_of_a_crop_move_together_and_no_further_than_asked():
    images = torch.zeros(2000, 1, 3, 40)
    images[..., 20] = 1
    moved = Augmentation(time_roll=0.1).move(images, generator())
    places = moved.argmax(dim=3)[:, 0]
    assert (places == places[:, :1]).all()
    counts = torch.bincount(places[:, 0] - 16, minlength=9)
    assert len(counts) == 9  # from 4 earlier to 4 later
    assert counts.min() > 150  # each about as often: 222 expected


def test_what_is_hidden_is_one_band_and_one_stretch_of_up_to_the_share():
    images = sample((3000, 1, 20, 30)) + 5
    masking = Augmentation(**{**NONE, "freq_mask": 0.2, "time_mask": 0.1})
    masked = masking.corrupt(images, generator())
    hidden = masked != images
    assert torch.allclose(
        masked[hidden], images.mean((1, 2, 3), keepdim=True).expand_as(images)[hidden]
    )
    rows, columns = hidden[:, 0].all(dim=2), hidden[:, 0].all(dim=1)
    assert (hidden[:, 0] == rows[:, :, None] | columns[:, None, :]).all()
    for marks, most in ((rows, 4), (columns, 3)):
        sizes = marks.sum(dim=1)
        assert torch.bincount(sizes).min() > 0.8 * 3000 / (most + 1)
        assert len(torch.bincount(sizes)) == most + 1
        # One stretch each: it begins once at most.
        begins = marks.int().diff(dim=1, prepend=torch.zeros(3000, 1, dtype=int)) == 1
        assert (begins.sum(dim=1) == (sizes > 0)).all()
        # Everything is hidden at times, the ends too.
        assert marks.any(dim=0).all()


def test_noise_is_as_loud_as_asked_relative_to_the_crop():
    images = sample((50, 1, 30, 40)) * torch.logspace(-2, 2, 50)[:, None, None, None]
    noisy = Augmentation(**{**NONE, "noise": 0.3}).corrupt(images, generator())
    ratio = (noisy - images).std(dim=(1, 2, 3)) / images.std(dim=(1, 2, 3))
    np.testing.assert_allclose(ratio.numpy(), 0.3, rtol=0.1)


def test_each_crop_is_changed_in_its_own_way_and_the_seed_repeats_it():
    images = sample((1, 1, 12, 40)).expand(8, -1, -1, -1)
    augmentation = Augmentation()
    first = augmentation.corrupt(augmentation.move(images, generator(1)), generator(2))
    again = augmentation.corrupt(augmentation.move(images, generator(1)), generator(2))
    assert torch.equal(first, again)
    assert len({each.numpy().tobytes() for each in first}) == 8


@pytest.mark.parametrize("detector_class", [CNNDetector, AutoencoderDetector])
def test_it_changes_the_training_and_not_the_scoring(detector_class):
    crops, boards = make_crops()
    options = {"max_epochs": 2, "random_state": 0}
    default = detector_class(**options).fit(crops, boards)
    named = detector_class(augmentation=Augmentation(), **options).fit(crops, boards)
    off = detector_class(augmentation=None, **options).fit(crops, boards)
    nothing = detector_class(augmentation=Augmentation(**NONE), **options)
    nothing.fit(crops, boards)
    scores = default.score_samples(crops)
    np.testing.assert_array_equal(scores, named.score_samples(crops))
    np.testing.assert_array_equal(scores, default.score_samples(crops))
    assert (scores != off.score_samples(crops)).any()
    assert nothing.offset_ != default.offset_


def test_autoencoders_reconstruct_what_was_moved_and_not_the_noise():
    crops, boards = make_crops(1, 40)
    loud = Augmentation(**{**NONE, "noise": 30.0})
    detector = AutoencoderDetector(augmentation=loud, max_epochs=3, random_state=0).fit(
        crops, boards
    )
    # The noise alone would make the error about 30 ** 2 times the variance.
    assert detector.history_[-1]["train_loss"] < 3 * crops.var()


@pytest.mark.parametrize(
    "wrong", [{"time_roll": 1.0}, {"noise": -0.1}, {"freq_mask": "wide"}]
)
def test_wrong_amounts_are_named(wrong):
    crops, boards = make_crops()
    with pytest.raises(ValueError, match=f"'{next(iter(wrong))}' parameter"):
        CNNDetector(augmentation=Augmentation(**wrong)).fit(crops, boards)


def test_a_grid_reaches_its_parameters():
    detector = CNNDetector(augmentation=Augmentation())
    detector.set_params(augmentation__noise=0.7)
    assert detector.augmentation.noise == 0.7
