"""Known defects in the score: they are found sooner, and no false alarm is added."""

import numpy as np
import pytest
from methods import METHODS, NORMAL, make_crops
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from tapsklearn.detectors import (
    Calibration,
    ContrastScore,
    CropDetector,
    MahalanobisDistance,
    NeighborDistance,
    SpectrumDetector,
)
from tapsklearn.persistence import load, save

BY_BOARD = Calibration(by="board")


def make_boards(seed, n_normal=40, n_known=8, n_further=40, n_takes=4, defect=0.0):
    """Make takes of boards that differ; some have a row that is louder.

    Returns takes and boards to fit on, further normal takes, and the same with the
    defect.
    """
    rng = np.random.default_rng(seed)
    n_boards = n_normal + n_known + n_further
    own = rng.normal(size=(n_boards, 1, 12, 1))
    crops = (own + 0.7 * rng.normal(size=(n_boards, n_takes, 12, 8))).astype("f4")
    crops[n_normal : n_normal + n_known, :, 3] += defect
    boards = np.repeat([f"board {number:03}" for number in range(n_boards)], n_takes)
    crops = crops.reshape(-1, 12, 8)
    n_fitted = (n_normal + n_known) * n_takes
    further = crops[n_fitted:]
    broken = further.copy()
    broken[:, 3] += defect
    return crops[:n_fitted], boards[:n_fitted], further, broken


def normal_of(boards, n_normal=40):
    return np.unique(boards)[:n_normal].tolist()


def fit(crops, boards, **params):
    params = {"calibration": BY_BOARD, "random_state": 0, **params}
    detector = SpectrumDetector(normal_boards=normal_of(boards), **params)
    return detector.fit(crops, boards)


@pytest.mark.parametrize("normality", [NeighborDistance(), MahalanobisDistance()])
def test_labels_that_mean_nothing_add_no_false_alarms(normality):
    rates, trained_on = [], []
    for seed in range(10):
        crops, boards, further, _ = make_boards(seed)
        detector = fit(crops, boards, contrast=True, normality=normality)
        rates.append(np.mean(detector.predict(further) == -1))
        # Fitted on the takes that calibrate, the discriminant separates them anyway.
        scores = detector.score_samples(crops[:160])
        trained_on.append(np.mean(scores < detector.offset_))
    assert 0.03 <= np.mean(rates) <= 0.07
    assert np.mean(trained_on) < 0.05


@pytest.mark.parametrize("defect", [2.5, 4.0])
def test_known_defects_are_found_more_often_at_the_same_rate(defect):
    found = {True: [], False: []}
    for seed in range(5):
        crops, boards, further, broken = make_boards(seed, defect=defect)
        for contrast in found:
            detector = fit(crops, boards, contrast=contrast)
            found[contrast].append(
                [np.mean(detector.predict(some) == -1) for some in (further, broken)]
            )
    (fpr, tpr), (plain_fpr, plain_tpr) = (
        np.mean(found[contrast], axis=0) for contrast in (True, False)
    )
    assert tpr > plain_tpr + 0.1
    assert abs(fpr - plain_fpr) < 0.04


def test_a_defect_of_another_kind_is_found_as_by_novelty():
    losses = []
    for seed in range(5):
        crops, boards, further, _ = make_boards(seed, defect=4.0)
        other = further.copy()
        other[:, 8] -= 4.0
        is_other = np.repeat([False, True], len(further))
        both = np.concatenate([further, other])
        auroc = [
            roc_auc_score(
                is_other, -fit(crops, boards, contrast=contrast).score_samples(both)
            )
            for contrast in (False, True)
        ]
        losses.append(auroc[0] - auroc[1])
    assert np.mean(losses) < 0.05


def test_the_weight_is_what_left_out_specimens_show():
    weights = [
        fit(*make_boards(0, defect=defect)[:2], contrast=True).normality_.weight_
        for defect in (0.0, 2.0, 8.0)
    ]
    assert weights[0] < 0.1 < weights[1] < weights[2]
    assert weights[2] > 0.95


@pytest.mark.parametrize("n_known", [0, 1])
def test_too_few_abnormal_specimens_leave_novelty_alone(n_known):
    crops, boards, further, _ = make_boards(0, n_known=n_known, defect=4.0)
    with pytest.warns(UserWarning, match=f"there (is|are) {n_known} abnormal spec"):
        joined = fit(crops, boards, contrast=True)
    assert joined.normality_.weight_ == 0
    plain = fit(crops, boards)
    np.testing.assert_array_equal(
        np.argsort(joined.score_samples(further)),
        np.argsort(plain.score_samples(further)),
    )


def test_two_ends_of_a_specimen_are_left_out_together():
    crops, boards, _, _ = make_boards(0, n_normal=20, n_known=4, defect=4.0)
    normal = normal_of(boards, 20)
    ends = {
        board: f"specimen {place // 2}" for place, board in enumerate(np.unique(boards))
    }
    whole = np.array([ends[board] for board in boards])
    scores = []
    for names, given in ((boards, ends), (whole, None)):
        chosen = normal if given else sorted({ends[board] for board in normal})
        detector = SpectrumDetector(
            normal_boards=chosen,
            specimens=given,
            contrast=True,
            calibration=BY_BOARD,
            random_state=0,
        )
        scores.append(detector.fit(crops, names).calibration_scores_)
    np.testing.assert_allclose(*scores)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_takes_it(name, tmp_path):
    crops, boards = make_crops()
    detector = clone(METHODS[name]).set_params(normal_boards=NORMAL, contrast=True)
    if detector.get_params().get("score_space") == "reconstruction":
        with pytest.raises(ValueError, match="contrast=True needs features of takes"):
            detector.fit(crops, boards)
        return
    detector.fit(crops, boards)
    abnormal = ~np.isin(boards, NORMAL)
    assert roc_auc_score(abnormal, -detector.score_samples(crops)) > 0.95
    if name != "resnet18":
        save(detector, tmp_path / "model.taps")
        np.testing.assert_array_equal(
            load(tmp_path / "model.taps").score_samples(crops),
            detector.score_samples(crops),
        )


def test_takes_held_out_by_take_calibrate_too():
    crops, boards, further, _ = make_boards(0, defect=4.0)
    held_out = Calibration(by="take", size=0.3)
    detector = fit(crops, boards, contrast=True, calibration=held_out)
    assert len(detector.calibration_scores_) == 48
    assert isinstance(detector.normality_, ContrastScore)
    assert np.isfinite(detector.score_samples(further)).all()


def test_one_value_and_constant_features():
    crops = np.zeros((40, 4, 6), dtype=np.float32)
    boards = np.repeat(["oak", "ash", "cracked a", "cracked b"], 10)
    detector = CropDetector(normal_boards=["oak", "ash"], contrast=True, random_state=0)
    assert np.isfinite(detector.fit(crops, boards).score_samples(crops)).all()


def test_a_specimen_that_calibrates_is_not_fitted_on_and_does_not_count():
    crops, boards, _, _ = make_boards(0, n_known=2, defect=4.0)
    # One of the two abnormal boards is the other end of a normal one.
    normal, known = normal_of(boards), np.unique(boards)[40:]
    with pytest.warns(UserWarning, match="there is 1 abnormal specimen to fit on"):
        fit(
            crops,
            boards,
            contrast=True,
            specimens={known[0]: normal[0]},
            calibration=Calibration(boards=normal[:20]),
        )
