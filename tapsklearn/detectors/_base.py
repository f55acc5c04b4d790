"""What every detector does, trained or not: validate, score, calibrate."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    OutlierMixin,
    TransformerMixin,
    _fit_context,
    clone,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    validate_parameter_constraints,
)
from sklearn.utils.validation import check_is_fitted

from tapsklearn._boards import find_normal, number_specimens
from tapsklearn._label_params import HoldsLabels
from tapsklearn._labels import Labels, check_boards, check_names
from tapsklearn.detectors._calibration import (
    Calibration,
    choose_held_out,
    conformal_p_values,
    find_threshold,
    left_out_scores,
)
from tapsklearn.detectors._contrast import ContrastScore, contrast_left_out_scores
from tapsklearn.detectors._neighbor_distance import NeighborDistance
from tapsklearn.detectors._training_set import (
    check_unseen,
    describe_training_set,
    find_seen,
)
from tapsklearn.detectors._validation import drop_missing, find_missing, validate_takes

_RATE = {"false_alarm_rate": [Interval(Real, 0, 1, closed="neither")]}


@dataclass(kw_only=True, eq=False, repr=False)
class TapDetector(
    HoldsLabels,
    ClassNamePrefixFeaturesOutMixin,
    OutlierMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Score taps by how normal they are; a method states by which features.

    The order of work is fixed: validate, hold takes out, train, fit the normality
    estimator on the features of the normal takes, calibrate. A method implements
    `_extract_features` and, if it trains, `_train`.

    Parameters
    ----------
    normal_boards : collection of labels, default=None
        Labels of y that are normal. If None, all are.
    specimens : mapping, default=None
        Specimen of each board that is not a specimen of its own.
    normality : estimator, default=None
        With `fit` and `score_samples`, fitted on the normal takes. If None, it is
        `NeighborDistance()`.
    calibration : Calibration, default=None
        Which normal takes give the threshold. If None, it is `Calibration()`.
    false_alarm_rate : float, default=0.05
        Share of normal takes that may be called abnormal.
    contrast : bool, default=False
        Whether takes of abnormal boards count in the score: beside how far a take is
        from the normal ones, how much it is like known defects, as far as specimens
        that are left out show that this finds others (see Notes). If False, they are
        at most trained on.
    random_state : int, RandomState instance or None, default=None
        Seed of whatever is random: of the choice of takes that calibrate and, where
        they are, of weights, the order of takes and augmentation.

    Attributes
    ----------
    normality_ : estimator
        Fitted on the normal takes.
    calibration_scores_ : ndarray
        Scores of the normal takes calibrated with, in ascending order.
    calibration_specimens_ : ndarray of int or None
        Specimen of each of them. If None, they are further takes of boards that were
        fitted on, or of boards that were not named.
    false_alarm_rate_ : float
        The rate that the threshold is for.
    offset_ : float
        Threshold: takes that score below it are called abnormal.
    training_set_ : dict
        What was fitted on: `boards`, `specimens`, `n_takes` and `is_normal` of each,
        and hashes of the takes.
    normal_crop_ : ndarray of shape `input_shape_`
        Mean of the normal takes fitted on, which explanations compare with.
    input_shape_ : tuple of int
        Shape of one take.
    n_features_in_ : int
        Size of the second axis of X.

    Notes
    -----
    With `contrast`, scores are deviations of normal specimens that were left out:
    minus the novelty, minus (2 AUROC - 1) ** 3 times a linear discriminant between
    normal and abnormal takes where it is above the normal mean. The AUROC is that of
    the discriminant on specimens that it was not fitted on, so that it counts where it
    can be trusted; with fewer than two abnormal specimens it does not count. To
    calibrate, all of this is fitted again without the specimens that are scored.
    """

    _parameter_constraints: ClassVar[dict] = {
        # Checked in `fit`, as all labels are.
        "normal_boards": "no_validation",
        "specimens": "no_validation",
        "normality": [HasMethods(["fit", "score_samples"]), None],
        "calibration": [Calibration, None],
        "contrast": ["boolean"],
        "random_state": ["random_state"],
        **_RATE,
    }

    normal_boards: Labels | None = None
    specimens: Mapping[Any, Any] | None = None
    normality: Any = None
    calibration: Calibration | None = None
    false_alarm_rate: float = 0.05
    contrast: bool = False
    random_state: Any = None

    def _train(
        self,
        takes: NDArray[np.floating],
        boards: NDArray[Any],
        is_normal: NDArray[np.bool_],
        rng: np.random.RandomState,
    ) -> None:
        """Train on takes of shape (n_takes, n_views, n_freqs, n_frames)."""

    def _extract_features(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        """Compute the features of each take that are scored, (n_takes, n_features)."""
        raise NotImplementedError

    def _embed(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        """Compute what `transform` returns, (n_takes, embedding_dim)."""
        return self._extract_features(takes)

    def _has_reference(self) -> bool:
        """Return whether takes are scored against normal ones."""
        return True

    def _fit_normality(
        self, features: NDArray[np.floating], specimens: NDArray[np.intp]
    ) -> Any:
        """Fit what scores features on those of normal takes of some specimens."""
        normality = NeighborDistance() if self.normality is None else self.normality
        return clone(normality).fit(features)

    def _fit_contrast(
        self,
        features: NDArray[np.floating],
        is_normal: NDArray[np.bool_],
        specimens: NDArray[np.intp],
    ) -> Any:
        """Fit what scores features on those of normal takes and of known defects."""
        return ContrastScore().fit(features, is_normal, specimens, self._fit_normality)

    def _score_left_out(
        self,
        features: NDArray[np.floating],
        is_normal: NDArray[np.bool_],
        specimens: NDArray[np.intp],
    ) -> NDArray[np.floating]:
        """Score features of normal takes with what is fitted without their specimen."""
        if self.contrast:
            return contrast_left_out_scores(
                features, is_normal, specimens, self._fit_contrast
            )
        return left_out_scores(features, specimens, self._fit_normality)

    def _score(self, takes: NDArray[np.floating]) -> NDArray[np.floating]:
        return self.normality_.score_samples(self._extract_features(takes))

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit the detector on takes, of which it scores the normal ones highest.

        Parameters
        ----------
        X : array-like of shape (n_takes, n_freqs, n_frames), \
(n_takes, n_views, n_freqs, n_frames) or (n_takes, n_features)
            Crops; takes that hold NaN are left out, with a warning. Lists and
            integers become float32.
        y : array-like of shape (n_takes,), default=None
            Board of each take.

        Returns
        -------
        TapDetector
            Itself.
        """
        takes, boards = self._validate_training_set(X, y)
        is_normal = self._find_normal(boards)
        if is_normal.sum() < 2:
            raise ValueError(
                "found n_samples=1 normal take; at least 2 are needed, one to fit "
                "on and one to calibrate with"
            )
        rng = check_random_state(self.random_state)
        specimens = number_specimens(boards, self.specimens)
        held_out = choose_held_out(
            Calibration() if self.calibration is None else self.calibration,
            boards,
            specimens,
            is_normal,
            rng,
            false_alarm_rate=self.false_alarm_rate,
            has_reference=self._has_reference(),
        )
        self._train(takes[~held_out], boards[~held_out], is_normal[~held_out], rng)
        self._n_features_out = self._embed(takes[:1]).shape[1]
        normal = takes[is_normal & ~held_out]
        self.normal_crop_ = normal.mean(axis=0).reshape(self.input_shape_)

        reference = ~held_out if self.contrast else is_normal & ~held_out
        known = is_normal[reference], specimens[reference]
        features = self._extract_features(takes[reference])
        if self.contrast:
            self._check_contrast(specimens[reference & ~is_normal])
            self.normality_ = self._fit_contrast(features, *known)
        else:
            self.normality_ = self._fit_normality(features, known[1])
        if held_out.any():
            scores = self._score(takes[held_out & is_normal])
            of_scores: Any = specimens[held_out & is_normal]
            if np.isin(of_scores, known[1]).any():
                # Further takes of boards that were fitted on.
                of_scores = None
        else:
            scores = self._score_left_out(features, *known)
            of_scores = specimens[is_normal]
        self._set_threshold(scores, of_scores, self.false_alarm_rate)
        self.training_set_ = describe_training_set(
            takes, None if y is None else boards, is_normal, self.specimens
        )
        return self

    def _check_contrast(self, abnormal_specimens: NDArray[np.intp]) -> None:
        n_specimens = len(np.unique(abnormal_specimens))
        if n_specimens < 2:
            warnings.warn(
                f"contrast=True: there {'is' if n_specimens == 1 else 'are'} "
                f"{n_specimens} abnormal specimen{'s' * (n_specimens != 1)} to fit on, "
                "and two are needed, so that takes are scored by their novelty alone",
                stacklevel=3,
            )

    def calibrate(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        false_alarm_rate: float | None = None,
    ) -> Self:
        """Set the threshold anew, for another rate or from further normal takes.

        Nothing else changes: takes score as before.

        Parameters
        ----------
        X : array-like, default=None
            Crops of normal takes that `fit` has not seen, of the shape given to it;
            takes that hold NaN are left out, with a warning. If None, the threshold
            comes from the scores calibrated with last: those held out in `fit`, or
            those of the last X.
        y : array-like of shape (n_takes,), default=None
            Board of each take. Only takes of boards that `normal_boards` names
            calibrate, or all if it is None. Without y only the takes themselves are
            compared with those of `fit`: that their boards are unseen too, where the
            threshold is to hold for unseen boards, is for you to ensure.
        false_alarm_rate : float, default=None
            Share of normal takes that may be called abnormal. If None, that given to
            the detector.

        Returns
        -------
        TapDetector
            Itself.

        Raises
        ------
        ValueError
            If `fit` has seen a take, a board or another board of its specimen.

        Examples
        --------
        >>> from tapsklearn import CropDetector
        >>> crops = np.random.default_rng(0).normal(size=(140, 16, 24))
        >>> detector = CropDetector(random_state=0).fit(crops[:40])
        >>> detector.calibrate(crops[40:], false_alarm_rate=0.01).false_alarm_rate_
        0.01
        """
        check_is_fitted(self)
        rate = self.false_alarm_rate if false_alarm_rate is None else false_alarm_rate
        validate_parameter_constraints(
            _RATE, {"false_alarm_rate": rate}, caller_name="calibrate"
        )
        if X is None:
            if y is not None:
                raise ValueError("y names the boards of X: give X, or leave y out")
            # Model files of before have none.
            specimens = getattr(self, "calibration_specimens_", None)
            self._set_threshold(self.calibration_scores_, specimens, rate)
            return self
        takes, boards = validate_takes(self, X), None
        if y is not None:
            boards = check_boards(y, n_takes=len(takes))
        takes, boards = drop_missing(takes, boards, "calibrated with")
        if boards is not None:
            is_normal = self._find_normal(boards)
            takes, boards = takes[is_normal], boards[is_normal]
        check_unseen(takes, boards, self.specimens, self.training_set_)
        specimens = None if boards is None else number_specimens(boards, self.specimens)
        self._set_threshold(self._score(takes), specimens, rate)
        return self

    def has_seen(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        specimens: Mapping[Any, Any] | None = None,
    ) -> NDArray[np.bool_]:
        """Find takes that the detector knows, by themselves or by their specimen.

        What it is evaluated on must be none of them.

        Parameters
        ----------
        X : array-like
            Crops, of the shape given to `fit`.
        y : array-like of shape (n_takes,), default=None
            Board of each take. A board is known by its name, by that of its specimen,
            or by any of its takes. If None, takes are known by themselves alone.
        specimens : mapping, default=None
            Specimen of each board that is not a specimen of its own. If None, as given
            to the detector.

        Returns
        -------
        ndarray of shape (n_takes,), bool
            Whether `fit` has seen the take, or another one of its specimen.

        Examples
        --------
        >>> from tapsklearn import CropDetector
        >>> crops = np.random.default_rng(0).normal(size=(60, 16, 24))
        >>> detector = CropDetector(random_state=0).fit(crops[:40])
        >>> int(detector.has_seen(crops).sum())
        40
        """
        check_is_fitted(self)
        takes = validate_takes(self, X)
        if y is None:
            return find_seen(takes, None, None, self.training_set_)
        boards = check_boards(y, n_takes=len(takes))
        known = self.specimens if specimens is None else specimens
        return find_seen(takes, boards, known, self.training_set_)

    def _set_threshold(
        self,
        scores: NDArray[np.floating],
        specimens: NDArray[np.intp] | None,
        false_alarm_rate: float,
    ) -> None:
        scores = np.asarray(scores, dtype=np.float64)
        order = np.argsort(scores, kind="stable")
        self.calibration_scores_ = scores[order]
        self.calibration_specimens_ = None if specimens is None else specimens[order]
        self.false_alarm_rate_ = float(false_alarm_rate)
        self.offset_ = find_threshold(self.calibration_scores_, false_alarm_rate)

    def fit_predict(self, X: ArrayLike, y: ArrayLike | None = None) -> NDArray[Any]:
        """Fit the detector and predict whether the same takes are normal.

        Parameters
        ----------
        X : array-like
            Crops, as for `fit`.
        y : array-like of shape (n_takes,), default=None
            Board of each take.

        Returns
        -------
        ndarray of shape (n_takes,)
            As from `predict`.
        """
        return self.fit(X, y).predict(X)

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
        """Predict whether each take is normal.

        Parameters
        ----------
        X : array-like
            Crops, of the shape given to `fit`.

        Returns
        -------
        ndarray of shape (n_takes,)
            1 for normal and -1 for abnormal, and for takes with NaN, as nothing
            shows that they are normal.
        """
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def p_values(self, X: ArrayLike) -> NDArray[np.float64]:
        """Compute how rare takes as unusual as these are among normal ones.

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

    def _compute(
        self,
        X: ArrayLike,
        function: Callable[[NDArray[np.floating]], NDArray[np.floating]],
        *,
        shape: tuple[int, ...] = (),
        dtype: Any = None,
    ) -> NDArray[Any]:
        """Compute something of given shape for each take; NaN for takes with NaN."""
        takes = validate_takes(self, X)
        is_whole = ~find_missing(takes)
        result = np.full((len(takes), *shape), np.nan, dtype or takes.dtype)
        if is_whole.any():
            result[is_whole] = function(takes[is_whole])
        return result

    def _validate_training_set(
        self, X: ArrayLike, y: ArrayLike | None
    ) -> tuple[NDArray[np.floating], NDArray[Any]]:
        named = self.calibration is not None and self.calibration.boards is not None
        takes = validate_takes(self, X, reset=True)
        if y is not None:
            boards = check_boards(y, n_takes=len(takes))
        elif self.__sklearn_tags__().target_tags.required:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None: give the board of each take"
            )
        elif self.normal_boards is not None or self.specimens or named:
            raise ValueError(
                "normal_boards, specimens and the boards of calibration name "
                "labels of y: give y, the board of each take"
            )
        else:
            boards = np.zeros(len(takes), dtype=int)
        return drop_missing(takes, boards, "fitted on")

    def _find_normal(self, boards: NDArray[Any]) -> NDArray[np.bool_]:
        is_normal = find_normal(boards, self.normal_boards, unknown="ignore")
        if not is_normal.any():
            raise ValueError(
                f"none of normal_boards={check_names(self.normal_boards)} is among the "
                f"boards of y: {np.unique(boards)[:10].tolist()}"
            )
        return is_normal

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
