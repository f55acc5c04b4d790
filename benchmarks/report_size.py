"""How long a report takes to write and to open, its size, and the memory for it.

500 boards of 30 takes each, hard links to some hundred synthesized ones, so that there
are as many abnormal boards as in them; the command in a process of its own, watched
from outside, and the page in Chromium.

    python benchmarks/report_size.py

writes ``benchmarks/results/report_size.md``.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import describe_run, format_table, parse_arguments, write_page

from tapsklearn.cli import main as tapsklearn
from tapsklearn.datasets import load_takes
from tapsklearn.synthesis import make_tap_boards

METHODS = ("crop-knn", "joined")
# Of five boards, one is a link to an abnormal one.
ABNORMAL_IN = 5


def link_boards(takes, folder, *, n_boards, n_takes):
    """Fill a folder with boards whose takes are links to synthesized ones."""
    normal = {*takes.normal_boards}
    kinds = {True: [], False: []}
    for path, board in zip(takes.paths, takes.board, strict=True):
        kinds[board in normal].append(path)
    for board in range(n_boards):
        place = folder / f"board {board:04}"
        place.mkdir(parents=True)
        sources = kinds[board % ABNORMAL_IN > 0]
        for take in range(n_takes):
            source = sources[(board * n_takes + take) % len(sources)]
            os.link(source, place / f"{take:02}.wav")


def watch(model, folder, page, **options):
    """Run the command; return its rows, seconds, processor time and memory in MiB."""
    command = [sys.executable, "-m", "tapsklearn", "score", model, folder]
    command += ["--report", page]
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive", **options}
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    n_rows = -1  # One line is the head.
    for _ in process.stdout:
        n_rows += 1
        scored = time.perf_counter() - started
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    seconds = time.perf_counter() - started
    cpu = usage.ru_utime + usage.ru_stime
    return n_rows, scored, seconds, cpu, usage.ru_maxrss / 1024


def open_page(page):
    """Open the page, and its first board; return the seconds that each takes."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        tab = browser.new_page(viewport={"width": 1600, "height": 900})
        started = time.perf_counter()
        tab.goto(page.as_uri())
        tab.locator(".open").first.wait_for()
        opened = time.perf_counter() - started
        started = time.perf_counter()
        tab.locator(".open").first.click()
        tab.locator("tr.detail img").first.wait_for()
        detail = time.perf_counter() - started
        kept = tab.evaluate(
            "[...document.querySelectorAll('template')].filter("
            "each => each.content.querySelector('.play')).length"
        )
        browser.close()
    return opened, detail, kept


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--boards", type=int, default=500)
    parser.add_argument("--takes", type=int, default=30, help="of each board")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    arguments = parse_arguments(
        parser, quick={"boards": 20, "takes": 3, "methods": ["crop-knn"]}
    )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        make_tap_boards(folder / "made", n_takes=8, random_state=0)
        takes = load_takes(folder / "made")
        size = {"n_boards": arguments.boards, "n_takes": arguments.takes}
        link_boards(takes, folder / "boards", **size)
        for method in arguments.methods:
            model, page = folder / f"{method}.taps", folder / f"{method}.html"
            tapsklearn(
                ["train", str(folder / "made"), "-o", str(model), "--method", method]
            )
            n_rows, scored, seconds, cpu, memory = watch(model, folder / "boards", page)
            opened, detail, kept = (
                open_page(page) if shutil.which("chromium") else [float("nan")] * 3
            )
            rows.append(
                (
                    method,
                    f"{arguments.boards}",
                    f"{n_rows}",
                    f"{kept}",
                    f"{seconds:.0f}",
                    f"{cpu:.0f}",
                    f"{seconds - scored:.0f}",
                    f"{memory:.0f}",
                    f"{page.stat().st_size / 1e6:.1f}",
                    f"{opened:.1f}",
                    f"{detail:.2f}",
                )
            )
    columns = [
        *("method", "boards", "takes", "boards with sound", "command, s"),
        *("processor, s", "after the last row, s", "peak memory, MiB", "page, MB"),
        *("opens in, s", "a board opens in, s"),
    ]
    write_page(
        arguments.results / "report_size.md",
        "A report of many boards: time, memory and size",
        describe_run(__file__, precision="float32", seeds=1),
        [
            "One process, one thread; Chromium without a screen.",
            "",
            *format_table(columns, rows),
        ],
    )


if __name__ == "__main__":
    main()
