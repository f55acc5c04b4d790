"""Whether known defects should count in the score, found by cross-validation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

from tapsklearn._boards import number_specimens
from tapsklearn._labels import check_boards
from tapsklearn.datasets import Truth
from tapsklearn.model_selection._board_kfold import BoardKFold, count_feasible_folds
from tapsklearn.model_selection._compare import compare_methods
from tapsklearn.model_selection._comparison import Comparison

NOVELTY, CONTRAST = "novelty", "contrast"
_MOST_FOLDS = 5
# Two to train on, as contrast needs, when another is tested.
_ENOUGH_SPECIMENS = 3
# What kinds never recorded may lose in AUROC for what those recorded gain.
_MOST_LOST = 0.01


@dataclass(frozen=True, kw_only=True)
class ContrastChoice:
    """What `choose_contrast` found.

    Parameters
    ----------
    contrast : bool
        Whether known defects should count.
    reason : str
        Why, in a sentence.
    comparison : Comparison or None
        The cross-validation, of the methods "novelty" and "contrast". If None, there
        are too few abnormal boards for one.
    """

    contrast: bool
    reason: str
    comparison: Comparison | None = None

    @property
    def name(self) -> str:
        """Name of what was chosen among the methods of the comparison.

        Returns
        -------
        {"novelty", "contrast"}
            The name.
        """
        return CONTRAST if self.contrast else NOVELTY


def choose_contrast(
    detector: Any, X: Any, y: ArrayLike, *, truth: Truth, cv: Any = None, **params: Any
) -> ContrastChoice:
    """Choose between novelty and known defects for a detector.

    The detector is cross-validated without `contrast` and with it, on the same folds.
    Known defects are chosen if defects like them are detected better so, and kinds that
    were not recorded lose at most 0.01 in AUROC. These are measured by training
    without each kind.

    Parameters
    ----------
    detector : detector
        Unfitted, with the parameter `contrast`.
    X : array-like of length n_takes
        Paths of recordings, or crops.
    y : array-like of shape (n_takes,)
        Board of each take.
    truth : Truth
        Which boards are normal, and what belongs together.
    cv : splitter, default=None
        The folds. If None, up to five over specimens; a `BoardKFold` over sessions asks
        for the same specimens later.
    **params : object
        Further parameters of `compare_methods`.

    Returns
    -------
    ContrastChoice
        What was chosen, and why.

    Raises
    ------
    ValueError
        As `compare_methods` does.

    Examples
    --------
    >>> from tapsklearn.detectors import SpectrumDetector
    >>> crops = np.random.default_rng(0).normal(size=(160, 16, 24))
    >>> crops[80:, 3] += 0.5
    >>> boards = np.repeat([f"board {number}" for number in range(8)], 20)
    >>> truth = Truth([f"board {number}" for number in range(4)])
    >>> choice = choose_contrast(
    ...     SpectrumDetector(), crops, boards, truth=truth, random_state=0
    ... )
    >>> choice.contrast
    True
    >>> choice.reason[:49]
    'known defects count: AUROC 0.802 with known defec'
    """
    boards = check_boards(y)
    abnormal = boards[~np.isin(boards, list(truth.normal_boards))]
    n_specimens = len(np.unique(number_specimens(abnormal, truth.specimens)))
    if n_specimens < _ENOUGH_SPECIMENS:
        found = f"there are {n_specimens}" if n_specimens else "there is none"
        return ContrastChoice(
            contrast=False,
            reason="takes are scored by their novelty alone: to find out whether known "
            f"defects should count takes {_ENOUGH_SPECIMENS} abnormal specimens, and "
            f"{found}",
        )
    if cv is None:
        try:
            feasible = count_feasible_folds(boards, truth=truth)
        except ValueError as error:
            return ContrastChoice(
                contrast=False,
                reason="takes are scored by their novelty alone, as nothing can be "
                f"cross-validated: {error}",
            )
        cv = BoardKFold(min(_MOST_FOLDS, feasible), truth=truth)
    comparison = compare_methods(
        {
            NOVELTY: clone(detector).set_params(contrast=False),
            CONTRAST: clone(detector).set_params(contrast=True),
        },
        X,
        boards,
        truth=truth,
        cv=cv,
        never_recorded=True,
        **params,
    )
    known = _measure(comparison, "known")
    unknown = _measure(comparison, "never recorded")
    gain = known[CONTRAST] - known[NOVELTY]
    loss = 0.0 if unknown is None else unknown[NOVELTY] - unknown[CONTRAST]
    is_better = bool(gain > 0 and loss <= _MOST_LOST)
    return ContrastChoice(
        contrast=is_better,
        reason=_explain(is_better, known, unknown, len(comparison.folds)),
        comparison=comparison,
    )


def _measure(comparison: Comparison, question: str) -> Any:
    """Return the AUROC of both methods for a question, or of all takes, if known."""
    if question in comparison.questions:
        return comparison.ranking(question=question, n_resamples=1)["roc_auc"]
    return None if question != "known" else comparison.summary()["roc_auc"]


def _explain(is_better: bool, known: Any, unknown: Any, n_folds: int) -> str:
    figures = (
        f"AUROC {known[CONTRAST]:.3f} with known defects and {known[NOVELTY]:.3f} by "
        f"novelty alone, mean over {n_folds} folds"
    )
    if unknown is not None:
        figures += (
            f"; kinds never recorded {unknown[CONTRAST]:.3f} and {unknown[NOVELTY]:.3f}"
        )
    chosen = "known defects count" if is_better else "takes are scored by novelty alone"
    return f"{chosen}: {figures}"
