"""Settings of features found by the rule: what they are, and what they are worth.

Two methods that train nothing score unseen specimens, with the rule, with the article's
settings, and with each constant of the rule halved and doubled. The settings are found
from the training takes of each split, all of which are normal.
"""

import argparse
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from measuring import (
    add_recordings,
    describe_run,
    format_table,
    parse_arguments,
    spread_of,
    write_page,
)
from sklearn.metrics import roc_auc_score
from splits import SPLITS, SYNTHESIZED, Split, Takes, read_takes, split_takes

from tapsklearn import CropDetector, SpectrumDetector
from tapsklearn.detectors import MahalanobisDistance
from tapsklearn.preprocessing import (
    FeatureRule,
    Standardizer,
    TakeWarning,
    TapMeasure,
    article_features,
    choose_settings,
    find_common_gain,
    measure_takes,
    read_crops,
)

METHODS: dict[str, Callable[[], Any]] = {
    "spectrum-mahalanobis": lambda: SpectrumDetector(
        normality=MahalanobisDistance(), random_state=0
    ),
    "crop-knn": lambda: CropDetector(random_state=0),
}
OF_CROPS = (
    *("sr", "duration", "n_fft", "hop_length"),
    *("n_freqs", "n_frames", "pre_frames"),
)
ARTICLE = {name: article_features().get_params()[name] for name in (*OF_CROPS, "per")}
# What is asked of each constant.
CONSTANTS = ("span", "reach", "transform", "frames", "pre_frames")
# The settings whose values are listed.
LISTED = ("n_fft", "hop_length", "n_freqs", "n_frames", "pre_frames", "per")


@cache
def read(name: str, folder: Path, seed: int) -> tuple[Takes, dict[int, TapMeasure]]:
    """Read a set and measure its takes, once."""
    takes = read_takes(name, folder, seed=seed)
    measures, _ = measure_takes(takes.sources, input_sr=takes.sr)
    return takes, measures


@cache
def cut(name: str, folder: Path, seed: int, settings: tuple[Any, ...]) -> np.ndarray:
    """Cut the crops of a set, once for all splits that find the same settings."""
    takes, _ = read(name, folder, seed)
    crops, _ = read_crops(
        takes.sources,
        input="waveform" if takes.sr else "filename",
        input_sr=takes.sr,
        standardized=False,
        **dict(zip(OF_CROPS, settings, strict=True)),
    )
    return crops[:, 0]


def list_splits(
    name: str, folder: Path, n_seeds: int, step: int
) -> Iterator[tuple[Takes, dict[int, TapMeasure], Split, int]]:
    """List the splits of a set: each step-th of places, each seed of what has any."""
    has_seeds = name in SYNTHESIZED or name.startswith("bottles")
    for seed in range(n_seeds if has_seeds else 1):
        of_set = seed if name in SYNTHESIZED else 0
        takes, measures = read(name, folder, of_set)
        splits = split_takes(name, takes, seed=seed)
        for split in splits[:: step if len(splits) > step else 1]:
            yield takes, measures, split, of_set


def choose(
    measures: dict[int, TapMeasure], split: Split, change: dict[str, Any]
) -> dict[str, Any]:
    """Find the settings of a split, with what is changed of the rule."""
    training = [measures[row] for row in np.flatnonzero(split.train) if row in measures]
    change = dict(change)
    other_per = change.pop("other_per", False)
    found = choose_settings(training, rule=replace(FeatureRule(), **change))
    gain = find_common_gain(training, sr=found["sr"], band=found["band"])
    if other_per:
        found["per"] = "frequency" if found["per"] == "take" else "take"
    return {**found, "gain": gain}


def score(
    takes: Takes, split: Split, crops: np.ndarray, per: str
) -> dict[str, tuple[float, float]]:
    """Return the AUROC of takes and of boards, by method."""
    is_whole = ~np.isnan(crops).any(axis=(1, 2))
    train, test = split.train & is_whole, split.test & is_whole
    standardizer = Standardizer(per=per).fit(crops[train])
    of_training, of_test = (standardizer.transform(crops[of]) for of in (train, test))
    is_abnormal = ~takes.is_normal[test]
    aurocs = {}
    for method, make in METHODS.items():
        scores = -make().fit(of_training).score_samples(of_test)
        boards = (
            pd.DataFrame(
                {"board": takes.board[test], "score": scores, "abnormal": is_abnormal}
            )
            .groupby("board")
            .mean()
        )
        aurocs[method] = (
            roc_auc_score(is_abnormal, scores),
            roc_auc_score(boards["abnormal"] > 0.5, boards["score"]),
        )
    return aurocs


def measure_set(
    name: str,
    folder: Path,
    change: dict[str, Any] | None,
    *,
    n_seeds: int,
    step: int = 1,
) -> pd.DataFrame:
    """Score each split of a set; `change` is of the rule, or None for the article."""
    rows = []
    for takes, measures, split, seed in list_splits(name, folder, n_seeds, step):
        found = ARTICLE if change is None else choose(measures, split, change)
        crops = cut(name, folder, seed, tuple(found[key] for key in OF_CROPS))
        for method, (of_takes, of_boards) in score(
            takes, split, crops, found["per"]
        ).items():
            rows.append(
                {"method": method, "takes": of_takes, "boards": of_boards}
                | {"split": split.name, **found}
            )
    cut.cache_clear()
    return pd.DataFrame(rows)


def list_values(values: pd.Series) -> str:
    """List what splits found, the most common first."""
    return " / ".join(map(str, values.value_counts().index))


def span_of(values: pd.Series, digits: int, scale: float = 1.0) -> str:
    """Return the least and the most of what splits found."""
    least, most = (
        f"{scale * each:.{digits}f}" for each in (values.min(), values.max())
    )
    return least if least == most else f"{least} to {most}"


def describe_found(name: str, rows: pd.DataFrame) -> list[str]:
    """Return the row of a set in the table of what was found."""
    one = rows[rows["method"] == rows["method"].iloc[0]]
    gain = one["gain"].dropna()
    return [
        name,
        str(len(one)),
        span_of(one["ring"], 0 if one["ring"].max() > 0.01 else 1, 1e3),
        span_of(one["band"], 1, 1e-3),
        span_of(gain, 1) if len(gain) else "unknown",
        *(list_values(one[setting]) for setting in LISTED),
    ]


def of_method(rows: pd.DataFrame, method: str, name: str) -> str:
    """Return takes' AUROC over the splits, and boards' where a board is a group."""
    rows = rows[rows["method"] == method]
    cell = spread_of(rows["takes"])
    if not name.startswith("bottles"):
        cell += f" (boards {rows['boards'].mean():.3f})"
    return cell


def list_changes() -> dict[str, dict[str, Any]]:
    """List what is changed of the rule, one thing at a time."""
    usual = FeatureRule()
    changes: dict[str, dict[str, Any]] = {"the rule": {}}
    for constant in CONSTANTS:
        value = getattr(usual, constant)
        for factor in (0.5, 2):
            changed = type(value)(factor * value)
            changes[f"{constant} {changed:g} in place of {value:g}"] = {
                constant: changed
            }
    changes["share 0.5 in place of 0.9"] = {"share": 0.5}
    changes["the other per"] = {"other_per": True}
    return changes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="+", choices=SPLITS, default=list(SPLITS))
    parser.add_argument(
        "--step", type=int, default=4, help="ablations score each step-th split"
    )
    parser.add_argument(
        "--changes", type=int, help="how many ablations; if left out, all"
    )
    arguments = parse_arguments(
        parser, quick={"seeds": 1, "sets": ["same_shop"], "changes": 2}
    )
    # Of takes that bounce, which are known.
    warnings.simplefilter("ignore", TakeWarning)
    folder, n_seeds = arguments.recordings, arguments.seeds
    # Which differ by abnormal bottles, of which the rule sees nothing.
    sets = [name for name in arguments.sets if "10 bad" not in name]
    found, scored = [], []
    for name in sets:
        rule = measure_set(name, folder, {}, n_seeds=n_seeds)
        found.append(describe_found(name, rule))
        article = None
        # A clip of 46 ms does not hold the article's crop.
        if not name.startswith("bottles"):
            article = measure_set(name, folder, None, n_seeds=n_seeds)
        for method in METHODS:
            of_article = "" if article is None else of_method(article, method, name)
            scored.append([name, method, of_article, of_method(rule, method, name)])
        print(*found[-1], *scored[-len(METHODS) :], sep="\n", flush=True)
    changed = []
    for label, change in list(list_changes().items())[: arguments.changes]:
        cells = []
        for name in sets:
            rows = measure_set(
                name, folder, change, n_seeds=min(2, n_seeds), step=arguments.step
            )
            means = rows.groupby("method")["takes"].mean()
            cells.append(" / ".join(f"{means[method]:.3f}" for method in METHODS))
        changed.append([label, *cells])
        print(*changed[-1], sep=" | ", flush=True)
    usual = FeatureRule()
    write_page(
        arguments.results / "feature_rule.md",
        "Which settings of features are found, and what are they worth?",
        describe_run(__file__, seeds=n_seeds),
        [
            "One-class: all training takes are normal, and specimens (bolts: sessions) "
            "of the test set were not trained on. The length of a transform and the "
            "gain were chosen with these sets in sight, so that the column of the rule "
            "may flatter it; the other constants were not.",
            "",
            "## What is found",
            "",
            f"Ring and band are what {usual.share:.0%} of the training takes do not "
            "exceed: how long a tap rings, and the frequency below which 99 % of its "
            "energy lies. The gain is what the strength of strikes varies by; below "
            f"{usual.gain:g} dB, the level of a take counts (`per` is frequency). "
            "Where splits find different values, the most common one comes first.",
            "",
            *format_table(
                ["set", "splits", "ring (ms)", "band (kHz)", "gain (dB)", *LISTED],
                found,
            ),
            "",
            "## What it is worth",
            "",
            "AUROC of takes, mean ± deviation over the splits.",
            "",
            *format_table(
                ["set", "method", "the article's settings", "the rule"], scored
            ),
            "",
            "## Each constant, halved and doubled",
            "",
            f"AUROC of takes, {' / '.join(METHODS)}, of every {arguments.step}th split "
            "where there are many.",
            "",
            *format_table(["changed", *sets], changed),
        ],
    )


if __name__ == "__main__":
    main()
