"""Crops that are kept: what is read again, and what is not."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import soundfile
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from taps import make_tap

from tapsklearn import CropDetector, TakeError
from tapsklearn.model_selection import BoardKFold, anomaly_scorer
from tapsklearn.preprocessing import article_features
from tapsklearn.preprocessing._crop_reader import CropReader

SR = 44100


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.wav" for number in range(4)]
    for path in paths:
        soundfile.write(path, make_tap(rng, seconds=1.0), SR)
    return paths


class CountingMemory:
    """A joblib.Memory that writes down what it had to compute, in any process."""

    def __init__(self, folder: Path) -> None:
        self.memory = joblib.Memory(folder / "cache", verbose=0)
        self.location = self.memory.location
        self.log = folder / "log"
        self.log.touch()

    def cache(self, function: Callable, ignore: list[str]) -> "CountingFunction":
        return CountingFunction(self, function, ignore)

    def read(self) -> list[str]:
        return self.log.read_text().splitlines()


class CountingFunction:
    def __init__(
        self, memory: CountingMemory, function: Callable, ignore: list
    ) -> None:
        self.log = memory.log
        self.cached = memory.memory.cache(function, ignore=ignore)

    def __call__(self, reader: CropReader, path: str, **key: Any) -> Any:
        if not self.cached.check_call_in_cache(reader, path, **key):
            # One call, which two processes do not mix up.
            with self.log.open("a") as log:
                log.write(f"{Path(path).name}\n")
        return self.cached(reader, path, **key)


def test_a_search_reads_each_file_once_a_worker(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    files, boards = [], []
    for board in range(6):
        for take in range(4):
            files.append(tmp_path / f"{board}-{take}.wav")
            tap = make_tap(rng, seconds=1.0, freqs=(300 + 50 * board, 2000))
            soundfile.write(files[-1], tap, SR)
            boards.append(f"{'ok' if board < 4 else 'cracked'} {board}")
    normal = [f"ok {board}" for board in range(4)]
    for n_jobs in (1, 2):
        memory = CountingMemory(tmp_path_for(tmp_path, n_jobs))
        pipeline = Pipeline(
            [
                ("features", article_features(duration=1.0, memory=memory)),
                ("detector", CropDetector(normal_boards=normal)),
            ]
        )
        search = GridSearchCV(
            pipeline,
            {"detector__false_alarm_rate": [0.05, 0.1, 0.2]},
            cv=BoardKFold(2, normal_boards=normal),
            scoring=anomaly_scorer("roc_auc", normal_boards=normal),
            n_jobs=n_jobs,
            error_score="raise",
        )
        search.fit(files, boards)
        n_reads = Counter(memory.read())
        assert n_reads.keys() == {path.name for path in files}
        # Two workers may want a file at the same moment.
        assert max(n_reads.values()) <= n_jobs


def tmp_path_for(folder: Path, n_jobs: int) -> Path:
    folder = folder / f"jobs {n_jobs}"
    folder.mkdir()
    return folder


def test_memory_gives_the_same(paths: list[Path], tmp_path: Path) -> None:
    memory = CountingMemory(tmp_path)
    features = article_features(memory=memory)
    expected = article_features().fit_transform(paths)
    for _ in range(2):
        np.testing.assert_array_equal(features.fit_transform(paths), expected)
    assert len(memory.read()) == len(paths)
    # A folder's name will do, too.
    named = article_features(memory=str(tmp_path / "named"))
    np.testing.assert_array_equal(named.fit_transform(paths), expected)
    assert (tmp_path / "named").is_dir()


def test_memory_knows_what_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "tap.wav"
    memory = CountingMemory(tmp_path)
    features = article_features(memory=memory)
    crops = []
    for seed in (0, 1):
        soundfile.write(path, make_tap(np.random.default_rng(seed)), SR)
        os.utime(path, ns=(seed, seed))
        crops.append(features.fit_transform([path]))
        np.testing.assert_array_equal(
            crops[-1], article_features().fit_transform([path])
        )
    assert not np.array_equal(*crops)
    assert len(memory.read()) == 2
    # How the crops are standardized is not kept, and how they are cut is.
    features.set_params(per="frequency").fit_transform([path])
    assert len(memory.read()) == 2
    features.set_params(n_frames=60).fit_transform([path])
    assert len(memory.read()) == 3


def test_memory_keeps_no_errors(tmp_path: Path) -> None:
    path = tmp_path / "tap.wav"
    features = article_features(memory=str(tmp_path / "cache"))
    with pytest.raises(TakeError, match=r"tap\.wav: there is no such file"):
        features.fit_transform([path])
    tap = make_tap(np.random.default_rng(0), seconds=4.0)
    soundfile.write(path, np.clip(9 * tap, -1, 1), SR)
    for _ in range(2):
        with pytest.warns(UserWarning, match="clipped"):
            features.fit_transform([path])
