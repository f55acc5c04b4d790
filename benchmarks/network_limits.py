"""How much arithmetic the networks need, and how much of the processor they get.

Floating-point operations of one crop forward, as torch counts them (convolutions and
matrix products), the time they take alone and in a batch as detectors score, and the
rate of a large matrix product, which is about the most that one thread can do.

    python benchmarks/network_limits.py

writes ``benchmarks/results/network_limits.md``.
"""

import argparse
from statistics import median

import torch
from measuring import (
    describe_run,
    format_table,
    parse_arguments,
    side_by_side,
    write_page,
)
from torch.utils.flop_counter import FlopCounterMode

from tapsklearn.networks import ConvAutoencoder, ResNet18, ShallowCNN, fold_batch_norm

SHAPE = (100, 120)
SIDE = 1024
# As many crops as detectors score at a time.
BATCH = 16


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parse_arguments(parser, quick={"rounds": 2})
    rounds = arguments.rounds
    torch.set_num_threads(1)
    networks = {
        "autoencoder": ConvAutoencoder(SHAPE).eval(),
        "shallow": ShallowCNN(SHAPE).eval(),
        "resnet18": ResNet18(SHAPE).eval(),
    }
    square = torch.rand(SIDE, SIDE)
    with torch.inference_mode():
        (of_product,) = side_by_side([lambda: square @ square], rounds)
        peak = 2 * SIDE**3 / median(of_product) / 1e9
        rows = []
        for name, network in networks.items():
            fold_batch_norm(network)
            network.to(memory_format=torch.channels_last)
            crops = torch.rand(BATCH, 1, *SHAPE)
            with FlopCounterMode(display=False) as counter:
                network(crops[:1])
            flops = counter.get_total_flops()
            one, batch = side_by_side(
                [
                    lambda network=network, crops=crops: network(crops[:1]),
                    lambda network=network, crops=crops: network(crops),
                ],
                rounds,
            )
            cells = [f"{flops / 1e6:.0f}"]
            for seconds in (median(one), median(batch) / BATCH):
                rate = flops / seconds / 1e9
                cells.append(f"{1e3 * seconds:.2f}")
                cells.append(f"{rate:.0f} ({100 * rate / peak:.0f} %)")
            rows.append([name, *cells])
    rate = "Gflop a second, of the product"
    columns = [
        *("network", "Mflop a crop", "one crop, ms", rate),
        *(f"in a batch of {BATCH}, ms", rate),
    ]
    write_page(
        arguments.results / "network_limits.md",
        "Arithmetic of the networks",
        describe_run(__file__, rounds=rounds),
        [
            f"One thread, in float32. A product of two matrices of {SIDE} x {SIDE}: "
            f"{peak:.0f} Gflop a second.",
            "",
            *format_table(columns, rows),
        ],
    )


if __name__ == "__main__":
    main()
