"""Novelty or known defects: what a cross-validation over boards chooses, and why."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tapsklearn import SpectrumDetector
from tapsklearn.datasets import Truth
from tapsklearn.model_selection import BoardKFold, choose_contrast

N_TAKES = 10


def make_boards(n_normal=8, n_abnormal=8, seed=0, defect=1.2):
    """Make crops of boards that differ; those of abnormal ones have a louder row."""
    rng = np.random.default_rng(seed)
    n_boards = n_normal + n_abnormal
    own = 0.5 * rng.normal(size=(n_boards, 1, 12, 1))
    crops = own + 0.7 * rng.normal(size=(n_boards, N_TAKES, 12, 8))
    crops[n_normal:, :, 3] += defect
    names = np.array([f"board {number}" for number in range(n_boards)])
    truth = Truth(names[:n_normal].tolist())
    crops = crops.reshape(-1, 12, 8).astype(np.float32)
    return crops, np.repeat(names, N_TAKES), truth


def choose(crops, boards, truth, **params):
    detector = SpectrumDetector()
    return choose_contrast(
        detector, crops, boards, truth=truth, random_state=0, **params
    )


def test_defects_that_are_alike_count():
    choice = choose(*make_boards())
    assert choice.contrast
    assert choice.name == "contrast"
    assert choice.reason.startswith("known defects count: AUROC")
    assert "mean over 5 folds; kinds never recorded" in choice.reason
    means = choice.comparison.summary()["roc_auc"]
    assert means["contrast"] > means["novelty"] + 0.02


def test_labels_that_mean_nothing_do_not_count():
    crops, boards, truth = make_boards(defect=0.0)
    choice = choose(crops, boards, truth, cv=3)
    means = choice.comparison.summary()["roc_auc"]
    assert choice.contrast == (means["contrast"] > means["novelty"])
    assert means.sub(0.5).abs().max() < 0.3


@pytest.mark.parametrize(
    ("n_abnormal", "found"), [(0, "there is none"), (2, "there are 2")]
)
def test_too_few_abnormal_boards_are_novelty(n_abnormal, found):
    choice = choose(*make_boards(n_abnormal=n_abnormal))
    assert not choice.contrast
    assert choice.comparison is None
    assert found in choice.reason


def test_folds_can_be_over_sessions():
    crops, boards, truth = make_boards()
    sessions = {
        name: f"day {int(name.split()[1]) % 2}" for name in np.unique(boards).tolist()
    }
    truth = Truth(truth.normal_boards, sessions=sessions)
    cv = BoardKFold(2, by="session", truth=truth)
    choice = choose(crops, boards, truth, cv=cv)
    assert choice.comparison.by == "session"
    assert choice.contrast


def test_boards_of_one_specimen_are_novelty():
    crops, boards, truth = make_boards()
    truth = Truth(
        truth.normal_boards,
        specimens={
            name: "oak" if name in truth.normal_boards else name
            for name in np.unique(boards)
        },
    )
    choice = choose(crops, boards, truth)
    assert not choice.contrast
    assert "nothing can be cross-validated" in choice.reason


@pytest.mark.parametrize(
    ("known", "unknown", "expected"),
    [
        ((0.90, 0.99), (0.90, 0.90), True),
        ((0.90, 0.99), (0.90, 0.895), True),
        ((0.90, 0.99), (0.90, 0.85), False),
        ((0.90, 0.90), (0.90, 0.90), False),
        ((0.90, 0.80), (0.90, 0.99), False),
    ],
)
def test_kinds_never_recorded_may_lose_little(monkeypatch, known, unknown, expected):
    figures = {"known": known, "never recorded": unknown}

    def rank(*, question, n_resamples):
        pair = figures[question]
        return pd.DataFrame({"roc_auc": pair}, index=["novelty", "contrast"])

    found = SimpleNamespace(questions=list(figures), ranking=rank, folds=[0] * 5)
    monkeypatch.setattr(
        "tapsklearn.model_selection._choose_contrast.compare_methods",
        lambda *args, **params: found,
    )
    choice = choose(*make_boards())
    assert choice.contrast is expected
    assert f"never recorded {unknown[1]:.3f} and {unknown[0]:.3f}" in choice.reason
