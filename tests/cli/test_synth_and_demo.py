"""The commands that need no recordings."""

import csv
import functools
import json
import re

import pytest

from tapsklearn.cli import _demo as demo_module
from tapsklearn.cli import main
from tapsklearn.detectors import article_methods, reference_methods
from tapsklearn.networks import ResNet18


def test_synth_writes_a_folder_that_compare_takes(tmp_path, capsys):
    boards = tmp_path / "boards"
    options = ["--scenario", "same_shop", "--takes", "2", "--boards", "4"]
    assert main(["synth", str(boards), *options, "--jobs", "1"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "16 takes of 8 boards, 4 of them normal" in err
    with (boards / "takes.csv").open() as table:
        assert len(list(csv.DictReader(table))) == 16
    command = ["compare", str(boards), "--methods", "crop-knn", "--json", "--jobs", "1"]
    assert main(command) == 0
    assert len(json.loads(capsys.readouterr().out)["results"]) == 2


def test_synth_again_changes_nothing_and_other_settings_are_refused(tmp_path, capsys):
    options = ["--scenario", "wide", "--takes", "1", "--boards", "1", "--jobs", "1"]
    assert main(["synth", str(tmp_path), *options]) == 0
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.wav")}
    assert main(["synth", str(tmp_path), *options]) == 0
    assert {path: path.stat().st_mtime_ns for path in written} == written
    capsys.readouterr()
    assert main(["synth", str(tmp_path), *options, "--seed", "1"]) == 2
    err = capsys.readouterr().err
    assert "made with other settings" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [["--scenario", "factory"], ["--takes", "0"], ["--boards", "-1"], ["--seed", "-1"]],
)
def test_wrong_use_is_one_line_and_makes_no_folder(arguments, tmp_path, capsys):
    assert main(["synth", str(tmp_path / "new"), *arguments]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_the_demo_compares_all_methods_on_the_articles_boards(
    tmp_path, capsys, monkeypatch
):
    for name in ("_TAKES", "_EPOCHS", "_RESNET18_EPOCHS"):
        monkeypatch.setattr(demo_module, name, 1)
    # All that takes long at full size.
    narrow = functools.partialmethod(ResNet18.__init__, width=16)
    monkeypatch.setattr(ResNet18, "__init__", narrow)
    monkeypatch.setattr("tapsklearn.inspection._save_figures._DOTS_PER_INCH", 40)
    assert main(["demo", str(tmp_path / "demo"), "--jobs", "1"]) == 0
    out, err = capsys.readouterr()
    methods = [*article_methods(), *reference_methods()]
    assert re.search(r"^method .*\n.*\n(\S+)", out, re.MULTILINE)[1] == "joined"
    with (tmp_path / "demo" / "ranking.csv").open() as table:
        low = {row["method"]: float(row["low"]) for row in csv.DictReader(table)}
    for name in methods:
        assert (f"{name} is not above chance for certain:" in err) == (low[name] <= 0.5)
    for name in methods:
        assert len(re.findall(rf"^{name} ", out, re.MULTILINE)) == 3
    assert "40 takes of 40 boards" in err
    assert f"written to {tmp_path / 'demo'}" in err
    assert (tmp_path / "demo" / "boards" / "abnormal 7" / "00.wav").exists()
    with (tmp_path / "demo" / "scores.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == len(methods) * 28
    tested = {row["board"] for row in rows}
    assert {"abnormal 7", "abnormal 8", "similar 12 right"} <= tested
    assert not {"abnormal 5", "abnormal 6", "normal 1 right"} & tested
    figures = {path.stem for path in (tmp_path / "demo" / "figures").glob("*.png")}
    assert {f"scores-{name}" for name in methods} <= figures
    assert {"comparison", "roc", "takes", "taps", "reconstruction-vae"} <= figures
