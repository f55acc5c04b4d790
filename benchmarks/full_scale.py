"""How long the article's eight methods take on a GPU at its full scale.

Fifty boards of 30 takes with two views each, synthesized; each method with the
article's settings and its full number of epochs. The processor computes the crops, the
GPU everything else.

    python benchmarks/full_scale.py

writes ``benchmarks/results/full_scale.md``. Another device, fewer epochs or fewer
boards are for trying it out.
"""

import argparse
import sys
import time
import warnings

import torch
from measuring import (
    describe_run,
    find_precision,
    format_table,
    parse_arguments,
    write_page,
)

from tapsklearn.detectors import article_methods
from tapsklearn.model_selection import BoardKFold, compare_methods
from tapsklearn.preprocessing import article_features
from tapsklearn.synthesis import synthesize_taps

SHIFTS = (0, 6)


class FirstFold:
    """The first of five folds."""

    def __init__(self, truth):
        self.truth = truth

    def split(self, X, y):
        yield next(BoardKFold(5, truth=self.truth).split(X, y))


def configure(arguments, truth):
    """Return the article's methods, set to the device and with its epochs or fewer."""
    methods = article_methods()
    for name in set(methods) - set(arguments.methods):
        del methods[name]
    for detector in methods.values():
        detector.set_params(
            device=arguments.device,
            normal_boards=list(truth.normal_boards),
            specimens=truth.specimens,
            random_state=0,
        )
        if arguments.epochs is not None:
            most = min(detector.max_epochs, arguments.epochs)
            detector.set_params(max_epochs=most)
    return methods


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = list(article_methods())
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--epochs", type=int, help="at most so many")
    parser.add_argument("--pieces", type=int, default=25, help="of wood, two ends each")
    parser.add_argument("--takes", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=-1, help="for the synthesis")
    parser.add_argument("--methods", nargs="+", choices=names, default=names)
    arguments = parse_arguments(
        parser,
        quick={"epochs": 1, "pieces": 10, "takes": 2, "jobs": 1, "methods": ["ae"]},
    )
    if arguments.device.startswith("cuda") and not torch.cuda.is_available():
        sys.exit("full_scale.py needs a GPU, and torch finds none")
    warnings.simplefilter("ignore")  # few takes to calibrate with: not the question
    taps = synthesize_taps(
        scenario="same_shop",
        n_boards=arguments.pieces,
        n_takes=arguments.takes,
        random_state=0,
        transformer=article_features(input="waveform", shifts=SHIFTS),
        n_jobs=arguments.jobs,
    )
    methods = configure(arguments, taps.truth)
    seconds = {}
    for name, detector in methods.items():
        start = time.perf_counter()
        detector.fit(taps.X, taps.board)
        seconds[name] = time.perf_counter() - start
    # A fold, to see that they detect.
    comparison = compare_methods(
        methods, taps.X, taps.board, truth=taps.truth, cv=FirstFold(taps.truth)
    )
    auroc = comparison.results.set_index("method")["roc_auc"]
    rows = [
        (name, methods[name].max_epochs, f"{spent:.1f}", f"{auroc[name]:.3f}")
        for name, spent in seconds.items()
    ]
    rows.append(("all", "", f"{sum(seconds.values()):.1f}", ""))
    trained_in = {find_precision(detector) for detector in methods.values()}
    write_page(
        arguments.results / "full_scale.md",
        "The article's full scale on a GPU",
        describe_run(
            __file__,
            "skorch",
            device=arguments.device,
            precision=", ".join(sorted(trained_in)),
            seeds=1,
        ),
        [
            f"Boards: {2 * arguments.pieces}, of {arguments.takes} takes with "
            f"{len(SHIFTS)} views each; the article's settings. AUROC on a fifth of "
            "the boards, trained on the others.",
            "",
            *format_table(["method", "epochs", "seconds a fit", "AUROC"], rows),
        ],
    )


if __name__ == "__main__":
    main()
