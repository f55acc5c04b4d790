"""Comparison: what follows from the tables, and no more than they support."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparisons import BOARDS, CROPS, NORMAL, OPTIONS

from tapsklearn.datasets import Truth
from tapsklearn.detectors import CropDetector, SpectrumDetector
from tapsklearn.model_selection import (
    Comparison,
    compare_methods,
    rank_methods,
    summarize,
)
from tapsklearn.scoring import board_verdicts

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*false_alarm_rate=0.05 needs"),
    pytest.mark.filterwarnings("ignore:no tap has a p-value"),
]


@pytest.fixture(scope="module")
def compared() -> Comparison:
    specimens = {"oak": "oak tree", "cracked a": "oak tree"}
    methods = {"spectrum": SpectrumDetector(), "crop": CropDetector()}
    return compare_methods(methods, CROPS, BOARDS, specimens=specimens, **OPTIONS)


def test_the_ranking_is_that_of_the_scores(compared: Comparison) -> None:
    ranking = compared.ranking()
    expected = rank_methods(compared.scores, specimens=compared.truth.specimens)
    pd.testing.assert_frame_equal(ranking, expected)
    assert ranking.columns.tolist() == [
        *("roc_auc", "low", "high"),
        *("difference", "difference_low", "difference_high", "tied"),
    ]
    other = compared.ranking(0.5, n_resamples=100, random_state=1)
    assert ((other["high"] - other["low"]) <= (ranking["high"] - ranking["low"])).all()
    assert compared.best == compared.summary().index[0] == ranking.index[0]
    assert compared.complete == ["spectrum", "crop"]


def test_verdicts_are_those_of_all_folds(compared: Comparison) -> None:
    verdicts = compared.verdicts("crop")
    taps = compared.scores[compared.scores["method"] == "crop"]
    expected = board_verdicts(taps["p_value"], taps["board"], scores=taps["score"])
    pd.testing.assert_frame_equal(verdicts.drop(columns="condition"), expected)
    assert (verdicts["condition"] == "normal").sum() == len(NORMAL)
    assert set(verdicts.index) == set(BOARDS)
    pd.testing.assert_frame_equal(compared.verdicts(), compared.verdicts(compared.best))
    lax = compared.verdicts("crop", false_alarm_rate=0.5)["verdict"] == "abnormal"
    assert lax.sum() > (verdicts["verdict"] == "abnormal").sum()
    with pytest.raises(ValueError, match="method='knn' has no scores: methods are"):
        compared.verdicts("knn")


def test_tables_are_written(compared: Comparison, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "tables"
    compared.to_csv(folder)
    assert {path.name for path in folder.iterdir()} == {
        *("results.csv", "scores.csv", "kinds.csv", "ranking.csv", "verdicts.csv"),
    }
    results = pd.read_csv(folder / "results.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(results, compared.results)
    scores = pd.read_csv(folder / "scores.csv")
    pd.testing.assert_frame_equal(scores, compared.scores)
    ranking = pd.read_csv(folder / "ranking.csv", index_col="method")
    pd.testing.assert_frame_equal(ranking, compared.ranking())
    verdicts = pd.read_csv(folder / "verdicts.csv", index_col="board")
    pd.testing.assert_frame_equal(verdicts, compared.verdicts())

    names = [f"{board}/{row}.wav" for row, board in enumerate(BOARDS)]
    names[0] = "no encoding knows \udcff"
    with_paths = Comparison(**{**vars(compared), "paths": names})
    with_paths.to_csv(folder)
    scores = pd.read_csv(folder / "scores.csv")
    assert scores.columns.tolist()[:5] == [
        *("method", "fold", "path", "board", "condition"),
    ]
    named = dict(zip(scores["path"], scores["board"], strict=True))
    assert all(path.split("/")[0] == named[path] for path in names[1:])
    assert "no encoding knows \\udcff" in named
    assert len(list(folder.iterdir())) == 5


def test_it_describes_itself(compared: Comparison) -> None:
    assert (
        repr(compared) == "<Comparison of 2 methods on 3 folds, 42 takes of 7 boards>"
    )


def test_summarize() -> None:
    results = pd.DataFrame(
        {
            "method": ["b", "b", "a", "a", "c", "c"],
            "fold": [0, 1, 0, 1, 0, 1],
            "roc_auc": [0.5, 0.7, 0.8, 1.0, np.nan, np.nan],
            "tpr": [0.0, 1.0, 1.0, 1.0, np.nan, np.nan],
            "error": ["", "", "", "", "ValueError", "ValueError"],
        }
    )
    summary = summarize(results)
    assert summary.index.tolist() == ["a", "b", "c"]
    assert summary["roc_auc"].tolist()[:2] == pytest.approx([0.9, 0.6])
    assert summary["roc_auc_std"].tolist()[:2] == pytest.approx([np.sqrt(0.02)] * 2)
    assert summary.loc["b", "tpr_std"] == pytest.approx(np.sqrt(0.5))
    assert summary.loc["c"].isna().all()
    # Without roc_auc the first number ranks.
    assert summarize(results.drop(columns="roc_auc")).index.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("slow", "quick", "sentence"),
    [
        (
            [0.95, 0.9, 1.0, 0, 0],
            [0.7, 0.6, 0.8, 0.1, 0.4],
            "Use slow: its AUROC, 0.95 (0.90 to 1.00), is the highest, and above "
            "chance.",
        ),
        (
            [0.95, 0.9, 1.0, 0, 0],
            [0.9, 0.8, 1.0, -0.1, 0.2],
            "No clear winner: the AUROC of slow is the highest, 0.95 (0.90 to 1.00), "
            "but these boards cannot separate it from quick. Of these, quick trains "
            "fastest.",
        ),
        (
            [0.6, 0.45, 0.8, 0, 0],
            [0.5, 0.4, 0.6, -0.1, 0.2],
            "No method detects the difference for certain: the AUROC of the best, "
            "slow, is 0.60 (0.45 to 0.80), and 0.5 is chance. Record more boards.",
        ),
        (
            [0.95, np.nan, np.nan, np.nan, np.nan],
            [0.7, np.nan, np.nan, np.nan, np.nan],
            "The AUROC of slow is the highest, 0.95, but how far that holds for other "
            "boards is unknown: one or two specimens of a condition show next to "
            "nothing of others. Record more boards, at least three specimens of each "
            "condition.",
        ),
    ],
)
def test_the_conclusion(
    slow: Any, quick: Any, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = ["roc_auc", "low", "high", "difference_low", "difference_high"]
    ranking = pd.DataFrame.from_dict(
        {"slow": slow, "quick": quick}, orient="index", columns=columns
    )
    ranking["tied"] = ranking["difference_low"] <= 0
    monkeypatch.setattr(Comparison, "ranking", lambda self: ranking)
    results = pd.DataFrame(
        {"method": ["slow", "quick", "quick"], "fit_seconds": [60.0, 1.0, 3.0]}
    )
    comparison = Comparison(
        results=results, scores=pd.DataFrame(), truth=Truth([]), X=[], folds=[]
    )
    assert comparison.conclusion() == sentence
