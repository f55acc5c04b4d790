"""How long `EncoderDetector` takes to fit on crops, and to score one.

On one thread, without the features: 1,000 takes of 50 boards, with crops of several
shapes. Beside them the network alone, in the same batches, which is the limit, and
its multiply-adds.

    python benchmarks/encoder_speed.py

writes ``benchmarks/results/encoder_speed.md``.
"""

import argparse
from statistics import median

import numpy as np
import torch
from measuring import (
    copy_network,
    describe_run,
    format_table,
    parse_arguments,
    seconds_of,
    side_by_side,
    write_page,
)
from threadpoolctl import threadpool_limits

from tapsklearn.detectors import EncoderDetector
from tapsklearn.networks import extract_features

SHAPES = ((56, 72), (100, 120), (200, 104))
N_BOARDS = 50
# As the detector has them.
BATCH = 16
COLUMNS = (
    "crop",
    "multiply-adds, millions",
    "fit, s",
    "the network alone, s",
    "score of one, ms",
    "the network alone, ms",
)


def count_multiply_adds(network, images):
    """Return those of the convolutions for one crop."""
    counts = []
    hooks = [
        layer.register_forward_hook(
            lambda layer, _, maps: counts.append(
                layer.weight.numel() * maps.shape[2] * maps.shape[3]
            )
        )
        for layer in network.modules()
        if isinstance(layer, torch.nn.Conv2d)
    ]
    network(images)
    for hook in hooks:
        hook.remove()
    return sum(counts)


def measure(shape, n_takes, rounds, repeats):
    """Return a row of the table."""
    rng = np.random.default_rng(0)
    crops = rng.normal(size=(n_takes, *shape)).astype(np.float32)
    boards = np.arange(n_takes) % N_BOARDS
    detector = EncoderDetector(random_state=0)
    fitted = EncoderDetector(random_state=0).fit(crops, boards)
    network = copy_network(fitted)
    images = torch.from_numpy(crops)[:, None]

    def run(images):
        with torch.inference_mode():
            for batch in images.split(BATCH):
                extract_features(network, batch, fitted.score_space)

    fits, runs = side_by_side(
        [lambda: detector.fit(crops, boards), lambda: run(images)], rounds
    )
    times = [
        (
            seconds_of(lambda row=row: fitted.score_samples(crops[row : row + 1])),
            seconds_of(lambda row=row: run(images[row : row + 1])),
        )
        for row in (number % n_takes for number in range(repeats + 10))
    ][10:]
    one, alone = (1e3 * median(of) for of in zip(*times, strict=True))
    with torch.inference_mode():
        multiply_adds = count_multiply_adds(network, images[:1])
    return (
        "{} x {}".format(*shape),
        f"{multiply_adds / 1e6:.1f}",
        f"{median(fits):.2f}",
        f"{median(runs):.2f}",
        f"{one:.2f}",
        f"{alone:.2f}",
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--takes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=300, help="scores of one take")
    arguments = parse_arguments(
        parser, quick={"takes": 2 * N_BOARDS, "rounds": 1, "repeats": 5}
    )
    torch.set_num_threads(1)
    with threadpool_limits(limits=1):
        rows = [
            measure(shape, arguments.takes, arguments.rounds, arguments.repeats)
            for shape in SHAPES
        ]
    write_page(
        arguments.results / "encoder_speed.md",
        "To fit the encoder's detector, and to score with it",
        describe_run(__file__, rounds=arguments.rounds),
        [
            f"One thread; `fit` on {arguments.takes} takes of {N_BOARDS} boards, the "
            "median of the rounds; `score_samples` of one take, the median of "
            f"{arguments.repeats}.",
            "",
            *format_table(COLUMNS, rows),
        ],
    )


if __name__ == "__main__":
    main()
