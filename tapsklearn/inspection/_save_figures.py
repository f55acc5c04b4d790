"""All figures of a comparison as files, beside its tables."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tapsklearn.inspection._boards import mark_normal
from tapsklearn.inspection._comparison_display import ComparisonDisplay
from tapsklearn.inspection._embedding_display import EmbeddingDisplay
from tapsklearn.inspection._fitted import (
    find_settings,
    select_examples,
    select_scores,
)
from tapsklearn.inspection._labels import find_fonts, shorten_labels
from tapsklearn.inspection._matplotlib import check_matplotlib
from tapsklearn.inspection._reconstruction_display import ReconstructionDisplay
from tapsklearn.inspection._roc_curve_display import RocCurveDisplay
from tapsklearn.inspection._spectrogram_display import SpectrogramDisplay
from tapsklearn.inspection._take_scores_display import TakeScoresDisplay
from tapsklearn.inspection._verdict_curve_display import VerdictCurveDisplay
from tapsklearn.preprocessing import (
    WavLoader,
    article_features,
    crop_tap,
    log_spectrogram,
)
from tapsklearn.scoring import find_detector

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 150
# Of a recording, around its tap, that is plotted beside the crop.
_WHOLE_SECONDS = 3.0
_ALONE = ("takes", "comparison", "roc", "taps")
_OF_A_METHOD = ("scores", "embedding", "reconstruction")


def save_figures(comparison: Any, directory: str | Path) -> Path:
    """Save the figures of a comparison as PNG files, in place of earlier ones.

    Nothing is trained for them. ``takes.png`` is a normal take above an abnormal one,
    whole and its crop; ``comparison.png`` the AUROC of all methods, with intervals;
    ``roc.png`` their ROC curves; ``scores-<method>.png`` the scores of each method,
    fold by fold; ``taps.png`` how the verdicts of the best method depend on the number
    of taps. ``embedding-<method>.png`` of the best method and of all that reconstruct,
    and ``reconstruction-<method>.png`` of the latter, are of unseen boards.

    Parameters
    ----------
    comparison : Comparison
        What `compare_methods` returned. If it kept no estimators, embeddings,
        reconstructions and thresholds are left out, and the crop shown is that of
        the article; if it was not given paths, the takes are left
        out.
    directory : str or Path
        Folder, which is made if it is missing. Of its files, only those that this
        function has named are removed.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ImportError
        If there is no matplotlib.
    ValueError
        If every method failed in some fold, so that there is no ranking.

    Examples
    --------
    >>> import tempfile
    >>> from tapsklearn.detectors import reference_methods
    >>> from tapsklearn.model_selection import compare_methods
    >>> crops = np.random.default_rng(0).normal(size=(120, 16, 24))
    >>> crops[80:] += 5
    >>> boards = np.repeat(["oak", "ash", "fir", "elm", "cracked a", "cracked b"], 20)
    >>> comparison = compare_methods(
    ...     {"crop-knn": reference_methods()["crop-knn"]}, crops, boards, cv=2,
    ...     normal_boards=["oak", "ash", "fir", "elm"], random_state=0,
    ... )
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     folder = save_figures(comparison, directory)
    ...     sorted(path.name for path in folder.iterdir())
    ['comparison.png', 'roc.png', 'scores-crop-knn.png', 'taps.png']
    """
    check_matplotlib("save_figures")
    import matplotlib.pyplot as plt

    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        if old.stem in _ALONE or old.stem.startswith(
            tuple(f"{kind}-" for kind in _OF_A_METHOD)
        ):
            old.unlink()
    with _without_screen():
        for name, figure in _make_figures(comparison):
            figure.savefig(folder / f"{_as_file_name(name)}.png", dpi=_DOTS_PER_INCH)
            plt.close(figure)
    return folder


def _make_figures(comparison: Any) -> Iterator[tuple[str, "Figure | Any"]]:
    ranking = comparison.ranking()
    scored = set(comparison.scores["method"])
    ranked = [str(name) for name in ranking.index if name in scored]
    best = ranked[0]
    fitted = _find_fitted(comparison, ranked)
    if comparison.paths is not None:
        yield "takes", _plot_takes(comparison, fitted.get(best))
    yield "comparison", ComparisonDisplay.from_comparison(comparison).figure_
    roc = RocCurveDisplay.from_comparison(comparison, methods=ranked)
    yield "roc", roc.figure_
    for name in ranked:
        yield f"scores-{name}", _plot_scores(comparison, name)
    if select_scores(comparison, best)["p_value"].notna().any():
        curve = VerdictCurveDisplay.from_comparison(comparison, best)
        curve.figure_.suptitle(f"verdicts on unseen boards, {best}")
        yield "taps", curve.figure_
    for name, (fold, detector) in fitted.items():
        can_reconstruct = hasattr(detector, "reconstruct")
        if hasattr(detector, "transform") and (name == best or can_reconstruct):
            embedding = EmbeddingDisplay.from_comparison(comparison, name, fold=fold)
            embedding.figure_.suptitle(f"embedding of unseen boards, {name}")
            yield f"embedding-{name}", embedding.figure_
        if can_reconstruct:
            pairs = ReconstructionDisplay.from_comparison(comparison, name, fold=fold)
            pairs.figure_.suptitle(f"crops and reconstructions, {name}")
            yield f"reconstruction-{name}", pairs.figure_


def _find_fitted(comparison: Any, ranked: list[str]) -> dict[str, tuple[int, Any]]:
    """Find the first fold of each method that kept its estimator, and its detector."""
    fitted: dict[str, tuple[int, Any]] = {}
    kept = comparison.estimators or {}
    for name, fold in sorted(kept, key=lambda cell: (ranked.index(cell[0]), cell[1])):
        fitted.setdefault(name, (fold, find_detector(kept[name, fold])))
    return fitted


def _plot_takes(comparison: Any, fitted: tuple[int, Any] | None) -> "Figure":
    """Plot a normal take above an abnormal one, whole and its crop."""
    import matplotlib.pyplot as plt

    settings = article_features().settings_
    if fitted is not None:
        settings = find_settings(comparison.estimators[comparison.best, fitted[0]])
    takes = comparison.scores.drop_duplicates("row").sort_values("row")
    boards = np.asarray(takes["board"])
    is_normal = mark_normal(boards, None, comparison.truth)
    examples = select_examples(boards, is_normal, n_each=1)
    whole_seconds = max(_WHOLE_SECONDS, settings["duration"])
    waveforms = WavLoader(sr=settings["sr"], duration=whole_seconds).fit_transform(
        [comparison.paths[row] for row in np.asarray(takes["row"])[examples]]
    )
    spectrogram = {
        name: settings[name] for name in ("sr", "n_fft", "hop_length", "n_mels")
    }
    crop = {name: settings[name] for name in ("n_freqs", "n_frames", "pre_frames")}
    figure, axes = plt.subplots(
        len(examples),
        2,
        figsize=(13, 4 * len(examples)),
        squeeze=False,
        layout="constrained",
    )
    for (whole, close), take, waveform in zip(axes, examples, waveforms, strict=True):
        SpectrogramDisplay.from_waveform(waveform, **spectrogram, **crop, ax=whole)
        SpectrogramDisplay.from_crop(
            crop_tap(log_spectrogram(waveform, **spectrogram), **crop)[0],
            **spectrogram,
            pre_frames=settings["pre_frames"],
            ax=close,
        )
        # The legends stand above at the left.
        condition = "normal" if is_normal[take] else "abnormal"
        title = f"{shorten_labels([boards[take]])[0]} ({condition})"
        whole.set_title(title, loc="right", family=find_fonts([title]))
        close.set_title("its crop", loc="right")
    return figure


def _plot_scores(comparison: Any, name: str) -> "Figure":
    """Plot the scores of a method fold by fold, as each is of another model."""
    import matplotlib.pyplot as plt

    n_boards = select_scores(comparison, name).groupby("fold")["board"].nunique()
    figure, axes = plt.subplots(
        len(n_boards),
        1,
        figsize=(11, max(3.5, 1.2 + 0.24 * min(n_boards.max(), 20)) * len(n_boards)),
        squeeze=False,
        layout="constrained",
    )
    for ax, fold in zip(axes[:, 0], n_boards.index, strict=True):
        TakeScoresDisplay.from_comparison(comparison, name, fold=int(fold), ax=ax)
        ax.set_title(f"{name}: unseen boards, fold {fold}")
    return figure


def _as_file_name(name: str) -> str:
    return re.sub(
        r'[/\\:*?"<>|%\x00-\x1f]', lambda found: f"%{ord(found[0]):02X}", name
    )


@contextmanager
def _without_screen() -> Iterator[None]:
    """Make figures for files alone, also where there is a screen."""
    import matplotlib
    import matplotlib.pyplot as plt

    before = matplotlib.get_backend()
    if before.lower() == "agg":
        yield
        return
    plt.switch_backend("agg")
    try:
        yield
    finally:
        plt.switch_backend(before)
