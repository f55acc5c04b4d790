"""compare_methods when something fails: a row with its error, and all else computed."""

import warnings
from typing import Any

import numpy as np
import pytest
from comparisons import BOARDS, CROPS, NORMAL, OPTIONS, AlwaysFailing, Failing
from sklearn.model_selection import KFold

from tapsklearn.detectors import CropDetector
from tapsklearn.model_selection import BoardKFold, compare_methods

pytestmark = pytest.mark.filterwarnings("ignore:.*false_alarm_rate=0.05 needs")


def failing_with(error: type[BaseException]) -> Failing:
    class FailingSo(Failing):
        pass

    FailingSo.error = error
    return FailingSo()


class OwnError(Exception):
    pass


class BrokenError(Exception):
    def __str__(self) -> str:
        raise KeyError("no message")


def test_an_error_that_cannot_be_written_out_is_named_by_its_type() -> None:
    methods = {"failing": failing_with(BrokenError), "knn": CropDetector()}
    with pytest.warns(UserWarning, match="failed: BrokenError$"):
        compared = compare_methods(methods, CROPS, BOARDS, **OPTIONS)
    assert set(compared.results["error"]) == {"", "BrokenError"}
    assert compared.complete == ["knn"]


@pytest.mark.parametrize(
    "error",
    [
        *(ValueError, RuntimeError, TypeError, MemoryError, StopIteration, OwnError),
        *(AssertionError, RecursionError, KeyError, UserWarning),
    ],
)
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_method_that_fails_costs_the_others_nothing(
    error: type[Exception], n_jobs: int
) -> None:
    methods = {"failing": failing_with(error), "knn": CropDetector()}
    with pytest.warns(UserWarning, match="oak is missing") as caught:
        compared = compare_methods(methods, CROPS, BOARDS, n_jobs=n_jobs, **OPTIONS)
    results, scores = compared.results, compared.scores
    [message] = [str(each.message) for each in caught if "oak" in str(each.message)]
    splits = list(BoardKFold(3, normal_boards=NORMAL).split(BOARDS, BOARDS))
    [fold] = [k for k, (train, _) in enumerate(splits) if "oak" not in BOARDS[train]]
    reason = f"{error.__name__}: {error('oak is missing')}"
    assert message == f"failing, fold {fold}: failed: {reason}"

    failed = (results["method"] == "failing") & (results["fold"] == fold)
    assert results["error"].tolist() == [reason if each else "" for each in failed]
    numbers = results.drop(columns=["method", "fold", "error"])
    assert numbers[failed].isna().all(axis=None)
    assert numbers[~failed].notna().all(axis=None)
    scored = scores[scores["method"] == "failing"]
    assert set(scored["fold"]) == {0, 1, 2} - {fold}
    assert scores[["fold", "row"]].dtypes.eq(int).all()

    assert compared.best == "knn"
    assert compared.ranking().index.tolist() == ["knn", "failing"]
    summary = compared.summary()
    assert summary.loc["failing", "roc_auc"] == numbers["roc_auc"][:3].mean()


def test_the_score_of_an_error_can_be_chosen() -> None:
    methods = {"failing": Failing()}
    with pytest.warns(UserWarning, match="oak is missing"):
        compared = compare_methods(methods, CROPS, BOARDS, error_score=0, **OPTIONS)
    failed = compared.results["error"] != ""
    assert (compared.results.loc[failed, ["roc_auc", "pauc"]] == 0).all(axis=None)
    assert compared.results.loc[failed, ["fpr", "fit_seconds"]].isna().all(axis=None)
    for n_jobs in (1, 2):
        with pytest.raises(ValueError, match="oak is missing"):
            compare_methods(
                methods, CROPS, BOARDS, error_score="raise", n_jobs=n_jobs, **OPTIONS
            )


def test_when_all_methods_fail_there_is_still_a_table() -> None:
    with pytest.warns(UserWarning, match="failing, folds 0, 1, 2: failed: ValueError"):
        compared = compare_methods(
            {"failing": AlwaysFailing()}, CROPS, BOARDS, **OPTIONS
        )
    results, scores = compared.results, compared.scores
    assert results["fold"].tolist() == [0, 1, 2]
    assert results.drop(columns=["method", "fold", "error"]).isna().all(axis=None)
    assert scores.empty
    assert scores[["fold", "row"]].dtypes.eq(int).all()
    assert scores.columns.tolist()[:3] == ["method", "fold", "row"]
    assert compared.complete == []
    for ask in (compared.ranking, compared.verdicts, compared.conclusion):
        with pytest.raises(ValueError, match="every method failed; the column error"):
            ask()


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_interrupts_pass(interrupt: type[BaseException]) -> None:
    with pytest.raises(interrupt):
        compare_methods({"knn": failing_with(interrupt)}, CROPS, BOARDS, **OPTIONS)


def test_a_fold_without_both_conditions_fails_alone() -> None:
    # Unshuffled, the first fold has normal boards alone to test, the last abnormal.
    with pytest.warns(
        UserWarning, match="knn, fold [02]: failed: ValueError: roc_auc needs takes"
    ):
        compared = compare_methods(
            {"knn": CropDetector()}, CROPS, BOARDS, **OPTIONS | {"cv": KFold(3)}
        )
    numbers = compared.results.drop(columns=["method", "fold", "error"])
    assert numbers.isna().all(axis=1).tolist() == [True, False, True]
    assert numbers.isna().any(axis=1).tolist() == [True, False, True]
    # One fold of three is nothing to rank by.
    with pytest.raises(ValueError, match="every method failed in some fold"):
        compared.ranking()


def test_a_scorer_that_fails_costs_its_rows_alone() -> None:
    def picky(estimator: Any, X: Any, y: Any) -> float:
        if "ash" in y:
            raise KeyError("ash")
        return 0.25

    with pytest.warns(UserWarning, match="failed: KeyError: 'ash'"):
        compared = compare_methods(
            {"knn": CropDetector()},
            CROPS,
            BOARDS,
            scoring=["roc_auc", picky],
            return_estimators=True,
            **OPTIONS,
        )
    [fold] = [k for k, (_, test) in enumerate(compared.folds) if "ash" in BOARDS[test]]
    failed = compared.results["error"] == "KeyError: 'ash'"
    assert failed.tolist() == [k == fold for k in range(3)]
    assert compared.results["roc_auc"].isna().equals(failed)
    assert (compared.results["picky"][~failed] == 0.25).all()
    assert set(compared.estimators) == {("knn", k) for k in range(3) if k != fold}


def test_takes_without_a_score_count_in_no_rate() -> None:
    crops = CROPS.copy()
    crops[0] = np.nan
    with pytest.warns(UserWarning, match="1 of"):
        compared = compare_methods({"knn": CropDetector()}, crops, BOARDS, **OPTIONS)
    usable = compared.scores[compared.scores["score"].notna()]
    assert len(usable) == len(BOARDS) - 1
    for fold, scored in usable.groupby("fold"):
        normal = scored["condition"] == "normal"
        expected = (scored["prediction"][normal] == -1).mean()
        assert compared.results["fpr"][fold] == expected


def test_warnings_of_a_fit_name_method_and_folds() -> None:
    class Painted(CropDetector):
        def fit(self, X: Any, y: Any = None) -> "Painted":
            warnings.warn("the paint is wet", stacklevel=1)
            warnings.warn("the paint is wet", stacklevel=1)
            warnings.warn("for developers", ResourceWarning, stacklevel=1)
            return super().fit(X, y)

    with pytest.warns(UserWarning, match="paint") as caught:
        compare_methods({"knn": Painted()}, CROPS, BOARDS, **OPTIONS)
    messages = [str(each.message) for each in caught]
    assert messages.count("knn, folds 0, 1, 2: the paint is wet") == 1
    assert not any("developers" in message for message in messages)
    assert caught[0].filename == __file__

    # Whoever turns warnings into errors gets the same ones from here and workers.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*needs 19")
        with pytest.raises(UserWarning, match="knn, folds 0, 1, 2: the paint is wet"):
            compare_methods({"knn": Painted()}, CROPS, BOARDS, **OPTIONS)
