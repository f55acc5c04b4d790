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

from tapsklearn._label_params import HoldsLabels
from tapsklearn._labels import Labels
from tapsklearn.preprocessing._crop_reader import default_settings
from tapsklearn.preprocessing._errors import raise_or_warn
from tapsklearn.preprocessing._fit_settings import (
    AUTOMATIC,
    describe_settings,
    find_normal_rows,
    fit_settings,
    or_auto,
)
from tapsklearn.preprocessing._image_output import ImageOutput
from tapsklearn.preprocessing._log_spectrogram import LogSpectrogram
from tapsklearn.preprocessing._read_crops import (
    TAKES_AT_ONCE,
    Sources,
    as_waveforms,
    check_input,
    check_settings,
    find_not_finite,
    is_list,
    read_crops,
)
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
    HoldsLabels,
    ImageOutput,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    """Turn recordings into standardized crops of the tap that each holds.

    The settings fit the sound: what is "auto" is found in `fit` from how long the takes
    ring and how far up their energy reaches. At equal settings it gives what
    `WavLoader`, `LogSpectrogram`, `TapCrop` and `Standardizer` give in a row, to within
    0.001, but faster and in little memory: one take at a time, and of its spectrogram
    no more than the crop needs.

    Parameters
    ----------
    input : {"filename", "waveform"}, default="filename"
        What `X` holds: paths of files, or waveforms, which get the same treatment as
        those of a file. Waveforms are a list of 1-D arrays, whose lengths may differ,
        or a 2-D array; full scale is 1.
    input_sr : int, default=None
        Sampling rate of waveforms, in Hz; resampled if it is not `sr`. If None, it is
        `sr`, or 44100 where that is found. Only with `input="waveform"`.
    sr : int or "auto", default="auto"
        Sampling rate that crops are computed at, in Hz. "auto" is that of most takes.
    duration : float or "auto", default="auto"
        Length of the clip around its tap that is used of each take, in seconds. "auto"
        is what the crop needs.
    n_fft : int or "auto", default="auto"
        Length of a frame, in samples.
    hop_length : int or "auto", default="auto"
        Step from frame to frame, in samples.
    n_mels : int, default=None
        Number of mel bands. If None, the linear frequencies are kept. With mel bands
        the whole spectrogram is computed, which takes as long as step by step.
    n_freqs : int or "auto", default="auto"
        Rows kept from the lowest frequency up; "auto" is all of the mel bands, where
        there are some.
    n_frames : int or "auto", default="auto"
        Frames kept.
    pre_frames : int or "auto", default="auto"
        How many of them lie before the onset; fewer than `n_frames`.
    shifts : sequence of int, default=(0,)
        Moves of the crop, in frames, each a view of the take.
    per : {"take", "frequency", "auto"}, default="auto"
        What is brought to zero mean and unit variance: each view of each take, or
        each row over the training set.
    normal_boards : collection of labels, default=None
        Boards of y that are normal. Settings are found from their takes alone, and so
        are means and scales. If None, from all takes.
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
    settings_ : dict
        The parameters of `read_crops`, given or found.
    sr_, n_fft_, hop_length_, n_freqs_, n_frames_, pre_frames_ : int
        Those of them that can be found.
    duration_ : float
        The same of the clip, in seconds.
    per_ : {"take", "frequency"}
        The same of the standardization.
    ring_ : float
        How long takes ring, in seconds; only if something is "auto".
    band_ : float
        Up to where their energy reaches, in Hz; only if something is "auto".
    n_channels_ : int
        How many channels most takes have; only if something is "auto".
    standardizer_ : Standardizer
        Mean and scale of each row; only with `per_` "frequency".
    window_ : tuple of float
        How far a crop can reach before and after the onset, in seconds.
    n_features_in_ : int
        Number of samples of a waveform; only where they came in a 2-D array.

    See Also
    --------
    tapsklearn.preprocessing.article_features : With the settings of the article.
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
    ...     features = TapFeatures(n_fft=512).fit([file.name])
    ...     features.transform([file.name]).shape
    (1, 200, 104)
    >>> print(features.describe())
    296 ms, 0 to 17 kHz, 512/128
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **WavLoader._parameter_constraints,
        **LogSpectrogram._parameter_constraints,
        **TapCrop._parameter_constraints,
        **Standardizer._parameter_constraints,
        "input": [StrOptions({"filename", "waveform"})],
        "input_sr": [Interval(Integral, 1, None, closed="left"), None],
        # Checked with the boards.
        "normal_boards": "no_validation",  # type: ignore[dict-item]
        "n_jobs": [Integral, None],
        "memory": [str, HasMethods(["cache"]), None],
        "verbose": ["verbose"],
    }
    _parameter_constraints |= or_auto(_parameter_constraints)

    def __init__(
        self,
        *,
        input: str = "filename",  # noqa: A002
        input_sr: int | None = None,
        sr: int | str = "auto",
        duration: float | str = "auto",
        n_fft: int | str = "auto",
        hop_length: int | str = "auto",
        n_mels: int | None = None,
        n_freqs: int | str = "auto",
        n_frames: int | str = "auto",
        pre_frames: int | str = "auto",
        shifts: Sequence[int] = (0,),
        per: str = "auto",
        normal_boards: Labels | None = None,
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
        self.normal_boards = normal_boards
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.memory = memory
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Sources, y: Any = None) -> "TapFeatures":
        """Find what is "auto"; find the rows' means and scales if asked to.

        Parameters
        ----------
        X : list of path-like, list of 1-D arrays or 2-D array
            The takes, as `input` says; read if something is to be found.
        y : array-like of shape (n_takes,), default=None
            Board of each take; only needed with `normal_boards`.

        Returns
        -------
        TapFeatures
            Itself.

        Raises
        ------
        TakeError
            If takes cannot be used, and `on_error` is "raise".
        """
        takes, chosen = self._check_training(X, y)
        problems = self._fit_settings(takes, chosen)
        if self.per_ == "frequency":
            self._fit_standardizer(self._read(takes), chosen)
        elif self._find_automatic():
            raise_or_warn(problems, on_error=self.on_error, names=self._name(takes))
        elif self.input == "waveform" and self.on_error == "raise":
            raise_or_warn(find_not_finite(takes), on_error="raise")
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(
        self, X: Sources, y: Any = None, **fit_params: Any
    ) -> NDArray[np.float32]:
        """Fit, and transform the same takes.

        Parameters
        ----------
        X : list of path-like, list of 1-D arrays or 2-D array
            The takes, as `input` says.
        y : array-like of shape (n_takes,), default=None
            Board of each take; only needed with `normal_boards`.
        **fit_params : dict
            Ignored.

        Returns
        -------
        ndarray of shape (n_takes, n_freqs, n_frames) or \
(n_takes, n_views, n_freqs, n_frames), float32
            Standardized crops, with views where there are several shifts.
        """
        takes, chosen = self._check_training(X, y)
        self._fit_settings(takes, chosen)
        crops = self._read(takes)
        if self.per_ == "frequency":
            self._fit_standardizer(crops, chosen)
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

    def describe(self) -> str:
        """Describe the fitted settings in one line.

        Returns
        -------
        str
            What the crop holds after the onset, its frequencies, and `n_fft_` and
            `hop_length_` in samples.
        """
        return describe_settings(self.settings_, per=self._get_per())

    @property
    def settings_(self) -> dict[str, Any]:
        """What decides what a crop is before it is standardized, as found or given.

        Returns
        -------
        dict
            The parameters of `read_crops`.

        Raises
        ------
        NotFittedError
            If some are still to be found.
        """
        if self._find_automatic() and not hasattr(self, "per_"):
            check_is_fitted(self)
        return {
            name: getattr(self, f"{name}_", getattr(self, name))
            for name in default_settings()
        }

    @property
    def window_(self) -> tuple[float, float]:
        """How far a crop can reach before and after the onset.

        Returns
        -------
        before, after : float
            In seconds; the moves of the crop and the length of a frame included.
        """
        settings = self.settings_
        sr, pre_frames = settings["sr"], settings["pre_frames"]
        hop, half_frame = settings["hop_length"] / sr, settings["n_fft"] / 2 / sr
        before = pre_frames - min((0, *self.shifts))
        after = settings["n_frames"] - pre_frames + max((0, *self.shifts))
        return before * hop + half_frame, after * hop + half_frame

    def as_steps(self) -> Pipeline:
        """Spell this transformer out as the four steps.

        Returns
        -------
        Pipeline
            `WavLoader`, `LogSpectrogram`, `TapCrop` and `Standardizer` with these
            settings, fitted if this is.

        Raises
        ------
        ValueError
            If `input` is "waveform": the first step reads files.
        NotFittedError
            If settings are still to be found.

        Examples
        --------
        >>> from tapsklearn.preprocessing import article_features
        >>> list(article_features().as_steps().named_steps)
        ['load', 'spectrogram', 'crop', 'standardize']
        """
        if self.input != "filename":
            raise ValueError(
                f"input={self.input!r} has no four steps, of which the first reads "
                "files: set_params(input='filename', input_sr=None) first"
            )
        parameters = self.get_params() | self.settings_ | {"per": self._get_per()}
        steps = [(name, step()) for name, step in STEPS.items()]
        for _, step in steps:
            own = step.get_params().keys()
            step.set_params(**{name: parameters[name] for name in own})
        if hasattr(self, "standardizer_"):
            steps[-1] = ("standardize", copy.deepcopy(self.standardizer_))
        return Pipeline(steps)

    def _find_automatic(self) -> list[str]:
        """List the parameters that are left to `fit`."""
        # Not of arrays, which are no parameter either.
        return [name for name in AUTOMATIC if str(getattr(self, name)) == "auto"]

    def _needs_fit(self) -> bool:
        return self.per == "frequency" or bool(self._find_automatic())

    def _get_per(self) -> str:
        return str(getattr(self, "per_", self.per))

    def _check_training(self, X: Sources, y: Any) -> tuple[list[Any], NDArray[np.intp]]:
        """Check what is given to fit; give takes, and the rows of the normal ones."""
        # What an earlier fit found and this one may not: means and scales, for one.
        for name in (*AUTOMATIC, "ring", "band", "n_channels", "standardizer"):
            if hasattr(self, f"{name}_"):
                delattr(self, f"{name}_")
        takes = self._check(X, reset=True)
        if not self._needs_fit():
            return takes, np.arange(len(takes))
        return takes, find_normal_rows(y, self.normal_boards, n_takes=len(takes))

    def _fit_settings(
        self, takes: list[Any], chosen: NDArray[np.intp]
    ) -> dict[int, str]:
        """Find what is "auto" from some takes; give what is wrong with the others."""
        found = {name: getattr(self, name) for name in AUTOMATIC}
        problems: dict[int, str] = {}
        if self._find_automatic():
            found, of_chosen = fit_settings(
                [takes[row] for row in chosen],
                given={**found, "n_mels": self.n_mels, "shifts": self.shifts},
                input_sr=self._get_input_sr(),
                n_jobs=self.n_jobs,
                memory=self.memory,
                verbose=self.verbose,
            )
            problems = {int(chosen[row]): why for row, why in of_chosen.items()}
            if not found:
                raise_or_warn(problems, on_error="raise", names=self._name(takes))
        for name, value in found.items():
            setattr(self, f"{name}_", value)
        check_settings(self.settings_)
        return problems

    def _name(self, takes: list[Any]) -> list[str] | None:
        return takes if self.input == "filename" else None

    def _get_input_sr(self) -> int | None:
        """Return the rate of waveforms; of files, each has its own."""
        if self.input == "filename":
            return None
        if self.input_sr is not None:
            return self.input_sr
        sr = getattr(self, "sr_", self.sr)
        return int(default_settings()["sr"] if sr == "auto" else sr)

    def _check(self, X: Sources, *, reset: bool) -> list[Any]:
        """Check parameters and takes; give these as a list."""
        check_input(self.input, input_sr=self.input_sr, memory=self.memory)
        if not reset or not self._find_automatic():
            check_settings(self.settings_)
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

    def _try_read(self, takes: list[Any]) -> tuple[NDArray[np.float32], dict[int, str]]:
        crops, problems = read_crops(
            takes,
            input=self.input,
            input_sr=self._get_input_sr(),
            standardized=self._get_per() == "take",
            # Of takes that are standardized each by itself the level does not count.
            n_channels=getattr(self, "n_channels_", None)
            if self._get_per() == "frequency"
            else None,
            n_jobs=self.n_jobs,
            memory=self.memory,
            verbose=self.verbose,
            **self.settings_,
        )
        return crops if len(self.shifts) > 1 else crops[:, 0], problems

    def _read(self, takes: list[Any]) -> NDArray[np.float32]:
        crops, problems = self._try_read(takes)
        raise_or_warn(problems, on_error=self.on_error, names=self._name(takes))
        return crops

    def _fit_standardizer(
        self, crops: NDArray[np.float32], chosen: NDArray[np.intp]
    ) -> None:
        self.standardizer_ = Standardizer(per="frequency").fit(crops[chosen])

    def _standardize(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._get_per() == "frequency":
            for some in gen_batches(len(crops), TAKES_AT_ONCE):
                crops[some] = self.standardizer_.transform(crops[some])
        return crops

    def __sklearn_is_fitted__(self) -> bool:
        if self._get_per() == "frequency":
            return hasattr(self, "standardizer_")
        return hasattr(self, "per_") or not self._find_automatic()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        is_file = self.input == "filename"
        tags.requires_fit = self._needs_fit()
        tags.input_tags.one_d_array = is_file
        tags.input_tags.two_d_array = not is_file
        tags.input_tags.string = is_file
        tags.input_tags.allow_nan = not is_file and self.on_error == "nan"
        tags.transformer_tags.preserves_dtype = []
        return tags
