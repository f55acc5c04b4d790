"""Models to model files."""

import copy
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from sklearn.utils.validation import check_is_fitted

from tapsklearn._table_text import encode_text
from tapsklearn._whole_file import write_whole
from tapsklearn.persistence._about import describe_model
from tapsklearn.persistence._archive import ABOUT
from tapsklearn.persistence._errors import ModelFileError, UntrustedClassesError
from tapsklearn.persistence._load import check_trusted, leave_machine, read_model

# What to do about what cannot be saved, by how the name of its class begins.
_WAYS_OUT = {
    "sklearn.neighbors._": "neighbour trees cannot be saved: use algorithm='brute'",
    "sklearn.tree._": "trees of scikit-learn cannot be saved: use another normality, "
    "such as NeighborDistance or LocalOutlierFactor(algorithm='brute', novelty=True)",
    "sklearn.metrics._": "a scorer cannot be saved: save the best_estimator_ of a "
    "search",
    "tapsklearn.model_selection.": "a search or its splitter cannot be saved: save its "
    "best_estimator_",
    "torch.": "modules of torch cannot be saved",
    "skorch.": "what belongs to skorch cannot be saved",
}


def save(
    model: Any,
    path: str | os.PathLike[str],
    *,
    trusted: Sequence[str] = (),
    paths: Iterable[str | os.PathLike[str]] | None = None,
    metrics: Mapping[str, float] | None = None,
) -> None:
    """Save a fitted model in a file that cannot run code.

    A pipeline with all its steps, or a single estimator: its parameters and what it
    has learned, as numbers and text (skops), and what the file holds about itself
    (`read_about`). What belongs to a machine or a training is left out: `memory`,
    `n_jobs`, `device` and `callbacks` have their defaults when it is loaded.

    Parameters
    ----------
    model : estimator
        Fitted pipeline, detector or transformer.
    path : path-like
        The file; an older one is replaced once the new one is whole on disk, and not
        before.
    trusted : sequence of str, default=()
        Classes of yours in it, each by its full name ("package.module.Class");
        `load` has to be given them too.
    paths : iterable of path-like, default=None
        The files it was fitted on, of which a hash is kept.
    metrics : mapping of str to float, default=None
        How good it is, such as its AUROC on unseen boards.

    Raises
    ------
    ModelFileError
        If `load` would refuse the file; the message gives the cure.
    NotFittedError
        If the model is not fitted.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Read such a file.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from tapsklearn import CropDetector
    >>> from tapsklearn.persistence import load
    >>> taps = np.random.default_rng(0).normal(size=(40, 100, 120))
    >>> detector = CropDetector().fit(taps)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(detector, f"{folder}/model.taps", metrics={"roc_auc": 0.9})
    ...     again = load(f"{folder}/model.taps")
    >>> bool((again.score_samples(taps) == detector.score_samples(taps)).all())
    True
    """
    check_trusted(trusted)
    check_is_fitted(model)
    model = copy.deepcopy(model)
    leave_machine(model)
    detector = model.steps[-1][1] if hasattr(model, "steps") else model
    about = describe_model(model, detector, paths=paths, metrics=metrics)
    write_whole(Path(path), _pack(model, about, trusted))


def _pack(model: Any, about: Mapping[str, Any], trusted: Sequence[str]) -> memoryview:
    """Return the bytes of a file that `load` has been tried on."""
    buffer = io.BytesIO()
    _dump(model, buffer)
    with ZipFile(buffer, mode="a") as archive:
        archive.writestr(ABOUT, _to_json(about))
    content = buffer.getbuffer()
    buffer.seek(0)
    try:
        read_model(buffer, content.nbytes, trusted)
    except UntrustedClassesError as error:
        raise ModelFileError(_explain_refusal(error.names)) from error
    return content


def _to_json(about: Mapping[str, Any]) -> bytes:
    # JSON has the same way of writing out a byte of a name that is not UTF-8.
    return encode_text(json.dumps(about, indent=2, ensure_ascii=False))


def _dump(model: Any, buffer: io.BytesIO) -> None:
    from skops.io import dump

    try:
        dump(model, buffer)
    # Of any kind, as objects that are not made for it raise any.
    except Exception as error:
        raise ModelFileError(_explain_failure(model, error)) from error


def _explain_failure(model: Any, error: Exception) -> str:
    """Name the parameter that cannot be saved."""
    from skops.io import dump

    # Those of steps before the steps that hold them.
    inmost = sorted(model.get_params(), key=lambda name: -name.count("__"))
    for name in inmost:
        value = model.get_params()[name]
        try:
            dump(value, io.BytesIO())
        except Exception:
            return (
                f"{name} is a {type(value).__name__}, which cannot be saved: use "
                "lists, arrays, numbers and text"
            )
    return f"the model cannot be saved: {error}"


def _explain_refusal(names: Sequence[str]) -> str:
    ways_out = [
        way_out
        for beginning, way_out in _WAYS_OUT.items()
        if any(name.startswith(beginning) for name in names)
    ]
    if not ways_out:
        ways_out = [
            "if it is yours, name it in trusted=[...], here and where it is loaded"
        ]
    return f"{', '.join(names)} would not be loaded again: {'; '.join(ways_out)}"
