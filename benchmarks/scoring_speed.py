"""How soon one tap is scored, and how much sooner many at once.

Pipelines of `TapFeatures` and the article's classifier on both backbones, and the
autoencoder, on one thread: from a WAV file of 3 s in the page cache to a score. Each
part of it alone, and the network alone, which is the limit.

    python benchmarks/scoring_speed.py

writes ``benchmarks/results/scoring_speed.md``.
"""

import argparse
import tempfile
import warnings
from statistics import median

import torch
from measuring import (
    copy_network,
    describe_run,
    find_precision,
    format_table,
    parse_arguments,
    seconds_of,
    side_by_side,
    train_briefly,
    write_page,
)
from threadpoolctl import threadpool_limits

from tapsklearn.datasets import load_takes
from tapsklearn.networks import extract_features
from tapsklearn.synthesis import make_tap_boards

METHODS = ("ae", "cnn-shallow", "cnn-resnet18")
PARTS = (
    "one tap",
    "its features",
    "its detector",
    "the network alone",
    "a batch, each",
    "the detector of a batch, each",
)


def measure(name, takes, repeats):
    """Return milliseconds a tap of each part, and the precision of the training."""
    pipeline = train_briefly(name, takes)
    features, detector = pipeline
    crops = features.transform(takes.paths)
    network = copy_network(detector)
    images = torch.from_numpy(crops)[:, None]

    def of_tap(number):
        path, crop = takes.paths[number : number + 1], crops[number : number + 1]

        def run_network():
            with torch.inference_mode():
                extract_features(
                    network, images[number : number + 1], detector.score_space
                )

        calls = (
            lambda: pipeline.score_samples(path),
            lambda: features.transform(path),
            lambda: detector.score_samples(crop),
            run_network,
        )
        return [seconds_of(call) for call in calls]

    times = [of_tap(number % len(crops)) for number in range(repeats + 10)][10:]
    alone = [1e3 * median(part) for part in zip(*times, strict=True)]
    batches = side_by_side(
        [
            lambda: pipeline.score_samples(takes.paths),
            lambda: detector.score_samples(crops),
        ],
        max(3, repeats // 50),
    )
    in_batch = [1e3 * median(of_batch) / len(crops) for of_batch in batches]
    return [*alone, *in_batch], find_precision(detector)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--takes", type=int, default=5, help="of each board")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    arguments = parse_arguments(
        parser, quick={"repeats": 5, "takes": 1, "methods": ["ae"]}
    )
    repeats = arguments.repeats
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # few takes to calibrate with: not the question
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        make_tap_boards(
            folder, scenario="article", n_takes=arguments.takes, random_state=0
        )
        takes = load_takes(folder)
        found = {name: measure(name, takes, repeats) for name in arguments.methods}
    columns = ["method", *PARTS, "one tap, of a tap in a batch"]
    rows = [
        (name, *(f"{value:.2f}" for value in values), f"{values[0] / values[4]:.2f}")
        for name, (values, _) in found.items()
    ]
    precision = ", ".join({each for _, each in found.values()})
    write_page(
        arguments.results / "scoring_speed.md",
        "From a WAV file to a score",
        describe_run(__file__, precision=precision, seeds=1, rounds=repeats),
        [
            "One thread; median of the rounds, a tap each, in ms; batches of "
            f"{len(takes.paths)} files.",
            "",
            *format_table(columns, rows),
        ],
    )


if __name__ == "__main__":
    main()
