"""What the article asked of its boards, answered in numbers by ``detection.py``."""

import json

import numpy as np
import pandas as pd
from measuring import describe_run, format_table, spread_of, write_page
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from splits import ARTICLE_TRAINING

NORMAL = [name for name in ARTICLE_TRAINING if name.startswith("normal")]
CRACKED_TRAINING = ["abnormal 5", "abnormal 6"]
CRACKED = ["abnormal 7", "abnormal 8"]

QUESTIONS = {
    "apart": "training boards apart (1-NN accuracy)",
    "trained": "5 + 6 from 1 + 3",
    "cracked": "7 + 8 from 1 + 3",
    "similar": "7 + 8 from the similar boards",
    "eight": "8 from 7",
    "like_normal": "the similar boards from 1 + 3",
    "alarms": "FPR on the similar boards",
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


def ask(data_set, split, crops, detector, score, alarm):
    """Answer the article's questions with one fitted detector.

    Parameters
    ----------
    data_set : DataSet
        Of `split_article`.
    split : Split
        Its split with cracked boards in the training.
    crops : ndarray of shape (n_takes, n_freqs, n_frames)
        Of all takes.
    detector : detector
        Fitted on the training takes of the split.
    score : ndarray of shape (n_takes,)
        Scores of all takes; higher is more normal.
    alarm : ndarray of shape (n_takes,), bool
        Which takes were called abnormal.

    Returns
    -------
    dict of str to float
        A number for each of `QUESTIONS`.
    """
    board = data_set.board
    train = np.zeros(len(board), dtype=bool)
    train[split.train] = True
    of_training = np.isin(board, ARTICLE_TRAINING)
    further = of_training & ~train
    similar = np.char.startswith(board.astype(str), "similar")
    normal = further & np.isin(board, NORMAL)
    cracked = np.isin(board, CRACKED)
    embedded = detector.transform(crops[of_training])
    in_training = train[of_training]
    names = board[of_training]
    nearest = KNeighborsClassifier(1).fit(embedded[in_training], names[in_training])
    return {
        "apart": nearest.score(embedded[~in_training], names[~in_training]),
        "trained": _rank(score, further & np.isin(board, CRACKED_TRAINING), normal),
        "cracked": _rank(score, cracked, normal),
        "similar": _rank(score, cracked, similar),
        "eight": _rank(score, board == "abnormal 8", board == "abnormal 7"),
        "like_normal": _rank(score, similar, normal),
        "alarms": float(alarm[similar].mean()),
    }


def _rank(score, upper, lower):
    """Return the AUROC of some takes, as abnormal ones, against others."""
    chosen = upper | lower
    return float(roc_auc_score(upper[chosen], -score[chosen]))


def write_questions(results, path):
    """Write the answers of each method, and where the article's were others."""
    asked = results[results["answers"].notna()]
    if not len(asked):
        return
    # By their order, which is that of the questions: names of questions may change.
    answers = pd.DataFrame(
        [json.loads(each).values() for each in asked["answers"]],
        columns=list(QUESTIONS),
    )
    by_method = answers.groupby(asked["method"].to_numpy(), sort=False)
    mean = by_method.mean()
    spread = by_method.agg(lambda values: spread_of(values, 2))
    epochs = asked.groupby("method")["epochs"].first()
    seeds = asked.groupby("method")["seed"].nunique()
    lines = [
        "Mean ± standard deviation over the seeds. "
        '"A from B" is the AUROC of takes of A, as abnormal ones, against '
        "takes of B: 1 is all of A above all of B, 0.5 is no difference. Takes of 1, "
        "3, 5 and 6 are further takes of training boards; 7, 8 and the "
        "similar boards (11 to 14) are unseen. FPR is the share of takes that are "
        "called abnormal. The boards are synthesized.",
        "",
    ]
    rows = []
    names = [name for name in [*ARTICLE, *mean.index] if not name.startswith("tuned-")]
    for name in dict.fromkeys(names):
        for settings, key in (("article", name), ("tuned", f"tuned-{name}")):
            if key in mean.index:
                label = settings if name in ARTICLE else "reference"
                numbers = (epochs[key] or "", seeds[key])
                rows.append([name, label, *numbers, *spread.loc[key, list(QUESTIONS)]])
    header = ["method", "settings", "epochs", "seeds", *QUESTIONS.values()]
    lines += format_table(header, rows)
    limits = ", ".join(f'"{QUESTIONS[key]}" {each:g}' for key, each in ENOUGH.items())
    lines += [
        *("", "## Where the article found something else", ""),
        f"An answer is a yes from here on: {limits}. Methods with the article's own "
        "settings, but for the epochs above.",
        "",
    ]
    agreed, rows = 0, []
    for name, answered in ARTICLE.items():
        for key, yes in answered.items():
            if name not in mean.index:
                continue
            if (mean.loc[name, key] >= ENOUGH[key]) == yes:
                agreed += 1
                continue
            here = f"{'no' if yes else 'yes'}, {mean.loc[name, key]:.2f}"
            rows.append([name, QUESTIONS[key], "yes" if yes else "no", here])
    lines += format_table(["method", "question", "article", "here"], rows)
    total = sum(len(each) for name, each in ARTICLE.items() if name in mean.index)
    lines += ["", f"In {agreed} of {total} answers the two agree."]
    described = describe_run(
        "detection.py", rows=asked, seeds=int(asked["seed"].max()) + 1
    )
    write_page(path, "The article's questions", described, lines)
