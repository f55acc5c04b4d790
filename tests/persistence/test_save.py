"""What is not saved, and a file that is whole at any moment."""

import os
import subprocess
import sys
import textwrap

import pandas as pd
import pytest
from methods import NORMAL
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from skorch.callbacks import EarlyStopping

from tapsklearn import AutoencoderDetector, CropDetector, Standardizer
from tapsklearn.model_selection import BoardKFold, anomaly_scorer
from tapsklearn.persistence import ModelFileError, load, save


class Halver(TransformerMixin, BaseEstimator):
    """A user's own step."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X / 2


HALVER = f"{Halver.__module__}.Halver"


@pytest.mark.parametrize(
    ("normality", "way_out"),
    [
        (LocalOutlierFactor(novelty=True, algorithm="kd_tree"), "algorithm='brute'"),
        (KernelDensity(), "algorithm='brute'"),
        (IsolationForest(n_estimators=3), "NeighborDistance"),
    ],
)
def test_normality_that_would_not_be_loaded(normality, way_out, crops, tmp_path):
    flat = crops[0][:, :3, 0]
    model = CropDetector(normality=normality).fit(flat)
    with pytest.raises(ModelFileError, match="would not be loaded") as error:
        save(model, tmp_path / "model.taps")
    assert way_out in str(error.value)
    assert not any(tmp_path.iterdir())


def test_the_way_out_is_one(crops, tmp_path):
    brute = LocalOutlierFactor(novelty=True, algorithm="brute")
    model = CropDetector(normality=brute).fit(crops[0])
    save(model, tmp_path / "model.taps")
    again = load(tmp_path / "model.taps")
    assert (again.score_samples(crops[0]) == model.score_samples(crops[0])).all()


def test_a_search_is_not_a_model(crops, tmp_path):
    search = GridSearchCV(
        CropDetector(normal_boards=NORMAL),
        {"false_alarm_rate": [0.1, 0.2]},
        cv=BoardKFold(2, normal_boards=NORMAL),
        scoring=anomaly_scorer("roc_auc", normal_boards=NORMAL),
    ).fit(*crops)
    with pytest.raises(ModelFileError, match="best_estimator_"):
        save(search, tmp_path / "model.taps")
    save(search.best_estimator_, tmp_path / "model.taps")


def test_parameters_of_pandas(crops, tmp_path):
    detector = CropDetector(normal_boards=pd.Series(NORMAL))
    model = make_pipeline(Standardizer(), detector).fit(*crops)
    save(model, tmp_path / "model.taps")
    assert load(tmp_path / "model.taps")[-1].normal_boards == NORMAL


def test_callbacks_end_with_the_training(crops, tmp_path):
    model = AutoencoderDetector(
        max_epochs=2, callbacks=[EarlyStopping(monitor="train_loss")]
    ).fit(crops[0])
    save(model, tmp_path / "model.taps")
    assert load(tmp_path / "model.taps").callbacks is None
    assert model.callbacks is not None


def test_classes_of_the_user_by_name_only(crops, tmp_path):
    model = make_pipeline(Halver(), CropDetector()).fit(crops[0])
    path = tmp_path / "model.taps"
    with pytest.raises(ModelFileError, match="trusted"):
        save(model, path)
    save(model, path, trusted=[HALVER])
    with pytest.raises(ModelFileError, match=HALVER):
        load(path)
    with pytest.raises(ModelFileError, match=HALVER):
        load(path, trusted=[Halver.__module__, f"{Halver.__module__}.*"])
    for wrong in (HALVER, [Halver]):
        with pytest.raises(ValueError, match="list of full names"):
            load(path, trusted=wrong)
        with pytest.raises(ValueError, match="list of full names"):
            save(model, path, trusted=wrong)
    again = load(path, trusted=[HALVER])
    assert (again.score_samples(crops[0]) == model.score_samples(crops[0])).all()


def test_a_full_disk_leaves_the_old_file(model, model_file, monkeypatch):
    before = model_file.read_bytes()

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        save(model, model_file)
    assert model_file.read_bytes() == before
    assert [path.name for path in model_file.parent.iterdir()] == [model_file.name]


def test_no_such_folder(model, tmp_path):
    with pytest.raises(FileNotFoundError):
        save(model, tmp_path / "nowhere" / "model.taps")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_while_saving(tmp_path):
    """Fifty times: the old model or the new one, whole."""
    script = """
    import os, random, signal, sys, time, warnings
    import numpy as np
    from tapsklearn import CropDetector
    from tapsklearn.persistence import load, save
    warnings.simplefilter("ignore")
    path = sys.argv[1]
    crops = np.random.default_rng(0).normal(size=(40, 60, 60))
    models = {
        rate: CropDetector(false_alarm_rate=rate).fit(crops) for rate in (0.1, 0.2)
    }
    scores = {rate: model.score_samples(crops) for rate, model in models.items()}
    save(models[0.1], path)
    rng = random.Random(0)
    found = set()
    for _ in range(50):
        child = os.fork()
        if not child:
            while True:
                for model in models.values():
                    save(model, path)
        time.sleep(rng.uniform(0.005, 0.1))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        again = load(path)
        rate = again.false_alarm_rate
        assert (again.score_samples(crops) == scores[rate]).all()
        found.add(rate)
    print(sorted(found), end="")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), tmp_path / "model.taps"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[0.1, 0.2]"
    # Some died with an unfinished file beside; it never has the name of a model.
    left = {path.name for path in tmp_path.iterdir()} - {"model.taps"}
    assert all(name.endswith(".unfinished") for name in left)
    assert left


def test_saving_changes_nothing(model, model_file, crops):
    before = clone(model).get_params()
    assert model.get_params() == before
