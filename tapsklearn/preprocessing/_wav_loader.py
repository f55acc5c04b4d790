"""Files to waveforms."""

import os
from collections.abc import Iterable, Iterator
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from tapsklearn.preprocessing._errors import (
    UnusableError,
    raise_or_warn,
    warn_of_remarks,
)
from tapsklearn.preprocessing._image_output import ImageOutput
from tapsklearn.preprocessing._take import measure_take
from tapsklearn.preprocessing._to_waveform import waveform_of_tap


class WavLoader(  # type: ignore[call-arg]
    ImageOutput, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Read recordings as mono waveforms of one rate and length.

    Files are of any format that `read_take` reads, those of phones included. Channels
    are averaged, what lies below 40 Hz and pops at the ends are taken out, and other
    sampling rates are resampled. The tap is looked for in the whole file, however long
    that is. Digital silence at its ends is no recording. Files with a remark
    (clipped, quiet, two taps, ...) are named in a warning; those without a tap cannot
    be used: what a file's own background is, only this step can know. The whole result
    is held in memory: 0.5 MB for each 3-s take at 44.1 kHz.

    Parameters
    ----------
    sr : int, default=44100
        Sampling rate of the waveforms, in Hz.
    duration : float, default=3.0
        Length of the waveforms, in seconds. One begins a third of it before the loudest
        moment of the tap, or with the recording. After the end of the recording it goes
        on with the last part of it, turned round again and again.
    on_error : {"raise", "nan"}, default="raise"
        What a file that cannot be used does: "raise" is an error that lists all
        such files with their reasons; "nan" gives a row of NaN and a warning, so
        that one bad file does not stop a long run. Later transformers pass such
        rows through, and detectors score them NaN.

    See Also
    --------
    tapsklearn.preprocessing.read_take : The same for one file.

    Examples
    --------
    >>> import tempfile, numpy as np, soundfile
    >>> tap = np.exp(-np.arange(24000) / 2000) * np.sin(np.arange(24000) / 9)
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.pad(tap, (24000, 0)), 48000)
    ...     WavLoader(sr=16000, duration=1.0).fit_transform([file.name]).shape
    (1, 16000)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "sr": [Interval(Integral, 1, None, closed="left")],
        "duration": [Interval(Real, 0, None, closed="neither")],
        "on_error": [StrOptions({"raise", "nan"})],
    }

    def __init__(
        self, *, sr: int = 44100, duration: float = 3.0, on_error: str = "raise"
    ) -> None:
        self.sr = sr
        self.duration = duration
        self.on_error = on_error

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Iterable[str | os.PathLike[str]], y: Any = None) -> "WavLoader":
        """Check the parameters; there is nothing to fit.

        Parameters
        ----------
        X : array-like of path-like, of shape (n_takes,)
            The files; they are not opened.
        y : None
            Ignored.

        Returns
        -------
        WavLoader
            Itself.
        """
        as_paths(X)
        return self

    def transform(self, X: Iterable[str | os.PathLike[str]]) -> NDArray[np.float32]:
        """Read the files.

        Parameters
        ----------
        X : array-like of path-like, of shape (n_takes,)
            The files.

        Returns
        -------
        ndarray of shape (n_takes, sr * duration), float32
            One waveform a row.

        Raises
        ------
        TakeError
            If files cannot be used and `on_error` is "raise".
        """
        waveforms, problems = self.try_transform(X)
        names = [os.fspath(path) for path in X]
        raise_or_warn(problems, on_error=self.on_error, names=names)
        return waveforms

    def try_transform(
        self, X: Iterable[str | os.PathLike[str]]
    ) -> tuple[NDArray[np.float32], dict[int, str]]:
        """Read the files, and report those that cannot be used, whatever `on_error` is.

        Parameters
        ----------
        X : array-like of path-like, of shape (n_takes,)
            The files.

        Returns
        -------
        waveforms : ndarray of shape (n_takes, sr * duration), float32
            One waveform a row; NaN where a file cannot be used.
        problems : dict of int to str
            What is wrong with each of those files, by row.
        """
        paths = as_paths(X)
        waveforms = np.empty(
            (len(paths), round(self.sr * self.duration)), dtype=np.float32
        )
        problems: dict[int, str] = {}
        remarks: dict[str, dict[str, str]] = {}
        for row, path in enumerate(paths):
            try:
                take = measure_take(path, out=waveforms[row])
                waveform_of_tap(
                    take, sr=self.sr, duration=self.duration, out=waveforms[row]
                )
                remarks[path] = take.remarks
            except UnusableError as error:
                problems[row] = str(error)
                waveforms[row] = np.nan
        warn_of_remarks(remarks)
        return waveforms, problems

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def as_paths(X: Any) -> list[str]:
    """Check that what was given is a list of files.

    Parameters
    ----------
    X : array-like of path-like, of shape (n_takes,)
        The files; they are not opened.

    Returns
    -------
    list of str
        Their names.

    Raises
    ------
    ValueError
        If it is anything else, or empty.
    """
    if isinstance(X, str | bytes | os.PathLike):
        raise ValueError(f"expected a list of files, got a single one: {X!r}")
    if isinstance(X, Iterator):
        # It would be empty by the time that transform comes after fit.
        raise ValueError(
            f"expected a list of files, got a {type(X).__name__}, which can be read "
            "only once; sorted(...) makes it a list"
        )
    if getattr(X, "ndim", 1) != 1:
        raise ValueError(
            f"expected a one-dimensional list of files, got a {type(X).__name__} of "
            f"{X.ndim} dimensions"
        )
    paths = list(X)
    for path in paths:
        if not isinstance(path, str | os.PathLike):
            raise ValueError(
                f"expected paths of files, got {path!r} of {type(path).__name__}"
            )
    if not paths:
        raise ValueError("found no files: the list of paths is empty (0 sample(s))")
    return [os.fspath(path) for path in paths]
