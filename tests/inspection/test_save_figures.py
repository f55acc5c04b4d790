"""All figures of a comparison in a folder."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from tapsklearn.inspection import _save_figures, save_figures

WITHOUT_ESTIMATORS = {
    *("takes", "comparison", "roc", "taps"),
    *("scores-ae", "scores-crop-knn"),
}


def names_in(folder):
    return {path.stem for path in folder.glob("*.png")}


@pytest.fixture
def forget(monkeypatch):
    """Let no detector be fitted."""
    from tapsklearn.detectors import AutoencoderDetector, CropDetector

    def fail(self, *arguments):
        raise AssertionError("a detector is fitted")

    for detector in (AutoencoderDetector, CropDetector):
        monkeypatch.setattr(detector, "fit", fail)


@pytest.fixture
def small(monkeypatch):
    """Save small figures, which takes half the time."""
    monkeypatch.setattr(_save_figures, "_DOTS_PER_INCH", 30)


@pytest.mark.usefixtures("forget")
def test_all_figures_are_saved_without_training(comparison, tmp_path):
    folder = save_figures(comparison, tmp_path / "new" / "figures")
    assert folder == tmp_path / "new" / "figures"
    assert names_in(folder) == {
        *WITHOUT_ESTIMATORS,
        *(f"embedding-{comparison.best}", "embedding-ae", "reconstruction-ae"),
    }
    for path in folder.iterdir():
        height, width = plt.imread(path).shape[:2]
        assert min(height, width) > 300
    assert not plt.get_fignums()


@pytest.mark.usefixtures("small")
def test_without_estimators_what_needs_them_is_left_out(without_estimators, tmp_path):
    assert (
        names_in(save_figures(without_estimators, str(tmp_path))) == WITHOUT_ESTIMATORS
    )


@pytest.mark.usefixtures("small")
def test_earlier_figures_go_and_other_files_stay(without_estimators, tmp_path):
    for name in ("embedding-old.png", "scores-old.png", "photo.png", "scores-old.csv"):
        (tmp_path / name).write_bytes(b"")
    save_figures(without_estimators, tmp_path)
    assert names_in(tmp_path) == {*WITHOUT_ESTIMATORS, "photo"}
    assert (tmp_path / "scores-old.csv").exists()


@pytest.mark.usefixtures("small")
def test_without_paths_there_are_no_takes(comparison, tmp_path):
    crops = replace(comparison, paths=None, estimators=None)
    assert names_in(save_figures(crops, tmp_path)) == WITHOUT_ESTIMATORS - {"takes"}


@pytest.mark.usefixtures("small")
def test_without_p_values_there_are_no_verdicts(without_estimators, tmp_path):
    scores = without_estimators.scores.assign(p_value=np.nan)
    folder = save_figures(replace(without_estimators, scores=scores), tmp_path)
    assert names_in(folder) == WITHOUT_ESTIMATORS - {"taps"}


@pytest.mark.usefixtures("small")
def test_the_backend_is_as_before(without_estimators, tmp_path):
    plt.switch_backend("svg")
    try:
        mine = plt.figure()
        save_figures(without_estimators, tmp_path)
        assert plt.get_backend().lower() == "svg"
        assert plt.get_fignums() == [mine.number]
    finally:
        plt.close("all")
        plt.switch_backend("agg")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("crop-knn", "crop-knn"), ("ae/64", "ae%2F64"), ("a%b", "a%25b"), ("板", "板")],
)
def test_names_of_methods_become_names_of_files(name, expected):
    assert _save_figures._as_file_name(name) == expected
