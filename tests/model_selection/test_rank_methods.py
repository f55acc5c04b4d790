"""rank_methods: intervals that respect that takes of one specimen sound alike."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from tapsklearn.datasets import Truth
from tapsklearn.model_selection import rank_methods


def make_scores(methods, *, n_boards=6, n_takes=5, folds=(0, 1), seed=0, sd=1.0):
    """Sample scores; a method's name gives how far the abnormal ones are off."""
    rng = np.random.default_rng(seed)
    parts = []
    for fold in folds:
        for number in range(2 * n_boards):
            abnormal = number >= n_boards
            board_effect, noise = sd * rng.normal(), rng.normal(size=n_takes)
            for name, shift in methods.items():
                parts.append(
                    pd.DataFrame(
                        {
                            "method": name,
                            "fold": fold,
                            "board": f"fold {fold} board {number}",
                            "condition": "abnormal" if abnormal else "normal",
                            "score": board_effect + noise - shift * abnormal,
                        }
                    )
                )
    return pd.concat(parts, ignore_index=True)


def auroc(rows):
    return roc_auc_score(rows["condition"] == "abnormal", -rows["score"])


def test_the_auroc_is_the_mean_over_the_folds_and_the_best_is_first():
    scores = make_scores({"good": 2.0, "better": 3.0, "none": 0.0})
    ranking = rank_methods(scores)
    by_cell = scores.groupby(["method", "fold"])[["condition", "score"]].apply(auroc)
    expected = by_cell.groupby("method").mean()
    assert ranking.index.tolist() == expected.sort_values().index[::-1].tolist()
    np.testing.assert_allclose(ranking["roc_auc"], expected[ranking.index])
    best = ranking["roc_auc"].iloc[0]
    np.testing.assert_allclose(ranking["difference"], best - ranking["roc_auc"])
    assert (ranking["low"] <= ranking["roc_auc"]).all()
    assert (ranking["roc_auc"] <= ranking["high"]).all()


def test_an_interval_is_that_of_a_bootstrap_written_out():
    scores = make_scores({"a": 1.0}, n_boards=8, folds=(0,))
    rng = np.random.default_rng(1)
    boards = {
        condition: rows["board"].unique()
        for condition, rows in scores.groupby("condition")
    }
    takes = dict(list(scores.groupby("board")))
    sampled = []
    for _ in range(2000):
        chosen = [b for each in boards.values() for b in rng.choice(each, len(each))]
        sampled.append(auroc(pd.concat([takes[board] for board in chosen])))
    ranking = rank_methods(scores, confidence=0.8, n_resamples=20_000)
    expected = np.quantile(sampled, [0.1, 0.9])
    np.testing.assert_allclose(ranking.loc["a", ["low", "high"]], expected, atol=0.03)


def test_takes_that_only_repeat_each_other_narrow_no_interval():
    one = make_scores({"a": 1.0}, n_takes=1, folds=(0,))
    many = pd.concat([one] * 30)
    columns = ["roc_auc", "low", "high"]
    np.testing.assert_allclose(rank_methods(one)[columns], rank_methods(many)[columns])


def test_methods_are_compared_on_the_same_sample():
    scores = make_scores({"a": 1.0}, sd=2.0)
    twin = scores.assign(method="b", score=scores["score"] * 7 + 3)
    ranking = rank_methods(pd.concat([scores, twin]))
    assert (ranking[["difference", "difference_low", "difference_high"]] == 0).all(
        axis=None
    )
    assert ranking["tied"].all()
    assert ranking.loc["a", "high"] - ranking.loc["a", "low"] > 0.1


def test_what_is_clearly_worse_is_not_tied_and_what_may_be_chance_is():
    scores = make_scores({"one": 2.0, "none": 0.0}, n_boards=10)
    other = make_scores({"other": 2.0}, n_boards=10, seed=1)
    ranking = rank_methods(pd.concat([scores, other]))
    assert ranking["tied"].to_dict() == {"one": True, "other": True, "none": False}


def test_the_interval_holds_the_true_value_about_as_often_as_its_confidence():
    truth = norm.cdf(1 / np.sqrt(2 * (1 + 0.7**2)))
    held = 0
    for seed in range(200):
        scores = make_scores({"a": 1.0}, n_boards=12, folds=(0, 1), seed=seed, sd=0.7)
        interval = rank_methods(scores, n_resamples=500).loc["a"]
        held += interval["low"] <= truth <= interval["high"]
    assert 0.88 <= held / 200 <= 0.99


def test_two_ends_of_one_specimen_are_sampled_together():
    scores = make_scores({"a": 1.0}, n_boards=8, folds=(0,), sd=2.0)
    numbers = scores["board"].str.split().str[-1].astype(int)
    pairs = {
        board: f"specimen {number // 2}"
        for board, number in zip(scores["board"], numbers, strict=True)
    }
    merged = scores.assign(board=scores["board"].map(pairs))
    columns = ["low", "high"]
    np.testing.assert_allclose(
        rank_methods(scores, specimens=pairs)[columns], rank_methods(merged)[columns]
    )
    truth = Truth([], specimens=pairs)
    pd.testing.assert_frame_equal(
        rank_methods(scores, truth=truth), rank_methods(scores, specimens=pairs)
    )
    with pytest.raises(ValueError, match="specimens differ from those of truth"):
        rank_methods(scores, truth=truth, specimens={})
    # A good and a cracked end of one specimen come or stay away together.
    rows = zip(scores["board"], numbers, strict=True)
    mixed = {board: f"specimen {number % 8}" for board, number in rows}
    assert np.isfinite(rank_methods(scores, specimens=mixed)[columns]).all(axis=None)


@given(st.integers(0, 50), st.integers(1, 4), st.integers(1, 4))
def test_everything_lies_between_0_and_1(seed, n_boards, n_takes):
    scores = make_scores({"a": 1.0, "b": 0.0}, n_boards=n_boards, n_takes=n_takes)
    scores["score"] = scores["score"].round()  # ties
    ranking = rank_methods(scores, n_resamples=50, random_state=seed)
    assert ranking["roc_auc"].between(0, 1).all()
    # Of two specimens a side, those of two folds, the interval is unknown.
    intervals = ranking[["low", "high"]].dropna()
    assert len(intervals) == (0 if n_boards == 1 else 2)
    assert ((intervals >= 0) & (intervals <= 1)).all(axis=None)
    again = rank_methods(scores, n_resamples=50, random_state=seed)
    pd.testing.assert_frame_equal(ranking, again)


@pytest.mark.parametrize("condition", ["normal", "abnormal"])
@pytest.mark.parametrize("folds", [(0,), (0, 1)])
@pytest.mark.parametrize("n_specimens", [1, 2, 3])
def test_the_interval_of_one_or_two_specimens_a_side_is_unknown(
    condition, folds, n_specimens
):
    scores = make_scores({"a": 3.0, "b": 0.0}, folds=folds)
    # Boards of few specimens, in as many folds as there are.
    boards = scores["board"][scores["condition"] == condition].unique()
    specimens = {board: place % n_specimens for place, board in enumerate(boards)}
    ranking = rank_methods(scores, specimens=specimens)
    assert ranking.index.tolist() == ["a", "b"]
    assert ranking[["roc_auc", "difference"]].notna().all(axis=None)
    intervals = ranking[["low", "high", "difference_low", "difference_high"]]
    assert intervals.isna().to_numpy().all() == (n_specimens < 3)
    assert intervals.isna().to_numpy().any() == (n_specimens < 3)
    if n_specimens < 3:
        assert ranking["tied"].all()


@pytest.mark.parametrize("n_folds", [1, 2])
def test_two_specimens_a_side_that_are_ranked_rightly_by_chance_show_nothing(n_folds):
    for seed in range(20):
        of = {"n_boards": 2 // n_folds, "folds": range(n_folds), "seed": seed}
        ranking = rank_methods(make_scores({"none": 0.0}, **of), n_resamples=50)
        assert np.isnan(ranking.loc["none", "low"])


def test_specimens_that_are_alone_in_their_folds_differ_from_fold_to_fold():
    truth = norm.cdf(1 / np.sqrt(2 * (1 + 0.7**2)))
    held, widths = 0, []
    for seed in range(100):
        scores = make_scores({"a": 1.0}, n_boards=1, folds=range(20), seed=seed, sd=0.7)
        interval = rank_methods(scores, n_resamples=500).loc["a"]
        held += interval["low"] <= truth <= interval["high"]
        widths.append(interval["high"] - interval["low"])
    assert min(widths) > 0.05
    assert held >= 85


def test_a_method_without_all_folds_comes_last_and_unranked():
    scores = make_scores({"broken": 9.0, "whole": 1.0})
    failed = (scores["method"] == "broken") & (scores["fold"] == 1)
    ranking = rank_methods(scores[~failed])
    assert ranking.index.tolist() == ["whole", "broken"]
    assert ranking.loc["broken", ["roc_auc", "low", "difference"]].isna().all()
    assert not ranking.loc["broken", "tied"]


def test_takes_without_a_score_are_left_out():
    scores = make_scores({"a": 1.0})
    extra = scores.iloc[:5].assign(score=np.nan)
    pd.testing.assert_frame_equal(
        rank_methods(scores), rank_methods(pd.concat([scores, extra]))
    )


def test_what_cannot_be_ranked_is_an_error():
    scores = make_scores({"a": 1.0})
    with pytest.raises(ValueError, match="nothing to rank"):
        rank_methods(scores.assign(score=np.nan))
    with pytest.raises(ValueError, match="fold 0 lacks takes of one condition"):
        rank_methods(scores[scores["condition"] == "normal"])
