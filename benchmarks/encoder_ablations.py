"""What the encoder owes to its tasks, its materials, its size and its training.

Each variation is trained on the same taps as the encoder that ships, for fewer steps,
and evaluated frozen on all sets: on synthesized boards, which are of its simulator, and
on recordings, which are not.

    python benchmarks/encoder_ablations.py RECORDINGS --folder FOLDER --minutes 60

FOLDER holds what ``pretrain_encoder.py`` has synthesized. Finished variations are kept
in ``encoder_ablations.csv``, and a run goes on where it was broken off.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from data_sets import DATA_SETS, KNOWN, NEVER, ONE_CLASS, SMOKE
from encoder_speed import count_multiply_adds
from evaluating import evaluate
from measuring import (
    ORIGIN,
    add_recordings,
    describe_run,
    format_table,
    keep_rows,
    parse_arguments,
    read_rows,
    seconds_of,
    write_page,
)
from methods import CONTRAST, REFERENCE, Method
from pretrain_encoder import PACKAGED, parse, prepare, run, save

from tapsklearn.detectors import EncoderDetector, JoinedDetector
from tapsklearn.networks import (
    TapEncoder,
    find_encoder_channels,
    read_encoder_card,
    read_encoder_weights,
)

STEPS, PRODUCTS = 1200, 1920
# Of a crop whose cost is measured.
SHAPE = (100, 120)
SHIPPED = "as it ships"
# What each differs in from the first.
VARIATIONS: dict[str, list[str]] = {
    "all tasks": [],
    "condition alone": ["--weights", "1", "0", "0"],
    "physics alone": ["--weights", "0", "1", "0"],
    "distance alone": ["--weights", "0", "0", "1"],
    "without wood": ["--without", "wood", "board"],
    "without wide, same_shop": ["--without", "wide", "same_shop"],
    "without anything": ["--without", "anything"],
    "a third of the products": ["--products", str(PRODUCTS // 3)],
    "8, 16, 32, 64 channels": ["--channels", "8", "16", "32", "64"],
    "16000 steps": ["--steps", "16000"],
    "24, 48, 64, 96 channels": ["--channels", "24", "48", "64", "96"],
}
NOT_TRAINED = "random weights"
DETECTORS = {"encoder-knn": EncoderDetector, "joined": JoinedDetector}
COLUMNS = (
    *("variation", "steps", "products", "multiply_adds", "milliseconds"),
    *("held_out_distance", "held_out_auroc"),
    *("method", "data_set", "question", "seed", "auroc", "board_auroc"),
)


def measure_cost(weights: dict[str, Any]) -> dict[str, float]:
    """Count multiply-adds and measure milliseconds, the best of many, of one crop."""
    network = TapEncoder(SHAPE, channels=find_encoder_channels(weights)).eval()
    network.to(memory_format=torch.channels_last)
    crop = torch.zeros(1, 1, *SHAPE).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        multiply_adds = count_multiply_adds(network, crop)
        seconds = [seconds_of(lambda: network(crop)) for _ in range(100)]
    return {"multiply_adds": multiply_adds, "milliseconds": 1e3 * min(seconds)}


def run_variation(name: str, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Train a variation, unless it ships, and evaluate it on all sets."""
    if name == SHIPPED:
        path, card = PACKAGED, read_encoder_card(PACKAGED)
        about = {k: card[k] for k in ("steps", "products")}
        reached = card["reached"]
    else:
        words = [
            *(str(arguments.folder), "--name", name.replace(" ", "-")),
            *("--steps", str(arguments.steps), "--products", str(arguments.products)),
            *("--precision", arguments.precision),
            *VARIATIONS.get(name, []),
        ]
        options = parse(words)
        training = prepare(options) if name == NOT_TRAINED else run(options)
        about = {"steps": training.step, "products": options.products}
        reached = training.evaluate()
        path = arguments.folder / f"{options.name}.npz"
        save(training, path)
    weights = read_encoder_weights(path)
    about |= {
        "variation": name,
        **measure_cost(weights),
        **{k: reached[k] for k in ("held_out_distance", "held_out_auroc")},
    }
    cells = [
        (data_set, seed, method, label)
        for data_set in arguments.data
        for seed in range(3 if data_set in ("article", "same_shop", "wide") else 1)
        for method in DETECTORS
        # With one abnormal specimen, as on the floor, contrast does not count.
        for label in ("", CONTRAST)[: 1 if data_set == "hammer-floor" else 2]
    ]
    rows = []
    for data_set, seed, method, label in cells:
        detector = DETECTORS[method](weights=str(path), contrast=bool(label))
        found = evaluate(
            name + label,
            Method(detector, REFERENCE, ignores_defects=not label),
            data_set=data_set,
            kind="auto",
            folder=arguments.recordings,
            seed=seed,
            epochs=None,
            resnet18_epochs=None,
        )
        for row in found:
            question = row.get("question")
            # Known defects count with contrast, and with it alone.
            if question is None or (question == KNOWN) != bool(label):
                continue
            kept = {k: row[k] for k in (*COLUMNS, *ORIGIN) if k in row}
            rows.append({**kept, **about, "method": method})
    return rows


def write_ablations(results: pd.DataFrame, path: Path) -> None:
    """Write the page."""
    lines = [
        "Mean AUROC of single taps over splits and seeds, of two detectors that train "
        "nothing: `encoder-knn`, the distance of the encoder's features to the five "
        "nearest normal takes, and `joined`, the default. "
        "Synthesized boards (article, same_shop, wide) are of the simulator that the "
        "encoder was trained on; the variation without wood never met their material. "
        f"Variations are trained for {STEPS} steps on the taps of {PRODUCTS} products, "
        "unless they say otherwise; the one that ships for more. Multiply-adds and "
        "milliseconds are of one crop of 100 x 120 on one thread.",
        "",
    ]
    names = list(results["variation"].unique())
    first = results.drop_duplicates("variation").set_index("variation")
    rows = [
        [
            name,
            f"{first.steps[name]:.0f}",
            f"{first.multiply_adds[name] / 1e6:.1f} M",
            f"{first.milliseconds[name]:.2f}",
            f"{first.held_out_distance[name]:.3f}",
            f"{first.held_out_auroc[name]:.3f}",
        ]
        for name in names
    ]
    header = ["variation", "steps", "multiply-adds", "ms", "distance loss", "AUROC"]
    lines += [
        "On products that are held out from its own training: the loss of the "
        "distances, and the AUROC of the answer whether a specimen is defective.",
        "",
        *format_table(header, rows),
    ]
    for method in DETECTORS:
        for question in (ONE_CLASS, KNOWN, NEVER):
            asked = results[results["question"] == question]
            asked = asked[asked["method"] == method]
            if asked.empty:
                continue
            table = asked.pivot_table(
                index="variation", columns="data_set", values="auroc", sort=False
            )
            sets = [each for each in DATA_SETS if each in table.columns]
            rows = [
                [name, *(f"{table[each][name]:.3f}" for each in sets)]
                for name in names
                if name in table.index
            ]
            lines += ["", f"## {method}, {question}", ""]
            lines += format_table(["variation", *sets], rows)
    described = describe_run(__file__, rows=results)
    write_page(path, "What the encoder owes to what", described, lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--folder", type=Path, required=True, help="with the taps")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--products", type=int, default=PRODUCTS)
    parser.add_argument("--minutes", type=float, default=np.inf)
    parser.add_argument("--precision", default="float32")
    names = [SHIPPED, *VARIATIONS, NOT_TRAINED]
    parser.add_argument("--variations", nargs="+", choices=names, default=names)
    data = [each for each in DATA_SETS if each not in SMOKE]
    parser.add_argument("--data", nargs="+", choices=data, default=data)
    arguments = parse_arguments(
        parser,
        quick={
            "steps": 2,
            "products": 20,
            "variations": ["all tasks", NOT_TRAINED],
            "data": ["same_shop"],
        },
    )
    until = time.time() + 60 * arguments.minutes
    path = arguments.results / "encoder_ablations.csv"
    for name in arguments.variations:
        done = read_rows(path, COLUMNS)["variation"]
        if name not in set(done) and time.time() < until:
            keep_rows(path, run_variation(name, arguments), COLUMNS)
    results = read_rows(path, COLUMNS)
    write_ablations(results, arguments.results / "encoder_ablations.md")


if __name__ == "__main__":
    main()
