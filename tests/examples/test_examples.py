"""The examples do what they say, in a small setting."""

import runpy
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import soundfile
from taps import make_tap

EXAMPLES = Path(__file__).parents[2] / "examples"

plt.switch_backend("agg")


@pytest.fixture
def run(monkeypatch, capsys):
    """Run an example as a script; give its exit code, output and messages."""

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        code = 0
        try:
            runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        except SystemExit as exit_:
            code = exit_.code
        assert not plt.get_fignums(), "a figure was left open"
        return code, *capsys.readouterr()

    return run


def drawn_in(folder):
    """Give the names of the pictures in a folder, each a real one."""
    for path in folder.glob("*.png"):
        height, width, _ = plt.imread(path).shape
        assert min(height, width) > 300
    return {path.stem for path in folder.glob("*.png")}


def test_the_articles_figures(run, tmp_path):
    names = ["ae", "triplet-shallow"]
    options = ("--takes", 2, "--epochs", 1, "--jobs", 1, "--out", tmp_path)
    code, out, _ = run("plot_article.py", *options, "--methods", *names)
    assert code == 0
    assert out.count("trained for 1 epochs") == 2
    assert drawn_in(tmp_path) == {
        *("takes", "ae-scores", "ae-redrawn"),
        *("triplet-shallow-scores", "triplet-shallow-embedding"),
    }


def test_the_articles_figures_know_their_methods(run, tmp_path):
    code, _, err = run("plot_article.py", "--methods", "svm", "--out", tmp_path)
    assert code == 2
    assert "there is no svm" in err


def test_your_own_boards(run, tmp_path):
    options = ("--epochs", 1, "--jobs", 1, "--out", tmp_path)
    code, out, _ = run("plot_your_own_boards.py", *options)
    assert code == 0
    for name in ("tuned-ae", "crop-knn", "cracked 002 left"):
        assert name in out
    assert "the best on boards never heard" in out
    expected = {"takes", "comparison", "roc", "taps", "takescores", "embedding"}
    assert drawn_in(tmp_path) == expected


def test_your_own_boards_may_all_be_normal(run, tmp_path):
    rng = np.random.default_rng(0)
    for board in ("oak", "ash"):
        for take in range(6):
            path = tmp_path / "takes" / board / f"{take}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, make_tap(rng), 44100)
    options = ("--normal", "*", "--epochs", 1, "--jobs", 1, "--out", tmp_path / "out")
    code, out, _ = run("plot_your_own_boards.py", tmp_path / "takes", *options)
    assert code == 0
    assert "no abnormal boards to compare methods by" in out
    assert drawn_in(tmp_path / "out") == {"takes", "takescores", "embedding"}


def test_a_folder_that_is_none_is_one_line(run, tmp_path):
    missing = tmp_path / "missing"
    code, _, err = run("plot_your_own_boards.py", missing, "--out", tmp_path / "out")
    assert code == 2
    assert str(missing) in err.splitlines()[-1]


def test_grid_search(run):
    options = ("--boards", 8, "--takes", 2, "--epochs", 1, 2, "--rates", "1e-3")
    code, out, _ = run("grid_search.py", *options, "--jobs", 1)
    assert code == 0
    head, *rows = out.splitlines()[:3]
    assert head.split()[:3] == ["lr", "epochs", "AUROC"]
    assert {row.split()[1] for row in rows} == {"1", "2"}
    found = float(out.split("never heard: ")[1].split()[0])
    assert 0 <= found <= 1
    assert "load > spectrogram > crop > standardize > detector" in out


def test_a_crack(run, tmp_path):
    assert run("plot_crack.py", tmp_path / "crack.png")[0] == 0
    assert drawn_in(tmp_path) == {"crack"}
