"""How well every method detects on unseen boards, on five data sets.

The article's eight methods with its own settings and with ours, and the references,
each trained on some boards and evaluated on others, for several seeds (of the
training, and of the boards where they are synthesized). The data sets are in
``tasks.py``; what was searched to find our settings is not reported on.

    python benchmarks/detection.py RECORDINGS --seeds 3 --jobs 2

writes ``detection.md`` and ``article_questions.md``, with what the article asked of
its boards. RECORDINGS holds the recordings of the floor and of the bottles as
``hammer-floor`` and ``bottles``. Finished trainings are kept in ``detection.csv``
beside the pages, with their machine, versions and precision, so that a run can be
broken off and taken up again.

Without a GPU, ResNet-18 is trained for 15 epochs on the floor and 5 elsewhere,
and its rows are of these; ``--device cuda`` trains its own number.
"""

import argparse
import json
import warnings

import joblib
import numpy as np
import torch
from article_questions import ask, write_questions
from measuring import (
    add_recordings,
    describe_run,
    find_origin,
    find_precision,
    format_table,
    keep_rows,
    parse_arguments,
    read_rows,
    spread_of,
    write_page,
)
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from tasks import REPORTED, report_task

from tapsklearn.detectors import article_methods, reference_methods, tuned_methods
from tapsklearn.scoring import score_takes

METHODS = {**article_methods(), **tuned_methods(), **reference_methods()}
# The most epochs of ResNet-18 on a processor; 5 elsewhere.
RESNET18_EPOCHS = {"hammer-floor": 15}
METRICS = {"AUROC": "auroc", "pAUC": "pauc", "FPR": "fpr", "TPR": "tpr"}
COLUMNS = (
    *("data_set", "seed", "method", "epochs", *METRICS.values()),
    *("answers", "failure"),
)


def needs_abnormal(name):
    return METHODS[name].__sklearn_tags__().target_tags.required


def list_cells(data_sets, names, seeds):
    """Return the data set, seed and method of every training, the quick ones first."""
    cells = [
        (data_set, seed, name)
        for data_set in data_sets
        for seed in range(seeds)
        for name in names
        # One class alone leaves nothing to separate.
        if not (needs_abnormal(name) and data_set.endswith(" good"))
    ]
    return sorted(cells, key=lambda cell: ("resnet18" in cell[2], cell[1]))


def train_and_score(data_set, seed, name, arguments):
    """Return the row of one training."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # too few takes for the rate: the table shows it
    task = report_task(data_set, arguments.recordings, seed)
    detector = task.configure(clone(METHODS[name]), seed)
    if "max_epochs" in detector.get_params():
        most = detector.max_epochs if arguments.epochs is None else arguments.epochs
        if "resnet18" in name and arguments.device == "cpu":
            most = min(most, RESNET18_EPOCHS.get(data_set, 5))
        detector.set_params(
            device=arguments.device, max_epochs=min(detector.max_epochs, most)
        )
    row = {"data_set": data_set, "seed": seed, "method": name}
    row["epochs"] = detector.get_params().get("max_epochs", 0)
    origin = find_origin("skorch", device=arguments.device)
    try:
        detector.fit(task.crops[task.train], task.board[task.train])
    except ValueError as error:
        asked = detector.get_params().get("precision", "")
        return {**row, **origin, "precision": asked, "failure": str(error)}
    found = score_takes(detector, task.crops)
    score, alarm = found["score"].to_numpy(), (found["prediction"] == -1).to_numpy()
    abnormal = ~np.isin(task.board, task.normal_boards)
    test = task.test
    row |= origin | {
        "precision": find_precision(detector),
        "auroc": roc_auc_score(abnormal[test], -score[test]),
        "pauc": roc_auc_score(abnormal[test], -score[test], max_fpr=0.1),
        "fpr": alarm[test & ~abnormal].mean(),
        "tpr": alarm[test & abnormal].mean(),
    }
    if data_set == "article":
        row["answers"] = json.dumps(ask(task, detector, score, alarm))
    return row


def format_overview(results):
    """Return the lines of a table of all methods on all data sets."""
    data_sets = [name for name in REPORTED if name in set(results["data_set"])]
    auroc = results.groupby(["method", "data_set"])["auroc"].agg(spread_of).unstack()
    mean = results.groupby(["data_set", "method"])["auroc"].mean()[data_sets[0]]
    best_first = mean.sort_values(ascending=False).index
    return [
        *("## AUROC on all data sets", ""),
        *format_table(
            ["method", *data_sets],
            [[name, *auroc.loc[name, data_sets].fillna("")] for name in best_first],
        ),
    ]


def format_data_set(data_set, results):
    """Return the lines of a table of all metrics on one data set, best method first."""
    by_method = results.groupby("method")
    rows = []
    for name in by_method["auroc"].mean().sort_values(ascending=False).index:
        of_method = by_method.get_group(name)
        failed = of_method["auroc"].isna().sum()
        seeds = f"{len(of_method)}, {failed} failed" if failed else len(of_method)
        cells = [spread_of(of_method[column]) for column in METRICS.values()]
        rows.append([name, of_method["epochs"].iloc[0] or "", seeds, *cells])
    header = ["method", "epochs", "seeds", *METRICS]
    return [*("", f"## {data_set}", ""), *format_table(header, rows)]


def write_table(results, path):
    """Write a table of all data sets, and one for each."""
    lines = [
        "Mean ± standard deviation over the seeds. AUROC, and its part below an FPR of "
        "0.1 (pAUC, scaled so that 0.5 is chance); FPR and TPR are the shares of "
        "normal and of abnormal takes that are called abnormal (false alarms and "
        "hits), with the threshold for 5 % false alarms.",
        "",
        *format_overview(results),
    ]
    for data_set in results["data_set"].unique():
        lines += format_data_set(data_set, results[results["data_set"] == data_set])
    described = describe_run(
        __file__, rows=results, seeds=int(results["seed"].max()) + 1
    )
    write_page(path, "Detection on unseen boards", described, lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="at most so many")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--data", nargs="+", choices=REPORTED, default=list(REPORTED))
    arguments = parse_arguments(
        parser,
        quick={
            "seeds": 1,
            "epochs": 1,
            "jobs": 1,
            "methods": ["crop-knn", "ae", "cnn-shallow"],
            "data": ["article", "same_shop"],
        },
    )
    path = arguments.results / "detection.csv"
    cells = list_cells(arguments.data, arguments.methods, arguments.seeds)
    done = read_rows(path, COLUMNS)[["data_set", "seed", "method"]]
    finished = set(done.itertuples(index=False, name=None))
    missing = [cell for cell in cells if cell not in finished]
    run = joblib.Parallel(n_jobs=arguments.jobs, return_as="generator_unordered")
    train = joblib.delayed(train_and_score)
    for row in run(train(*cell, arguments) for cell in missing):
        keep_rows(path, [row], COLUMNS)
    results = read_rows(path, COLUMNS)
    write_table(results, arguments.results / "detection.md")
    write_questions(results, arguments.results / "article_questions.md")


if __name__ == "__main__":
    main()
