"""The encoder and the spectrum in one score: the detector for who chooses none."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._encoder import EncoderDetector
from tapsklearn.detectors._joined_score import JoinedScore
from tapsklearn.detectors._mahalanobis_distance import MahalanobisDistance
from tapsklearn.detectors._neighbor_distance import NeighborDistance
from tapsklearn.detectors._references import compute_spectra


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class JoinedDetector(EncoderDetector):
    """Score taps by the encoder and by their spectra, whichever sees a defect.

    The encoder finds a crack whatever the piece, and averages over where in the crop
    something is; the spectrum keeps at which frequency, and so finds what is the same
    in all normal pieces but off its place. Nothing is trained. Both novelties are
    scaled by normal specimens that are left out, and joined by `JoinedScore`.

    Parameters
    ----------
    normality : estimator, default=None
        Estimator with `fit` and `score_samples`, fitted on the features of the normal
        takes, those of the encoder before those of the spectrum, scaled. If None, it
        is the distance to the nearest normal takes in the features of the encoder and
        the Mahalanobis distance in those of the spectrum, joined by `JoinedScore`.

    Examples
    --------
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> JoinedDetector(random_state=0).fit(crops).predict(crops + 9)[:3]
    array([-1, -1, -1])
    """

    def _extract_features(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        encoded = super()._extract_features(takes)
        return np.concatenate([encoded, compute_spectra(takes)], axis=1)

    def _fit_normality(
        self, features: NDArray[np.floating], specimens: NDArray[np.intp]
    ) -> Any:
        if self.normality is not None:
            return super()._fit_normality(features, specimens)
        return self._join(features).fit(features, specimens=specimens)

    def _fit_contrast(
        self,
        features: NDArray[np.floating],
        is_normal: NDArray[np.bool_],
        specimens: NDArray[np.intp],
    ) -> Any:
        if self.normality is not None:
            return super()._fit_contrast(features, is_normal, specimens)
        joined = self._join(features)
        return joined.fit(features, is_normal=is_normal, specimens=specimens)

    def _join(self, features: NDArray[np.floating]) -> JoinedScore:
        n_spectrum = 2 * self._image_shape[0]
        scaler = StandardScaler().set_output(transform="default")
        encoder = make_pipeline(scaler, NeighborDistance())
        return JoinedScore(
            parts=[
                (encoder, features.shape[1] - n_spectrum),
                (MahalanobisDistance(), n_spectrum),
            ]
        )
