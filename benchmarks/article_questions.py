"""What the article asked of its boards, answered in numbers by ``detection.py``."""

import json

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from tasks import ARTICLE_LEARNT

NORMAL = [name for name in ARTICLE_LEARNT if name.startswith("normal")]
CRACKED_LEARNT = ["abnormal 5", "abnormal 6"]
CRACKED = ["abnormal 7", "abnormal 8"]

QUESTIONS = {
    "apart": "training boards apart (1-NN accuracy)",
    "learnt": "5 + 6 from 1 + 3",
    "cracked": "7 + 8 from 1 + 3",
    "similar": "7 + 8 from the similar boards",
    "eight": "8 from 7",
    "like_normal": "the similar boards from 1 + 3",
    "alarms": "similar takes called abnormal",
}
# From where on an answer counts as a yes, and what the article answered where it did.
ENOUGH = {"apart": 0.9, "cracked": 0.8, "similar": 0.8, "eight": 0.6}
ARTICLE = {
    "ae": {"cracked": False},
    "vae": {"cracked": False},
    "cnn-shallow": {"cracked": False},
    "cnn-resnet18": {"apart": True, "cracked": False},
    "triplet-shallow": {"cracked": True, "eight": True, "similar": True},
    "triplet-resnet18": {"cracked": False},
    "arcface-shallow": {"apart": False},
    "arcface-resnet18": {"cracked": True, "eight": True, "similar": True},
}


def ask(task, detector, score, alarm):
    """Answer the article's questions with one fitted detector.

    Parameters
    ----------
    task : Task
        Of `make_article`.
    detector : detector
        Fitted on what the task learns from.
    score : ndarray of shape (n_takes,)
        Scores of all takes; higher is more normal.
    alarm : ndarray of shape (n_takes,), bool
        Which takes were called abnormal.

    Returns
    -------
    dict of str to float
        A number for each of `QUESTIONS`.
    """
    further = ~task.learnt & ~task.judged
    similar = np.char.startswith(task.board.astype(str), "similar")
    normal = further & np.isin(task.board, NORMAL)
    cracked = np.isin(task.board, CRACKED)
    embedded = detector.transform(task.crops[task.learnt | further])
    of_learnt = task.learnt[task.learnt | further]
    names = task.board[task.learnt | further]
    nearest = KNeighborsClassifier(1).fit(embedded[of_learnt], names[of_learnt])
    return {
        "apart": nearest.score(embedded[~of_learnt], names[~of_learnt]),
        "learnt": _rank(score, further & np.isin(task.board, CRACKED_LEARNT), normal),
        "cracked": _rank(score, cracked, normal),
        "similar": _rank(score, cracked, similar),
        "eight": _rank(score, task.board == "abnormal 8", task.board == "abnormal 7"),
        "like_normal": _rank(score, similar, normal),
        "alarms": float(alarm[similar].mean()),
    }


def _rank(score, upper, lower):
    """Give the AUROC of some takes, taken for abnormal, against others."""
    chosen = upper | lower
    return float(roc_auc_score(upper[chosen], -score[chosen]))


def write_questions(results, path):
    """Write the answers of each method, and where the article's were others."""
    asked = results[(results["data_set"] == "article") & results["answers"].notna()]
    answers = pd.DataFrame(
        [
            {"method": row.method, **json.loads(row.answers)}
            for row in asked.itertuples()
        ]
    )
    if not len(answers):
        return
    mean = answers.groupby("method", sort=False).mean()
    spread = answers.groupby("method", sort=False).std()
    epochs = asked.groupby("method")["epochs"].first()
    seeds = asked.groupby("method")["seed"].nunique()
    lines = [
        "# The article's questions",
        "",
        "Written by `benchmarks/detection.py`, mean ± standard deviation over the "
        'seeds. "A from B" is the AUROC of takes of A, taken for abnormal, against '
        "takes of B: 1 is all of A above all of B, 0.5 is no difference. Takes of 1, "
        "3, 5 and 6 are further takes of boards that were learnt from; 7, 8 and the "
        "similar boards (11 to 14) were not. The boards are synthesized.",
        "",
        f"| method | settings | epochs | seeds | {' | '.join(QUESTIONS.values())} |",
        "|---|---|---|---|" + "---|" * len(QUESTIONS),
    ]
    names = [name for name in [*ARTICLE, *mean.index] if not name.startswith("tuned-")]
    for name in dict.fromkeys(names):
        for settings, key in (("article", name), ("tuned", f"tuned-{name}")):
            if key in mean.index:
                cells = [
                    f"{mean.loc[key, each]:.2f} ± {spread.loc[key, each]:.2f}"
                    for each in QUESTIONS
                ]
                label = settings if name in ARTICLE else "reference"
                lines.append(
                    f"| {name} | {label} | {epochs[key] or ''} | {seeds[key]} | "
                    f"{' | '.join(cells)} |"
                )
    limits = ", ".join(f'"{QUESTIONS[key]}" {each:g}' for key, each in ENOUGH.items())
    lines += [
        *("", "## Where the article saw something else", ""),
        f"An answer is a yes from here on: {limits}. Methods with the article's own "
        "settings, but for the epochs above.",
        *("", "| method | question | article | here |", "|---|---|---|---|"),
    ]
    agreed = 0
    for name, said in ARTICLE.items():
        for key, yes in said.items():
            if name not in mean.index:
                continue
            if (mean.loc[name, key] >= ENOUGH[key]) == yes:
                agreed += 1
                continue
            lines.append(
                f"| {name} | {QUESTIONS[key]} | {'yes' if yes else 'no'} | "
                f"{'no' if yes else 'yes'}, {mean.loc[name, key]:.2f} |"
            )
    total = sum(len(said) for name, said in ARTICLE.items() if name in mean.index)
    lines += ["", f"In {agreed} of {total} answers the two agree."]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
