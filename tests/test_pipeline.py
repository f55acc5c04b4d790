"""The main job from Python: files in, a searched and fitted pipeline out."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from taps import make_tap

from tapsklearn import (
    ArcFaceDetector,
    CropDetector,
    LogSpectrogram,
    Standardizer,
    TapCrop,
    WavLoader,
)
from tapsklearn.datasets import load_takes
from tapsklearn.model_selection import BoardKFold, anomaly_scorer, compare_methods


def make_pipeline(detector):
    return Pipeline(
        [
            ("load", WavLoader(sr=44100, duration=3.0)),
            ("spectrogram", LogSpectrogram(n_fft=1024, hop_length=128)),
            ("crop", TapCrop(n_freqs=100, n_frames=120, shifts=(0, 6))),
            ("standardize", Standardizer()),
            ("detector", detector),
        ]
    )


def search_on(paths, boards, normal, specimens=None, *, n_jobs=None, **steps):
    detector = ArcFaceDetector(
        backbone="shallow", normal_boards=normal, max_epochs=1, random_state=0
    )
    truth = {"normal_boards": normal, "specimens": specimens}
    search = GridSearchCV(
        make_pipeline(detector).set_params(**steps),
        {"detector__lr": [1e-3, 1e-2], "detector__max_epochs": [1, 2]},
        cv=BoardKFold(2, **truth),
        scoring=anomaly_scorer("roc_auc", normal_boards=normal),
        error_score="raise",
        n_jobs=n_jobs,
    )
    search.fit(paths, boards)
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    return search


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four boards, two of them cracked: their modes are lower and die sooner."""
    root = tmp_path_factory.mktemp("takes")
    rng = np.random.default_rng(0)
    for board, factor, decay in [
        ("oak", 1.0, 0.06),
        ("ash", 1.05, 0.06),
        ("cracked oak", 0.9, 0.03),
        ("cracked ash", 0.94, 0.03),
    ]:
        (root / board).mkdir()
        freqs = factor * np.array([480.0, 1215.0, 2250.0])
        for take in range(4):
            onset = rng.uniform(0.3, 1)
            waveform = make_tap(rng, onset=onset, freqs=freqs, decay=decay)
            soundfile.write(root / board / f"{take}.wav", waveform, 44100)
    return root


def test_a_grid_search_over_the_whole_pipeline(folder):
    takes = load_takes(folder, normal=["oak", "ash"])
    given = (takes.paths, takes.board, takes.normal_boards, takes.specimens)
    search = search_on(*given, n_jobs=2)
    scores = search.best_estimator_.score_samples(takes.paths[:3])
    assert scores.shape == (3,)
    assert np.isfinite(scores).all()
    alone = search_on(*given)
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )
    np.testing.assert_allclose(
        scores, alone.best_estimator_.score_samples(takes.paths[:3]), rtol=1e-5
    )


def test_a_broken_file_costs_its_own_row_only(folder, tmp_path):
    takes = load_takes(folder, normal=["oak", "ash"])
    pipeline = make_pipeline(CropDetector(normal_boards=takes.normal_boards))
    pipeline.set_params(load__on_error="nan").fit(takes.paths, takes.board)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    paths = [takes.paths[0], str(broken), takes.paths[1]]
    with pytest.warns(UserWarning, match=r"broken\.wav: truncated"):
        scores = pipeline.score_samples(paths)
    assert np.isnan(scores).tolist() == [False, True, False]
    np.testing.assert_allclose(
        scores[[0, 2]], pipeline.score_samples(takes.paths[:2]), rtol=1e-5
    )


def test_real_hammer_takes(recordings):
    takes = load_takes(recordings("hammer-floor"))
    chosen = takes.frame.groupby("board").head(4).index.to_numpy()
    paths = [takes.paths[row] for row in chosen]
    search = search_on(paths, takes.board[chosen], takes.normal_boards, takes.specimens)
    assert np.isfinite(search.best_estimator_.score_samples(paths)).all()


def test_real_bottles_that_begin_at_the_tap(recordings):
    takes = load_takes(recordings("bottles"))
    chosen = takes.frame.groupby("board").head(60).index.to_numpy()
    # Every file is another bottle: crates of ten stand in for boards.
    crates = pd.Series(takes.board[chosen])
    crates += " crate " + (crates.groupby(crates).cumcount() // 10).astype(str)
    normal = sorted({crate for crate in crates if crate.startswith("good")})
    steps = {
        "load__duration": 2048 / 44100,
        "spectrogram__n_fft": 256,
        "spectrogram__hop_length": 32,
        "crop__n_frames": 65,
        "crop__pre_frames": 0,
        "crop__shifts": (0,),
    }
    paths = [takes.paths[row] for row in chosen]
    search = search_on(paths, crates.to_numpy(str), normal, **steps)
    features = search.best_estimator_[:-1]
    crops = features.transform(paths)
    assert crops.shape == (120, 100, 65)
    compared = compare_methods(
        {"crop-knn": CropDetector()},
        paths,
        crates,
        normal_boards=normal,
        cv=3,
        preprocessing=features,
        random_state=0,
    )
    # Far from chance, with twenty good bottles to learn from.
    assert compared.results["roc_auc"].mean() > 0.7
