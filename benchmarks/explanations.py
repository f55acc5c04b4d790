"""Whether explanations show what makes a take abnormal.

In takes of normal boards that a detector was not fitted on, one band or one stretch of
time is changed (`changed_taps.py`), as little as makes the take abnormal. AUROC: how
well the values of a map rank the cells that were changed above all that were not. Rank:
each cell is replaced by that of a normal crop, as far as the map shows it (of its
positive values the largest fully), and the score rises; so it does where the same map
lies elsewhere, at 20 random places where it shares less than half with itself. Rank 1:
nowhere does it rise more.

    python benchmarks/explanations.py

writes ``benchmarks/results/explanations.md`` and ``explanations.csv``.
"""

import argparse
import time
import warnings

import numpy as np
import pandas as pd
from changed_taps import CHANGES, SR, make_cases, move_elsewhere
from measuring import (
    NOT_TRAINED,
    describe_run,
    find_origin,
    find_precision,
    format_table,
    parse_arguments,
    write_page,
)
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from tapsklearn import TapFeatures
from tapsklearn.detectors import reference_methods, tuned_methods
from tapsklearn.inspection import explain_takes, score_replaced
from tapsklearn.preprocessing import article_features
from tapsklearn.synthesis import synthesize_taps

METHODS = {**reference_methods(), **tuned_methods()}
DETECTORS = (
    *("joined", "encoder-knn", "spectrum-mahalanobis", "spectrum-knn", "crop-knn"),
    *("randomconv-knn", "tuned-ae", "tuned-vae", "tuned-cnn-shallow"),
    *("tuned-triplet-shallow", "tuned-arcface-shallow"),
)
EXPLAIN = ("mask", "distance", "gradient", "occlusion")
FEATURES = {
    "automatic": TapFeatures(input="waveform"),
    "article": article_features(input="waveform", input_sr=SR),
}
N_ELSEWHERE = 20
COLUMNS = ("features", "detector", "method", "change", "board", "auroc", "rank")


def explain_each(pipeline, cases, method):
    """Explain cases; give the explanations, and the seconds for a take."""
    started = time.perf_counter()
    waveforms = [case.waveform for case in cases]
    explanations = explain_takes(pipeline, waveforms, method=method)
    return explanations, (time.perf_counter() - started) / len(cases)


def measure_auroc(case, values):
    known = ~case.beside
    return roc_auc_score(case.changed[known], values[known])


def measure_rank(pipeline, case, values, rng):
    """Rank how much the score rises with the part shown replaced, and elsewhere."""
    positive = values.clip(min=0)
    shown = positive / (positive.max() or 1)
    parts = [shown, *move_elsewhere(shown, N_ELSEWHERE, rng)]
    (scores,) = score_replaced(pipeline, [case.waveform], np.stack(parts))
    return 1 + int((scores[1:] > scores[0]).sum())


def make_takes(n_boards):
    taps = synthesize_taps(scenario="same_shop", n_takes=5, n_boards=n_boards)
    normal = np.isin(taps.board, taps.normal_boards)
    boards = taps.normal_boards
    # Two ends of a specimen stay together.
    training = set(boards[: 2 * (len(boards) // 3)])
    fitted = ~normal | np.isin(taps.board, sorted(training))
    return taps, fitted


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--boards", type=int, default=32)
    parser.add_argument("--takes", type=int, default=6, help="takes that are changed")
    parser.add_argument("--detectors", nargs="+", choices=METHODS, default=DETECTORS)
    parser.add_argument("--features", nargs="+", choices=FEATURES, default=FEATURES)
    parser.add_argument("--changes", nargs="+", choices=CHANGES, default=CHANGES)
    arguments = parse_arguments(
        parser,
        quick={
            "boards": 12,
            "takes": 1,
            "detectors": ["joined"],
            "features": ["article"],
            "changes": list(CHANGES)[:1],
        },
    )
    warnings.simplefilter("ignore")  # few takes to calibrate with: not the question
    taps, fitted = make_takes(arguments.boards)
    unseen = [
        taps.X[np.flatnonzero(taps.board == board)[0]]
        for board in pd.unique(taps.board[~fitted])[: arguments.takes]
    ]
    rows, seconds, origins = [], {}, set()
    for name in arguments.features:
        for detector in arguments.detectors:
            pipeline = make_pipeline(
                FEATURES[name],
                METHODS[detector].set_params(
                    normal_boards=taps.normal_boards,
                    specimens=taps.specimens,
                    random_state=0,
                ),
            )
            pipeline.fit(taps.X[fitted], taps.board[fitted])
            origins.add(find_precision(pipeline[-1]))
            cases = list(make_cases(pipeline, unseen, arguments.changes))
            print(f"{name}, {detector}: {len(cases)} takes", flush=True)
            for method in EXPLAIN if cases else ():
                rng = np.random.default_rng(0)
                try:
                    explanations, took = explain_each(pipeline, cases, method)
                except ValueError:  # no distance of spectra or crops
                    continue
                seconds[name, detector, method] = took
                for row, (case, each) in enumerate(
                    zip(cases, explanations, strict=True)
                ):
                    rank = measure_rank(pipeline, case, each.values, rng)
                    auroc = measure_auroc(case, each.values)
                    rows.append((name, detector, method, case.change, row, auroc, rank))
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.assign(**find_origin()).to_csv(
        arguments.results / "explanations.csv", index=False
    )
    page = []
    for key, some in table.groupby(list(COLUMNS[:3]), sort=False):
        by_change = some.groupby("change")["auroc"].mean()
        page.append(
            [
                *key,
                len(some),
                f"{by_change.mean():.3f}",
                f"{by_change.min():.2f}",
                f"{(some['rank'] == 1).mean():.2f}",
                f"{some['rank'].mean():.1f}",
                f"{seconds[key]:.2f}",
            ]
        )
    write_page(
        arguments.results / "explanations.md",
        "Explanations",
        describe_run(
            __file__, precision=", ".join(sorted(origins - {NOT_TRAINED})), seeds=1
        ),
        [
            *__doc__.split("\n\n")[1].splitlines(),
            "AUROC is the mean over the changes, beside the worst of them; only takes",
            "that are abnormal with a change and normal without it count.",
            "",
            *format_table(
                [
                    *("features", "detector", "method", "takes", "AUROC"),
                    *("of the worst change", "rank 1", "mean rank", "s a take"),
                ],
                page,
            ),
        ],
    )


if __name__ == "__main__":
    main()
