"""What a figure needs of a fitted estimator, or of those that a comparison kept."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.utils import _safe_indexing

from tapsklearn.preprocessing import TapFeatures, article_features, fuse_steps
from tapsklearn.scoring import find_detector, flatten_steps

if TYPE_CHECKING:
    import pandas as pd


class Unseen(NamedTuple):
    """A fitted method with the takes of a fold that it was not trained on."""

    estimator: Any
    X: Any
    boards: NDArray[Any]


def check_can(estimator: Any, method: str) -> None:
    """Check that an estimator, or the last of its steps, has a method.

    Parameters
    ----------
    estimator : estimator
        Detector, pipeline or search.
    method : str
        What it is asked for.
    """
    if not hasattr(find_detector(estimator), method):
        raise ValueError(
            f"estimator={type(estimator).__name__} has no `{method}`, which this "
            "display needs; give a fitted detector, or a pipeline that ends in one"
        )


def find_settings(estimator: Any) -> dict[str, Any]:
    """Find the settings of the crops that an estimator is given.

    Parameters
    ----------
    estimator : estimator
        Detector, pipeline or search.

    Returns
    -------
    dict
        Of the features that a pipeline begins with, by the parameters of
        `read_crops`; those of the article if there are none.
    """
    steps = flatten_steps(estimator)
    if isinstance(steps[0], TapFeatures):
        return steps[0].settings_
    try:
        return fuse_steps(make_pipeline(*steps[:4])).settings_
    except ValueError:
        return article_features().settings_


def find_frequencies(settings: dict[str, Any], n_freqs: int) -> NDArray[np.floating]:
    """Find the frequencies of the rows of crops.

    Parameters
    ----------
    settings : dict
        As `find_settings` returns them.
    n_freqs : int
        How many rows, from the lowest one up.

    Returns
    -------
    ndarray of shape (n_freqs,)
        In Hz; of mel bands their centres.
    """
    sr, n_mels = settings["sr"], settings["n_mels"]
    if n_mels is None:
        return np.arange(n_freqs) * sr / settings["n_fft"]
    # Imported only now, as it loads much.
    from librosa import mel_frequencies

    return mel_frequencies(n_mels + 2, fmax=sr / 2)[1 : n_freqs + 1]


def choose_method(comparison: Any, method: str | None) -> str:
    """Choose one method of a comparison, or check the one asked for.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.
    method : str or None
        Its name; if None, the best one.

    Returns
    -------
    str
        Its name.
    """
    if method is None:
        return str(comparison.best)
    known = list(dict.fromkeys(comparison.results["method"]))
    if method not in known:
        raise ValueError(
            f"method={method!r} is not in the comparison; there are {known}"
        )
    return method


def select_scores(
    comparison: Any, method: str, fold: int | None = None
) -> "pd.DataFrame":
    """Select the scores of one method, of all folds or of one.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned.
    method : str
        Name of the method.
    fold : int, default=None
        Number of the fold; if None, all.

    Returns
    -------
    DataFrame
        Its rows of the comparison's scores.
    """
    scores = comparison.scores
    selected = scores[scores["method"] == method]
    if fold is not None:
        selected = selected[selected["fold"] == fold]
    if not len(selected):
        where = "" if fold is None else f" in fold {fold}"
        raise ValueError(
            f"method={method!r} has no scores{where}: see the error in the results of "
            "the comparison"
        )
    return selected


def find_unseen(comparison: Any, method: str | None, fold: int) -> Unseen:
    """Find a fitted method and the takes of its fold that it was not trained on.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned with ``return_estimators=True``.
    method : str or None
        Name of the method; if None, the best one.
    fold : int
        Number of the fold.

    Returns
    -------
    Unseen
        The estimator, its takes as it was given them, and their boards.
    """
    method = choose_method(comparison, method)
    if comparison.estimators is None:
        raise ValueError(
            "the comparison kept no estimators, which this display needs: call "
            "compare_methods with return_estimators=True"
        )
    scores = select_scores(comparison, method, fold)
    rows = np.asarray(scores["row"])
    estimator = comparison.estimators.get((method, fold))
    if estimator is None:
        raise ValueError(
            f"the comparison kept no estimator of method={method!r} in fold {fold}"
        )
    return Unseen(
        estimator, _safe_indexing(comparison.X, rows), np.asarray(scores["board"])
    )


def select_examples(
    boards: NDArray[Any], is_normal: NDArray[np.bool_], *, n_each: int = 2
) -> NDArray[np.intp]:
    """Select the first takes of the first boards of each condition, normal ones first.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Board of each take.
    is_normal : ndarray of shape (n_takes,), bool
        Whether it is a normal one.
    n_each : int, default=2
        Boards of each condition, at most.

    Returns
    -------
    ndarray of int
        Rows of the takes.
    """
    first = np.sort(np.unique(boards, return_index=True)[1])
    normal = is_normal[first]
    return np.concatenate([first[normal][:n_each], first[~normal][:n_each]])
