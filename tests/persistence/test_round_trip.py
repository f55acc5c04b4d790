"""What is saved is what is loaded, in another process and by another version."""

import copy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from methods import SAVED, fit_once, make_crops
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM
from taps import make_tap

from tapsklearn import (
    CNNDetector,
    CropDetector,
    LogSpectrogram,
    SpectrumDetector,
    Standardizer,
    TapCrop,
    WavLoader,
)
from tapsklearn.detectors import article_methods, tuned_methods
from tapsklearn.persistence import load, save
from tapsklearn.preprocessing import article_features

DATA = Path(__file__).parents[1] / "data"
SCORE = """
import sys
from pathlib import Path
import numpy as np
import torch
from tapsklearn.persistence import load
torch.set_num_threads(1)
folder = Path(sys.argv[1])
crops = np.load(folder / "crops.npy")
for path in folder.glob("*.taps"):
    model = load(path)
    np.savez(path.with_suffix(".npz"), embedding=model.transform(crops),
             score=model.score_samples(crops), p_value=model.p_values(crops))
"""


@pytest.fixture(scope="module")
def scored_elsewhere(crops, tmp_path_factory):
    """Save every method, and let another process score with all of them."""
    folder = tmp_path_factory.mktemp("models")
    np.save(folder / "crops.npy", crops[0])
    fitted = {name: fit_once(name) for name in SAVED}
    for name, model in fitted.items():
        save(model, folder / f"{name}.taps")
    subprocess.run([sys.executable, "-c", SCORE, folder], check=True)
    return fitted, {name: np.load(folder / f"{name}.npz") for name in SAVED}


@pytest.mark.parametrize("name", SAVED)
def test_another_process_scores_the_same(name, scored_elsewhere, crops):
    model, there = (each[name] for each in scored_elsewhere)
    for result, here in (
        ("embedding", model.transform(crops[0])),
        ("score", model.score_samples(crops[0])),
        ("p_value", model.p_values(crops[0])),
    ):
        np.testing.assert_allclose(there[result], here, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", SAVED)
def test_everything_fitted_and_every_parameter_is_kept(name, tmp_path):
    model = fit_once(name)
    save(model, tmp_path / "model.taps")
    again = load(tmp_path / "model.taps")
    assert repr(again) == repr(model)
    assert vars(again).keys() >= {key for key in vars(model) if key[0] != "_"}
    assert repr(clone(again)) == repr(clone(model))


def test_the_whole_resnet18(crops, tmp_path):
    model = CNNDetector("resnet18", max_epochs=1, random_state=0).fit(*crops)
    save(model, tmp_path / "model.taps")
    again = load(tmp_path / "model.taps")
    np.testing.assert_array_equal(
        again.score_samples(crops[0]), model.score_samples(crops[0])
    )


def test_a_calibration_is_kept(crops, tmp_path):
    model = copy.deepcopy(fit_once("crop"))
    fresh, boards = make_crops(2, 20, seed=7)
    renamed = np.char.replace(boards, "board", "unseen board")
    model.set_params(normal_boards=None)
    model.calibrate(fresh, renamed, false_alarm_rate=0.1)
    save(model, tmp_path / "model.taps")
    again = load(tmp_path / "model.taps")
    assert again.false_alarm_rate_ == 0.1
    assert again.offset_ == model.offset_ != fit_once("crop").offset_
    np.testing.assert_array_equal(again.p_values(fresh), model.p_values(fresh))
    # What fit has seen is kept too.
    with pytest.raises(ValueError, match="fit has seen 40 of these 40 takes"):
        again.calibrate(crops[0])


@pytest.mark.parametrize(
    "name",
    [*article_methods(), *tuned_methods()],
)
def test_size(name, tmp_path):
    """A model on the shallow network fits into a megabyte, at crops of full size."""
    if "resnet18" in name:
        pytest.skip("ResNet-18 has 11 million weights")
    rng = np.random.default_rng(0)
    crops = rng.normal(size=(40, 100, 120)).astype(np.float32)
    boards = np.repeat(["a", "b", "c", "d"], 10)
    method = {**article_methods(), **tuned_methods()}[name]
    save(
        method.set_params(normal_boards=["a", "b"], max_epochs=1).fit(crops, boards),
        tmp_path / "model.taps",
    )
    assert (tmp_path / "model.taps").stat().st_size <= 1e6


def test_pipeline_from_files_on(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for number in range(12):
        paths.append(str(tmp_path / f"{number}.wav"))
        soundfile.write(paths[-1], make_tap(rng, seconds=1.0), 44100)
    detector = SpectrumDetector(false_alarm_rate=0.2)
    steps = [
        ("load", WavLoader(duration=1.0)),
        ("spectrogram", LogSpectrogram()),
        ("crop", TapCrop(shifts=(0, 6))),
        ("standardize", Standardizer(per="frequency")),
        ("detector", detector),
    ]
    fused = article_features(duration=1.0, shifts=(0, 6), per="frequency")
    for number, model in enumerate(
        (Pipeline(steps), make_pipeline(fused, clone(detector)))
    ):
        model.fit(paths)
        save(model, tmp_path / f"{number}.taps")
        again = load(tmp_path / f"{number}.taps")
        np.testing.assert_array_equal(
            again.score_samples(paths), model.score_samples(paths)
        )


def test_estimators_of_scikit_learn_within(crops, tmp_path):
    normality = make_pipeline(StandardScaler(), OneClassSVM())
    model = CropDetector(normality=normality).fit(*crops)
    save(model, tmp_path / "model.taps")
    np.testing.assert_array_equal(
        load(tmp_path / "model.taps").score_samples(crops[0]),
        model.score_samples(crops[0]),
    )


def test_what_belongs_to_the_machine_is_left_behind(crops, tmp_path):
    kept = tmp_path / "kept"
    model = Pipeline(
        [
            ("features", article_features(memory=str(kept), n_jobs=2)),
            ("rest", Standardizer()),
        ],
        memory=str(kept),
    )
    model.named_steps["rest"].fit(crops[0])
    save(model, tmp_path / "model.taps")
    again = load(tmp_path / "model.taps")
    assert again.memory is None
    assert again["features"].memory is None
    assert again["features"].n_jobs is None
    assert model["features"].memory == model.memory == str(kept)


def test_unfitted(tmp_path):
    with pytest.raises(NotFittedError):
        save(CropDetector(), tmp_path / "model.taps")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "path", sorted(DATA.glob("*.taps")), ids=lambda path: path.name
)
def test_files_of_older_versions(path):
    """Files that releases of ours have written score as they did."""
    expected = np.load(path.with_suffix(".npz"))
    scores = load(path)[-1].score_samples(expected["crops"])
    np.testing.assert_allclose(scores, expected["scores"], rtol=1e-4)


def test_there_are_files_of_older_versions():
    assert list(DATA.glob("*.taps"))
