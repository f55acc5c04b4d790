"""From files to verdicts, a few at a time, whatever is wrong with some of them."""

import math
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from threadpoolctl import ThreadpoolController

from tapsklearn._jobs import one_thread
from tapsklearn.preprocessing import TakeError, collect_remarks
from tapsklearn.scoring._pipelines import flatten_steps
from tapsklearn.scoring._score_takes import score_takes

# A batch scores faster than as many single taps, and its crops fit anywhere.
_BATCH_SIZE = 64


def score_files(
    model: Any,
    paths: Iterable[str | os.PathLike[str]],
    *,
    batch_size: int = _BATCH_SIZE,
) -> Iterator[dict[str, Any]]:
    """Score recordings one after another, in constant memory.

    A file that cannot be used has its row too, with what is wrong with it.

    Parameters
    ----------
    model : Pipeline
        Fitted: steps that read files and compute features, and a detector.
    paths : iterable of path-like
        The files; no more of them than a batch are taken ahead.
    batch_size : int, default=64
        How many are read and scored together; the results do not depend on it beyond
        rounding.

    Yields
    ------
    dict
        Of each file, in order: `path`, `score` (higher is more normal), `p_value` (NaN
        if the detector has none), `verdict` ("normal", "abnormal", or "" of a file
        that cannot be used, whose numbers are NaN), `flags` (what is remarkable of a
        file that is used: "clipped", "quiet", "lossy", "two taps", "offset", "pop" at
        an end, which was left out, "cut" if it begins in the middle of its tap,
        "narrow" if its rate is too low for what the features show, "channels" if it has
        more or less of them than the model's takes and its level counts, or several,
        or "") and `error` (or "").

    Raises
    ------
    ValueError
        If the model does not begin with a step that reads files.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.pipeline import make_pipeline
    >>> from tapsklearn import CropDetector, TapFeatures
    >>> from tapsklearn.synthesis import make_tap_boards
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     takes = make_tap_boards(folder, scenario="wide", n_takes=1, random_state=0)
    ...     model = make_pipeline(TapFeatures(), CropDetector(false_alarm_rate=0.2))
    ...     model = model.fit(takes.paths[:10])
    ...     rows = list(score_files(model, [takes.paths[0], "nothing.wav"]))
    >>> rows[0]["verdict"], rows[0]["error"], rows[1]["error"]
    ('normal', '', 'there is no such file')
    """
    check_reads_files(model)
    *steps, _ = model.steps
    features, detector = flatten_steps(Pipeline(steps)), model[-1]
    remaining = iter(paths)
    libraries = None
    while batch := [os.fspath(path) for path in islice(remaining, batch_size)]:
        with one_thread(libraries) as messages:
            rows = score_batch(features, detector, batch)
        # All that score are loaded by now.
        libraries = libraries or ThreadpoolController()
        for message in messages:
            warnings.warn(message, stacklevel=2)
        for path, row in zip(batch, rows, strict=True):
            yield {"path": path, **row}


def score_batch(
    features: Sequence[Any], detector: Any, takes: Sequence[Any]
) -> list[dict[str, Any]]:
    """Score takes together.

    Parameters
    ----------
    features : sequence of transformer
        Fitted steps from takes to what the detector scores.
    detector : estimator
        Fitted detector.
    takes : sequence
        Files or waveforms, as the first step takes them.

    Returns
    -------
    list of dict
        Of each take, in order: `score`, `p_value`, `verdict`, `flags` and `error`, as
        for `score_files`.
    """
    with collect_remarks() as remarks:
        X, usable, problems = transform_usable(features, takes)
    rows = []
    for place, take in enumerate(takes):
        of_take = remarks.get(take if isinstance(take, str) else place, {})
        row = {"score": math.nan, "p_value": math.nan, "verdict": ""}
        flags = "" if place in problems else ", ".join(of_take)
        rows.append(row | {"flags": flags, "error": problems.get(place, "")})
    if len(usable):
        scored = score_takes(detector, X)
        for place, (score, p_value, prediction) in zip(
            usable, scored.itertuples(index=False), strict=True
        ):
            if math.isnan(score):
                # Nothing is known of it, so that no verdict would be true.
                rows[place]["error"] = "has no score: its features hold NaN"
                continue
            rows[place] |= {
                "score": float(score),
                "p_value": float(p_value),
                "verdict": "normal" if prediction == 1 else "abnormal",
            }
    return rows


def check_reads_files(model: Any) -> None:
    """Check that a model begins with a step that reads files and ends in a detector.

    Parameters
    ----------
    model : estimator
        The model.

    Raises
    ------
    ValueError
        If it does not.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from tapsklearn import CropDetector, TapFeatures
    >>> check_reads_files(make_pipeline(TapFeatures(), CropDetector()))
    """
    steps = flatten_steps(model) if isinstance(model, Pipeline) else []
    if (
        len(steps) < 2
        or not hasattr(steps[-1], "score_samples")
        or not get_tags(steps[0]).input_tags.string
    ):
        raise ValueError(
            f"a {type(model).__name__} cannot score files: give a pipeline that begins "
            "with TapFeatures or WavLoader and ends in a detector"
        )


def transform_usable(
    features: Sequence[Any], takes: Sequence[Any]
) -> tuple[Any, list[int], dict[int, str]]:
    """Transform the takes that can be used, whatever is wrong with others.

    Each step sees only the takes that the ones before could use.

    Parameters
    ----------
    features : sequence of transformer
        Fitted steps from takes to what a detector scores.
    takes : sequence
        Files or waveforms, as the first step takes them.

    Returns
    -------
    X : array-like
        What is computed of the usable takes; empty or None if there are none.
    usable : list of int
        Their places in `takes`.
    problems : dict of int to str
        What is wrong with each other take, by its place.

    Examples
    --------
    >>> from tapsklearn.preprocessing import article_features
    >>> steps = [article_features()]
    >>> crops, usable, problems = transform_usable(steps, ["nothing.wav"])
    >>> len(crops), usable, problems
    (0, [], {0: 'there is no such file'})
    """
    X: Any = takes
    usable = list(range(len(takes)))
    problems: dict[int, str] = {}
    for step in features:
        if not usable:
            break
        if hasattr(step, "try_transform"):
            X, found = step.try_transform(X)
            kept = [place for place in range(len(usable)) if place not in found]
            X = X if not found else X[kept]
        else:
            X, found, kept = _transform_until_it_works(step, X)
        problems |= {usable[place]: reason for place, reason in found.items()}
        usable = [usable[place] for place in kept]
    return X, usable, problems


def _transform_until_it_works(
    step: Any, X: Any
) -> tuple[Any, dict[int, str], list[int]]:
    """Transform with a step that only knows to raise, without the takes it names."""
    problems: dict[int, str] = {}
    kept = list(range(len(X)))
    while kept:
        some = X[kept] if isinstance(X, np.ndarray) else [X[place] for place in kept]
        try:
            return step.transform(some), problems, kept
        except TakeError as error:
            named = {
                place: error.problems[name]
                for row, place in enumerate(kept)
                for name in (row, X[place] if isinstance(X[place], str) else row)
                if name in error.problems
            }
            if not named:
                raise
            problems |= named
            kept = [place for place in kept if place not in named]
    return None, problems, kept
