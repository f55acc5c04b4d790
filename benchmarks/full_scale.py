"""How long the article's eight methods take on a GPU at its full scale.

Fifty boards of 30 takes with two views each, synthesized; each method with the
article's settings and its full number of epochs. The processor computes the crops, the
GPU everything else.

    python benchmarks/full_scale.py

writes ``benchmarks/results/full_scale.md``; without a GPU, an empty table that says so.
Another device, fewer epochs or fewer boards are for trying it out: what they give is
printed and not kept.
"""

import argparse
import time
import warnings

import numpy as np
import torch
from measuring import describe_machine, write_page
from sklearn.metrics import roc_auc_score

from tapsklearn import TapFeatures
from tapsklearn.detectors import article_methods
from tapsklearn.model_selection import BoardKFold
from tapsklearn.synthesis import synthesize_taps

N_PIECES, N_TAKES, SHIFTS = 25, 30, (0, 6)


def synthesize(n_pieces, n_takes, n_jobs):
    """Give crops of pieces of wood with two ends each, half of the pieces cracked."""
    return synthesize_taps(
        scenario="same_shop",
        n_boards=n_pieces,
        n_takes=n_takes,
        random_state=0,
        transformer=TapFeatures(input="waveform", shifts=SHIFTS),
        n_jobs=n_jobs,
    )


def measure(taps, device, max_epochs):
    """Give a row for each method: its epochs, its seconds and its AUROC."""
    truth = {"normal_boards": taps.normal_boards, "specimens": taps.specimens}
    learnt, judged = next(BoardKFold(5, **truth).split(taps.X, taps.board))
    abnormal = ~np.isin(taps.board[judged], taps.normal_boards)
    for name, detector in article_methods().items():
        detector.set_params(device=device, random_state=0, **truth)
        if max_epochs is not None:
            detector.set_params(max_epochs=min(detector.max_epochs, max_epochs))
        # All boards, as the article trained; then a fold, to see that it learns.
        start = time.perf_counter()
        detector.fit(taps.X, taps.board)
        seconds = time.perf_counter() - start
        detector.fit(taps.X[learnt], taps.board[learnt])
        auroc = roc_auc_score(abnormal, -detector.score_samples(taps.X[judged]))
        yield name, detector.max_epochs, seconds, auroc


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--epochs", type=int, help="at most so many")
    parser.add_argument("--pieces", type=int, default=N_PIECES)
    parser.add_argument("--takes", type=int, default=N_TAKES)
    parser.add_argument("--jobs", type=int, default=-1, help="for the synthesis")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    lines = [
        "# The article's full scale on a GPU",
        "",
        f"{2 * arguments.pieces} boards, {arguments.takes} takes, {len(SHIFTS)} views; "
        "the article's settings and epochs; AUROC on a fifth of the boards, trained on "
        f"the others. {describe_machine('torch')}; ",
        "",
        "| method | epochs | seconds to train on all boards | AUROC |",
        "|---|---|---|---|",
    ]
    if arguments.device == "cuda" and not torch.cuda.is_available():
        lines[2] += "no GPU was at hand: nothing was measured."
        lines += [f"| {name} | | | |" for name in article_methods()]
        write_page("full_scale.md", lines)
        return
    if arguments.device == "cuda":
        lines[2] += torch.cuda.get_device_name()
    total = 0.0
    taps = synthesize(arguments.pieces, arguments.takes, arguments.jobs)
    for name, epochs, seconds, auroc in measure(
        taps, arguments.device, arguments.epochs
    ):
        total += seconds
        lines.append(f"| {name} | {epochs} | {seconds:.1f} | {auroc:.3f} |")
        print(lines[-1], flush=True)
    lines.append(f"| all | | {total:.1f} | |")
    as_published = (arguments.device, arguments.epochs, arguments.pieces) == (
        "cuda",
        None,
        N_PIECES,
    )
    if as_published and arguments.takes == N_TAKES:
        write_page("full_scale.md", lines)
    else:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
