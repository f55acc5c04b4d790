"""Models to be saved, and their files."""

import pytest
from methods import METHODS, make_crops
from sklearn.base import clone

from tapsklearn.persistence import save

NORMAL = ["board 0", "board 1"]


@pytest.fixture(scope="session")
def crops():
    return make_crops()


@pytest.fixture(scope="session")
def fit(crops):
    """Give a function that fits a method of the table."""
    return lambda name: (
        clone(METHODS[name]).set_params(normal_boards=NORMAL).fit(*crops)
    )


@pytest.fixture(scope="session")
def model(fit):
    return fit("vae")


@pytest.fixture
def model_file(model, tmp_path):
    path = tmp_path / "model.taps"
    save(model, path)
    return path
