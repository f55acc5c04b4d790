"""Figures without a screen, and none left behind."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import matplotlib
import numpy as np
import pytest
import soundfile

from tapsklearn import AutoencoderDetector, CropDetector
from tapsklearn.model_selection import compare_methods
from tapsklearn.preprocessing import article_features
from tests.taps import make_tap

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _no_trace_of_figures() -> Iterator[None]:
    """Close what a test plotted, and hold it to leaving the settings as they were."""
    import matplotlib.pyplot as plt

    before: dict[str, Any] = dict(matplotlib.rcParams)
    yield
    plt.close("all")
    assert dict(matplotlib.rcParams) == before


@pytest.fixture
def own_axes() -> Any:
    """Make axes in a figure with others."""
    import matplotlib.pyplot as plt

    return plt.subplots(1, 2)[1][1]


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Record four takes of each of six boards, two of which are cracked."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("recordings")
    paths, boards = [], []
    for board in ("oak", "ash", "fir", "elm", "cracked a", "cracked b"):
        for take in range(4):
            freqs = (410, 1300) if "cracked" in board else (440, 1200)
            waveform = make_tap(
                rng, seconds=0.8, onset=0.3, sr=22050, freqs=freqs, noise_db=-30
            )
            path = folder / f"{board} {take}.wav"
            soundfile.write(path, waveform, 22050)
            paths.append(str(path))
            boards.append(board)
    return paths, np.array(boards)


@pytest.fixture(scope="session")
def comparison(recordings: Any) -> Any:
    """Compare an autoencoder and a reference, and keep the estimators."""
    paths, boards = recordings
    features = article_features(
        sr=22050,
        duration=0.8,
        n_fft=512,
        hop_length=256,
        n_freqs=32,
        n_frames=16,
        pre_frames=2,
    )
    return compare_methods(
        {"ae": AutoencoderDetector(max_epochs=1), "crop-knn": CropDetector()},
        paths,
        boards,
        normal_boards=["oak", "ash", "fir", "elm"],
        cv=2,
        preprocessing=features,
        random_state=0,
        return_estimators=True,
    )


@pytest.fixture(scope="session")
def without_estimators(comparison: Any) -> Any:
    """Return the comparison as if it had kept no estimators."""
    return replace(comparison, estimators=None)
