"""Thresholds and p-values that keep what they promise."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from methods import make_crops
from sklearn.base import clone

from tapsklearn.detectors import (
    ArcFaceDetector,
    AutoencoderDetector,
    Calibration,
    CropDetector,
    conformal_p_values,
)
from tapsklearn.detectors._calibration import (
    default_held_out,
    find_threshold,
    hold_out_specimens,
    hold_out_takes,
)

scores = arrays(
    np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6, allow_subnormal=False)
)
rates = st.floats(0.001, 0.9)


@given(scores, rates)
def test_the_threshold_is_finite_and_lets_no_more_alarms_pass_than_asked(scores, rate):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        threshold = find_threshold(scores, rate)
    assert np.isfinite(threshold)
    # Of n + 1 exchangeable scores, those below the threshold that the other n give.
    assert (scores < threshold).sum() <= max(0, rate * (len(scores) + 1) - 1 + 1e-6)


@given(scores, rates)
def test_what_is_below_the_threshold_has_a_small_p_value(scores, rate):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        threshold = find_threshold(scores, rate)
    if rate * (len(scores) + 1) >= 1:
        below = np.nextafter(threshold, -np.inf)
        assert conformal_p_values(np.array([below]), np.sort(scores))[0] <= rate + 1e-9


def test_the_threshold_lies_halfway_between_two_scores():
    ranked = np.arange(39.0)
    # k = floor(0.05 * 40) = 2: between the lowest and the second lowest.
    assert find_threshold(ranked, 0.05) == 0.5
    assert find_threshold(ranked, 0.1) == 2.5


def test_with_k_of_one_the_threshold_is_just_below_the_lowest():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        threshold = find_threshold(np.arange(10.0, 29.0), 0.05)
    assert 9.99 < threshold < 10


@pytest.mark.parametrize(("rate", "needed"), [(0.05, 19), (0.01, 99), (0.1, 9)])
def test_too_few_takes_warn_with_the_number_needed(rate, needed):
    with pytest.warns(UserWarning, match=f"needs {needed} normal takes .* there are 8"):
        threshold = find_threshold(np.arange(8.0), rate)
    assert -0.01 < threshold < 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        find_threshold(np.arange(float(needed)), rate)


def test_p_values_by_hand():
    calibration = np.array([1.0, 2.0, 2.0, 5.0])
    p_values = conformal_p_values(np.array([0.0, 2.0, 9.0, np.nan]), calibration)
    np.testing.assert_allclose(p_values, [1 / 5, 4 / 5, 1, np.nan])


def boards_that_differ(n_boards, n_takes, rng):
    """Sample boards around a common centre, and takes around each board."""
    centres = np.repeat(rng.normal(size=(n_boards, 6)), n_takes, axis=0)
    return centres + 0.2 * rng.normal(size=centres.shape), np.repeat(
        np.arange(n_boards), n_takes
    )


def assert_rate_is_kept(rates, n_calibrated, asked, slack=0.0):
    """Check the mean rate of many fits within three standard errors.

    The threshold lies between the scores ranked k - 1 and k, below which a further
    take falls with a probability of (k - 1) / (n + 1) and k / (n + 1).
    """
    error = np.std(rates) / np.sqrt(len(rates))
    k = np.floor(asked * (n_calibrated + 1))
    lowest, highest = (np.array([k - 1, k])) / (n_calibrated + 1)
    assert lowest - slack - 3 * error < np.mean(rates) < highest + slack + 3 * error
    assert error < 0.15 * asked


def test_false_alarms_by_take_are_those_asked_for():
    rates = []
    for seed in range(200):
        takes, boards = boards_that_differ(3, 100, np.random.default_rng(seed))
        detector = CropDetector(
            calibration=Calibration(by="take", size=59 / 150),
            false_alarm_rate=0.1,
            random_state=seed,
        ).fit(takes[::2], boards[::2])
        rates.append((detector.predict(takes[1::2]) == -1).mean())
    assert_rate_is_kept(rates, 59, 0.1)


def test_on_new_boards_calibration_by_board_keeps_what_by_take_cannot():
    rates = {"take": [], "board": []}
    for seed in range(100):
        rng = np.random.default_rng(seed)
        takes, boards = boards_that_differ(30, 10, rng)
        unseen, _ = boards_that_differ(30, 10, rng)
        for by, found in rates.items():
            detector = CropDetector(
                calibration=Calibration(by=by), false_alarm_rate=0.1, random_state=seed
            ).fit(takes, boards)
            found.append((detector.predict(unseen) == -1).mean())
    # A new board has one board more to be near to than those calibrated with had,
    # and 30 boards stand for their kind a little worse than 300 takes would.
    assert_rate_is_kept(rates["board"], 300, 0.1, slack=0.01)
    assert np.mean(rates["take"]) > 0.5


@pytest.mark.parametrize(
    ("n_specimens", "n_takes", "n_chosen"),
    [
        (9, 20, 3),
        (9, 5, 4),
        (12, 5, 4),
        (2, 30, 1),
        (3, 30, 1),
        (5, 30, 2),
        (20, 1, 10),
    ],
)
def test_a_third_of_the_specimens_or_what_the_rate_needs(
    n_specimens, n_takes, n_chosen
):
    specimens = np.repeat(np.arange(n_specimens), n_takes)
    chosen = hold_out_specimens(specimens, 0.05, np.random.RandomState(0))
    assert len(chosen) == len(set(chosen)) == n_chosen
    assert set(chosen) <= set(specimens)


def crops_that_differ(n_boards, n_takes, rng):
    """Sample crops with a ridge whose place and height are the board's."""
    crops = rng.normal(size=(n_boards, n_takes, 8, 12)).astype(np.float32)
    heights = rng.uniform(1, 5, size=(n_boards, 1, 1)) + 0.3 * rng.normal(
        size=(n_boards, n_takes, 1)
    )
    for board, row in enumerate(rng.integers(0, 8, n_boards)):
        crops[board, :, row] += heights[board]
    return crops.reshape(-1, 8, 12), np.repeat(np.arange(n_boards), n_takes)


@pytest.mark.parametrize(("by", "size"), [("take", 0.5), ("board", None)])
def test_errors_of_reconstruction_keep_the_rate_too(by, size):
    """They have no reference to leave: whole boards are held out of training."""
    rates = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        takes, boards = crops_that_differ(48, 4, rng)
        fresh = takes.reshape(48, 4, 8, 12)[:, 2:].reshape(-1, 8, 12)
        if by == "take":
            early = np.arange(len(takes)) % 4 < 2
            takes, boards = takes[early], boards[early]
        else:
            fresh, _ = crops_that_differ(48, 4, rng)
        detector = AutoencoderDetector(
            calibration=Calibration(by=by, size=size),
            false_alarm_rate=0.1,
            lr=1e-2,
            max_epochs=2,
            random_state=seed,
        ).fit(takes, boards)
        rates.append((detector.predict(fresh) == -1).mean())
    n_calibrated = len(detector.calibration_scores_)
    assert n_calibrated == {"take": 48, "board": 64}[by]
    assert_rate_is_kept(rates, n_calibrated, 0.1, slack=0.01 if by == "board" else 0)


def test_auto_calibrates_by_board_from_five_specimens_on():
    rng = np.random.default_rng(0)
    takes, boards = boards_that_differ(6, 20, rng)
    by_board = CropDetector(calibration=Calibration(by="board"), random_state=0)
    auto = CropDetector(random_state=0)
    assert auto.fit(takes, boards).offset_ == by_board.fit(takes, boards).offset_
    assert len(auto.calibration_scores_) == 120
    few = boards < 4
    assert len(auto.fit(takes[few], boards[few]).calibration_scores_) == 19
    ends = dict.fromkeys(range(3), "one specimen")
    auto.set_params(specimens=ends).fit(takes, boards)
    assert len(auto.calibration_scores_) == 24


@pytest.mark.parametrize(
    ("n_takes", "rate", "expected"),
    [(400, 0.05, 80), (80, 0.05, 19), (30, 0.05, 15), (500, 0.01, 100), (3, 0.5, 1)],
)
def test_by_take_holds_out_what_the_rate_needs(n_takes, rate, expected):
    assert default_held_out(n_takes, rate) == expected


def test_by_board_scores_a_specimen_without_any_of_its_boards():
    takes, boards = boards_that_differ(6, 5, np.random.default_rng(0))
    takes[boards == 1] = takes[boards == 0] + 1e-3
    apart = CropDetector(calibration=Calibration(by="board")).fit(takes, boards)
    together = CropDetector(
        calibration=Calibration(by="board"), specimens={0: "a", 1: "a"}
    )
    # Two ends that sound alike support each other only where they are two boards.
    assert (
        together.fit(takes, boards).calibration_scores_.sum()
        < apart.calibration_scores_.sum()
    )


@pytest.mark.parametrize("detector_class", [ArcFaceDetector, AutoencoderDetector])
def test_named_specimens_are_held_out_of_everything_but_calibration(detector_class):
    crops, boards = make_crops(5)
    detector = detector_class(
        max_epochs=1,
        normal_boards=["board 0", "board 1", "board 2"],
        specimens={"board 2": "s", "board 4": "s"},
        calibration=Calibration(boards=["board 2"]),
        random_state=0,
    ).fit(crops, boards)
    assert len(detector.calibration_scores_) == 10
    changed = crops.copy()
    changed[np.isin(boards, ["board 2", "board 4"])] += 7
    again = clone(detector).fit(changed, boards)
    for name, weight in detector.weights_.items():
        np.testing.assert_array_equal(weight, again.weights_[name])
    assert (again.calibration_scores_ != detector.calibration_scores_).any()


@pytest.mark.parametrize("named", [["board 9"], ["board 0", "board 1"]])
def test_calibration_boards_must_leave_and_take_some(named):
    crops, boards = make_crops()
    detector = CropDetector(
        normal_boards=["board 0", "board 1"], calibration=Calibration(boards=named)
    )
    with pytest.raises(ValueError, match=r"calibration: boards=.*must name some"):
        detector.fit(crops, boards)


def test_by_board_needs_two_specimens():
    crops, boards = make_crops(1)
    with pytest.raises(ValueError, match="at least 2 normal specimens"):
        CropDetector(calibration=Calibration(by="board")).fit(crops, boards)


def test_one_normal_take_is_too_few():
    crops, boards = make_crops(2, 10)
    with pytest.raises(ValueError, match="n_samples=1 normal take"):
        CropDetector(normal_boards=["board 0"]).fit(crops[9:], boards[9:])


@given(
    st.lists(st.integers(0, 5), min_size=2, max_size=80),
    st.integers(0, 90),
    st.integers(0, 99),
)
def test_each_board_gives_its_share_to_calibration(boards, n_chosen, seed):
    boards = np.array(boards)
    chosen = hold_out_takes(boards, n_chosen, np.random.RandomState(seed))
    assert chosen.sum() == min(max(1, n_chosen), len(boards) - 1)
    for board in np.unique(boards):
        of_board = boards == board
        share = chosen.sum() / len(boards) * of_board.sum()
        assert abs(chosen[of_board].sum() - share) <= 2


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"size": 0.3}, r"size=0\.3 does nothing with by='auto'"),
        ({"size": 0.3, "by": "board"}, r"size=0\.3 does nothing with by='board'"),
        ({"size": 0.3, "boards": ["board 1"]}, "size=.* does nothing"),
        ({"boards": ["board 1"], "by": "take"}, "boards does nothing with by='take'"),
        ({"by": "specimen"}, "'by' parameter of Calibration"),
        ({"by": "take", "size": 1.0}, "'size' parameter of Calibration"),
    ],
)
def test_what_does_nothing_or_is_wrong_is_an_error(wrong, reason):
    crops, boards = make_crops()
    with pytest.raises(ValueError, match=reason):
        CropDetector(calibration=Calibration(**wrong)).fit(crops, boards)


def test_a_calibration_is_not_shared_and_is_reached_by_a_grid():
    crops, boards = make_crops(5)
    calibration = Calibration(by="take")
    detector = CropDetector(calibration=calibration, random_state=0)
    again = clone(detector).set_params(calibration__by="board").fit(crops, boards)
    assert calibration.by == "take"
    assert len(again.calibration_scores_) == 50
    assert len(detector.fit(crops, boards).calibration_scores_) == 19
    default = CropDetector(random_state=0).fit(crops, boards)
    assert default.calibration is None
    assert default.offset_ == again.offset_
