"""
Your own boards
===============

From a folder of recordings to pictures and verdicts: whether the recordings are usable,
which method hears a defect on boards that it has never heard, what it says of each of
them, how many taps are enough, and a pipeline to keep. Needs the extra ``plot``:

    python examples/plot_your_own_boards.py recordings --normal "good*,new*"

`load_takes` tells how a folder can look; one with a table of its boards needs no
``--normal``. Without a folder, boards of one shop are synthesized. ``tapsklearn compare
--out`` gives much of this in one command; here is what it does, to be changed.
"""

import argparse
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from tapsklearn import LogSpectrogram, TapCrop, WavLoader
from tapsklearn.datasets import check_takes, load_takes
from tapsklearn.detectors import reference_methods, tuned_methods
from tapsklearn.inspection import (
    ComparisonDisplay,
    EmbeddingDisplay,
    RocDisplay,
    SpectrogramDisplay,
    TakeScoresDisplay,
    VerdictCurveDisplay,
    board_verdicts,
)
from tapsklearn.model_selection import (
    BoardKFold,
    compare_methods,
    count_feasible_folds,
    rank_methods,
    summarize,
)
from tapsklearn.preprocessing import TapFeatures
from tapsklearn.synthesis import make_tap_boards

parser = argparse.ArgumentParser(description="Your own boards.")
parser.add_argument("folder", metavar="FOLDER", nargs="?", help="your recordings")
parser.add_argument("--normal", metavar="PATTERNS", help="normal boards: good*,new*")
parser.add_argument("--out", metavar="DIR", type=Path, default=Path("own-boards"))
parser.add_argument("--epochs", metavar="N", type=int, default=15)
parser.add_argument("--jobs", metavar="N", type=int, default=-1, help="-1: all cores")
options = parser.parse_args()
pictures = []


def save(figure, name):
    options.out.mkdir(parents=True, exist_ok=True)
    pictures.append(options.out / f"{name}.png")
    figure.savefig(pictures[-1], dpi=120)


# %%
# The folder
# ----------
# `load_takes` says at once all that is wrong with a folder, `check_takes` what is wrong
# with each recording. What nothing can be heard in is left out here, and said so;
# whether a clipped take or one with two taps is of use, you know best.
synthesized = tempfile.TemporaryDirectory()
if options.folder is None:
    make_tap_boards(synthesized.name, scenario="same_shop", n_boards=16, n_takes=5)
folder = options.folder or synthesized.name
normal = options.normal and options.normal.split(",")
try:
    takes = load_takes(folder, normal=normal)
    problems = check_takes(folder, normal=normal, min_takes=5)
except ValueError as error:
    parser.exit(2, f"{error}\n")
print(problems.to_string(index=False) if len(problems) else "no problem was found")

useless = problems["problem"].isin(["unreadable", "silent", "no tap"])
usable = ~takes.frame["path"].isin(problems["path"][useless]).to_numpy()
if not usable.any():
    parser.exit(2, f"{folder}: no recording can be used\n")
print(f"{usable.sum()} of {len(usable)} takes are used")
paths = np.array(takes.paths)[usable]
boards, conditions = takes.board[usable], takes.condition[usable]

# %%
# What the taps look like
# -----------------------
# The first take of a normal and of an abnormal board, and the crop that is judged. Is
# the tap in the crop, and does it ring out within it?
shown = [
    list(conditions).index(condition)
    for condition in ("normal", "abnormal")
    if condition in conditions
]
waveforms = WavLoader().fit_transform(paths[shown])
crops = TapCrop().fit_transform(LogSpectrogram().fit_transform(waveforms))
figure, axes = plt.subplots(
    len(shown), 2, figsize=(13, 4 * len(shown)), squeeze=False, layout="constrained"
)
for place, (whole, close) in enumerate(axes):
    SpectrogramDisplay.from_waveform(waveforms[place], ax=whole)
    SpectrogramDisplay.from_crop(crops[place], ax=close)
    # The legends stand above at the left.
    whole.set_title(f"{conditions[shown[place]]} board", loc="right")
    close.set_title("its crop", loc="right")
save(figure, "takes")
print(f"the takes that are shown are of {', '.join(boards[shown])}")

# %%
# Which method hears it
# ---------------------
# Some of ours, and those that train nothing: what does not beat them has learnt nothing
# of use. Each fold judges boards that its training has never heard. That needs normal
# and abnormal boards; with normal ones alone a detector can be fitted, but nothing can
# tell how good it is.
tuned = tuned_methods()
methods = {name: tuned[name] for name in ("tuned-ae", "tuned-arcface-shallow")}
for method in methods.values():
    method.set_params(max_epochs=options.epochs)
methods |= reference_methods()

truth = {"normal_boards": takes.normal_boards, "specimens": takes.specimens}
# One crop a take trains in half the time of the article's two.
features = TapFeatures()
best = "tuned-ae"
try:
    n_folds = min(4, count_feasible_folds(boards, **truth))
except ValueError as error:
    n_folds = 0
    print(f"\n{error}")
    print(f"so there is no comparison and there are no verdicts; {best} is fitted")
else:
    results, scores = compare_methods(
        methods,
        paths,
        boards,
        cv=BoardKFold(n_folds, **truth),
        preprocessing=features,
        random_state=0,
        n_jobs=options.jobs,
        return_scores=True,
        **truth,
    )
    ranking = rank_methods(scores, specimens=takes.specimens)
    best = ranking.index[0]
    rates = summarize(results)[["pauc", "false_alarm_rate", "hit_rate"]]
    print("\nboards never heard, the mean of the folds and its 95 % interval:")
    table = ranking[["roc_auc", "low", "high", "as_good"]].join(rates)
    print(table.round(3).to_string())
    comparison = ComparisonDisplay.from_results(
        results, intervals=ranking, interval_label="95 % interval"
    )
    save(comparison.figure_, "comparison")
    save(RocDisplay.from_predictions(scores).figure_, "roc")

# %%
# What it says of each board
# --------------------------
# One verdict on all taps of a board, again each by a training that has never heard it,
# and how the verdicts depend on the number of taps: where the curves are level, further
# taps tell nothing new.
if n_folds:
    of_best = scores[scores["method"] == best]
    verdicts = board_verdicts(
        of_best["p_value"], of_best["board"], scores=of_best["score"]
    )
    verdicts.insert(0, "condition", of_best.groupby("board")["condition"].first())
    print(f"\nverdicts of {best}:")
    print(verdicts.round(3).to_string())
    curve = VerdictCurveDisplay.from_predictions(
        of_best["p_value"], of_best["board"], normal_boards=takes.normal_boards
    )
    curve.figure_.suptitle(f"{best}: boards never heard")
    save(curve.figure_, "taps")

# %%
# A pipeline to keep
# ------------------
# The best method once more, from files to scores, on all boards: for what you record
# next, ``pipeline.score_samples(new_paths)`` and ``pipeline.predict(new_paths)``. Its
# pictures are of boards that it has learnt from; new ones lie further out.
pipeline = make_pipeline(
    features,
    clone(methods[best]).set_params(random_state=0, **truth),
).fit(paths, boards)
drawings = {
    "scores": TakeScoresDisplay.from_estimator(
        pipeline, paths, boards, normal_boards=takes.normal_boards
    ),
    "embedding": EmbeddingDisplay.from_estimator(
        pipeline, paths, boards, normal_boards=takes.normal_boards
    ),
}
for name, drawing in drawings.items():
    drawing.figure_.suptitle(f"{best}: boards that it has learnt from")
    save(drawing.figure_, name)

synthesized.cleanup()
print(f"\n{len(pictures)} pictures in {options.out}:")
print("\n".join(f"    {path.name}" for path in pictures))
