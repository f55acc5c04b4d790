"""compare_methods where each fold has features of its own shape."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparisons import (
    BOARDS,
    CROPS,
    METHODS,
    NORMAL,
    OPTIONS,
    RECORDED,
    assert_same,
    record,
)
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from tapsklearn.detectors import CropDetector, SpectrumDetector
from tapsklearn.inspection import (
    ComparisonDisplay,
    EmbeddingDisplay,
    ReconstructionDisplay,
    RocCurveDisplay,
    TakeScoresDisplay,
    save_figures,
)
from tapsklearn.model_selection import compare_methods
from tapsklearn.preprocessing import TapFeatures, article_features

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*false_alarm_rate=0.05 needs"),
    pytest.mark.filterwarnings("ignore:no tap has a p-value"),
]


class Cut(TransformerMixin, BaseEstimator):
    """Cuts crops to a shape found from the boards trained on."""

    def __init__(self, normal_boards: Any = None, specimens: Any = None) -> None:
        self.normal_boards = normal_boards
        self.specimens = specimens

    def fit(self, X: Any, y: Any) -> "Cut":
        self.normal_ = list(self.normal_boards)
        self.n_freqs_ = 8 + 2 * sum(name in y for name in ("ash", "elm"))
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        return np.asarray(X)[:, : self.n_freqs_]


@pytest.fixture(scope="module")
def compared() -> Any:
    return compare_methods(
        METHODS,
        CROPS,
        BOARDS,
        preprocessing=Cut(),
        return_estimators=True,
        specimens={"ash": "ash"},
        **OPTIONS,
    )


def test_each_fold_has_its_own_shape(compared: Any) -> None:
    shapes = [
        compared.estimators["knn", fold][-1].input_shape_[0]
        for fold in range(len(compared.folds))
    ]
    assert len(set(shapes)) > 1
    assert [steps[0].n_freqs_ for steps in compared.preprocessing] == shapes
    for (train, test), n_freqs, scores in zip(
        compared.folds,
        shapes,
        [rows for _, rows in compared.scores.groupby(["method", "fold"])][-3:],
        strict=True,
    ):
        detector = CropDetector(normal_boards=NORMAL, random_state=0)
        detector.fit(CROPS[train][:, :n_freqs], BOARDS[train])
        expected = detector.score_samples(CROPS[test][:, :n_freqs])
        np.testing.assert_allclose(scores["score"], expected, rtol=1e-6)


def test_preprocessing_knows_the_boards_where_it_was_not_told(compared: Any) -> None:
    for [step] in compared.preprocessing:
        assert step.normal_ == NORMAL
        assert step.specimens == {"ash": "ash"}
    told = compare_methods(
        {"knn": CropDetector()},
        CROPS,
        BOARDS,
        preprocessing=Cut(normal_boards=["ash"]),
        **OPTIONS,
    )
    assert all(step.normal_ == ["ash"] for [step] in told.preprocessing)


def test_it_is_the_same_in_parallel_and_from_memory(
    compared: Any, tmp_path: Path
) -> None:
    options = {"preprocessing": Cut(), "specimens": {"ash": "ash"}, **OPTIONS}
    for n_jobs in (2, 1):
        again = compare_methods(
            METHODS, CROPS, BOARDS, memory=tmp_path, n_jobs=n_jobs, **options
        )
        assert_same(again, compared)
    kept = list(tmp_path.rglob("output.pkl"))
    assert len(kept) == len(METHODS) * 3


def test_displays_and_tables_take_it(
    compared: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(compared.ranking()) == len(METHODS)
    compared.to_csv(tmp_path)
    assert len(pd.read_csv(tmp_path / "scores.csv")) == len(METHODS) * len(BOARDS)
    ComparisonDisplay.from_comparison(compared)
    RocCurveDisplay.from_comparison(compared)
    for fold in range(3):
        TakeScoresDisplay.from_comparison(compared, "knn", fold=fold)
        EmbeddingDisplay.from_comparison(compared, "ae", fold=fold)
        ReconstructionDisplay.from_comparison(compared, "ae", fold=fold)
    monkeypatch.setattr("tapsklearn.inspection._save_figures._DOTS_PER_INCH", 40)
    folder = save_figures(compared, tmp_path / "figures")
    assert (folder / "reconstruction-ae.png").exists()


OPENED: list[str] = []
sys.addaudithook(
    lambda event, args: (
        OPENED.append(Path(args[0]).name)
        if event == "open" and isinstance(args[0], str) and args[0].endswith(".wav")
        else None
    )
)


class Chosen(TapFeatures):
    """Finds its hop by the boards that it is fitted on."""

    hops: dict[bool, int]

    def fit(self, X: Any, y: Any = None) -> "Chosen":
        self.set_params(hop_length=self.hops["ash" in y])
        return super().fit(X, y)

    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        return self.fit(X, y).transform(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        return tags


@pytest.mark.parametrize(
    ("hops", "n_reads"),
    [({True: 128, False: 128}, 1), ({True: 128, False: 64}, 2)],
    ids=["equal", "unequal"],
)
def test_folds_of_equal_settings_read_each_file_once(
    hops: dict[bool, int], n_reads: int, tmp_path: Path
) -> None:
    paths, boards = record(tmp_path)
    Chosen.hops = hops
    OPENED.clear()
    compare_methods(
        {"knn": CropDetector(), "spectrum": SpectrumDetector()},
        paths,
        boards,
        preprocessing=Chosen(**article_features().get_params()),
        **RECORDED,
    )
    assert sorted(OPENED) == sorted(path.name for path in paths for _ in range(n_reads))
