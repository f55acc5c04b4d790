"""The encoder and the spectrum in one score: the detector for who chooses none."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, expit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from tapsklearn.detectors._contrast import contrast_left_out_scores
from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._encoder import EncoderDetector
from tapsklearn.detectors._joined_score import JoinedScore
from tapsklearn.detectors._mahalanobis_distance import MahalanobisDistance
from tapsklearn.detectors._neighbor_distance import NeighborDistance
from tapsklearn.detectors._references import compute_spectra

# How sure of normal takes the encoder is, in bits, of sounds unlike those that it was
# trained on, and of those like them.
_UNKNOWN, _KNOWN = 0.2, 0.4
# How much the novelty of the encoder's features counts, beside that of its answer or of
# the spectrum.
_FEATURES = 0.5


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class JoinedDetector(EncoderDetector):
    """Score taps by the encoder and by their spectra, as far as the encoder is sure.

    On sounds like those that the encoder was trained on it finds a crack whatever the
    piece; on others the spectrum does, which keeps at which frequency something is, and
    so finds what is the same in all normal pieces but off its place. The encoder shows
    by itself which sounds it knows: it was trained to answer whether a piece is
    defective, and of normal takes that it knows it is sure that they are not. Nothing
    is trained, and no defect is needed for it.

    How sure it is, from 0 to 1, is the weight of what it knows: how far its answer is
    from those to the normal takes, and half the distance of its features to the nearest
    of theirs. The rest of the weight has the spectrum: its Mahalanobis distance, and
    half that of the spectrum and the encoder's features together. All are scaled by
    normal specimens that are left out, and joined by `JoinedScore`.

    Parameters
    ----------
    score_space : {"answered"}, default="answered"
        What is scored of the encoder: its answer, and mean and deviation of each
        channel of the two maps before its last, which know less of cracks than the last
        and more of other sounds.
    normality : estimator, default=None
        Estimator with `fit` and `score_samples`, fitted on the features of the normal
        takes, those of the encoder before those of the spectrum, scaled. If None, it
        is `JoinedScore` as above.

    Attributes
    ----------
    trust_ : float
        How sure the encoder is of the normal takes, from 0 to 1.

    Notes
    -----
    With p the probability of a defect that the encoder gives a normal take, it is as
    sure of it as 1 + p log2(p) + (1 - p) log2(1 - p), with a minus where p is above a
    half. The mean over the takes counts from 0.2 on, and fully from 0.4 on. How sure it
    is of which recordings, and what else was tried, `benchmarks/novelty_ideas.py`
    measures.

    Examples
    --------
    >>> crops = np.random.default_rng(0).normal(size=(40, 16, 24))
    >>> JoinedDetector(random_state=0).fit(crops).predict(crops + 9)[:3]
    array([-1, -1, -1])
    """

    _parameter_constraints: ClassVar[dict] = {
        **EncoderDetector._parameter_constraints,
        "score_space": [StrOptions({"answered"})],
    }

    score_space: str = "answered"

    @property
    def trust_(self) -> float:
        """How sure the encoder is of the normal takes.

        Returns
        -------
        float
            From 0 to 1: the weight of its own novelty.
        """
        check_is_fitted(self)
        if self.normality is not None:
            raise AttributeError("with normality=None alone the encoder has a weight")
        (trust, _), _ = self.normality_.groups
        return trust

    def _extract_features(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        encoded = super()._extract_features(takes)
        return np.concatenate([encoded, compute_spectra(takes)], axis=1)

    def _fit_normality(
        self, features: NDArray[np.floating], specimens: NDArray[np.intp]
    ) -> Any:
        if self.normality is not None:
            return super()._fit_normality(features, specimens)
        is_normal = np.ones(len(features), dtype=bool)
        return self._join(features, is_normal, specimens)

    def _fit_contrast(
        self,
        features: NDArray[np.floating],
        is_normal: NDArray[np.bool_],
        specimens: NDArray[np.intp],
    ) -> Any:
        if self.normality is not None:
            return super()._fit_contrast(features, is_normal, specimens)
        return self._join(features, is_normal, specimens)

    def _score_left_out(
        self,
        features: NDArray[np.floating],
        is_normal: NDArray[np.bool_],
        specimens: NDArray[np.intp],
    ) -> NDArray[np.floating]:
        if self.normality is not None:
            return super()._score_left_out(features, is_normal, specimens)
        # In parts, not each specimen by itself: it leaves out many more to scale.
        return contrast_left_out_scores(
            features, is_normal, specimens, self._fit_contrast
        )

    def _join(
        self,
        features: NDArray[np.floating],
        is_normal: NDArray[np.bool_],
        specimens: NDArray[np.intp],
    ) -> JoinedScore:
        joined = join_by_trust(
            measure_trust(features[is_normal, 0]),
            n_features=features.shape[1],
            n_spectrum=2 * self._image_shape[0],
        )
        return joined.fit(features, is_normal=is_normal, specimens=specimens)


def join_by_trust(trust: float, *, n_features: int, n_spectrum: int) -> JoinedScore:
    """Join what the encoder knows and the spectrum, as far as each is to be trusted.

    Parameters
    ----------
    trust : float
        What `measure_trust` returns, from 0 to 1.
    n_features : int
        Number of features: the answer of the encoder, those of its maps, and those of
        the spectrum, in this order.
    n_spectrum : int
        How many of them are of the spectrum.

    Returns
    -------
    JoinedScore
        Unfitted.

    Examples
    --------
    >>> joined = join_by_trust(0.75, n_features=100, n_spectrum=40)
    >>> [weight for weight, parts in joined.groups]
    [0.75, 0.25]
    """
    spectrum = n_features - n_spectrum
    nearest = make_pipeline(
        StandardScaler().set_output(transform="default"), NeighborDistance()
    )
    cloud = MahalanobisDistance()
    known = [(1.0, cloud, (0, 1)), (_FEATURES, nearest, (1, spectrum))]
    other = [
        (1.0, cloud, (spectrum, n_features)),
        (_FEATURES, cloud, (1, n_features)),
    ]
    return JoinedScore(groups=[(trust, known), (1 - trust, other)])


def measure_trust(answers: NDArray[np.floating]) -> float:
    """Measure how far the encoder can be trusted, by how sure it is of normal takes.

    Parameters
    ----------
    answers : ndarray of shape (n_takes,)
        Its answers, logarithms of the odds that normal takes are of defective pieces.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> measure_trust(np.full(5, -4.0)), measure_trust(np.full(5, 4.0))
    (1.0, 0.0)
    """
    probability = expit(answers.astype(np.float64))
    bits = (entr(probability) + entr(1 - probability)) / np.log(2)
    sure = float(np.mean(np.sign(0.5 - probability) * (1 - bits)))
    return float(np.clip((sure - _UNKNOWN) / (_KNOWN - _UNKNOWN), 0, 1))
