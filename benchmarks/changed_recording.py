"""What it costs to record otherwise than the model was trained, and who says so.

Boards are recorded anew in another way: louder, softer, through a narrow band, through
a phone's codec, in another room, in noise, at another sampling rate. A model that was
trained on recordings without the change scores boards that it has never seen. For each
change: how well it ranks takes, how many false alarms there are at its threshold, how
often `find_shift` warns, and what calibrating with five normal specimens, recorded as
changed, mends.

    python benchmarks/changed_recording.py RECORDINGS

writes ``changed_recording.md``. Each change is made to the waveform and rounded to 16
bits; codecs are PyAV's (``pip install tapsklearn[phone]``). What is finished is kept in
``changed_recording.csv`` beside the page, so that a run can be broken off and taken up
again. Changes are in ``recording_changes.py``.
"""

import argparse
import copy
import time
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from changed_recording_page import write_changes
from measuring import (
    add_recordings,
    find_origin,
    find_precision,
    keep_rows,
    parse_arguments,
    read_rows,
)
from recording_changes import CHANGES, UNCHANGED
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from tapsklearn import TapFeatures
from tapsklearn.datasets import load_takes
from tapsklearn.detectors import Calibration, reference_methods, tuned_methods
from tapsklearn.preprocessing import read_take
from tapsklearn.scoring import find_shift
from tapsklearn.synthesis import synthesize_taps

KEY = ["data_set", "seed", "method"]
COLUMNS = (
    *KEY,
    *("change", "auroc", "board_auroc", "fpr", "tpr"),
    *("warning", "warning_normal", "n_boards", "n_calibration"),
    *("fpr_calibrated", "tpr_calibrated", "n_recalibrated", "failure"),
)
METHODS = ("joined", "encoder-knn", "spectrum-mahalanobis", "crop-knn")
# They are trained on boards of both conditions.
TRAINED = ("tuned-cnn-shallow", "tuned-arcface-shallow")
SYNTHESIZED = ("article", "wide")
RECORDED = ("hammer-floor", "steel-rods")
N_TAKES = 3
# Specimens, normal and abnormal: trained on, calibrated with again, scored.
N_SYNTHESIZED = {"train": (10, 3), "again": (5, 0), "test": (8, 8)}
N_RECORDED = {
    "hammer-floor": {"train": (4, 1), "again": (2, 0), "test": (2, 3)},
    "steel-rods": {"train": (2, 1), "again": (1, 0), "test": (1, 2)},
}
NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Recordings:
    """Takes of boards, each trained on, calibrated with again, or scored.

    Attributes
    ----------
    waveforms : list of ndarray
        The takes.
    sr : int
        Their sampling rate, in Hz.
    board, use : ndarray of shape (n_takes,)
        Board of each, and "train", "again" or "test".
    normal_boards : list of str
        The boards that are normal.
    specimens : dict of str to str
        Specimen of each board.
    """

    waveforms: list[np.ndarray]
    sr: int
    board: np.ndarray
    use: np.ndarray
    normal_boards: list[str]
    specimens: dict[str, str]

    @property
    def is_normal(self) -> np.ndarray:
        """Which takes are of normal boards."""
        return np.isin(self.board, self.normal_boards)


def read_recordings(name: str, folder: Path, seed: int) -> Recordings:
    """Read or synthesize takes, and deal their specimens out at random."""
    if name in SYNTHESIZED:
        # Specimens are normal and cracked in turn; some are left over.
        most = 2 * sum(normal for normal, _ in N_SYNTHESIZED.values()) + 4
        taps = synthesize_taps(
            scenario=name, n_boards=most, n_takes=N_TAKES, random_state=seed, n_jobs=1
        )
        waveforms, sr, counts = list(taps.X), 44100, N_SYNTHESIZED
    else:
        taps = load_takes(folder / name)
        sr, counts = soundfile.info(taps.paths[0]).samplerate, N_RECORDED[name]
        waveforms = [read_take(path, sr=sr) for path in taps.paths]
    rng = np.random.default_rng(seed)
    normal = set(taps.normal_boards)
    use = {}
    for side, is_normal in enumerate((True, False)):
        specimens = sorted(
            {s for board, s in taps.specimens.items() if (board in normal) == is_normal}
        )
        order = iter(rng.permutation(specimens).tolist())
        for part, numbers in counts.items():
            use |= {next(order): part for _ in range(numbers[side])}
    of_take = np.array([use.get(taps.specimens[each], "") for each in taps.board])
    rows = np.flatnonzero(of_take != "")
    return Recordings(
        [waveforms[row] for row in rows],
        sr,
        taps.board[rows],
        of_take[rows],
        [board for board in taps.normal_boards if use.get(taps.specimens[board])],
        dict(taps.specimens),
    )


@lru_cache(maxsize=1)
def compute_crops(
    name: str, folder: Path, seed: int, changes: tuple[str, ...]
) -> tuple[Recordings, np.ndarray, dict[str, Any]]:
    """Return takes, crops of those to train on, and of all others for each change."""
    takes = read_recordings(name, folder, seed)
    train = takes.use == "train"
    features = TapFeatures(input="waveform", input_sr=takes.sr)
    features.fit(
        [takes.waveforms[row] for row in np.flatnonzero(train & takes.is_normal)]
    )
    crops = features.transform([takes.waveforms[row] for row in np.flatnonzero(train)])
    changed: dict[str, Any] = {}
    for change in changes:
        rng = np.random.default_rng(seed)
        waveforms, rate = [], takes.sr
        for recorded in _choose(takes.waveforms, ~train):
            waveform, rate = CHANGES[change](recorded, takes.sr, rng)
            waveforms.append(waveform)
        of_rate = copy.deepcopy(features).set_params(input_sr=rate, on_error="nan")
        with warnings.catch_warnings():
            # Clipped, narrow and so on: that is what is asked.
            warnings.simplefilter("ignore")
            changed[change] = of_rate.transform(waveforms)
    return takes, crops, changed


def _choose(waveforms: list[np.ndarray], chosen: np.ndarray) -> list[np.ndarray]:
    return [waveforms[row] for row in np.flatnonzero(chosen)]


def run_cell(
    name: str, seed: int, method: str, arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    """Return a row for each change."""
    origin = find_origin("av", "skorch")
    row = {"data_set": name, "seed": seed, "method": method}
    takes, train, changed = compute_crops(
        name, arguments.recordings, seed, tuple(arguments.changes)
    )
    detector = {**reference_methods(), **tuned_methods()}[method]
    detector = clone(detector).set_params(
        normal_boards=takes.normal_boards,
        specimens=takes.specimens,
        calibration=Calibration(by="board"),
        random_state=seed,
    )
    if arguments.epochs and "max_epochs" in detector.get_params():
        detector.set_params(max_epochs=arguments.epochs)
    is_train = takes.use == "train"
    chosen = takes.is_normal[is_train] | (method in TRAINED)
    with warnings.catch_warnings():
        # Too few takes for the rate.
        warnings.simplefilter("ignore")
        detector.fit(train[chosen], takes.board[is_train][chosen])
        origin["precision"] = find_precision(detector)
        return [
            {**row, "change": change, **_measure(detector, takes, crops), **origin}
            for change, crops in changed.items()
        ]


def _measure(detector: Any, takes: Recordings, crops: np.ndarray) -> dict[str, Any]:
    """Measure what a change costs, and whether it is noticed."""
    new = takes.use != "train"
    use, board, is_normal = takes.use[new], takes.board[new], takes.is_normal[new]
    usable = ~np.isnan(crops).any(axis=tuple(range(1, crops.ndim)))
    test, again = usable & (use == "test"), usable & (use == "again")
    if not test.any() or is_normal[test].all() or not is_normal[test].any():
        return {"failure": "no take of it holds a tap that is found"}
    scores = np.full(len(crops), np.nan)
    scores[usable] = detector.score_samples(crops[usable])
    truth: dict[str, Any] = {"specimens": takes.specimens}
    normal = sorted(set(board[test & is_normal].tolist()))
    shift = find_shift(detector, scores[test], board[test], **truth)
    known = find_shift(
        detector, scores[test], board[test], normal_boards=normal, **truth
    )
    boards = np.unique(board[test])
    means = [-scores[test & (board == each)].mean() for each in boards]
    found = {
        "auroc": roc_auc_score(~is_normal[test], -scores[test]),
        "board_auroc": roc_auc_score(~np.isin(boards, takes.normal_boards), means),
        **_find_rates(detector, scores, test, is_normal),
        "warning": NOT_KNOWN if shift.reason else shift.direction,
        "warning_normal": NOT_KNOWN if known.reason else known.direction,
        "n_boards": shift.n_boards,
        "n_calibration": shift.n_calibration,
    }
    if again.any():
        calibrated = copy.deepcopy(detector).calibrate(crops[again], board[again])
        rates = _find_rates(calibrated, scores, test, is_normal)
        found |= {f"{rate}_calibrated": value for rate, value in rates.items()}
        found["n_recalibrated"] = len({takes.specimens[each] for each in board[again]})
    return found


def _find_rates(
    detector: Any, scores: np.ndarray, test: np.ndarray, is_normal: np.ndarray
) -> dict[str, float]:
    alarm = scores < detector.offset_
    return {
        "fpr": alarm[test & is_normal].mean(),
        "tpr": alarm[test & ~is_normal].mean(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    data_sets = [*SYNTHESIZED, *RECORDED]
    methods = [*METHODS, *TRAINED]
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="at most so many")
    parser.add_argument("--minutes", type=float, help="begin nothing after so many")
    parser.add_argument("--data", nargs="+", choices=data_sets, default=data_sets)
    parser.add_argument("--methods", nargs="+", choices=methods, default=methods)
    parser.add_argument("--changes", nargs="+", choices=CHANGES, default=list(CHANGES))
    arguments = parse_arguments(
        parser,
        quick={
            "seeds": 1,
            "epochs": 1,
            "changes": [UNCHANGED, "band up to 4 kHz"],
            "data": ["wide"],
            "methods": ["spectrum-mahalanobis", "tuned-cnn-shallow"],
        },
    )
    torch.set_num_threads(1)
    path = arguments.results / "changed_recording.csv"
    done = read_rows(path, COLUMNS)[KEY].itertuples(index=False, name=None)
    finished = set(done)
    start = time.monotonic()
    for seed in range(arguments.seeds):
        for name in arguments.data:
            for method in arguments.methods:
                if (name, seed, method) in finished:
                    continue
                seconds = time.monotonic() - start
                if arguments.minutes and seconds > 60 * arguments.minutes:
                    continue
                rows = run_cell(name, seed, method, arguments)
                keep_rows(path, rows, COLUMNS)
                took = time.monotonic() - start - seconds
                print(name, seed, method, f"{took:.0f} s", flush=True)
    write_changes(read_rows(path, COLUMNS), arguments.results, UNCHANGED)


if __name__ == "__main__":
    main()
