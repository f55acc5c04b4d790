"""What the detectors that reconstruct takes have in common."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from tapsklearn.detectors._docstrings import complete_docstring
from tapsklearn.detectors._training import TrainedDetector


def _reconstructs_crops(detector: Any) -> bool:
    if detector.backbone == "encoder":
        raise AttributeError(
            "backbone='encoder' reconstructs what the encoder makes of crops, and no "
            "crops: use backbone='conv'"
        )
    return True


@complete_docstring
@dataclass(kw_only=True, eq=False, repr=False)
class ReconstructionDetector(TrainedDetector):
    """Train a network on normal takes alone to reconstruct them.

    Its network has a `reconstruction_error` beside `embed`, and one that reconstructs
    crops `reconstruct` and `feature_maps`.

    Parameters
    ----------
    backbone : {"conv", "encoder"}, default="conv"
        What is reconstructed: the crop, by convolutions that are trained; or what the
        encoder that comes with the package (see `EncoderDetector`) makes of it, by
        linear layers.
    normality : estimator, default=None
        With `fit` and `score_samples`, fitted on the normal takes. If None, it is
        `NeighborDistance()`. In the reconstruction space there is none.
    score_space : {"reconstruction", "embedding", "pooled", "time_pooled"}, \
default="reconstruction"
        What is scored: the mean squared error of the reconstruction; or with
        `normality` the embedding, the mean and deviation of each channel of the middle
        maps, or those of each of their rows over time. The maps of
        ``backbone="encoder"`` are not trained: for these there is `EncoderDetector`.
    batch_norm : bool, default=True
        Whether the convolutions that are trained are batch-normalized.

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
        "backbone": [StrOptions({"conv", "encoder"})],
        "batch_norm": ["boolean"],
    }

    backbone: str = field(default="conv", kw_only=False)
    score_space: str = "reconstruction"
    batch_norm: bool = True

    _targets = "crops"

    @available_if(_reconstructs_crops)
    def reconstruct(self, X: ArrayLike) -> NDArray[np.floating]:
        """Reconstruct takes from what the network keeps of them.

        Not with ``backbone="encoder"``, which reconstructs features.

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

    def _fit_normality(
        self, features: NDArray[np.floating], specimens: NDArray[np.intp]
    ) -> Any:
        if self._has_reference():
            return super()._fit_normality(features, specimens)
        return None

    def _score(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        if self._has_reference():
            return super()._score(takes)
        return -self._extract_features(takes)[:, 0]

    def _validate_params(self) -> None:
        super()._validate_params()
        if self.backbone == "encoder":
            if not self.batch_norm:
                raise ValueError(
                    "batch_norm=False does nothing with backbone='encoder', whose "
                    "linear layers have none: leave batch_norm out"
                )
            if self.score_space in {"pooled", "time_pooled"}:
                raise ValueError(
                    f"score_space={self.score_space!r} is what the encoder makes of "
                    "crops, which no training changes: use EncoderDetector, or "
                    "score_space='reconstruction' or 'embedding'"
                )
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
