"""The search for the settings of ``tuned_methods()``.

Every candidate is a detector as it is by default with one thing changed. It is
trained on each task of the search (two splits of one half of the floor's places, two
synthesized shops), and each training is scored in every score space with each
estimator of normality. A setting is worth the mean of its AUROC on the floor and in the
shops. What comes out is reported on elsewhere: see ``detection.py``. ResNet-18, which
trains twenty times as long, takes what is found for the shallow network.

    python benchmarks/search_settings.py RECORDINGS --jobs 2

writes ``benchmarks/results/search_settings.md``; RECORDINGS holds the folder
``hammer-floor``. Finished trainings are kept in ``search_settings.csv`` beside it, so
that a run can be broken off and taken up again.
"""

import argparse

import joblib
import numpy as np
import torch
from measuring import (
    add_recordings,
    describe_run,
    find_origin,
    find_precision,
    format_table,
    keep_rows,
    parse_arguments,
    read_rows,
    write_page,
)
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from spaces import extract, find_spaces, score
from tasks import search_tasks

from tapsklearn import (
    ArcFaceDetector,
    AutoencoderDetector,
    CNNDetector,
    TripletDetector,
    VAEDetector,
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
NORMALITIES = {
    "1 neighbour": NeighborDistance(n_neighbors=1),
    "5 neighbours": NeighborDistance(),
    "Mahalanobis": MahalanobisDistance(),
}
SEED = 0
COLUMNS = ("method", "change", "task", "space", "normality", "auroc")


def list_trainings():
    """Return the name of each detector and of each change that it knows."""
    for name, detector in DETECTORS.items():
        known = set(detector.get_params())
        for change, params in CHANGES.items():
            if set(params) <= known:
                yield name, change


def train_and_score(name, change, tasks, epochs):
    """Return a row for each task, score space and estimator of normality."""
    torch.set_num_threads(1)
    rows = []
    for task in tasks:
        detector = clone(DETECTORS[name]).set_params(
            score_space="pooled", **CHANGES[change]
        )
        task.configure(detector, SEED)
        if epochs is not None and "max_epochs" in detector.get_params():
            detector.set_params(max_epochs=min(detector.max_epochs, epochs))
        detector.fit(task.crops[task.train], task.board[task.train])
        origin = find_origin("skorch", precision=find_precision(detector))
        normal = np.isin(task.board, task.normal_boards)
        for space in find_spaces(detector):
            features = extract(detector, task.crops, space)
            for normality, estimator in NORMALITIES.items():
                if space == "reconstruction" and normality != "5 neighbours":
                    continue  # an error needs none
                scores = score(features, space, task.train & normal, estimator)
                auroc = roc_auc_score(~normal[task.test], scores[task.test])
                cell = (name, change, task.name, space, normality, auroc)
                rows.append(dict(zip(COLUMNS, cell, strict=True)) | origin)
    return rows


def format_best(results):
    """Return the lines of a table of the best settings of each method."""
    data_set = results["task"].str.split(",").str[0]
    setting = ["method", "change", "space", "normality"]
    by_set = results.groupby([*setting, data_set])["auroc"].mean().unstack()
    by_set["mean"] = by_set.mean(axis=1)
    rows = []
    for name in DETECTORS:
        best = by_set[by_set.index.get_level_values("method") == name]
        for key, row in best.nlargest(5, "mean").iterrows():
            rows.append([*key, *(f"{value:.3f}" for value in row)])
    return format_table([*setting, *by_set], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--epochs", type=int, help="at most so many")
    parser.add_argument("--trainings", type=int, help="no more than so many")
    arguments = parse_arguments(parser, quick={"jobs": 1, "epochs": 1, "trainings": 1})
    path = arguments.results / "search_settings.csv"
    done = read_rows(path, COLUMNS)[["method", "change"]]
    finished = set(done.itertuples(index=False, name=None))
    missing = [each for each in list_trainings() if each not in finished]
    missing = missing[: arguments.trainings]
    tasks = list(search_tasks(arguments.recordings / "hammer-floor"))
    run = joblib.Parallel(n_jobs=arguments.jobs, return_as="generator_unordered")
    train = joblib.delayed(train_and_score)
    for rows in run(train(*each, tasks, arguments.epochs) for each in missing):
        keep_rows(path, rows, COLUMNS)
    results = read_rows(path, COLUMNS)
    write_page(
        arguments.results / "search_settings.md",
        "The search for the tuned settings",
        describe_run(__file__, rows=results, seeds=1),
        [
            "The five best settings of each method: mean AUROC over the splits of the "
            "floor and over the shops, one seed of the training.",
            "",
            *format_best(results),
        ],
    )


if __name__ == "__main__":
    main()
