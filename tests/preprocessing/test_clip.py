"""A clip around the tap, which shows nothing of how long its recording is."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from taps import make_tap

from tapsklearn import (
    CropDetector,
    LogSpectrogram,
    Standardizer,
    TapCrop,
    WavLoader,
)
from tapsklearn.preprocessing import (
    TakeWarning,
    article_features,
    collect_remarks,
    find_take_problems,
    read_crops,
    read_take,
)
from tapsklearn.preprocessing._cut_clip import Clip, cut_clip
from tapsklearn.preprocessing._errors import UnusableError
from tapsklearn.preprocessing._take import measure_take
from tapsklearn.scoring import score_files

SR = 44100
SHORT = {"duration": 0.3, "n_frames": 40, "n_freqs": 60}


# ---------------------------------------------------------------- where it lies


def read_clip(source: Any, *, input_sr: int | None = None, **window: float) -> Clip:
    return cut_clip(measure_take(source, input_sr=input_sr), **window)


@pytest.mark.parametrize("rate", [44100, 48000, 16000])
@pytest.mark.parametrize("duration", [0.1, 0.5, 3.0])
@pytest.mark.parametrize("onset", [0.0, 0.02, 0.4, 3.3, 7.8])
def test_a_waveform_is_cut_from_the_whole(
    tmp_path: Path, rate: int, duration: float, onset: float
) -> None:
    path = tmp_path / "tap.wav"
    tap = make_tap(
        np.random.default_rng(0), seconds=8.0, onset=onset, sr=rate, decay=0.02
    )
    soundfile.write(path, tap, rate, subtype="FLOAT")
    whole = read_take(path)
    waveform = read_take(path, duration=duration)
    assert len(waveform) == round(SR * duration)
    loudest = onset + (np.argmax(np.abs(waveform)) - np.argmax(np.abs(whole))) / SR
    begin = round((onset - loudest) * SR)
    # At the end of the whole its resampler meets zeros.
    inside = min(len(waveform), len(whole) - begin - 200)
    np.testing.assert_allclose(
        waveform[:inside], whole[begin : begin + inside], atol=2e-5
    )
    # A third before the loudest moment, which comes within 10 ms of the onset.
    before = onset - begin / SR
    assert before == pytest.approx(min(onset, duration / 3), abs=0.02 + duration / 60)


def test_a_short_clip_is_cut_from_the_rate_of_an_impact_echo(tmp_path: Path) -> None:
    rate = 500_000
    rng = np.random.default_rng(0)
    taps = [
        make_tap(rng, seconds=s, onset=0.001, sr=rate, freqs=(9e3, 25e3), decay=5e-4)
        for s in (0.004, 0.02)
    ]
    parameters = {"sr": rate, "duration": 0.004, "n_fft": 256, "hop_length": 16}
    parameters |= {"n_freqs": 60, "n_frames": 100}
    paths = [str(tmp_path / f"{number}.wav") for number in range(2)]
    for path, tap in zip(paths, taps, strict=True):
        soundfile.write(path, tap, rate)
    with collect_remarks():
        crops = article_features(**parameters).fit_transform(paths)
    assert np.isfinite(crops).all()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.sampled_from([8000, 44100, 48000]),
    seconds=st.sampled_from([0.06, 0.4, 3.0, 5.0]),
    place=st.floats(0, 0.95),
    silence=st.tuples(*[st.sampled_from([0, 10, 50, 5000])] * 2),
    duration=st.sampled_from([0.05, 0.2, 3.0]),
)
def test_any_clip_is_cut_as_by_the_steps(
    seed: int,
    rate: int,
    seconds: float,
    place: float,
    silence: tuple[int, int],
    duration: float,
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "take.wav")
    rng = np.random.default_rng(seed)
    tap = make_tap(rng, seconds=seconds, onset=place * seconds, sr=rate, decay=0.02)
    soundfile.write(path, np.pad(tap, silence), rate)
    parameters = {"duration": duration, "n_frames": 40, "n_freqs": 60}
    load = WavLoader(duration=duration)
    crop = TapCrop(n_frames=40, n_freqs=60)
    with collect_remarks():
        crops, problems = article_features(**parameters).try_transform([path])
        if problems:
            # As `check` has it.
            assert problems[0] in dict(find_take_problems(path)[0]).values()
            return
        steps = make_pipeline(load, LogSpectrogram(), crop, Standardizer())
        np.testing.assert_allclose(crops, steps.fit_transform([path]), atol=1e-3)


# ---------------------------------------------------------------- long recordings


@pytest.mark.parametrize("rate", [44100, 48000])
def test_ten_minutes_are_scored_as_the_tap_alone(tmp_path: Path, rate: int) -> None:
    rng = np.random.default_rng(0)
    path, alone = tmp_path / "long.wav", tmp_path / "alone.wav"
    take = make_tap(rng, seconds=5.0, sr=rate, onset=2.5)
    # So that frames, and blocks of rumble, fall on the same samples.
    minute, start = divmod(160 * 1024 * 139, 60 * rate)
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_16") as file:
        for number in range(10):
            noise = rng.normal(scale=5e-4, size=60 * rate)
            if number == minute:
                noise[start : start + len(take)] = take
            file.write(noise)
    soundfile.write(alone, take, rate)
    expected, _ = read_crops([alone], standardized=False)
    script = f"""
import numpy as np
from pathlib import Path
from tapsklearn.preprocessing import read_crops
def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
read_crops([{str(alone)!r}], n_mels=200)
before = peak()
crops, problems = read_crops([{str(path)!r}], standardized=False)
np.save({str(tmp_path / "crops.npy")!r}, crops)
print(peak() - before, problems)
"""
    command = [sys.executable, "-c", script]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    kilobytes, problems = out.split()
    assert problems == "{}"
    assert int(kilobytes) < 100_000
    given = np.load(tmp_path / "crops.npy")
    np.testing.assert_allclose(given, expected, atol=1e-3)


@pytest.mark.parametrize("rate", [44100, 48000, 11025])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_clip_is_the_same_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: int, n_channels: int
) -> None:
    rng = np.random.default_rng(0)
    take = make_tap(rng, seconds=2.5, sr=rate, onset=1.2) + 0.1
    click = np.r_[0.5 * np.ones(60), np.zeros(len(take) - 60)]
    path = tmp_path / "take.wav"
    for ends in ((0, 0), (0, 3000), (3000, 0), (7000, 7)):
        spoilt = np.pad(take + click - click[::-1], ends)
        soundfile.write(path, np.column_stack([spoilt] * n_channels), rate)
        monkeypatch.undo()
        window = {"before": 0.5, "after": 2.0}
        whole = read_clip(path, **window)
        waveform = read_take(path, duration=0.5)
        module = "tapsklearn.preprocessing._take"
        monkeypatch.setattr(f"{module}._MOST_AT_ONCE", 0)
        for seconds in (0.1, 0.5, 10.0):
            monkeypatch.setattr(f"{module}._BLOCK_SECONDS", seconds)
            clip = read_clip(path, **window)
            assert clip[1:] == whole[1:]
            np.testing.assert_allclose(clip.samples, whole.samples, atol=1e-6)
            again = read_take(path, duration=0.5)
            np.testing.assert_allclose(again, waveform, atol=1e-6)


def test_check_and_score_agree_on_a_late_tap(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    paths = [str(tmp_path / f"{number}.wav") for number in range(20)]
    for path in paths:
        soundfile.write(path, make_tap(rng, seconds=7.0, onset=rng.uniform(3, 6)), SR)
    model = make_pipeline(article_features(**SHORT), CropDetector(false_alarm_rate=0.2))
    model.fit(paths)
    assert all(find_take_problems(path) == ([], SR) for path in paths)
    for row in score_files(model, paths):
        assert (row["error"], row["flags"]) == ("", "")


# ---------------------------------------------------------------- read_clip


@pytest.mark.parametrize("ends", [(0, 0), (0, 9000), (9000, 0)])
@pytest.mark.parametrize("is_file", [True, False])
def test_read_clip(tmp_path: Path, ends: tuple[int, int], is_file: bool) -> None:
    rate = 48000
    tap = make_tap(np.random.default_rng(0), seconds=2.0, onset=0.5, sr=rate)
    take = np.pad(tap, ends)
    source: Any = take
    if is_file:
        source = tmp_path / "take.wav"
        soundfile.write(source, take, rate, subtype="FLOAT")
    clip = read_clip(source, input_sr=None if is_file else rate, before=0.2, after=0.3)
    assert clip.sr == rate
    assert (clip.tap, len(clip.samples)) == (9600, 24000)
    assert clip.seconds_before == pytest.approx(0.5, abs=0.02)
    assert clip.seconds_before + clip.seconds_after == pytest.approx(2.0)
    clip = read_clip(source, input_sr=None if is_file else rate, before=9.0, after=9.0)
    assert clip.tap / rate == clip.seconds_before
    assert len(clip.samples) == len(tap)


def test_read_clip_of_what_holds_no_tap() -> None:
    for waveform, why in (
        (np.zeros(SR), "all samples are zero"),
        (np.zeros(0), "holds no samples"),
        (0.1 * np.sin(np.arange(SR) / 9), "holds no tap"),
    ):
        with pytest.raises(UnusableError, match=why):
            read_clip(waveform, input_sr=SR, before=0.1, after=0.1)
    with pytest.raises(ValueError, match="does not say its sampling rate"):
        read_clip(np.zeros(SR), before=0.1, after=0.1)


# ---------------------------------------------------------------- its length


def cut_to_lengths(
    rng: np.random.Generator, *, n_takes: int, rate: int, total: float
) -> tuple[list[NDArray[np.floating]], NDArray[np.float64]]:
    """Cut taps to lengths that end after they have rung out; pad them to one."""
    takes, lengths = [], rng.uniform(0.65, 1.2, n_takes)
    for number, seconds in enumerate(lengths):
        take = make_tap(rng, seconds=1.2, onset=0.2, sr=rate, decay=0.03)
        take = take[: round(seconds * rate)]
        if number % 2:
            take = np.pad(take, (0, round(total * rate) - len(take)))
        takes.append(take)
    return takes, lengths


@pytest.mark.parametrize("rate", [44100, 48000])
def test_nothing_in_a_crop_shows_how_long_its_file_is(rate: int) -> None:
    rng = np.random.default_rng(0)
    takes, lengths = cut_to_lengths(rng, n_takes=160, rate=rate, total=1.5)
    parameters = {"duration": 1.5, "n_frames": 330, "n_freqs": 60}
    crops, problems = read_crops(takes, input="waveform", input_sr=rate, **parameters)
    assert not problems
    crops = crops[:, 0]
    late = crops[:, :, -120:]
    statistics = np.column_stack(
        [
            crops.mean(axis=(1, 2)),
            crops.min(axis=(1, 2)),
            late.mean(axis=(1, 2)),
            late.min(axis=(1, 2)),
            late.std(axis=(1, 2)),
            np.abs(np.diff(late.mean(axis=1), axis=1)).max(axis=1),
        ]
    )
    is_long = lengths > np.median(lengths)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    found = cross_val_predict(model, statistics, is_long, method="decision_function")
    assert abs(roc_auc_score(is_long, found) - 0.5) < 0.15
    is_padded = np.arange(len(takes)) % 2 == 1
    found = cross_val_predict(model, statistics, is_padded, method="decision_function")
    assert abs(roc_auc_score(is_padded, found) - 0.5) < 0.15


@pytest.mark.parametrize("rate", [44100, 16000])
@pytest.mark.parametrize("value", [0.0, 0.02])
def test_digital_silence_after_a_recording_changes_nothing(
    rate: int, value: float
) -> None:
    take = make_tap(np.random.default_rng(0), seconds=0.7, onset=0.2, sr=rate) + value
    padded = np.pad(take, (0, rate), constant_values=np.float32(value))
    crops, _ = read_crops(
        [take, padded], input="waveform", input_sr=rate, standardized=False
    )
    np.testing.assert_array_equal(*crops)


def test_a_recording_that_ends_early_goes_on_to_decay() -> None:
    rng = np.random.default_rng(0)
    take = make_tap(rng, seconds=2.0, onset=0.1, noise_db=-90, decay=0.1, freqs=(2e3,))
    crops, _ = read_crops(
        [take, take[: round(0.3 * SR)]], input="waveform", standardized=False
    )
    whole, early = crops[:, 0, 40:53].max(axis=1)
    # Of 0.15 s that are not there, in which it falls by 13 dB.
    assert np.abs(whole - early).max() < 3


# ---------------------------------------------------------------- too low a rate


@pytest.mark.parametrize(
    ("rate", "parameters", "is_narrow"),
    [
        (8000, {}, True),
        (8400, {}, False),
        (16000, {}, False),
        (8000, {"n_freqs": 80}, False),
        (16000, {"n_fft": 512}, True),
        (44100, {"n_freqs": 513}, False),
        (16000, {"n_mels": 64, "n_freqs": 40}, True),
        (44100, {"n_mels": 64, "n_freqs": 40}, False),
    ],
)
def test_a_rate_that_is_too_low_is_a_remark(
    tmp_path: Path, rate: int, parameters: dict[str, int], is_narrow: bool
) -> None:
    path = str(tmp_path / "take.wav")
    soundfile.write(path, make_tap(np.random.default_rng(0), sr=rate), rate)
    features = article_features(**parameters, memory=str(tmp_path / "kept"))
    for _ in range(2):
        with collect_remarks() as remarks:
            features.fit_transform([path])
        assert list(remarks.get(path, {})) == ["narrow"] * is_narrow
    if is_narrow:
        with pytest.warns(TakeWarning, match=f"sampled at {rate} Hz"):
            features.fit_transform([path])
