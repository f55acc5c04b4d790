"""Waveforms to log spectrograms."""

from numbers import Integral
from typing import Any, ClassVar

import librosa
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import validate_data

from tapsklearn.preprocessing._image_output import ImageOutput
from tapsklearn.preprocessing._take_rules import FLOOR_DB, LEAST_POWER


def log_spectrogram(
    waveform: NDArray[np.floating],
    *,
    n_fft: int = 1024,
    hop_length: int = 128,
    n_mels: int | None = None,
    sr: int = 44100,
) -> NDArray[np.float32]:
    """Compute the log power spectrogram of one take.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,)
        The take.
    n_fft : int, default=1024
        Length of a frame, in samples.
    hop_length : int, default=128
        Step from frame to frame, in samples.
    n_mels : int, default=None
        Number of mel bands. If None, the linear frequencies are kept.
    sr : int, default=44100
        Sampling rate, in Hz; matters for the mel bands only.

    Returns
    -------
    ndarray of shape (n_freqs, n_frames), float32
        Power in dB, with `n_freqs` = 1 + n_fft / 2 or n_mels, and `n_frames` = 1 +
        n_samples // hop_length (n_samples - 1 for an odd n_fft). It spans at most
        80 dB: what is quieter than that below the loudest bin of the take is raised
        to it.

    Notes
    -----
    ``librosa.power_to_db(abs(librosa.stft(waveform))**2)``, the recipe of the
    article: Hann window, centred frames, zeros beyond the ends.

    Examples
    --------
    >>> log_spectrogram(np.sin(np.arange(44100) / 9)).shape
    (513, 345)
    """
    power = np.abs(librosa.stft(waveform, n_fft=n_fft, hop_length=hop_length)) ** 2
    if n_mels is not None:
        power = librosa.feature.melspectrogram(
            S=power, sr=sr, n_fft=n_fft, n_mels=n_mels
        )
    decibel = librosa.power_to_db(power, amin=LEAST_POWER, top_db=FLOOR_DB)
    return decibel.astype(np.float32, copy=False)


def count_rows(*, n_fft: int, n_mels: int | None = None, **_: Any) -> int:
    """Count the rows of a spectrogram.

    Parameters
    ----------
    n_fft : int
        As of `log_spectrogram`.
    n_mels : int or None, default=None
        As of `log_spectrogram`.
    **_ : dict
        Its other parameters, which change nothing.

    Returns
    -------
    int
        Linear frequencies or bands.
    """
    return n_mels or 1 + n_fft // 2


def has_linear_frequencies(*, n_mels: int | None = None, **_: Any) -> bool:
    """Find out whether the rows of a spectrogram are the STFT's own frequencies.

    Parameters
    ----------
    n_mels : int or None, default=None
        As of `log_spectrogram`.
    **_ : dict
        Its other parameters, which change nothing.

    Returns
    -------
    bool
        False if they are bands, computed from all of those.
    """
    return n_mels is None


class LogSpectrogram(  # type: ignore[call-arg]
    ImageOutput, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Turn waveforms into log power spectrograms.

    Each take is treated alone: its 80-dB floor hangs from its own loudest bin.
    The whole result is held in memory: 2.1 MB for each 3-s take with the
    defaults.

    Parameters
    ----------
    n_fft : int, default=1024
        Length of a frame, in samples.
    hop_length : int, default=128
        Step from frame to frame, in samples.
    n_mels : int, default=None
        Number of mel bands. If None, the linear frequencies are kept, which the
        article found better.
    sr : int, default=44100
        Sampling rate of the waveforms, in Hz; matters for the mel bands only.

    Attributes
    ----------
    n_features_in_ : int
        Number of samples of a waveform.

    See Also
    --------
    tapsklearn.preprocessing.log_spectrogram : The same for one take.

    Examples
    --------
    >>> waveforms = np.sin(np.arange(88200) / 9).reshape(2, -1)
    >>> LogSpectrogram().fit_transform(waveforms).shape
    (2, 513, 345)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_fft": [Interval(Integral, 2, None, closed="left")],
        "hop_length": [Interval(Integral, 1, None, closed="left")],
        "n_mels": [Interval(Integral, 1, None, closed="left"), None],
        "sr": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        n_fft: int = 1024,
        hop_length: int = 128,
        n_mels: int | None = None,
        sr: int = 44100,
    ) -> None:
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_mels = n_mels
        self.sr = sr

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> "LogSpectrogram":
        """Check the parameters and the waveforms; there is nothing to fit.

        Parameters
        ----------
        X : array-like of shape (n_takes, n_samples)
            Waveforms.
        y : None
            Ignored.

        Returns
        -------
        LogSpectrogram
            Itself.
        """
        self._validate(X, reset=True)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Compute the spectrograms.

        Parameters
        ----------
        X : array-like of shape (n_takes, n_samples)
            Waveforms; a row that holds NaN gives a spectrogram of NaN.

        Returns
        -------
        ndarray of shape (n_takes, n_freqs, n_frames), float32
            Power in dB.
        """
        X = self._validate(X, reset=False)
        n_freqs = count_rows(**self.get_params())
        # An odd frame cannot be centred: one sample less than X.shape[1] counts.
        n_frames = 1 + (X.shape[1] - self.n_fft % 2) // self.hop_length
        spectrograms = np.full((len(X), n_freqs, n_frames), np.nan, dtype=np.float32)
        parameters = self.get_params()
        for spectrogram, waveform in zip(spectrograms, X, strict=True):
            if np.isfinite(waveform).all():
                spectrogram[:] = log_spectrogram(waveform, **parameters)
        return spectrograms

    def _validate(self, X: ArrayLike, *, reset: bool) -> NDArray[np.floating]:
        return validate_data(
            self,
            X,
            reset=reset,
            dtype=[np.float32, np.float64],
            ensure_all_finite="allow-nan",
        )

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags
