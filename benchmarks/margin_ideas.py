"""Which ideas of the field make the methods that are trained on boards better.

Sub-centers, a scale without a search, and mixed takes, each against the method of
`tuned_methods` that it changes, on the splits of ``data_sets.py`` with known defects;
the ideas are in ``margin_methods.py``.

    python benchmarks/margin_ideas.py RECORDINGS

writes ``margin_ideas.md``. What is finished is kept in ``margin_ideas.csv`` beside it,
and a run goes on where it was broken off.
"""

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from data_sets import KNOWN, DataSet, Split, load_data_set
from features import compute_crops
from margin_methods import PLAIN, SMALLEST_SCALE, SUB_CENTERS, list_ideas
from measuring import (
    add_recordings,
    describe_run,
    find_origin,
    find_precision,
    format_table,
    keep_rows,
    parse_arguments,
    read_rows,
    spread_of,
    write_page,
)
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from tapsklearn.detectors import Calibration, ContrastScore, NeighborDistance

DATA = (
    *("article", "same_shop", "wide", "bolts-flange, gaps", "steel-rods"),
    "bottles, 50 good and 10 bad",
)
CONTRAST, NOVELTY = "with contrast", "novelty alone"
KEY = ["data_set", "seed", "method", "idea"]
COLUMNS = (*KEY, "epochs", "fold", "score", "auroc", "board_auroc", "scale", "seconds")
# What counts as a gain in AUROC, at least.
LEAST_GAIN = 0.005
INTRODUCTION = f"""\
AUROC of taps / of boards that were not trained on, with known defects: specimens with
the same kind of defect were trained on. The mean over what is held out and over the
seeds, ± the standard deviation over the seeds; on the bolts and the rods seeds change
the training alone. Features are automatic. The encoder that all begin with was
pretrained on the simulator that article, same_shop and wide are of. Epochs of training:
{{epochs}}.

- sub-centers: each class has {SUB_CENTERS} centres, and a take belongs to the nearest
  (sub-center ArcFace).
- AdaCos: no margin, and cosines scaled by √2 log(C - 1) for C classes, or by what each
  batch gives. All normal boards are one class and there are few others, so that the
  scale is small; two classes count as three, and the scale of a batch is at least
  {SMALLEST_SCALE}.
- mixup: crops of a batch are mixed in pairs before the encoder, and the losses of both
  classes in the same shares, which are of Beta(alpha, alpha).

An idea pays if it gains more AUROC of taps than 0.005 and than the standard deviation
of the gain over the seeds on two sets or more, and nowhere loses more than that. What
pays in neither table is not in the package."""


def score(
    detector: Any, data: DataSet, split: Split, crops: np.ndarray
) -> dict[str, np.ndarray]:
    """Fit a detector, and score the takes of a split with contrast and without.

    Both are of one training; what only thresholds need is left out.
    """
    train, test = split.train, split.tests[KNOWN]
    chosen = set(data.board[train].tolist())
    detector.set_params(
        normal_boards=[each for each in data.normal_boards if each in chosen],
        specimens=data.specimens,
        calibration=Calibration(by=data.calibration_by),
    )
    detector.fit(crops[train], data.board[train])
    specimens = [data.specimens[board] for board in data.board[train].tolist()]
    contrast = ContrastScore().fit(
        detector.transform(crops[train]),
        data.is_normal[train],
        np.unique(specimens, return_inverse=True)[1],
        lambda features, specimens: NeighborDistance().fit(features),
    )
    embedded = detector.transform(crops[test])
    return {
        CONTRAST: contrast.score_samples(embedded),
        NOVELTY: detector.normality_.score_samples(embedded),
    }


def measure(data: DataSet, test: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Compute the AUROC of taps, and of boards by their mean score."""
    boards, of_take = np.unique(data.board[test], return_inverse=True)
    of_board = np.bincount(of_take, scores) / np.bincount(of_take)
    return {
        "auroc": roc_auc_score(~data.is_normal[test], -scores),
        "board_auroc": roc_auc_score(~np.isin(boards, data.normal_boards), -of_board),
    }


def evaluate(
    detector: Any, data_set: str, seed: int, arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    """Return the rows of one idea on one set: of each split and score."""
    data = load_data_set(data_set, arguments.recordings, seed)
    rows = []
    for split in data.list_splits(KNOWN):
        # As all methods with networks, on the brief splits alone.
        if not split.brief:
            continue
        crops, _ = compute_crops(
            "auto", data_set, arguments.recordings, seed, split.train
        )
        fitted = clone(detector).set_params(random_state=seed)
        fitted.set_params(max_epochs=min(fitted.max_epochs, arguments.epochs))
        start = time.process_time()
        scores = score(fitted, data, split, crops)
        row = {
            "epochs": fitted.max_epochs,
            "fold": split.fold,
            "scale": float(fitted.criterion_weights_.get("scale", np.nan)),
            "seconds": round(time.process_time() - start, 1),
            **find_origin(
                *("skorch", "pytorch-metric-learning"), precision=find_precision(fitted)
            ),
        }
        rows += [
            {**row, "score": name, **measure(data, split.tests[KNOWN], each)}
            for name, each in scores.items()
        ]
    return rows


def find_gains(of_score: pd.DataFrame) -> pd.DataFrame:
    """Return what each idea gains in AUROC of taps, by set and seed."""
    table = of_score.pivot_table(
        index=["data_set", "seed"], columns=["method", "idea"], values="auroc"
    )
    return pd.DataFrame(
        {
            (method, idea): table[method, idea] - table[method, PLAIN]
            for method, idea in list_ideas()
            if idea != PLAIN and (method, idea) in table
        }
    )


def write_score(of_score: pd.DataFrame) -> list[str]:
    """Return the lines on one score: AUROC, gains, and what pays."""
    data_sets = [name for name in DATA if name in set(of_score["data_set"])]
    lines = []
    for (method, idea), rows in of_score.groupby(["method", "idea"], sort=False):
        # Over the splits first, so that what spreads is the seeds.
        by_set = {
            name: each.groupby("seed")[["auroc", "board_auroc"]].mean()
            for name, each in rows.groupby("data_set")
        }
        cells = [
            f"{spread_of(each['auroc'])} / {each['board_auroc'].mean():.3f}"
            for each in (by_set[name] for name in data_sets)
        ]
        mean = np.mean([each["auroc"].mean() for each in by_set.values()])
        lines.append([method, idea, *cells, f"{mean:.3f}"])
    gained = []
    for (method, idea), gains in find_gains(of_score).items():
        by_set = gains.groupby("data_set")
        # As they are shown, to three digits.
        mean, spread = by_set.mean().round(3), by_set.std().fillna(0).round(3)
        least = spread.clip(lower=LEAST_GAIN)
        n_gained, n_lost = (mean > least).sum(), (-mean > least).sum()
        cells = [f"{mean[name]:+.3f} ± {spread[name]:.3f}" for name in data_sets]
        overall = f"{by_set.mean().mean():+.3f}"
        pays = "yes" if n_gained >= 2 and not n_lost else "no"
        gained.append([method, idea, *cells, overall, n_gained, n_lost, pays])
    header = ["method", "idea", *data_sets, "mean"]
    return [
        *format_table(header, lines),
        *("", "Gains in AUROC of taps over the method as it is:", ""),
        *format_table([*header, "gains on", "loses on", "pays"], gained),
    ]


def write_scales(rows: pd.DataFrame) -> list[str]:
    """Return the lines of the table of scales at the end of the training."""
    scaled = rows.dropna(subset="scale")
    table = scaled.pivot_table(index="idea", columns="data_set", values="scale")
    table = table[[name for name in DATA if name in table]]
    return format_table(
        ["idea", *table],
        [[idea, *(f"{each:.2f}" for each in row)] for idea, row in table.iterrows()],
    )


def write_ideas(rows: pd.DataFrame, folder: Path) -> None:
    """Write the page of all rows."""
    lines = INTRODUCTION.format(epochs=rows["epochs"].max()).splitlines()
    for name, title in (
        (CONTRAST, "With contrast, as trained methods are evaluated on known defects"),
        (NOVELTY, "Without contrast: the distance to the nearest normal takes"),
    ):
        of_score = rows[rows["score"] == name]
        lines += ["", f"## {title}", "", *write_score(of_score)]
    lines += ["", "## Scale of AdaCos at the end", "", *write_scales(rows)]
    described = describe_run(__file__, rows=rows, seeds=int(rows["seed"].max()) + 1)
    title = "Further ideas for methods that are trained on boards"
    write_page(folder / "margin_ideas.md", title, described, lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30, help="at most so many")
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    arguments = parse_arguments(
        parser, quick={"seeds": 1, "epochs": 1, "data": ["same_shop"]}
    )
    torch.set_num_threads(1)
    # Takes that are cut, or too few for a rate of false alarms.
    warnings.simplefilter("ignore")
    path = arguments.results / "margin_ideas.csv"
    done = set(read_rows(path, COLUMNS)[KEY].itertuples(index=False, name=None))
    for data_set in arguments.data:
        for seed in range(arguments.seeds):
            for (method, idea), detector in list_ideas().items():
                key = (data_set, seed, method, idea)
                if key in done:
                    continue
                found = evaluate(detector, data_set, seed, arguments)
                of_cell = dict(zip(KEY, key, strict=True))
                keep_rows(path, [{**of_cell, **row} for row in found], COLUMNS)
                print(*key)
    write_ideas(read_rows(path, COLUMNS), arguments.results)


if __name__ == "__main__":
    main()
