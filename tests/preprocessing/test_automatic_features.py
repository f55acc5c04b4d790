"""Settings of features are found from the takes that they are fitted on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from taps import make_tap

from tapsklearn import SpectrumDetector, TakeError, TapFeatures
from tapsklearn.datasets import load_takes
from tapsklearn.model_selection import BoardKFold, anomaly_scorer
from tapsklearn.preprocessing import article_features, collect_remarks, read_crops

FOUND = (
    *("sr", "duration", "n_fft", "hop_length"),
    *("n_freqs", "n_frames", "pre_frames", "per"),
)
GIVEN: dict[str, Any] = {
    "sr": 22050,
    "duration": 0.2,
    "n_fft": 256,
    "hop_length": 64,
    "n_freqs": 40,
    "n_frames": 48,
    "pre_frames": 4,
    "per": "frequency",
}
# Long and low, short and high.
LONG = {"freqs": (310.0, 870.0), "decay": 0.08}
SHORT = {"freqs": (3100.0, 7400.0), "decay": 0.004}


def make_takes(n_takes: int = 6, **parameters: Any) -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    return [make_tap(rng, seconds=1.0, **parameters) for _ in range(n_takes)]


def write_boards(folder: Path, boards: dict[str, dict[str, Any]]) -> Any:
    """Write takes of boards, each a folder, and load them."""
    rng = np.random.default_rng(0)
    for board, parameters in boards.items():
        (folder / board).mkdir(parents=True)
        for take in range(4):
            waveform = make_tap(rng, seconds=1.0, **parameters)
            soundfile.write(folder / board / f"{take}.wav", waveform, 44100)
    return load_takes(folder, normal=["n*"])


def check_bounds(features: TapFeatures) -> None:
    assert 32 <= features.n_freqs_ <= 200
    assert 32 <= features.n_frames_ <= 240
    assert features.n_freqs_ <= 1 + features.n_fft_ // 2
    assert features.n_fft_ <= features.duration_ * features.sr_
    assert features.pre_frames_ < features.n_frames_
    for length in (features.n_fft_, features.hop_length_):
        assert length & (length - 1) == 0


# ---------------------------------------------------------------- what is found


def test_settings_fit_the_sound() -> None:
    long, short = (
        TapFeatures(input="waveform").fit(make_takes(**kind)) for kind in (LONG, SHORT)
    )
    assert long.ring_ > 5 * short.ring_
    assert short.band_ > 5 * long.band_
    for features in (long, short):
        check_bounds(features)
        sr = features.sr_
        seconds = (
            (features.n_frames_ - features.pre_frames_) * features.hop_length_ / sr
        )
        # A little more than the ring and the band; but for the least that there are.
        assert seconds >= features.ring_
        assert features.n_freqs_ * sr / features.n_fft_ >= features.band_
    assert long.n_fft_ > short.n_fft_
    assert long.hop_length_ > short.hop_length_


def test_what_is_found_is_what_read_crops_takes() -> None:
    takes = make_takes(**SHORT)
    features = TapFeatures(input="waveform").fit(takes)
    crops, problems = read_crops(takes, input="waveform", **features.settings_)
    assert not problems
    np.testing.assert_array_equal(crops[:, 0], features.transform(takes))


@pytest.mark.parametrize("name", FOUND)
def test_what_is_given_stays(name: str) -> None:
    takes = make_takes()
    features = TapFeatures(input="waveform", input_sr=44100, **{name: GIVEN[name]})
    features.fit(takes)
    assert getattr(features, f"{name}_") == GIVEN[name]
    assert getattr(features, name) == GIVEN[name]
    shape = (len(takes), features.n_freqs_, features.n_frames_)
    assert features.transform(takes).shape == shape


def test_mel_bands_are_kept_whole() -> None:
    features = TapFeatures(input="waveform", n_mels=40).fit(make_takes())
    assert features.n_freqs_ == 40
    assert "40 of 40 mel bands" in features.describe()


def test_what_is_given_alone_needs_no_take_to_be_read(tmp_path: Path) -> None:
    missing = [tmp_path / "missing.wav"]
    features = article_features().fit(missing)
    assert features.n_fft_ == 1024
    with pytest.raises(TakeError, match="no such file"):
        TapFeatures().fit(missing)
    with pytest.raises(TakeError, match="no such file"):
        TapFeatures(on_error="nan").fit(missing)


@settings(max_examples=25, deadline=None)
@given(
    decay=st.floats(0.001, 0.3),
    freq=st.floats(60.0, 15000.0),
    onset=st.floats(0.0, 0.9),
    noise_db=st.floats(-90.0, -25.0),
    gain=st.floats(1e-3, 1.0),
    sr=st.sampled_from([8000, 44100, 192000]),
)
def test_any_tap_has_settings(
    decay: float, freq: float, onset: float, noise_db: float, gain: float, sr: int
) -> None:
    takes = make_takes(
        2,
        sr=sr,
        decay=decay,
        freqs=(min(freq, 0.4 * sr),),
        onset=onset,
        noise_db=noise_db,
    )
    features = TapFeatures(input="waveform", input_sr=sr, on_error="nan")
    _, problems = read_crops(takes, input="waveform", input_sr=sr)
    if len(problems) == len(takes):
        with pytest.raises(TakeError):
            features.fit(takes)
        return
    features.fit(takes)
    check_bounds(features)
    crops = features.transform(takes)
    usable = [row for row in range(len(takes)) if row not in problems]
    assert np.isfinite(crops[usable]).all()
    quieter = clone(features).fit([gain * take for take in takes])
    assert quieter.settings_ == features.settings_


def test_the_line_that_describes_them() -> None:
    settings = {"n_fft": 512, "hop_length": 32, "n_freqs": 100, "n_frames": 120}
    features = article_features(**settings)
    assert features.describe() == "80 ms, 0 to 8.6 kHz, 512/32"
    features.set_params(per="frequency")
    assert features.describe().endswith("512/32, per frequency")


def test_nothing_is_known_before_fit() -> None:
    features = TapFeatures(input="waveform")
    for ask in (
        lambda: features.settings_,
        lambda: features.window_,
        features.describe,
        lambda: features.transform(make_takes(1)),
        lambda: TapFeatures().as_steps(),
    ):
        with pytest.raises(NotFittedError):
            ask()


def test_a_failed_fit_leaves_nothing_of_the_one_before() -> None:
    features = TapFeatures(input="waveform").fit(make_takes())
    with pytest.raises(TakeError):
        features.fit([np.zeros(44100)])
    with pytest.raises(NotFittedError):
        features.describe()


def test_another_fit_leaves_no_means_of_the_one_before(tmp_path: Path) -> None:
    takes = write_boards(tmp_path, {"n1": LONG, "n2": LONG})
    features = TapFeatures(per="frequency").fit(takes.paths)
    features.set_params(per="take").fit(takes.paths)
    assert not hasattr(features, "standardizer_")
    alone = TapFeatures(per="take").fit(takes.paths)
    expected = alone.as_steps().transform(takes.paths)
    np.testing.assert_array_equal(features.as_steps().transform(takes.paths), expected)
    features.set_params(**alone.settings_, per="take").fit(takes.paths)
    assert not hasattr(features, "ring_")


# ---------------------------------------------------------------- from normal takes


def test_settings_are_found_from_normal_boards_alone() -> None:
    takes = [*make_takes(**SHORT), *make_takes(**LONG)]
    boards = np.repeat(["good", "bad"], 6)
    features = TapFeatures(input="waveform", normal_boards=["good"]).fit(takes, boards)
    of_normal = TapFeatures(input="waveform").fit(takes[:6])
    assert features.settings_ == of_normal.settings_
    assert features.settings_ != TapFeatures(input="waveform").fit(takes).settings_
    np.testing.assert_array_equal(features.transform(takes), of_normal.transform(takes))


def test_means_of_frequencies_are_those_of_normal_boards() -> None:
    takes = [*make_takes(), *make_takes(peak=0.01)]
    boards = np.repeat(["good", "bad"], 6)
    features = TapFeatures(input="waveform", per="frequency", normal_boards=["good"])
    crops = features.fit_transform(takes, boards)
    means = features.standardizer_.mean_
    alone = TapFeatures(input="waveform", per="frequency").fit(takes[:6])
    np.testing.assert_allclose(means, alone.standardizer_.mean_)
    assert crops[6:].mean() < -1 < abs(crops[:6].mean()) + 1


def test_boards_are_needed_to_know_which_are_normal() -> None:
    features = TapFeatures(input="waveform", normal_boards=["good"])
    with pytest.raises(ValueError, match="give fit the board of each take as y"):
        features.fit(make_takes(2))
    with pytest.raises(ValueError, match="none of normal_boards"):
        features.fit(make_takes(2), ["oak", "ash"])
    with pytest.raises(ValueError, match="1 takes, and there are 2"):
        features.fit(make_takes(2), ["good"])


def test_other_channels_are_remarked_where_the_level_counts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    mono = make_tap(rng, seconds=1.0)
    sounds = {"mono": mono, "stereo": np.c_[mono, 0.5 * mono]}
    paths = {name: tmp_path / f"{name}.wav" for name in sounds}
    for name, sound in sounds.items():
        soundfile.write(paths[name], sound, 44100)
    for per, fitted_on, scored, has_remark in (
        ("frequency", "mono", "stereo", True),
        ("frequency", "stereo", "mono", True),
        ("frequency", "stereo", "stereo", False),
        ("take", "mono", "stereo", False),
    ):
        features = TapFeatures(per=per).fit([paths[fitted_on]])
        for memory in (None, str(tmp_path / "kept")):
            features.set_params(memory=memory)
            with collect_remarks() as remarks:
                features.transform([paths[scored]])
            [of_take] = remarks.values() or [{}]
            assert ("channels" in of_take) == has_remark


# ---------------------------------------------------------------- in pipelines


def test_folds_of_different_shapes(tmp_path: Path) -> None:
    kinds = {"n1": LONG, "n2": LONG, "n3": SHORT, "n4": SHORT}
    takes = write_boards(tmp_path, {**kinds, "bad1": LONG, "bad2": SHORT})
    normal = list(takes.normal_boards)
    model = Pipeline(
        [
            ("features", TapFeatures(normal_boards=normal)),
            ("detector", SpectrumDetector(normal_boards=normal)),
        ]
    )
    # The normal boards of one fold ring long, those of the other short.
    folds = [
        (np.flatnonzero(np.isin(takes.board, train)), rows)
        for train in (["n1", "n2", "bad1"], ["n3", "n4", "bad2"])
        for rows in [np.flatnonzero(~np.isin(takes.board, train))]
    ]
    shapes = set()
    for train, test in folds:
        fitted = clone(model).fit(
            [takes.paths[row] for row in train], takes.board[train]
        )
        shapes.add(fitted[0].transform([takes.paths[test[0]]]).shape)
    assert len(shapes) == 2
    search = GridSearchCV(
        model,
        {"features__per": ["take", "frequency"], "features__n_frames": ["auto", 40]},
        cv=folds,
        scoring=anomaly_scorer("roc_auc", normal_boards=normal),
        error_score="raise",
    ).fit(takes.paths, takes.board)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_[0].n_freqs_ > 0
    assert set(search.predict(takes.paths)) <= {-1, 1}


def test_folds_over_boards(tmp_path: Path) -> None:
    kinds = {f"n{number}": LONG for number in range(4)}
    takes = write_boards(tmp_path, {**kinds, "bad1": SHORT, "bad2": SHORT})
    normal = list(takes.normal_boards)
    model = make_pipeline(
        TapFeatures(normal_boards=normal), SpectrumDetector(normal_boards=normal)
    )
    search = GridSearchCV(
        model,
        {"tapfeatures__n_frames": ["auto", 40]},
        cv=BoardKFold(2, normal_boards=normal),
        scoring=anomaly_scorer("roc_auc", normal_boards=normal),
        error_score="raise",
    ).fit(takes.paths, takes.board)
    assert search.best_score_ > 0.9


def test_clone_finds_them_again() -> None:
    features = TapFeatures(input="waveform").fit(make_takes(**LONG))
    other = clone(features)
    assert other.get_params() == features.get_params()
    assert not hasattr(other, "sr_")
    assert other.fit(make_takes(**SHORT)).settings_ != features.settings_


@pytest.mark.parametrize("kind", [LONG, SHORT], ids=["long", "short"])
@pytest.mark.parametrize("per", ["take", "frequency"])
def test_equals_its_steps(tmp_path: Path, kind: dict[str, Any], per: str) -> None:
    takes = write_boards(tmp_path, {"n1": kind, "n2": kind})
    features = TapFeatures(per=per).fit(takes.paths)
    steps = features.as_steps()
    np.testing.assert_allclose(
        features.transform(takes.paths), steps.transform(takes.paths), rtol=0, atol=1e-3
    )
    if per == "take":
        np.testing.assert_allclose(
            features.transform(takes.paths),
            clone(steps).fit_transform(takes.paths),
            rtol=0,
            atol=1e-3,
        )


def test_same_with_any_number_of_jobs_and_memory(tmp_path: Path) -> None:
    takes = write_boards(tmp_path / "takes", {"n1": LONG, "n2": LONG})
    alone = TapFeatures().fit(takes.paths)
    for other in (
        TapFeatures(n_jobs=2),
        *(TapFeatures(memory=str(tmp_path / "kept")) for _ in range(2)),
    ):
        assert other.fit(takes.paths).settings_ == alone.settings_
        np.testing.assert_array_equal(
            other.transform(takes.paths), alone.transform(takes.paths)
        )


# ---------------------------------------------------------------- real and long ones


def test_bottles(recordings: Callable[[str], Path]) -> None:
    """Clips of 2,048 samples that begin with the tap: all of them is used."""
    takes = load_takes(recordings("bottles"))
    features = TapFeatures(normal_boards=takes.normal_boards).fit(
        takes.paths, takes.board
    )
    check_bounds(features)
    assert features.n_fft_ <= 2048
    assert features.pre_frames_ == 0
    assert features.n_frames_ * features.hop_length_ <= 2048 + 8 * features.hop_length_
    assert np.isfinite(features.transform(takes.paths[::60])).all()


def test_concrete_blocks(recordings: Callable[[str], Path]) -> None:
    """Clips of 4 ms at 500 kHz."""
    takes = load_takes(recordings("concrete-blocks"))
    paths = takes.paths[::16]
    features = TapFeatures().fit(paths)
    check_bounds(features)
    assert features.sr_ == 500_000
    assert (features.n_frames_ - 8) * features.hop_length_ <= 2 * 0.004 * 500_000
    assert np.isfinite(features.transform(paths)).all()


@pytest.mark.parametrize("seconds", [8.0, 600.0])
def test_a_tap_anywhere_in_a_file(tmp_path: Path, seconds: float) -> None:
    rng = np.random.default_rng(0)
    tap = make_tap(rng, seconds=1.0, onset=0.5, noise_db=-np.inf)
    noise = rng.normal(scale=5e-4, size=round(seconds * 44100)).astype(np.float32)
    # Frames are those of the whole file: the tap is to be between the same ones.
    start = 44100 + 1024 * (round(0.7 * len(noise)) // 1024)
    long, short = noise.copy(), noise[start - 44100 :][:132300].copy()
    long[start : start + len(tap)] += tap[: len(long) - start]
    short[44100 : 44100 + len(tap)] += tap[: len(short) - 44100]
    crops = []
    for name, waveform in {"long": long, "short": short}.items():
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, waveform, 44100, subtype="FLOAT")
        features = TapFeatures().fit([path])
        crops.append(features.transform([path]))
        check_bounds(features)
    assert crops[0].shape == crops[1].shape
    np.testing.assert_allclose(crops[0], crops[1], rtol=0, atol=5e-3)
