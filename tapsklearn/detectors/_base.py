"""What every detector does, training or not: validate, judge, calibrate."""

import warnings
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
    clone,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from tapsklearn._boards import number_specimens
from tapsklearn.detectors._calibration import (
    conformal_p_values,
    default_held_out,
    find_threshold,
    hold_out_specimens,
    hold_out_takes,
    left_out_scores,
)
from tapsklearn.detectors._neighbor_distance import NeighborDistance
from tapsklearn.detectors._training_set import describe_training_set

# With fewer normal specimens, scoring each against the others says little of how
# much one board differs from the next.
_ENOUGH_SPECIMENS = 5


class TapDetector(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Score taps by how normal they are; a method says what is judged.

    The order of work is fixed: validate, set takes apart, learn, describe the
    normal takes, fit the normality estimator on them, calibrate. A method
    implements `_describe` and, if it learns, `_learn`.
    """

    _parameter_constraints: ClassVar[dict] = {
        "normal_boards": ["array-like", None],
        "specimens": [Mapping, None],
        "normality": [HasMethods(["fit", "score_samples"]), None],
        "calibration_by": [StrOptions({"auto", "take", "board"})],
        "calibration_boards": ["array-like", None],
        "calibration_size": [Interval(Real, 0, 1, closed="neither"), None],
        "false_alarm_rate": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }

    normal_boards: ArrayLike | None
    specimens: Mapping[Any, Any] | None
    normality: Any
    calibration_by: str
    calibration_boards: ArrayLike | None
    calibration_size: float | None
    false_alarm_rate: float
    random_state: Any

    def _learn(
        self,
        takes: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        rng: np.random.RandomState,
    ) -> None:
        """Train on takes of shape (n_takes, n_views, n_freqs, n_frames)."""

    def _describe(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        """Give the numbers of each take that are judged, (n_takes, n_numbers)."""
        raise NotImplementedError

    def _embed(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        """Give what `transform` returns, (n_takes, embedding_dim)."""
        return self._describe(takes)

    def _compares_with_normal_takes(self) -> bool:
        """Tell whether a specimen can be left out of what it is scored against."""
        return True

    def _make_normality(self) -> Any:
        """Build the unfitted estimator that judges descriptions."""
        return NeighborDistance() if self.normality is None else clone(self.normality)

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn what normal takes sound like.

        Parameters
        ----------
        X : array-like of shape (n_takes, n_freqs, n_frames), \
(n_takes, n_views, n_freqs, n_frames) or (n_takes, n_features)
            Crops; takes that hold NaN are left out, with a warning.
        y : array-like of shape (n_takes,), default=None
            Board of each take.

        Returns
        -------
        TapDetector
            Itself.
        """
        takes, boards = self._validate_training_set(X, y)
        is_normal = self._find_normal(boards)
        rng = check_random_state(self.random_state)
        set_apart = self._set_apart(boards, is_normal, rng)

        learnt = ~set_apart
        self._learn(takes[learnt], boards[learnt], is_normal[learnt], rng)
        self._n_features_out = self._embed(takes[:1]).shape[1]

        reference = is_normal & learnt
        features = self._describe(takes[reference])
        self.normality_ = self._make_normality().fit(features)
        if set_apart.any():
            scores = self._score(takes[set_apart & is_normal])
        else:
            scores = left_out_scores(
                features,
                number_specimens(boards[reference], self.specimens),
                self._make_normality,
            )
        self.calibration_scores_ = np.sort(np.asarray(scores, dtype=np.float64))
        self.offset_ = find_threshold(self.calibration_scores_, self.false_alarm_rate)
        self.training_set_ = describe_training_set(
            takes, None if y is None else boards, is_normal
        )
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Embed takes.

        Parameters
        ----------
        X : array-like
            Crops, of the shape given to `fit`.

        Returns
        -------
        ndarray of shape (n_takes, embedding_dim)
            Embeddings, the mean over the views of a take; NaN for takes with NaN.
        """
        check_is_fitted(self)
        return self._compute(X, self._embed, shape=(self._n_features_out,))

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Score takes: the higher, the more normal.

        Parameters
        ----------
        X : array-like
            Crops, of the shape given to `fit`.

        Returns
        -------
        ndarray of shape (n_takes,)
            Scores; NaN for takes with NaN.
        """
        check_is_fitted(self)
        return self._compute(X, self._score, dtype=np.float64)

    def anomaly_score(self, X: ArrayLike) -> NDArray[np.float64]:
        """Score takes the other way round: the higher, the less normal.

        Parameters
        ----------
        X : array-like
            Crops, of the shape given to `fit`.

        Returns
        -------
        ndarray of shape (n_takes,)
            ``-score_samples(X)``.
        """
        return -self.score_samples(X)

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Score takes relative to the threshold.

        Parameters
        ----------
        X : array-like
            Crops, of the shape given to `fit`.

        Returns
        -------
        ndarray of shape (n_takes,)
            ``score_samples(X) - offset_``; negative for what is called abnormal.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Call each take normal or abnormal.

        Parameters
        ----------
        X : array-like
            Crops, of the shape given to `fit`.

        Returns
        -------
        ndarray of shape (n_takes,)
            1 for normal and -1 for abnormal, and for takes with NaN, as nothing
            says that they are normal.
        """
        return self._decide(self.score_samples(X))

    def p_values(self, X: ArrayLike) -> NDArray[np.float64]:
        """Tell how rare takes as unusual as these are among normal ones.

        Parameters
        ----------
        X : array-like
            Crops, of the shape given to `fit`.

        Returns
        -------
        ndarray of shape (n_takes,)
            Conformal p-values: a normal take gets one of at most α with a
            probability of at most α, as far as it is like those calibrated with.
        """
        return conformal_p_values(self.score_samples(X), self.calibration_scores_)

    def judge(self, X: ArrayLike) -> pd.DataFrame:
        """Give scores, p-values and predictions at once, looking at each take once.

        Parameters
        ----------
        X : array-like
            Crops, of the shape given to `fit`.

        Returns
        -------
        DataFrame
            One row a take, with what `score_samples`, `p_values` and `predict` give
            as `score`, `p_value` and `prediction`.
        """
        scores = self.score_samples(X)
        return pd.DataFrame(
            {
                "score": scores,
                "p_value": conformal_p_values(scores, self.calibration_scores_),
                "prediction": self._decide(scores),
            }
        )

    def _decide(self, scores: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.where(scores - self.offset_ >= 0, 1, -1)

    def _score(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return self.normality_.score_samples(self._describe(takes))

    def _compute(
        self,
        X: ArrayLike,
        function: Callable[[NDArray[np.floating]], NDArray[np.floating]],
        *,
        shape: tuple[int, ...] = (),
        dtype: Any = None,
    ) -> NDArray[Any]:
        """Compute something of given shape for each take; NaN for takes with NaN."""
        takes = self._validate_takes(X)
        known = ~_missing(takes)
        result = np.full((len(takes), *shape), np.nan, dtype or takes.dtype)
        if known.any():
            result[known] = function(takes[known])
        return result

    def _validate_training_set(
        self, X: ArrayLike, y: ArrayLike | None
    ) -> tuple[NDArray[np.floating], NDArray[Any]]:
        tags = self.__sklearn_tags__()
        if y is None and not tags.target_tags.required:
            if self.normal_boards is not None or self.calibration_boards is not None:
                raise ValueError(
                    "normal_boards and calibration_boards name labels of y: give y, "
                    "the board of each take"
                )
            takes = self._validate_takes(X, reset=True)
            boards = np.zeros(len(takes), dtype=int)
        else:
            takes, boards = self._validate_takes(X, y, reset=True)
        missing = _missing(takes)
        if missing.any():
            warnings.warn(
                f"{missing.sum()} of {len(takes)} takes hold NaN and are not learnt "
                "from",
                stacklevel=4,
            )
            takes, boards = takes[~missing], boards[~missing]
        if not len(takes):
            raise ValueError("every take holds NaN: there is nothing to learn from")
        return takes, boards

    def _validate_takes(self, X: ArrayLike, *y: Any, reset: bool = False) -> Any:
        """Check X, and y if given, and bring X to four dimensions."""
        checked = validate_data(
            self,
            X,
            *(y or ("no_validation",)),
            reset=reset,
            allow_nd=True,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
        )
        takes = checked[0] if y else checked
        if reset:
            self.input_shape_ = takes.shape[1:]
        elif takes.shape[1:] != self.input_shape_:
            raise ValueError(
                f"X has takes of shape {takes.shape[1:]}, but {type(self).__name__} "
                f"is expecting {self.input_shape_} as in fit"
            )
        if takes.ndim > 4:
            raise ValueError(
                "expected takes of at most 3 dimensions (n_views, n_freqs, n_frames), "
                f"got {takes.shape[1:]}"
            )
        # (n, features), (n, freqs, frames) -> (n, views, freqs, frames)
        takes = takes.reshape(len(takes), *(1,) * (4 - takes.ndim), *takes.shape[1:])
        return (takes, checked[1]) if y else takes

    def _find_normal(self, boards: NDArray[Any]) -> NDArray[np.bool_]:
        if self.normal_boards is None:
            is_normal = np.ones(len(boards), dtype=bool)
        else:
            is_normal = np.isin(boards, np.asarray(self.normal_boards))
        if not is_normal.any():
            raise ValueError(
                f"none of normal_boards={list(np.asarray(self.normal_boards))} is "
                f"among the boards of y: {list(np.unique(boards))[:10]}"
            )
        if is_normal.sum() < 2:
            raise ValueError(
                "found n_samples=1 normal take; at least 2 are needed, one to learn "
                "from and one to calibrate with"
            )
        return is_normal

    def _set_apart(
        self,
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        rng: np.random.RandomState,
    ) -> NDArray[np.bool_]:
        """Choose the takes that neither training nor normality may see."""
        specimens = number_specimens(boards, self.specimens)
        if self.calibration_boards is not None:
            named = np.isin(boards, np.asarray(self.calibration_boards))
            # The other end of a specimen tells on it too.
            set_apart = np.isin(specimens, specimens[named])
            if not (set_apart & is_normal).any() or not (~set_apart & is_normal).any():
                raise ValueError(
                    f"calibration_boards={list(np.asarray(self.calibration_boards))} "
                    "must name some of the normal specimens of y and leave others"
                )
            return set_apart
        set_apart = np.zeros(len(boards), dtype=bool)
        n_specimens = len(np.unique(specimens[is_normal]))
        by = self.calibration_by
        if by == "auto":
            by = "board" if n_specimens >= _ENOUGH_SPECIMENS else "take"
        if by == "take":
            n_normal = int(is_normal.sum())
            if self.calibration_size is None:
                n_apart = default_held_out(n_normal, self.false_alarm_rate)
            else:
                n_apart = round(self.calibration_size * n_normal)
            set_apart[is_normal] = hold_out_takes(boards[is_normal], n_apart, rng)
        elif n_specimens < 2:
            raise ValueError(
                "calibration_by='board' needs at least 2 normal specimens, there is "
                f"{n_specimens}; use calibration_by='take'"
            )
        elif not self._compares_with_normal_takes():
            chosen = hold_out_specimens(
                specimens[is_normal], self.false_alarm_rate, rng
            )
            set_apart = np.isin(specimens, chosen)
        return set_apart

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _missing(takes: NDArray[np.floating]) -> NDArray[np.bool_]:
    return np.isnan(takes).any(axis=(1, 2, 3))
