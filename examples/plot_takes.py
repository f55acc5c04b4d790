"""
A good take, and one that clipped
=================================

Two takes of a synthesized board, the second struck so hard that the recording is cut
off at full scale. Needs the extra ``plot``:

    python examples/plot_takes.py docs/images/takes.png
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from tapsklearn.recording import TapTrigger
from tapsklearn.synthesis import Plate, Rig, Strike, render_tap

SR = 44100
LOUDER = 4.0


def main(path):
    board = Plate()
    strike = Strike(x=0.15 * board.length, y=0.5 * board.width)
    good = render_tap(board, strike, Rig(), random_state=0)
    good *= 0.5 / np.abs(good).max()
    takes = {"good": good, "clipped": np.clip(LOUDER * good, -1, 1)}

    figure, axes = plt.subplots(2, 2, figsize=(10, 4.6), layout="constrained")
    for row, (name, take) in zip(axes, takes.items(), strict=True):
        (tap,) = TapTrigger(duration=1.0, pre_seconds=0.25).feed(take)
        assert tap.is_clipped == (name == "clipped")
        loud = np.flatnonzero(np.abs(take) > 0.05 * np.abs(take).max())
        start = loud[0] / SR
        seconds = np.arange(len(take)) / SR
        for ax, (first, last) in zip(row, ((0, 3), (-0.002, 0.012)), strict=True):
            offset, unit = (0, 1) if last == 3 else (start, 1000)
            ax.axhspan(0.999, 1.1, color="tab:red", alpha=0.3)
            ax.axhspan(-1.1, -0.999, color="tab:red", alpha=0.3)
            ax.plot(unit * (seconds - offset), take, linewidth=0.8)
            ax.set(xlim=(unit * first, unit * last), ylim=(-1.1, 1.1))
        row[0].set_ylabel(f"{name}\n({tap.peak_db:.0f} dB)")
    axes[1, 0].set_xlabel("time (s)")
    axes[1, 1].set_xlabel("time from the tap (ms)")
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "takes.png")
