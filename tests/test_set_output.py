"""Tables as output, where they are asked for: of embeddings, and of nothing else."""

import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from sklearn import config_context
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tapsklearn import (
    CropDetector,
    LogSpectrogram,
    Standardizer,
    TapCrop,
    TapFeatures,
    WavLoader,
)
from tapsklearn.detectors import (
    CNNDetector,
    EncoderDetector,
    JoinedDetector,
    MahalanobisDistance,
    RandomConvDetector,
)
from tapsklearn.inspection import EmbeddingDisplay, TakeScoresDisplay
from tapsklearn.model_selection import compare_methods
from tapsklearn.preprocessing import (
    article_features,
    article_preprocessing,
)
from tapsklearn.scoring import score_takes

matplotlib.use("agg")
pytestmark = pytest.mark.filterwarnings("ignore:.*false_alarm_rate=0.05 needs")

IMAGES = [WavLoader, LogSpectrogram, TapCrop, Standardizer, TapFeatures]
CROPS = np.random.default_rng(0).normal(size=(40, 8, 12)).astype(np.float32)
BOARDS = np.repeat(["oak", "ash", "cracked a", "cracked b"], 10)
NORMAL = ["oak", "ash"]


@pytest.mark.parametrize("transformer", IMAGES)
@pytest.mark.parametrize("asked", ["default", None])
def test_arrays_stay_arrays(transformer, asked):
    made = transformer()
    assert made.set_output(transform=asked) is made


@pytest.mark.parametrize("transformer", IMAGES)
@pytest.mark.parametrize("asked", ["pandas", "polars"])
def test_a_table_of_images_is_an_error_that_names_transform(transformer, asked):
    with pytest.raises(
        ValueError, match=f"transform='{asked}'.*{transformer.__name__}"
    ):
        transformer().set_output(transform=asked)


@pytest.mark.parametrize("steps", [[article_features()], [article_preprocessing()]])
def test_a_pipeline(steps):
    pipeline = make_pipeline(*steps, CropDetector())
    assert pipeline.set_output(transform="default") is pipeline
    with pytest.raises(ValueError, match="transform='pandas'"):
        pipeline.set_output(transform="pandas")


@pytest.mark.parametrize("detector", [CropDetector(), CNNDetector(max_epochs=1)])
def test_embeddings_can_be_tables(detector):
    table = detector.set_output(transform="pandas").fit(CROPS, BOARDS).transform(CROPS)
    assert isinstance(table, pd.DataFrame)
    assert table.columns.tolist() == detector.get_feature_names_out().tolist()
    plain = detector.set_output(transform="default").transform(CROPS)
    np.testing.assert_array_equal(table.to_numpy(), plain)


def compute(detector):
    """Do all that passes embeddings or features on; return what was found."""
    detector.fit(CROPS, BOARDS)
    crops = make_pipeline(Standardizer(), detector).fit(CROPS, BOARDS)
    EmbeddingDisplay.from_estimator(detector, CROPS, BOARDS)
    TakeScoresDisplay.from_estimator(crops, CROPS, BOARDS)
    pyplot.close("all")
    compared = compare_methods(
        {"it": make_pipeline(Standardizer(), detector)},
        CROPS,
        BOARDS,
        normal_boards=NORMAL,
        cv=2,
        random_state=0,
    )
    assert compared.results["error"].eq("").all()
    return [
        detector.score_samples(CROPS),
        crops.score_samples(CROPS),
        score_takes(crops, CROPS)["score"],
        compared.scores["score"],
        Standardizer().fit_transform(CROPS),
    ]


@pytest.mark.parametrize(
    "detector",
    [
        CropDetector(normality=MahalanobisDistance(), random_state=0),
        RandomConvDetector(random_state=0),
        EncoderDetector(random_state=0),
        JoinedDetector(random_state=0),
        CNNDetector(max_epochs=1, random_state=0),
    ],
)
@pytest.mark.parametrize("asked", ["pandas", "default"])
def test_tables_asked_of_all_change_no_number_and_warn_of_nothing(detector, asked):
    detector.set_params(normal_boards=NORMAL)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for message in (".*false_alarm_rate", ".*calibrat", ".*perplexity"):
            warnings.filterwarnings("ignore", message=message)
        expected = compute(detector)
        with config_context(transform_output=asked):
            found = compute(detector)
    for one, other in zip(expected, found, strict=True):
        assert isinstance(other, np.ndarray | pd.Series)
        np.testing.assert_array_equal(one, other)


def test_steps_of_others_before_a_detector():
    features = CROPS.reshape(len(CROPS), -1)
    pipeline = make_pipeline(StandardScaler(), CropDetector(random_state=0))
    expected = pipeline.fit(features, BOARDS).score_samples(features)
    with config_context(transform_output="pandas"), warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*false_alarm_rate")
        found = pipeline.fit(features, BOARDS)
        np.testing.assert_array_equal(found.score_samples(features), expected)
        np.testing.assert_array_equal(score_takes(found, features)["score"], expected)
