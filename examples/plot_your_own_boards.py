"""
Your own boards
===============

From a folder of recordings to figures and verdicts: whether the recordings are usable,
which method detects a defect on unseen boards, its verdict on each of them, how many
taps are enough, and a pipeline to keep. Needs the extra ``plot``:

    python examples/plot_your_own_boards.py recordings --normal "good*,new*"

`load_takes` documents how a folder can look; one with a table of its boards needs no
``--normal``. Without a folder, boards of one shop are synthesized. ``tapsklearn compare
--out`` does much of this in one command; this is how to do it in Python, to be changed.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from tapsklearn.datasets import check_takes, load_takes
from tapsklearn.detectors import reference_methods, tuned_methods
from tapsklearn.inspection import (
    EmbeddingDisplay,
    SpectrogramDisplay,
    TakeScoresDisplay,
    save_figures,
)
from tapsklearn.model_selection import compare_methods, count_feasible_folds
from tapsklearn.preprocessing import (
    TapFeatures,
    WavLoader,
)
from tapsklearn.synthesis import make_tap_boards

parser = argparse.ArgumentParser(description="Your own boards.")
parser.add_argument("folder", metavar="FOLDER", nargs="?", help="your recordings")
parser.add_argument("--normal", metavar="PATTERNS", help="normal boards: good*,new*")
parser.add_argument("--out", metavar="DIR", type=Path, default=Path("own-boards"))
parser.add_argument(
    "--boards", metavar="N", type=int, default=16, help="to synthesize without a folder"
)
parser.add_argument("--epochs", metavar="N", type=int, default=15)
parser.add_argument("--jobs", metavar="N", type=int, default=-1, help="-1: all cores")
options = parser.parse_args()

# %%
# The folder
# ----------
# `load_takes` reports at once all that is wrong with a folder, `check_takes` what is
# wrong with each recording. Recordings without a tap are left out here; whether a
# clipped take or one with two taps is of use, you know best.
synthesized = tempfile.TemporaryDirectory()
if options.folder is None:
    make_tap_boards(
        synthesized.name, scenario="same_shop", n_boards=options.boards, n_takes=5
    )
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
paths, boards = np.array(takes.paths)[usable], takes.board[usable]
normal_boards = [board for board in takes.truth.normal_boards if board in boards]
truth = replace(takes.truth, normal_boards=normal_boards)

# %%
# What a tap looks like
# ---------------------
# The first take, with the crop that is scored. Is the tap in the crop, and does it ring
# out within it?
options.out.mkdir(parents=True, exist_ok=True)
features = TapFeatures(normal_boards=normal_boards).fit(paths, boards)
print(f"features: {features.describe()}")
settings = features.settings_
waveform = WavLoader(sr=settings["sr"]).fit_transform(paths[:1])[0]
names = ("sr", "n_fft", "hop_length", "n_freqs", "n_frames", "pre_frames")
display = SpectrogramDisplay.from_waveform(
    waveform, **{name: settings[name] for name in names}
)
display.figure_.savefig(options.out / "first-take.png", dpi=120)

# %%
# Which method detects the defect
# -------------------------------
# Some of ours, and those that train nothing: a method that does not beat them has
# learned nothing of use. Each fold is scored on boards that are unseen in its training.
# That needs normal and abnormal boards; with normal ones alone a detector can be
# fitted, but nothing can show how good it is.
tuned = tuned_methods()
methods = {name: tuned[name] for name in ("tuned-ae", "tuned-arcface-shallow")}
for method in methods.values():
    method.set_params(max_epochs=options.epochs)
methods |= reference_methods()

best = "tuned-ae"
try:
    n_folds = min(4, count_feasible_folds(boards, truth=truth))
except ValueError as error:
    comparison = None
    print(f"\n{error}")
    print(f"so there is no comparison and there are no verdicts; {best} is fitted")
else:
    comparison = compare_methods(
        methods,
        paths,
        boards,
        truth=truth,
        cv=n_folds,
        preprocessing=features,
        random_state=0,
        n_jobs=options.jobs,
        return_estimators=True,
    )
    best = comparison.best
    print("\nunseen boards, the mean of the folds and its 95 % interval:")
    columns = ["roc_auc", "low", "high", "tied"]
    print(comparison.ranking()[columns].round(3).to_string())
    print(comparison.conclusion())

# %%
# Verdicts and figures
# --------------------
# One verdict on all taps of a board, again each by a training without it. Of the
# figures, ``taps.png`` shows how the verdicts depend on the number of taps: where its
# curves are level, further taps add nothing.
if comparison is not None:
    print(f"\nverdicts of {best}:")
    print(comparison.verdicts().round(3).to_string())
    comparison.to_csv(options.out)
    save_figures(comparison, options.out)

# %%
# A pipeline to keep
# ------------------
# The best method once more, from files to scores, trained on all boards: for new
# recordings, ``pipeline.score_samples(paths)`` and ``pipeline.predict(paths)``.
# Its figures are of boards that it was trained on; new ones lie further out.
pipeline = make_pipeline(
    features,
    clone(methods[best]).set_params(
        random_state=0, normal_boards=truth.normal_boards, specimens=truth.specimens
    ),
).fit(paths, boards)
displays = {
    "pipeline-scores": TakeScoresDisplay.from_estimator(
        pipeline, paths, boards, truth=truth
    ),
    "pipeline-embedding": EmbeddingDisplay.from_estimator(
        pipeline, paths, boards, truth=truth
    ),
}
for name, display in displays.items():
    display.figure_.suptitle(f"{best}: boards that it was trained on")
    display.figure_.savefig(options.out / f"{name}.png", dpi=120)

synthesized.cleanup()
figures = sorted(path.name for path in options.out.glob("*.png"))
print(f"\n{len(figures)} figures in {options.out}:")
print("\n".join(f"    {name}" for name in figures))
