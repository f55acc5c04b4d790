"""Files to standardized crops, in one step."""

import os
import warnings
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import gen_batches
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from tapsklearn._shorten import shorten
from tapsklearn.preprocessing._crop_cache import CropCache
from tapsklearn.preprocessing._crop_reader import CropReader
from tapsklearn.preprocessing._errors import TakeError, raise_or_warn
from tapsklearn.preprocessing._log_spectrogram import LogSpectrogram
from tapsklearn.preprocessing._read_take import describe_cut
from tapsklearn.preprocessing._standardizer import Standardizer, standardize
from tapsklearn.preprocessing._tap_crop import TapCrop, check_crop
from tapsklearn.preprocessing._wav_loader import WavLoader, as_paths

_OF_CROPS = (
    *("sr", "duration", "n_fft", "hop_length", "n_mels"),
    *("n_freqs", "n_frames", "pre_frames", "shifts"),
)
# The most that a job is handed at once; their crops are some megabytes. And parts a
# job, so that none waits long for the last one.
_FILES_AT_ONCE = 64
_PARTS_A_JOB = 4


class TapFeatures(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Turn recordings into standardized crops: the four steps in one.

    What `WavLoader`, `LogSpectrogram`, `TapCrop` and `Standardizer` give in a row, to
    within 0.001, but faster and in little memory: one file at a time, and of its
    spectrogram no more than the crop needs. Parameters are those of the four.

    Parameters
    ----------
    sr : int, default=44100
        Sampling rate that files are read at, in Hz.
    duration : float, default=3.0
        Length that takes are padded or cut to, in seconds.
    n_fft : int, default=1024
        Length of a frame, in samples.
    hop_length : int, default=128
        Step from frame to frame, in samples.
    n_mels : int, default=None
        Number of mel bands; None keeps the linear frequencies. With mel bands the
        whole spectrogram is computed, which takes as long as step by step.
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
        What a file that cannot be used or a take without a tap does: "raise" is an
        error that lists all of them; "nan" gives a crop of NaN and a warning.
    n_jobs : int, default=None
        Processes that read; None is 1, -1 one a processor.
    memory : str or object with the joblib.Memory interface, default=None
        Folder in which crops are kept, so that a file is read once for a whole grid
        search, also by workers side by side. A file that has changed (size or time of
        its last change) is read again.

    Attributes
    ----------
    standardizer_ : Standardizer
        What was learnt; only with `per="frequency"`.

    See Also
    --------
    tapsklearn.preprocessing.article_preprocessing : The four steps as a pipeline.

    Notes
    -----
    Where rounding could decide what is cut (two moments that are equally loud), and
    where a take may hold no tap, the steps are asked.

    Examples
    --------
    >>> import tempfile, numpy as np, soundfile
    >>> rng = np.random.default_rng(0)
    >>> take = 1e-3 * rng.normal(size=132300)
    >>> take[40000:] += np.exp(-np.arange(92300) / 2000) * rng.uniform(-1, 1, 92300)
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, take, 44100)
    ...     TapFeatures(shifts=(0, 6)).fit_transform([file.name]).shape
    (1, 2, 100, 120)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **WavLoader._parameter_constraints,
        **LogSpectrogram._parameter_constraints,
        **TapCrop._parameter_constraints,
        **Standardizer._parameter_constraints,
        "n_jobs": [Integral, None],
        "memory": [str, HasMethods(["cache"]), None],
    }

    def __init__(
        self,
        *,
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
    ) -> None:
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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Iterable[str | os.PathLike[str]], y: Any = None) -> "TapFeatures":
        """Check the parameters, and learn the rows' means if asked to.

        Parameters
        ----------
        X : array-like of path-like, of shape (n_takes,)
            The files; they are opened with `per="frequency"` only.
        y : None
            Ignored.

        Returns
        -------
        TapFeatures
            Itself.
        """
        paths = self._check(X)
        if self.per == "frequency":
            self._learn(self._read(paths))
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(
        self, X: Iterable[str | os.PathLike[str]], y: Any = None, **fit_params: Any
    ) -> NDArray[np.float32]:
        """Fit, and transform the same files, which are read once.

        Parameters
        ----------
        X : array-like of path-like, of shape (n_takes,)
            The files.
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
        crops = self._read(self._check(X))
        if self.per == "frequency":
            self._learn(crops)
        return self._finish(crops)

    def transform(self, X: Iterable[str | os.PathLike[str]]) -> NDArray[np.float32]:
        """Read the files and cut their taps.

        Parameters
        ----------
        X : array-like of path-like, of shape (n_takes,)
            The files.

        Returns
        -------
        ndarray of shape (n_takes, n_freqs, n_frames) or \
(n_takes, n_views, n_freqs, n_frames), float32
            Standardized crops, with views where there are several shifts.

        Raises
        ------
        TakeError
            If files cannot be used or hold no tap, and `on_error` is "raise".
        """
        if self.per == "frequency":
            check_is_fitted(self)
        return self._finish(self._read(self._check(X)))

    def _check(self, X: Iterable[str | os.PathLike[str]]) -> list[str]:
        check_crop(
            self.n_mels or 1 + self.n_fft // 2,
            n_freqs=self.n_freqs,
            n_frames=self.n_frames,
            pre_frames=self.pre_frames,
            shifts=self.shifts,
        )
        return as_paths(X)

    def _read(self, paths: list[str]) -> NDArray[np.float32]:
        """Cut the crops, NaN for files that cannot be used."""
        parameters = {name: getattr(self, name) for name in _OF_CROPS}
        parameters["shifts"] = tuple(self.shifts)
        cache = CropCache(self.memory, parameters)
        crops = np.empty(
            (len(paths), len(self.shifts), self.n_freqs, self.n_frames),
            dtype=np.float32,
        )
        problems: dict[str | int, str] = {}
        cut: list[str] = []
        n_parts = _PARTS_A_JOB * effective_n_jobs(self.n_jobs)
        size = min(_FILES_AT_ONCE, -(-len(paths) // n_parts))
        parts = list(gen_batches(len(paths), size))
        results = Parallel(n_jobs=self.n_jobs, return_as="generator")(
            delayed(_read_part)(paths[part], cache, standardized=self.per == "take")
            for part in parts
        )
        for part, (part_crops, part_problems, part_cut) in zip(
            parts, results, strict=True
        ):
            crops[part] = part_crops
            problems |= part_problems
            cut += part_cut
        raise_or_warn(problems, on_error=self.on_error)
        if cut:
            warnings.warn(
                f"longer than duration={self.duration:g} s: {shorten(cut)}",
                stacklevel=3,
            )
        return crops if len(self.shifts) > 1 else crops[:, 0]

    def _learn(self, crops: NDArray[np.float32]) -> None:
        self.standardizer_ = Standardizer(per=self.per).fit(crops)

    def _finish(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.per == "frequency":
            for some in gen_batches(len(crops), _FILES_AT_ONCE):
                crops[some] = self.standardizer_.transform(crops[some])
        return crops

    def __sklearn_is_fitted__(self) -> bool:
        return self.per == "take" or hasattr(self, "standardizer_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = self.per == "frequency"
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _read_part(
    paths: list[str], cache: CropCache, *, standardized: bool
) -> tuple[NDArray[np.float32], dict[str | int, str], list[str]]:
    """Cut the crops of some files; tell what was wrong, and what was left off."""
    reader = CropReader(**cache.parameters)
    crops = np.full((len(paths), *reader.shape), np.nan, dtype=np.float32)
    problems: dict[str | int, str] = {}
    cut: list[str] = []
    for crop, path in zip(crops, paths, strict=True):
        try:
            views, seconds_cut = cache.read(reader, path)
        except TakeError as error:
            problems |= error.problems
            continue
        if seconds_cut:
            cut.append(describe_cut(path, seconds_cut))
        for view, given in zip(crop, views, strict=True):
            view[:] = standardize(given) if standardized else given
    return crops, problems, cut
