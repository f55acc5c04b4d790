"""Every file has its row, whatever is wrong with others, and is opened once."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline, make_pipeline

from tapsklearn import (
    CropDetector,
    LogSpectrogram,
    Standardizer,
    TakeError,
    TapCrop,
    WavLoader,
)
from tapsklearn.preprocessing import _sound, article_features, read_take
from tapsklearn.scoring import score_files, score_takes

STEPS = {
    "TapFeatures": lambda: article_features(duration=0.6, n_freqs=30, n_frames=40),
    "four steps": lambda: make_pipeline(
        WavLoader(duration=0.6),
        LogSpectrogram(),
        TapCrop(n_freqs=30, n_frames=40),
        Standardizer(),
    ),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Write files that cannot be used, each with a part of the reason."""
    folder: Path = tmp_path_factory.mktemp("broken")
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("no sound")
    soundfile.write(folder / "zero.wav", np.zeros(26460), 44100)
    steady = np.sin(np.arange(26460) / 5) / 2
    soundfile.write(folder / "no tap.wav", steady, 44100)
    reasons = {
        "empty.wav": "the file is empty",
        "text.wav": "cannot be read as audio",
        "zero.wav": "all samples are zero",
        "no tap.wav": "no tap",
        "missing.wav": "there is no such file",
    }
    return {str(folder / name): reason for name, reason in reasons.items()}


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_rows_are_those_of_the_files(
    steps: str, batch_size: int, tap_files: list[str], broken: dict[str, str]
) -> None:
    model = make_pipeline(STEPS[steps](), CropDetector(random_state=0))
    model.fit(tap_files[:40])
    paths = [*tap_files[38:41], *broken, *tap_files[41:], tap_files[38]]
    rows = list(score_files(model, paths, batch_size=batch_size))
    assert [row["path"] for row in rows] == paths
    expected = score_takes(model, tap_files).set_index(np.array(tap_files))
    for row in rows:
        if row["path"] in broken:
            assert broken[row["path"]] in row["error"]
            assert row["verdict"] == ""
            assert np.isnan([row["score"], row["p_value"]]).all()
            continue
        score, p_value, prediction = expected.loc[row["path"]]
        assert row["score"] == pytest.approx(score, rel=1e-6)
        assert row["p_value"] == pytest.approx(p_value)
        assert row["verdict"] == ("normal" if prediction == 1 else "abnormal")
        assert row["error"] == ""


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("on_error", ["raise", "nan"])
def test_each_file_is_opened_once(
    steps: str,
    on_error: str,
    tap_files: list[str],
    broken: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    front = STEPS[steps]()
    front.set_params(
        **{name: on_error for name in front.get_params() if name.endswith("on_error")}
    )
    model = make_pipeline(front, CropDetector(random_state=0)).fit(tap_files[:40])
    opened: Counter[str] = Counter()

    def open_and_count(path: Any, *args: Any, **options: Any) -> Any:
        opened[str(path)] += 1
        return Path(path).open(*args, **options)

    monkeypatch.setattr(_sound, "open", open_and_count, raising=False)
    paths = [*tap_files[:5], *broken, *tap_files[5:10]]
    errors = [row["error"] for row in score_files(model, paths)]
    assert [bool(error) for error in errors] == [path in broken for path in paths]
    assert opened
    assert max(opened.values()) == 1
    assert set(tap_files[:10]) <= set(opened)


class Reader(TransformerMixin, BaseEstimator):
    """A step of somebody else, who only raises."""

    def fit(self, X: Any, y: Any = None) -> "Reader":
        return self

    def transform(self, X: Any) -> Any:
        takes, problems = [], {}
        for path in X:
            try:
                takes.append(read_take(path)[4410 : 4410 + 4096])
            except TakeError as error:
                problems |= error.problems
        if problems:
            raise TakeError(problems)
        return np.array(takes).reshape(len(X), 64, 64)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags


def test_a_step_that_only_raises(tap_files: list[str], broken: dict[str, str]) -> None:
    model = make_pipeline(Reader(), CropDetector(random_state=0)).fit(tap_files[:40])
    readable = [path for path in broken if "no tap" not in path]
    paths = [readable[0], *tap_files[:3], *readable[1:]]
    rows = list(score_files(model, paths))
    assert [bool(row["error"]) for row in rows] == [path in broken for path in paths]


class Spoiler(TransformerMixin, BaseEstimator):
    """A step that makes NaN of the first take."""

    def fit(self, X: Any, y: Any = None) -> "Spoiler":
        return self

    def transform(self, X: Any) -> Any:
        X = X.copy()
        X[0] = np.nan
        return X

    def __sklearn_is_fitted__(self) -> bool:
        return True


def test_features_that_hold_nan_get_no_verdict(
    model: Pipeline, tap_files: list[str]
) -> None:
    spoilt = make_pipeline(model[0], Spoiler(), model[-1])
    first, second = score_files(spoilt, tap_files[:2])
    assert first["verdict"] == ""
    assert "NaN" in first["error"]
    assert second["verdict"]
    assert second["error"] == ""


def test_files_are_read_as_they_come(model: Pipeline, tap_files: list[str]) -> None:
    taken = []

    def paths() -> Any:
        for path in tap_files[:6]:
            taken.append(path)
            yield path

    rows = score_files(model, paths(), batch_size=2)
    assert not taken
    next(rows)
    assert len(taken) == 2
    assert len(list(rows)) == 5
    assert list(score_files(model, [])) == []


@pytest.mark.parametrize(
    "estimator",
    [CropDetector(), make_pipeline(Standardizer(), CropDetector()), article_features()],
)
def test_models_that_read_no_files(estimator: Any) -> None:
    with pytest.raises(ValueError, match="cannot score files"):
        list(score_files(estimator, ["tap.wav"]))
