"""How detectors score features, as torch modules."""

from typing import Any

import torch
from torch import Tensor, nn


class NegativeError(nn.Module):
    """Score by an error of reconstruction."""

    def forward(self, features: Tensor) -> Tensor:
        """Score points.

        Parameters
        ----------
        features : Tensor of shape (n_takes, 1)
            Errors.

        Returns
        -------
        Tensor of shape (n_takes,)
            Scores.
        """
        return -features[:, 0]


class NegativeNeighborDistance(nn.Module):
    """Score as `NeighborDistance` does.

    Parameters
    ----------
    reference : array of shape (n_reference, n_features)
        The normal points.
    n_neighbors : int
        How many are near.
    """

    reference: Tensor
    squares: Tensor

    def __init__(self, reference: Any, n_neighbors: int) -> None:
        super().__init__()
        self.n_neighbors = min(n_neighbors, len(reference))
        self.register_buffer("reference", torch.as_tensor(reference).double())
        self.register_buffer("squares", self.reference.square().sum(dim=1))

    def forward(self, features: Tensor) -> Tensor:
        """Score points.

        Parameters
        ----------
        features : Tensor of shape (n_takes, n_features)
            Points.

        Returns
        -------
        Tensor of shape (n_takes,)
            Scores.
        """
        ranked = self.squares - 2 * features @ self.reference.T
        nearest = ranked.topk(self.n_neighbors, largest=False).indices
        # Computed anew, as the square expanded loses half of the digits.
        near = self.reference[nearest] - features[:, None]
        return -near.square().sum(dim=2).sqrt().mean(dim=1)


class NegativeMahalanobisDistance(nn.Module):
    """Score as `MahalanobisDistance` does, after its scaling.

    Parameters
    ----------
    directions : array of shape (n_directions, n_features)
        Unit vectors along which scaled points differ.
    deviations : array of shape (n_directions,)
        Deviation along each.
    deviation : float
        Deviation in all other directions.
    """

    directions: Tensor
    deviations: Tensor

    def __init__(self, directions: Any, deviations: Any, deviation: float) -> None:
        super().__init__()
        self.register_buffer("directions", torch.as_tensor(directions))
        self.register_buffer("deviations", torch.as_tensor(deviations))
        self.deviation = deviation

    def forward(self, features: Tensor) -> Tensor:
        """Score points.

        Parameters
        ----------
        features : Tensor of shape (n_takes, n_features)
            Points.

        Returns
        -------
        Tensor of shape (n_takes,)
            Scores.
        """
        along = features @ self.directions.T
        rest = features - along @ self.directions
        squares = (along / self.deviations).square().sum(dim=1)
        return -(squares + (rest / self.deviation).square().sum(dim=1)).sqrt()


class Contrast(nn.Module):
    """Score points as `ContrastScore` does.

    Parameters
    ----------
    normality : Module
        Scores points by their novelty.
    novelty, known : array of shape (2,)
        Mean and deviation of the novelty, and of the discriminant.
    weights : array of shape (n_features,)
        Of the discriminant, for features as they are.
    bias : float
        Of the discriminant.
    weight : float
        How much the discriminant counts.
    """

    novelty: Tensor
    known: Tensor
    weights: Tensor

    def __init__(
        self,
        normality: nn.Module,
        *,
        novelty: Any,
        known: Any,
        weights: Any,
        bias: float,
        weight: float,
    ) -> None:
        super().__init__()
        self.normality = normality
        self.register_buffer("novelty", torch.as_tensor(novelty))
        self.register_buffer("known", torch.as_tensor(known))
        self.register_buffer("weights", torch.as_tensor(weights))
        self.bias = bias
        self.weight = weight

    def forward(self, features: Tensor) -> Tensor:
        """Score points.

        Parameters
        ----------
        features : Tensor of shape (n_takes, n_features)
            Points.

        Returns
        -------
        Tensor of shape (n_takes,)
            Scores.
        """
        return -self.measure_novelty(features) - self.measure_likeness(features)

    def measure_novelty(self, features: Tensor) -> Tensor:
        """Measure how new points are, as `ContrastScore` does.

        Parameters
        ----------
        features : Tensor of shape (n_takes, n_features)
            Points.

        Returns
        -------
        Tensor of shape (n_takes,)
            Novelty.
        """
        return (-self.normality(features) - self.novelty[0]) / self.novelty[1]

    def measure_likeness(self, features: Tensor) -> Tensor:
        """Measure how much points are like known defects, as `ContrastScore` does.

        Parameters
        ----------
        features : Tensor of shape (n_takes, n_features)
            Points.

        Returns
        -------
        Tensor of shape (n_takes,)
            Likeness.
        """
        known = features @ self.weights + self.bias - self.known[0]
        return self.weight * (known / self.known[1]).clamp(min=0)


class Joined(nn.Module):
    """Score points as `JoinedScore` does.

    Parameters
    ----------
    groups : list of (float, list of (float, Contrast, (int, int)))
        Of each group its weight, and of each part the weight of its novelty, and which
        features it has.
    """

    def __init__(self, groups: list[tuple[float, list[Any]]]) -> None:
        super().__init__()
        self.weights = [
            (weight, [(share, where) for share, _, where in parts])
            for weight, parts in groups
        ]
        self.groups = nn.ModuleList(
            nn.ModuleList(part for _, part, _ in parts) for _, parts in groups
        )

    def forward(self, features: Tensor) -> Tensor:
        """Score points.

        Parameters
        ----------
        features : Tensor of shape (n_takes, n_features)
            Points.

        Returns
        -------
        Tensor of shape (n_takes,)
            Scores.
        """
        groups: list[Any] = list(self.groups)
        scores = []
        for parts, (weight, shares) in zip(groups, self.weights, strict=True):
            novelties, likenesses = [], []
            for part, (share, (start, end)) in zip(parts, shares, strict=True):
                values = features[:, start:end]
                novelties.append(share * part.measure_novelty(values))
                likenesses.append(part.measure_likeness(values))
            novelty = torch.stack(novelties).logsumexp(dim=0)
            likeness = torch.stack(likenesses).sum(dim=0)
            scores.append(-weight * (novelty + likeness))
        return torch.stack(scores).sum(dim=0)


class Scaling(nn.Module):
    """Scale as `StandardScaler` does.

    Parameters
    ----------
    mean, scale : array of shape (n_features,)
        Of the normal points.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Any, scale: Any) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean))
        self.register_buffer("scale", torch.as_tensor(scale))

    def forward(self, features: Tensor) -> Tensor:
        """Scale points.

        Parameters
        ----------
        features : Tensor of shape (n_takes, n_features)
            Points.

        Returns
        -------
        Tensor of shape (n_takes, n_features)
            Scaled.
        """
        return (features - self.mean) / self.scale
