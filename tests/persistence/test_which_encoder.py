"""A model file holds the encoder's weights, and never reads the package's."""

import copy
from zipfile import ZipFile

import numpy as np
import pytest
from methods import fit_once, make_crops
from sklearn.base import clone

from tapsklearn import EncoderDetector
from tapsklearn.networks import TapEncoder, read_encoder_weights, write_encoder_weights
from tapsklearn.persistence import ModelFileError, export_onnx, load, read_about, save

SHIPPED = "tapsklearn.networks._encoder_weights._SHIPPED"
NAMES = ["encoder", "ae-encoder", "vae-encoder", "cnn-encoder"]


@pytest.fixture
def later(tmp_path, monkeypatch):
    """Replace what ships by the weights of a later version, with other channels."""
    network = TapEncoder((100, 120), channels=(4, 8, 8), answers=True)
    state = {name: each.numpy() for name, each in network.state_dict().items()}
    path = tmp_path / "later.npz"
    write_encoder_weights(path, state, {})

    def replace():
        monkeypatch.setattr(SHIPPED, path)
        return path

    return replace


@pytest.fixture
def gone(tmp_path, monkeypatch):
    return lambda: monkeypatch.setattr(SHIPPED, tmp_path / "gone.npz")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", ["later", "gone"])
def test_a_model_scores_the_same_whatever_ships(name, change, crops, tmp_path, request):
    model = copy.deepcopy(fit_once(name))
    scores, embedded = model.score_samples(crops[0]), model.transform(crops[0])
    save(model, tmp_path / "model.taps")
    request.getfixturevalue(change)()
    for again in (load(tmp_path / "model.taps"), copy.deepcopy(model), model):
        np.testing.assert_array_equal(again.score_samples(crops[0]), scores)
        np.testing.assert_array_equal(again.transform(crops[0]), embedded)
        assert again.encoder_checksum_ == fit_once(name).encoder_checksum_
    export_onnx(load(tmp_path / "model.taps"), tmp_path / "model.onnx")
    if change == "later":
        fitted = clone(model).fit(*make_crops())
        assert fitted.encoder_checksum_ != model.encoder_checksum_
        # Fitted again it has what ships now, and nothing of before.
        model.fit(*make_crops())
        np.testing.assert_array_equal(
            model.score_samples(crops[0]), fitted.score_samples(crops[0])
        )


def test_the_weights_are_those_that_ship(crops):
    weights, shipped = fit_once("encoder").weights_, read_encoder_weights()
    for name, weight in shipped.items():
        np.testing.assert_array_equal(weights[name], weight)
        assert weights[name].dtype == np.float32
    exact = clone(fit_once("encoder")).fit(crops[0].astype(np.float64), crops[1])
    assert exact.encoder_checksum_ == fit_once("encoder").encoder_checksum_
    assert exact.weights_["blocks.0.0.weight"].dtype == np.float64


def test_another_encoder_than_the_one_that_ships(later, crops, tmp_path):
    model = EncoderDetector(weights=str(tmp_path / "later.npz"), random_state=0)
    with pytest.raises(FileNotFoundError, match=r"no later\.npz"):
        clone(model).set_params(weights=tmp_path / "no later.npz").fit(*crops)
    model.fit(*crops)
    save(model, tmp_path / "model.taps")
    later()
    shipped = EncoderDetector(random_state=0).fit(*crops)
    assert model.encoder_checksum_ == shipped.encoder_checksum_
    for path in tmp_path.glob("later.*"):
        path.unlink()
    for other in (load(tmp_path / "model.taps"), shipped):
        np.testing.assert_array_equal(
            other.score_samples(crops[0]), model.score_samples(crops[0])
        )


@pytest.mark.parametrize("change", ["weight", "checksum"])
def test_weights_that_are_not_those_of_the_checksum_are_refused(change, tmp_path):
    model, path = fit_once("encoder"), tmp_path / "model.taps"
    save(model, path)
    with ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if change == "checksum":
        checksum = model.encoder_checksum_.encode()
        members["schema.json"] = members["schema.json"].replace(checksum, b"0" * 64)
    else:
        (name,) = (
            name
            for name, content in members.items()
            if content.endswith(model.weights_["blocks.1.0.weight"].tobytes())
        )
        members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])
    with ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ModelFileError, match=r"model\.taps.*encoder_checksum_ is not"):
        load(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_which_encoder(name, tmp_path):
    save(fit_once(name), tmp_path / "model.taps")
    training = read_about(tmp_path / "model.taps")["training"]
    assert training["encoder_sha256"] == fit_once(name).encoder_checksum_
    save(fit_once("randomconv"), tmp_path / "model.taps")
    assert "encoder_sha256" not in read_about(tmp_path / "model.taps")["training"]
