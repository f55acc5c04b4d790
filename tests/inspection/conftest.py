"""Figures without a screen, and none left behind."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import soundfile
from sklearn.pipeline import make_pipeline

from tapsklearn import AutoencoderDetector, CropDetector
from tapsklearn.detectors import Calibration
from tapsklearn.model_selection import compare_methods
from tapsklearn.preprocessing import article_features
from tapsklearn.scoring import score_files
from tests.taps import make_tap

matplotlib.use("agg")

# A name that a page must show and never run.
INJECTED = "<script>window.__x=1<\u2044script>'&amp;{{ 7 * 7 }}"


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


@pytest.fixture(scope="session")
def scored(recordings: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Score takes of boards with all kinds of names, some of them broken."""
    paths, boards = recordings
    normal = [path for path in paths if "cracked" not in path]
    model = make_pipeline(
        article_features(
            sr=22050,
            duration=0.8,
            n_fft=512,
            hop_length=256,
            n_freqs=32,
            n_frames=16,
            pre_frames=2,
        ),
        CropDetector(
            false_alarm_rate=0.4,
            calibration=Calibration(by="take", size=0.5),
            random_state=0,
        ),
    ).fit(normal, [board for board in boards if "cracked" not in board])
    folder = tmp_path_factory.mktemp("scored")
    rng = np.random.default_rng(1)
    named = {
        "oak": "oak",
        "ash": "床板 東棟 3 階・窓側",
        "fir": "long " * 40,
        "cracked a": INJECTED,
        "cracked b": 'b"><img src=x onerror=window.__x=1>',
    }
    for path in paths:
        board, _, take = Path(path).stem.rpartition(" ")
        if board not in named:
            continue
        place = folder / named[board].strip()
        place.mkdir(exist_ok=True)
        name = "\u202e<b onclick=alert(1)>" if (board, take) == ("oak", "0") else take
        if "cracked" in board:
            # So unlike the others that there is no doubt.
            tap = make_tap(rng, seconds=0.8, onset=0.3, sr=22050, freqs=(700, 2500))
            soundfile.write(place / f"{name}.wav", tap, 22050)
        else:
            shutil.copy(path, place / f"{name}.wav")
    (folder / "broken").mkdir()
    (folder / "broken" / "0.wav").write_bytes(b"RIFF")
    (folder / "oak" / "silent.wav").write_bytes(b"")
    rows = list(score_files(model, sorted(map(str, folder.rglob("*.wav")))))
    return model, rows
