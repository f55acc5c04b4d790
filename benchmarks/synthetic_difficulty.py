"""How hard the synthesized boards are: AUROC of nearest neighbours on the crop.

Two normal boards are learnt from, two others and two cracked ones are judged, all
new for each seed. "unseen" takes normal takes of boards never heard as negatives;
"all" takes as many further takes of the training boards too. Run from the root of
the repository, with the number of seeds; it prints the table kept in
``benchmarks/results/synthetic_difficulty.md``:

    python benchmarks/synthetic_difficulty.py 24
"""

import sys

import numpy as np
from sklearn.metrics import roc_auc_score

from tapsklearn import (
    NeighborDistance,
    TapFeatures,
    __version__,
)
from tapsklearn.synthesis import synthesize_taps

N_TAKES = 12
FEATURES = TapFeatures(input="waveform")


def whole_crop(crops):
    return crops.reshape(len(crops), -1)


def pooled_crop(crops):
    """Average squares of 4 x 4, which forgives shifts of less than a square."""
    return (
        crops.reshape(len(crops), 25, 4, 30, 4)
        .mean(axis=(2, 4))
        .reshape(len(crops), -1)
    )


def judge(scenario, seed):
    taps = synthesize_taps(
        scenario=scenario,
        n_takes=2 * N_TAKES,
        n_boards=8,
        random_state=seed,
        transformer=FEATURES,
        n_jobs=-1,
    )
    specimens = [taps.specimens[board] for board in taps.board]
    number = np.array([int(name.split()[-1]) for name in specimens])
    first = taps.frame["take"].to_numpy() < N_TAKES
    train = np.isin(number, (1, 3))
    unseen = np.isin(number, (5, 7)) & first
    cracked = np.isin(number, (2, 4)) & first
    aurocs = {}
    for name, view in (("whole crop", whole_crop), ("pooled 4 x 4", pooled_crop)):
        normality = NeighborDistance().fit(view(taps.X[train & first]))
        scores = -normality.score_samples(view(taps.X))
        for against, negatives in (
            ("unseen", unseen),
            ("all", unseen | (train & ~first)),
        ):
            judged = negatives | cracked
            aurocs[name, against] = roc_auc_score(cracked[judged], scores[judged])
    return aurocs


def main():
    n_seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    print(f"tapsklearn {__version__}, {n_seeds} seeds, {N_TAKES} takes a board\n")
    print("| scenario | features | negatives | mean AUROC | sd over seeds | s.e. |")
    print("|---|---|---|---|---|---|")
    for scenario in ("same_shop", "wide"):
        found = [judge(scenario, seed) for seed in range(n_seeds)]
        for key in found[0]:
            values = np.array([aurocs[key] for aurocs in found])
            spread = values.std(ddof=1)
            print(
                f"| {scenario} | {key[0]} | {key[1]} | {values.mean():.2f} | "
                f"{spread:.2f} | {spread / np.sqrt(n_seeds):.2f} |"
            )


if __name__ == "__main__":
    main()
