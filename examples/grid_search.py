"""
Learning rate and epochs by grid search
=======================================

A pipeline from recordings to scores, and scikit-learn's `GridSearchCV` over the
training parameters of its detector. The recordings are synthesized, boards of one shop,
some cracked:

    python examples/grid_search.py --epochs 5 15

The best of many settings looks better on the boards that chose it than it is. So some
boards are held out of the search, and only they show how good its choice is.
"""

import argparse
import tempfile

import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from tapsklearn import ArcFaceDetector, CropDetector, TapFeatures
from tapsklearn.model_selection import BoardKFold, anomaly_scorer
from tapsklearn.synthesis import make_tap_boards

parser = argparse.ArgumentParser(description="Learning rate and epochs by grid search.")
parser.add_argument("--boards", metavar="N", type=int, default=20)
parser.add_argument("--epochs", metavar="N", type=int, nargs="+", default=[5, 15])
parser.add_argument("--jobs", metavar="N", type=int, default=-1, help="-1: all cores")
options = parser.parse_args()

# %%
# From files to crops, once
# -------------------------
# ``TapFeatures`` finds its settings from the normal takes that it is fitted on. It is a
# step of what is searched, so that nothing leaks from held-out boards: each fold fits
# it on its own training takes. With ``memory`` each file is read once all the same, and
# not for each setting and fold.
synthesized = tempfile.TemporaryDirectory()
takes = make_tap_boards(
    synthesized.name, scenario="same_shop", n_boards=options.boards, n_takes=5
)
boards, truth = takes.board, takes.truth
paths = np.asarray(takes.paths)

# %%
# Held-out boards
# ---------------
# The first fold of a `BoardKFold`: whole pieces of wood, as one end would give away the
# other.
searched, held_out = next(BoardKFold(3, truth=truth).split(paths, boards))
n_held_out = len({truth.specimens[board] for board in boards[held_out]})

# %%
# The search
# ----------
# Every fold of the search, too, is scored on unseen boards. `anomaly_scorer` knows that
# a higher score is a more normal take, which scikit-learn's own scorers do not.
scorer = anomaly_scorer("roc_auc", truth=truth)
features = TapFeatures(
    normal_boards=truth.normal_boards, memory=f"{synthesized.name}/crops"
)
known = {"normal_boards": truth.normal_boards, "specimens": truth.specimens}
detector = ArcFaceDetector(merge_normal=True, random_state=0, **known)
search = GridSearchCV(
    Pipeline([("features", features), ("detector", detector)]),
    {
        "detector__lr": [1e-3, 1e-2],
        "detector__max_epochs": options.epochs,
        "detector__score_space": ["embedding", "pooled"],
    },
    cv=BoardKFold(3, truth=truth),
    scoring=scorer,
    n_jobs=options.jobs,
).fit(paths[searched], boards[searched])

columns = {
    "param_detector__lr": "lr",
    "param_detector__max_epochs": "epochs",
    "param_detector__score_space": "space",
    "mean_test_score": "auroc",
    "std_test_score": "sd_of_folds",
    "mean_fit_time": "fit_seconds",
}
table = pd.DataFrame(search.cv_results_)[list(columns)].rename(columns=columns)
print(table.sort_values("auroc", ascending=False).round(3).to_string(index=False))

# %%
# What the best is worth
# ----------------------
# The best mean of the search is also the luckiest of as many as there are settings. The
# choice is evaluated once on the held-out boards, which had no part in it: that
# estimates how it does on the next boards of this shop. They are few, so that it is a
# rough number, and for other shops it means nothing. Beside it stands a method that is
# not trained.
untrained = make_pipeline(features, CropDetector(random_state=0, **known))
untrained.fit(paths[searched], boards[searched])
best, floor = (
    scorer(estimator, paths[held_out], boards[held_out])
    for estimator in (search, untrained)
)
print(f"\nthe best of the search: {search.best_score_:.3f} with {search.best_params_}")
print(f"its AUROC on {n_held_out} held-out boards: {best:.3f}")
print(f"that of crop-knn, which is not trained: {floor:.3f}")

# %%
# From files to scores
# --------------------
# What to keep for the recordings to come. Here it is given the files of the held-out
# boards; higher is more normal.
pipeline = search.best_estimator_
print(f"\nfeatures: {pipeline['features'].describe()}")
scores = pd.Series(pipeline.score_samples(paths[held_out]))
print(f"\nmedian scores of {' > '.join(pipeline.named_steps)}:")
print(scores.groupby(takes.condition[held_out]).median().round(2).to_string())
synthesized.cleanup()
