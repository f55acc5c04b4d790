"""What a model file holds about itself, before anything else of it is read."""

import copy
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from zipfile import ZipFile

from tapsklearn._version import __version__
from tapsklearn.persistence._archive import ABOUT, check_archive, open_model
from tapsklearn.persistence._errors import ModelFileError

# Raised when what is in the files changes so that older versions cannot read them.
FORMAT = 1
_PACKAGES = ("numpy", "scikit-learn", "skops", "torch")


def read_about(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what a model file holds about itself, without loading the model.

    Parameters
    ----------
    path : path-like
        The model file.

    Returns
    -------
    dict
        `format` (a number), `created` (ISO 8601, UTC), `versions` (of tapsklearn,
        Python and what it stands on), `model` (its steps with their parameters, as
        text), `features` (in one line, if the model begins with `TapFeatures`),
        `training` of a detector (`n_takes`, `boards` with the number of takes
        and the condition of each, `precision` of a trained network, `encoder_sha256` of
        one that began with the package's encoder, `features_sha256` and, if the paths
        were given, `paths_sha256`) and `metrics` known at training time.

    Raises
    ------
    ModelFileError
        If it is no model file, or damaged.
    OSError
        If there is no such file.

    Notes
    -----
    Whoever wrote the file chose what it holds.

    Examples
    --------
    >>> import tempfile
    >>> from tapsklearn import WavLoader
    >>> from tapsklearn.persistence import save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(WavLoader(sr=16000), f"{folder}/loader.taps")
    ...     read_about(f"{folder}/loader.taps")["model"]
    ['WavLoader(sr=16000)']
    """
    with open_model(path) as (file, n_bytes), ZipFile(file) as archive:
        check_archive(archive, n_bytes)
        return parse_about(archive)


def parse_about(archive: ZipFile) -> dict[str, Any]:
    """Read what a checked archive holds about itself.

    Parameters
    ----------
    archive : ZipFile
        The archive.

    Returns
    -------
    dict
        As `read_about`.
    """
    about = json.loads(archive.read(ABOUT))
    if not isinstance(about["format"], int):
        raise ModelFileError("names no format")
    if about["format"] > FORMAT:
        raise ModelFileError(
            f"was made by tapsklearn {about['versions']['tapsklearn']}, and this "
            f"{__version__} is too old to read it; upgrade tapsklearn"
        )
    return about


def describe_model(
    model: Any,
    detector: Any,
    *,
    paths: Iterable[str | os.PathLike[str]] | None,
    metrics: Mapping[str, float] | None,
) -> dict[str, Any]:
    """Collect what a model file holds about itself.

    Parameters
    ----------
    model : estimator
        What is saved.
    detector : estimator
        Its last step.
    paths : iterable of path-like or None
        The files it was fitted on.
    metrics : mapping of str to float or None
        How good it is, as far as that is known.

    Returns
    -------
    dict
        As `read_about`.
    """
    steps = getattr(model, "steps", [("", model)])
    about: dict[str, Any] = {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "tapsklearn": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in _PACKAGES},
        },
        "model": [_write_out(step) for _, step in steps],
    }
    describe = getattr(steps[0][1], "describe", None)
    if describe is not None:
        about["features"] = describe()
    fitted_on = getattr(detector, "training_set_", None)
    if fitted_on is not None:
        about["training"] = _describe_training(fitted_on, paths)
        if hasattr(detector, "precision_"):
            about["training"]["precision"] = detector.precision_
        if hasattr(detector, "encoder_checksum_"):
            about["training"]["encoder_sha256"] = detector.encoder_checksum_
    if metrics is not None:
        about["metrics"] = {name: float(value) for name, value in metrics.items()}
    return about


def _write_out(step: Any) -> str:
    """Write a step with the parameters that are not its defaults, on one line."""
    shown = copy.copy(step)
    for listed_elsewhere in ("normal_boards", "specimens"):
        if hasattr(shown, listed_elsewhere):
            setattr(shown, listed_elsewhere, None)
    return " ".join(repr(shown).split())


def _describe_training(
    fitted_on: Mapping[str, Any], paths: Iterable[str | os.PathLike[str]] | None
) -> dict[str, Any]:
    boards = zip(
        fitted_on["boards"], fitted_on["n_takes"], fitted_on["is_normal"], strict=True
    )
    described: dict[str, Any] = {
        "n_takes": int(fitted_on["n_takes"].sum()),
        "boards": {
            str(board): {
                "n_takes": int(n_takes),
                "condition": "normal" if is_normal else "abnormal",
            }
            for board, n_takes, is_normal in boards
        },
        "features_sha256": fitted_on["features_sha256"],
    }
    if paths is not None:
        names = "\n".join(os.fspath(path) for path in paths)
        digest = hashlib.sha256(names.encode("utf-8", "surrogatepass"))
        described["paths_sha256"] = digest.hexdigest()
    return described
