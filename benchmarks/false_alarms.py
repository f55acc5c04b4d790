"""Whether the false-alarm rate that a detector is asked for is the true one.

On synthesized boards of one shop, new for each seed: detectors are trained on 40 normal
specimens and 20 cracked ones, and score further takes of the same normal boards,
calibrated by take, and boards of unseen specimens, calibrated by board; boards are
decided on by `board_verdicts`. On recordings: the rate of takes of unseen specimens,
or of a later session, by the splits of ``data_sets.py``, with its interval.

    python benchmarks/false_alarms.py RECORDINGS --seeds 5

writes ``false_alarms.md``. What is finished is kept in ``false_alarms.csv`` beside it,
so that a run can be broken off and taken up again.
"""

import argparse
import warnings

import joblib
import numpy as np
import pandas as pd
import torch
from data_sets import KNOWN, ONE_CLASS, OTHER_KNOWN, DataSet, load_data_set
from evaluating import has_contrast
from features import KINDS, compute_crops, make_features
from measuring import (
    add_recordings,
    describe_run,
    find_origin,
    find_precision,
    format_table,
    keep_rows,
    parse_arguments,
    read_rows,
    write_page,
)
from sklearn.base import clone

from tapsklearn.detectors import Calibration, reference_methods, tuned_methods
from tapsklearn.scoring import board_verdicts
from tapsklearn.synthesis import synthesize_taps

ASKED = 0.05
# With fewer normal specimens nothing can promise 5 %: with 19 a further one has the
# lowest score of all in one case of 20.
ENOUGH_SPECIMENS = 19
N_TAKES, N_TRAINED_TAKES = 5, 4
N_RESAMPLED = 2000
METHODS = {
    **reference_methods(),
    "tuned-cnn-shallow": tuned_methods()["tuned-cnn-shallow"],
}
RECORDED = (
    *("hammer-floor", "steel-rods", "bolts-flange, gaps"),
    *("bottles, 200 good", "bottles, 50 good and 10 bad"),
)
SYNTHESIZED = "synthesized"
KEY = ["data_set", "features", "seed", "n_specimens", "method", "contrast"]
RATES = ["fpr_same", "fpr", "tpr", "fpr_board", "tpr_board"]
COLUMNS = [*KEY, *RATES, "low", "high", "n_scored"]


def configure(method, *, contrast, seed, boards, data, by, epochs):
    """Return a detector, set for the boards it is to be fitted on."""
    trained = set(boards.tolist())
    detector = clone(METHODS[method]).set_params(
        normal_boards=[each for each in data.normal_boards if each in trained],
        specimens=data.specimens,
        calibration=Calibration(by=by),
        false_alarm_rate=ASKED,
        contrast=contrast,
        random_state=seed,
    )
    if epochs is not None and "max_epochs" in detector.get_params():
        detector.set_params(max_epochs=epochs)
    return detector


def synthesize(kind, seed, n_specimens, n_unseen):
    """Return crops of a shop, its boards, and which takes train and are scored."""
    n_cracked = n_specimens // 2
    taps = synthesize_taps(
        scenario="same_shop",
        n_boards=2 * (n_specimens + n_unseen),
        n_takes=N_TAKES,
        random_state=seed,
        n_jobs=1,
    )
    specimen = taps.frame["specimen"].to_numpy()
    is_normal = taps.condition == "normal"
    sound, cracked = (
        list(dict.fromkeys(specimen[side])) for side in (is_normal, ~is_normal)
    )
    of_training = np.isin(specimen, [*sound[:n_specimens], *cracked[:n_cracked]])
    early = (taps.frame["take"] < N_TRAINED_TAKES).to_numpy()
    train = of_training & early
    data = DataSet(
        *("same_shop", taps.X, taps.board, taps.normal_boards, taps.specimens, []),
        input_sr=44100,
    )
    features = make_features(kind, data).fit(taps.X[train & is_normal])
    unseen = np.isin(specimen, [*sound[n_specimens:], *cracked[-n_unseen:]])
    return data, features.transform(taps.X), train, of_training & ~early, unseen


def measure_shop(kind, seed, n_specimens, n_unseen, methods, epochs):
    """Return the rows of one shop."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    data, crops, train, later, unseen = synthesize(kind, seed, n_specimens, n_unseen)
    rows = []
    for method in methods:
        for contrast in (False, True):
            setting = {"contrast": contrast, "seed": seed, "data": data}
            setting |= {"boards": data.board[train], "epochs": epochs}
            detector = configure(method, by="board", **setting)
            detector.fit(crops[train], data.board[train])
            alarm = detector.predict(crops) == -1
            verdicts = board_verdicts(
                detector.p_values(crops[unseen]),
                data.board[unseen],
                false_alarm_rate=ASKED,
            )["verdict"]
            called = verdicts == "abnormal"
            is_sound = np.isin(called.index, data.normal_boards)
            row = {}
            if not hasattr(detector, "max_epochs"):
                by_take = configure(method, by="take", **setting)
                by_take.fit(crops[train], data.board[train])
                same = crops[later & data.is_normal]
                row["fpr_same"] = (by_take.predict(same) == -1).mean()
            rows.append(
                {
                    **dict(zip(KEY[:4], (SYNTHESIZED, kind, seed, n_specimens))),  # noqa: B905
                    "method": method,
                    "contrast": contrast,
                    **row,
                    "fpr": alarm[unseen & data.is_normal].mean(),
                    "tpr": alarm[unseen & ~data.is_normal].mean(),
                    "fpr_board": called[is_sound].mean(),
                    "tpr_board": called[~is_sound].mean(),
                    "n_scored": 2 * n_unseen,
                    **find_origin("skorch", precision=find_precision(detector)),
                }
            )
    return rows


def measure_recorded(kind, name, method, contrast, folder, epochs):
    """Return the row of one method on recordings, with the interval of its rate."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    data = load_data_set(name, folder, 0)
    asked = (KNOWN, OTHER_KNOWN) if contrast else (ONE_CLASS,)
    alarms, sizes = [], []
    for split in data.splits:
        test = next((split.tests[each] for each in asked if each in split.tests), None)
        boards = data.board[split.train]
        if test is None or (contrast and not has_contrast(data, split)):
            continue
        crops, _ = compute_crops(kind, name, folder, 0, split.train)
        detector = configure(
            *(method,),
            contrast=contrast,
            seed=0,
            boards=boards,
            data=data,
            by="board",
            epochs=epochs,
        ).fit(crops[split.train], boards)
        normal = split.train[data.is_normal[split.train]]
        sizes.append(len({data.specimens[each] for each in data.board[normal]}))
        found = pd.DataFrame({"board": data.board[test]})
        found["alarm"] = detector.predict(crops[test]) == -1
        alarms.append(found)
    if not alarms:
        return []
    table = pd.concat(alarms, ignore_index=True)
    is_normal = table["board"].isin(data.normal_boards)
    of_specimen = table["board"].map(data.specimens)
    rates = table[is_normal].groupby(of_specimen)["alarm"].mean().to_numpy()
    resampled = np.random.default_rng(0).integers(
        len(rates), size=(N_RESAMPLED, len(rates))
    )
    low, high = np.quantile(rates[resampled].mean(axis=1), [0.025, 0.975])
    return [
        {
            **dict(zip(KEY[:3], (name, kind, 0))),  # noqa: B905
            "n_specimens": min(sizes),
            "method": method,
            "contrast": contrast,
            "fpr": rates.mean(),
            "tpr": table["alarm"][~is_normal].mean(),
            "low": low,
            "high": high,
            "n_scored": len(rates),
            **find_origin("skorch", precision=find_precision(detector)),
        }
    ]


def format_synthesized(results):
    """Return the lines on synthesized boards."""
    rows = []
    keys = ["n_specimens", "method", "contrast"]
    for (n_specimens, name, contrast), of_key in results.groupby(keys, sort=False):
        cells = [
            f"{of_key[rate].mean():.1%} ± {of_key[rate].std():.1%}"
            if of_key[rate].notna().any()
            else ""
            for rate in RATES
        ]
        switched = "on" if contrast else "off"
        rows.append([n_specimens, name, switched, of_key["seed"].nunique(), *cells])
    return [
        "## Synthesized boards",
        "",
        f"Wanted: 3 to 7 % of takes of unseen normal boards at the asked {ASKED:.0%}, "
        "and with contrast 90 % of the boards with known defects. FPR, same boards: "
        "further takes of the training boards, calibrated by take, where no network "
        "is trained once more for it. All else of unseen "
        "specimens, calibrated by board; of boards by `board_verdicts`. Mean ± "
        "standard deviation over the seeds.",
        "",
        *format_table(
            [
                *("normal specimens", "method", "contrast", "seeds"),
                *("FPR, same boards", "FPR", "TPR", "FPR of boards", "TPR of boards"),
            ],
            rows,
        ),
    ]


def format_recorded(results):
    """Return the lines on recordings."""
    rows = []
    for row in results.itertuples():
        if row.n_specimens < ENOUGH_SPECIMENS:
            holds = f"cannot be known: {row.n_specimens} normal specimens"
        elif row.low > ASKED:
            holds = "no"
        else:
            holds = "yes, as far as the interval shows"
        switched = "on" if row.contrast else "off"
        interval = f"{row.fpr:.1%} ({row.low:.1%} to {row.high:.1%})"
        cells = [row.n_scored, interval, f"{row.tpr:.1%}", holds]
        rows.append([row.data_set, row.method, switched, row.n_specimens, *cells])
    return [
        "## Recordings",
        "",
        "FPR of takes of normal specimens that were not trained on (of the bolts: of a "
        "later session), each specimen counted alike, with the 95 % interval of a "
        "bootstrap over them. Below "
        f"{ENOUGH_SPECIMENS} normal specimens to calibrate with nothing can promise "
        f"{ASKED:.0%} of takes of another specimen: its takes are alike, and the "
        "threshold lies at the worst of a few specimens at best. Contrast counts where "
        "two abnormal specimens are trained on.",
        "",
        *format_table(
            [
                *("set", "method", "contrast", "normal specimens trained on"),
                *("specimens scored", "FPR (95 %)", "TPR", f"holds {ASKED:.0%}"),
            ],
            rows,
        ),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="at most so many")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--specimens", type=int, nargs="+", default=[40])
    parser.add_argument("--unseen", type=int, default=20, help="specimens scored")
    parser.add_argument("--features", choices=KINDS[:3], default="auto")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--data", nargs="*", choices=RECORDED, default=list(RECORDED))
    arguments = parse_arguments(
        parser,
        quick={
            "seeds": 2,
            "epochs": 1,
            "specimens": [2],
            "unseen": 2,
            "features": "article",
            "methods": ["spectrum-knn", "tuned-cnn-shallow"],
            "data": [],
        },
    )
    path = arguments.results / "false_alarms.csv"
    finished = set(read_rows(path, COLUMNS)[KEY].itertuples(index=False, name=None))
    kind, epochs = arguments.features, arguments.epochs
    calls = []
    for name in arguments.data:
        for method in arguments.methods:
            for contrast in (False, True):
                if not any(
                    (row[0], row[1], *row[4:]) == (name, kind, method, contrast)
                    for row in finished
                ):
                    cell = (kind, name, method, contrast, arguments.recordings, epochs)
                    calls.append(joblib.delayed(measure_recorded)(*cell))
    for n_specimens in arguments.specimens:
        for seed in range(arguments.seeds):
            shop = (SYNTHESIZED, kind, seed, n_specimens)
            missing = [
                name
                for name in arguments.methods
                if (*shop, name, True) not in finished
            ]
            if missing:
                calls.append(
                    joblib.delayed(measure_shop)(
                        kind, seed, n_specimens, arguments.unseen, missing, epochs
                    )
                )
    run = joblib.Parallel(n_jobs=arguments.jobs, return_as="generator_unordered")
    for rows in run(calls):
        if rows:
            keep_rows(path, rows, COLUMNS)
    results = read_rows(path, COLUMNS)
    results = results[results["features"] == kind]
    is_shop = results["data_set"] == SYNTHESIZED
    lines = format_synthesized(results[is_shop])
    if not is_shop.all():
        lines += ["", *format_recorded(results[~is_shop])]
    write_page(
        arguments.results / "false_alarms.md",
        "False alarms asked for and found",
        describe_run(__file__, rows=results, seeds=arguments.seeds),
        [f"Features: {kind}.", "", *lines],
    )


if __name__ == "__main__":
    main()
