"""scikit-learn's own checks, none of them excused."""

from collections.abc import Callable
from unittest import SkipTest

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import (
    estimator_checks_generator,
    parametrize_with_checks,
)
from spectrograms import SMALL

from tapsklearn.preprocessing import (
    LogSpectrogram,
    Standardizer,
    TapCrop,
    TapFeatures,
    article_features,
)

# The checks' data are a few features wide, narrower than the shortest window.
pytestmark = pytest.mark.filterwarnings("ignore:n_fft=.* is too large")

FEW_SAMPLES = {
    "sr": 100,
    "duration": 0.2,
    "n_fft": 16,
    "hop_length": 4,
    "n_freqs": 5,
    "n_frames": 8,
    "pre_frames": 2,
    # Some of the checks' rows are all zero, which no take is.
    "on_error": "nan",
}
TRANSFORMERS = [
    *(LogSpectrogram(n_fft=16, hop_length=4, **each) for each in SMALL.values()),
    TapCrop(n_freqs=1, n_frames=8, pre_frames=2),  # 2-D: spectrograms of one row
    Standardizer(),
    Standardizer(per="frequency"),
    TapFeatures(input="waveform", input_sr=100, on_error="nan"),
    article_features(input="waveform", **FEW_SAMPLES),
    article_features(input="waveform", per="frequency", shifts=(0, 1), **FEW_SAMPLES),
]


def name_of(check: Callable) -> str:
    return getattr(check, "func", check).__name__


@parametrize_with_checks(TRANSFORMERS)
def test_check(estimator: BaseEstimator, check: Callable) -> None:
    try:
        check(estimator)
    except SkipTest:
        # Where SCIPY_ARRAY_API is not set, scikit-learn leaves this one out.
        assert name_of(check) == "check_array_api_input"
        raise


@pytest.mark.parametrize("transformer", TRANSFORMERS)
def test_the_checks_that_matter_are_run(transformer: BaseEstimator) -> None:
    # Nearly none are run of an estimator whose tags exclude 2-D input.
    names = {name_of(check) for _, check in estimator_checks_generator(transformer)}
    assert len(names) > 35
    assert names >= {
        "check_transformer_general",
        "check_transformer_data_not_an_array",
        "check_methods_subset_invariance",
        "check_methods_sample_order_invariance",
        "check_fit_idempotent",
        "check_n_features_in_after_fitting",
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_parameters_default_constructible",
        "check_dict_unchanged",
        "check_estimators_pickle",
        "check_estimator_sparse_tag",
    }
