"""What marks boards, and not their condition, helps no method on unseen boards."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import StratifiedKFold

from tapsklearn.detectors import CNNDetector, CropDetector, NeighborDistance
from tapsklearn.model_selection import BoardKFold, compare_methods
from tapsklearn.preprocessing import Standardizer


class NearestTake(BaseEstimator):
    """Calls a take normal if the training take nearest to it was."""

    def __init__(self, normal_boards: Any = None) -> None:
        self.normal_boards = normal_boards

    def fit(self, X: Any, y: Any) -> "NearestTake":
        self.nearest_ = [
            NeighborDistance(n_neighbors=1).fit(X[side].reshape(side.sum(), -1))
            for side in (
                np.isin(y, self.normal_boards),
                ~np.isin(y, self.normal_boards),
            )
        ]
        return self

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        normal, abnormal = (
            each.score_samples(X.reshape(len(X), -1)) for each in self.nearest_
        )
        return normal - abnormal

    def predict(self, X: Any) -> NDArray[np.int64]:
        return np.where(self.score_samples(X) >= 0, 1, -1)


def test_what_separates_boards_does_not_separate_conditions() -> None:
    boards = np.repeat([f"board {number}" for number in range(16)], 6)
    methods = {"knn": CropDetector(), "nearest": NearestTake()}

    def mean_roc_auc(split_boards: bool) -> pd.Series:
        found = []
        for seed in range(8):
            rng = np.random.default_rng(seed)
            # Each board has a sound of its own, which depends on nothing else.
            sounds = np.repeat(rng.normal(size=(16, 5, 4)), 6, axis=0)
            crops = sounds + rng.normal(scale=0.1, size=sounds.shape)
            normal = rng.permutation(np.unique(boards))[:8]
            params = {"shuffle": True, "random_state": seed}
            compared = compare_methods(
                methods,
                crops,
                boards,
                normal_boards=normal,
                cv=BoardKFold(4, normal_boards=normal, **params)
                if split_boards
                else StratifiedKFold(4, **params),
                random_state=0,
            )
            found.append(compared.summary()["roc_auc"])
        return pd.concat(found, axis=1).mean(axis=1)

    by_takes = mean_roc_auc(split_boards=False)
    assert (by_takes > 0.99).all()
    by_boards = mean_roc_auc(split_boards=True)
    assert ((by_boards - 0.5).abs() < 0.1).all()


def test_what_marks_each_board_helps_only_where_boards_are_split() -> None:
    """Plant a mark of each board that depends on nothing else."""
    rng = np.random.default_rng(0)
    names = [f"board {number}" for number in range(48)]
    normal = rng.permutation(names)[:32].tolist()
    boards = np.repeat(names, 6)
    crops = rng.normal(size=(len(boards), 12, 16)).astype(np.float32)
    marks = rng.normal(size=(48, 12, 16)) * 2
    marked = Standardizer().fit_transform(crops) + np.repeat(marks, 6, axis=0)
    methods = {
        "knn": CropDetector(),
        "cnn": CNNDetector(max_epochs=20, lr=3e-3, score_space="embedding"),
    }
    options = {"normal_boards": normal, "scoring": "roc_auc", "random_state": 0}
    honest = compare_methods(methods, marked, boards, cv=2, **options).summary()
    by_takes = StratifiedKFold(2, shuffle=True, random_state=0)
    leaking = compare_methods(methods, marked, boards, cv=by_takes, **options).summary()
    for name in methods:
        assert abs(honest.loc[name, "roc_auc"] - 0.5) < 0.15
        assert leaking.loc[name, "roc_auc"] > 0.95
