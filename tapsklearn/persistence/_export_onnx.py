"""Models as files for onnxruntime."""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from tapsklearn._version import __version__
from tapsklearn._whole_file import write_whole
from tapsklearn.preprocessing import fuse_steps
from tapsklearn.scoring import flatten_steps

# Of `TapFeatures`, what `WaveformsToCrops` has too, and the rate.
_PARAMETERS = (
    *("sr", "n_fft", "hop_length"),
    *("n_freqs", "n_frames", "pre_frames", "shifts"),
)


def export_onnx(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a model as ONNX, from waveform or crop to score.

    For detectors whose score is a distance to normal takes or an error of
    reconstruction. A pipeline that begins with `TapFeatures` or the four steps has
    waveforms as its input, at its sampling rate and of its duration; a detector alone
    has crops.
    Needs the extra `onnx`.

    Parameters
    ----------
    model : estimator
        Fitted detector, or pipeline from files to a detector.
    path : path-like
        The file. Its input is ``waveforms`` (n_takes, n_samples), as `WavLoader` gives
        them, without rumble and of takes that hold a tap, or ``crops``, in
        float32, and its output ``score`` (n_takes,). Its metadata hold `offset`, the
        score below which a take is called abnormal, and, for waveforms, `sr`.

    Raises
    ------
    ValueError
        If the model cannot be exported; the message gives the reason.
    ModuleNotFoundError
        If the extra is not installed.

    Notes
    -----
    A take without a tap gets a score too, where `TapCrop` raises an error.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from tapsklearn import CropDetector
    >>> taps = np.random.default_rng(0).normal(size=(40, 16, 24)).astype("float32")
    >>> detector = CropDetector().fit(taps)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_onnx(detector, f"{folder}/model.onnx")  # doctest: +SKIP
    """
    check_is_fitted(model)
    from tapsklearn.detectors import make_score_module

    steps = flatten_steps(model)
    detector = steps[-1]
    try:
        score = make_score_module(detector)
    except ValueError as error:
        raise ValueError(f"the model cannot be exported: {error}") from error
    example_shape: tuple[int, ...] = detector.input_shape_
    metadata = {"tapsklearn": __version__, "offset": repr(float(detector.offset_))}
    name = "crops"
    if len(steps) > 1:
        from torch import nn

        parameters = _read_features(steps[:-1])
        sr = parameters.pop("sr")
        features = _make_features(parameters)
        score = nn.Sequential(features, score)
        example_shape = (parameters["n_samples"],)
        metadata["sr"] = str(sr)
        name = "waveforms"
    write_whole(Path(path), _write_out(score, name, example_shape, metadata))


def _read_features(steps: list[Any]) -> dict[str, Any]:
    """Collect the parameters of what turns files into crops."""
    try:
        features = fuse_steps(make_pipeline(*steps))
    except ValueError as error:
        raise ValueError(
            f"{error}; other steps cannot be exported: export the detector alone, "
            "model[-1], which has crops as its input"
        ) from error
    settings = features.settings_
    if settings["n_mels"] is not None:
        raise ValueError(
            "mel bands cannot be exported: export the detector alone, model[-1], which "
            "has crops as its input"
        )
    parameters = {name: settings[name] for name in _PARAMETERS}
    parameters["n_samples"] = round(settings["sr"] * settings["duration"])
    standardizer = getattr(features, "standardizer_", None)
    if standardizer is not None:
        parameters |= {"mean": standardizer.mean_, "scale": standardizer.scale_}
    return parameters


def _make_features(parameters: dict[str, Any]) -> Any:
    import torch

    from tapsklearn.persistence._onnx_modules import WaveformsToCrops

    for name in {"mean", "scale"} & parameters.keys():
        parameters[name] = torch.as_tensor(parameters[name])
    return WaveformsToCrops(**parameters)


def _write_out(
    module: Any, name: str, shape: tuple[int, ...], metadata: Mapping[str, str]
) -> bytes:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'{error}; to export models: pip install "tapsklearn[onnx]"'
        ) from error
    import torch

    # An example of one take would make a model of one take only.
    example = torch.zeros(2, *shape)
    with _only_errors("torch.onnx"):
        program: Any = torch.onnx.export(
            module.eval(),
            (example,),
            input_names=[name],
            output_names=["score"],
            dynamic_shapes=({0: torch.export.Dim("n_takes")},),
            dynamo=True,
            verbose=False,
        )
    proto = program.model_proto
    for key, value in metadata.items():
        proto.metadata_props.add(key=key, value=value)
    return proto.SerializeToString()


@contextlib.contextmanager
def _only_errors(name: str) -> Iterator[None]:
    """Show errors of a library alone, as nobody can act on its other messages."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
