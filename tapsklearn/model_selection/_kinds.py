"""Two figures of each kind of defect: known to the training, and never recorded."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.utils import get_tags

from tapsklearn._boards import name_specimens
from tapsklearn.model_selection._fit_and_score import Cell
from tapsklearn.scoring import find_detector

KNOWN, NEVER_RECORDED = "known", "never recorded"
# Of abnormal boards of which nothing more is known.
_UNNAMED = "abnormal"

COLUMNS = ("method", "fold", "kind", "question", "roc_auc", "n_takes", "n_specimens")


def name_kinds(
    boards: NDArray[Any], is_normal: NDArray[np.bool_], kinds: Mapping[Any, Any] | None
) -> NDArray[np.str_]:
    """Name the kind of defect of each take.

    Parameters
    ----------
    boards : ndarray of shape (n_takes,)
        Board of each take.
    is_normal : ndarray of shape (n_takes,), bool
        Which takes are of normal boards.
    kinds : mapping or None
        Kind of defect of abnormal boards.

    Returns
    -------
    ndarray of shape (n_takes,)
        Kinds; "abnormal" where nothing names one, and "" of normal takes.
    """
    known = kinds or {}
    named = np.array(
        [str(known.get(board, _UNNAMED)) for board in boards.tolist()], str
    )
    return np.where(is_normal, "", named)


def list_cells_without(cells: Iterable[Cell], kinds: NDArray[np.str_]) -> list[Cell]:
    """List the trainings that show how well a kind is detected that was never recorded.

    Parameters
    ----------
    cells : iterable of Cell
        Each method on each fold.
    kinds : ndarray of shape (n_takes,)
        What `name_kinds` returned.

    Returns
    -------
    list of Cell
        For each kind on both sides of a fold, a cell whose training takes lack it; none
        of methods whose scores depend on normal takes alone.
    """
    without = []
    for cell in cells:
        if _ignores_defects(cell.estimator):
            continue
        trained_on, tested = kinds[cell.train], kinds[cell.test]
        for kind in sorted(set(trained_on) & set(tested) - {""}):
            kept = cell.train[trained_on != kind]
            without.append(cell._replace(train=kept, without=kind))
    return without


def evaluate_kinds(
    cells: Iterable[Cell],
    scores: Mapping[tuple[str, int, str], pd.DataFrame],
    kinds: NDArray[np.str_],
    boards: NDArray[Any],
    specimens: Mapping[Any, Any] | None,
) -> pd.DataFrame:
    """Compute the AUROC of each kind of defect, where a method knows it and where not.

    Parameters
    ----------
    cells : iterable of Cell
        Each method on each fold.
    scores : mapping
        Scores of the test takes by method, fold and the kind left out of the training,
        or "".
    kinds : ndarray of shape (n_takes,)
        What `name_kinds` returned.
    boards : ndarray of shape (n_takes,)
        Board of each take.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.

    Returns
    -------
    DataFrame
        One row for each method, fold, kind among its test takes and question, "known"
        or "never recorded": `roc_auc` of the test takes of the kind against the normal
        ones of the fold, and how many takes and specimens of the kind these are.
    """
    of_specimen = name_specimens(boards, specimens)
    rows = []
    for cell in cells:
        tested, trained_on = kinds[cell.test], set(kinds[cell.train])
        for kind in sorted(set(tested) - {""}):
            whole = scores.get((cell.method, cell.fold, ""))
            if kind not in trained_on:
                asked = {NEVER_RECORDED: whole}
            elif _ignores_defects(cell.estimator):
                asked = {KNOWN: whole, NEVER_RECORDED: whole}
            else:
                without = scores.get((cell.method, cell.fold, kind))
                asked = {KNOWN: whole, NEVER_RECORDED: without}
            of_kind = cell.test[tested == kind]
            for question, found in asked.items():
                if found is not None:
                    auroc = _compute_auroc(found, kinds, kind)
                    n_specimens = len(np.unique(of_specimen[of_kind]))
                    place = (cell.method, cell.fold, kind, question)
                    rows.append((*place, auroc, len(of_kind), n_specimens))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def average_kinds(kinds: pd.DataFrame) -> pd.DataFrame:
    """Average the folds of each method and kind.

    Parameters
    ----------
    kinds : DataFrame
        What `evaluate_kinds` returned.

    Returns
    -------
    DataFrame
        By method and kind, the columns "known" and "never recorded"; NaN where there
        are no such takes, as of a kind with a single specimen, which is in no fold on
        both sides.
    """
    table = kinds.pivot_table(
        index=["method", "kind"],
        columns="question",
        values="roc_auc",
        aggfunc="mean",
        sort=False,
        dropna=False,
    )
    return table.reindex(columns=[KNOWN, NEVER_RECORDED]).rename_axis(columns=None)


def _ignores_defects(estimator: Any) -> bool:
    """Return whether abnormal takes among those fitted on change no score."""
    detector = find_detector(estimator)
    is_contrasted = getattr(detector, "contrast", None)
    return is_contrasted is False and not get_tags(detector).target_tags.required


def _compute_auroc(scores: pd.DataFrame, kinds: NDArray[np.str_], kind: str) -> float:
    of_take = kinds[scores["row"]]
    asked = np.isin(of_take, ["", kind]) & scores["score"].notna().to_numpy()
    is_abnormal = of_take[asked] != ""
    if is_abnormal.all() or not is_abnormal.any():
        return np.nan
    return float(roc_auc_score(is_abnormal, -scores["score"].to_numpy()[asked]))
