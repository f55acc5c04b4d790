"""The four steps in one give what the four give."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from spectrograms import SPECTROGRAMS
from taps import make_tap

from tapsklearn import TakeError
from tapsklearn.preprocessing import (
    LogSpectrogram,
    Standardizer,
    TapCrop,
    WavLoader,
    article_features,
    article_preprocessing,
    crop_tap,
    log_spectrogram,
    standardize,
)
from tapsklearn.preprocessing._fused_crop import FusedCrop
from tapsklearn.preprocessing._take import measure_take
from tapsklearn.preprocessing._to_waveform import to_waveform
from tapsklearn.synthesis import synthesize_taps

SR = 44100
STEPS = (WavLoader, LogSpectrogram, TapCrop, Standardizer)


def step_by_step(**parameters: Any) -> Pipeline:
    """Make the four steps, each with those of the parameters that it has."""
    steps = [step() for step in STEPS]
    for step in steps:
        own = {name: parameters[name] for name in step.get_params() & parameters.keys()}
        step.set_params(**own)
    return Pipeline([(type(step).__name__, step) for step in steps])


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Write some taps that differ in all that files can differ in."""
    rng = np.random.default_rng(0)
    takes = {
        "plain.wav": (make_tap(rng), SR),
        "rate.wav": (make_tap(rng, sr=48000), 48000),
        "short.wav": (make_tap(rng, seconds=1.0), SR),
        "early.wav": (make_tap(rng, onset=0.0), SR),
        "late.flac": (make_tap(rng, onset=2.9), SR),
        "stereo.wav": (np.c_[make_tap(rng), make_tap(rng)], SR),
        "noisy.wav": (make_tap(rng, noise_db=-25), SR),
        "noiseless.wav": (make_tap(rng, noise_db=-np.inf), SR),
    }
    for name, (take, sr) in takes.items():
        soundfile.write(tmp_path / name, take, sr)
    return [tmp_path / name for name in takes]


# ---------------------------------------------------------------- the same numbers


@pytest.mark.parametrize(
    "parameters",
    [
        {"shifts": (0, 6)},
        {"shifts": (-30, 0, 300)},
        {"per": "frequency"},
        {"per": "frequency", "shifts": (0, 6)},
        *SPECTROGRAMS.values(),
        {"n_fft": 512, "hop_length": 32, "n_freqs": 257, "n_frames": 64},
        {"n_fft": 1000, "hop_length": 300, "n_frames": 40},
        {"n_fft": 999, "hop_length": 128},
        {"sr": 16000, "duration": 3.2, "n_frames": 60},
    ],
    ids=str,
)
def test_equals_the_steps(paths: list[Path], parameters: dict[str, Any]) -> None:
    expected = step_by_step(**parameters).fit(paths[::-1])
    features = article_features(**parameters).fit(paths[::-1])
    given = features.transform(paths)
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, expected.transform(paths), rtol=0, atol=1e-3)
    np.testing.assert_allclose(
        clone(features).fit_transform(paths),
        expected.fit_transform(paths),
        rtol=0,
        atol=1e-3,
    )


@pytest.mark.parametrize("scenario", ["article", "wide"])
def test_equals_the_steps_on_synthesized_takes(scenario: str) -> None:
    taps = synthesize_taps(scenario=scenario, n_boards=2, n_takes=1)
    assert decided_without_steps(taps.X, shifts=(0, 6)) > 0.9


def test_equals_the_steps_on_recordings(recordings: Callable[[str], Path]) -> None:
    for name, parameters in {
        "hammer-floor": {"shifts": (0, 6)},
        "bottles": {"n_fft": 256, "hop_length": 32, "n_freqs": 129, "n_frames": 64},
    }.items():
        paths = sorted(recordings(name).rglob("*.wav"))[::7]
        assert len(paths) >= 30
        waveforms = np.stack([soundfile.read(path)[0] for path in paths])
        assert decided_without_steps(waveforms, **parameters) > 0.9


def decided_without_steps(waveforms: NDArray[np.float32], **parameters: Any) -> float:
    """Compare crops with those step by step; return the share cut without these."""
    parameters = {
        "n_fft": 1024,
        "hop_length": 128,
        "n_freqs": 100,
        "n_frames": 120,
        "pre_frames": 10,
        "shifts": (0,),
        **parameters,
    }
    features = article_features(
        input="waveform", duration=waveforms.shape[1] / SR, **parameters
    )
    whole, problems = features.try_transform(waveforms)
    whole = whole.reshape(len(waveforms), len(parameters["shifts"]), *whole.shape[-2:])
    fused = FusedCrop(waveforms.shape[1], **parameters)
    of_spectrogram = {name: parameters.pop(name) for name in ("n_fft", "hop_length")}
    n_cut = 0
    length = {"sr": SR, "duration": waveforms.shape[1] / SR}
    for row, waveform in enumerate(waveforms):
        take = measure_take(waveform, input_sr=SR)
        waveform = to_waveform(take, **length)
        if "no tap" in take.remarks:
            assert problems[row] == take.remarks["no tap"]
            assert np.isnan(whole[row]).all()
            continue
        spectrogram = log_spectrogram(waveform, **of_spectrogram)
        expected = None
        if row in problems:
            with pytest.raises(ValueError, match="holds no tap") as caught:
                crop_tap(spectrogram, **parameters)
            assert problems[row] == str(caught.value)
            assert np.isnan(whole[row]).all()
        else:
            views = crop_tap(spectrogram, **parameters)
            expected = [standardize(view) for view in views]
            np.testing.assert_allclose(whole[row], expected, rtol=0, atol=1e-3)
        fused.waveform[:] = waveform
        given = fused.cut()
        if given is None:
            continue
        n_cut += 1
        assert expected is not None
        given = [standardize(view) for view in given]
        np.testing.assert_allclose(given, expected, rtol=0, atol=1e-3)
    return n_cut / len(waveforms)


@st.composite
def takes_to_cut(draw: st.DrawFn) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Make a take with one or two events, and how to cut it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    seconds = draw(st.sampled_from([0.2, 0.5, 1.0]))
    noise_db = draw(st.sampled_from([-np.inf, -100.0, -70.0, -50.0, -30.0, -8.0]))
    freqs = draw(st.sampled_from([(310.0, 870.0, 2140.0), (60.0,), (9000.0, 15000.0)]))
    take = np.zeros(round(seconds * SR), dtype=np.float32)
    for _ in range(draw(st.integers(1, 2))):
        # Another, as loud as the first or louder by far, lies anywhere.
        take += make_tap(
            rng,
            seconds=seconds,
            onset=draw(st.floats(0, 0.95 * seconds)),
            noise_db=noise_db,
            freqs=freqs,
            decay=draw(st.floats(0.002, 0.2)),
            peak=draw(st.sampled_from([1e-4, 0.01, 0.3, 0.3, 0.9])),
        )
    take += np.float32(draw(st.sampled_from([0.0, 0.0, 0.05])))
    n_frames = draw(st.integers(8, 120))
    return take, {
        "n_fft": draw(st.sampled_from([1024, 512, 500, 255])),
        "hop_length": draw(st.sampled_from([128, 64, 100])),
        "n_freqs": draw(st.integers(20, 128)),
        "n_frames": n_frames,
        "pre_frames": draw(st.integers(0, n_frames - 1)),
        "shifts": draw(st.lists(st.integers(-40, 40), min_size=1, max_size=3)),
    }


@settings(max_examples=150)
@given(case=takes_to_cut())
def test_any_take_is_cut_as_by_the_steps(
    case: tuple[NDArray[np.float32], dict[str, Any]],
) -> None:
    take, parameters = case
    assume(np.any(take))
    # What is not sure is left to the steps, so that a wrong crop is the one mistake
    # that can be made.
    decided_without_steps(take[None], **parameters)


def test_plain_taps_need_no_steps() -> None:
    rng = np.random.default_rng(0)
    takes = [
        make_tap(rng, seconds=1.2, onset=onset, noise_db=noise_db)
        for onset in rng.uniform(0.3, 0.6, 10)
        for noise_db in rng.uniform(-80, -40, 10)
    ]
    assert decided_without_steps(np.stack(takes)) > 0.95


def test_a_pure_tone_elsewhere_sets_the_floor() -> None:
    # Louder than any bin of the tap, though with less energy than it has in all.
    rng = np.random.default_rng(0)
    tap = make_tap(rng, noise_db=-95, freqs=rng.uniform(100, 4000, 300), decay=0.01)
    tone = np.zeros_like(tap)
    tone[80000:90000] = np.hanning(10000) * np.sin(np.arange(10000) / 3)
    quiet, loud = (log_spectrogram(tap + level * tone) for level in (0, 0.09))
    assert loud.max() > quiet.max() + 1
    assert (crop_tap(loud) == loud.min()).mean() > 0.1
    assert decided_without_steps((tap + 0.09 * tone)[None]) == 1


# ---------------------------------------------------------------- files


def test_same_with_any_number_of_jobs(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapsklearn.preprocessing._read_crops.TAKES_AT_ONCE", 3)
    one = article_features().fit_transform(paths)
    np.testing.assert_array_equal(article_features(n_jobs=2).fit_transform(paths), one)


def test_files_that_cannot_be_used(paths: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    soundfile.write(tmp_path / "hum.wav", 0.1 * np.sin(np.arange(132300) / 9), SR)
    bad = [tmp_path / name for name in ("empty.wav", "missing.wav", "hum.wav")]
    mixed = [*bad[:2], paths[0], bad[2], paths[1]]
    with pytest.raises(TakeError) as caught:
        article_features().fit_transform(mixed)
    # All of them at once, those without a tap by their names.
    assert list(caught.value.problems) == [str(path) for path in bad]
    assert caught.value.problems[str(bad[2])].startswith("holds no tap")
    for parameters in ({}, {"per": "frequency"}):
        with pytest.warns(UserWarning, match="3 takes cannot be used: .*score NaN"):
            crops = article_features(on_error="nan", **parameters).fit_transform(mixed)
        is_bad = np.isnan(crops).all(axis=(1, 2))
        np.testing.assert_array_equal(is_bad, [True, True, False, True, False])
        np.testing.assert_array_equal(
            crops[~is_bad], article_features(**parameters).fit_transform(paths[:2])
        )


def test_refuses_what_the_steps_refuse(paths: list[Path]) -> None:
    for parameters, message in {
        "n_freqs=600 rows": {"n_freqs": 600},
        "pre_frames=120 must be smaller": {"pre_frames": 120},
        "shifts=\\(\\) must hold": {"shifts": ()},
        "'hop_length' parameter": {"hop_length": 0},
        "'memory' parameter": {"memory": 3},
        "'input' parameter": {"input": "content"},
        "'input_sr' parameter": {"input": "waveform", "input_sr": 0},
        "'verbose' parameter": {"verbose": -1},
        "input_sr=48000 is the rate of waveforms": {"input_sr": 48000},
        "memory= keeps crops of files": {"input": "waveform", "memory": "kept"},
    }.items():
        with pytest.raises(ValueError, match=parameters):
            article_features(**message).fit(paths)
    with pytest.raises(ValueError, match="found no files"):
        article_features().fit([])
    with pytest.raises(ValueError, match="not fitted yet"):
        article_features(per="frequency").transform(paths)


def test_is_what_the_steps_are_by_default() -> None:
    of_steps: dict[str, Any] = {}
    for step in STEPS:
        of_steps |= step().get_params()
    assert article_features().get_params() == {
        **of_steps,
        "input": "filename",
        "input_sr": None,
        "normal_boards": None,
        "n_jobs": None,
        "memory": None,
        "verbose": 0,
    }
    names = article_preprocessing().named_steps
    assert [type(step) for step in names.values()] == list(STEPS)


def test_needs_little_memory(tmp_path: Path) -> None:
    # A spectrogram of each would be 2 MB; a crop is 48 kB.
    rng = np.random.default_rng(0)
    for number in range(10):
        soundfile.write(tmp_path / f"{number}.wav", make_tap(rng), SR)
    for number in range(10, 1000):
        os.link(tmp_path / f"{number % 10}.wav", tmp_path / f"{number}.wav")
    script = f"""
import resource
from pathlib import Path
from tapsklearn.preprocessing import article_features
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
paths = list(Path({str(tmp_path)!r}).glob("*.wav"))
article_features().fit_transform(paths[:1])
before = peak()
crops = article_features().fit_transform(paths)
print(len(paths), crops.nbytes, 1024 * (peak() - before))
"""
    out = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    ).stdout
    n_files, result, more = map(int, out.split())
    assert n_files == 1000
    assert more < result + 20e6
