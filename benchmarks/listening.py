"""How soon a tap is scored, and how often noise is taken for one.

Synthesized taps, one a second, are given to `listen` in blocks of 10 ms and in real
time, as a microphone gives them; the latency is from the end of the block that
completes what the model looks at to the verdict. Hours of the synthesizer's room noise
go through `TapTrigger`, faster than in real time, and the taps that it finds are
counted; again with noise 20 dB louder.

    python benchmarks/listening.py

writes ``benchmarks/results/listening.md``.
"""

import argparse
import os
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from measuring import (
    NOT_TRAINED,
    describe_run,
    find_precision,
    format_table,
    parse_arguments,
    train_briefly,
    write_page,
)

from tapsklearn.preprocessing import read_take
from tapsklearn.recording import TapTrigger, listen
from tapsklearn.synthesis import Plate, Rig, Strike, make_tap_boards, render_tap

SR = 44100
BLOCK = SR // 100
METHODS = ("cnn-shallow", "crop-knn")
MINUTES = 1.0
SETTLED_MINUTES = 10


class Clock:
    """A microphone in real time that keeps when the last block was over."""

    sr = SR

    def __init__(self, sound):
        self.sound = sound
        self.over = 0.0

    def __iter__(self):
        started = time.perf_counter()
        for end in range(BLOCK, len(self.sound) + 1, BLOCK):
            # Whoever comes late for a block is late for what it completes.
            self.over = started + end / SR
            time.sleep(max(0, self.over - time.perf_counter()))
            yield self.sound[end - BLOCK : end]


def measure_latency(model, sound):
    """Return the milliseconds from the end of its last block to each verdict."""
    microphone = Clock(sound)
    return np.array(
        [
            1e3 * (time.perf_counter() - microphone.over)
            for _ in listen(model, microphone=microphone)
        ]
    )


def read_memory():
    """Return how much memory the process has, in MiB."""
    resident = Path("/proc/self/statm").read_text().split()[1]
    return int(resident) * os.sysconf("SC_PAGE_SIZE") / 2**20


def make_noise(duration, rng, louder_db=0.0):
    """Render a take of a room in which hardly anything is struck."""
    # A billionth of a newton is far below the last bit of the noise.
    rig = Rig(force=1e-9, gain_db=louder_db, gain_spread_db=0, duration=duration)
    return render_tap(Plate(), Strike(x=0.03, y=0.065), rig, random_state=rng)


def count_false_taps(hours, louder_db):
    """Count the taps in noise; return the seconds it took and how memory has grown."""
    trigger = TapTrigger(sr=SR)
    rng = np.random.default_rng(0)
    n_taps, seconds, memory = 0, 0.0, []
    for _ in range(round(60 * hours / MINUTES)):
        noise = make_noise(60 * MINUTES, rng, louder_db)
        started = time.perf_counter()
        for first in range(0, len(noise), BLOCK):
            n_taps += len(trigger.feed(noise[first : first + BLOCK]))
        seconds += time.perf_counter() - started
        memory.append(read_memory())
    # After some minutes everything that it needs has been allocated once.
    settled = min(SETTLED_MINUTES, len(memory)) - 1
    return n_taps, seconds, max(memory[settled:]) - memory[settled]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--taps", type=int, default=60)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    arguments = parse_arguments(
        parser, quick={"taps": 3, "hours": 0.05, "methods": ["crop-knn"]}
    )
    warnings.simplefilter("ignore")  # few takes to calibrate with: not the question
    # First, while the process is small and any growth would be seen.
    noise_rows = []
    for louder_db in (0, 20):
        n_taps, seconds, growth = count_false_taps(arguments.hours, louder_db)
        noise_rows.append(
            (
                f"{louder_db:+d} dB",
                n_taps,
                f"{n_taps / arguments.hours:.2f}",
                f"{3600 * arguments.hours / seconds:.0f}",
                f"{growth:.2f}",
            )
        )
    rows, trained_in = [], set()
    with tempfile.TemporaryDirectory() as folder:
        takes = make_tap_boards(folder, n_takes=2, random_state=0)
        waveforms = [read_take(path) for path in takes.paths]
        # A second of each, with its tap.
        chosen = [waveforms[n % len(waveforms)] for n in range(arguments.taps)]
        starts = [max(0, int(np.argmax(np.abs(w))) - SR // 4) for w in chosen]
        seconds = [w[s : s + SR] for w, s in zip(chosen, starts, strict=True)]
        quiet = make_noise(3.0, np.random.default_rng(0))
        sound = np.concatenate([quiet, *seconds, quiet]).astype(np.float32)
        for method in arguments.methods:
            model = train_briefly(method, takes)
            latency = measure_latency(model, sound)
            cells = (np.median(latency), np.percentile(latency, 95), latency.max())
            found = f"{len(latency)} of {arguments.taps}"
            rows.append([method, found, *(f"{value:.1f}" for value in cells)])
            trained_in.add(find_precision(model[-1]))
    write_page(
        arguments.results / "listening.md",
        "Listening",
        describe_run(
            __file__, precision=", ".join(sorted(trained_in - {NOT_TRAINED})), seeds=1
        ),
        [
            "Each tap is scored by one thread. Latency from the end of the last block "
            "that is needed to the verdict, in ms; a tap each second.",
            "",
            *format_table(["method", "taps found", "median", "95 %", "worst"], rows),
            "",
            "## Noise",
            "",
            f"Hours of the synthesizer's room noise: {arguments.hours:g} (pink, white "
            "and hum), and the same louder, through `TapTrigger`; by how much the "
            f"process took more memory than after {SETTLED_MINUTES} minutes, at most.",
            "",
            *format_table(
                ["noise", "false taps", "an hour", "times real time", "growth, MiB"],
                noise_rows,
            ),
        ],
    )


if __name__ == "__main__":
    main()
