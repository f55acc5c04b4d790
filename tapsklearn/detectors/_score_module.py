"""A fitted detector as one torch module, from crops to scores."""

import copy
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from tapsklearn.detectors import _feature_modules as modules
from tapsklearn.detectors import _normality_modules as scores
from tapsklearn.detectors._contrast import ContrastScore
from tapsklearn.detectors._joined import JoinedDetector
from tapsklearn.detectors._joined_score import JoinedScore
from tapsklearn.detectors._mahalanobis_distance import MahalanobisDistance
from tapsklearn.detectors._neighbor_distance import NeighborDistance
from tapsklearn.detectors._references import CropDetector, SpectrumDetector
from tapsklearn.networks import fold_batch_norm


def make_score_module(detector: Any) -> nn.Module:
    """Build a torch module that scores crops as a detector does.

    Parameters
    ----------
    detector : detector
        Fitted, with a score that is a distance to normal takes or an error of
        reconstruction.

    Returns
    -------
    Module
        From crops of shape (n_takes, ...), as the detector is given them, to scores of
        shape (n_takes,), on the processor and in evaluation mode. Gradients pass it.

    Raises
    ------
    ValueError
        If the detector or its `normality` is none of tapsklearn.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from tapsklearn import CropDetector
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> detector = CropDetector().fit(crops)
    >>> scores = make_score_module(detector)(torch.from_numpy(crops))
    >>> np.allclose(scores, detector.score_samples(crops))
    True
    """
    if hasattr(detector, "net_"):
        network = copy.deepcopy(detector.net_)
        fold_batch_norm(network)
        features: Any = modules.NetworkFeatures(network, detector.score_space)
        if isinstance(detector, JoinedDetector):
            features = modules.JoinedFeatures(features, modules.SpectrumFeatures())
    elif isinstance(detector, SpectrumDetector):
        features = modules.SpectrumFeatures()
    elif isinstance(detector, CropDetector):
        features = modules.CropFeatures()
    else:
        raise ValueError(
            f"{type(detector).__name__} has no form in torch: it is no detector of "
            "tapsklearn"
        )
    image_shape = (1, *detector.input_shape_)[-2:]
    normality = _make_normality(detector.normality_)
    return modules.CropsToScores(features, normality, image_shape).cpu().eval()


def _make_normality(normality: Any) -> nn.Module:
    if isinstance(normality, ContrastScore):
        novelty = _make_normality(normality.normality_)
        if normality.discriminant_ is None:
            weights, bias = np.zeros(normality.normality_.n_features_in_), 0.0
        else:
            scaler, classifier = (step for _, step in normality.discriminant_.steps)
            weights = np.ravel(classifier.coef_) / scaler.scale_
            intercept = float(np.ravel(classifier.intercept_)[0])
            bias = intercept - float(scaler.mean_ @ weights)
        return scores.Contrast(
            novelty,
            novelty=normality.novelty_,
            known=normality.known_,
            weights=weights,
            bias=bias,
            weight=normality.weight_,
        )
    if isinstance(normality, JoinedScore):
        return scores.Joined(
            [
                (
                    weight,
                    [(share, _make_normality(part), at) for share, part, at in parts],
                )
                for weight, parts in normality.groups_
            ]
        )
    if isinstance(normality, Pipeline):
        return nn.Sequential(*(_make_normality(step) for _, step in normality.steps))
    if isinstance(normality, StandardScaler) and normality.with_mean:
        scale = 1.0 if normality.scale_ is None else normality.scale_
        return scores.Scaling(normality.mean_, scale)
    if normality is None:  # the features are errors of reconstruction
        return scores.NegativeError()
    if isinstance(normality, NeighborDistance):
        return scores.NegativeNeighborDistance(
            normality.reference_, normality.n_neighbors
        )
    if isinstance(normality, MahalanobisDistance):
        return nn.Sequential(
            _make_normality(normality.scaler_),
            scores.NegativeMahalanobisDistance(
                normality.directions_, normality.deviations_, normality.deviation_
            ),
        )
    raise ValueError(
        f"normality={type(normality).__name__} has no form in torch, only a distance "
        "to normal takes (NeighborDistance, MahalanobisDistance) or an error of "
        "reconstruction has"
    )
