"""Takes side by side with what makes them abnormal."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from methods import fit_once, make_crops

from tapsklearn.inspection import ExplanationDisplay


def test_takes_stand_side_by_side_with_hertz_and_milliseconds():
    crops, boards = make_crops()
    crops[:, 0, 0] = np.where(np.arange(len(crops)) == 1, np.nan, crops[:, 0, 0])
    with pytest.warns(UserWarning, match="1 of 3"):
        display = ExplanationDisplay.from_estimator(
            fit_once("spectrum"), crops, labels=boards, n_takes=3
        )
    assert display.axes_.shape == (2, 2)
    assert display.axes_[0, 0].get_ylabel() == "frequency (Hz)"
    assert display.axes_[1, 0].get_xlabel() == "time from the onset (ms)"
    for column, each in enumerate(display.explanations):
        upper, marks = display.images_[:, column]
        np.testing.assert_array_equal(upper.get_array(), each.crop)
        np.testing.assert_array_equal(marks.get_array(), each.values)
        # Zero has the middle colour: neither raises nor lowers.
        assert marks.norm.vmin == -marks.norm.vmax
        left, right = display.axes_[1, column].get_xlim()
        assert left < 1000 * each.times[0] < 1000 * each.times[-1] < right
        assert f"{each.score:.3g}" in display.axes_[0, column].get_title()
    plt.close(display.figure_)


def test_errors_name_the_cure():
    crops, _ = make_crops()
    with pytest.raises(ValueError, match="n_takes=0"):
        ExplanationDisplay.from_estimator(fit_once("crop"), crops, n_takes=0)
    with pytest.raises(ValueError, match="labels"):
        ExplanationDisplay.from_estimator(fit_once("crop"), crops, labels=["one"])
