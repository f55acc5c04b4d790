"""How fast detectors train, beside loops in plain PyTorch, and as well in bfloat16.

The article's classifier on both backbones, on synthesized crops, with the same network,
loss and batches, each way in turn:

- a plain loop as a tutorial writes it: float32, a `DataLoader`;
- the fastest loop we can write: channels last, bfloat16 where the processor has it,
  batches cut from one tensor;
- the detector, by the seconds of its epochs in its `history_`.

Then two equal fits of a `GridSearchCV`, one after the other and side by side, and the
AUROC on unseen boards of detectors trained in float32 and in bfloat16.

    python benchmarks/training_speed.py

writes ``benchmarks/results/training_speed.md``.
"""

import argparse
import contextlib
import itertools
import warnings
from statistics import median

import numpy as np
import torch
from measuring import (
    describe_run,
    format_table,
    parse_arguments,
    ratio_of,
    seconds_of,
    side_by_side,
    spread_of,
    write_page,
)
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from tasks import make_shop
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from tapsklearn.detectors import Calibration, article_methods
from tapsklearn.model_selection import anomaly_scorer
from tapsklearn.networks import ResNet18, ShallowCNN

BACKBONES = ("shallow", "resnet18")
EPOCHS = {"shallow": 10, "resnet18": 1}
PRECISION_EPOCHS = {"shallow": 30, "resnet18": 3}


def make_network(detector, input_shape, n_classes):
    """Build the network of a fitted classifier anew, with the layer of its classes."""
    size = detector.embedding_dim
    head = nn.Linear(size, n_classes)
    if detector.backbone == "resnet18":
        return nn.Sequential(ResNet18(input_shape, embedding_dim=size), head)
    batch_norm = detector.backbone == "shallow-bn"
    network = ShallowCNN(input_shape, embedding_dim=size, batch_norm=batch_norm)
    return nn.Sequential(network, nn.PReLU(), head)


def make_optimizer(detector, network):
    kinds = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    return kinds[detector.optimizer](
        network.parameters(), lr=detector.lr, weight_decay=detector.weight_decay
    )


def make_loop(detector, task, *, fast, low_precision=None):
    """Return a function that trains what the detector trains, without the detector."""
    crops = torch.from_numpy(task.crops[task.train])[:, None]
    names = task.board[task.train]
    classes = torch.from_numpy(np.unique(names, return_inverse=True)[1])

    def cut_batches():
        order = torch.randperm(len(crops))
        for chosen in order.tensor_split(-(-len(crops) // detector.batch_size)):
            yield crops[chosen], classes[chosen]

    def load_batches():
        return DataLoader(
            TensorDataset(crops, classes), batch_size=detector.batch_size, shuffle=True
        )

    def train():
        network = make_network(detector, crops.shape[2:], int(classes.max()) + 1)
        if fast:
            network.to(memory_format=torch.channels_last)
        optimizer = make_optimizer(detector, network)
        network.train()
        for _ in range(detector.max_epochs):
            for images, of_images in cut_batches() if fast else load_batches():
                optimizer.zero_grad()
                with (
                    torch.autocast("cpu", dtype=low_precision)
                    if low_precision
                    else contextlib.nullcontext()
                ):
                    output = network(images)
                nn.functional.cross_entropy(output.float(), of_images).backward()
                optimizer.step()

    return train


def configure(backbone, task, seed, **params):
    detector = clone(article_methods()[f"cnn-{backbone}"])
    return task.configure(detector, seed).set_params(**params)


def measure_speed(task, backbones, epochs, rounds):
    """Return the rows of the table of times, and the precision of the fast ways."""
    rows, precisions = [], set()
    for backbone in backbones:
        # By board nothing is held out, and all train on the same takes.
        detector = configure(
            backbone,
            task,
            0,
            max_epochs=min(EPOCHS[backbone], epochs),
            calibration=Calibration(by="board"),
            precision="auto",
        )
        training = task.crops[task.train], task.board[task.train]
        # What the processor is fast in is known once "auto" has trained.
        precision = clone(detector).set_params(max_epochs=1).fit(*training).precision_
        precisions.add(precision)
        of_epochs, whole = [], []

        def fit(detector=detector, training=training, of_epochs=of_epochs, whole=whole):
            whole.append(seconds_of(lambda: detector.fit(*training)))
            of_epochs.append(sum(epoch["seconds"] for epoch in detector.history_))

        low = torch.bfloat16 if precision == "bfloat16" else None
        plain, fast, _ = side_by_side(
            [
                make_loop(detector, task, fast=False),
                make_loop(detector, task, fast=True, low_precision=low),
                fit,
            ],
            rounds,
        )
        n_samples = detector.max_epochs * task.train.sum()
        # The first of each was to warm up.
        for way, times in (
            ("plain loop", plain),
            ("fastest loop", fast),
            ("detector, its epochs", of_epochs[1:]),
            ("detector, all of `fit`", whole[1:]),
        ):
            rate = f"{n_samples / median(times):.0f}"
            of_loops = ratio_of(plain, times), ratio_of(times, fast)
            rows.append((backbone, way, rate, *of_loops))
    return rows, ", ".join(sorted(precisions))


def measure_grid_search(task, epochs, rounds):
    """Return how long two fits take side by side, as a share of one after the other."""
    training = task.crops[task.train], task.board[task.train]
    detector = configure("shallow", task, 0, max_epochs=min(40, epochs))

    def search(n_jobs):
        GridSearchCV(
            detector,
            # The same twice, as nothing else takes the same time.
            {"lr": [detector.lr, detector.lr]},
            cv=ShuffleSplit(1, random_state=0),
            scoring=anomaly_scorer("roc_auc", normal_boards=task.normal_boards),
            n_jobs=n_jobs,
            refit=False,
        ).fit(*training)

    both, one = side_by_side([lambda: search(2), lambda: search(1)], rounds)
    return ratio_of(both, one)


def measure_precision(backbones, epochs, seeds):
    """Return the rows of the table of AUROC by precision."""
    rows = []
    for backbone in backbones:
        found = {"float32": [], "bfloat16": []}
        max_epochs = min(PRECISION_EPOCHS[backbone], epochs)
        for seed, (precision, aurocs) in itertools.product(range(seeds), found.items()):
            task = make_shop("same_shop", seed)
            detector = configure(
                backbone, task, seed, max_epochs=max_epochs, precision=precision
            ).fit(task.crops[task.train], task.board[task.train])
            scores = detector.score_samples(task.crops[task.test])
            abnormal = ~np.isin(task.board[task.test], task.normal_boards)
            aurocs.append(roc_auc_score(abnormal, -scores))
        difference = np.subtract(*found.values())
        cells = [*found.values(), difference]
        rows.append((backbone, max_epochs, *map(spread_of, cells)))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=100, help="at most so many")
    parser.add_argument("--backbones", nargs="+", choices=BACKBONES, default=BACKBONES)
    arguments = parse_arguments(
        parser, quick={"rounds": 1, "seeds": 1, "epochs": 1, "backbones": ["shallow"]}
    )
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # few takes to calibrate with: not the question
    backbones, epochs = arguments.backbones, arguments.epochs
    task = make_shop("same_shop", 0)
    rows, precision = measure_speed(task, backbones, epochs, arguments.rounds)
    write_page(
        arguments.results / "training_speed.md",
        "Training",
        describe_run(
            __file__,
            "skorch",
            precision=f'{precision} ("auto")',
            seeds=arguments.seeds,
            rounds=arguments.rounds,
        ),
        [
            f"One thread; {task.train.sum()} crops, each way in turn; median, and for "
            "ratios the least and the most of a round too. The plain loop trains in "
            f"float32, the other ways in {precision}.",
            "",
            *format_table(
                [
                    *("backbone", "way", "samples a second"),
                    *("times faster than plain", "time, of the fastest loop's"),
                ],
                rows,
            ),
            "",
            "## Two fits of a grid search",
            "",
            "Side by side (`n_jobs=2`, one thread each) they take "
            f"{measure_grid_search(task, epochs, arguments.rounds)} of the time of one "
            "after the other.",
            "",
            "## AUROC on unseen boards, by precision",
            "",
            "Mean ± standard deviation over the seeds, of a synthesized shop and of "
            "the training; the article's classifier with fewer epochs than its own.",
            "",
            *format_table(
                ["backbone", "epochs", "float32", "bfloat16", "difference"],
                measure_precision(backbones, epochs, arguments.seeds),
            ),
        ],
    )


if __name__ == "__main__":
    main()
