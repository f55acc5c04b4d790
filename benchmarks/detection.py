"""How well every method hears what it has never heard, on five data sets.

The article's eight methods with its own settings and with ours, and the references,
each trained on some boards and judged on boards never learnt from, for several seeds
(of the training, and of the boards where they are synthesized). The data sets are in
``tasks.py``; what was searched to find our settings is not reported on.

Run from the root of the repository with a folder that holds the recordings of the
floor and of the bottles as ``hammer-floor`` and ``bottles``. Finished trainings are
kept in ``benchmarks/results/detection.csv``, so that a run can be broken off and taken
up again. It writes ``detection.md``, and ``article_questions.md`` with what the article
asked of its boards, beside it:

    python benchmarks/detection.py FOLDER --seeds 3 --jobs 2

Without a GPU, ResNet-18 is trained for 15 epochs on the floor and 5 elsewhere, and
what the table says of it is of these; ``--device cuda`` trains its own number.
"""

import argparse
import json
import platform
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
import torch
from article_questions import ask, write_questions
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from tasks import REPORTED, report_task

from tapsklearn import __version__
from tapsklearn.detectors import article_methods, reference_methods, tuned_methods

RESULTS = Path(__file__).parent / "results"
METHODS = {**article_methods(), **tuned_methods(), **reference_methods()}
# The most epochs of ResNet-18 on a processor; 5 elsewhere.
RESNET18_EPOCHS = {"hammer-floor": 15}
FIGURES = {
    "AUROC": "auroc",
    "pAUC": "pauc",
    "false alarms": "false_alarms",
    "hits": "hits",
}


def needs_abnormal(name):
    return METHODS[name].__sklearn_tags__().target_tags.required


def list_cells(data_sets, names, seeds):
    """Give the data set, seed and method of every training, the quick ones first."""
    cells = [
        (data_set, seed, name)
        for data_set in data_sets
        for seed in range(seeds)
        for name in names
        # One class alone leaves nothing to tell apart.
        if not (needs_abnormal(name) and data_set.endswith(" good"))
    ]
    return sorted(cells, key=lambda cell: ("resnet18" in cell[2], cell[1]))


def train_and_judge(data_set, seed, name, folder, device):
    """Give the row of one training, with the scores of every take."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # too few takes for the rate: the table tells
    task = report_task(data_set, folder, seed)
    detector = task.configure(clone(METHODS[name]), seed)
    if "max_epochs" in detector.get_params():
        detector.set_params(device=device)
        if "resnet18" in name and device == "cpu":
            most = RESNET18_EPOCHS.get(data_set, 5)
            detector.set_params(max_epochs=min(detector.max_epochs, most))
    row = {"data_set": data_set, "seed": seed, "method": name}
    row["epochs"] = detector.get_params().get("max_epochs", 0)
    try:
        detector.fit(task.crops[task.learnt], task.board[task.learnt])
    except ValueError as error:
        return {**row, "failure": str(error)}
    score = detector.score_samples(task.crops)
    alarm = score < detector.offset_
    abnormal = ~np.isin(task.board, task.normal_boards)
    unseen = task.judged
    row |= {
        "auroc": roc_auc_score(abnormal[unseen], -score[unseen]),
        "pauc": roc_auc_score(abnormal[unseen], -score[unseen], max_fpr=0.1),
        "false_alarms": alarm[unseen & ~abnormal].mean(),
        "hits": alarm[unseen & abnormal].mean(),
    }
    if data_set == "article":
        row["answers"] = json.dumps(ask(task, detector, score, alarm))
    return row


def spread(values):
    return f"{values.mean():.3f} ± {values.std():.3f}"


def draw_overview(results):
    """Give the lines of a table of all methods on all data sets."""
    data_sets = [name for name in REPORTED if name in set(results["data_set"])]
    auroc = results.groupby(["method", "data_set"])["auroc"].agg(spread).unstack()
    best_first = results.groupby(["data_set", "method"])["auroc"].mean()[data_sets[0]]
    lines = [
        *("", "## AUROC on all data sets", ""),
        f"| method | {' | '.join(data_sets)} |",
        "|---|" + "---|" * len(data_sets),
    ]
    for name in best_first.sort_values(ascending=False).index:
        cells = auroc.loc[name, data_sets].fillna("")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def draw_data_set(data_set, results):
    """Give the lines of a table of all figures on one data set, best method first."""
    lines = [
        *("", f"## {data_set}", ""),
        f"| method | epochs | seeds | {' | '.join(FIGURES)} |",
        "|---|" + "---|" * (len(FIGURES) + 2),
    ]
    by_method = results.groupby("method")
    for name in by_method["auroc"].mean().sort_values(ascending=False).index:
        rows = by_method.get_group(name)
        cells = [spread(rows[column]) for column in FIGURES.values()]
        failed = rows["auroc"].isna().sum()
        seeds = f"{len(rows)}, {failed} failed" if failed else f"{len(rows)}"
        lines.append(
            f"| {name} | {rows['epochs'].iloc[0] or ''} | {seeds} | "
            f"{' | '.join(cells)} |"
        )
    return lines


def write_table(results, path):
    """Write a table of all data sets, and one for each."""
    lines = [
        "# Detection on boards never learnt from",
        "",
        f"Written by `benchmarks/detection.py`: tapsklearn {__version__}, torch "
        f"{torch.__version__}, scikit-learn {sklearn.__version__}, Python "
        f"{platform.python_version()}; mean ± standard deviation over the seeds. False "
        "alarms and hits at the asked 5 %.",
        *draw_overview(results),
    ]
    for data_set in results["data_set"].unique():
        lines += draw_data_set(data_set, results[results["data_set"] == data_set])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--cells", type=Path, default=RESULTS / "detection.csv")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--data", nargs="+", choices=REPORTED, default=list(REPORTED))
    arguments = parser.parse_args()

    finished = set()
    if arguments.cells.exists():
        done = pd.read_csv(arguments.cells)[["data_set", "seed", "method"]]
        finished = set(done.itertuples(index=False, name=None))
    cells = list_cells(arguments.data, arguments.methods, arguments.seeds)
    missing = [cell for cell in cells if cell not in finished]
    run = joblib.Parallel(n_jobs=arguments.jobs, return_as="generator_unordered")
    columns = [
        *("data_set", "seed", "method", "epochs", *FIGURES.values()),
        *("answers", "failure"),
    ]
    for row in run(
        joblib.delayed(train_and_judge)(*cell, arguments.folder, arguments.device)
        for cell in missing
    ):
        pd.DataFrame([row], columns=columns).to_csv(
            arguments.cells, mode="a", header=not arguments.cells.exists(), index=False
        )
    results = pd.read_csv(arguments.cells)
    write_table(results, RESULTS / "detection.md")
    write_questions(results, RESULTS / "article_questions.md")


if __name__ == "__main__":
    main()
