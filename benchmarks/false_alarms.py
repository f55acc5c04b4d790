"""Whether the false-alarm rate that a detector is asked for is the true one.

Synthesized boards of one shop, new for each seed: detectors learn sound boards (and
some cracked ones, where they need them) and are judged on further takes of the same
sound boards, calibrated by take, and on sound boards never heard, calibrated by board.
The hits are the share of takes of unseen cracked boards that are called abnormal. Run
from the root of the repository with the number of seeds; it prints the table kept in
``benchmarks/results/false_alarms.md``:

    python benchmarks/false_alarms.py --seeds 20 --jobs 2
"""

import argparse
import warnings

import joblib
import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from tapsklearn import (
    ArcFaceDetector,
    AutoencoderDetector,
    Calibration,
    CropDetector,
    LogSpectrogram,
    Standardizer,
    TapCrop,
    __version__,
)
from tapsklearn.synthesis import synthesize_taps

ASKED = 0.05
N_TAKES = 20
N_UNSEEN = 8
EPOCHS = {"max_epochs": 8}
METHODS = {
    "crop-knn": CropDetector(),
    "ae": AutoencoderDetector(**EPOCHS),
    "ae, pooled": AutoencoderDetector(score_space="pooled", **EPOCHS),
    "arcface-shallow": ArcFaceDetector(**EPOCHS),
}


def measure(seed, n_learnt):
    """Give the rows of the table for one shop and a number of boards learnt."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # too few takes for the rate: that is the point
    taps = synthesize_taps(
        scenario="same_shop",
        n_boards=2 * (n_learnt + N_UNSEEN),
        n_takes=N_TAKES,
        random_state=seed,
        transformer=make_pipeline(LogSpectrogram(), TapCrop(), Standardizer()),
    )
    frame = taps.frame
    one_end = (frame["end"] == frame["end"].iloc[0]).to_numpy()
    sound, cracked = (
        frame["board"][one_end & (frame["condition"] == condition)].unique()
        for condition in ("normal", "abnormal")
    )
    early = (frame["take"] <= frame["take"].median()).to_numpy()
    of_learnt = np.isin(taps.board, sound[:n_learnt])
    learnt = early & (of_learnt | np.isin(taps.board, cracked[: n_learnt // 2]))
    judged = {
        "take": of_learnt & ~early,
        "board": np.isin(taps.board, sound[n_learnt:]),
    }
    unseen_cracked = np.isin(taps.board, cracked[n_learnt:])
    rows = []
    for name, method in METHODS.items():
        for by, fresh in judged.items():
            detector = clone(method).set_params(
                normal_boards=list(sound),
                calibration=Calibration(by=by),
                false_alarm_rate=ASKED,
                random_state=seed,
            )
            detector.fit(taps.X[learnt], taps.board[learnt])
            alarms = (detector.predict(taps.X[fresh]) == -1).mean()
            hits = (detector.predict(taps.X[unseen_cracked]) == -1).mean()
            rows.append((name, by, n_learnt, alarms, hits))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--boards", type=int, nargs="+", default=[6, 20])
    arguments = parser.parse_args()
    calls = (
        joblib.delayed(measure)(seed, n_learnt)
        for n_learnt in arguments.boards
        for seed in range(arguments.seeds)
    )
    shops = joblib.Parallel(n_jobs=arguments.jobs)(calls)
    columns = ["method", "calibrated by", "normal boards", "false alarms", "hits"]
    table = pd.DataFrame([row for rows in shops for row in rows], columns=columns)
    print(
        f"tapsklearn {__version__}, {arguments.seeds} seeds, asked for {ASKED:.0%} "
        "false alarms; mean and standard error\n"
    )
    print(f"| {' | '.join(columns)} |")
    print("|" + "---|" * len(columns))
    for key, rows in table.groupby(columns[:3], sort=False):
        means, errors = rows[columns[3:]].mean(), rows[columns[3:]].sem()
        figures = (f"{means[c]:.1%} ± {errors[c]:.1%}" for c in columns[3:])
        print(f"| {' | '.join(map(str, key))} | {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
