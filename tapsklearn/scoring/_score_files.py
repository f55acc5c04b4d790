"""From files to verdicts, a few at a time, whatever is wrong with some of them."""

import copy
import math
import os
import warnings
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from threadpoolctl import ThreadpoolController

from tapsklearn._jobs import one_thread
from tapsklearn.scoring._estimators import judge_takes
from tapsklearn.scoring._features import read_usable

# A batch scores faster than as many single taps, and its crops fit anywhere.
_FILES_AT_ONCE = 64


def score_files(
    model: Any,
    paths: Iterable[str | os.PathLike[str]],
    *,
    files_at_once: int = _FILES_AT_ONCE,
) -> Iterator[dict[str, Any]]:
    """Judge recordings one after another, in constant memory.

    A file that cannot be used has its row too, with what is wrong with it.

    Parameters
    ----------
    model : Pipeline
        Fitted: what reads files, and a detector.
    paths : iterable of path-like
        The files; no more of them than are judged at once are taken ahead.
    files_at_once : int, default=64
        How many are read and judged together; their results do not depend on it
        beyond rounding.

    Yields
    ------
    dict
        Of each file, in order: `path`, `score` (higher is more normal), `p_value` (NaN
        if the detector gives none), `verdict` ("normal", "abnormal", or "" of a file
        that cannot be used, whose numbers are NaN) and `error` (or "").

    Raises
    ------
    ValueError
        If the model does not begin with a step that reads files.

    Warns
    -----
    UserWarning
        Of files longer than the model looks at.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.pipeline import make_pipeline
    >>> from tapsklearn import CropKNNDetector, TapFeatures
    >>> from tapsklearn.synthesis import make_tap_boards
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     takes = make_tap_boards(folder, scenario="wide", n_takes=1, random_state=0)
    ...     model = make_pipeline(TapFeatures(), CropKNNDetector(false_alarm_rate=0.2))
    ...     model = model.fit(takes.paths[:10])
    ...     rows = list(score_files(model, [takes.paths[0], "nothing.wav"]))
    >>> rows[0]["verdict"], rows[0]["error"], rows[1]["error"]
    ('normal', '', 'there is no such file')
    """
    check_reads_files(model)
    features, detector = copy.deepcopy(model[:-1]), model[-1]
    features.set_params(
        **{
            name: "raise"  # It tells what is wrong.
            for name in features.get_params()
            if name.endswith("__on_error")
        }
    )
    remaining = iter(paths)
    libraries = None
    while some := [os.fspath(path) for path in islice(remaining, files_at_once)]:
        with one_thread(libraries) as messages:
            crops, problems = read_usable(features.transform, some)
            if crops is not None:
                judged = iter(judge_takes(detector, crops).itertuples(index=False))
        # All that score are loaded by now.
        libraries = libraries or ThreadpoolController()
        for message in messages:
            warnings.warn(message, stacklevel=2)
        for path in some:
            row = {"path": path, "score": math.nan, "p_value": math.nan, "verdict": ""}
            if path in problems:
                yield {**row, "error": problems[path]}
                continue
            score, p_value, prediction = next(judged)
            verdict = "normal" if prediction == 1 else "abnormal"
            yield {
                "path": path,
                "score": float(score),
                "p_value": float(p_value),
                "verdict": verdict,
                "error": "",
            }


def check_reads_files(model: Any) -> None:
    """Check that a model takes files and ends in a detector.

    Parameters
    ----------
    model : estimator
        The model.

    Raises
    ------
    ValueError
        If it does not.
    """
    first = model
    while isinstance(first, Pipeline):
        first = first[0]
    if (
        first is model
        or not hasattr(model[-1], "score_samples")
        or not get_tags(first).input_tags.string
    ):
        raise ValueError(
            f"a {type(model).__name__} cannot judge files: give a pipeline that begins "
            "with TapFeatures or WavLoader and ends in a detector"
        )
