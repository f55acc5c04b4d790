"""A take without a tap never gets a verdict, however it is given."""

import itertools
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sklearn.pipeline import make_pipeline
from sounds_without_taps import SR, WITHOUT_TAPS, WITHOUT_TAPS_IF_LONG
from taps import make_tap

from tapsklearn import CropDetector, TakeError, WavLoader
from tapsklearn.preprocessing import (
    article_features,
    find_take_problems,
)
from tapsklearn.scoring import score_files

CASES = [
    *itertools.product(WITHOUT_TAPS.items(), (0.05, 0.1, 0.3, 0.8, 1.5, 3.0)),
    *itertools.product(WITHOUT_TAPS_IF_LONG.items(), (1.5, 3.0)),
]


@pytest.fixture(scope="module")
def model() -> Any:
    rng = np.random.default_rng(0)
    features = article_features(input="waveform", n_freqs=40)
    model = make_pipeline(features, CropDetector(random_state=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit([make_tap(rng, seconds=1.0) for _ in range(12)])
    model[0].set_params(input="filename")
    return model


@pytest.mark.parametrize(
    ("case", "seconds"),
    CASES,
    ids=lambda given: given[0] if isinstance(given, tuple) else str(given),
)
def test_no_verdict_without_a_tap(
    case: Any, seconds: float, model: Any, tmp_path: Path
) -> None:
    name, make = case
    path = tmp_path / "take.wav"
    for seed in range(3):
        sound = make(np.random.default_rng(seed), round(seconds * SR))
        soundfile.write(path, sound, SR)
        problems, _ = find_take_problems(path)
        assert [detail for code, detail in problems if code in {"no tap", "silent"}], (
            seed,
            problems,
        )
        detail = dict(problems).get("no tap") or dict(problems)["silent"]
        for step in (WavLoader(), article_features()):
            with pytest.raises(TakeError) as caught:
                step.fit_transform([path])
            assert caught.value.problems == {str(path): detail}
        (row,) = score_files(model, [path])
        assert (row["verdict"], row["error"], row["flags"]) == ("", detail, "")
        assert np.isnan(row["score"])
        if name == "one step now and then":
            # As numbers in memory it is not known to be one.
            continue
        samples = soundfile.read(path)[0]
        _, found = article_features(input="waveform").try_transform([samples])
        assert found[0].split(":")[0] == detail.split(":")[0]


@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("onset", [0.0, 0.02, 0.12])
@pytest.mark.parametrize("noise_db", [-70, -40, -20])
@pytest.mark.parametrize("gain", [1e-4, 2e-3, 1.0, 1000.0])
def test_a_tap_is_one_at_any_level(
    seconds: float, onset: float, noise_db: float, gain: float, tmp_path: Path
) -> None:
    tap = make_tap(
        np.random.default_rng(0), seconds=seconds, onset=onset, noise_db=noise_db
    )
    path = tmp_path / "take.wav"
    soundfile.write(path, gain * tap, SR, subtype="FLOAT")
    codes = {code for code, _ in find_take_problems(path)[0]}
    assert codes <= {"cut", "quiet"}
    assert ("quiet" in codes) == (gain < 1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isfinite(article_features().fit_transform([path])).all()


def test_real_takes_hold_a_tap(recordings: Any) -> None:
    for name in (
        *("hammer-floor", "bottles", "steel-rods", "bolts-flange", "bolts-plate"),
        "concrete-blocks",
    ):
        paths = sorted(recordings(name).rglob("*.wav"))[::5]
        assert len(paths) > 20
        for path in paths:
            codes = {code for code, _ in find_take_problems(path)[0]}
            assert not codes & {"no tap", "silent", "unreadable", "pop", "quiet"}, path
