"""Batches of crops, cut from one tensor at once and reproducibly shuffled."""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from tapsklearn.detectors._augmentation import Augmentation


class Batches:
    """Cut a data set into batches of nearly equal size.

    Unlike torch's loader this cuts each batch from the tensors at once, never
    leaves a last batch of one crop, and has a generator of its own.

    Parameters
    ----------
    dataset : TensorDataset
        Crops and, if these are the targets, their classes.
    batch_size : int
        Crops a batch, at most; one more, where one would be left over.
    generator : Generator
        Source of the order and of the augmentation.
    targets : {"classes", "crops"}
        What a network is to make of a crop: its class, or the crop itself, moved as
        the crop is, but not corrupted.
    takes_per_board : int, default=None
        Balance the batches: so many crops of each of as many classes as there is
        room for. If None, as the crops come.
    augmentation : Augmentation, default=None
        Changes the crops.
    shuffle : bool, default=True
        Whether the crops come in random order. If False, in that of the data set, as
        whoever compares what a network makes of them expects.
    """

    def __init__(
        self,
        dataset: TensorDataset,
        *,
        batch_size: int,
        generator: torch.Generator,
        targets: Literal["classes", "crops"],
        takes_per_board: int | None = None,
        augmentation: Augmentation | None = None,
        shuffle: bool = True,
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.generator = generator
        self.targets = targets
        self.takes_per_board = takes_per_board
        self.augmentation = augmentation
        self.shuffle = shuffle
        # Of two crops at least, where that is asked for: one alone leaves nothing for
        # batch normalization to compare it with.
        most = len(dataset) if batch_size == 1 else max(1, len(dataset) // 2)
        self.n_batches = min(-(-len(dataset) // batch_size), most)

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        images = self.dataset.tensors[0]
        for chosen in self._choose():
            moved = given = images[chosen]
            if self.augmentation is not None:
                moved = self.augmentation.move(moved, self.generator)
                given = self.augmentation.corrupt(moved, self.generator)
            if self.targets == "crops":
                yield given, moved
            else:
                yield given, self.dataset.tensors[1][chosen]

    def _choose(self) -> Iterator[Tensor]:
        """Choose the rows of each batch."""
        if self.takes_per_board is None:
            order = torch.arange(len(self.dataset))
            if self.shuffle:
                order = torch.randperm(len(self.dataset), generator=self.generator)
            yield from order.tensor_split(self.n_batches)
            return
        classes = self.dataset.tensors[1]
        rows_of = [torch.nonzero(classes == c)[:, 0] for c in classes.unique()]
        n_boards, n_takes = fill_batch(
            self.batch_size, self.takes_per_board, n_boards=len(rows_of)
        )
        boards = self._deal(torch.arange(len(rows_of)), n_boards)
        takes = [self._deal(rows, n_takes) for rows in rows_of]
        for _ in range(self.n_batches):
            yield torch.cat([next(takes[board]) for board in next(boards).tolist()])

    def _deal(self, cards: Tensor, n_dealt: int) -> Iterator[Tensor]:
        """Deal from a shuffled stack, with a new one when it is used up, for ever.

        Nothing comes twice in a hand, unless there is less than a hand.
        """
        stack = cards[:0]
        while True:
            while len(stack) < n_dealt:
                order = torch.randperm(len(cards), generator=self.generator)
                fresh = cards[order]
                held = torch.isin(fresh, stack)
                stack = torch.cat([stack, fresh[~held], fresh[held]])
            yield stack[:n_dealt]
            stack = stack[n_dealt:]


def fill_batch(
    batch_size: int, takes_per_board: int, *, n_boards: int
) -> tuple[int, int]:
    """Choose of how many boards a balanced batch has how many crops each.

    Parameters
    ----------
    batch_size : int
        Crops a batch, at most, as far as two of two boards fit.
    takes_per_board : int
        Crops of each board, or more where there are fewer boards than would fit.
    n_boards : int
        How many boards there are.

    Returns
    -------
    n_boards, n_takes : int
        Boards of a batch, and crops of each.
    """
    n_chosen = min(max(batch_size // takes_per_board, 2), n_boards)
    return n_chosen, max(batch_size // n_chosen, 2)
