"""How many taps are enough, as a figure."""

import numpy as np
import pandas as pd
import pytest

from tapsklearn.inspection import VerdictCurveDisplay
from tapsklearn.scoring import verdict_curve

RNG = np.random.default_rng(0)
BOARDS = np.repeat(["oak", "ash", "cracked fir"], 8)
P_VALUES = np.concatenate([RNG.uniform(0.1, 1, 16), RNG.uniform(0.005, 0.05, 8)])
NORMAL = ["oak", "ash"]


def test_both_rates_are_those_of_the_curve():
    display = VerdictCurveDisplay.from_predictions(
        P_VALUES, BOARDS, normal_boards=NORMAL, false_alarm_rate=0.04
    )
    curve = verdict_curve(P_VALUES, BOARDS, normal_boards=NORMAL, false_alarm_rate=0.04)
    assert len(curve) == 8
    for rate in ("tpr", "fpr"):
        line = display.lines_[rate]
        np.testing.assert_array_equal(line.get_xdata(), curve["n_taps"])
        np.testing.assert_array_equal(line.get_ydata(), curve[rate])
    assert curve["tpr"].max() > curve["fpr"].max()
    np.testing.assert_array_equal(
        display.false_alarm_rate_line_.get_ydata(), [0.04, 0.04]
    )
    labels = [text.get_text() for text in display.legend_.get_texts()]
    assert labels == [
        "abnormal boards called abnormal",
        "normal boards called abnormal",
        "asked for (0.04)",
    ]


def test_without_abnormal_boards_there_is_one_line():
    normal = np.isin(BOARDS, NORMAL)
    display = VerdictCurveDisplay.from_predictions(
        P_VALUES[normal], BOARDS[normal], normal_boards=NORMAL
    )
    assert set(display.lines_) == {"fpr"}
    assert len(display.legend_.get_texts()) == 2


def test_given_axes_are_used(own_axes):
    curve = pd.DataFrame({"n_taps": [1, 2], "tpr": [0.5, 1.0], "fpr": [0.1, 0.0]})
    display = VerdictCurveDisplay(curve).plot(own_axes)
    assert display.ax_ is own_axes
    assert display.figure_ is own_axes.figure
    assert own_axes.get_ylim() == (0, 1)


def test_scores_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        VerdictCurveDisplay.from_predictions(
            [-3.0, 0.1], ["oak", "ash"], normal_boards=["oak"]
        )
