"""How many files a second `tapsklearn score` scores, in how much memory.

10,000 recordings of 3 s, hard links to some hundred synthesized ones, one in a hundred
of them broken; each method in a process of its own, watched from outside.

    python benchmarks/score_command.py

writes ``benchmarks/results/score_command.md``.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import describe_run, format_table, parse_arguments, write_page

from tapsklearn.cli import main as tapsklearn
from tapsklearn.synthesis import make_tap_boards

METHODS = ("crop-knn", "tuned-ae", "cnn-shallow")
BROKEN_IN = 100


def link_files(boards, folder, n_files):
    """Fill a folder with links to the takes of boards, and broken files."""
    folder.mkdir()
    sources = sorted(boards.glob("*/*.wav"))
    for number in range(n_files):
        path = folder / f"{number:06}.wav"
        if number % BROKEN_IN:
            os.link(sources[number % len(sources)], path)
        else:
            path.write_bytes(b"RIFF")


def watch(model, folder):
    """Run the command; return its rows, seconds and memory.

    Memory is that of Linux's /proc after a tenth of the files and at the end, in MiB.
    """
    n_files = len(list(folder.iterdir()))
    command = [sys.executable, "-m", "tapsklearn", "score", model, folder]
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment
    )
    status = Path(f"/proc/{process.pid}/status")
    lines, memory, started = [], [], None
    for line in process.stdout:
        if lines and started is None:
            started = time.perf_counter()
        lines.append(line)
        if len(lines) in (n_files // 10, n_files):
            peak = status.read_text().split("VmHWM:")[1].split()[0]
            memory.append(int(peak) / 1024)
    seconds = time.perf_counter() - started
    assert process.wait() == 1  # There are broken files.
    return list(csv.DictReader(lines)), seconds, memory


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--takes", type=int, default=8, help="of each board")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    arguments = parse_arguments(
        parser, quick={"files": 200, "takes": 2, "methods": ["crop-knn"]}
    )
    n_files = arguments.files
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        make_tap_boards(folder / "boards", n_takes=arguments.takes, random_state=0)
        link_files(folder / "boards", folder / "files", n_files)
        for method in arguments.methods:
            model = folder / method
            options = ["--method", method, "--epochs", "1"]
            tapsklearn(["train", str(folder / "boards"), "-o", str(model), *options])
            found, seconds, (early, late) = watch(model, folder / "files")
            n_broken = sum(bool(row["error"]) for row in found)
            memory = f"{early:.0f}", f"{late:.0f}"
            rate = f"{n_files / seconds:.0f}"
            rows.append((method, len(found), n_broken, rate, *memory))
    columns = [
        *("method", "rows", "of broken files", "files a second"),
        *("peak memory after a tenth, MiB", "at the end, MiB"),
    ]
    write_page(
        arguments.results / "score_command.md",
        "`tapsklearn score` on many files",
        # What `tapsklearn train` trains in.
        describe_run(__file__, precision="float32", seeds=1),
        ["One process, one thread.", "", *format_table(columns, rows)],
    )


if __name__ == "__main__":
    main()
