"""What is remarkable of takes is said in the same words, however they are read."""

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from taps import make_tap

from tapsklearn import (
    CropDetector,
    LogSpectrogram,
    Standardizer,
    TapCrop,
    TapFeatures,
    WavLoader,
)
from tapsklearn.model_selection import compare_methods
from tapsklearn.preprocessing import (
    TakeWarning,
    article_features,
    collect_remarks,
    find_take_problems,
)
from tapsklearn.scoring import score_files

SR = 44100


def takes() -> dict[str, tuple[NDArray[np.floating], str]]:
    """Make takes with one remark each, and how they are written."""
    rng = np.random.default_rng(0)
    click = np.zeros(SR)
    click[:100] = 0.7 * np.exp(-np.arange(100) / 20)
    tap = make_tap(rng, seconds=1.0)
    two = tap + np.roll(make_tap(rng, seconds=1.0), SR // 4)
    return {
        "": (tap, "PCM_16"),
        "clipped": (np.clip(4 * tap, -1, 1), "PCM_16"),
        "quiet": (0.004 * tap, "PCM_16"),
        "two taps": (two, "PCM_24"),
        "cut": (make_tap(rng, seconds=1.0, onset=0.0), "FLOAT"),
        "offset": (0.1 + tap, "PCM_16"),
        "pop": (click + tap, "PCM_16"),
    }


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Write them, by the remark."""
    paths = {}
    for number, (remark, (take, subtype)) in enumerate(takes().items()):
        paths[remark] = str(tmp_path / f"{number}.wav")
        soundfile.write(paths[remark], take, SR, subtype=subtype)
    return paths


def test_the_same_words_everywhere(files: dict[str, str], tmp_path: Path) -> None:
    for remark, path in files.items():
        codes = [code for code, _ in find_take_problems(path)[0]]
        assert codes == ([remark] if remark else [])
    expected = {path: [remark] for remark, path in files.items() if remark}
    paths = list(files.values())
    features = article_features(duration=1.0, n_freqs=40)
    kept = str(tmp_path / "kept")
    for step in (
        features,
        article_features(duration=1.0, n_jobs=2),
        *(article_features(duration=1.0, memory=kept) for _ in range(2)),
        WavLoader(duration=1.0),
    ):
        with pytest.warns(TakeWarning) as caught:
            step.fit_transform(paths)
        (warning,) = caught
        remarks = warning.message.remarks
        assert {path: list(of_take) for path, of_take in remarks.items()} == expected
        text = str(warning.message)
        assert text.startswith("6 takes used with a remark: ")
        for path, of_take in remarks.items():
            for word, detail in of_take.items():
                assert f"{path}: {word} ({detail})" in text
    waveforms = [soundfile.read(path)[0] for path in paths]
    with pytest.warns(TakeWarning) as caught:
        article_features(input="waveform", duration=1.0).fit_transform(waveforms)
    remarks = caught[0].message.remarks
    # The resolution of a file is not known of numbers.
    assert list(remarks) == [row for row in range(1, 7) if row != 2]

    with collect_remarks() as collected, warnings.catch_warnings():
        warnings.simplefilter("error")
        features.fit_transform(paths)
    assert {path: list(of_take) for path, of_take in collected.items()} == expected

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make_pipeline(features, CropDetector(random_state=0)).fit(paths)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = list(score_files(model, paths))
    assert [row["flags"] for row in rows] == list(files)
    assert not any(row["error"] for row in rows)


@pytest.mark.parametrize("per", ["take", "frequency"])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_comparison_warns_once(per: str, n_jobs: int | None, tmp_path: Path) -> None:
    """Of all parts that it reads takes in, and all folds."""
    rng = np.random.default_rng(0)
    paths, boards = [], []
    for number in range(48):
        take = make_tap(rng, seconds=0.5, onset=0.1)
        take = np.clip(6 * take, -1, 1) if number % 16 == 3 else take
        paths.append(str(tmp_path / f"{number}.wav"))
        soundfile.write(paths[-1], take, SR)
        boards.append("abcd"[number % 4] + str(number % 8 // 4))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compare_methods(
            {"knn": CropDetector(random_state=0)},
            paths,
            boards,
            normal_boards=["a0", "a1", "c0", "c1"],
            cv=2,
            preprocessing=article_features(
                duration=0.5, n_freqs=30, n_frames=40, per=per
            ),
            n_jobs=n_jobs,
        )
    found = [each for each in caught if issubclass(each.category, TakeWarning)]
    (warning,) = found
    assert list(warning.message.remarks) == [paths[3], paths[19], paths[35]]
    assert "used with a remark" not in "".join(
        str(each.message) for each in caught if each not in found
    )


@st.composite
def any_takes(draw: st.DrawFn) -> tuple[NDArray[np.floating], int, str]:
    """Make a take of a tap or none, disturbed or not, of any rate and kind."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sr = draw(st.sampled_from([8000, 22050, 44100, 48000]))
    seconds = draw(st.sampled_from([0.03, 0.1, 0.5, 1.0, 2.9]))
    take = make_tap(
        rng,
        seconds=seconds,
        onset=draw(st.floats(0, 0.99)) * seconds,
        sr=sr,
        freqs=draw(st.sampled_from([(310.0, 870.0, 2140.0), (60.0,), (3000.0,)])),
        decay=draw(st.floats(0.002, 0.3)),
        noise_db=draw(st.sampled_from([-np.inf, -70.0, -40.0, -20.0, -8.0, 10.0])),
        peak=draw(st.sampled_from([1e-4, 0.01, 0.3, 2.0])),
    ).astype(np.float64)
    take += draw(st.sampled_from([0.0, 0.0, 0.003, 0.3]))
    n_pop = min(len(take), 80)
    take[:n_pop] += draw(st.sampled_from([0.0, 0.0, 0.4])) * np.exp(
        -np.arange(n_pop) / 9
    )
    take = np.column_stack([take, draw(st.sampled_from([-0.98, 0.0, 0.5, 1.0])) * take])
    if draw(st.booleans()):
        take = take[:, :1]
    return take, sr, draw(st.sampled_from(["PCM_U8", "PCM_16", "PCM_24", "FLOAT"]))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=any_takes())
def test_usable_in_check_is_a_verdict_in_score(
    case: tuple[NDArray[np.floating], int, str], tmp_path: Path
) -> None:
    take, sr, subtype = case
    path = str(tmp_path / "take.wav")
    soundfile.write(path, take, sr, subtype)
    problems, _ = find_take_problems(path)
    details = dict(problems)
    reasons = [
        details[code] for code in ("unreadable", "silent", "no tap") if code in details
    ]
    steps = make_pipeline(WavLoader(), LogSpectrogram(), TapCrop(), Standardizer())
    for features in (article_features(), steps):
        with collect_remarks() as remarks:
            if isinstance(features, TapFeatures):
                crops, found = features.try_transform([path])
            else:
                crops, found = features[0].try_transform([path])
                if not found:
                    assert np.isfinite(features.transform([path])).all()
        assert found == ({0: reasons[0]} if reasons else {})
        assert np.isfinite(crops).all() == (not reasons)
        if not reasons:
            # What a crop shows is known of features only.
            remarks.get(path, {}).pop("narrow", "")
            assert remarks.get(path, {}) == details


def test_ten_minutes_are_checked_in_little_memory(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 48000, 2, "PCM_16") as file:
        for minute in range(10):
            # One tap, and nine that are not there.
            peak = 0.5 if minute == 6 else 1e-9
            take = make_tap(rng, seconds=60, sr=48000, noise_db=-np.inf, peak=peak)
            take += rng.normal(scale=1e-3, size=len(take)).astype(np.float32)
            file.write(np.c_[take, 0.7 * take])
    script = f"""
import tapsklearn.preprocessing as preprocessing
from pathlib import Path
def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
import soundfile
soundfile.write({str(tmp_path / "short.wav")!r}, [0.0, 0.1] * 5000, 48000)
preprocessing.find_take_problems({str(tmp_path / "short.wav")!r})
before = peak()
print(preprocessing.find_take_problems({str(path)!r}))
print(peak() - before)
"""
    command = [sys.executable, "-c", script]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    problems, kilobytes = out.splitlines()
    assert problems == "([], 48000)"
    assert int(kilobytes) < 100_000


def test_in_parts_as_in_whole(tmp_path: Path, monkeypatch: Any) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "take.wav"
    for sr in (44100, 48000, 11025):
        take = make_tap(rng, seconds=2.5, sr=sr, onset=1.2) + 0.1
        take[:60] += 0.5
        take[-60:] -= 0.5
        soundfile.write(path, np.c_[take, take], sr)
        monkeypatch.undo()
        whole = find_take_problems(path)
        assert [code for code, _ in whole[0]] == ["offset", "pop"]
        module = "tapsklearn.preprocessing._take"
        monkeypatch.setattr(f"{module}._MOST_AT_ONCE", 0)
        for seconds in (0.1, 0.5, 0.7):
            monkeypatch.setattr(f"{module}._BLOCK_SECONDS", seconds)
            assert find_take_problems(path) == whole
