"""
What a crack does to the sound of a board
=========================================

The crops of an intact and of a cracked board, struck at the same place, and their
difference, each the mean of thirty takes. Needs the extra ``plot``:

    python examples/plot_crack.py docs/images/crack.png
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from tapsklearn.preprocessing import crop_tap, log_spectrogram
from tapsklearn.synthesis import Crack, Plate, Rig, Strike, plate_modes, render_tap

N_TAKES = 30
MS_PER_FRAME = 1000 * 128 / 44100
KHZ_PER_ROW = 44.1 / 1024


def mean_crop(board):
    strike = Strike(x=0.15 * board.length, y=0.5 * board.width)
    crops = [
        crop_tap(log_spectrogram(render_tap(board, strike, Rig(), random_state=take)))
        for take in range(N_TAKES)
    ]
    return np.mean([crop[0] - crop.max() for crop in crops], axis=0)


def main(path):
    crack = Crack(position=0.25, depth=0.6, length=0.040, breathing=0.3)
    cracked = Plate(crack=crack)
    intact = cracked.mended()
    crops = {"intact": mean_crop(intact), "cracked": mean_crop(cracked)}
    difference = crops["cracked"] - crops["intact"]

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained")
    extent = (0, 120 * MS_PER_FRAME, 0, 100 * KHZ_PER_ROW)
    options = {"origin": "lower", "aspect": "auto", "extent": extent}
    for ax, (name, crop), board in zip(
        axes[:2], crops.items(), (intact, cracked), strict=True
    ):
        image = ax.imshow(crop, vmin=-70, vmax=0, cmap="magma", **options)
        ax.set_title(f"{name}, mean of {N_TAKES} takes")
        frequencies = plate_modes(board).frequencies / 1000
        ax.plot(
            np.full(frequencies.shape, 8.0),
            frequencies,
            "c>",
            markersize=4,
            clip_on=True,
        )
        ax.set_ylim(extent[2:])
    figure.colorbar(image, ax=axes[:2], label="dB below the loudest bin")
    image = axes[2].imshow(difference, vmin=-15, vmax=15, cmap="RdBu_r", **options)
    axes[2].set_title("cracked - intact")
    figure.colorbar(image, ax=axes[2], label="dB")
    for ax in axes:
        ax.set_xlabel("time (ms)")
    axes[0].set_ylabel("frequency (kHz)")
    figure.savefig(path, dpi=90)

    before, after = (plate_modes(board).frequencies[:8] for board in (intact, cracked))
    shifts = 100 * (1 - after / before)
    print(f"the first 8 modes fall by {shifts.min():.1f} to {shifts.max():.1f} %")
    for name, crop in crops.items():
        ringing = MS_PER_FRAME * (crop[9:58] > -45).any(axis=0).nonzero()[0].max()
        lower_right = (crop[9:58, 30:] > -45).mean()
        print(
            f"{name}: 0.4 to 2.5 kHz within 45 dB of the loudest bin until "
            f"{ringing:.0f} ms; of the crop after 87 ms, {lower_right:.1%}"
        )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "crack.png")
