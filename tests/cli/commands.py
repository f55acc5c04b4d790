"""Recordings to run commands on, and commands in a process of their own."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from taps import make_tap


def write_taps(folder: Path, boards: dict[str, str], *, n_takes: int = 4) -> Path:
    """Write a folder of recordings, each board normal or abnormal, or ""."""
    rng = np.random.default_rng(0)
    for board, condition in boards.items():
        (folder / board).mkdir(parents=True)
        # So alike that no method is always right.
        freqs = (310.0, 870.0) if condition == "normal" else (310.0, 890.0)
        for take in range(n_takes):
            tap = make_tap(
                rng, seconds=0.6, onset=0.1, noise_db=-20, freqs=freqs, peak=0.2
            )
            soundfile.write(folder / board / f"{take:02}.wav", tap, 44100)
    if all(boards.values()):
        lines = [f"{board},{condition}\n" for board, condition in boards.items()]
        (folder / "boards.csv").write_text("board,condition\n" + "".join(lines))
    return folder


NORMAL = ["good 1", "good 2"]
BOARDS = dict.fromkeys(NORMAL, "normal") | dict.fromkeys(["bad 1", "bad 2"], "abnormal")


def spawn(*arguments: str | Path, **params: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tapsklearn", *map(str, arguments)],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | params,
    )
