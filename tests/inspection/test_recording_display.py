"""The figure of a long recording."""

import numpy as np
import pytest
import soundfile
from taps import make_tap

from tapsklearn.inspection import RecordingDisplay
from tapsklearn.recording import split_takes


def test_each_outcome_has_a_sign_of_its_own():
    peaks = np.random.default_rng(0).uniform(size=15000)
    reasons = ["", "clipped", "two taps", "", "quiet", "gap", "cut", "no tap"]
    display = RecordingDisplay(
        *(peaks, 0.01, np.linspace(1, 140, 8), reasons), title="板の端.wav"
    ).plot()
    assert display.marks_ == {
        "": 2,
        **dict.fromkeys(reasons[1:3] + reasons[4:], 1),
    }
    labels = [text.get_text() for text in display.legend_.get_texts()]
    assert labels[:2] == ["take (2)", "left out, clipped (1)"]
    markers = {handle.get_marker() for handle in display.legend_.legend_handles}
    colors = {handle.get_color() for handle in display.legend_.legend_handles}
    assert len(markers) == len(colors) == 7
    # 150 s go on from row to row, without a moment left out.
    limits = [end for ax in display.axes_ for end in ax.get_xlim()]
    assert limits == pytest.approx([0, 50, 50, 100, 100, 150])


def test_a_recording_that_was_split(tmp_path):
    tap = make_tap(np.random.default_rng(0), seconds=1.5, sr=8000)
    soundfile.write(tmp_path / "long.wav", np.tile(tap, 4), 8000)
    (split,) = split_takes(tmp_path / "long.wav", tmp_path / "taps", "oak")
    display = RecordingDisplay.from_split(split)
    assert display.marks_ == {"": 4}
    (ax,) = display.axes_
    assert ax.get_xlim() == pytest.approx((0, 6.0))
    (signs,) = ax.get_lines()
    assert signs.get_xdata() == pytest.approx([0.5, 2, 3.5, 5], abs=0.01)
