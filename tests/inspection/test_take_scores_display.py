"""The line graph of takes: a line a board, conditions distinct, no data covered."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from tapsklearn import CropDetector, Standardizer
from tapsklearn.inspection import TakeScoresDisplay

NAMES = [
    *("normal 1 left end", "normal 1 right end", "normal 3"),
    *(f"similar-but-normal board number {i} from the second shop" for i in (11, 12)),
    *("similar 13", "similar 14"),
    *("abnormal 5", "abnormal 6", "abnormal 7", "abnormal 8", "cracked 9"),
]
NORMAL = NAMES[:7]
BOARDS = np.repeat(NAMES, 30)
SCORES = np.random.default_rng(0).normal(size=len(BOARDS))


def legend_of(display):
    return [text.get_text() for text in display.legend_.get_texts()]


def test_each_board_is_a_line_of_its_takes():
    display = TakeScoresDisplay.from_predictions(SCORES, BOARDS, normal_boards=NORMAL)
    assert list(display.lines_) == NAMES
    assert len(display.ax_.lines) == len(NAMES)
    for board, line in display.lines_.items():
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 31))
        np.testing.assert_array_equal(line.get_ydata(), SCORES[board == BOARDS])
    assert display.threshold_line_ is None
    assert display.ax_.get_ylabel() == "score (higher is more normal)"


def test_takes_are_numbered_as_they_come_also_when_boards_are_mixed():
    display = TakeScoresDisplay.from_predictions(
        [1, 2, 3, 4], ["b", "a", "b", "a"], normal_boards=["a"]
    )
    np.testing.assert_array_equal(display.lines_["b"].get_ydata(), [1, 3])
    np.testing.assert_array_equal(display.lines_["a"].get_ydata(), [2, 4])


def test_conditions_differ_in_line_and_marker_and_boards_in_more_than_colour():
    display = TakeScoresDisplay.from_predictions(SCORES, BOARDS, normal_boards=NORMAL)
    normal = [display.lines_[name] for name in NORMAL]
    abnormal = [display.lines_[name] for name in NAMES[7:]]
    assert {line.get_linestyle() for line in normal} == {"-"}
    assert {line.get_linestyle() for line in abnormal} == {"--"}
    assert {line.get_markerfacecolor() for line in abnormal} == {"white"}
    for lines in (normal, abnormal):
        assert len({line.get_marker() for line in lines}) == len(lines)
        assert len({line.get_color() for line in lines}) == len(lines)
    # Cool is more blue than red, warm the other way round.
    assert all(line.get_color()[2] > line.get_color()[0] for line in normal)
    assert all(line.get_color()[2] < line.get_color()[0] for line in abnormal)


def test_the_legend_lists_boards_under_their_condition():
    display = TakeScoresDisplay.from_predictions(
        SCORES, BOARDS, normal_boards=NORMAL, threshold=0.5
    )
    labels = legend_of(display)
    assert labels[0] == "normal boards:"
    assert labels[4:6] == [f"…number {i} from the second shop" for i in (11, 12)]
    assert labels[8] == "abnormal boards:"
    assert labels[-1] == "threshold (0.5)"
    np.testing.assert_array_equal(display.threshold_line_.get_ydata(), [0.5, 0.5])


@pytest.mark.parametrize("n_boards", [2, 12, 50])
def test_the_legend_is_beside_the_axes_and_in_the_figure(n_boards):
    boards = np.repeat([f"board number {i} of them all" for i in range(n_boards)], 3)
    display = TakeScoresDisplay.from_predictions(
        np.arange(len(boards)), boards, normal_boards=boards[:3], threshold=1.0
    )
    display.figure_.draw_without_rendering()
    axes, legend = display.ax_.get_window_extent(), display.legend_.get_window_extent()
    assert legend.x0 >= axes.x1
    assert legend.x1 <= display.figure_.bbox.x1
    assert legend.y0 >= 0
    assert axes.width > 300


@pytest.mark.parametrize("n_takes", [1, 3, 30])
def test_ticks_are_numbers_of_takes(n_takes):
    display = TakeScoresDisplay.from_predictions(
        np.arange(n_takes), ["oak"] * n_takes, normal_boards=None
    )
    low, high = display.ax_.get_xlim()
    ticks = [tick for tick in display.ax_.get_xticks() if low <= tick <= high]
    assert ticks
    assert set(ticks) <= set(range(1, n_takes + 1))


def test_a_take_without_a_score_is_a_gap_and_keeps_its_number():
    with pytest.warns(UserWarning, match="1 of 6 takes have NaN for scores"):
        display = TakeScoresDisplay.from_predictions(
            [1, np.nan, 3, 4, 5, 6], ["a"] * 3 + ["b"] * 3, normal_boards=["a"]
        )
    np.testing.assert_array_equal(display.lines_["a"].get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(display.lines_["a"].get_ydata(), [1, np.nan, 3])


def test_a_board_without_any_score_is_not_in_the_legend():
    with pytest.warns(UserWarning, match="2 of 4 takes"):
        display = TakeScoresDisplay.from_predictions(
            [1, 2, np.nan, np.nan], list("aabb"), normal_boards=["a"]
        )
    assert list(display.lines_) == ["a"]
    assert legend_of(display) == ["normal boards:", "a"]


def test_given_axes_are_used(own_axes):
    display = TakeScoresDisplay.from_predictions(
        [1.0, 2.0], ["a", "b"], normal_boards=None, ax=own_axes
    )
    assert display.ax_ is own_axes
    assert display.figure_ is own_axes.figure
    assert legend_of(display) == ["normal boards:", "a", "b"]


@pytest.fixture(scope="module")
def taps():
    rng = np.random.default_rng(0)
    crops = rng.normal(size=(60, 8, 10))
    crops[40:] += np.linspace(0, 4, 10)
    return crops, np.repeat(["oak", "ash", "cracked"], 20)


@pytest.mark.parametrize("kind", ["detector", "pipeline", "search"])
def test_an_estimator_gives_scores_and_threshold(taps, kind):
    crops, boards = taps
    detector = CropDetector(normal_boards=["oak", "ash"], random_state=0)
    estimator = detector
    if kind != "detector":
        estimator = make_pipeline(Standardizer(), detector)
    if kind == "search":
        estimator = GridSearchCV(
            estimator,
            {"cropdetector__false_alarm_rate": [0.05]},
            scoring=lambda estimator, X, y: 0.0,
            cv=2,
        )
    estimator.fit(crops, boards)
    display = TakeScoresDisplay.from_estimator(
        estimator, crops, boards, normal_boards=["oak", "ash"]
    )
    scores = estimator.score_samples(crops)
    for board in ("oak", "ash", "cracked"):
        np.testing.assert_array_equal(
            display.lines_[board].get_ydata(), scores[boards == board]
        )
    # Below the line is what the detector calls abnormal.
    called = scores < display.threshold_line_.get_ydata()[0]
    best = estimator.best_estimator_ if kind == "search" else estimator
    np.testing.assert_array_equal(called, best.predict(crops) == -1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], ["a"], ["a"]), "boards names the boards of"),
        (([[1.0, 2.0]], ["a"], ["a"]), "scores has shape"),
        (([1.0, np.inf], ["a", "b"], ["a"]), "scores"),
        (([np.nan, np.nan], ["a", "b"], ["a"]), "scores is NaN"),
        (
            ([1.0, 2.0], ["a", "b"], ["oak"]),
            "normal_boards=.*oak.*has none of the boards",
        ),
    ],
)
def test_errors_name_the_parameter(arguments, message):
    scores, boards, normal = arguments
    with pytest.raises(ValueError, match=message):
        TakeScoresDisplay.from_predictions(scores, boards, normal_boards=normal)


def test_boards_can_all_be_abnormal():
    display = TakeScoresDisplay.from_predictions([1.0], ["a"], normal_boards=[])
    assert legend_of(display) == ["abnormal boards:", "a"]


def test_what_cannot_score_is_an_error(taps):
    crops, boards = taps
    with pytest.raises(ValueError, match="estimator=Standardizer has no `score_samp"):
        TakeScoresDisplay.from_estimator(
            Standardizer(), crops, boards, normal_boards=None
        )
