"""A warning that normal scores have moved comes up when they have, and seldom else."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapsklearn import Calibration, CropDetector, SpectrumDetector
from tapsklearn.datasets import Truth
from tapsklearn.persistence import load, save
from tapsklearn.scoring import ShiftMonitor, calibrate, find_shift

N_TAPS = 3


class Calibrated:
    """What `find_shift` has to know of a detector."""

    def __init__(self, medians, rng, n_taps=N_TAPS):
        self.calibration_specimens_ = np.repeat(np.arange(len(medians)), n_taps)
        scores = np.repeat(medians, n_taps)
        self.calibration_scores_ = scores + 0.3 * rng.normal(size=len(scores))


def sample(rng, n_boards, *, moved=0.0):
    """Sample scores of normal boards, and name the boards."""
    medians = rng.standard_t(3, size=n_boards) + moved
    scores = np.repeat(medians, N_TAPS) + 0.3 * rng.normal(size=n_boards * N_TAPS)
    return scores, np.repeat([f"board {each}" for each in range(n_boards)], N_TAPS)


def sample_crops(rng, n_boards, *, defect=0.0):
    """Sample crops of boards that differ, two takes each."""
    boards = rng.normal(size=(n_boards, 1, 6, 1)) + defect
    takes = boards + 0.3 * rng.normal(size=(n_boards, 2, 6, 8))
    return takes.reshape(-1, 6, 8)


@pytest.mark.parametrize("n_defects", [0, 10])
@pytest.mark.parametrize("are_known", [False, True])
def test_false_warnings_keep_the_rate(n_defects, are_known):
    """Whether the other half is normal or not, and whoever knows it."""
    rng = np.random.default_rng(0)
    n_warnings = 0
    for _ in range(150):
        detector = Calibrated(rng.standard_t(3, size=12), rng)
        scores, boards = sample(rng, 10)
        bad, of_bad = sample(rng, n_defects, moved=-4.0)
        normal = sorted(set(boards)) if are_known else None
        shift = find_shift(
            detector,
            [*scores, *bad],
            [*boards, *(f"bad {board}" for board in of_bad)],
            normal_boards=normal,
            false_warning_rate=0.1,
        )
        n_warnings += shift.has_moved
    # Three deviations of a binomial count.
    assert n_warnings <= 15 + 3 * math.sqrt(150 * 0.1 * 0.9)


def test_false_warnings_of_detectors_keep_the_rate():
    """Each specimen is scored against the others, and new ones against all."""
    rng = np.random.default_rng(1)
    names = np.repeat([f"board {number}" for number in range(12)], 2)
    n_warnings = 0
    for _ in range(100):
        detector = SpectrumDetector(random_state=0).fit(sample_crops(rng, 12), names)
        scores = detector.score_samples(sample_crops(rng, 10))
        shift = find_shift(
            detector, scores, np.repeat(range(10), 2), false_warning_rate=0.1
        )
        n_warnings += shift.has_moved
    assert n_warnings <= 10 + 3 * math.sqrt(100 * 0.1 * 0.9)


@pytest.mark.parametrize(("moved", "direction"), [(-6.0, "lower"), (6.0, "higher")])
def test_moved_scores_are_noticed(moved, direction):
    rng = np.random.default_rng(2)
    found = []
    for _ in range(25):
        detector = Calibrated(rng.standard_t(3, size=12), rng)
        shift = find_shift(detector, *sample(rng, 10, moved=moved))
        found.append(shift.direction)
    assert found.count(direction) >= 22
    assert set(found) <= {direction, ""}


def test_half_of_the_boards_may_be_abnormal_but_no_more():
    rng = np.random.default_rng(3)
    detector = Calibrated(rng.normal(size=20), rng)
    scores, boards = sample(rng, 20)
    few, many = scores.copy(), scores.copy()
    few[: 10 * N_TAPS] -= 100
    many[: 19 * N_TAPS] -= 100
    assert not find_shift(detector, few, boards).has_moved
    assert find_shift(detector, many, boards).direction == "lower"
    normal = [f"board {number}" for number in range(10, 20)]
    assert not find_shift(detector, few, boards, normal_boards=normal).has_moved


def test_what_is_known_of_the_boards_counts():
    rng = np.random.default_rng(4)
    detector = Calibrated(rng.normal(size=20), rng)
    scores, boards = sample(rng, 8)
    truth = Truth(
        sorted(set(boards)),
        specimens={board: f"s{board[-1] in '0123'}" for board in boards},
    )
    shift = find_shift(detector, scores, boards, truth=truth)
    assert (shift.n_boards, shift.n_normal, shift.n_calibration) == (2, 2, 20)
    assert find_shift(detector, scores, boards).n_normal == 4
    with pytest.raises(ValueError, match="normal_boards"):
        find_shift(detector, scores, boards, normal_boards=["beech"])
    with pytest.raises(ValueError, match="false_warning_rate=2 must lie"):
        find_shift(detector, scores, boards, false_warning_rate=2)


@given(
    n_boards=st.integers(1, 40),
    n_calibration=st.integers(1, 40),
    rate=st.floats(1e-4, 0.5),
    seed=st.integers(0, 9),
)
def test_it_speaks_only_where_something_can_be_known(
    n_boards, n_calibration, rate, seed
):
    rng = np.random.default_rng(seed)
    detector = Calibrated(rng.normal(size=n_calibration), rng)
    scores, boards = sample(rng, n_boards, moved=-1000.0)
    scores[:2] = np.nan
    shift = find_shift(detector, scores, boards, false_warning_rate=rate)
    # The order in which all new ones are below all others is one of so many.
    rarest = 1 / math.comb(shift.n_normal + n_calibration, shift.n_normal)
    assert shift.has_moved == (rarest <= rate / 2)
    assert bool(shift.reason) == (not shift.has_moved)
    assert shift.describe()
    n_usable = len(set(boards[~np.isnan(scores)]))
    assert shift.n_boards == n_usable


def test_a_model_without_boards_that_were_left_out_says_nothing():
    crops = sample_crops(np.random.default_rng(5), 20)
    boards = np.repeat([f"board {number}" for number in range(20)], 2)
    for detector in (
        CropDetector(calibration=Calibration(by="take"), random_state=0),
        CropDetector(random_state=0),
    ):
        by_take = detector.calibration is not None
        detector.fit(crops, boards if by_take else None)
        assert detector.calibration_specimens_ is None
        shift = find_shift(detector, detector.score_samples(crops) - 99, boards)
        assert not shift.has_moved
        assert "calibrated by take" in shift.reason
        monitor = ShiftMonitor(detector)
        assert not any(monitor.add(number, -99.0) for number in range(50))


def test_calibration_knows_its_specimens(tmp_path):
    """Also after `calibrate`, and from a file."""
    rng = np.random.default_rng(6)
    crops = sample_crops(rng, 30)
    boards = np.repeat([f"board {number}" for number in range(30)], 2)
    ends = {board: f"piece {int(board.split()[1]) // 2}" for board in boards}
    detector = CropDetector(specimens=ends, random_state=0).fit(crops[:40], boards[:40])
    assert (
        len(detector.calibration_specimens_) == len(detector.calibration_scores_) == 40
    )
    assert len(set(detector.calibration_specimens_)) == 10
    # Each take has the specimen that it came with.
    left_out = detector.calibration_scores_[detector.calibration_specimens_ == 0]
    save(detector, tmp_path / "model.taps")
    loaded = load(tmp_path / "model.taps")
    again = loaded.calibration_scores_[loaded.calibration_specimens_ == 0]
    np.testing.assert_array_equal(left_out, again)
    calibrate(detector, false_alarm_rate=0.2)
    np.testing.assert_array_equal(
        detector.calibration_specimens_, loaded.calibration_specimens_
    )
    calibrate(detector, crops[40:], boards[40:])
    assert len(set(detector.calibration_specimens_)) == 5
    calibrate(loaded, crops[40:])
    assert loaded.calibration_specimens_ is None


def test_held_out_boards_are_specimens_of_their_own():
    crops = sample_crops(np.random.default_rng(7), 8)
    boards = np.repeat([f"board {number}" for number in range(8)], 2)
    named = Calibration(boards=["board 6", "board 7"])
    detector = CropDetector(calibration=named, random_state=0).fit(crops, boards)
    assert len(set(detector.calibration_specimens_)) == 2


def test_watching_all_the_time_keeps_the_rate():
    rng = np.random.default_rng(8)
    n_warnings = 0
    for _ in range(60):
        monitor = ShiftMonitor(
            Calibrated(rng.standard_t(3, size=12), rng), false_warning_rate=0.1
        )
        scores, boards = sample(rng, 40)
        found = [monitor.add(*tap) for tap in zip(boards, scores, strict=True)]
        n_warnings += any(found)
    assert n_warnings <= 6 + 3 * math.sqrt(60 * 0.1 * 0.9)


def test_watching_says_it_once_and_soon():
    rng = np.random.default_rng(9)
    monitor = ShiftMonitor(Calibrated(rng.normal(size=12), rng))
    scores, boards = sample(rng, 40, moved=-30.0)
    found = [monitor.add(*tap) for tap in zip(boards, scores, strict=True)]
    (place,) = np.flatnonzero(found)
    assert found[place].direction == "lower"
    # With five boards, of which three count, something is rare enough.
    assert place == 5 * N_TAPS
    assert "calibrate" in found[place].describe()
