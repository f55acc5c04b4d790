"""The benchmarks run, write their pages, and need no private name, as the examples."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
SCRIPTS = sorted([*BENCHMARKS.glob("*.py"), *(ROOT / "examples").glob("*.py")])
# Seconds each, with neither recordings nor a GPU nor a profiler.
CHEAP = {
    "changed_recording.py": ["--methods", "crop-knn"],
    "detection.py": ["--data", "same_shop", "--methods", "crop-knn", "cnn-shallow"],
    "encoder_speed.py": [],
    "explanations.py": [],
    "export_speed.py": ["--methods", "ae"],
    "false_alarms.py": ["--seeds", "1"],
    "false_warnings.py": [],
    "feature_rule.py": [],
    "feature_speed.py": [],
    "listening.py": [],
    "margin_ideas.py": [],
    "network_limits.py": [],
    "novelty_ideas.py": [],
    "phone_formats.py": [],
    "score_command.py": [],
    "report_size.py": [],
    "scoring_speed.py": [],
    "split.py": [],
    "startup_speed.py": [],
    "synthesis_speed.py": [],
    "synthetic_difficulty.py": ["--seeds", "1"],
    "training_speed.py": [],
}
TRAINS = {
    *("detection.py", "export_speed.py", "false_alarms.py", "margin_ideas.py"),
    "training_speed.py",
}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def find_private_names(source: str) -> Iterator[str]:
    """Find private names of others: those imported, and attributes of any object."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                continue  # Their own.
        else:
            continue
        for name in names:
            if any(is_private(part) for part in name.split(".")):
                yield f"line {node.lineno}: {name}"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_use_public_names_only(path: Path) -> None:
    assert list(find_private_names(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import tapsklearn.detectors._base",
        "from tapsklearn.detectors._base import TapDetector",
        "from tapsklearn.detectors import _base",
        "detector._make_network((2, 2))",
        "getattr(detectors[0], 'x')._fitted",
    ],
)
def test_each_private_name_is_found(source: str) -> None:
    assert len(list(find_private_names(source))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", CHEAP)
def test_a_script_writes_its_page(name: str, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in BENCHMARKS.rglob("results/*")}
    run_script(name, *CHEAP[name], results=tmp_path)
    page = (tmp_path / name).with_suffix(".md").read_text(encoding="utf-8")
    title, _, described, *_ = page.splitlines()
    assert title.startswith("# ")
    assert described.startswith(f"Written by `benchmarks/{name}`. {find_cpu()}; ")
    for package in ("tapsklearn", "numpy", "torch"):
        assert f"{package} {version(package)}" in described
    assert ("precision of training: " in described) >= (name in TRAINS)
    assert "seed" in described or "rounds: " in described
    assert "| --- |" in page
    after = {path: path.stat().st_mtime_ns for path in BENCHMARKS.rglob("results/*")}
    assert after == before


@pytest.mark.slow
def test_rows_keep_where_they_come_from(tmp_path: Path) -> None:
    """An old row stays as it is, and is counted as not recorded."""
    rows = tmp_path / "detection.csv"
    rows.write_text(
        "data_set,features,seed,method,epochs,question,n_folds,auroc,board_auroc\n"
        "same_shop,article,0,ae,50,known,1,0.5003124999999999,0.7368421052631579\n"
    )
    options = ["--data", "same_shop", "--methods", "ae", "crop-knn"]
    run_script("detection.py", *options, results=tmp_path)
    header, old, *new = rows.read_text().splitlines()
    assert header.endswith("answers,failure,processor,versions,precision")
    assert old.startswith(
        "same_shop,article,0,ae,50,known,1,0.5003124999999999,0.7368421052631579,,"
    )
    questions = [row.split(",")[5] for row in new]
    assert questions == ["one-class", "known"]
    for row in new:
        assert row.startswith("same_shop,article,0,crop-knn,0,")
        assert f"{find_cpu()}," in row
    page = (tmp_path / "detection.md").read_text()
    for column in ("processor", "versions"):
        assert f"{column} not recorded (1 of 3 rows)" in page
    assert f"{find_cpu()} (2 of 3 rows)" in page


@pytest.mark.slow
def test_full_scale_wants_a_gpu(tmp_path: Path) -> None:
    script = [sys.executable, BENCHMARKS / "full_scale.py", "--results", tmp_path]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    run = subprocess.run(script, capture_output=True, text=True, env=environment)
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        "full_scale.py needs a GPU, and torch finds none"
    ]
    assert not list(tmp_path.iterdir())


def run_script(name: str, *options: str, results: Path) -> None:
    command = [sys.executable, BENCHMARKS / name, "--quick", "--results", results]
    run = subprocess.run([*command, *options], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def find_cpu() -> str:
    """Find the processor's name, as the scripts find it."""
    code = "from measuring import find_cpu; print(find_cpu())"
    command = [sys.executable, "-c", code]
    return subprocess.check_output(command, text=True, cwd=BENCHMARKS).strip()
