"""What the detectors that reconstruct takes have in common."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._training import TrainedDetector


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class ReconstructionDetector(TrainedDetector):
    """Train a network on normal takes alone to reconstruct them.

    Its network has a `reconstruct` beside `embed` and `feature_maps`.

    Parameters
    ----------
    normality : estimator, default=None
        With `fit` and `score_samples`, fitted on the normal takes. If None, it is
        `NeighborDistance()`. In the reconstruction space there is none.
    score_space : {"reconstruction", "embedding", "pooled", "time_pooled"}, \
default="reconstruction"
        What is scored: the mean squared error of the reconstruction; or with
        `normality` the embedding, the mean and deviation of each channel of the middle
        maps, or those of each of their rows over time.
    batch_norm : bool, default=True
        Whether the encoder is batch-normalized.

    Attributes
    ----------
    normality_ : estimator or None
        Fitted on the normal takes; None in the reconstruction space.
    """

    _parameter_constraints: ClassVar[dict] = {
        **TrainedDetector._parameter_constraints,
        "score_space": [
            StrOptions({"reconstruction", "embedding", "pooled", "time_pooled"})
        ],
        "batch_norm": ["boolean"],
    }

    score_space: str = "reconstruction"
    batch_norm: bool = True

    _targets = "crops"

    def reconstruct(self, X: ArrayLike) -> NDArray[np.floating]:
        """Reconstruct takes from what the network keeps of them.

        Parameters
        ----------
        X : array-like
            Crops, of the shape given to `fit`.

        Returns
        -------
        ndarray of the shape of X
            Reconstructions; NaN for takes with NaN.
        """
        check_is_fitted(self)
        return self._compute(X, self._reconstruct, shape=self.input_shape_)

    def _reconstruct(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        images = self._run(lambda network, images: network.reconstruct(images), takes)
        return images.reshape(-1, *self.input_shape_)

    def _choose_classes(
        self, boards: NDArray[Any], is_normal: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        return is_normal, np.zeros(is_normal.sum(), dtype=np.int64)

    def _has_reference(self) -> bool:
        # The error of a reconstruction is of the network alone.
        return self.score_space != "reconstruction"

    def _fit_normality(self, features: NDArray[np.floating]) -> Any:
        return super()._fit_normality(features) if self._has_reference() else None

    def _score(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        if self._has_reference():
            return super()._score(takes)
        return -self._extract_features(takes)[:, 0]

    def _validate_params(self) -> None:
        super()._validate_params()
        if self.contrast and not self._has_reference():
            raise ValueError(
                "contrast=True needs features of takes to compare, and "
                "score_space='reconstruction' scores by one error: use another "
                "score_space, such as 'pooled'"
            )
        if self.normality is not None and not self._has_reference():
            raise ValueError(
                f"normality={self.normality} does nothing with "
                "score_space='reconstruction', whose errors are the score: use another "
                "score_space, or leave normality out"
            )
