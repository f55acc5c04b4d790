"""What the encoder is trained to do with crops of synthesized taps.

Three tasks: whether the specimen is defective; what plate, stick and room are; and, as
detectors will use it, to place intact specimens of a product close to each other and
defective ones far from them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from tapsklearn.networks import TapEncoder, pool_maps

# Margin of distances, in deviations of features; nearest intact takes that count.
MARGIN, NEAREST = 0.1, 3


@dataclass(frozen=True)
class Weights:
    """How much each task counts.

    Attributes
    ----------
    condition, physics, distance : float
        Binary cross entropy; mean squared error of standardized logarithms; soft rank
        loss of distances.
    """

    condition: float = 1.0
    physics: float = 0.5
    distance: float = 1.0


class PretrainingNetwork(nn.Module):
    """The encoder with what it is trained by, which does not ship.

    Parameters
    ----------
    channels : tuple of int
        Of the encoder's blocks.
    n_numbers : int
        Numbers that describe the physics.
    """

    def __init__(self, channels: tuple[int, ...], n_numbers: int) -> None:
        super().__init__()
        # Its weights fit crops of any shape.
        self.encoder = TapEncoder((100, 120), channels=channels)
        self.head = nn.Sequential(
            nn.Linear(2 * channels[-1], 128),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(128, 1 + n_numbers),
        )
        # Without weights: features are standardized by normal takes when they score.
        self.scale = nn.BatchNorm1d(2 * sum(channels[-2:]), affine=False)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Return the answers of the head, and the features that are scored."""
        maps = self.encoder.feature_maps(crops)
        pooled = [pool_maps(each.float()) for each in maps]
        return self.head(pooled[-1]), self.scale(torch.cat(pooled, dim=1))

    def shipped_weights(self) -> dict[str, np.ndarray]:
        """Return the weights that ship: the encoder's, and those of its answer.

        The answer whether a specimen is defective is the first of the head's.

        Returns
        -------
        dict of str to ndarray
            Floating-point weights, by their names in `TapEncoder`.
        """
        hidden, _, _, last = self.head
        answer = {
            "answer_layers.0.weight": hidden.weight,
            "answer_layers.0.bias": hidden.bias,
            "answer_layers.2.weight": last.weight[:1],
            "answer_layers.2.bias": last.bias[:1],
        }
        return {
            name: weight.detach().cpu().numpy()
            for name, weight in (self.encoder.state_dict() | answer).items()
            if weight.is_floating_point()
        }


def list_physics(frame: pd.DataFrame) -> np.ndarray:
    """Return the numbers that describe each take, standardized: (n_takes, n_numbers).

    Parameters
    ----------
    frame : DataFrame
        Labels and physical truth. What is known of all takes and does not describe the
        defect counts, its logarithm where that exists.
    """
    columns = []
    for name in frame.columns:
        if name in ("take", "product") or name.startswith(("defect", "crack")):
            continue
        values = frame[name]
        if values.dtype.kind != "f" or values.isna().any() or values.std() == 0:
            continue
        numbers = values.to_numpy(dtype=float)
        if (numbers > 0).all():
            numbers = np.log(numbers)
        columns.append((numbers - numbers.mean()) / numbers.std())
    return np.stack(columns, axis=1).astype(np.float32)


def distance_loss(
    features: Tensor, *, products: Tensor, specimens: Tensor, is_intact: Tensor
) -> Tensor:
    """Compute how often a defective take is nearer to intact ones than an intact one.

    Each intact specimen of a product is left out in turn; the distance of a take is
    that to the nearest takes of the other intact specimens.

    Parameters
    ----------
    features : Tensor of shape (n_takes, n_features)
        Standardized features.
    products, specimens : Tensor of int, of shape (n_takes,)
        Of each take.
    is_intact : Tensor of bool, of shape (n_takes,)
        Whether its specimen is.

    Returns
    -------
    Tensor of shape ()
        Mean of softplus((intact distance - defective distance) / `MARGIN`).
    """
    losses = []
    for product in products.unique():
        own = products == product
        intact, of = is_intact[own], specimens[own]
        points = features[own]
        # Not torch.cdist, whose slope at 0 is not a number.
        squares = (points[:, None] - points).square().mean(-1)
        distances = (squares + 1e-6).sqrt()
        for specimen in of[intact].unique():
            left_out = of == specimen
            others = intact & ~left_out
            n_nearest = min(NEAREST, int(others.sum()))
            if not n_nearest or intact.all():
                continue
            nearest = distances[:, others].topk(n_nearest, largest=False)
            of_take = nearest.values.mean(1)
            gaps = of_take[~intact][:, None] - of_take[left_out]
            losses.append(nn.functional.softplus(-gaps / MARGIN).mean())
    return torch.stack(losses).mean()
