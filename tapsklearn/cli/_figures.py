"""What a comparison looks like: pictures beside its tables."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# Detector, crops that it has not learnt from, their boards.
FittedOnFold = tuple[Any, Any, Any]

_DOTS_PER_INCH = 150


def can_draw() -> bool:
    """Tell whether matplotlib, an extra, is there.

    Returns
    -------
    bool
        Whether it is.
    """
    return importlib.util.find_spec("matplotlib") is not None


def fit_on_first_fold(
    methods: dict[str, Any],
    crops: Any,
    takes: Any,
    *,
    cv: Any,
    seed: int,
    jobs: int | None,
    progress: Callable[[str, int, int], None],
) -> dict[str, FittedOnFold]:
    """Fit methods as the comparison does, to look into them.

    Parameters
    ----------
    methods : dict of str to detector
        Methods by name.
    crops : ndarray
        Crops of all takes.
    takes : Bunch
        What `load_takes` gave.
    cv : splitter
        Of the comparison.
    seed : int
        Seed of all that is random.
    jobs : int or None
        Fits run in parallel; None is one a core.
    progress : callable
        Called with a stage, how many of its steps are done, and how many there are.

    Returns
    -------
    dict of str to tuple (detector, crops, boards)
        Fitted methods by name, each with the takes that it has not learnt from.
    """
    from joblib import Parallel, delayed
    from sklearn.base import clone

    train, test = next(iter(cv.split(takes.board, takes.board)))
    truth = {
        "normal_boards": takes.normal_boards,
        "specimens": takes.specimens,
        "random_state": seed,
    }
    progress("drawing", 0, len(methods))
    running = Parallel(n_jobs=jobs or -1, return_as="generator")(
        delayed(_fit)(
            clone(method).set_params(**truth), crops[train], takes.board[train]
        )
        for method in methods.values()
    )
    fitted = {}
    for name, detector in zip(methods, running, strict=True):
        fitted[name] = detector, crops[test], takes.board[test]
        progress("drawing", len(fitted), len(methods))
    return fitted


def _fit(detector: Any, crops: Any, boards: Any) -> Any:
    from tapsklearn._jobs import one_thread

    with one_thread():
        return detector.fit(crops, boards)


def draw_comparison(
    out: Path,
    takes: Any,
    results: "pd.DataFrame",
    scores: "pd.DataFrame",
    ranking: "pd.DataFrame",
    fitted: dict[str, FittedOnFold],
) -> Path:
    """Draw a comparison into a folder of PNG files, in place of an earlier one.

    Parameters
    ----------
    out : Path
        Existing folder; the pictures go into its folder "figures".
    takes : Bunch
        What `load_takes` gave.
    results, scores : DataFrame
        What `compare_methods` gave.
    ranking : DataFrame
        What `rank_methods` gave.
    fitted : dict of str to tuple (detector, crops, boards)
        Methods fitted on the first fold, by name, with takes that they have not
        learnt from.

    Returns
    -------
    Path
        The folder of the pictures.
    """
    import matplotlib
    import matplotlib.pyplot as plt

    # Into files alone, where there is a screen too.
    matplotlib.use("agg")
    folder = out / "figures"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for name, figure in _draw(takes, results, scores, ranking, fitted):
        figure.savefig(folder / f"{name}.png", dpi=_DOTS_PER_INCH)
        plt.close(figure)
    return folder


def _draw(
    takes: Any,
    results: "pd.DataFrame",
    scores: "pd.DataFrame",
    ranking: "pd.DataFrame",
    fitted: dict[str, FittedOnFold],
) -> Iterator[tuple[str, Any]]:
    from tapsklearn.inspection import (
        ComparisonDisplay,
        EmbeddingDisplay,
        ReconstructionDisplay,
        RocDisplay,
        VerdictCurveDisplay,
    )

    yield "takes", _draw_takes(takes)
    yield (
        "comparison",
        ComparisonDisplay.from_results(
            results, intervals=ranking, interval_label="95 % interval"
        ).figure_,
    )
    ranked = [name for name in ranking.index if name in set(scores["method"])]
    yield "roc", RocDisplay.from_predictions(scores, methods=ranked).figure_
    for name in ranked:
        of_method = scores[scores["method"] == name]
        yield f"scores-{name}", _draw_scores(name, of_method, takes)
    best = scores[scores["method"] == ranked[0]]
    if best["p_value"].notna().any():
        curve = VerdictCurveDisplay.from_predictions(
            best["p_value"], best["board"], normal_boards=takes.normal_boards
        )
        curve.figure_.suptitle(f"verdicts on boards never learnt from, {ranked[0]}")
        yield "taps", curve.figure_
    for name, (detector, crops, boards) in fitted.items():
        shown = EmbeddingDisplay.from_estimator(
            detector, crops, boards, normal_boards=takes.normal_boards
        )
        shown.figure_.suptitle(f"embedding of boards never learnt from, {name}")
        yield f"embedding-{name}", shown.figure_
        if hasattr(detector, "reconstruct"):
            rows = _first_of_each(boards, takes.normal_boards)
            redrawn = ReconstructionDisplay.from_estimator(
                detector, crops[rows], labels=boards[rows]
            )
            redrawn.figure_.suptitle(f"in and out, {name}")
            yield f"reconstruction-{name}", redrawn.figure_


def _draw_takes(takes: Any) -> "Figure":
    """Draw a normal take above an abnormal one, whole and its crop."""
    import matplotlib.pyplot as plt

    from tapsklearn import LogSpectrogram, TapCrop, WavLoader
    from tapsklearn.inspection import SpectrogramDisplay
    from tapsklearn.inspection._labels import find_fonts, shorten_labels

    rows = _first_of_each(takes.board, takes.normal_boards, n_each=1)
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
        # The legends stand above at the left.
        name = shorten_labels([takes.board[row]])[0]
        title = f"{name} ({takes.condition[row]})"
        whole.set_title(title, loc="right", family=find_fonts([title]))
        close.set_title("its crop", loc="right")
    return figure


def _draw_scores(name: str, scores: "pd.DataFrame", takes: Any) -> "Figure":
    """Draw the scores of the boards of each fold, which are of another training."""
    import matplotlib.pyplot as plt

    from tapsklearn.inspection import TakeScoresDisplay

    folds = list(scores.groupby("fold"))
    n_boards = max(of_fold["board"].nunique() for _, of_fold in folds)
    figure, axes = plt.subplots(
        len(folds),
        1,
        figsize=(11, max(3.5, 1.2 + 0.24 * min(n_boards, 20)) * len(folds)),
        squeeze=False,
        layout="constrained",
    )
    for ax, (fold, of_fold) in zip(axes[:, 0], folds, strict=True):
        TakeScoresDisplay.from_predictions(
            -of_fold["score"],
            of_fold["board"],
            normal_boards=takes.normal_boards,
            ax=ax,
        )
        ax.set_title(f"{name}: boards never learnt from, fold {fold}")
    return figure


def _first_of_each(boards: Any, normal_boards: Any, *, n_each: int = 2) -> Any:
    """Give the first takes of the first boards of each condition, normal ones first."""
    import numpy as np

    in_order = np.sort(np.unique(boards, return_index=True)[1])
    normal = np.isin(boards[in_order], normal_boards)
    return np.concatenate([in_order[normal][:n_each], in_order[~normal][:n_each]])
