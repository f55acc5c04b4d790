"""One training, scored in every score space."""

import numpy as np
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tapsklearn.detectors import NeighborDistance
from tapsklearn.networks import extract_features

# With what a network needs to have for each.
SPACES = {
    "reconstruction": "reconstruct",
    "embedding": "embed",
    "pooled": "feature_maps",
    "time_pooled": "feature_maps",
}


def find_spaces(detector):
    """Return the spaces that the network of a fitted detector can be scored in."""
    return [space for space, needs in SPACES.items() if hasattr(detector.net_, needs)]


def extract(detector, crops, space):
    """Return the features of crops in a space of a fitted detector's network."""
    with torch.inference_mode():
        parts = [
            extract_features(detector.net_, images, space).numpy()
            for images in torch.from_numpy(crops[:, None]).split(64)
        ]
    return np.concatenate(parts)


def score(features, space, reference, normality=None):
    """Return the anomaly scores of features.

    Parameters
    ----------
    features : ndarray
        Of `extract`.
    space : str
        Their space.
    reference : ndarray of bool
        The normal takes that the others are compared with.
    normality : estimator, default=None
        What scores the features. If None, `NeighborDistance()`.
    """
    if space == "reconstruction":
        return features[:, 0].astype(np.float64)
    scorer = NeighborDistance() if normality is None else clone(normality)
    if space in {"pooled", "time_pooled"}:
        # Means and deviations of channels differ in scale by orders.
        scorer = make_pipeline(StandardScaler(), scorer)
    return -scorer.fit(features[reference]).score_samples(features)
