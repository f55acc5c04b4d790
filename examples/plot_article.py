"""
The article's figures, on synthesized boards
============================================

An article of 2020 tapped wooden boards, trained eight networks on the recordings, and
plotted how unusual further taps are to each: of boards that they were trained on (sound
1 and 3, cracked 5 and 6), and of new ones: 7 and 8, the two ends of a board that is
sawn into on 8's side, and similar sound boards of a slightly different wood. Its
recordings were never published; here the boards are computed as plates of wood. Needs
the extra ``plot``:

    python examples/plot_article.py

plots it all in some minutes on two cores, from fewer takes and epochs than the
article's. Its own need a GPU, or hours:

    python examples/plot_article.py --takes 30 --epochs 100 --resnet18-epochs 100 \
--device cuda

No method trains for longer than it did in the article, and 100 is the longest there.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from tapsklearn.detectors import article_methods
from tapsklearn.inspection import (
    EmbeddingDisplay,
    ReconstructionDisplay,
    SpectrogramDisplay,
    TakeScoresDisplay,
)
from tapsklearn.preprocessing import (
    article_features,
    crop_tap,
    log_spectrogram,
)
from tapsklearn.synthesis import synthesize_taps

methods = article_methods()
parser = argparse.ArgumentParser(description="The article's figures.")
parser.add_argument("--out", type=Path, default=Path("article-figures"))
parser.add_argument("--takes", type=int, default=8, help="for training, of each board")
parser.add_argument("--epochs", type=int, default=30, help="at most")
parser.add_argument("--resnet18-epochs", type=int, default=4, help="at most")
parser.add_argument("--methods", default=",".join(methods), help="names with commas")
parser.add_argument("--device", default="cpu", help="cuda, for one")
options = parser.parse_args()
chosen = options.methods.split(",")
if unknown := [name for name in chosen if name not in methods]:
    parser.error(f"--methods: {', '.join(unknown)} is none of {', '.join(methods)}")
options.out.mkdir(parents=True, exist_ok=True)
figures = []


def save(figure, name):
    figures.append(options.out / f"{name}.png")
    figure.savefig(figures[-1], dpi=120)


# %%
# The recordings
# --------------
# A take as a spectrogram, and the part around the tap that is scored: of a sound board,
# and of the sawn one, struck near the cut. The article found that the latter lacks a
# little at the lower right: what rings low and long.
examples = synthesize_taps(scenario="article", n_boards=0, n_takes=1)
figure, axes = plt.subplots(2, 2, figsize=(13, 8), layout="constrained")
for (whole, close), board in zip(axes, ("normal 1 left", "abnormal 8"), strict=True):
    [waveform] = examples.X[examples.board == board]
    SpectrogramDisplay.from_waveform(waveform, ax=whole)
    SpectrogramDisplay.from_crop(crop_tap(log_spectrogram(waveform))[0], ax=close)
    # The legends stand above at the left.
    whole.set_title(board, loc="right")
    close.set_title(f"{board}, its crop", loc="right")
save(figure, "takes")

# %%
# Training and test takes
# -----------------------
# Beside four boards that it names, the article trained on "further" ones; here they are
# the ends of two sound pieces and of a cracked one. The first takes of each board are
# for training, two crops of each. As many more are plotted, which no method has seen.
TRAINED_ON = ["normal 1 left", "normal 3 left", "abnormal 5", "abnormal 6"]
SIMILAR = [f"similar {number} left" for number in (11, 12, 13, 14)]
NEW = [*SIMILAR, "abnormal 7", "abnormal 8"]

taps = synthesize_taps(
    scenario="article",
    n_takes=2 * options.takes,
    n_boards=3,
    transformer=article_features(input="waveform", shifts=(0, 6)),
)
is_first = taps.frame["take"].to_numpy() < options.takes
is_further = taps.frame["board"].str.startswith("further").to_numpy()
train = is_first & (np.isin(taps.board, TRAINED_ON) | is_further)
test = ~is_first & np.isin(taps.board, [*TRAINED_ON, *NEW])

boards = taps.board[test]
labels = np.array([f"{board} (new)" if board in NEW else board for board in boards])
normal_labels = np.unique(labels[taps.condition[test] == "normal"])

# %%
# What the methods make of it
# ---------------------------
# One figure a method: where takes lie in its embedding (more than two dimensions are
# reduced to two by t-SNE, as in the article), and how close to the normal ones they
# are, a line a board. The autoencoders score by the error of their reconstruction
# instead; reconstructions are a figure of their own. At the article's learning rate of
# 1e-5 they have hardly begun to learn from so few takes.
#
# The article's reading is that 8 is further off than 7 and that similar boards are
# normal. The table shows how far the lines agree: in which share of all pairs a take is
# more unusual than one of boards 1 and 3. 0.5: they sound alike; 1: all are separated.
# Of the similar boards, 11 and 12 are as short as the cracked 5 and 6, which can be
# mistaken for a crack.
GROUPS = {
    "5 and 6": ["abnormal 5", "abnormal 6"],
    "7, new": ["abnormal 7"],
    "8, new": ["abnormal 8"],
    "similar, new": SIMILAR,
}
separated = pd.DataFrame(index=chosen, columns=list(GROUPS), dtype=float)

for name in chosen:
    detector = methods[name]
    most = options.resnet18_epochs if "resnet18" in name else options.epochs
    articles = detector.max_epochs
    epochs = min(most, articles)
    detector.set_params(
        max_epochs=epochs,
        normal_boards=taps.normal_boards,
        specimens=taps.specimens,
        device=options.device,
        random_state=0,
    ).fit(taps.X[train], taps.board[train])
    print(
        f"{name}: trained for {epochs} of the article's {articles} epochs", flush=True
    )

    scores = detector.score_samples(taps.X[test])
    is_reference = np.isin(boards, ["normal 1 left", "normal 3 left"])
    for group, members in GROUPS.items():
        is_member = np.isin(boards, members)
        compared = is_member | is_reference
        separated.loc[name, group] = roc_auc_score(
            is_member[compared], -scores[compared]
        )

    if hasattr(detector, "reconstruct"):
        shown = [
            list(boards).index(board)
            for board in (
                "normal 1 left",
                "similar 11 left",
                "abnormal 7",
                "abnormal 8",
            )
        ]
        pairs = ReconstructionDisplay.from_estimator(
            detector, taps.X[test][shown], labels=labels[shown]
        )
        pairs.figure_.suptitle(f"{name}: crops and reconstructions")
        save(pairs.figure_, f"{name}-reconstruction")
        figure, right = plt.subplots(figsize=(9, 5), layout="constrained")
    else:
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(15, 5.5), layout="constrained"
        )
        embedding = EmbeddingDisplay.from_estimator(
            detector,
            taps.X[test],
            labels,
            normal_boards=normal_labels,
            reduction="tsne",
            ax=left,
        )
        # Both have the same marks; one legend is enough.
        embedding.legend_.remove()
    TakeScoresDisplay.from_predictions(
        scores,
        labels,
        normal_boards=normal_labels,
        threshold=detector.offset_,
        ax=right,
    )
    figure.suptitle(f"{name}: takes that it was not trained on")
    save(figure, name)

print("\nhow often a take is more unusual than one of normal 1 and 3:")
print(separated.round(2))
print(f"\n{len(figures)} figures in {options.out}:")
print("\n".join(f"    {path.name}" for path in figures))
