"""The convolutional blocks of the shallow networks."""

import torch
from torch import Tensor, nn


def make_conv_blocks(
    input_shape: tuple[int, int], channels: tuple[int, ...], *, batch_norm: bool
) -> tuple[nn.ModuleList, tuple[int, int]]:
    """Line up blocks of 3 x 3 convolution, PReLU and 2 x 2 max-pooling.

    Convolutions are not padded; where a side is too small for a step, the
    convolution is padded (below 3 pixels) and the pooling left out (below 2).

    Parameters
    ----------
    input_shape : tuple of (int, int)
        Height and width of the images.
    channels : tuple of int
        Channels of each block.
    batch_norm : bool
        Whether the maps of each convolution are normalized.

    Returns
    -------
    blocks : ModuleList
        The blocks.
    output_shape : tuple of (int, int)
        Height and width of the last maps.
    """
    blocks = nn.ModuleList()
    (height, width), n_in = input_shape, 1
    for n_out in channels:
        padding = (int(height < 3), int(width < 3))
        height, width = height + 2 * padding[0] - 2, width + 2 * padding[1] - 2
        pool = (min(height, 2), min(width, 2))
        height, width = height // pool[0], width // pool[1]
        blocks.append(
            nn.Sequential(
                nn.Conv2d(n_in, n_out, 3, padding=padding, bias=not batch_norm),
                *((nn.BatchNorm2d(n_out),) if batch_norm else ()),
                _PooledPReLU(pool),
            )
        )
        n_in = n_out
    return blocks, (height, width)


class _PooledPReLU(nn.PReLU):
    """PReLU and then max-pooling, computed in the reverse order.

    PReLU takes most of the time of a block, and after pooling there is a quarter
    to do. With a slope of at least 0 it is monotone, so the largest output comes
    from the largest input; with a negative one it falls and rises, so that the
    largest output comes from the largest or from the smallest input.
    """

    def __init__(self, kernel_size: tuple[int, int]) -> None:
        super().__init__()
        self.kernel_size = kernel_size

    def forward(self, maps: Tensor) -> Tensor:
        largest = super().forward(nn.functional.max_pool2d(maps, self.kernel_size))
        # An exported graph cannot branch, and the longer way is always right.
        if not torch.compiler.is_compiling() and self.weight.item() >= 0:
            return largest
        smallest = -nn.functional.max_pool2d(-maps, self.kernel_size)
        return torch.maximum(largest, super().forward(smallest))
