"""Which way to score frozen features is the best on all sets, and which ideas are not.

Features of the encoder, of the spectrum and the crops, on the splits of
``data_sets.py``; the ways to score are in ``ideas.py``. No network is trained.

    python benchmarks/novelty_ideas.py RECORDINGS

writes ``benchmarks/results/novelty_ideas.md``.
"""

import argparse
import warnings

import numpy as np
import pandas as pd
import torch
from data_sets import DATA_SETS, KNOWN, ONE_CLASS, SEEDED, SMOKE, load_data_set
from features import compute_crops
from ideas import (
    ANSWER,
    CROP,
    ENCODER,
    KNOWN_WAYS,
    MIDDLE,
    ONE_CLASS_WAYS,
    SPECTRUM,
    Case,
    trusted,
)
from measuring import (
    add_recordings,
    describe_run,
    format_table,
    parse_arguments,
    write_page,
)
from sklearn.metrics import roc_auc_score

from tapsklearn.detectors import measure_trust
from tapsklearn.networks import (
    TapEncoder,
    extract_features,
    find_encoder_channels,
    fold_batch_norm,
    read_encoder_weights,
)

ASKED = tuple(name for name in DATA_SETS if name not in SMOKE)
WAYS = {ONE_CLASS: ONE_CLASS_WAYS, KNOWN: KNOWN_WAYS}
# Rows that a band is shifted by, at most, and how much faster it decays.
MOST_ROWS, MOST_DECAY = 4, 4.0
INTRODUCTION = """\
AUROC of taps / of boards, by the mean score of a board; the mean over what is held out
and over the seeds. Features are automatic. Most lost on a set: the difference to the
best of the table, of taps. The encoder was pretrained on the simulator that the
synthesized sets are of.

A way was to be kept if it is near the best on every set by one rule, without a choice
for a set. `joined` is so; the others cost more somewhere, or gain nothing. The last
maps of the encoder detect cracks in boards and lose other sounds; the two before lose
less."""


def encode(crops):
    """Return what the encoder makes of crops: its last maps, its answer, the others."""
    weights = read_encoder_weights()
    channels = find_encoder_channels(weights)
    network = TapEncoder(crops.shape[1:], channels=channels, answers=True)
    network.set_weights(weights)
    network.eval()
    fold_batch_norm(network)
    batches = torch.from_numpy(crops[:, None]).split(32)
    with torch.inference_mode():
        last, answered = (
            np.concatenate(
                [extract_features(network, each, space).numpy() for each in batches]
            )
            for space in ("pooled", "answered")
        )
    return {ENCODER: last, ANSWER: answered[:, :1], MIDDLE: answered[:, 1:]}


def add_defect(crop, rng):
    """Return a crop in which a band is shifted, decays faster, or both."""
    n_freqs, n_frames = crop.shape
    rows = np.arange(n_freqs)
    center, width = rng.uniform(0, n_freqs), rng.uniform(0.1, 0.5) * n_freqs
    band = np.exp(-(((rows - center) / width) ** 2))
    kind = rng.integers(3)
    if kind != 1:
        by = rng.uniform(1, MOST_ROWS) * rng.choice([-1, 1])
        source = np.clip(rows - by * band, 0, n_freqs - 1)
        below = np.minimum(source.astype(int), n_freqs - 2)
        part = (source - below)[:, None]
        crop = crop[below] * (1 - part) + crop[below + 1] * part
    if kind != 0:
        after = np.maximum(np.arange(n_frames) - crop.mean(axis=0).argmax(), 0)
        decay = rng.uniform(0.5, MOST_DECAY) * band[:, None] * after / n_frames
        crop = np.maximum(crop - decay, np.minimum(crop, np.quantile(crop, 0.02)))
    return crop


def add_defects(crops, *, per_take):
    """Return crops with pseudo-defects, standardized as the crops are."""
    rng = np.random.default_rng(0)
    broken = np.stack([add_defect(crop, rng) for crop in crops])
    if per_take:
        mean = broken.mean(axis=(1, 2), keepdims=True)
        broken = (broken - mean) / broken.std(axis=(1, 2), keepdims=True)
    return broken.astype(np.float32)


def compute_features(crops, words):
    """Return the features of all takes, and those with pseudo-defects."""
    crops = np.ascontiguousarray(crops, dtype=np.float32)
    features = {
        **encode(crops),
        SPECTRUM: np.concatenate([crops.mean(axis=2), crops.std(axis=2)], axis=1),
        CROP: crops.reshape(len(crops), -1),
    }
    broken = add_defects(crops, per_take=words.endswith("per take"))
    return features, encode(broken)[ENCODER]


def number(names):
    """Return a number for each name."""
    return np.unique(names, return_inverse=True)[1]


def score_boards(case, test, novelty):
    """Return the AUROC of boards, for ways to score several taps together."""
    boards = np.unique(case.board[test])
    is_bad = [~case.is_normal[test[case.board[test] == board]][0] for board in boards]
    of_board = [novelty[test[case.board[test] == board]] for board in boards]
    ways = {
        "mean score": [each.mean() for each in of_board],
        "mean of the highest half": [
            np.sort(each)[len(each) // 2 :].mean() for each in of_board
        ],
        "highest score": [each.max() for each in of_board],
        "median score": [np.median(each) for each in of_board],
        "score of the mean features": score_means(case, test, boards),
    }
    return {name: roc_auc_score(is_bad, values) for name, values in ways.items()}


def score_means(case, test, boards):
    """Score the mean features of each board's takes."""
    means = {
        part: np.stack(
            [features[test[case.board[test] == b]].mean(axis=0) for b in boards]
        )
        for part, features in case.features.items()
        if part != CROP
    }
    n_takes = len(case.board)
    whole = Case(
        {part: np.vstack([case.features[part], mean]) for part, mean in means.items()},
        case.pseudo,
        case.train,
        np.append(case.is_normal, np.ones(len(boards), bool)),
        np.append(case.board, boards),
        np.append(case.specimen, np.zeros(len(boards), int)),
    )
    return trusted(whole)[n_takes:]


def evaluate(name, folder, seed, n_splits):
    """Return the rows of one data set: of each split, question and way."""
    data = load_data_set(name, folder, seed)
    specimen = number([data.specimens[board] for board in data.board.tolist()])
    board = number(data.board)
    asked = {
        question: [split for split in data.splits if question in split.tests]
        for question in WAYS
    }
    last, features, pseudo = None, {}, np.empty(0)
    rows, of_boards, trusts = [], [], []
    for question, splits in asked.items():
        for split in splits[:n_splits]:
            crops, words = compute_crops("auto", name, folder, seed, split.train)
            if last is not crops:
                last = crops
                features, pseudo = compute_features(crops, words)
            case = Case(features, pseudo, split.train, data.is_normal, board, specimen)
            test = split.tests[question]
            is_bad = ~data.is_normal[test]
            trusts.append((name, measure_trust(features[ANSWER][case.normal])))
            for way, score in WAYS[question].items():
                novelty = score(case)
                found = score_boards(case, test, novelty)["mean score"]
                rows.append(
                    (name, question, way, roc_auc_score(is_bad, novelty[test]), found)
                )
                if score is trusted:
                    of_boards += [
                        (name, question, each, auroc)
                        for each, auroc in score_boards(case, test, novelty).items()
                    ]
    return rows, of_boards, trusts


def write_ways(rows, question):
    """Return the lines of the table of a question: taps / boards, and the losses."""
    table = rows[rows["question"] == question]
    figures = {
        value: table.pivot_table(
            index="way", columns="set", values=value, sort=False, observed=True
        )
        for value in ("tap", "board")
    }
    taps, boards = figures["tap"], figures["board"]
    lost = (taps.max() - taps).max(axis=1)
    worst = table.groupby("way")["tap"].min()
    lines = [
        [
            way,
            *(f"{taps.loc[way, s]:.3f} / {boards.loc[way, s]:.3f}" for s in taps),
            f"{taps.loc[way].mean():.3f} / {boards.loc[way].mean():.3f}",
            f"{lost[way]:.3f}",
            f"{worst[way]:.3f}",
        ]
        for way in taps.index
    ]
    header = ["way", *taps, "mean", "most lost on a set", "worst split"]
    return format_table(header, lines)


def write_boards(of_boards):
    """Return the lines of the table of ways to score several taps."""
    table = of_boards.pivot_table(
        index="way", columns=["question", "set"], values="auroc", sort=False
    )
    lines = []
    for question in table.columns.levels[0]:
        for way, values in table[question].iterrows():
            cells = [f"{value:.3f}" for value in values]
            lines.append([question, way, f"{values.mean():.3f}", min(cells)])
    return format_table(["question", "way", "mean over the sets", "worst set"], lines)


def write_trust(trusts):
    """Return the lines of the table of how far the encoder is trusted."""
    found = trusts.groupby("set", sort=False)["trust"].agg(["min", "median", "max"])
    lines = [[name, *(f"{each:.2f}" for each in row)] for name, row in found.iterrows()]
    return format_table(["set", "least", "median", "most"], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--splits", type=int, help="at most so many a question")
    parser.add_argument("--data", nargs="+", choices=ASKED, default=list(ASKED))
    arguments = parse_arguments(
        parser, quick={"seeds": 1, "splits": 1, "data": ["same_shop"]}
    )
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    rows, of_boards, trusts = [], [], []
    for name in arguments.data:
        for seed in range(arguments.seeds if name in SEEDED else 1):
            found = evaluate(name, arguments.recordings, seed, arguments.splits)
            rows += found[0]
            of_boards += found[1]
            trusts += found[2]
    rows = pd.DataFrame(rows, columns=["set", "question", "way", "tap", "board"])
    trusts = pd.DataFrame(trusts, columns=["set", "trust"])
    of_boards = pd.DataFrame(of_boards, columns=["set", "question", "way", "auroc"])
    lines = [*INTRODUCTION.splitlines()]
    for question, title in (
        (ONE_CLASS, "Normal takes alone"),
        (KNOWN, "Known defects, on other specimens or in another session"),
    ):
        lines += ["", f"## {title}", "", *write_ways(rows, question)]
    lines += [
        *("", "## How far the encoder is trusted", ""),
        "`measure_trust` of the answers to the normal takes, of all splits.",
        *("", *write_trust(trusts)),
    ]
    lines += [
        *("", "## Several taps of a board together", ""),
        "AUROC of boards, of `joined`.",
        *("", *write_boards(of_boards)),
    ]
    write_page(
        arguments.results / "novelty_ideas.md",
        "Ways to score frozen features",
        describe_run(__file__, seeds=arguments.seeds),
        lines,
    )


if __name__ == "__main__":
    main()
