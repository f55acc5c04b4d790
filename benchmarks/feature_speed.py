"""How fast and with how much memory recordings become crops.

The article's recipe, one file at a time with librosa; the four transformers in a row;
and `TapFeatures`, on synthesized takes of 3 s (16 bit, mono, 44.1 kHz) in the page
cache. All on one thread but the last row, in turn, round by round. Then the memory of
`TapFeatures` on many files, hard links to these, in a process of its own.

    python benchmarks/feature_speed.py

writes ``benchmarks/results/feature_speed.md``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import librosa
import numpy as np
import scipy.fft
import soundfile
from measuring import (
    describe_run,
    format_table,
    parse_arguments,
    ratio_of,
    side_by_side,
    write_page,
)
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from tapsklearn.datasets import load_takes
from tapsklearn.preprocessing import (
    article_features,
    article_preprocessing,
)
from tapsklearn.synthesis import make_tap_boards

SR, DURATION, N_FFT, HOP = 44100, 3.0, 1024, 128
PACKAGES = ("scipy", "librosa", "soundfile")
MIB = 2**20
# Run by a new interpreter: what it had with one file read is not counted. The peak is
# that of Linux, as others count that of the parent too.
MEMORY_OF_TRANSFORM = """
import sys
from pathlib import Path
from tapsklearn.preprocessing import article_features
files = sorted(Path(sys.argv[1]).iterdir())
features = article_features()
def find_peak():
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])
features.fit_transform(files[:1])
before = find_peak()
crops = features.fit_transform(files)
print(len(crops), before, find_peak(), crops.nbytes)
"""


def recipe(path):
    """Cut a crop as the article does: each file's whole spectrogram, with librosa."""
    waveform, _ = librosa.load(path, sr=SR)
    waveform = librosa.util.fix_length(waveform, size=round(SR * DURATION))
    power = np.abs(librosa.stft(waveform, n_fft=N_FFT, hop_length=HOP)) ** 2
    level = librosa.power_to_db(power)
    energy = power.sum(axis=0)
    loudest = np.argmax(energy)
    earliest = max(0, loudest - 109)
    onset = earliest + np.argmax(energy[earliest:] >= energy[loudest] / 10)
    start = max(0, onset - 10)
    crop = level[:100, start : start + 120]
    return (crop - crop.mean()) / crop.std()


def measure_speed(paths, rounds):
    """Return the rows of the table of times, and the milliseconds of the fast way."""
    features = article_features()
    ways = {
        "article's recipe, librosa": lambda: [recipe(path) for path in paths],
        "four transformers": lambda: article_preprocessing().fit_transform(paths),
        "`TapFeatures`": lambda: features.fit_transform(paths),
        "`TapFeatures(n_jobs=2)`": lambda: (
            clone(features).set_params(n_jobs=2).fit_transform(paths)
        ),
    }
    times = dict(zip(ways, side_by_side(list(ways.values()), rounds), strict=True))
    slow, fast = times["article's recipe, librosa"], times["`TapFeatures`"]
    rows = [
        (
            way,
            f"{1e3 * median(of_way) / len(paths):.2f}",
            ratio_of(slow, of_way),
            ratio_of(fast, of_way),
        )
        for way, of_way in times.items()
    ]
    return rows, 1e3 * median(fast) / len(paths)


def measure_limits(paths, rounds):
    """Time the parts that no way can leave out, in milliseconds a file."""
    out = np.empty(round(SR * DURATION), dtype=np.int16)

    def read():
        for path in paths:
            with soundfile.SoundFile(path) as file:
                file.read(dtype="int16", out=out)

    frames = np.random.default_rng(0).normal(size=(120, N_FFT)).astype(np.float32)
    all_frames = np.resize(frames, (1 + round(SR * DURATION) // HOP, N_FFT))
    parts = {
        f"read {Path(paths[0]).stat().st_size / 1000:.0f} kB as int16": (
            read,
            len(paths),
        ),
        "FFT of the 120 kept frames": (lambda: scipy.fft.rfft(frames), 1),
        "FFT of all 1034 frames": (lambda: scipy.fft.rfft(all_frames), 1),
    }
    times = side_by_side([call for call, _ in parts.values()], rounds)
    return {
        part: 1e3 * median(of_part) / n
        for (part, (_, n)), of_part in zip(parts.items(), times, strict=True)
    }


def measure_memory(paths, n_files):
    """Run `TapFeatures` on many files in a new process; return bytes of each kind."""
    with tempfile.TemporaryDirectory(dir=Path(paths[0]).parent.parent) as folder:
        for number in range(n_files):
            os.link(paths[number % len(paths)], Path(folder) / f"{number:06}.wav")
        command = [sys.executable, "-c", MEMORY_OF_TRANSFORM, folder]
        printed = subprocess.check_output(command, text=True)
    return [int(number) for number in printed.split()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--files", type=int, default=10_000, help="for the memory")
    parser.add_argument("--takes", type=int, default=200, help="for the speed")
    arguments = parse_arguments(parser, quick={"rounds": 1, "files": 20, "takes": 10})
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        make_tap_boards(folder, scenario="article", n_takes=8, random_state=0)
        paths = load_takes(folder).paths[: arguments.takes]
        rows, own = measure_speed(paths, arguments.rounds)
        limits = measure_limits(paths, 5 * arguments.rounds)
        n_files, before, after, result = measure_memory(paths, arguments.files)
    least = sum(list(limits.values())[:2])
    columns = ["way", "ms a file", "times faster than the recipe", "than `TapFeatures`"]
    write_page(
        arguments.results / "feature_speed.md",
        "From recordings to crops",
        describe_run(__file__, *PACKAGES, seeds=1, rounds=arguments.rounds),
        [
            f"{len(paths)} takes of 3 s, in the page cache, each way in turn; median, "
            "and for ratios the least and the most of a round too.",
            "",
            *format_table(columns, rows),
            "",
            *format_table(
                ["what no way can leave out", "ms a file"],
                [(part, f"{value:.2f}") for part, value in limits.items()],
            ),
            "",
            f"To read the file and transform the kept frames takes {least:.2f} ms, "
            f"{100 * least / own:.0f} % of what `TapFeatures` takes.",
            "",
            "## Memory",
            "",
            f"`TapFeatures` on {n_files} files: at most "
            f"{(after - before) / MIB:.0f} MiB resident beyond the interpreter, the "
            f"libraries and one file, {result / MIB:.0f} MiB of them the result.",
        ],
    )


if __name__ == "__main__":
    main()
