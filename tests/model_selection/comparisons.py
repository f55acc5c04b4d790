"""What the tests of comparisons compare."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile
from numpy.typing import NDArray
from taps import make_tap

from tapsklearn.detectors import ArcFaceDetector, AutoencoderDetector, CropDetector

NORMAL = ["ash", "elm", "fir", "oak"]
BOARDS = np.repeat([*NORMAL, "cracked a", "cracked b", "cracked c"], 6)
IS_NORMAL = np.isin(BOARDS, NORMAL)
OPTIONS: dict[str, Any] = {"normal_boards": NORMAL, "cv": 3, "random_state": 0}
SECONDS = ["fit_seconds", "score_seconds"]
# Of the recordings below.
RECORDED: dict[str, Any] = {
    "normal_boards": ["ash", "oak"],
    "cv": 2,
    "random_state": 0,
}


def make_crops() -> NDArray[np.float32]:
    """Make crops in which cracked boards differ, but not so that nobody errs."""
    rng = np.random.default_rng(0)
    crops = rng.normal(size=(len(BOARDS), 12, 16)).astype(np.float32)
    crops[IS_NORMAL, 2] += 1.0
    crops[~IS_NORMAL, 3] += 1.0
    return crops


CROPS = make_crops()
METHODS = {
    # In an order that is neither that of the alphabet nor that of their speed.
    "arcface": ArcFaceDetector(embedding_dim=4, max_epochs=2),
    "ae": AutoencoderDetector(max_epochs=2),
    "knn": CropDetector(),
}


def record(folder: Path) -> tuple[list[Path], NDArray[Any]]:
    """Write recordings of four boards, more than are read at once."""
    rng = np.random.default_rng(0)
    boards = np.repeat(["ash", "oak", "cracked ash", "cracked oak"], 6)
    paths = []
    for place, board in enumerate(boards):
        path = folder / f"{place:02}.wav"
        freqs = (400.0, 1500.0) if "cracked" in board else (310.0, 870.0)
        soundfile.write(path, make_tap(rng, seconds=0.6, onset=0.1, freqs=freqs), 44100)
        paths.append(path)
    return paths, boards


def assert_same(ours: Any, theirs: Any) -> None:
    """Check that two comparisons found the same, but for the seconds."""
    pd.testing.assert_frame_equal(
        ours.results.drop(columns=SECONDS),
        theirs.results.drop(columns=SECONDS),
        check_exact=True,
    )
    pd.testing.assert_frame_equal(ours.scores, theirs.scores, check_exact=True)


class Failing(CropDetector):
    """Cannot be fitted without the board `needed`."""

    needed = "oak"
    error: type[Exception] = ValueError

    def fit(self, X: Any, y: Any = None) -> "Failing":
        if self.needed not in y:
            raise self.error(f"{self.needed} is missing")
        return super().fit(X, y)


class AlwaysFailing(Failing):
    needed = "a board that nobody has"
