"""Batch normalization folded into the convolutions before it."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norm(network: nn.Module) -> None:
    """Fold each batch normalization that follows a convolution into its weights.

    The network computes the same, with one pass over the maps less. It can no longer
    be trained, and its state has other names.

    Parameters
    ----------
    network : Module
        The network, in evaluation mode; changed in place.

    Examples
    --------
    >>> from tapsklearn.networks import ShallowCNN
    >>> network = ShallowCNN((100, 120), batch_norm=True).eval()
    >>> fold_batch_norm(network)
    >>> any(isinstance(each, nn.BatchNorm2d) for each in network.modules())
    False
    """
    for row in list(network.modules()):
        if not isinstance(row, nn.Sequential):
            continue
        for place in range(len(row) - 1):
            layer, norm = row[place], row[place + 1]
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                row[place] = fuse_conv_bn_eval(layer, norm)
                row[place + 1] = nn.Identity()
