"""How hard the synthesized boards are: AUROC of nearest neighbours on the crop.

Two normal boards are the training set, two others and two cracked ones are scored, all
new for each seed. "unseen" has normal takes of unseen boards as negatives; "all" has
further takes of the training boards too.

    python benchmarks/synthetic_difficulty.py

writes ``benchmarks/results/synthetic_difficulty.md``.
"""

import argparse

import numpy as np
from measuring import (
    describe_run,
    format_table,
    parse_arguments,
    spread_of,
    write_page,
)
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from tapsklearn import NeighborDistance
from tapsklearn.preprocessing import article_features
from tapsklearn.synthesis import synthesize_taps

N_TAKES = 12
FEATURES = article_features(input="waveform")


def whole_crop(crops):
    return crops.reshape(len(crops), -1)


def pooled_crop(crops):
    """Average squares of 4 x 4, which forgives shifts of less than a square."""
    return (
        crops.reshape(len(crops), 25, 4, 30, 4)
        .mean(axis=(2, 4))
        .reshape(len(crops), -1)
    )


def evaluate(scenario, seed, n_jobs):
    """Return the AUROC for each kind of features and of negatives."""
    taps = synthesize_taps(
        scenario=scenario,
        n_takes=2 * N_TAKES,
        n_boards=8,
        random_state=seed,
        transformer=FEATURES,
        n_jobs=n_jobs,
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
            test = negatives | cracked
            aurocs[name, against] = roc_auc_score(cracked[test], scores[test])
    return aurocs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--jobs", type=int, default=-1)
    arguments = parse_arguments(parser, quick={"seeds": 2, "jobs": 1})
    rows = []
    for scenario in ("same_shop", "wide"):
        # Threads of few numbers would be in each other's way.
        with threadpool_limits(limits=1):
            found = [
                evaluate(scenario, seed, arguments.jobs)
                for seed in range(arguments.seeds)
            ]
        for key in found[0]:
            rows.append((scenario, *key, spread_of([each[key] for each in found], 2)))
    write_page(
        arguments.results / "synthetic_difficulty.md",
        "How hard the synthesized boards are",
        describe_run(__file__, "scipy", seeds=arguments.seeds),
        [
            f"AUROC of nearest neighbours; {N_TAKES} takes a board; mean ± standard "
            "deviation over the seeds.",
            "",
            *format_table(["scenario", "features", "negatives", "AUROC"], rows),
        ],
    )


if __name__ == "__main__":
    main()
