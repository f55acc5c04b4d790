"""Models to be saved, and their files."""

import pytest
from methods import fit_once, make_crops

from tapsklearn.persistence import save


@pytest.fixture(scope="session")
def crops():
    return make_crops()


@pytest.fixture(scope="session")
def model():
    return fit_once("vae")


@pytest.fixture
def model_file(model, tmp_path):
    path = tmp_path / "model.taps"
    save(model, path)
    return path
