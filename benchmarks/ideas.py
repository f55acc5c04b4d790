"""Ways to score frozen features, for ``novelty_ideas.py``: those kept, and the others.

A way is a function of a `Case` to the novelty of all its takes, the higher the newer.
Of a `Case` only the normal takes trained on are known to it, or with `is_known` the
abnormal ones too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import logsumexp
from sklearn.covariance import LedoitWolf
from sklearn.metrics import pairwise_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tapsklearn.detectors import (
    ContrastScore,
    JoinedScore,
    MahalanobisDistance,
    NeighborDistance,
    join_by_trust,
    measure_trust,
)

N_NEIGHBORS = 5
# Of so many parts specimens are left out in turn.
N_PARTS = 10
ENCODER, ANSWER, MIDDLE = "encoder", "answer", "middle"
SPECTRUM, CROP = "spectrum", "crop"


@dataclass
class Case:
    """A split of a data set, with the features of all takes.

    Attributes
    ----------
    features : dict of str to ndarray of shape (n_takes, n_features)
        The encoder's, of its last maps; its answer; those of the maps before the last;
        those of the spectrum; and the crops.
    pseudo : ndarray of shape (n_takes, n_features)
        The encoder's features of the takes with a pseudo-defect.
    train : ndarray of int
        Takes that are trained on.
    is_normal : ndarray of shape (n_takes,), bool
        Which takes are normal.
    board, specimen : ndarray of shape (n_takes,), int
        Of each take.
    kept : dict
        What several ways need.
    """

    features: dict[str, np.ndarray]
    pseudo: np.ndarray
    train: np.ndarray
    is_normal: np.ndarray
    board: np.ndarray
    specimen: np.ndarray
    kept: dict[Any, Any] = field(default_factory=dict)

    @property
    def normal(self) -> np.ndarray:
        """Normal takes among those trained on."""
        return self.train[self.is_normal[self.train]]


Way = Callable[[Case], np.ndarray]


def neighbors(n_neighbors: int = N_NEIGHBORS) -> Any:
    """Return the distance to the nearest normal takes, of scaled features."""
    scaler = StandardScaler().set_output(transform="default")
    return make_pipeline(scaler, NeighborDistance(n_neighbors=n_neighbors))


def fitted(part: str, estimator: Callable[[], Any]) -> Way:
    """Score by an estimator that is fitted on the normal takes."""

    def score(case: Case) -> np.ndarray:
        features = case.features[part]
        return -estimator().fit(features[case.normal]).score_samples(features)

    return score


def scale(case: Case, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return scaled features of the normal takes, and of all."""
    features = case.features[part].astype(np.float64)
    scaler = StandardScaler().fit(features[case.normal])
    return scaler.transform(features[case.normal]), scaler.transform(features)


def nearest(points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the mean distance to the nearest points of a reference."""
    return np.sort(pairwise_distances(points, reference), axis=1)[:, :N_NEIGHBORS].mean(
        1
    )


def whitened(part: str, *, within_boards: bool) -> Way:
    """Find neighbors after whitening, by all takes or by what differs in a board."""

    def score(case: Case) -> np.ndarray:
        normal, points = scale(case, part)
        rest = normal.copy()
        boards = case.board[case.normal]
        names = np.unique(boards)
        if within_boards and 1 < len(names) < len(boards):
            for board in names:
                rest[boards == board] -= normal[boards == board].mean(axis=0)
        cloud = LedoitWolf(store_precision=False, assume_centered=True).fit(rest)
        variances, directions = np.linalg.eigh(cloud.covariance_)
        white = directions / np.sqrt(np.maximum(variances, 1e-12))
        return nearest(points @ white, normal @ white)

    return score


def local_density(part: str) -> Way:
    """Compare distances with those that the neighbors have to theirs."""

    def score(case: Case) -> np.ndarray:
        normal, points = scale(case, part)
        own = pairwise_distances(normal)
        np.fill_diagonal(own, np.inf)
        n_neighbors = min(N_NEIGHBORS, len(normal) - 1)
        usual = np.sort(own, axis=1)[:, :n_neighbors].mean(axis=1)
        distances = pairwise_distances(points, normal)
        near = np.argsort(distances, axis=1)[:, :N_NEIGHBORS]
        found = np.take_along_axis(distances, near, axis=1).mean(axis=1)
        return found / usual[near].mean(axis=1)

    return score


def board_means(part: str) -> Way:
    """Find the nearest mean of a board."""

    def score(case: Case) -> np.ndarray:
        normal, points = scale(case, part)
        boards = case.board[case.normal]
        means = [normal[boards == board].mean(axis=0) for board in np.unique(boards)]
        return pairwise_distances(points, np.array(means)).min(axis=1)

    return score


def one_a_board(part: str) -> Way:
    """Find the nearest takes, at most one of each board."""

    def score(case: Case) -> np.ndarray:
        normal, points = scale(case, part)
        boards = case.board[case.normal]
        distances = pairwise_distances(points, normal)
        closest = [
            distances[:, boards == board].min(axis=1) for board in np.unique(boards)
        ]
        return np.sort(np.array(closest), axis=0)[:N_NEIGHBORS].mean(axis=0)

    return score


NOVELTIES = {
    ENCODER: neighbors,
    SPECTRUM: MahalanobisDistance,
    CROP: NeighborDistance,
}


def standardize(case: Case, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a novelty in deviations of left-out normal takes: of all, and of these."""
    if part not in case.kept:
        features, normal = case.features[part], case.normal
        _, specimen = np.unique(case.specimen[normal], return_inverse=True)
        groups = specimen % N_PARTS
        left_out = np.empty(len(normal))
        for group in np.unique(groups):
            out = groups == group
            others = NOVELTIES[part]().fit(features[normal[~out]])
            left_out[out] = -others.score_samples(features[normal[out]])
        novelty = fitted(part, NOVELTIES[part])(case)
        mean, deviation = left_out.mean(), left_out.std()
        case.kept[part] = (novelty - mean) / deviation, (left_out - mean) / deviation
    return case.kept[part]


def fisher(novelties: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """Add the logarithms of the p-values among left-out takes; ties by the mean."""
    joined = 1e-3 * novelties.mean(axis=0)
    for novelty, normal in zip(novelties, left_out, strict=True):
        above = len(normal) - np.searchsorted(np.sort(normal), novelty)
        joined -= np.log((1 + above) / (1 + len(normal)))
    return joined


JOINS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "mean": lambda novelties, _: novelties.mean(axis=0),
    "largest": lambda novelties, _: novelties.max(axis=0),
    "Fisher's p-values": fisher,
    "soft maximum": lambda novelties, _: logsumexp(novelties, axis=0),
}


def joined(how: str, *parts: str) -> Way:
    """Join novelties that are standardized by left-out specimens."""

    def score(case: Case) -> np.ndarray:
        pairs = [standardize(case, part) for part in parts]
        novelties, left_out = (np.array(each) for each in zip(*pairs, strict=True))
        return JOINS[how](novelties, left_out)

    return score


def as_one(case: Case) -> np.ndarray:
    """Find neighbors in features of both, each part weighing as much."""
    parts = [scale(case, part) for part in (ENCODER, SPECTRUM)]
    sizes = [np.sqrt(normal.shape[1]) for normal, _ in parts]
    normal, points = (
        np.hstack([pair[side] / size for pair, size in zip(parts, sizes, strict=True)])
        for side in (0, 1)
    )
    return nearest(points, normal)


def exposed(case: Case) -> np.ndarray:
    """Take normal takes with a pseudo-defect for known defects, beside the novelty."""
    normal, n_normal = case.normal, len(case.normal)
    points = np.concatenate([case.features[ENCODER][normal], case.pseudo[normal]])
    is_normal = np.repeat([True, False], n_normal)
    specimen = np.tile(case.specimen[normal], 2)
    contrast = ContrastScore().fit(
        points, is_normal, specimen, lambda X, _: neighbors().fit(X)
    )
    novelty, _ = standardize(case, ENCODER)
    return novelty + contrast.measure_likeness(case.features[ENCODER])


def contrasted(part: str) -> Way:
    """Let known defects count, with one novelty."""

    def score(case: Case) -> np.ndarray:
        features, train = case.features[part], case.train
        contrast = ContrastScore().fit(
            features[train],
            case.is_normal[train],
            case.specimen[train],
            lambda X, _: NOVELTIES[part]().fit(X),
        )
        return -contrast.score_samples(features)

    return score


def both(case: Case) -> tuple[np.ndarray, list[Any]]:
    """Return the features of both, and the only group of `JoinedScore`."""
    encoder, spectrum = (case.features[part] for part in (ENCODER, SPECTRUM))
    n_encoder, n_features = encoder.shape[1], encoder.shape[1] + spectrum.shape[1]
    parts = [
        (1.0, NOVELTIES[ENCODER](), (0, n_encoder)),
        (1.0, NOVELTIES[SPECTRUM](), (n_encoder, n_features)),
    ]
    return np.hstack([encoder, spectrum]), [(1.0, parts)]


def one_discriminant(case: Case) -> np.ndarray:
    """Let known defects count by one discriminant, beside the joined novelty."""
    features, groups = both(case)
    train = case.train
    contrast = ContrastScore().fit(
        features[train],
        case.is_normal[train],
        case.specimen[train],
        lambda X, specimens: JoinedScore(groups=groups).fit(X, specimens=specimens),
    )
    return -contrast.score_samples(features)


def fit_joined(case: Case, features: np.ndarray, joined: JoinedScore) -> np.ndarray:
    """Return the novelty by a joined score."""
    score = joined.fit(
        features[case.train],
        is_normal=case.is_normal[case.train],
        specimens=case.specimen[case.train],
    )
    return -score.score_samples(features)


def a_discriminant_each(case: Case) -> np.ndarray:
    """Let known defects count by a discriminant in each part."""
    features, groups = both(case)
    return fit_joined(case, features, JoinedScore(groups=groups))


def stack(case: Case, *parts: str) -> np.ndarray:
    """Stack several features."""
    return np.hstack([case.features[part] for part in parts])


def trusted(case: Case) -> np.ndarray:
    """Weigh the encoder by how sure it is of normal takes: `JoinedDetector`."""
    features = stack(case, ANSWER, MIDDLE, SPECTRUM)
    joined = join_by_trust(
        measure_trust(case.features[ANSWER][case.normal]),
        n_features=features.shape[1],
        n_spectrum=case.features[SPECTRUM].shape[1],
    )
    return fit_joined(case, features, joined)


def in_one_cloud(*parts: str) -> Way:
    """Measure one Mahalanobis distance in several features."""

    def score(case: Case) -> np.ndarray:
        features = stack(case, *parts)
        cloud = MahalanobisDistance().fit(features[case.normal])
        return -cloud.score_samples(features)

    return score


# Kept: what a detector of the package does.
ONE_CLASS_WAYS: dict[str, Way] = {
    "encoder, 5 nearest (`encoder-knn`)": fitted(ENCODER, neighbors),
    "spectrum, Mahalanobis (`spectrum-mahalanobis`)": fitted(
        SPECTRUM, MahalanobisDistance
    ),
    "spectrum, 5 nearest, scaled": fitted(SPECTRUM, neighbors),
    "crop, 5 nearest (`crop-knn`)": fitted(CROP, NeighborDistance),
    "encoder, 1 nearest": fitted(ENCODER, lambda: neighbors(1)),
    "encoder, 10 nearest": fitted(ENCODER, lambda: neighbors(10)),
    "encoder, nearest, one a board": one_a_board(ENCODER),
    "encoder, nearest mean of a board": board_means(ENCODER),
    "encoder, Mahalanobis": fitted(ENCODER, MahalanobisDistance),
    "encoder, 5 nearest, whitened": whitened(ENCODER, within_boards=False),
    "encoder, 5 nearest, whitened within boards": whitened(ENCODER, within_boards=True),
    "spectrum, 5 nearest, whitened within boards": whitened(
        SPECTRUM, within_boards=True
    ),
    "encoder, local density": local_density(ENCODER),
    "spectrum, local density": local_density(SPECTRUM),
    "encoder, pseudo-defects as outliers": exposed,
    "encoder and spectrum as one": as_one,
    **{
        f"encoder + spectrum, {how}": joined(how, ENCODER, SPECTRUM)
        for how in JOINS
        if how != "soft maximum"
    },
    "encoder + spectrum + crop, soft maximum": joined(
        "soft maximum", ENCODER, SPECTRUM, CROP
    ),
    "encoder + spectrum, soft maximum": a_discriminant_each,
    "answer alone, Mahalanobis": fitted(ANSWER, MahalanobisDistance),
    "maps before the last, 5 nearest": fitted(MIDDLE, neighbors),
    "encoder + spectrum, Mahalanobis": in_one_cloud(ENCODER, SPECTRUM),
    "maps before the last + spectrum, Mahalanobis": in_one_cloud(MIDDLE, SPECTRUM),
    "by what the encoder knows (`joined`)": trusted,
}
KNOWN_WAYS: dict[str, Way] = {
    "encoder (`encoder-knn`)": contrasted(ENCODER),
    "spectrum (`spectrum-mahalanobis`)": contrasted(SPECTRUM),
    "crop (`crop-knn`)": contrasted(CROP),
    "encoder + spectrum, one discriminant": one_discriminant,
    "encoder + spectrum, one each": a_discriminant_each,
    "by what the encoder knows (`joined`)": trusted,
}
