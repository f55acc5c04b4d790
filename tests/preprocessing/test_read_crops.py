"""One reader: waveforms and files alike, and no take read twice."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import get_tags
from spectrograms import SPECTROGRAMS
from taps import make_tap

from tapsklearn import TakeError
from tapsklearn.preprocessing import (
    LogSpectrogram,
    Standardizer,
    TapCrop,
    WavLoader,
    _sound,
    article_features,
    read_crops,
)

SR = 44100


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often files are opened, by their names."""
    opened: Counter[str] = Counter()

    def open_and_count(path: str, *args: Any, **options: Any) -> Any:
        opened[Path(path).name] += 1
        return Path(path).open(*args, **options)

    monkeypatch.setattr(_sound, "open", open_and_count, raising=False)
    return opened


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """List what libsndfile is asked to open."""
    calls: list[Any] = []
    init = soundfile.SoundFile.__init__

    def count(self: soundfile.SoundFile, *args: Any, **kwargs: Any) -> None:
        calls.append(args[0])
        init(self, *args, **kwargs)

    monkeypatch.setattr(soundfile.SoundFile, "__init__", count)
    return calls


@pytest.fixture
def mixed(tmp_path: Path) -> list[str]:
    """Write a good take, one cut off, none, a hum, and a good one."""
    rng = np.random.default_rng(0)
    hum = 0.1 * np.sin(np.arange(3 * SR) / 9)
    names = ("good.wav", "cut.wav", "none.wav", "hum.wav", "fine.wav")
    paths = [tmp_path / name for name in names]
    for path, take in zip(
        paths, (make_tap(rng), make_tap(rng), None, hum, make_tap(rng)), strict=True
    ):
        if take is not None:
            soundfile.write(path, take, SR)
    paths[1].write_bytes(paths[1].read_bytes()[:-1000])
    return [str(path) for path in paths]


# ---------------------------------------------------------------- one reading


@pytest.mark.parametrize("on_error", ["raise", "nan"])
@pytest.mark.parametrize("memory", [False, True])
def test_a_bad_file_costs_no_second_reading(
    mixed: list[str],
    tmp_path: Path,
    opened: Counter[str],
    decoded: list[Any],
    on_error: str,
    memory: bool,
) -> None:
    memory_folder = str(tmp_path / "kept") if memory else None
    features = article_features(on_error=on_error, memory=memory_folder)
    crops, problems = features.try_transform(mixed)
    assert list(problems) == [1, 2, 3]
    assert problems[1].startswith("truncated")
    assert problems[2] == "there is no such file"
    assert problems[3].startswith("holds no tap")
    is_bad = np.isnan(crops).all(axis=(1, 2))
    np.testing.assert_array_equal(is_bad, [False, True, True, True, False])
    np.testing.assert_array_equal(
        crops[~is_bad], article_features().transform([mixed[0], mixed[4]])
    )
    # The good ones twice, to compare with.
    assert opened == {
        "good.wav": 2,
        "cut.wav": 1,
        "none.wav": 1,
        "hum.wav": 1,
        "fine.wav": 2,
    }
    assert len(decoded) == 2 + 1 + 2


def test_read_crops_is_what_the_transformer_does(mixed: list[str]) -> None:
    crops, problems = read_crops(mixed, shifts=(0, 6), n_jobs=2)
    expected, expected_problems = article_features(shifts=(0, 6)).try_transform(mixed)
    np.testing.assert_array_equal(crops, expected)
    assert problems == expected_problems
    one_view, _ = read_crops(mixed[:1])
    assert one_view.shape == (1, 1, 100, 120)
    raw, _ = read_crops(mixed[:1], standardized=False)
    np.testing.assert_array_equal(
        Standardizer().fit_transform(raw[:, 0]), one_view[:, 0]
    )


def test_read_crops_names_what_is_wrong_with_settings(mixed: list[str]) -> None:
    with pytest.raises(
        TypeError, match="no setting on_error, step; there are duration, sr"
    ):
        read_crops(mixed, step=3, on_error="nan")
    with pytest.raises(ValueError, match="'sr' parameter of read_crops"):
        read_crops(mixed, sr=0)
    with pytest.raises(ValueError, match="input='content' must be"):
        read_crops(mixed, input="content")
    with pytest.raises(ValueError, match="input_sr=8000 is the rate of waveforms"):
        read_crops(mixed, input_sr=8000)


def test_steps_report_problems_by_row(mixed: list[str]) -> None:
    waveforms, problems = WavLoader().try_transform(mixed)
    assert list(problems) == [1, 2, 3]
    assert np.isnan(waveforms[[1, 2, 3]]).all()
    waveforms[3] = 0.1 * np.sin(np.arange(3 * SR) / 9)
    crops, no_taps = TapCrop().try_transform(LogSpectrogram().transform(waveforms))
    # What holds NaN already was another step's to report.
    assert list(no_taps) == [3]
    np.testing.assert_array_equal(
        np.isnan(crops).all(axis=(1, 2)), [False, True, True, True, False]
    )
    with pytest.raises(TakeError) as caught:
        WavLoader().transform(mixed)
    assert caught.value.problems == {mixed[row]: problems[row] for row in problems}


def test_a_bar_is_shown_on_request(
    mixed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for verbose in (0, 1):
        article_features(on_error="nan", verbose=verbose).try_transform(mixed)
        shown = capsys.readouterr()
        assert shown.out == ""
        assert ("reading" in shown.err and "5/5" in shown.err) == bool(verbose)


# ---------------------------------------------------------------- waveforms


def like_files() -> dict[str, tuple[NDArray[np.floating], int]]:
    """Make waveforms that differ in all that files can differ in."""
    rng = np.random.default_rng(0)
    bad = make_tap(rng)
    bad[500] = np.nan
    return {
        "plain": (make_tap(rng), SR),
        "short": (make_tap(rng, seconds=1.0), SR),
        "long": (make_tap(rng, seconds=4.0), SR),
        "early": (make_tap(rng, onset=0.0), SR),
        "double": (make_tap(rng).astype(np.float64), SR),
        "rate": (make_tap(rng, sr=48000), 48000),
        "long at another rate": (make_tap(rng, sr=16000, seconds=5.0), 16000),
        "zero": (np.zeros(SR), SR),
        "late": (make_tap(rng, seconds=4.5, onset=4.0), SR),
        "none": (np.zeros(0), SR),
        "not finite": (bad, SR),
        "hum": (0.1 * np.sin(np.arange(3 * SR) / 9), SR),
        "tiny": (np.full(1, 0.5), 192000),
    }


@pytest.mark.filterwarnings("ignore:1 take used with a remark")
@pytest.mark.parametrize("name", like_files())
@pytest.mark.parametrize("parameters", SPECTROGRAMS.values(), ids=SPECTROGRAMS)
def test_a_waveform_is_treated_as_its_file(
    tmp_path: Path, name: str, parameters: dict[str, Any]
) -> None:
    waveform, sr = like_files()[name]
    path = tmp_path / "take.wav"
    soundfile.write(path, waveform, sr, subtype="FLOAT")
    expected, expected_problems = article_features(**parameters).try_transform([path])
    features = article_features(input="waveform", input_sr=sr, **parameters)
    given, problems = features.try_transform([waveform])
    np.testing.assert_array_equal(given, expected)
    assert problems == expected_problems
    bad = {"zero", "none", "not finite", "hum", "tiny"}
    assert bool(problems) == (name in bad)


def test_a_file_of_16_bits_differs_by_rounding(tmp_path: Path) -> None:
    take = make_tap(np.random.default_rng(0), noise_db=-20)
    soundfile.write(tmp_path / "take.wav", take, SR)
    expected = article_features().fit_transform([tmp_path / "take.wav"])
    rounded = soundfile.read(tmp_path / "take.wav", dtype="int16")[0] / 32768
    np.testing.assert_allclose(rounded, take, rtol=0, atol=2**-15)
    crops = article_features(input="waveform").fit_transform([rounded, take])
    np.testing.assert_array_equal(crops[:1], expected)
    # A bin that happens to hold next to nothing moves by more.
    assert np.sqrt(np.mean(np.square(crops[1:] - expected))) < 0.02


def test_unusable_waveforms_are_named_by_row() -> None:
    good = make_tap(np.random.default_rng(0))
    takes = np.stack([good, np.zeros_like(good), good])
    features = article_features(input="waveform")
    with pytest.raises(TakeError, match="row 1: all samples are zero") as caught:
        features.fit_transform(takes)
    assert list(caught.value.problems) == [1]
    features.set_params(on_error="nan")
    with pytest.warns(UserWarning, match="row 1: all samples are zero .*score NaN"):
        crops = features.fit_transform(takes)
    np.testing.assert_array_equal(
        np.isnan(crops).all(axis=(1, 2)), [False, True, False]
    )


@pytest.mark.parametrize("call", ["fit", "transform", "fit_transform"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_waveforms_that_are_not_finite(call: str, bad: float) -> None:
    takes = np.stack([make_tap(np.random.default_rng(0)) for _ in range(2)])
    takes[1, 5] = bad
    for given in (takes, list(takes)):
        features = article_features(input="waveform")
        with pytest.raises(
            TakeError, match="row 1: holds samples that are NaN or infinite"
        ):
            getattr(features, call)(given)


def test_collections_of_waveforms() -> None:
    rng = np.random.default_rng(0)
    takes = np.stack([make_tap(rng, seconds=1.0) for _ in range(3)])
    features = article_features(input="waveform", duration=1.0)
    expected = features.fit_transform(takes)
    assert features.n_features_in_ == SR
    of_objects = np.empty(3, dtype=object)
    of_objects[:] = list(takes)
    for again in (
        list(takes),
        tuple(takes),
        of_objects,
        takes.astype(np.float64),
        pd.DataFrame(takes),
        [take.tolist() for take in takes],
    ):
        for n_jobs in (None, 2):
            other = clone(features).set_params(n_jobs=n_jobs)
            np.testing.assert_array_equal(other.fit_transform(again), expected)
    # In a list lengths may differ, whatever it was fitted on; in an array not.
    with pytest.raises(
        ValueError, match="44099 features, but TapFeatures is expecting"
    ):
        features.transform(takes[:, 1:])
    assert features.transform([takes[0][1:], takes[1]]).shape == (2, 100, 120)


@pytest.mark.parametrize("call", ["fit", "transform", "fit_transform"])
def test_what_are_no_waveforms(call: str) -> None:
    features = article_features(input="waveform")
    for wrong, message in (
        ([], "found no waveforms"),
        (["a.wav"], "a str of shape .* in row 0"),
        ([np.zeros((2, 3))], r"shape \(2, 3\)"),
        ([0.1, 0.2], r"float of shape \(\)"),
        (np.zeros(5), "Expected 2D array, got 1D array"),
        ([np.zeros(3, dtype=complex)], "complex128 in row 0"),
    ):
        with pytest.raises(ValueError, match=message):
            getattr(features, call)(wrong)


def test_tags_follow_the_input() -> None:
    of_files = get_tags(article_features()).input_tags
    assert (of_files.string, of_files.one_d_array, of_files.two_d_array) == (
        *(True, True),
        False,
    )
    of_waveforms = get_tags(article_features(input="waveform")).input_tags
    assert (of_waveforms.string, of_waveforms.two_d_array) == (False, True)


# ---------------------------------------------------------------- the window


@pytest.mark.parametrize("shifts", [(0,), (0, 6), (-20, 5), (8, 9)])
@pytest.mark.parametrize(
    "settings",
    [{}, {"sr": 16000}, {"n_fft": 512, "hop_length": 32, "pre_frames": 30}],
    ids=str,
)
def test_the_window_holds_all_that_a_crop_sees(
    shifts: tuple[int, ...], settings: dict[str, Any]
) -> None:
    features = article_features(input="waveform", shifts=shifts, **settings)
    before, after = features.window_
    sr, rng = features.sr, np.random.default_rng(0)
    onset = round(1.5 * sr)
    take = make_tap(rng, sr=sr, onset=onset / sr, noise_db=-40, decay=0.02)
    margin = 3 * features.hop_length  # the onset is a frame, the tap a sample
    # Not silent elsewhere, which would not be recording.
    kept = 0.01 * take
    window = slice(
        round(onset - before * sr) - margin, round(onset + after * sr) + margin
    )
    kept[window] = take[window]
    raw = {"standardized": False, "shifts": shifts, "input": "waveform", **settings}
    expected, _ = read_crops([take], **raw)
    given, _ = read_crops([kept], **raw)
    # Rumble is estimated from 80 ms on both sides: of the lowest frequencies, what lies
    # above it differs, where there is little of it.
    low = np.abs(given[..., :2, :] - expected[..., :2, :])
    assert np.quantile(low, 0.9) < 2
    np.testing.assert_allclose(given[..., 2:, :], expected[..., 2:, :], atol=0.5)
    # And no more than that: what a frame less holds is not enough.
    assert (
        before + after
        < (features.n_frames + np.ptp([0, *shifts])) * (features.hop_length / sr)
        + 1.01 * features.n_fft / sr
    )
