"""How well every method detects, on recordings and on synthesized boards.

The references, PyOD's detectors and the article's eight methods with its settings and
with ours, each trained on some specimens and evaluated on others; three seeds where
something is random. Data sets and what is held out are in ``data_sets.py``, features in
``features.py``, methods in ``methods.py``, the rest in ``evaluating.py``.

    python benchmarks/detection.py RECORDINGS --untrained
    python benchmarks/detection.py RECORDINGS --minutes 80

writes ``detection.md`` and ``article_questions.md``, with what the article asked of
its boards. RECORDINGS holds a folder for each set of recordings. What is finished is
kept in ``detection.csv`` beside the pages, so that a run can be broken off and
taken up again; quick methods come first.
"""

import argparse
import time
from typing import Any

import joblib
import torch
from article_questions import write_questions
from data_sets import DATA_SETS
from detection_page import COLUMNS, write_table
from evaluating import evaluate
from features import KINDS
from measuring import add_recordings, keep_rows, parse_arguments, read_rows
from methods import RESNET18_EPOCHS, list_methods

METHODS = list_methods()
KEY = ["data_set", "features", "seed", "method"]


def list_cells(data_sets, kinds, names, seeds):
    """Return data set, features, seed and method of each cell, quick methods first."""
    cells = [
        (data_set, kind, seed, name)
        for data_set in data_sets
        for kind in kinds
        for name in names
        if METHODS[name].is_asked(data_set, kind)
        for seed in METHODS[name].list_seeds(data_set, seeds)
    ]
    order = list(DATA_SETS)
    return sorted(
        cells,
        key=lambda cell: (METHODS[cell[3]].cost, cell[2], order.index(cell[0])),
    )


def run_cell(cell: tuple, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the rows of one cell, or none if the time is over."""
    torch.set_num_threads(1)
    if arguments.until is not None and time.time() > arguments.until:
        return []
    data_set, kind, seed, name = cell
    return evaluate(
        name,
        METHODS[name],
        data_set=data_set,
        kind=kind,
        folder=arguments.recordings,
        seed=seed,
        epochs=arguments.epochs,
        resnet18_epochs=arguments.resnet18_epochs,
        device=arguments.device,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="at most so many")
    parser.add_argument("--resnet18-epochs", type=int, default=RESNET18_EPOCHS)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--minutes", type=float, help="begin nothing after so many")
    parser.add_argument(
        "--untrained", action="store_true", help="leave out the article's eight"
    )
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--data", nargs="+", choices=DATA_SETS, default=list(DATA_SETS))
    parser.add_argument("--features", nargs="+", choices=KINDS, default=list(KINDS))
    arguments = parse_arguments(
        parser,
        quick={
            "seeds": 1,
            "epochs": 1,
            "methods": ["crop-knn", "tuned-ae", "cnn-shallow"],
            "data": ["same_shop"],
            "features": ["article"],
        },
    )
    minutes = arguments.minutes
    arguments.until = None if minutes is None else time.time() + 60 * minutes
    names = [
        name
        for name in arguments.methods
        if not (arguments.untrained and METHODS[name].trains)
    ]
    path = arguments.results / "detection.csv"
    cells = list_cells(arguments.data, arguments.features, names, arguments.seeds)
    done = read_rows(path, COLUMNS)[KEY]
    finished = set(done.itertuples(index=False, name=None))
    missing = [cell for cell in cells if cell not in finished]
    run = joblib.Parallel(n_jobs=arguments.jobs, return_as="generator_unordered")
    for rows in run(joblib.delayed(run_cell)(cell, arguments) for cell in missing):
        if rows:
            keep_rows(path, rows, COLUMNS)
            print(*(rows[0][name] for name in KEY), rows[0].get("failure", ""))
    results = read_rows(path, COLUMNS)
    write_table(results, arguments.results)
    write_questions(results, arguments.results / "article_questions.md")


if __name__ == "__main__":
    main()
