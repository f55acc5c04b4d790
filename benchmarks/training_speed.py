"""How fast detectors train, beside loops in plain PyTorch, and as well in bfloat16.

The article's classifier on both backbones, on synthesized crops, with the same network,
loss and batches, each way in turn:

- a plain loop as a tutorial writes it: float32, a `DataLoader`;
- the fastest loop we can write: channels last, bfloat16 where the processor has it,
  batches cut from one tensor;
- the detector, as its `history_` tells the seconds of its epochs.

Then two equal fits of a `GridSearchCV`, one after the other and side by side, and the
AUROC on boards never learnt from of detectors trained in float32 and in bfloat16.

    python benchmarks/training_speed.py

writes ``benchmarks/results/training_speed.md``.
"""

import argparse
import contextlib
import warnings
from statistics import median

import numpy as np
import torch
from measuring import describe_machine, ratio_of, seconds_of, side_by_side, write_page
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from tasks import make_shop
from torch.utils.data import DataLoader, TensorDataset

from tapsklearn.detectors import Calibration, article_methods
from tapsklearn.detectors._training import _has_bfloat16
from tapsklearn.model_selection import anomaly_scorer

BACKBONES = ("shallow", "resnet18")
EPOCHS = {"shallow": 10, "resnet18": 1}
PRECISION_EPOCHS = {"shallow": 30, "resnet18": 3}


def make_loop(detector, task, *, fast, epochs):
    """Give a function that trains what the detector trains, without the detector."""
    crops = torch.from_numpy(task.crops[task.learnt])[:, None]
    names = task.board[task.learnt]
    classes = torch.from_numpy(np.unique(names, return_inverse=True)[1])
    low_precision = torch.bfloat16 if fast and _has_bfloat16("cpu") else None

    def cut_batches():
        order = torch.randperm(len(crops))
        for chosen in order.tensor_split(-(-len(crops) // detector.batch_size)):
            yield crops[chosen], classes[chosen]

    def load_batches():
        return DataLoader(
            TensorDataset(crops, classes), batch_size=detector.batch_size, shuffle=True
        )

    def train():
        network = detector._make_network(tuple(crops.shape[2:]))
        criterion = detector._make_criterion(int(classes.max()) + 1)
        if fast:
            network.to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(
            [*network.parameters(), *criterion.parameters()],
            lr=detector.lr,
            weight_decay=detector.weight_decay,
        )
        network.train()
        for _ in range(epochs):
            for images, of_images in cut_batches() if fast else load_batches():
                optimizer.zero_grad()
                with (
                    torch.autocast("cpu", dtype=low_precision)
                    if low_precision
                    else contextlib.nullcontext()
                ):
                    output = network(images)
                criterion(output.float(), of_images).backward()
                optimizer.step()

    return train


def configure(backbone, task, seed, **params):
    detector = clone(article_methods()[f"cnn-{backbone}"])
    return task.configure(detector, seed).set_params(**params)


def measure_speed(task, rounds):
    """Give the rows of the table of times."""
    rows = []
    for backbone in BACKBONES:
        # By board nothing is held out, and all train on the same takes.
        detector = configure(
            backbone,
            task,
            0,
            max_epochs=EPOCHS[backbone],
            calibration=Calibration(by="board"),
            precision="auto",
        )
        epochs = detector.max_epochs
        of_epochs, whole = [], []

        def fit(detector=detector, of_epochs=of_epochs, whole=whole):
            learnt = task.crops[task.learnt], task.board[task.learnt]
            whole.append(seconds_of(lambda: detector.fit(*learnt)))
            of_epochs.append(sum(epoch["seconds"] for epoch in detector.history_))

        plain, fast, _ = side_by_side(
            [
                make_loop(detector, task, fast=False, epochs=epochs),
                make_loop(detector, task, fast=True, epochs=epochs),
                fit,
            ],
            rounds,
        )
        n_samples = epochs * task.learnt.sum()
        # The first of each was to warm up.
        for way, times in (
            ("plain loop", plain),
            ("fastest loop", fast),
            ("detector, its epochs", of_epochs[1:]),
            ("detector, all of `fit`", whole[1:]),
        ):
            rows.append(
                f"| {backbone} | {way} | {n_samples / median(times):.0f} | "
                f"{ratio_of(plain, times)} | {ratio_of(times, fast)} |"
            )
    return rows


def measure_grid_search(task, rounds):
    """Give how long two fits take side by side, as a share of one after the other."""
    learnt = task.crops[task.learnt], task.board[task.learnt]
    detector = configure("shallow", task, 0, max_epochs=4 * EPOCHS["shallow"])

    def search(n_jobs):
        GridSearchCV(
            detector,
            # The same twice, as nothing else takes the same time.
            {"lr": [detector.lr, detector.lr]},
            cv=ShuffleSplit(1, random_state=0),
            scoring=anomaly_scorer("roc_auc", normal_boards=task.normal_boards),
            n_jobs=n_jobs,
            refit=False,
        ).fit(*learnt)

    both, one = side_by_side([lambda: search(2), lambda: search(1)], rounds)
    return ratio_of(both, one)


def measure_precision(seeds):
    """Give the rows of the table of AUROC by precision."""
    rows = []
    for backbone in BACKBONES:
        found = {"float32": [], "bfloat16": []}
        for seed in range(seeds):
            task = make_shop("same_shop", seed)
            for precision, aurocs in found.items():
                detector = configure(
                    backbone,
                    task,
                    seed,
                    max_epochs=PRECISION_EPOCHS[backbone],
                    precision=precision,
                ).fit(task.crops[task.learnt], task.board[task.learnt])
                scores = detector.score_samples(task.crops[task.judged])
                abnormal = ~np.isin(task.board[task.judged], task.normal_boards)
                aurocs.append(roc_auc_score(abnormal, -scores))
        cells = [f"{np.mean(a):.3f} ± {np.std(a, ddof=1):.3f}" for a in found.values()]
        difference = np.subtract(*found.values())
        rows.append(
            f"| {backbone} | {PRECISION_EPOCHS[backbone]} | {' | '.join(cells)} | "
            f"{difference.mean():+.3f} ± {difference.std(ddof=1):.3f} |"
        )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # few takes to calibrate with: not the question
    task = make_shop("same_shop", 0)
    has_bfloat16 = _has_bfloat16("cpu")
    write_page(
        "training_speed.md",
        [
            "# Training",
            "",
            "Written by `benchmarks/training_speed.py`: "
            f"{describe_machine('torch', 'skorch', 'scikit-learn')}; one thread; "
            f"{'with' if has_bfloat16 else 'without'} bfloat16 of its own. "
            f"{task.learnt.sum()} crops, {arguments.rounds} rounds, in turn; median, "
            "and for ratios the least and the most of a round too.",
            "",
            "| backbone | way | samples a second | times faster than plain | "
            "time, of the fastest loop's |",
            "|---|---|---|---|---|",
            *measure_speed(task, arguments.rounds),
            "",
            "## Two fits of a grid search",
            "",
            "Side by side (`n_jobs=2`, one thread each) they take "
            f"{measure_grid_search(task, arguments.rounds)} of the time of one after "
            "the other.",
            "",
            "## AUROC on boards never learnt from, by precision",
            "",
            f"{arguments.seeds} seeds of a synthesized shop and of the training, the "
            "article's classifier with fewer epochs than its own.",
            "",
            "| backbone | epochs | float32 | bfloat16 | difference |",
            "|---|---|---|---|---|",
            *measure_precision(arguments.seeds),
        ],
    )


if __name__ == "__main__":
    main()
