"""Scorers: scikit-learn's metrics, with defects as the positive class."""

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline

from tapsklearn.datasets import Truth
from tapsklearn.detectors import CropDetector, NeighborDistance
from tapsklearn.model_selection import BoardKFold, anomaly_scorer
from tapsklearn.preprocessing import Standardizer

NORMAL = ["oak", "ash"]
METRICS = ["roc_auc", "pauc", "average_precision", "neg_fpr_at_tpr95"]


class Known(BaseEstimator):
    """Returns X as the scores."""

    def score_samples(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(X, dtype=np.float64)


def score(metric: str, scores: Any, boards: Any) -> float:
    return anomaly_scorer(metric, normal_boards=NORMAL)(Known(), scores, boards)


def expect(
    metric: str, is_abnormal: NDArray[np.bool_], scores: NDArray[np.float64]
) -> float:
    """Compute a metric from scores of which the lower is the more abnormal."""
    match metric:
        case "roc_auc":
            # Seen from the other side: normal takes are the positive class.
            return roc_auc_score(~is_abnormal, scores)
        case "pauc":
            return roc_auc_score(is_abnormal, -scores, max_fpr=0.1)
        case "average_precision":
            return average_precision_score(is_abnormal, -scores)
    # The smallest share of normal takes at or below a threshold that at least 95 %
    # of the abnormal ones are at or below of.
    rates = [
        (scores[~is_abnormal] <= threshold).mean()
        for threshold in scores
        if (scores[is_abnormal] <= threshold).mean() >= 0.95
    ]
    return -min(rates)


@st.composite
def scored_takes(draw: st.DrawFn) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Boards of both conditions and scores, many of them equal."""
    boards = draw(
        st.lists(st.sampled_from([*NORMAL, "cracked"]), min_size=1, max_size=60)
    )
    boards += ["oak", "cracked"]
    scores = draw(
        st.lists(st.integers(-9, 9), min_size=len(boards), max_size=len(boards))
    )
    return np.array(boards), np.array(scores, dtype=np.float64)


@pytest.mark.parametrize("metric", METRICS)
@given(takes=scored_takes())
def test_metrics_are_those_of_scikit_learn(metric: str, takes: Any) -> None:
    boards, scores = takes
    expected = expect(metric, boards == "cracked", scores)
    assert score(metric, scores, boards) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("metric", "perfect", "inverted"),
    [
        ("roc_auc", 1, 0),
        # Standardized so that chance is 0.5, which leaves room below 0.
        ("pauc", 1, 0.5 * (1 - 0.005 / 0.095)),
        # The abnormal takes come in places 11 to 20.
        ("average_precision", 1, np.mean(np.arange(1, 11) / np.arange(11, 21))),
        ("neg_fpr_at_tpr95", 0, -1),
    ],
)
def test_a_perfect_detector_and_its_opposite(
    metric: str, perfect: float, inverted: float
) -> None:
    boards = np.repeat(["oak", "cracked"], 10)
    scores = np.arange(20.0, 0.0, -1.0)
    assert score(metric, scores, boards) == pytest.approx(perfect)
    assert score(metric, -scores, boards) == pytest.approx(inverted)


def test_19_of_20_defects_are_95_percent() -> None:
    boards = np.repeat(["cracked", "oak", "cracked"], [19, 10, 1])
    scores = np.arange(30.0)
    assert score("neg_fpr_at_tpr95", scores, boards) == 0
    assert score("neg_fpr_at_tpr95", scores[1:], boards[1:]) == -1


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("board", "found"), [("oak", "normal"), ("cracked", "abnormal")]
)
def test_takes_of_one_condition_are_an_error(
    metric: str, board: str, found: str
) -> None:
    with pytest.raises(ValueError, match=f"{metric} needs .* only {found} ones"):
        score(metric, [0.0, 1.0], [board, board])


def test_takes_without_a_score_are_left_out() -> None:
    boards = ["oak", "cracked", "oak", "cracked"]
    scores = np.array([1.0, 0.0, np.nan, 2.0])
    with pytest.warns(UserWarning, match="1 of 4 takes have no score"):
        assert score("roc_auc", scores, boards) == 0.5


def test_a_condition_without_any_score_is_an_error() -> None:
    boards = ["oak", "cracked", "oak", "cracked"]
    scores = np.array([1.0, np.nan, 2.0, np.nan])
    with (
        pytest.warns(UserWarning, match="2 of 4"),
        pytest.raises(ValueError, match="found only normal ones"),
    ):
        score("roc_auc", scores, boards)
    with (
        pytest.warns(UserWarning, match="4 of 4"),
        pytest.raises(ValueError, match="no take has one"),
    ):
        score("roc_auc", np.full(4, np.nan), boards)


def test_an_unknown_metric_is_an_error_that_lists_the_metrics() -> None:
    with pytest.raises(ValueError, match="'f1' must be one of roc_auc, pauc"):
        anomaly_scorer("f1", normal_boards=NORMAL)


def test_scorers_survive_pickling() -> None:
    scorer = anomaly_scorer("pauc", normal_boards=NORMAL)
    copy = pickle.loads(pickle.dumps(scorer))
    assert repr(copy) == repr(scorer) == "anomaly_scorer('pauc')"
    boards = np.repeat(["ash", "cracked"], 10)
    scores = np.random.default_rng(0).normal(size=20)
    assert copy(Known(), scores, boards) == scorer(Known(), scores, boards)


@pytest.fixture
def crops() -> tuple[NDArray[np.float64], NDArray[Any], list[str]]:
    """Crops of six boards that fade in time, but for those of the cracked ones."""
    rng = np.random.default_rng(0)
    boards = np.repeat(["a", "b", "c", "cracked a", "cracked b", "cracked c"], 10)
    crops = rng.normal(size=(60, 6, 8))
    crops[:30] += np.linspace(1, -1, 8)
    return crops, boards, ["a", "b", "c"]


@pytest.mark.filterwarnings("ignore:false_alarm_rate=0.05 needs")
def test_in_a_grid_search_of_a_pipeline(crops: Any) -> None:
    X, boards, normal = crops
    pipe = Pipeline(
        [
            ("standardize", Standardizer()),
            ("detector", CropDetector(normal_boards=normal, random_state=0)),
        ]
    )
    grid = [NeighborDistance(n_neighbors=n) for n in (1, 7)]
    cv = BoardKFold(3, normal_boards=normal)
    search = GridSearchCV(
        pipe,
        {"detector__normality": grid},
        cv=cv,
        scoring=anomaly_scorer("roc_auc", normal_boards=normal),
        error_score="raise",
    ).fit(X, boards)
    for place, normality in enumerate(grid):
        for fold, (train, test) in enumerate(cv.split(X, boards)):
            model = clone(pipe).set_params(detector__normality=normality)
            scores = model.fit(X[train], boards[train]).score_samples(X[test])
            expected = roc_auc_score(np.isin(boards[test], normal), scores)
            found = search.cv_results_[f"split{fold}_test_score"][place]
            assert found == pytest.approx(expected)
    assert 0.8 < search.best_score_ < 1


@pytest.mark.filterwarnings("ignore:false_alarm_rate=0.05 needs")
def test_several_at_once_in_cross_validate(crops: Any) -> None:
    X, boards, normal = crops
    results = cross_validate(
        CropDetector(normal_boards=normal, random_state=0),
        X,
        boards,
        cv=BoardKFold(3, normal_boards=normal),
        scoring={name: anomaly_scorer(name, normal_boards=normal) for name in METRICS},
        error_score="raise",
    )
    for name in METRICS:
        assert results[f"test_{name}"].shape == (3,)
    assert not np.allclose(results["test_roc_auc"], results["test_pauc"])


def test_normal_boards_come_from_the_fitted_detector(crops: Any) -> None:
    X, boards, normal = crops
    detector = CropDetector(normal_boards=normal, random_state=0)
    pipe = Pipeline([("standardize", Standardizer()), ("detector", detector)])
    expected = anomaly_scorer(normal_boards=normal)(pipe.fit(X, boards), X, boards)
    assert anomaly_scorer()(pipe, X, boards) == expected
    search = GridSearchCV(
        pipe,
        {"detector__random_state": [0, 1]},
        cv=BoardKFold(3, normal_boards=normal),
        scoring=anomaly_scorer(),
        error_score="raise",
    ).fit(X, boards)
    assert anomaly_scorer()(search, X, boards) == expected
    unaware = CropDetector(random_state=0).fit(X)
    with pytest.raises(ValueError, match="it is not known which boards are normal"):
        anomaly_scorer()(unaware, X, boards)
    # What the scorer is given comes first.
    others = anomaly_scorer(normal_boards=["a", "cracked a"])(pipe, X, boards)
    assert others != expected


def test_truth_is_as_good_as_normal_boards() -> None:
    boards = np.repeat(["oak", "cracked"], 10)
    scores = np.random.default_rng(0).normal(size=20)
    given = anomaly_scorer("pauc", truth=Truth(NORMAL))
    assert given(Known(), scores, boards) == score("pauc", scores, boards)
    with pytest.raises(ValueError, match="differ from those of truth"):
        anomaly_scorer(truth=Truth(NORMAL), normal_boards=["oak"])
