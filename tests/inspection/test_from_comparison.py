"""Displays of a comparison: its own tables, and the estimators that it kept."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tapsklearn.inspection import (
    ComparisonDisplay,
    EmbeddingDisplay,
    ReconstructionDisplay,
    RocCurveDisplay,
    TakeScoresDisplay,
    VerdictCurveDisplay,
)
from tapsklearn.scoring import compute_features, find_detector

OF_ESTIMATORS = [EmbeddingDisplay, ReconstructionDisplay]
OF_A_METHOD = [TakeScoresDisplay, VerdictCurveDisplay, *OF_ESTIMATORS]


def scores_of(comparison, method, fold):
    scores = comparison.scores
    return scores[(scores["method"] == method) & (scores["fold"] == fold)]


def test_roc_curves_are_those_of_the_scores(comparison):
    display = RocCurveDisplay.from_comparison(comparison)
    assert set(display.roc_auc) == {"ae", "crop-knn"}
    for method, areas in display.roc_auc.items():
        expected = comparison.results.loc[comparison.results["method"] == method]
        np.testing.assert_allclose(areas, expected["roc_auc"])


def test_the_intervals_of_auroc_are_those_of_the_ranking(comparison):
    # Of two abnormal boards they are unknown.
    assert ComparisonDisplay.from_comparison(comparison).intervals_ == {}
    scores = comparison.scores
    halves = scores["board"] + (scores["row"] % 2).astype(str)
    comparison = replace(comparison, scores=scores.assign(board=halves))
    display = ComparisonDisplay.from_comparison(comparison, confidence=0.8)
    ranking = comparison.ranking(confidence=0.8)
    assert display.metric == "roc_auc"
    assert display.intervals_
    for method, line in display.intervals_.items():
        np.testing.assert_allclose(
            line.get_xdata(), ranking.loc[method, ["low", "high"]].astype(float)
        )
    labels = [text.get_text() for text in display.legend_.get_texts()]
    assert "80 % interval" in labels


def test_other_metrics_have_the_deviation_of_the_folds(comparison):
    display = ComparisonDisplay.from_comparison(comparison, metric="tpr")
    labels = [text.get_text() for text in display.legend_.get_texts()]
    assert "± 1 sd of the folds" in labels
    assert display.ax_.get_xlabel() == "true positive rate at the threshold"


@pytest.mark.parametrize("fold", [0, 1])
def test_scores_are_those_of_a_fold_with_the_threshold_of_its_estimator(
    comparison, fold
):
    display = TakeScoresDisplay.from_comparison(comparison, "crop-knn", fold=fold)
    scores = scores_of(comparison, "crop-knn", fold)
    assert list(display.lines_) == list(dict.fromkeys(scores["board"]))
    for board, line in display.lines_.items():
        of_board = scores[scores["board"] == board]
        np.testing.assert_array_equal(line.get_ydata(), of_board["score"])
        below = line.get_ydata() < display.threshold_line_.get_ydata()[0]
        np.testing.assert_array_equal(below, of_board["prediction"] == -1)
    # Higher is more normal: the area is that of the negative scores.
    is_abnormal = scores["condition"] == "abnormal"
    results = comparison.results.set_index(["method", "fold"])
    assert results.loc[("crop-knn", fold), "roc_auc"] == pytest.approx(
        roc_auc_score(is_abnormal, -scores["score"])
    )


def test_without_estimators_scores_have_no_threshold(without_estimators):
    display = TakeScoresDisplay.from_comparison(without_estimators, "crop-knn")
    assert display.threshold_line_ is None


def test_verdicts_are_of_all_folds(comparison):
    display = VerdictCurveDisplay.from_comparison(
        comparison, "crop-knn", false_alarm_rate=0.3
    )
    assert len(display.curve) == 4
    assert display.false_alarm_rate == 0.3
    assert set(display.lines_) == {"fpr", "tpr"}


def test_embeddings_are_of_unseen_boards(comparison):
    display = EmbeddingDisplay.from_comparison(comparison, "crop-knn", fold=1)
    scores = scores_of(comparison, "crop-knn", 1)
    assert set(display.scatters_) == set(scores["board"])
    assert set(display.boards[~display.is_normal]) == set(
        scores["board"][scores["condition"] == "abnormal"]
    )
    train, test = comparison.folds[1]
    assert set(scores["row"]) == set(test)
    assert not set(scores["row"]) & set(train)


def test_reconstructions_are_of_unseen_boards_with_the_axes_of_their_features(
    comparison,
):
    display = ReconstructionDisplay.from_comparison(comparison, "ae", fold=1)
    scores = scores_of(comparison, "ae", 1)
    estimator = comparison.estimators["ae", 1]
    assert (display.sr, display.n_fft, display.hop_length) == (22050, 512, 256)
    assert display.pre_frames == 2
    for label, crop, reconstruction in zip(
        display.labels, display.crops, display.reconstructions, strict=True
    ):
        row = scores["row"][scores["board"] == label].iloc[0]
        features = compute_features(estimator, [comparison.paths[row]])
        np.testing.assert_allclose(crop, np.squeeze(features), atol=1e-6)
        expected = find_detector(estimator).reconstruct(features)
        np.testing.assert_allclose(reconstruction, np.squeeze(expected), atol=1e-5)


def test_the_best_method_is_the_default(comparison):
    display = TakeScoresDisplay.from_comparison(comparison)
    best = TakeScoresDisplay.from_comparison(comparison, comparison.best)
    np.testing.assert_array_equal(display.scores, best.scores)


@pytest.mark.parametrize("display", OF_A_METHOD)
def test_an_unknown_method_is_an_error(comparison, display):
    with pytest.raises(ValueError, match=r"method='svm' is not in .*'ae', 'crop-knn'"):
        display.from_comparison(comparison, "svm")


@pytest.mark.parametrize("display", OF_ESTIMATORS)
def test_without_estimators_the_error_is_clear(without_estimators, display):
    with pytest.raises(ValueError, match="return_estimators=True"):
        display.from_comparison(without_estimators, "ae")


def test_a_fold_that_failed_is_an_error_that_names_it(comparison):
    failed = replace(
        comparison,
        scores=comparison.scores[comparison.scores["fold"] == 0],
    )
    with pytest.raises(ValueError, match=r"method='ae' has no scores in fold 1"):
        EmbeddingDisplay.from_comparison(failed, "ae", fold=1)


def test_a_method_that_cannot_reconstruct_is_an_error(comparison):
    with pytest.raises(ValueError, match="has no `reconstruct`"):
        ReconstructionDisplay.from_comparison(comparison, "crop-knn")


def test_truth_says_which_boards_are_normal(comparison):
    scores, boards = [1.0, 2.0], ["oak", "cracked a"]
    display = TakeScoresDisplay.from_predictions(scores, boards, truth=comparison.truth)
    np.testing.assert_array_equal(display.is_normal, [True, False])
    embedding = EmbeddingDisplay.from_predictions(
        [[1.0], [2.0]], boards, truth=comparison.truth
    )
    np.testing.assert_array_equal(embedding.is_normal, [True, False])
    curve = VerdictCurveDisplay.from_predictions(
        [0.5, 0.01], boards, truth=comparison.truth
    )
    pd.testing.assert_frame_equal(
        curve.curve,
        VerdictCurveDisplay.from_predictions(
            [0.5, 0.01], boards, normal_boards=["oak"]
        ).curve,
    )


def test_two_different_truths_are_an_error(comparison):
    with pytest.raises(ValueError, match="normal_boards"):
        TakeScoresDisplay.from_predictions(
            [1.0], ["oak"], truth=comparison.truth, normal_boards=["fir"]
        )
