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
ALL_KINDS = "all kinds"
# In words.
QUESTIONS = {
    KNOWN: "defects like those recorded",
    NEVER_RECORDED: "kinds never recorded",
}
# Of abnormal boards of which nothing more is known.
_UNNAMED = "abnormal"

PLACE = ("method", "fold", "kind", "question")
COLUMNS = (*PLACE, "roc_auc", "n_takes", "n_specimens")
SCORE_COLUMNS = (*PLACE, "row", "board", "condition", "score")


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


def select_kind_scores(
    cells: Iterable[Cell],
    scores: Mapping[tuple[str, int, str], pd.DataFrame],
    kinds: NDArray[np.str_],
) -> pd.DataFrame:
    """Select for each kind of defect the scores that show how well it is detected.

    Parameters
    ----------
    cells : iterable of Cell
        Each method on each fold.
    scores : mapping
        Scores of the test takes by method, fold and the kind left out of the training,
        or "".
    kinds : ndarray of shape (n_takes,)
        What `name_kinds` returned.

    Returns
    -------
    DataFrame
        For each method, fold, kind among its test takes and question, "known" or
        "never recorded", the scores of the test takes of the kind and of the normal
        ones.
    """
    tables = []
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
            for question, found in asked.items():
                if found is not None:
                    rows = found[np.isin(kinds[found["row"]], ["", kind])]
                    tables.append(rows.assign(kind=kind, question=question))
    if not tables:
        return pd.DataFrame(columns=list(SCORE_COLUMNS))
    return pd.concat(tables, ignore_index=True)[list(SCORE_COLUMNS)]


def evaluate_kinds(
    kind_scores: pd.DataFrame, specimens: Mapping[Any, Any] | None
) -> pd.DataFrame:
    """Compute the AUROC of each kind of defect, where a method knows it and where not.

    Parameters
    ----------
    kind_scores : DataFrame
        What `select_kind_scores` returned.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.

    Returns
    -------
    DataFrame
        One row for each method, fold, kind and question: `roc_auc` of the test takes
        of the kind against the normal ones of the fold, and how many takes and
        specimens of the kind these are.
    """
    rows = []
    for place, found in kind_scores.groupby(list(PLACE), sort=False):
        of_kind = found[found["condition"] == "abnormal"]
        n_specimens = count_specimens(of_kind["board"], specimens)
        rows.append((*place, _compute_auroc(found), len(of_kind), n_specimens))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def count_specimens(boards: "pd.Series[Any]", specimens: Any) -> int:
    """Count the specimens that boards are of.

    Parameters
    ----------
    boards : Series
        Board of each take.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.

    Returns
    -------
    int
        How many.
    """
    return len(np.unique(name_specimens(boards.unique(), specimens)))


def number_questions(kind_scores: pd.DataFrame) -> pd.DataFrame:
    """Make a fold of each kind in each fold, as takes are compared within these only.

    Parameters
    ----------
    kind_scores : DataFrame
        Of one question.

    Returns
    -------
    DataFrame
        Without those that lack one condition.
    """
    folds = kind_scores.groupby(["fold", "kind"], sort=False)
    numbered = kind_scores.assign(fold=folds.ngroup())
    scored = numbered[numbered["score"].notna()]
    n_conditions = scored.groupby("fold")["condition"].nunique()
    return numbered[numbered["fold"].isin(n_conditions.index[n_conditions == 2])]


def average_kinds(
    kinds: pd.DataFrame, kind_scores: pd.DataFrame, specimens: Mapping[Any, Any] | None
) -> pd.DataFrame:
    """Average the folds of each method and kind.

    Parameters
    ----------
    kinds : DataFrame
        What `evaluate_kinds` returned.
    kind_scores : DataFrame
        What `select_kind_scores` returned.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.

    Returns
    -------
    DataFrame
        By method and kind, and of several kinds first "all kinds": `n_specimens`, how
        many were tested, and the columns "known" and "never recorded"; NaN where there
        are no such takes, as of a kind with a single specimen, which is in no fold on
        both sides, or where not all trainings were done.
    """
    abnormal = kind_scores[kind_scores["condition"] == "abnormal"]
    rows = []
    for method, of_method in kinds.groupby("method", sort=False):
        tested = abnormal[abnormal["method"] == method]
        names = sorted(of_method["kind"].unique())
        parts = {name: [name] for name in names}
        if len(names) > 1:
            parts = {ALL_KINDS: names, **parts}
        for part, chosen in parts.items():
            of_part = of_method[of_method["kind"].isin(chosen)]
            boards = tested["board"][tested["kind"].isin(chosen)]
            n_specimens = count_specimens(boards, specimens)
            known = of_part["roc_auc"][of_part["question"] == KNOWN]
            other = of_part["roc_auc"][of_part["question"] == NEVER_RECORDED]
            n_tested = len(of_part.drop_duplicates(["fold", "kind"]))
            never = other.mean() if len(other) == n_tested else np.nan
            rows.append((method, part, n_specimens, known.mean(), never))
    table = pd.DataFrame(
        rows, columns=["method", "kind", "n_specimens", KNOWN, NEVER_RECORDED]
    )
    return table.set_index(["method", "kind"])


def _ignores_defects(estimator: Any) -> bool:
    """Return whether abnormal takes among those fitted on change no score."""
    detector = find_detector(estimator)
    is_contrasted = getattr(detector, "contrast", None)
    return is_contrasted is False and not get_tags(detector).target_tags.required


def _compute_auroc(scores: pd.DataFrame) -> float:
    scored = scores[scores["score"].notna()]
    is_abnormal = (scored["condition"] == "abnormal").to_numpy()
    if is_abnormal.all() or not is_abnormal.any():
        return np.nan
    return float(roc_auc_score(is_abnormal, -scored["score"].to_numpy()))
