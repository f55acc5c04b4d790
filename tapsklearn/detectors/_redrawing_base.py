"""What the detectors that draw normal takes again have in common."""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OutlierMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from tapsklearn.detectors._spaces import SPACES
from tapsklearn.detectors._trained_base import TrainedDetector


class RedrawingDetector(OutlierMixin, TrainedDetector):
    """Train a network on normal takes alone to draw them again.

    Its network has a `reconstruct` beside `embed` and `feature_maps`.
    """

    _learns_boards = False
    _parameter_constraints: ClassVar[dict] = {
        **TrainedDetector._parameter_constraints,
        "score_space": [StrOptions(set(SPACES))],
    }

    def reconstruct(self, X: ArrayLike) -> NDArray[np.floating]:
        """Draw takes as the network hears them.

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
        return self._compute(X, self._redraw, shape=self.input_shape_)

    def _compares_with_normal_takes(self) -> bool:
        # The error of a drawing is of the network alone.
        return self.score_space != "reconstruction"

    def _redraw(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        drawings = self._run(lambda network, images: network.reconstruct(images), takes)
        return drawings.reshape(-1, *self.input_shape_)
