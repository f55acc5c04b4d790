"""The networks that embed takes for the detectors that learn boards apart."""

from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn

from tapsklearn.networks import ResNet18, ShallowCNN

# What the parameters that all these detectors share may be.
BACKBONE_CONSTRAINTS = {
    "backbone": [StrOptions({"shallow", "resnet18"})],
    "embedding_dim": [Interval(Integral, 1, None, closed="left")],
    "merge_normal": ["boolean"],
    "score_space": [StrOptions({"pooled", "time_pooled", "embedding"})],
}


def make_backbone(
    backbone: str,
    input_shape: tuple[int, int],
    *,
    embedding_dim: int,
    batch_norm: bool,
    hidden_dim: int | None = None,
    unit_sphere: bool = False,
) -> nn.Module:
    """Build a network that embeds crops.

    Parameters
    ----------
    backbone : {"shallow", "resnet18"}
        Which one.
    input_shape : tuple of (int, int)
        Frequencies and frames of a crop.
    embedding_dim : int
        Size of the embedding.
    batch_norm : bool
        Whether the shallow network is batch-normalized; ResNet-18 always is.
    hidden_dim : int, default=None
        Size of the linear layer that ResNet-18 has before the embedding, if any;
        the shallow network has its own two.
    unit_sphere : bool, default=False
        Whether to scale each embedding to length 1.

    Returns
    -------
    Module
        The network.
    """
    if backbone == "resnet18":
        return ResNet18(
            input_shape,
            embedding_dim=embedding_dim,
            hidden_dim=hidden_dim,
            unit_sphere=unit_sphere,
        )
    return ShallowCNN(
        input_shape,
        embedding_dim=embedding_dim,
        batch_norm=batch_norm,
        unit_sphere=unit_sphere,
    )
