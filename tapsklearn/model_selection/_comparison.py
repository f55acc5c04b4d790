"""What a comparison of methods found: tables, ranking, verdicts, and one sentence."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tapsklearn._table_text import encode_text
from tapsklearn._whole_file import write_whole
from tapsklearn.datasets import Truth
from tapsklearn.model_selection._conclude import conclude
from tapsklearn.model_selection._kinds import (
    QUESTIONS,
    average_kinds,
    count_specimens,
    number_questions,
)
from tapsklearn.model_selection._rank_methods import rank_methods
from tapsklearn.scoring import board_verdicts


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Comparison:
    """What `compare_methods` returns.

    Parameters
    ----------
    results : DataFrame
        One row for each method and fold: `method`, `fold`, the metrics, `fpr` and
        `tpr` (false and true positive rate at the threshold: shares of the normal and
        of the abnormal takes that are called abnormal), `fit_seconds`,
        `score_seconds`, and `error`, why it failed or "".
    scores : DataFrame
        One row for each method and test take: `method`, `fold`, `row` (of X),
        `board`, `condition`, `score` (higher is more normal), `p_value` (NaN of an
        estimator without p-values) and `prediction`.
    truth : Truth
        Which boards are normal, and what belongs together.
    X : array-like of length n_takes
        What was compared on: paths or crops.
    folds : list of tuple (train, test)
        Rows of each fold.
    by : {"specimen", "session"}, default="specimen"
        What no fold has on both sides, and so the question: new specimens, or the same
        ones later.
    kinds : DataFrame, default=None
        One row for each method, fold, kind of defect and question: `roc_auc` of the
        kind's test takes against the normal ones, where boards of the kind were trained
        on ("known") and where none was ("never recorded"). If None, not computed.
    kind_scores : DataFrame, default=None
        One row for each take that these are computed of: `method`, `fold`, `kind`,
        `question`, `row`, `board`, `condition` and `score`.
    limits : sequence of str, default=()
        What the boards cannot say, in a sentence each.
    preprocessing : list, default=None
        The fitted steps of the preprocessing of each fold. If None, not kept.
    paths : list of str, default=None
        The recordings. If None, X holds none.
    estimators : dict, default=None
        By (method, fold), the estimator fitted on the training takes of the fold, that
        scores what X is: if that is paths, a pipeline with the preprocessing. Failed
        ones are missing. If None, they were not kept.

    See Also
    --------
    compare_methods : Compare methods.

    Examples
    --------
    >>> from tapsklearn import CropDetector, SpectrumDetector
    >>> from tapsklearn.model_selection import compare_methods
    >>> crops = np.random.default_rng(0).normal(size=(120, 16, 24))
    >>> crops[80:] += 5
    >>> boards = np.repeat(["oak", "ash", "fir", "elm", "cracked a", "cracked b"], 20)
    >>> comparison = compare_methods(
    ...     {"crop": CropDetector(), "spectrum": SpectrumDetector()},
    ...     crops, boards, cv=2, random_state=0,
    ...     normal_boards=["oak", "ash", "fir", "elm"],
    ... )
    >>> comparison
    <Comparison of 2 methods on 2 folds, 120 takes of 6 boards>
    >>> comparison.ranking()[["roc_auc", "tied"]]
              roc_auc  tied
    method
    crop          1.0  True
    spectrum      1.0  True
    >>> verdicts = comparison.verdicts("crop", false_alarm_rate=0.2)
    >>> verdicts["verdict"].value_counts()
    verdict
    normal      4
    abnormal    2
    Name: count, dtype: int64
    """

    results: pd.DataFrame
    scores: pd.DataFrame
    truth: Truth
    X: Any
    folds: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]
    by: str = "specimen"
    kinds: pd.DataFrame | None = None
    kind_scores: pd.DataFrame | None = None
    limits: Sequence[str] = ()
    preprocessing: list[list[Any]] | None = None
    paths: list[str] | None = None
    estimators: dict[tuple[str, int], Any] | None = None

    def __repr__(self) -> str:
        n_boards = self.scores["board"].nunique()
        return (
            f"<Comparison of {self.results['method'].nunique()} methods on "
            f"{len(self.folds)} folds, {len(self.X)} takes of {n_boards} boards>"
        )

    @property
    def complete(self) -> list[str]:
        """Methods that are finished and failed in no fold, in the order given."""
        right = (self.results["error"] == "").groupby(
            self.results["method"], sort=False
        )
        n_folds = len(self.folds)
        return [str(name) for name, n in right.sum().items() if n == n_folds]

    @property
    def questions(self) -> list[str]:
        """Of "known" and "never recorded", those that all complete methods answer."""
        if self.kinds is None:
            return []
        # Of each method its first row, of all kinds.
        overall = self.by_kind().groupby(level="method").head(1).droplevel("kind")
        is_known = overall.reindex(self.complete).notna()
        return [name for name in QUESTIONS if len(is_known) and is_known[name].all()]

    @property
    def best(self) -> str:
        """Name of the method with the highest mean AUROC, failed in no fold."""
        return str(self.ranking(n_resamples=1).index[0])

    def summary(self) -> pd.DataFrame:
        """Average the folds of each method.

        Returns
        -------
        DataFrame
            What `summarize` computes of the results.
        """
        return summarize(self.results)

    def ranking(
        self,
        confidence: float = 0.95,
        *,
        question: str | None = None,
        n_resamples: int = 2000,
        random_state: int = 0,
    ) -> pd.DataFrame:
        """Rank methods by AUROC, with intervals.

        Parameters
        ----------
        confidence : float, default=0.95
            Share of the samples that an interval holds.
        question : {"known", "never recorded"}, default=None
            Rank by how well kinds of defects are detected that the training knows, or
            by how well those that it does not: by the mean over folds and kinds. If
            None, by all test takes of a fold.
        n_resamples : int, default=2000
            Number of samples.
        random_state : int, default=0
            Seed of the samples.

        Returns
        -------
        DataFrame
            What `rank_methods` computes of the scores; methods that failed in a fold
            come last, with NaN.

        Raises
        ------
        ValueError
            If every method failed in some fold, or no method has scores that answer
            the question.
        """
        complete = self.complete
        if not complete:
            which = "in some fold" if (self.results["error"] == "").any() else ""
            raise ValueError(
                f"every method failed {which}".rstrip() + "; the column error of "
                "results holds why"
            )
        scores = self.scores if question is None else self._select_scores(question)
        ranking = rank_methods(
            scores[scores["method"].isin(complete)],
            truth=self.truth,
            confidence=confidence,
            n_resamples=n_resamples,
            random_state=random_state,
        )
        lacking = [
            name
            for name in self.results["method"].unique()
            if name not in ranking.index
        ]
        tied = ranking["tied"]
        ranking = ranking.reindex([*ranking.index, *lacking])
        ranking["tied"] = tied.reindex(ranking.index, fill_value=False)
        return ranking

    def _select_scores(self, question: str) -> pd.DataFrame:
        """Select the scores that answer a question, each kind of a fold a fold."""
        if question not in QUESTIONS:
            raise ValueError(
                f"question={question!r} must be one of {', '.join(QUESTIONS)}, or None"
            )
        if self.kind_scores is None:
            raise ValueError("this comparison has no figures by kind of defect")
        of_question = self.kind_scores["question"] == question
        scores = number_questions(self.kind_scores[of_question])
        if not len(scores):
            raise ValueError(
                f"question={question!r} has no answer: no fold tests such defects"
            )
        return scores

    def by_kind(self) -> pd.DataFrame:
        """Average the AUROC of each kind of defect over the folds.

        Returns
        -------
        DataFrame
            By method and kind, and of several kinds first "all kinds": `n_specimens`
            tested; "known" and "never recorded", the AUROC against the normal takes of
            the same fold with boards of the kind among the training boards, and with
            none. NaN is unknown: a kind with one specimen cannot be both trained on and
            tested.

        Raises
        ------
        ValueError
            If the kinds were not computed.
        """
        if self.kinds is None or self.kind_scores is None:
            raise ValueError("this comparison has no figures by kind of defect")
        return average_kinds(self.kinds, self.kind_scores, self.truth.specimens)

    def verdicts(
        self, method: str | None = None, *, false_alarm_rate: float = 0.05
    ) -> pd.DataFrame:
        """Decide for each board whether it is normal, by all its takes.

        Parameters
        ----------
        method : str, default=None
            Name of a method. If None, the best.
        false_alarm_rate : float, default=0.05
            Share of the normal boards that may be called abnormal.

        Returns
        -------
        DataFrame
            What `tapsklearn.scoring.board_verdicts` computes of the method's scores,
            after the `condition` of each board.

        Raises
        ------
        ValueError
            If there is no such method.
        """
        name = self.best if method is None else method
        taps = self.scores[self.scores["method"] == name]
        if not len(taps):
            raise ValueError(
                f"method={method!r} has no scores: methods are "
                f"{', '.join(self.results['method'].unique())}"
            )
        verdicts = board_verdicts(
            taps["p_value"],
            taps["board"],
            scores=taps["score"],
            false_alarm_rate=false_alarm_rate,
        )
        verdicts.insert(0, "condition", taps.groupby("board")["condition"].first())
        return verdicts

    def describe_features(self) -> list[str]:
        """Describe the features that the preprocessing of each fold computes.

        Returns
        -------
        list of str
            One for all folds if they are the same, else one for each; empty if nothing
            describes itself.
        """
        described = [
            ", ".join(step.describe() for step in steps if hasattr(step, "describe"))
            for steps in self.preprocessing or []
        ]
        if not any(described):
            return []
        return described[:1] if len(set(described)) == 1 else described

    def conclusion(self) -> str:
        """Write which method to use, as far as is certain.

        Returns
        -------
        str
            One or two sentences, on a line for each of the two questions that all
            methods have an answer to: defects like those recorded, and kinds never
            recorded.
        """
        lines = []
        for question in self.questions:
            asked = self._select_scores(question)
            abnormal = asked["board"][asked["condition"] == "abnormal"]
            n = count_specimens(abnormal, self.truth.specimens)
            of_n = f"{n} specimen{'s' * (n != 1)}"
            sentences = conclude(self.ranking(question=question), self.results)
            lines.append(f"For {QUESTIONS[question]} ({of_n}): {sentences}")
        return "\n".join(lines) or conclude(self.ranking(), self.results)

    def to_csv(self, directory: str | os.PathLike[str]) -> None:
        """Write the tables into a folder.

        results.csv, scores.csv (with the paths in place of rows, if there are any),
        kinds.csv and, if some method failed in no fold, ranking.csv and verdicts.csv,
        those of the best method.

        Parameters
        ----------
        directory : path-like
            The folder; made if there is none.

        Raises
        ------
        OSError
            If they cannot be written.
        """
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        scores = self.scores
        if self.paths is not None:
            paths = np.array(self.paths, dtype=object)[scores["row"]]
            scores = scores.drop(columns="row")
            scores.insert(2, "path", paths)
        tables = {
            "results": self.results.set_index("method"),
            "scores": scores.set_index("method"),
        }
        if self.kinds is not None:
            tables["kinds"] = self.kinds.set_index("method")
        if self.complete:
            tables |= {"ranking": self.ranking(), "verdicts": self.verdicts()}
        for name, table in tables.items():
            text = table.to_csv()
            if "\r" in text:
                # A file's name can hold what pandas puts in no quotes.
                text = table.to_csv(quoting=csv.QUOTE_NONNUMERIC)
            write_whole(folder / f"{name}.csv", encode_text(text))


def summarize(results: pd.DataFrame) -> pd.DataFrame:
    """Average the folds of each method.

    Parameters
    ----------
    results : DataFrame
        The `results` of a `Comparison`.

    Returns
    -------
    DataFrame
        One row a method, best mean `roc_auc` (or first metric) first; for each number
        its mean over the folds and `<name>_std`, their standard deviation.

    Examples
    --------
    >>> results = pd.DataFrame(
    ...     {"method": ["a", "a", "b"], "fold": [0, 1, 0], "roc_auc": [0.5, 0.7, 0.9]}
    ... )
    >>> summarize(results)["roc_auc"]
    method
    b    0.9
    a    0.6
    Name: roc_auc, dtype: float64
    """
    numbers = results.drop(columns=["fold", "error"], errors="ignore")
    of_methods = numbers.groupby("method", sort=False)
    means = of_methods.mean()
    spread = of_methods.std().add_suffix("_std")
    first = "roc_auc" if "roc_auc" in means else means.columns[0]
    return means.join(spread).sort_values(first, ascending=False, kind="stable")
