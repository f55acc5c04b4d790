"""
The article's figures, on synthesized boards
============================================

The article tapped wooden boards, sound (1 and 3) and cracked (5 and 6, two ends of
one board), trained eight networks on them, and looked where the takes of another
cracked board (7 and 8, its cut on 8's side) and of similar sound boards (11 to 14) came
to lie. Its recordings were never published; these are computed. Needs the extra
``plot``:

    python examples/plot_article.py --out article-figures

trains for fewer epochs than the article did, to be done in a few minutes on two cores;
``--full`` takes the article's own numbers, which want a GPU (``--device cuda``).
"""

import argparse
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from tapsklearn import LogSpectrogram, Standardizer, TapCrop
from tapsklearn.datasets import synthesize_taps
from tapsklearn.detectors import article_methods
from tapsklearn.inspection import (
    EmbeddingDisplay,
    ReconstructionDisplay,
    SpectrogramDisplay,
    TakeScoresDisplay,
)

# Beside these, the article learnt further boards, of which it says little.
LEARNT = ["normal 1 left", "normal 3 left", "abnormal 5", "abnormal 6"]
FURTHER = ["further normal 001", "further normal 002", "further cracked 003"]
NEVER_LEARNT = ["abnormal 7", "abnormal 8"]
SIMILAR = [f"similar {number} left" for number in (11, 12, 13, 14)]


def fit(detector, crops, boards):
    """Fit, in a process of its own."""
    return detector.fit(crops, boards)


def draw_takes(path):
    """Draw a take of a sound and of a cracked board, and the crops of both."""
    taps = synthesize_taps(scenario="article", n_boards=0, n_takes=1)
    boards = ("normal 1 left", "abnormal 8")
    figure, axes = plt.subplots(2, 2, figsize=(13, 8), layout="constrained")
    for (whole, close), board in zip(axes, boards, strict=True):
        waveforms = taps.X[taps.board == board]
        crops = TapCrop().fit_transform(LogSpectrogram().fit_transform(waveforms))
        SpectrogramDisplay.from_waveform(waveforms[0], ax=whole)
        SpectrogramDisplay.from_crop(crops[0], ax=close)
        whole.set_title(board, loc="right")
        close.set_title(f"{board}, the crop", loc="right")
    figure.savefig(path)
    plt.close(figure)


def draw_method(name, detector, crops, boards, normal_boards, out):
    """Draw scores, embeddings and, of an autoencoder, what it makes of crops."""
    drawn = {
        "scores": TakeScoresDisplay.from_estimator(
            detector, crops, boards, normal_boards=normal_boards
        )
    }
    if hasattr(detector, "reconstruct"):
        first = np.sort(np.unique(boards, return_index=True)[1])
        shown = first[np.isin(boards[first], ["normal 1 left", *NEVER_LEARNT])]
        drawn["redrawn"] = ReconstructionDisplay.from_estimator(
            detector, crops[shown], labels=boards[shown]
        )
    else:
        # Two dimensions are drawn as they are; the article has t-SNE for more.
        drawn["embedding"] = EmbeddingDisplay.from_estimator(
            detector, crops, boards, normal_boards=normal_boards, reduction="tsne"
        )
    for kind, display in drawn.items():
        display.figure_.suptitle(name)
        display.figure_.savefig(out / f"{name}-{kind}.png")
        plt.close(display.figure_)


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("article-figures"))
    parser.add_argument("--methods", nargs="+", default=list(article_methods()))
    parser.add_argument("--takes", type=int, default=10, help="learnt from each board")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--resnet18-epochs", type=int, default=5)
    parser.add_argument("--full", action="store_true", help="the article's own epochs")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=2, help="methods trained at once")
    arguments = parser.parse_args()
    methods = article_methods()
    unknown = [name for name in arguments.methods if name not in methods]
    if unknown:
        parser.error(f"--methods: there is no {', '.join(unknown)}, only {[*methods]}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    plt.rcParams["savefig.dpi"] = 150

    # %%
    # The first takes of a board are learnt from, and as many further ones are drawn.
    taps = synthesize_taps(
        scenario="article",
        n_takes=2 * arguments.takes,
        n_boards=3,
        transformer=make_pipeline(LogSpectrogram(), TapCrop(), Standardizer()),
        n_jobs=arguments.jobs,
    )
    is_early = (taps.frame["take"] < arguments.takes).to_numpy()
    is_further = np.isin(taps.frame["specimen"], FURTHER)
    learnt = is_early & (np.isin(taps.board, LEARNT) | is_further)
    drawn = ~is_early & np.isin(taps.board, [*LEARNT, *NEVER_LEARNT, *SIMILAR])

    # %%
    # Each method with the article's settings, told which boards are sound.
    chosen = {}
    for name in arguments.methods:
        chosen[name] = methods[name].set_params(
            normal_boards=taps.normal_boards, device=arguments.device, random_state=0
        )
        if not arguments.full:
            is_resnet18 = name.endswith("resnet18")
            epochs = arguments.resnet18_epochs if is_resnet18 else arguments.epochs
            chosen[name].set_params(max_epochs=epochs)
    fitted = joblib.Parallel(n_jobs=arguments.jobs, return_as="generator")(
        joblib.delayed(fit)(detector, taps.X[learnt], taps.board[learnt])
        for detector in chosen.values()
    )

    # %%
    # What the article looked at.
    draw_takes(arguments.out / "takes.png")
    for name, detector in zip(chosen, fitted, strict=True):
        print(f"{name}: trained for {len(detector.history_)} epochs", flush=True)
        draw_method(
            name,
            detector,
            taps.X[drawn],
            taps.board[drawn],
            taps.normal_boards,
            arguments.out,
        )
    print(f"figures in {arguments.out}")


if __name__ == "__main__":
    main()
