"""Whether the false-alarm rate that a detector is asked for is the true one.

Synthesized boards of one shop, new for each seed: detectors are trained on sound boards
(and some cracked ones, where they need them) and score further takes of the same sound
boards, calibrated by take, and unseen sound boards, calibrated by board. The hits are
the share of takes of unseen cracked boards that are called abnormal.

    python benchmarks/false_alarms.py --seeds 10 --jobs 2

writes ``benchmarks/results/false_alarms.md``.
"""

import argparse
import warnings

import joblib
import numpy as np
import pandas as pd
import torch
from measuring import (
    NOT_TRAINED,
    describe_run,
    find_precision,
    format_table,
    parse_arguments,
    write_page,
)
from sklearn.base import clone

from tapsklearn import (
    ArcFaceDetector,
    AutoencoderDetector,
    Calibration,
    CropDetector,
    TapFeatures,
)
from tapsklearn.scoring import score_takes
from tapsklearn.synthesis import synthesize_taps

ASKED = 0.05
N_TAKES = 20
N_UNSEEN = 8
METHODS = {
    "crop-knn": CropDetector(),
    "ae": AutoencoderDetector(),
    "ae, pooled": AutoencoderDetector(score_space="pooled"),
    "arcface-shallow": ArcFaceDetector(),
}
KEYS = ["method", "calibrated by", "normal boards"]
RATES = ["FPR", "TPR"]


def measure(seed, n_boards, epochs):
    """Return the rows of one shop and a number of normal training boards."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # too few takes for the rate: that is the point
    taps = synthesize_taps(
        scenario="same_shop",
        n_boards=2 * (n_boards + N_UNSEEN),
        n_takes=N_TAKES,
        random_state=seed,
        transformer=TapFeatures(input="waveform"),
    )
    frame = taps.frame
    one_end = (frame["end"] == frame["end"].iloc[0]).to_numpy()
    sound, cracked = (
        frame["board"][one_end & (frame["condition"] == condition)].unique()
        for condition in ("normal", "abnormal")
    )
    early = (frame["take"] <= frame["take"].median()).to_numpy()
    same_boards = np.isin(taps.board, sound[:n_boards])
    train = early & (same_boards | np.isin(taps.board, cracked[: n_boards // 2]))
    fresh = {
        "take": same_boards & ~early,
        "board": np.isin(taps.board, sound[n_boards:]),
    }
    unseen_cracked = np.isin(taps.board, cracked[n_boards:])
    rows = []
    for name, method in METHODS.items():
        for by, normal in fresh.items():
            detector = clone(method).set_params(
                normal_boards=list(sound),
                calibration=Calibration(by=by),
                false_alarm_rate=ASKED,
                random_state=seed,
            )
            if "max_epochs" in detector.get_params():
                detector.set_params(max_epochs=epochs)
            detector.fit(taps.X[train], taps.board[train])
            rates = [
                (score_takes(detector, taps.X[chosen])["prediction"] == -1).mean()
                for chosen in (normal, unseen_cracked)
            ]
            rows.append((name, by, n_boards, *rates, find_precision(detector)))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--boards", type=int, nargs="+", default=[6, 20])
    arguments = parse_arguments(
        parser, quick={"seeds": 2, "epochs": 1, "jobs": 1, "boards": [2]}
    )
    calls = (
        joblib.delayed(measure)(seed, n_boards, arguments.epochs)
        for n_boards in arguments.boards
        for seed in range(arguments.seeds)
    )
    shops = joblib.Parallel(n_jobs=arguments.jobs)(calls)
    table = pd.DataFrame(
        [row for rows in shops for row in rows], columns=[*KEYS, *RATES, "precision"]
    )
    rows = []
    for key, of_key in table.groupby(KEYS, sort=False):
        means, deviations = of_key[RATES].mean(), of_key[RATES].std()
        cells = (f"{means[c]:.1%} ± {deviations[c]:.1%}" for c in RATES)
        rows.append([*key, *cells])
    trained_in = table["precision"][table["precision"] != NOT_TRAINED]
    write_page(
        arguments.results / "false_alarms.md",
        "False alarms asked for and found",
        describe_run(
            __file__,
            "skorch",
            precision=", ".join(trained_in.unique()),
            seeds=arguments.seeds,
        ),
        [
            f"Asked for {ASKED:.0%} false alarms; mean ± standard deviation over the "
            f"seeds; networks trained for {arguments.epochs} epochs. FPR is the share "
            "of normal takes that are called abnormal (false alarms): of further takes "
            "of the training boards by take, of unseen boards by board. TPR is that of "
            "takes of unseen cracked boards (hits).",
            "",
            *format_table([*KEYS, *RATES], rows),
        ],
    )


if __name__ == "__main__":
    main()
