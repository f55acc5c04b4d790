"""The examples do what they promise, in a small setting."""

import re
import runpy
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import soundfile
from taps import make_tap

# Whole scripts, which train methods.
pytestmark = pytest.mark.slow


EXAMPLES = Path(__file__).parents[2] / "examples"

plt.switch_backend("agg")


@pytest.fixture
def run(monkeypatch, capsys):
    """Run an example as a script; return its exit code, output and messages."""

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        code = 0
        try:
            runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        except SystemExit as exit_:
            code = exit_.code
        plt.close("all")
        return code, *capsys.readouterr()

    return run


def figures_in(folder):
    """List the names of the figures in a folder, each a real one."""
    for path in folder.glob("*.png"):
        height, width, _ = plt.imread(path).shape
        assert min(height, width) > 300
    return {path.stem for path in folder.glob("*.png")}


def test_the_articles_figures(run, tmp_path):
    options = ("--takes", 2, "--epochs", 1, "--methods", "ae,triplet-shallow")
    code, out, _ = run("plot_article.py", *options, "--out", tmp_path)
    assert code == 0
    assert out.count("trained for 1 of the article's") == 2
    expected = {"takes", "ae", "ae-reconstruction", "triplet-shallow"}
    assert figures_in(tmp_path) == expected
    assert all(f"{name}.png" in out for name in expected)
    table = out.split("one of normal 1 and 3:")[1].splitlines()
    shares = [float(each) for each in table[3].removeprefix("triplet-shallow").split()]
    assert len(shares) == 4
    assert all(0 <= share <= 1 for share in shares)


def test_the_articles_figures_know_their_methods(run, tmp_path):
    code, _, err = run("plot_article.py", "--methods", "ae,svm", "--out", tmp_path)
    assert code == 2
    assert "svm is none of ae, vae" in err.splitlines()[-1]


def test_your_own_boards(run, tmp_path):
    options = ("--boards", 8, "--epochs", 1, "--jobs", 1, "--out", tmp_path)
    code, out, _ = run("plot_your_own_boards.py", *options)
    assert code == 0
    for name in ("tuned-ae", "crop-knn", "cracked 002 left", "80 of 80 takes"):
        assert name in out
    best = re.search(r"verdicts of (.*):", out)[1]
    assert figures_in(tmp_path) >= {
        *("first-take", "takes", "comparison", "roc", "taps"),
        *("scores-tuned-ae", "scores-crop-knn", f"embedding-{best}"),
        *("pipeline-scores", "pipeline-embedding"),
    }
    assert (tmp_path / "verdicts.csv").exists()


def test_your_own_boards_may_all_be_normal(run, tmp_path):
    rng = np.random.default_rng(0)
    for board in ("oak", "ash"):
        for take in range(6):
            path = tmp_path / "takes" / board / f"{take}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, make_tap(rng), 44100)
    soundfile.write(path.with_name("silent.wav"), np.zeros(44100), 44100)
    options = ("--normal", "*", "--epochs", 1, "--jobs", 1, "--out", tmp_path / "out")
    code, out, _ = run("plot_your_own_boards.py", tmp_path / "takes", *options)
    assert code == 0
    assert "12 of 13 takes are used" in out
    assert "there is no comparison and there are no verdicts" in out
    assert figures_in(tmp_path / "out") == {
        *("first-take", "pipeline-scores", "pipeline-embedding")
    }


def test_a_missing_folder_is_an_error_of_one_line(run, tmp_path):
    missing = tmp_path / "missing"
    code, _, err = run("plot_your_own_boards.py", missing, "--out", tmp_path / "out")
    assert code == 2
    assert str(missing) in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_grid_search(run):
    code, out, _ = run("grid_search.py", "--boards", 10, "--epochs", 1, "--jobs", 1)
    assert code == 0
    head, *rows = out.splitlines()[:5]
    assert head.split()[:4] == ["lr", "epochs", "space", "auroc"]
    found = [float(row.split()[3]) for row in rows]
    assert found == sorted(found, reverse=True)
    assert {row.split()[2] for row in rows} == {"embedding", "pooled"}


def test_a_crack(run, tmp_path):
    assert run("plot_crack.py", tmp_path / "crack.png")[0] == 0
    assert figures_in(tmp_path) == {"crack"}


def test_a_good_and_a_clipped_take(run, tmp_path):
    code, _, _ = run("plot_takes.py", tmp_path / "takes.png")
    assert code == 0
    assert figures_in(tmp_path) == {"takes"}
