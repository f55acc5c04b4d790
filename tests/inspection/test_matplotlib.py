"""Matplotlib is an extra: nothing needs it until something is plotted."""

import importlib.util
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tapsklearn import inspection


def test_importing_the_displays_loads_neither_matplotlib_nor_torch():
    code = (
        "import sys, tapsklearn.inspection as room; names = dir(room);"
        "[getattr(room, name) for name in names]; print(*names, *sys.modules)"
    )
    words = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert "RocCurveDisplay" in words
    assert not {"matplotlib", "torch"} & set(words)


@pytest.mark.parametrize(
    "plot",
    [
        lambda: inspection.SpectrogramDisplay.from_waveform(np.zeros(4000)),
        lambda: inspection.SpectrogramDisplay.from_crop(np.zeros((4, 5))),
        lambda: inspection.SpectrogramDisplay(np.zeros((4, 5))).plot(),
        lambda: inspection.TakeScoresDisplay.from_predictions([1.0], ["oak"]),
        lambda: inspection.TakeScoresDisplay.from_estimator(None, None, []),
        lambda: inspection.EmbeddingDisplay.from_predictions([[1.0]], ["oak"]),
        lambda: inspection.EmbeddingDisplay.from_estimator(None, None, []),
        lambda: inspection.ReconstructionDisplay.from_estimator(None, None),
        lambda: inspection.RocCurveDisplay.from_scores(pd.DataFrame()),
        lambda: inspection.VerdictCurveDisplay.from_predictions(
            [], [], normal_boards=[]
        ),
        lambda: inspection.VerdictCurveDisplay(pd.DataFrame()).plot(),
        lambda: inspection.ComparisonDisplay.from_results(pd.DataFrame()),
        lambda: inspection.ComparisonDisplay.from_comparison(None),
        lambda: inspection.RocCurveDisplay.from_comparison(None),
        lambda: inspection.TakeScoresDisplay.from_comparison(None),
        lambda: inspection.EmbeddingDisplay.from_comparison(None),
        lambda: inspection.ReconstructionDisplay.from_comparison(None),
        lambda: inspection.VerdictCurveDisplay.from_comparison(None),
        lambda: inspection.save_figures(None, "figures"),
    ],
)
def test_without_matplotlib_the_error_says_what_to_install(monkeypatch, plot):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "matplotlib" else find(name, *rest),
    )
    with pytest.raises(ImportError, match=r'pip install "tapsklearn\[plot\]"'):
        plot()
