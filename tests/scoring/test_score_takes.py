"""Scores, p-values and thresholds through pipelines, searches and other estimators."""

import copy

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from tapsklearn import CropDetector, Standardizer
from tapsklearn.scoring import (
    calibrate,
    compute_features,
    find_detector,
    flatten_steps,
    p_values,
    score_takes,
)

CROPS = np.random.default_rng(0).normal(size=(60, 6, 8))


def test_they_are_those_of_the_detector(model: Pipeline, tap_files: list[str]) -> None:
    scored = score_takes(model, tap_files)
    assert list(scored) == ["score", "p_value", "prediction"]
    crops = model[:-1].transform(tap_files)
    np.testing.assert_array_equal(scored["score"], model[-1].score_samples(crops))
    np.testing.assert_array_equal(scored["p_value"], model[-1].p_values(crops))
    np.testing.assert_array_equal(scored["prediction"], model.predict(tap_files))
    np.testing.assert_array_equal(p_values(model, tap_files), scored["p_value"])


def test_takes_are_scored_once(model: Pipeline, tap_files: list[str]) -> None:
    counted = copy.deepcopy(model)
    detector, n_calls = counted[-1], []
    score_samples = detector.score_samples
    detector.score_samples = lambda X: n_calls.append(len(X)) or score_samples(X)
    score_takes(counted, tap_files[:5])
    assert n_calls == [5]


def test_a_take_with_nan_has_no_score_and_is_not_called_normal() -> None:
    crops = CROPS.copy()
    detector = CropDetector(random_state=0).fit(crops)
    crops[0, 0, 0] = np.nan
    scored = score_takes(detector, crops[:2])
    assert np.isnan(scored.loc[0, ["score", "p_value"]]).all()
    assert scored["prediction"][0] == -1
    assert scored.loc[1].notna().all()


def test_through_pipelines_in_pipelines_and_searches() -> None:
    detector = CropDetector(random_state=0)
    nested = make_pipeline(make_pipeline(Standardizer()), "passthrough", detector)
    nested.fit(CROPS)
    flat = make_pipeline(Standardizer(), detector).fit(CROPS)
    assert [type(step) for step in flatten_steps(nested)] == [
        Standardizer,
        CropDetector,
    ]
    expected = score_takes(flat, CROPS)
    assert score_takes(nested, CROPS).equals(expected)
    search = GridSearchCV(
        flat,
        {"cropdetector__false_alarm_rate": [0.05]},
        scoring=lambda estimator, X, y=None: estimator.score_samples(X).mean(),
        cv=2,
    ).fit(CROPS)
    assert isinstance(find_detector(search), CropDetector)
    np.testing.assert_array_equal(
        compute_features(search, CROPS), Standardizer().fit_transform(CROPS)
    )
    np.testing.assert_array_equal(
        score_takes(search, CROPS)["score"], expected["score"]
    )


@pytest.mark.parametrize("detector", [IsolationForest(random_state=0), OneClassSVM()])
def test_other_outlier_detectors_have_no_p_values(detector: object) -> None:
    points = CROPS[:, 0]
    model = make_pipeline(StandardScaler(), detector).fit(points)
    scored = score_takes(model, points)
    np.testing.assert_array_equal(scored["score"], model.score_samples(points))
    np.testing.assert_array_equal(scored["prediction"], model.predict(points))
    assert scored["p_value"].isna().all()
    with pytest.raises(ValueError, match="has no p-values"):
        p_values(model, points)
    with pytest.raises(ValueError, match="cannot be calibrated"):
        calibrate(model, false_alarm_rate=0.1)


def test_the_threshold_is_that_of_the_detector(
    model: Pipeline, tap_files: list[str]
) -> None:
    crops = model[:-1].transform(tap_files)
    for X, features in ((None, None), (tap_files[40:], crops[40:])):
        own = copy.deepcopy(model)[-1].calibrate(features, false_alarm_rate=0.25)
        calibrated = copy.deepcopy(model)
        assert calibrate(calibrated, X, false_alarm_rate=0.25) is calibrated
        assert calibrated[-1].offset_ == own.offset_ != model[-1].offset_
        found = p_values(calibrated, tap_files)
        np.testing.assert_array_equal(found, own.p_values(crops))
