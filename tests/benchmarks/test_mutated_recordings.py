"""A short version of the benchmark of spoilt recordings: nothing is silently wrong."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "mutated_recordings.py"


def test_spoilt_recordings_have_a_right_score_or_a_word(tmp_path: Path) -> None:
    options = ["--quick", "--seed", "1", "--results", tmp_path]
    run = subprocess.run(
        [sys.executable, SCRIPT, *options], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    page = (tmp_path / "mutated_recordings.md").read_text(encoding="utf-8")
    (of_all,) = [line for line in page.splitlines() if line.startswith("| all |")]
    n_files, right, flags, error, *wrong = map(int, of_all.strip("| ").split(" | ")[1:])
    assert wrong == [0, 0, 0]
    assert right + flags + error == n_files == 400
    assert min(right, error) > 100
    assert flags > 5
