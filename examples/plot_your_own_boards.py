"""
Your own boards
===============

From a folder of recordings to pictures and verdicts: which method hears the difference
on boards it has never heard, how its scores look, what it says of each board, and how
many taps are enough. Needs the extra ``plot``:

    python examples/plot_your_own_boards.py recordings --out own-boards

Without a folder, boards of a shop are synthesized. ``tapsklearn compare --out`` draws
most of this by itself; here is how it is done in Python, to change what you like.
"""

import argparse
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from tapsklearn import LogSpectrogram, TapCrop, WavLoader
from tapsklearn.datasets import load_takes, make_tap_boards
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
from tapsklearn.preprocessing import article_preprocessing


def save(figure, path):
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_takes(takes, path):
    """Draw the first take of each condition, and its crop."""
    rows = [list(takes.condition).index(name) for name in np.unique(takes.condition)]
    waveforms = WavLoader().fit_transform([takes.paths[row] for row in rows])
    crops = TapCrop().fit_transform(LogSpectrogram().fit_transform(waveforms))
    figure, axes = plt.subplots(
        len(rows), 2, figsize=(13, 4 * len(rows)), squeeze=False, layout="constrained"
    )
    for (whole, close), row, waveform, crop in zip(
        axes, rows, waveforms, crops, strict=True
    ):
        SpectrogramDisplay.from_waveform(waveform, ax=whole)
        SpectrogramDisplay.from_crop(crop, ax=close)
        whole.set_title(f"{takes.board[row]} ({takes.condition[row]})", loc="right")
    save(figure, path)


def compare(takes, epochs, jobs, out):
    """Compare methods on unseen boards, draw it, and give the name of the best."""
    truth = {"normal_boards": takes.normal_boards, "specimens": takes.specimens}
    methods = {"tuned-ae": tuned_methods()["tuned-ae"], **reference_methods()}
    methods["tuned-ae"].set_params(max_epochs=epochs)
    n_folds = min(4, count_feasible_folds(takes.board, **truth))
    results, scores = compare_methods(
        methods,
        takes.paths,
        takes.board,
        cv=BoardKFold(n_folds, **truth),
        preprocessing=article_preprocessing(shifts=(0,)),
        random_state=0,
        n_jobs=jobs,
        return_scores=True,
        **truth,
    )
    print(summarize(results)[["roc_auc", "false_alarm_rate", "hit_rate"]].round(3))
    ranking = rank_methods(scores, specimens=takes.specimens)
    comparison = ComparisonDisplay.from_results(
        results, intervals=ranking, interval_label="95 % interval"
    )
    save(comparison.figure_, out / "comparison.png")
    save(RocDisplay.from_predictions(scores).figure_, out / "roc.png")
    best = ranking.index[0]
    return best, methods[best], scores[scores["method"] == best]


def main():
    parser = argparse.ArgumentParser(description="Your own boards")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--normal", nargs="+", help="patterns of normal boards")
    parser.add_argument("--out", type=Path, default=Path("own-boards"))
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)

    # %%
    # All that is wrong with a folder is said at once.
    with tempfile.TemporaryDirectory() as synthesized:
        if arguments.folder is None:
            make_tap_boards(
                synthesized, scenario="same_shop", n_boards=12, n_takes=5, n_jobs=2
            )
        try:
            takes = load_takes(arguments.folder or synthesized, normal=arguments.normal)
        except ValueError as error:
            parser.error(str(error))
        draw_takes(takes, out / "takes.png")

        # %%
        # Methods can only be compared by abnormal boards; to learn from, normal ones
        # are enough.
        method = tuned_methods()["tuned-ae"].set_params(max_epochs=arguments.epochs)
        if set(takes.condition) == {"normal", "abnormal"}:
            best, method, scores = compare(takes, arguments.epochs, arguments.jobs, out)
            print(f"\nthe best on boards never heard: {best}")
            verdicts = board_verdicts(
                scores["p_value"], scores["board"], scores=scores["score"]
            )
            print(verdicts.round(3))
            curve = VerdictCurveDisplay.from_predictions(
                scores["p_value"], scores["board"], normal_boards=takes.normal_boards
            )
            save(curve.figure_, out / "taps.png")
        else:
            print("no abnormal boards to compare methods by: tuned-ae is fitted")

        # %%
        # The best once more, as a pipeline from files to scores, on all boards: what
        # to keep for the next ones. These pictures are of boards that it has learnt.
        pipeline = make_pipeline(
            article_preprocessing(shifts=(0,)),
            clone(method).set_params(
                normal_boards=takes.normal_boards,
                specimens=takes.specimens,
                random_state=0,
            ),
        ).fit(takes.paths, takes.board)
        shown = {"boards": takes.board, "normal_boards": takes.normal_boards}
        drawings = {
            "scores": TakeScoresDisplay.from_estimator(pipeline, takes.paths, **shown),
            "embedding": EmbeddingDisplay.from_estimator(
                pipeline, takes.paths, **shown
            ),
        }
        for name, display in drawings.items():
            display.figure_.suptitle("boards learnt from")
            save(display.figure_, out / f"{name}.png")
    print(f"figures in {out}")


if __name__ == "__main__":
    main()
