"""A grown model is compared with the old one on what neither has seen."""

from typing import ClassVar

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import OneClassSVM

from tapsklearn import CropDetector, SpectrumDetector
from tapsklearn.datasets import Truth
from tapsklearn.model_selection import compare_grown

N_TAKES = 4


class Spy(SpectrumDetector):
    """Remember what was fitted on, and what was scored since."""

    seen: ClassVar = []

    def fit(self, X, y=None):
        Spy.seen.append((set(y), []))
        return super().fit(X, y)

    def score_samples(self, X):
        Spy.seen[-1][1].append(len(X))
        return super().score_samples(X)


def sample(n_boards, *, seed=0, defects=0, spread=1.0, far=3.0):
    """Sample crops of normal boards, then of abnormal ones."""
    rng = np.random.default_rng(seed)
    means = spread * rng.normal(size=(n_boards + defects, 1, 6, 1))
    means[n_boards:, :, 2] += far
    crops = means + 0.3 * rng.normal(size=(len(means), N_TAKES, 6, 8))
    names = [f"good {number}" for number in range(n_boards)]
    names += [f"bad {number}" for number in range(defects)]
    return crops.reshape(-1, 6, 8), np.repeat(names, N_TAKES), Truth(names[:n_boards])


def fit(crops, boards, detector=None):
    detector = detector or SpectrumDetector(random_state=0)
    return make_pipeline(FunctionTransformer(), detector).fit(crops, boards)


def pick(boards, *names):
    return np.isin(boards, names)


def test_neither_has_seen_what_both_are_scored_on():
    crops, boards, truth = sample(20, defects=6)
    is_old = pick(boards, *(f"good {number}" for number in range(8)), "bad 0", "bad 1")
    detector = Spy(random_state=0, normal_boards=list(truth.normal_boards))
    old = fit(crops[is_old], boards[is_old], detector)
    Spy.seen.clear()
    Spy.seen.append((set(), []))
    found = compare_grown(old, crops, boards, truth=truth)
    assert (found.n_normal, found.n_abnormal) == (12, 4)
    assert set(found.scores["board"]) == set(boards[~is_old])
    # Both methods have the same takes in the same folds, each once.
    columns = ["fold", "board", "condition"]
    of_old, of_new = (
        found.scores.loc[found.scores["method"] == name, columns].to_numpy().tolist()
        for name in ("old", "new")
    )
    assert of_old == of_new
    assert len(of_old) == (~is_old).sum()
    fits = Spy.seen[1:]
    for fold, (trained, _) in enumerate(fits):
        held_out = set(found.scores.loc[found.scores["fold"] == fold, "board"])
        assert not held_out & trained
        assert set(boards[is_old]) < trained
        assert held_out | trained == set(boards)
    # The old one's scores are its own.
    of_fold = found.scores[found.scores["method"] == "old"]
    expected = old.score_samples(crops[boards == "good 9"])
    np.testing.assert_allclose(
        of_fold.loc[of_fold["board"] == "good 9", "score"], expected
    )


@pytest.mark.parametrize("by", ["name", "take", "specimen"])
def test_what_the_old_one_knows_is_never_unseen(by):
    """A board that was renamed, another end of a specimen, or the same board."""
    crops, boards, truth = sample(20)
    is_old = pick(boards, *(f"good {number}" for number in range(8)))
    specimens = {"good 0": "oak"}
    detector = SpectrumDetector(random_state=0, specimens=specimens)
    old = fit(crops[is_old], boards[is_old], detector)
    further, names = crops.copy(), boards.astype("U20")
    if by == "take":
        names[pick(boards, "good 0")] = "renamed"
        names[pick(boards, "good 0").nonzero()[0][1:]] = "renamed"
    elif by == "specimen":
        names[pick(boards, "good 0")] = "other end"
        further[pick(boards, "good 0")] += 0.01
        specimens = {"other end": "oak"}
    else:
        further[pick(boards, "good 0")] += 0.01
    truth = Truth(sorted(set(names)), specimens=specimens)
    found = compare_grown(old, further, names, truth=truth)
    assert found.n_normal == 12
    assert not {"renamed", "other end", "good 0"} & set(found.scores["board"])


def test_a_new_board_with_a_take_of_an_old_one_is_known():
    crops, boards, truth = sample(20)
    is_old = pick(boards, *(f"good {number}" for number in range(8)))
    old = fit(crops[is_old], boards[is_old])
    crops[np.flatnonzero(boards == "good 15")[2]] = crops[0]
    assert "good 15" not in set(
        compare_grown(old, crops, boards, truth=truth).scores["board"]
    )


def test_a_model_that_needed_more_boards_is_found_to_be_better():
    """Trained on two alike, it calls all others abnormal."""
    crops, boards, _ = sample(24, defects=12, far=6.0)
    narrow, names, _ = sample(6, seed=1, spread=0.05)
    names = np.char.replace(names, "good", "first")
    old = fit(narrow, names)
    truth = Truth([*sorted(set(names)), *(f"good {number}" for number in range(24))])
    found = compare_grown(
        old,
        np.concatenate([narrow, crops]),
        np.concatenate([names, boards]),
        truth=truth,
    )
    assert found.better == "new"
    assert found.conclusion.startswith("The new model is better in")
    assert found.summary.loc["old", "fpr"] > 0.9
    assert found.summary.loc["new", "fpr"] < 0.3
    low, high = found.summary.loc["difference", ["fpr_low", "fpr_high"]]
    assert low <= found.summary.loc["difference", "fpr"] <= high < 0


def test_two_that_are_the_same_cannot_be_told_apart():
    crops, boards, truth = sample(30, defects=6)
    is_old = pick(boards, *(f"good {number}" for number in range(20)))
    old = fit(crops[is_old], boards[is_old])
    found = compare_grown(old, crops, boards, truth=truth)
    assert found.better == ""
    assert "may be chance" in found.conclusion
    summary = found.summary
    assert summary.loc["old", "roc_auc"] > 0.8
    difference = summary.loc["new"] - summary.loc["old"]
    for name in ("roc_auc", "fpr", "tpr", "p_value"):
        assert summary.loc["difference", name] == pytest.approx(difference[name])
    assert (
        summary.loc["difference", "roc_auc_low"]
        <= summary.loc["difference", "roc_auc_high"]
    )


def test_few_specimens_give_no_intervals_and_one_gives_nothing():
    crops, boards, truth = sample(12)
    is_old = pick(boards, *(f"good {number}" for number in range(8)))
    old = fit(crops[is_old], boards[is_old])
    found = compare_grown(old, crops, boards, truth=truth)
    assert np.isnan(found.summary["fpr_low"]).all()
    assert np.isnan(found.summary["roc_auc"]).all()
    assert found.better == ""
    some = is_old | pick(boards, "good 8")
    found = compare_grown(old, crops[some], boards[some], truth=truth)
    assert found.better == ""
    assert "there is one new specimen" in found.conclusion
    assert len(found.scores) == 0
    with pytest.raises(ValueError, match="nothing is new"):
        compare_grown(old, crops[is_old], boards[is_old], truth=truth)


def test_another_model_can_be_the_new_one():
    crops, boards, truth = sample(20)
    is_old = pick(boards, *(f"good {number}" for number in range(8)))
    old = fit(crops[is_old], boards[is_old])
    new = make_pipeline(FunctionTransformer(), CropDetector(random_state=0))
    given = compare_grown(old, crops, boards, truth=truth, new=new)
    plain = compare_grown(old, crops, boards, truth=truth)
    of_new = given.scores["method"] == "new"
    assert not np.allclose(
        given.scores.loc[of_new, "score"], plain.scores.loc[of_new, "score"]
    )
    np.testing.assert_array_equal(
        given.scores.loc[~of_new, "score"], plain.scores.loc[~of_new, "score"]
    )


def test_a_model_that_knows_nothing_of_its_training_is_refused():
    crops, boards, truth = sample(4)
    flat = crops.reshape(len(crops), -1)
    old = make_pipeline(OneClassSVM()).fit(flat)
    with pytest.raises(ValueError, match="OneClassSVM does not know"):
        compare_grown(old, flat, boards, truth=truth)
