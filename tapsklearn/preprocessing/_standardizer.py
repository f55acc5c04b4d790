"""Crops to zero mean and unit variance."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.preprocessing import StandardScaler
from sklearn.utils import gen_batches
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from tapsklearn.preprocessing._image_output import ImageOutput

# What is computed of them in float64 fits into some megabytes.
_TAKES_AT_ONCE = 64


def standardize(crop: NDArray[np.floating]) -> NDArray[np.floating]:
    """Shift and scale one crop to zero mean and unit variance.

    Parameters
    ----------
    crop : ndarray
        The crop, of any shape.

    Returns
    -------
    ndarray
        Of the same shape; a constant crop becomes zeros.

    Examples
    --------
    >>> standardize(np.array([[1.0, 3.0]]))
    array([[-1.,  1.]])
    """
    mean = crop.mean(dtype=np.float64)
    centred = crop - mean
    scale = _usable(np.sqrt(np.mean(np.square(centred))), mean)
    return (centred / scale).astype(crop.dtype, copy=False)


class Standardizer(  # type: ignore[call-arg]
    ImageOutput, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Bring crops to zero mean and unit variance.

    Loudness changes from tap to tap; standardizing takes it away, which the
    article found better than scaling to the range 0 to 1.

    Parameters
    ----------
    per : {"take", "frequency"}, default="take"
        "take" treats each view of each take alone and fits nothing;
        "frequency" fits the mean and the standard deviation of each row over
        all takes, views and frames of the training set.

    Attributes
    ----------
    mean_, scale_ : ndarray of shape (n_freqs,)
        What was fitted; only with `per="frequency"`. For 2-D input, one number a
        feature.
    n_features_in_ : int
        Size of the second axis of the crops.

    See Also
    --------
    tapsklearn.preprocessing.standardize : The same for one crop.

    Examples
    --------
    >>> crops = np.random.default_rng(0).normal(-30, 8, (4, 100, 120))
    >>> standardized = Standardizer().fit_transform(crops)
    >>> standardized.mean(axis=(1, 2)).round(6) + 0.0
    array([0., 0., 0., 0.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "per": [StrOptions({"take", "frequency"})]
    }

    def __init__(self, *, per: str = "take") -> None:
        self.per = per

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> "Standardizer":
        """Fit the mean and the scale of each frequency, if asked to.

        Parameters
        ----------
        X : array-like of shape (n_takes, n_freqs, n_frames), \
(n_takes, n_views, n_freqs, n_frames) or (n_takes, n_features)
            Crops; those that hold NaN do not count.
        y : None
            Ignored.

        Returns
        -------
        Standardizer
            Itself.
        """
        X = self._validate(X, reset=True)
        if self.per == "frequency":
            moments = StandardScaler()
            for some in gen_batches(len(X), _TAKES_AT_ONCE):
                whole = X[some][~_missing(X[some])].astype(np.float64)
                rows = np.moveaxis(whole, _row_axis(X), -1)
                if len(rows):
                    moments.partial_fit(rows.reshape(-1, rows.shape[-1]))
            if not hasattr(moments, "mean_"):
                raise ValueError("every take holds NaN: there is nothing to fit on")
            self.mean_ = moments.mean_
            self.scale_ = _usable(np.sqrt(moments.var_), self.mean_)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Standardize the crops.

        Parameters
        ----------
        X : array-like of shape (n_takes, n_freqs, n_frames), \
(n_takes, n_views, n_freqs, n_frames) or (n_takes, n_features)
            Crops; NaN stays NaN.

        Returns
        -------
        ndarray of the shape and dtype of X
            Standardized crops.
        """
        if self.per == "frequency":
            check_is_fitted(self)
        X = self._validate(X, reset=False)
        if self.per == "frequency":
            n_rows = X.shape[_row_axis(X)]
            if n_rows != len(self.mean_):
                raise ValueError(
                    f"got crops of {n_rows} frequencies, but was fitted on crops of "
                    f"{len(self.mean_)}"
                )
            shape = [1] * X.ndim
            shape[_row_axis(X)] = -1
            mean, scale = self.mean_.reshape(shape), self.scale_.reshape(shape)
        standardized = np.empty_like(X)
        for some in gen_batches(len(X), _TAKES_AT_ONCE):
            if self.per == "take":
                axes = (-2, -1) if X.ndim > 2 else (-1,)
                mean = X[some].mean(axis=axes, dtype=np.float64, keepdims=True)
                scale = X[some].std(axis=axes, dtype=np.float64, keepdims=True)
                scale = _usable(scale, mean)
            standardized[some] = (X[some] - mean) / scale
        return standardized

    def _validate(self, X: ArrayLike, *, reset: bool) -> NDArray[np.floating]:
        crops: NDArray[np.floating] = validate_data(
            self,
            X,
            reset=reset,
            allow_nd=True,
            # What is neither becomes the first.
            dtype=[np.float32, np.float64],
            ensure_all_finite="allow-nan",
        )
        if crops.ndim > 4:
            raise ValueError(f"expected at most 4 dimensions, got shape {crops.shape}")
        return crops

    def __sklearn_is_fitted__(self) -> bool:
        return self.per == "take" or hasattr(self, "mean_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = self.per == "frequency"
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _row_axis(X: NDArray[np.floating]) -> int:
    """Find the axis that counts frequencies (or the features of 2-D input)."""
    return X.ndim - 2 if X.ndim > 2 else 1


def _missing(X: NDArray[np.floating]) -> NDArray[np.bool_]:
    return np.isnan(X).any(axis=tuple(range(1, X.ndim)))


def _usable(scale: Any, mean: Any) -> Any:
    """Replace the scale of what is constant but for rounding by one."""
    constant = scale <= 10 * np.finfo(np.float32).eps * np.abs(mean)
    return np.where(constant, 1.0, scale)
