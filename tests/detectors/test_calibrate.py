"""A threshold set anew, for another rate or from further takes, without training."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from methods import METHODS, fit_once, make_crops
from sklearn.base import clone

from tapsklearn.detectors import CropDetector, SpectrumDetector, conformal_p_values


def takes_of_boards(rng, n_boards, n_takes, *, name="board"):
    """Sample boards around a common centre, and takes around each board."""
    centres = np.repeat(rng.normal(size=(n_boards, 6)), n_takes, axis=0)
    takes = centres + 0.5 * rng.normal(size=centres.shape)
    return takes, np.repeat([f"{name} {number}" for number in range(n_boards)], n_takes)


@pytest.fixture
def fitted():
    """Return a detector of 8 boards, two of them abnormal, and its takes."""
    takes, boards = takes_of_boards(np.random.default_rng(0), 8, 10)
    normal = [f"board {number}" for number in range(6)]
    detector = CropDetector(normal_boards=normal, specimens={"board 1": "oak"})
    return detector.fit(takes, boards), takes, boards


def without_warnings(function, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


@pytest.mark.parametrize("name", METHODS)
def test_another_rate_is_what_fit_would_have_found_with_the_same_scores(name):
    crops, boards = make_crops(2, 60)
    detector = clone(METHODS[name]).fit(crops, boards)
    assert detector.false_alarm_rate_ == 0.05
    scores, offset = detector.score_samples(crops), detector.offset_
    held_out = detector.calibration_scores_
    assert detector.calibrate(false_alarm_rate=0.2) is detector
    assert detector.false_alarm_rate_ == 0.2
    assert detector.offset_ > offset
    assert (held_out < detector.offset_).mean() <= 0.2
    np.testing.assert_array_equal(detector.calibration_scores_, held_out)
    np.testing.assert_array_equal(detector.score_samples(crops), scores)
    # The parameter is what was asked of `fit`, and what None falls back to.
    assert detector.false_alarm_rate == 0.05
    assert detector.calibrate().offset_ == offset
    detector.set_params(false_alarm_rate=0.2).calibrate()
    # As many takes are held out for either rate.
    assert clone(detector).fit(crops, boards).offset_ == detector.offset_


@pytest.mark.parametrize("name", ["ae", "arcface", "randomconv", "crop"])
def test_further_takes_give_threshold_and_p_values_and_nothing_else(name):
    before = fit_once(name)
    detector = copy.deepcopy(before)
    fresh = make_crops(2, 30, seed=5)[0]
    detector.calibrate(fresh)
    scores = detector.score_samples(fresh)
    np.testing.assert_array_equal(detector.calibration_scores_, np.sort(scores))
    assert (scores < detector.offset_).mean() <= 0.05
    crops, _ = make_crops(4, 5, seed=6)
    np.testing.assert_array_equal(
        detector.score_samples(crops), before.score_samples(crops)
    )
    np.testing.assert_array_equal(
        detector.p_values(crops),
        conformal_p_values(detector.score_samples(crops), scores),
    )
    assert (detector.p_values(crops) != before.p_values(crops)).any()
    # Another rate keeps to the scores calibrated with last.
    detector.calibrate(false_alarm_rate=0.3)
    np.testing.assert_array_equal(detector.calibration_scores_, np.sort(scores))


@pytest.mark.parametrize(
    "copy_of", [copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))]
)
def test_a_copy_keeps_it_and_a_clone_has_none(copy_of, fitted):
    detector, *_ = fitted
    fresh, _ = takes_of_boards(np.random.default_rng(1), 6, 10)
    detector.calibrate(fresh, false_alarm_rate=0.1)
    again = copy_of(detector)
    assert again.false_alarm_rate_ == 0.1
    assert again.offset_ == detector.offset_
    np.testing.assert_array_equal(again.predict(fresh), detector.predict(fresh))
    assert not hasattr(clone(detector), "offset_")


def test_only_normal_boards_calibrate(fitted):
    detector, *_ = fitted
    takes, boards = takes_of_boards(np.random.default_rng(1), 4, 20, name="new")
    normal = np.isin(boards, ["new 1", "new 2"])
    detector.set_params(normal_boards=[*detector.normal_boards, "new 1", "new 2"])
    detector.calibrate(takes, boards)
    expected = np.sort(detector.score_samples(takes[normal]))
    np.testing.assert_array_equal(detector.calibration_scores_, expected)
    detector.set_params(normal_boards=["elsewhere"])
    with pytest.raises(ValueError, match=r"none of normal_boards=\['elsewhere'\]"):
        detector.calibrate(takes, boards)


def test_takes_with_nan_are_left_out_with_a_warning(fitted):
    detector, *_ = fitted
    takes, boards = takes_of_boards(np.random.default_rng(1), 3, 20, name="new")
    detector.set_params(normal_boards=None)
    expected = np.sort(detector.score_samples(takes[1:]))
    takes[0, 0] = np.nan
    with pytest.warns(UserWarning, match="1 of 60 takes hold NaN and are not calib"):
        detector.calibrate(takes, boards)
    np.testing.assert_array_equal(detector.calibration_scores_, expected)
    with pytest.raises(ValueError, match="every take holds NaN"):
        detector.calibrate(np.full_like(takes, np.nan))


def test_boards_and_specimens_that_fit_has_seen_are_refused_by_name(fitted):
    detector, takes, boards = fitted
    offset = detector.offset_
    detector.set_params(normal_boards=None)
    other = takes + 1.0  # not the same takes
    with pytest.raises(ValueError, match="other boards of their specimens: board 0;"):
        detector.calibrate(other, boards)
    new = np.where(boards == "board 3", "board 3", "new")
    with pytest.raises(ValueError, match="their specimens: board 3; calibrate with"):
        detector.calibrate(other, new)
    # Another end of a specimen that fit has seen.
    detector.set_params(specimens={"board 1": "oak", "new": "oak"})
    with pytest.raises(ValueError, match="their specimens: new;"):
        detector.calibrate(other, np.full(len(other), "new"))
    assert detector.offset_ == offset


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, list])
def test_takes_that_fit_has_seen_are_refused_under_any_name(named, dtype):
    crops, boards = make_crops()
    detector = SpectrumDetector().fit(crops, boards)
    mixed = make_crops(seed=9)[0]
    mixed[[5, 7]] = crops[[12, 3]]
    mixed = mixed.tolist() if dtype is list else mixed.astype(dtype)
    y = np.full(len(mixed), "new") if named else None
    with pytest.raises(ValueError, match=r"seen 2 of these 40 takes.*row 5.*more"):
        detector.calibrate(mixed, y)


@pytest.mark.parametrize("rate", [0, 1, -0.1, 2, "low"])
def test_impossible_rates_are_refused(rate, fitted):
    with pytest.raises(ValueError, match="'false_alarm_rate' parameter of calibrate"):
        fitted[0].calibrate(false_alarm_rate=rate)


def test_what_does_not_fit_together_is_refused(fitted):
    detector, *_ = fitted
    takes, boards = takes_of_boards(np.random.default_rng(1), 3, 20, name="new")
    with pytest.raises(ValueError, match="give X"):
        detector.calibrate(y=boards)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        detector.calibrate(takes, boards[1:])
    with pytest.raises(ValueError, match="is expecting"):
        detector.calibrate(takes[:, :5], boards)


def test_too_few_takes_for_the_rate_warn(fitted):
    takes, _ = takes_of_boards(np.random.default_rng(1), 1, 8)
    with pytest.warns(UserWarning, match="needs 99 normal takes .* there are 8:"):
        fitted[0].calibrate(takes, false_alarm_rate=0.01)


def test_the_rate_on_fresh_takes_is_that_asked_and_rescored_ones_would_not_keep_it():
    """With n takes, the mean rate lies between (k - 1) and k of n + 1."""
    fresh_rates, rescored_rates = [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        takes, boards = takes_of_boards(rng, 8, 10)
        detector = without_warnings(CropDetector(random_state=seed).fit, takes, boards)
        new, new_boards = takes_of_boards(rng, 59, 1, name="new")
        detector.calibrate(new, new_boards, false_alarm_rate=0.1)
        further, _ = takes_of_boards(rng, 200, 1)
        fresh_rates.append((detector.predict(further) == -1).mean())
        # What `calibrate` refuses.
        with pytest.raises(ValueError, match="seen 80 of these 80 takes"):
            detector.calibrate(takes)
        detector._set_threshold(detector.score_samples(takes), None, 0.1)
        rescored_rates.append((detector.predict(further) == -1).mean())
    error = np.std(fresh_rates) / np.sqrt(len(fresh_rates))
    assert 5 / 60 - 3 * error < np.mean(fresh_rates) < 6 / 60 + 3 * error
    assert error < 0.01
    assert np.mean(rescored_rates) > 0.15
