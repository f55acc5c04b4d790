"""The search for the settings of ``tuned_methods()``.

Every candidate is a detector as it is by default with one thing changed. It is
trained on each task of the search (two splits of one half of the floor's places, two
synthesized shops), and each training is judged in every score space with each judge
of normality. A setting is worth the mean of its AUROC on the floor and in the shops.
What comes out is reported on elsewhere: see ``detection.py``. ResNet-18, which trains
twenty times as long, takes what is found for the shallow network.

Run from the root of the repository with the folder of the recordings of the floor (see
``hammer_floor.py``). Finished trainings are kept in a CSV file, so that a run can be
broken off and taken up again; it prints the table kept in
``benchmarks/results/search_settings.md``:

    python benchmarks/search_settings.py FOLDER --jobs 2
"""

import argparse
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from spaces import score, views_by_space
from tasks import search_tasks

from tapsklearn import (
    ArcFaceDetector,
    AutoencoderDetector,
    CNNDetector,
    TripletDetector,
    VAEDetector,
    __version__,
)
from tapsklearn.detectors import (
    Augmentation,
    MahalanobisDistance,
    NeighborDistance,
    RandomConvDetector,
)

DETECTORS = {
    "ae": AutoencoderDetector(),
    "vae": VAEDetector(),
    "cnn-shallow": CNNDetector(),
    "triplet-shallow": TripletDetector(),
    "arcface-shallow": ArcFaceDetector(),
    "randomconv-knn": RandomConvDetector(),
}
CHANGES = {
    "as it is": {},
    "no augmentation": {"augmentation": None},
    "masks only": {"augmentation": Augmentation(time_roll=0, noise=0)},
    "lr 3e-3": {"lr": 3e-3},
    "15 epochs": {"max_epochs": 15},
    "normal boards merged": {"merge_normal": True},
    "merged, no augmentation": {"merge_normal": True, "augmentation": None},
}
JUDGES = {
    "1 neighbour": NeighborDistance(n_neighbors=1),
    "5 neighbours": NeighborDistance(),
    "Mahalanobis": MahalanobisDistance(),
}


def list_trainings():
    """Give the name of each detector and of each change that it knows."""
    for name, detector in DETECTORS.items():
        known = set(detector.get_params())
        for change, params in CHANGES.items():
            if set(params) <= known:
                yield name, change


def train_and_judge(name, change, tasks):
    """Give a row for each task, score space and judge."""
    torch.set_num_threads(1)
    rows = []
    for task in tasks:
        detector = clone(DETECTORS[name]).set_params(
            score_space="pooled", **CHANGES[change]
        )
        task.configure(detector, seed=0)
        detector.fit(task.crops[task.learnt], task.board[task.learnt])
        normal = np.isin(task.board, task.normal_boards)
        for space, view in views_by_space(detector).items():
            for judge, normality in JUDGES.items():
                if space == "reconstruction" and judge != "5 neighbours":
                    continue  # an error is its own judge
                scores = score(view, task.crops, task.learnt & normal, normality)
                auroc = roc_auc_score(~normal[task.judged], scores[task.judged])
                rows.append((name, change, task.name, space, judge, auroc))
    columns = ["method", "change", "task", "space", "judge", "auroc"]
    return pd.DataFrame(rows, columns=columns)


def print_table(results):
    """Print the best settings of each method."""
    data_set = results["task"].str.split(",").str[0]
    setting = ["method", "change", "space", "judge"]
    by_set = results.groupby([*setting, data_set])["auroc"].mean().unstack()
    by_set["mean"] = by_set.mean(axis=1)
    print(f"tapsklearn {__version__}\n")
    print(f"| {' | '.join([*setting, *by_set])} |")
    print("|" + "---|" * (len(setting) + by_set.shape[1]))
    for name in DETECTORS:
        best = by_set[by_set.index.get_level_values("method") == name]
        for key, row in best.nlargest(5, "mean").iterrows():
            print(f"| {' | '.join(key)} | {' | '.join(f'{v:.3f}' for v in row)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cells", type=Path, default=Path("search_cells.csv"))
    arguments = parser.parse_args()

    finished = set()
    if arguments.cells.exists():
        done = pd.read_csv(arguments.cells)
        finished = set(done[["method", "change"]].itertuples(index=False, name=None))
    missing = [each for each in list_trainings() if each not in finished]
    tasks = list(search_tasks(arguments.folder))
    run = joblib.Parallel(n_jobs=arguments.jobs, return_as="generator_unordered")
    for rows in run(joblib.delayed(train_and_judge)(*each, tasks) for each in missing):
        rows.to_csv(
            arguments.cells, mode="a", header=not arguments.cells.exists(), index=False
        )
    print_table(pd.read_csv(arguments.cells))


if __name__ == "__main__":
    main()
