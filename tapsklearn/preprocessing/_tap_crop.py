"""Log spectrograms to crops that hold the tap."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from tapsklearn.preprocessing._errors import NoTapError, raise_or_warn
from tapsklearn.preprocessing._image_output import ImageOutput
from tapsklearn.preprocessing._onset import find_onset, frame_energy
from tapsklearn.preprocessing._take_rules import (
    LEAST_CROPS,
    LEAST_RISE_DB,
    rise_above_rest,
)


def crop_tap(
    spectrogram: NDArray[np.floating],
    *,
    n_freqs: int = 100,
    n_frames: int = 120,
    pre_frames: int = 10,
    shifts: Sequence[int] = (0,),
) -> NDArray[np.floating]:
    """Cut the part of one log spectrogram that holds the tap.

    Parameters
    ----------
    spectrogram : ndarray of shape (n_rows, n_columns)
        Power in dB.
    n_freqs : int, default=100
        Rows kept, from the lowest frequency up.
    n_frames : int, default=120
        Frames kept.
    pre_frames : int, default=10
        How many of them lie before the onset.
    shifts : sequence of int, default=(0,)
        Moves of the crop, in frames; each gives a view of the same take.

    Returns
    -------
    ndarray of shape (n_views, n_freqs, n_frames)
        The crops. Frames before the beginning or after the end of the take hold
        its floor, the level of its quietest bin.

    Raises
    ------
    ValueError
        If the take holds no tap: its loudest frame rises less than 2.7 dB over the
        quietest quarter of those frames in which something lies above the floor.
        Nothing is checked where that are less than two crops, which may all be of the
        tap.

    Examples
    --------
    >>> spectrogram = np.full((513, 1034), -60.0)
    >>> spectrogram[:, 400:] = -np.arange(634.0).clip(max=60)
    >>> crop_tap(spectrogram, shifts=(0, 6)).shape
    (2, 100, 120)
    """
    check_crop(
        len(spectrogram),
        n_freqs=n_freqs,
        n_frames=n_frames,
        pre_frames=pre_frames,
        shifts=shifts,
    )
    energy = frame_energy(spectrogram)
    onset = find_onset(energy, reach=n_frames - pre_frames - 1)
    start = onset - pre_frames
    floor = spectrogram.min()
    is_sound = spectrogram.max(axis=0) > floor
    if not is_sound.any():
        is_sound[:] = True
    rise = rise_above_rest(energy, is_sound)
    if rise < LEAST_RISE_DB and np.count_nonzero(is_sound) >= LEAST_CROPS * n_frames:
        raise NoTapError(
            f"holds no tap: its loudest frame is only {rise:.1f} dB above the rest "
            f"of the take (a tap needs {LEAST_RISE_DB:g} dB)"
        )
    rows = spectrogram[:n_freqs]
    crops = np.full((len(shifts), n_freqs, n_frames), floor, dtype=spectrogram.dtype)
    for crop, shift in zip(crops, shifts, strict=True):
        first = start + shift
        last = min(first + n_frames, rows.shape[1])
        if last > max(0, first):
            crop[:, max(0, -first) : last - first] = rows[:, max(0, first) : last]
    return crops


class TapCrop(  # type: ignore[call-arg]
    ImageOutput, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Cut the part of each log spectrogram that holds the tap.

    A take that is plainly without one is refused; `WavLoader`, which knows all of the
    recording, does so more thoroughly. The onset is the first frame within 10 dB of the
    loudest one, looked for only as far back as the crop reaches. Where the crop reaches
    beyond the spectrogram it holds the floor: nothing is invented before a recording,
    and what follows it is in the waveforms of `WavLoader` already.

    Parameters
    ----------
    n_freqs : int, default=100
        Rows kept from the lowest frequency up; 100 rows of a 1024-point STFT at
        44.1 kHz reach 4.3 kHz.
    n_frames : int, default=120
        Frames kept; 120 frames of 128 samples at 44.1 kHz last 0.35 s.
    pre_frames : int, default=10
        How many of them lie before the onset; fewer than `n_frames`.
    shifts : sequence of int, default=(0,)
        Moves of the crop, in frames. With more than one, each take gets that many
        views, so that the number of takes never changes and no cross-validation
        can put two crops of one take on two sides.
    on_error : {"raise", "nan"}, default="raise"
        What a take without a tap does: "raise" is an error that lists all such
        rows; "nan" gives a crop of NaN and a warning.

    Attributes
    ----------
    n_features_in_ : int
        Number of rows of a spectrogram.

    See Also
    --------
    tapsklearn.preprocessing.crop_tap : The same for one take.

    Examples
    --------
    >>> spectrograms = np.full((3, 513, 1034), -60.0)
    >>> spectrograms[:, :, 400:] = -np.arange(634.0).clip(max=60)
    >>> TapCrop().fit_transform(spectrograms).shape
    (3, 100, 120)
    >>> TapCrop(shifts=(0, 6)).fit_transform(spectrograms).shape
    (3, 2, 100, 120)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_freqs": [Interval(Integral, 1, None, closed="left")],
        "n_frames": [Interval(Integral, 1, None, closed="left")],
        "pre_frames": [Interval(Integral, 0, None, closed="left")],
        "shifts": ["array-like"],
        "on_error": [StrOptions({"raise", "nan"})],
    }

    def __init__(
        self,
        *,
        n_freqs: int = 100,
        n_frames: int = 120,
        pre_frames: int = 10,
        shifts: Sequence[int] = (0,),
        on_error: str = "raise",
    ) -> None:
        self.n_freqs = n_freqs
        self.n_frames = n_frames
        self.pre_frames = pre_frames
        self.shifts = shifts
        self.on_error = on_error

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> "TapCrop":
        """Check the parameters and the spectrograms; there is nothing to fit.

        Parameters
        ----------
        X : array-like of shape (n_takes, n_rows, n_columns)
            Power in dB. A 2-D array is read as spectrograms of one row.
        y : None
            Ignored.

        Returns
        -------
        TapCrop
            Itself.
        """
        self._validate(X, reset=True)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Cut the crops.

        Parameters
        ----------
        X : array-like of shape (n_takes, n_rows, n_columns)
            Power in dB; a take that holds NaN gives a crop of NaN.

        Returns
        -------
        ndarray of shape (n_takes, n_freqs, n_frames) or \
(n_takes, n_views, n_freqs, n_frames)
            The crops, with views where there are several shifts.

        Raises
        ------
        TakeError
            If takes hold no tap and `on_error` is "raise".
        """
        crops, problems = self.try_transform(X)
        raise_or_warn(problems, on_error=self.on_error)
        return crops

    def try_transform(
        self, X: ArrayLike
    ) -> tuple[NDArray[np.floating], dict[int, str]]:
        """Cut the crops, and report takes without a tap, whatever `on_error` says.

        Parameters
        ----------
        X : array-like of shape (n_takes, n_rows, n_columns)
            Power in dB; a take that holds NaN gives a crop of NaN.

        Returns
        -------
        crops : ndarray
            As of `transform`; NaN where there is no tap.
        problems : dict of int to str
            What is wrong with each of those takes, by row.
        """
        X = self._validate(X, reset=False)
        crops = np.full(
            (len(X), len(self.shifts), self.n_freqs, self.n_frames),
            np.nan,
            dtype=X.dtype,
        )
        problems: dict[int, str] = {}
        for row, spectrogram in enumerate(X):
            if np.isnan(spectrogram).any():
                continue
            try:
                crops[row] = crop_tap(
                    spectrogram,
                    n_freqs=self.n_freqs,
                    n_frames=self.n_frames,
                    pre_frames=self.pre_frames,
                    shifts=self.shifts,
                )
            except NoTapError as error:
                problems[row] = str(error)
        return crops if len(self.shifts) > 1 else crops[:, 0], problems

    def _validate(self, X: ArrayLike, *, reset: bool) -> NDArray[np.floating]:
        spectrograms: NDArray[np.floating] = validate_data(
            self,
            X,
            reset=reset,
            allow_nd=True,
            # What is neither becomes the first.
            dtype=[np.float32, np.float64],
            ensure_all_finite="allow-nan",
        )
        if spectrograms.ndim == 2:
            spectrograms = spectrograms[:, None, :]
        if spectrograms.ndim != 3:
            raise ValueError(
                f"expected spectrograms of shape (n_takes, n_rows, n_columns), got an "
                f"array of shape {spectrograms.shape}"
            )
        check_crop(
            spectrograms.shape[1],
            n_freqs=self.n_freqs,
            n_frames=self.n_frames,
            pre_frames=self.pre_frames,
            shifts=self.shifts,
        )
        return spectrograms

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def check_crop(
    n_rows: int,
    *,
    n_freqs: int,
    n_frames: int,
    pre_frames: int,
    shifts: Sequence[int],
) -> None:
    """Check what no parameter of a crop shows alone.

    Parameters
    ----------
    n_rows : int
        How many the spectrograms have.
    n_freqs, n_frames, pre_frames : int
        As of `crop_tap`.
    shifts : sequence of int
        As of `crop_tap`.

    Raises
    ------
    ValueError
        If such crops cannot be cut.
    """
    if n_rows < n_freqs:
        raise ValueError(
            f"n_freqs={n_freqs} rows cannot be cut from spectrograms of {n_rows}; "
            "lower n_freqs or raise n_fft (or n_mels)"
        )
    if pre_frames >= n_frames:
        raise ValueError(
            f"pre_frames={pre_frames} must be smaller than n_frames={n_frames}: the "
            "crop would end before the tap"
        )
    if not len(shifts) or any(not isinstance(shift, Integral) for shift in shifts):
        raise ValueError(
            f"shifts={shifts!r} must hold one or more whole numbers of frames"
        )
