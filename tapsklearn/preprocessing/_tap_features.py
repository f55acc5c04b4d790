"""Recordings to standardized crops, in one step."""

import copy
from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.pipeline import Pipeline
from sklearn.utils import gen_batches
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from tapsklearn.preprocessing._crop_reader import default_settings
from tapsklearn.preprocessing._errors import UnusableError, raise_or_warn
from tapsklearn.preprocessing._image_output import ImageOutput
from tapsklearn.preprocessing._log_spectrogram import LogSpectrogram
from tapsklearn.preprocessing._read_crops import (
    TAKES_AT_ONCE,
    Sources,
    as_waveforms,
    check_input,
    check_settings,
    is_list,
    read_crops,
)
from tapsklearn.preprocessing._read_take import take_samples
from tapsklearn.preprocessing._standardizer import Standardizer
from tapsklearn.preprocessing._tap_crop import TapCrop
from tapsklearn.preprocessing._wav_loader import WavLoader, as_paths

# The four steps, under the names that they have in a pipeline.
STEPS = {
    "load": WavLoader,
    "spectrogram": LogSpectrogram,
    "crop": TapCrop,
    "standardize": Standardizer,
}


class TapFeatures(  # type: ignore[call-arg]
    ImageOutput, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Turn recordings into standardized crops: the four steps in one.

    What `WavLoader`, `LogSpectrogram`, `TapCrop` and `Standardizer` give in a row, to
    within 0.001, but faster and in little memory: one take at a time, and of its
    spectrogram no more than the crop needs. Parameters are those of the four.

    Parameters
    ----------
    input : {"filename", "waveform"}, default="filename"
        What `X` holds: paths of files, or waveforms, which get the same treatment as
        those of a file. Waveforms are a list of 1-D arrays, whose lengths may differ,
        or a 2-D array; full scale is 1.
    input_sr : int, default=None
        Sampling rate of waveforms, in Hz; resampled if it is not `sr`. If None, it is
        `sr`. Only with `input="waveform"`.
    sr : int, default=44100
        Sampling rate that crops are computed at, in Hz.
    duration : float, default=3.0
        Length that takes are padded or cut to, in seconds.
    n_fft : int, default=1024
        Length of a frame, in samples.
    hop_length : int, default=128
        Step from frame to frame, in samples.
    n_mels : int, default=None
        Number of mel bands. If None, the linear frequencies are kept. With mel bands
        the whole spectrogram is computed, which takes as long as step by step.
    n_freqs : int, default=100
        Rows kept from the lowest frequency up.
    n_frames : int, default=120
        Frames kept.
    pre_frames : int, default=10
        How many of them lie before the onset; fewer than `n_frames`.
    shifts : sequence of int, default=(0,)
        Moves of the crop, in frames, each a view of the take.
    per : {"take", "frequency"}, default="take"
        What is brought to zero mean and unit variance: each view of each take, or
        each row over the training set.
    on_error : {"raise", "nan"}, default="raise"
        What a take that cannot be used or holds no tap does: "raise" is an error that
        lists all of them; "nan" gives a crop of NaN and a warning.
    n_jobs : int, default=None
        Processes that read. If None, 1; -1 is one for each processor.
    memory : str or object with the joblib.Memory interface, default=None
        Folder in which crops of files are kept, so that a file is read once for a
        whole grid search. A file that has changed (size or time of its last change) is
        read again. If None, nothing is kept. Only with `input="filename"`.
    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    standardizer_ : Standardizer
        Mean and scale of each row; only with `per="frequency"`.
    window_ : tuple of float
        How far a crop can reach before and after the onset, in seconds.
    n_features_in_ : int
        Number of samples of a waveform; only where they came in a 2-D array.

    See Also
    --------
    tapsklearn.preprocessing.article_preprocessing : The four steps as a pipeline.
    tapsklearn.preprocessing.fuse_steps : From the four steps to this.

    Notes
    -----
    Where rounding could decide what is cut (two moments that are equally loud), and
    where a take may hold no tap, the steps decide.

    Examples
    --------
    >>> import tempfile, soundfile
    >>> rng = np.random.default_rng(0)
    >>> take = 1e-3 * rng.normal(size=132300)
    >>> take[40000:] += np.exp(-np.arange(92300) / 2000) * rng.uniform(-1, 1, 92300)
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, take, 44100)
    ...     TapFeatures(shifts=(0, 6)).fit_transform([file.name]).shape
    (1, 2, 100, 120)
    >>> TapFeatures(input="waveform").fit_transform([take, take[20000:]]).shape
    (2, 100, 120)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **WavLoader._parameter_constraints,
        **LogSpectrogram._parameter_constraints,
        **TapCrop._parameter_constraints,
        **Standardizer._parameter_constraints,
        "input": [StrOptions({"filename", "waveform"})],
        "input_sr": [Interval(Integral, 1, None, closed="left"), None],
        "n_jobs": [Integral, None],
        "memory": [str, HasMethods(["cache"]), None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        input: str = "filename",  # noqa: A002
        input_sr: int | None = None,
        sr: int = 44100,
        duration: float = 3.0,
        n_fft: int = 1024,
        hop_length: int = 128,
        n_mels: int | None = None,
        n_freqs: int = 100,
        n_frames: int = 120,
        pre_frames: int = 10,
        shifts: Sequence[int] = (0,),
        per: str = "take",
        on_error: str = "raise",
        n_jobs: int | None = None,
        memory: Any = None,
        verbose: int = 0,
    ) -> None:
        self.input = input
        self.input_sr = input_sr
        self.sr = sr
        self.duration = duration
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_mels = n_mels
        self.n_freqs = n_freqs
        self.n_frames = n_frames
        self.pre_frames = pre_frames
        self.shifts = shifts
        self.per = per
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.memory = memory
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Sources, y: Any = None) -> "TapFeatures":
        """Check the parameters; find the rows' means and scales if asked to.

        Parameters
        ----------
        X : list of path-like, list of 1-D arrays or 2-D array
            The takes, as `input` says; read with `per="frequency"` only.
        y : None
            Ignored.

        Returns
        -------
        TapFeatures
            Itself.
        """
        takes = self._check(X, reset=True)
        if self.per == "frequency":
            self._fit_standardizer(self._read(takes))
        elif self.input == "waveform" and self.on_error == "raise":
            raise_or_warn(self._find_not_finite(takes), on_error="raise")
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(
        self, X: Sources, y: Any = None, **fit_params: Any
    ) -> NDArray[np.float32]:
        """Fit, and transform the same takes, which are read once.

        Parameters
        ----------
        X : list of path-like, list of 1-D arrays or 2-D array
            The takes, as `input` says.
        y : None
            Ignored.
        **fit_params : dict
            Ignored.

        Returns
        -------
        ndarray of shape (n_takes, n_freqs, n_frames) or \
(n_takes, n_views, n_freqs, n_frames), float32
            Standardized crops, with views where there are several shifts.
        """
        crops = self._read(self._check(X, reset=True))
        if self.per == "frequency":
            self._fit_standardizer(crops)
        return self._standardize(crops)

    def transform(self, X: Sources) -> NDArray[np.float32]:
        """Read the takes and cut their taps.

        Parameters
        ----------
        X : list of path-like, list of 1-D arrays or 2-D array
            The takes, as `input` says.

        Returns
        -------
        ndarray of shape (n_takes, n_freqs, n_frames) or \
(n_takes, n_views, n_freqs, n_frames), float32
            Standardized crops, with views where there are several shifts.

        Raises
        ------
        TakeError
            If takes cannot be used or hold no tap, and `on_error` is "raise".
        """
        check_is_fitted(self)
        return self._standardize(self._read(self._check(X, reset=False)))

    def try_transform(self, X: Sources) -> tuple[NDArray[np.float32], dict[int, str]]:
        """Transform, and report takes that cannot be used, whatever `on_error` says.

        Parameters
        ----------
        X : list of path-like, list of 1-D arrays or 2-D array
            The takes, as `input` says; each is read once.

        Returns
        -------
        crops : ndarray
            As of `transform`; NaN where a take cannot be used.
        problems : dict of int to str
            What is wrong with each of those, by row.
        """
        check_is_fitted(self)
        crops, problems = self._try_read(self._check(X, reset=False))
        return self._standardize(crops), problems

    @property
    def window_(self) -> tuple[float, float]:
        """How far a crop can reach before and after the onset.

        Returns
        -------
        before, after : float
            In seconds; the moves of the crop and the length of a frame included.
        """
        hop, half_frame = self.hop_length / self.sr, self.n_fft / 2 / self.sr
        before = self.pre_frames - min((0, *self.shifts))
        after = self.n_frames - self.pre_frames + max((0, *self.shifts))
        return before * hop + half_frame, after * hop + half_frame

    def as_steps(self) -> Pipeline:
        """Spell this transformer out as the four steps.

        Returns
        -------
        Pipeline
            `WavLoader`, `LogSpectrogram`, `TapCrop` and `Standardizer` with these
            parameters, fitted if this is.

        Raises
        ------
        ValueError
            If `input` is "waveform": the first step reads files.

        Examples
        --------
        >>> list(TapFeatures().as_steps().named_steps)
        ['load', 'spectrogram', 'crop', 'standardize']
        """
        if self.input != "filename":
            raise ValueError(
                f"input={self.input!r} has no four steps, of which the first reads "
                "files: set_params(input='filename', input_sr=None) first"
            )
        parameters = self.get_params()
        steps = [(name, step()) for name, step in STEPS.items()]
        for _, step in steps:
            own = step.get_params().keys()
            step.set_params(**{name: parameters[name] for name in own})
        if hasattr(self, "standardizer_"):
            steps[-1] = ("standardize", copy.deepcopy(self.standardizer_))
        return Pipeline(steps)

    def _check(self, X: Sources, *, reset: bool) -> list[Any]:
        """Check parameters and takes; give these as a list."""
        check_input(self.input, input_sr=self.input_sr, memory=self.memory)
        check_settings(self._get_settings())
        if self.input == "filename":
            return as_paths(X)
        if not is_list(X):
            X = validate_data(
                self,
                X,
                reset=reset,
                dtype=[np.float32, np.float64],
                ensure_all_finite=False,  # An error that names the rows comes later.
                ensure_min_features=1 + reset,  # One sample is but an offset.
            )
        return as_waveforms(X)

    def _find_not_finite(self, waveforms: list[Any]) -> dict[int, str]:
        rate = self.input_sr or self.sr
        problems = {}
        for row, waveform in enumerate(waveforms):
            try:
                take_samples(waveform, rate, sr=self.sr, duration=self.duration)
            except UnusableError as error:
                problems[row] = str(error)
        return problems

    def _get_settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in default_settings()}

    def _try_read(self, takes: list[Any]) -> tuple[NDArray[np.float32], dict[int, str]]:
        crops, problems = read_crops(
            takes,
            input=self.input,
            input_sr=self.input_sr,
            standardized=self.per == "take",
            n_jobs=self.n_jobs,
            memory=self.memory,
            verbose=self.verbose,
            **self._get_settings(),
        )
        return crops if len(self.shifts) > 1 else crops[:, 0], problems

    def _read(self, takes: list[Any]) -> NDArray[np.float32]:
        crops, problems = self._try_read(takes)
        names = takes if self.input == "filename" else None
        raise_or_warn(problems, on_error=self.on_error, names=names)
        return crops

    def _fit_standardizer(self, crops: NDArray[np.float32]) -> None:
        self.standardizer_ = Standardizer(per=self.per).fit(crops)

    def _standardize(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.per == "frequency":
            for some in gen_batches(len(crops), TAKES_AT_ONCE):
                crops[some] = self.standardizer_.transform(crops[some])
        return crops

    def __sklearn_is_fitted__(self) -> bool:
        return self.per == "take" or hasattr(self, "standardizer_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        is_file = self.input == "filename"
        tags.requires_fit = self.per == "frequency"
        tags.input_tags.one_d_array = is_file
        tags.input_tags.two_d_array = not is_file
        tags.input_tags.string = is_file
        tags.input_tags.allow_nan = not is_file and self.on_error == "nan"
        tags.transformer_tags.preserves_dtype = []
        return tags
