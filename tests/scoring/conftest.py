"""A model from files to scores, fitted once."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from sklearn.pipeline import Pipeline, make_pipeline
from taps import make_tap

from tapsklearn import CropDetector
from tapsklearn.preprocessing import article_features


@pytest.fixture(scope="session")
def tap_files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Write 48 takes of one board."""
    folder: Path = tmp_path_factory.mktemp("takes")
    rng = np.random.default_rng(0)
    paths = []
    for take in range(48):
        tap = make_tap(rng, seconds=0.6, onset=0.1, noise_db=-20, peak=0.2)
        paths.append(str(folder / f"{take:02}.wav"))
        soundfile.write(paths[-1], tap, 44100)
    return paths


@pytest.fixture(scope="session")
def model(tap_files: list[str]) -> Pipeline:
    features = article_features(duration=0.6, n_freqs=30, n_frames=40)
    return make_pipeline(features, CropDetector(random_state=0)).fit(tap_files[:40])
