"""How soon a tap is judged, and how often noise is taken for one.

Synthesized taps, one a second, are given to `listen` in blocks of 10 ms and in real
time, as a microphone gives them; the latency is from the end of the block that
completes what the model looks at to the verdict. Then six hours of the synthesizer's
room noise go through `TapTrigger`, faster than they would be heard, and the taps that
it believes to hear are counted; again with noise 20 dB louder.

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
from measuring import describe_machine, train_briefly, write_page

from tapsklearn.preprocessing import read_take
from tapsklearn.recording import TapTrigger, listen
from tapsklearn.synthesis import Rig, make_tap_boards
from tapsklearn.synthesis._noise import recording_noise

SR = 44100
BLOCK = SR // 100
METHODS = ("cnn-shallow", "crop-knn")
MINUTES = 1.0
SETTLED_MINUTES = 10


class Clock:
    """A microphone in real time that tells when the last block was over."""

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


def measure_latency(method, takes, sound):
    """Give the milliseconds from the end of its last block to each verdict."""
    model = train_briefly(method, takes)
    microphone = Clock(sound)
    return np.array(
        [
            1e3 * (time.perf_counter() - microphone.over)
            for _ in listen(model, microphone=microphone)
        ]
    )


def read_memory():
    """Give how much memory the process has, in MiB."""
    resident = Path("/proc/self/statm").read_text().split()[1]
    return int(resident) * os.sysconf("SC_PAGE_SIZE") / 2**20


def count_false_taps(hours, louder_db):
    """Count the taps in noise; give the seconds it took and how memory has grown."""
    trigger = TapTrigger(sr=SR)
    rig = Rig(duration=60 * MINUTES)
    rng = np.random.default_rng(0)
    gain = np.float32(10 ** (louder_db / 20))
    n_taps, seconds, memory = 0, 0.0, []
    for _ in range(round(60 * hours / MINUTES)):
        noise = gain * recording_noise(rig, rng)
        started = time.perf_counter()
        for first in range(0, len(noise), BLOCK):
            n_taps += len(trigger.feed(noise[first : first + BLOCK]))
        seconds += time.perf_counter() - started
        memory.append(read_memory())
    # After some minutes everything that it needs has been allocated once.
    return n_taps, seconds, max(memory[SETTLED_MINUTES:]) - memory[SETTLED_MINUTES - 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--taps", type=int, default=100)
    parser.add_argument("--hours", type=float, default=6.0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # few takes to calibrate with: not the question
    # First, while the process is small and any growth would be seen.
    noise_rows = []
    for louder_db in (0, 20):
        n_taps, seconds, growth = count_false_taps(arguments.hours, louder_db)
        noise_rows.append(
            f"| {louder_db:+d} dB | {n_taps} | {n_taps / arguments.hours:.2f} | "
            f"{3600 * arguments.hours / seconds:.0f} | {growth:.2f} |"
        )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        takes = make_tap_boards(folder, n_takes=2, random_state=0)
        waveforms = [read_take(path) for path in takes.paths]
        # A second of each, with its tap.
        chosen = [waveforms[n % len(waveforms)] for n in range(arguments.taps)]
        starts = [max(0, int(np.argmax(np.abs(w))) - SR // 4) for w in chosen]
        seconds = [w[s : s + SR] for w, s in zip(chosen, starts, strict=True)]
        quiet = recording_noise(Rig(), np.random.default_rng(0))
        sound = np.concatenate([quiet, *seconds, quiet]).astype(np.float32)
        for method in METHODS:
            latency = measure_latency(method, takes, sound)
            rows.append(
                f"| {method} | {len(latency)} of {arguments.taps} | "
                f"{np.median(latency):.1f} | {np.percentile(latency, 95):.1f} | "
                f"{latency.max():.1f} |"
            )
    write_page(
        "listening.md",
        [
            "# Listening",
            "",
            f"Written by `benchmarks/listening.py`: "
            f"{describe_machine('torch', 'scikit-learn')}; each tap is judged by one "
            "thread. Latency from the end of the last block that is needed to the "
            "verdict, in ms; a tap each second.",
            "",
            "| method | taps heard | median | 95 % | worst |",
            "|---" * 5 + "|",
            *rows,
            "",
            "## Noise",
            "",
            f"{arguments.hours:g} hours of the synthesizer's room noise (pink, white "
            "and hum), and the same louder, through `TapTrigger`; by how much the "
            f"process took more memory than after {SETTLED_MINUTES} minutes, at most.",
            "",
            "| noise | false taps | an hour | times real time | growth, MiB |",
            "|---" * 5 + "|",
            *noise_rows,
        ],
    )


if __name__ == "__main__":
    main()
