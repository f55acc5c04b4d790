"""What a file holds about itself."""

import numpy as np
import pytest
from methods import fit_once

import tapsklearn
from tapsklearn import CropDetector, WavLoader
from tapsklearn.persistence import ModelFileError, read_about, save


def test_of_a_detector(crops, tmp_path):
    features, boards = crops
    model = CropDetector(normal_boards=["board 0", "board 1"]).fit(features, boards)
    paths = [f"{number}.wav" for number in range(len(boards))]
    save(model, tmp_path / "a.taps", paths=paths, metrics={"roc_auc": np.float64(0.5)})
    about = read_about(tmp_path / "a.taps")
    assert about["versions"]["tapsklearn"] == tapsklearn.__version__
    assert {"python", "numpy", "scikit-learn", "skops", "torch"} <= set(
        about["versions"]
    )
    training = about["training"]
    assert training["n_takes"] == len(boards)
    assert training["boards"]["board 1"] == {"n_takes": 10, "condition": "normal"}
    assert training["boards"]["board 2"] == {"n_takes": 10, "condition": "abnormal"}
    assert about["metrics"] == {"roc_auc": 0.5}
    assert about["model"] == ["CropDetector()"]

    def hashes_of(model, **given):
        save(model, tmp_path / "b.taps", **given)
        training = read_about(tmp_path / "b.taps")["training"]
        return training["features_sha256"], training.get("paths_sha256")

    same = hashes_of(model, paths=paths)
    assert same == (training["features_sha256"], training["paths_sha256"])
    assert hashes_of(model)[1] is None
    assert hashes_of(model, paths=paths[::-1])[1] != same[1]
    other = CropDetector().fit(features + np.float32(1e-3))
    assert hashes_of(other)[0] != same[0]
    assert read_about(tmp_path / "b.taps")["training"]["boards"].keys() == {""}


def test_in_which_precision_a_network_was_trained(tmp_path):
    save(fit_once("ae"), tmp_path / "a.taps")
    assert read_about(tmp_path / "a.taps")["training"]["precision"] == "float32"


def test_of_a_transformer(tmp_path):
    save(WavLoader(sr=8000), tmp_path / "a.taps")
    about = read_about(tmp_path / "a.taps")
    assert about["model"] == ["WavLoader(sr=8000)"]
    assert "training" not in about
    assert "metrics" not in about


def test_no_model_file(tmp_path):
    (tmp_path / "a.taps").write_text("nothing")
    with pytest.raises(ModelFileError, match=r"a\.taps: is no tapsklearn model"):
        read_about(tmp_path / "a.taps")
    with pytest.raises(FileNotFoundError):
        read_about(tmp_path / "gone.taps")
