"""One training, scored in every score space."""

import numpy as np
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError

from tapsklearn.detectors import NeighborDistance
from tapsklearn.networks import extract_features

SPACES = ("reconstruction", "embedding", "pooled", "time_pooled")


def views_by_space(detector):
    """Give copies of a fitted detector that look at its network in another space.

    The network stays as it is; only what is scored differs.
    """
    views = {}
    for space in SPACES:
        view = clone(detector).set_params(score_space=space, normality=None)
        try:
            view._validate_params()
        except InvalidParameterError:
            continue  # not a space of this method
        vars(view).update(
            input_shape_=detector.input_shape_, weights_=detector.weights_
        )
        views[space] = view
    return views


def score(view, crops, reference, normality=None):
    """Give the anomaly scores of crops in the space of a view.

    Parameters
    ----------
    view : detector
        Of `views_by_space`.
    crops : ndarray
        Crops.
    reference : ndarray of bool
        The normal crops that the others are compared with.
    normality : estimator, default=None
        What scores the features. If None, `NeighborDistance()`.
    """
    with torch.inference_mode():
        features = np.concatenate(
            [
                extract_features(view.net_, images, view.score_space).numpy()
                for images in torch.from_numpy(crops[:, None]).split(64)
            ]
        )
    if view.score_space == "reconstruction":
        return features[:, 0].astype(np.float64)
    scorer = NeighborDistance() if normality is None else clone(normality)
    if view.score_space in {"pooled", "time_pooled"}:
        scorer = make_pipeline(StandardScaler(), scorer)
    return -scorer.fit(features[reference]).score_samples(features)
