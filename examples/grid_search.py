"""
Learning rate and epochs by grid search
=======================================

A pipeline from files to scores, and scikit-learn's `GridSearchCV` over it, on boards of
a synthesized shop. Some boards are kept from the search: the best of many settings on
the boards that chose it looks better than it is.

    python examples/grid_search.py
"""

import argparse
import tempfile

import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from tapsklearn import ArcFaceDetector
from tapsklearn.datasets import make_tap_boards
from tapsklearn.model_selection import BoardKFold, anomaly_scorer
from tapsklearn.preprocessing import article_preprocessing

N_KEPT = 2  # specimens of each condition that the search never hears


def main():
    parser = argparse.ArgumentParser(description="Grid search")
    parser.add_argument("--boards", type=int, default=12, help="pieces of wood")
    parser.add_argument("--takes", type=int, default=5, help="of each end of a piece")
    parser.add_argument("--epochs", type=int, nargs="+", default=[5, 15])
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-3, 3e-3])
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        takes = make_tap_boards(
            folder,
            scenario="same_shop",
            n_boards=arguments.boards,
            n_takes=arguments.takes,
            n_jobs=arguments.jobs,
        )
        # %%
        # Each file is turned into a crop alone, so that nothing is learnt from others
        # by doing it once, before the search, rather than in every fold and setting.
        preprocessing = article_preprocessing(shifts=(0,))
        crops = preprocessing.fit_transform(takes.paths)

    # %%
    # Whole specimens are kept: the other end of a board would give it away.
    truth = {"normal_boards": takes.normal_boards, "specimens": takes.specimens}
    specimens = np.array([takes.specimens[board] for board in takes.board])
    kept = np.zeros(len(specimens), dtype=bool)
    for condition in ("normal", "abnormal"):
        of_condition = np.unique(specimens[takes.condition == condition])
        kept |= np.isin(specimens, of_condition[-N_KEPT:])

    pipeline = Pipeline(
        [("detector", ArcFaceDetector(merge_normal=True, random_state=0, **truth))]
    )
    search = GridSearchCV(
        pipeline,
        {"detector__lr": arguments.rates, "detector__max_epochs": arguments.epochs},
        cv=BoardKFold(2, **truth),
        scoring=anomaly_scorer("roc_auc", normal_boards=takes.normal_boards),
        n_jobs=arguments.jobs,
    )
    search.fit(crops[~kept], takes.board[~kept])

    # %%
    # What each setting reached, and what the best reaches on the boards kept.
    columns = {
        "param_detector__lr": "lr",
        "param_detector__max_epochs": "epochs",
        "mean_test_score": "AUROC",
        "std_test_score": "over folds",
        "mean_fit_time": "seconds",
    }
    table = pd.DataFrame(search.cv_results_)[list(columns)].rename(columns=columns)
    print(table.sort_values("AUROC", ascending=False).round(3).to_string(index=False))
    print(f"\nbest in the search: {search.best_params_}, {search.best_score_:.3f}")
    final = search.score(crops[kept], takes.board[kept])
    print(f"on boards that the search never heard: {final:.3f}")

    # %%
    # From files to scores again, for what is recorded next.
    model = Pipeline([*preprocessing.steps, *search.best_estimator_.steps])
    print(f"to keep: {' > '.join(model.named_steps)}")


if __name__ == "__main__":
    main()
