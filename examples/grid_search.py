"""
Learning rate and epochs by grid search
=======================================

A pipeline from recordings to scores, and scikit-learn's `GridSearchCV` over what its
detector learns with. The recordings are synthesized, boards of one shop, some cracked:

    python examples/grid_search.py --epochs 5 15

The best of many settings looks better on the boards that chose it than it is. So some
boards are kept from the search, and only they say how good its choice is.
"""

import argparse
import tempfile

import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from tapsklearn import ArcFaceDetector, CropDetector
from tapsklearn.model_selection import BoardKFold, anomaly_scorer
from tapsklearn.preprocessing import TapFeatures
from tapsklearn.synthesis import make_tap_boards

parser = argparse.ArgumentParser(description="Learning rate and epochs by grid search.")
parser.add_argument("--epochs", metavar="N", type=int, nargs="+", default=[5, 15])
parser.add_argument("--jobs", metavar="N", type=int, default=-1, help="-1: all cores")
options = parser.parse_args()

# %%
# From files to crops, once
# -------------------------
# ``GridSearchCV(pipeline)`` could be given the paths, and would then read every file
# once more for each setting and fold. The steps up to the crop look at one take at a
# time and learn nothing from the others, so that nothing leaks from the boards that are
# judged if all are prepared beforehand; a ``Standardizer(per="frequency")``, which
# learns from all takes, would have to stay within the search.
synthesized = tempfile.TemporaryDirectory()
takes = make_tap_boards(synthesized.name, scenario="same_shop", n_boards=20, n_takes=5)
boards = takes.board
features = TapFeatures(n_jobs=options.jobs)
crops = features.fit_transform(takes.paths)

# %%
# Boards that are kept
# --------------------
# The first fold of a `BoardKFold`: whole pieces of wood, as one end would give away the
# other.
truth = {"normal_boards": takes.normal_boards, "specimens": takes.specimens}
searched, kept = next(BoardKFold(3, **truth).split(crops, boards))
n_kept = len({takes.specimens[board] for board in boards[kept]})

# %%
# The search
# ----------
# Every fold of the search, too, judges boards that its training has never heard.
# `anomaly_scorer` knows that a higher score is a more normal take, which scikit-learn's
# own scorers do not.
scorer = anomaly_scorer("roc_auc", normal_boards=takes.normal_boards)
detector = ArcFaceDetector(merge_normal=True, random_state=0, **truth)
search = GridSearchCV(
    Pipeline([("detector", detector)]),
    {
        "detector__lr": [1e-3, 1e-2],
        "detector__max_epochs": options.epochs,
        "detector__score_space": ["embedding", "pooled"],
    },
    cv=BoardKFold(3, **truth),
    scoring=scorer,
    n_jobs=options.jobs,
).fit(crops[searched], boards[searched])

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
# The best mean of the search is also the luckiest of as many as there are settings. On
# the boards that were kept, the choice is judged once and by boards that had no part in
# it: what it says of the next boards of this shop. They are few, so that it is a rough
# number, and of other shops it says nothing. Beside it stands a method that learns
# nothing.
untrained = CropDetector(random_state=0, **truth).fit(crops[searched], boards[searched])
best, floor = (
    scorer(judged, crops[kept], boards[kept]) for judged in (search, untrained)
)
print(f"\nthe best of the search: {search.best_score_:.3f} with {search.best_params_}")
print(f"its AUROC on {n_kept} boards kept from it: {best:.3f}")
print(f"that of crop-knn, which learns nothing: {floor:.3f}")

# %%
# From files to scores
# --------------------
# The steps once more in a row: what to keep for the recordings to come. Here it is
# given the files of the boards that were kept; higher is more normal.
pipeline = Pipeline([("features", features), *search.best_estimator_.steps])
scores = pd.Series(pipeline.score_samples(np.array(takes.paths)[kept]))
print(f"\nmedian scores of {' > '.join(pipeline.named_steps)}:")
print(scores.groupby(takes.condition[kept]).median().round(2).to_string())
synthesized.cleanup()
