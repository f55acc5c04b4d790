"""Batches: each crop in its turn, balanced where asked, never none at all."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import TensorDataset

from tapsklearn.detectors._batches import Batches

labels = st.lists(st.integers(0, 6), min_size=1, max_size=60)
sizes = st.integers(1, 40)


def batches_of(classes, batch_size, seed=0, targets="classes", **options):
    """Cut batches of crops that hold their own number."""
    classes = torch.tensor(classes)
    crops = torch.arange(len(classes)).reshape(-1, 1, 1, 1)
    return Batches(
        TensorDataset(crops, classes),
        batch_size=batch_size,
        generator=torch.Generator().manual_seed(seed),
        targets=targets,
        **options,
    )


@given(labels, sizes, st.integers(0, 9))
def test_an_epoch_holds_every_crop_once_with_its_class(classes, batch_size, seed):
    batches = batches_of(classes, batch_size, seed)
    given_, targets = zip(*batches, strict=True)
    rows = torch.cat(given_).flatten().tolist()
    assert sorted(rows) == list(range(len(classes)))
    assert torch.cat(targets).tolist() == [classes[row] for row in rows]
    assert len(given_) == len(batches)
    lengths = [len(batch) for batch in given_]
    assert max(lengths) - min(lengths) <= 1
    # One crop that would be left over joins the batch before.
    is_joined = batch_size == 2 and len(classes) % 2 == 1
    assert max(lengths) <= batch_size + is_joined
    assert min(lengths) > 1 or 1 in {batch_size, len(classes)}


@given(labels, sizes, st.integers(0, 9))
def test_without_shuffling_crops_come_in_their_order(classes, batch_size, seed):
    batches = batches_of(classes, batch_size, seed, shuffle=False)
    rows = torch.cat([crops for crops, _ in batches]).flatten().tolist()
    assert rows == list(range(len(classes)))


@given(labels, sizes, st.integers(2, 6), st.integers(0, 9))
def test_balanced_batches_hold_as_many_takes_of_each_board(
    classes, batch_size, takes_per_board, seed
):
    batches = batches_of(classes, batch_size, seed, takes_per_board=takes_per_board)
    found = list(batches)
    assert len(found) == len(batches) >= 1
    n_boards = min(max(batch_size // takes_per_board, 2), len(set(classes)))
    for crops, targets in found:
        assert targets.tolist() == [classes[row] for row in crops.flatten()]
        counts = torch.bincount(targets)
        counts = counts[counts > 0]
        assert len(counts) == n_boards
        assert counts.min() == counts.max() == max(batch_size // n_boards, 2)


def test_balanced_batches_take_turns():
    classes = [0] * 20 + [1] * 20 + [2] * 20 + [3] * 20
    batches = batches_of(classes, 20, takes_per_board=10)
    rows = torch.cat([crops.flatten() for crops, _ in batches])
    # 4 batches of two boards with ten takes each: every take once.
    assert sorted(rows.tolist()) == list(range(80))


def test_a_batch_holds_no_take_twice_while_its_board_has_others():
    classes = [0] * 7 + [1] * 5
    batches = batches_of(classes, 8, takes_per_board=4)
    for _ in range(20):
        for crops, _ in batches:
            assert len(crops.unique()) == 8


def test_a_board_with_one_take_comes_as_often_as_it_must():
    for crops, targets in batches_of([0, 1, 1, 1, 1], 8, takes_per_board=4):
        assert targets.bincount().tolist() == [4, 4]
        assert (crops.flatten()[targets == 0] == 0).all()


def test_the_seed_sets_the_order_and_every_epoch_has_its_own():
    def order(seed, options):
        batches = batches_of([0, 1] * 20, 8, seed, **options)
        return [
            torch.cat([crops.flatten() for crops, _ in batches]).tolist()
            for _ in range(2)
        ]

    for options in ({}, {"takes_per_board": 2}):
        first, second = order(0, options)
        assert first != second
        assert order(0, options) == [first, second]
        assert order(1, options)[0] != first


@pytest.mark.parametrize("classes", [(), (torch.arange(10),)])
def test_crops_are_their_own_target_where_asked(classes):
    crops = torch.randn(10, 1, 3, 4)
    batches = Batches(
        TensorDataset(crops, *classes),
        batch_size=4,
        generator=torch.Generator().manual_seed(0),
        targets="crops",
    )
    for given_, target in batches:
        assert torch.equal(given_, target)
