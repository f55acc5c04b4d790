"""Detectors on a GPU; skipped without one."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from methods import METHODS, make_crops
from sklearn.base import clone

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a GPU that torch can use"
)

ON_GPU = {name: each for name, each in METHODS.items() if hasattr(each, "device")}


@pytest.fixture(params=ON_GPU)
def fitted(request: Any) -> Any:
    crops, boards = make_crops()
    params = {"device": "cuda", "normal_boards": ["board 0", "board 1"]}
    return clone(ON_GPU[request.param]).set_params(**params).fit(crops, boards)


def test_scores_on_the_processor_are_those_on_the_gpu(fitted: Any) -> None:
    crops, _ = make_crops(seed=1)
    on_gpu = fitted.score_samples(crops)
    assert np.isfinite(on_gpu).all()
    on_processor = fitted.set_params(device="cpu").score_samples(crops)
    # Of convolutions, a GPU rounds the factors to 10 bits (TensorFloat-32).
    np.testing.assert_allclose(
        on_gpu, on_processor, rtol=0.05, atol=0.05 * np.std(on_processor)
    )


def test_what_was_trained_on_a_gpu_is_kept_without_it(fitted: Any) -> None:
    crops, _ = make_crops(seed=1)
    assert all(isinstance(w, np.ndarray) for w in fitted.weights_.values())
    copy = pickle.loads(pickle.dumps(fitted)).set_params(device="cpu")
    expected = fitted.set_params(device="cpu").score_samples(crops)
    np.testing.assert_array_equal(copy.score_samples(crops), expected)


def test_low_precision_is_chosen_and_trains(fitted: Any) -> None:
    if not hasattr(fitted, "precision"):
        pytest.skip("trains nothing")
    crops, boards = make_crops()
    for precision in ("float32", "bfloat16"):
        again = clone(fitted).set_params(precision=precision).fit(crops, boards)
        assert np.isfinite([epoch["train_loss"] for epoch in again.history_]).all()
