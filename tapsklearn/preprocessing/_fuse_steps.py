"""The four steps as one transformer."""

import copy
from typing import Any

from sklearn.pipeline import Pipeline

from tapsklearn.preprocessing._log_spectrogram import has_linear_frequencies
from tapsklearn.preprocessing._tap_features import STEPS, TapFeatures


def fuse_steps(estimator: Any) -> TapFeatures:
    """Find the one transformer that equals the four steps.

    Parameters
    ----------
    estimator : TapFeatures or Pipeline
        A `TapFeatures`, or a pipeline of `WavLoader`, `LogSpectrogram`, `TapCrop` and
        `Standardizer`; a pipeline within a pipeline counts as its steps.

    Returns
    -------
    TapFeatures
        The one given, or one with the steps' parameters, fitted if they are. It raises
        on takes that cannot be used if one of the steps does.

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> from tapsklearn.preprocessing import article_preprocessing
    >>> fuse_steps(article_preprocessing()).describe()
    '319 ms, 0 to 4.3 kHz, 1024/128'
    """
    steps = _flatten(estimator)
    if [type(step) for step in steps] == [TapFeatures]:
        return steps[0]
    if [type(step) for step in steps] != list(STEPS.values()):
        listed = ", ".join(type(step).__name__ for step in steps)
        raise ValueError(
            "expected TapFeatures, or WavLoader, LogSpectrogram, TapCrop and "
            f"Standardizer, got {listed}"
        )
    load, spectrogram, crop, standardizer = steps
    parameters = {
        name: each for step in steps for name, each in step.get_params().items()
    }
    is_linear = has_linear_frequencies(**spectrogram.get_params())
    # Only with bands does the spectrogram's own rate matter.
    if load.sr != spectrogram.sr and not is_linear:
        raise ValueError(
            f"WavLoader(sr={load.sr}) and LogSpectrogram(sr={spectrogram.sr}) differ: "
            "give both the same rate"
        )
    parameters["sr"] = load.sr
    if "raise" in {load.on_error, crop.on_error}:
        parameters["on_error"] = "raise"
    features = TapFeatures(**parameters)
    if hasattr(standardizer, "mean_"):
        features.standardizer_ = copy.deepcopy(standardizer)
    return features


def _flatten(estimator: Any) -> list[Any]:
    if isinstance(estimator, Pipeline):
        return [leaf for _, step in estimator.steps for leaf in _flatten(step)]
    return [estimator]
