"""Detectors of PyOD on the same crops, for ``detection.py``: an optional dependency."""

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler

from tapsklearn.detectors import EncoderDetector

ASKED = 0.05
FEATURES = ("spectrum", "crop", "encoder")


class PyodDetector(BaseEstimator):
    """A detector of PyOD on crops, their spectra, or what the encoder makes of them.

    Parameters
    ----------
    name : str
        One of `PEERS`.
    features : {"spectrum", "crop", "encoder"}
        Mean and deviation over time of each row, as `SpectrumDetector` has them, all
        pixels, or the embedding of `EncoderDetector`; standardized.
    random_state : int
        Seed.
    """

    def __init__(self, name, *, features="crop", random_state=0):
        self.name = name
        self.features = features
        self.random_state = random_state

    def fit(self, X, y=None):
        """Fit on crops of normal takes; the threshold is PyOD's own."""
        if self.features == "encoder":
            self.encoder_ = EncoderDetector().fit(X)
        self.scaler_ = StandardScaler()
        points = self.scaler_.fit_transform(self._extract(X))
        self.detector_ = PEERS[self.name](self.random_state)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.detector_.fit(points)
        # As ours: a take is called abnormal below it.
        self.offset_ = -float(self.detector_.threshold_)
        return self

    def score_samples(self, X):
        """Score takes: the higher, the more normal."""
        points = self.scaler_.transform(self._extract(X))
        return -np.asarray(self.detector_.decision_function(points), dtype=np.float64)

    def _extract(self, X):
        if self.features == "encoder":
            return self.encoder_.transform(X)
        if self.features == "spectrum":
            return np.concatenate([X.mean(axis=-1), X.std(axis=-1)], axis=1)
        return X.reshape(len(X), -1)


def has_pyod() -> bool:
    """Return whether PyOD is installed."""
    return find_spec("pyod") is not None


def _knn(seed: int) -> Any:
    from pyod.models.knn import KNN

    return KNN(contamination=ASKED)


def _lof(seed: int) -> Any:
    from pyod.models.lof import LOF

    return LOF(contamination=ASKED)


def _ocsvm(seed: int) -> Any:
    from pyod.models.ocsvm import OCSVM

    return OCSVM(contamination=ASKED)


def _iforest(seed: int) -> Any:
    from pyod.models.iforest import IForest

    return IForest(contamination=ASKED, random_state=seed)


def _ecod(seed: int) -> Any:
    from pyod.models.ecod import ECOD

    return ECOD(contamination=ASKED)


def _autoencoder(seed: int) -> Any:
    from pyod.models.auto_encoder import AutoEncoder

    # Points are standardized already, and no batch may be a single take.
    return AutoEncoder(
        contamination=ASKED, preprocessing=False, random_state=seed, verbose=0
    )


def _vae(seed: int) -> Any:
    from pyod.models.vae import VAE

    return VAE(contamination=ASKED, preprocessing=False, random_state=seed, verbose=0)


# All with PyOD's own settings.
PEERS: dict[str, Callable[[int], Any]] = {
    "KNN": _knn,
    "LOF": _lof,
    "OCSVM": _ocsvm,
    "IForest": _iforest,
    "ECOD": _ecod,
    "AutoEncoder": _autoencoder,
    "VAE": _vae,
}
TRAINED_PEERS = ("AutoEncoder", "VAE")
SEEDED_PEERS = ("IForest", *TRAINED_PEERS)


def list_peers() -> dict[str, PyodDetector]:
    """Return the peers by name, on all features."""
    return {
        f"PyOD {name} ({features})": PyodDetector(name, features=features)
        for name in PEERS
        for features in FEATURES
    }
