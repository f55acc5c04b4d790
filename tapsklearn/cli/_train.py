"""``tapsklearn train``: recordings in, a model file out."""

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tapsklearn.cli._choices import (
    DEFAULT_METHODS,
    add_contrast,
    choose_folds,
    choose_methods,
    require_both_conditions,
    require_normal_boards,
)
from tapsklearn.cli._comparison import compare_and_report
from tapsklearn.cli._features import with_features
from tapsklearn.cli._options import (
    Epochs,
    Jobs,
    NoContrast,
    Normal,
    Recordings,
    Seed,
    split_list,
)

if TYPE_CHECKING:
    from tapsklearn.model_selection import Comparison

# It trains nothing, needs normal boards only, and is near the best on every set of
# recordings (benchmarks/results/detection.md).
_RECOMMENDED = "spectrum-mahalanobis"
_AUTO = "auto"


@with_features
def train(
    directory: Recordings,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="MODEL", help="The model file."),
    ],
    *,
    features: Any,
    method: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Method to train; auto compares some and takes the best; a wrong "
            "name gets a list of all.",
        ),
    ] = _RECOMMENDED,
    normal: Normal = None,
    no_contrast: NoContrast = False,
    epochs: Epochs = None,
    seed: Seed = 0,
    jobs: Jobs = None,
) -> None:
    """Train a method on all boards, and save the fitted model.

    Normal boards are enough, but for methods that classify boards. With abnormal ones
    too, --method auto compares methods on unseen boards, as `compare` does, and the
    model file holds how well the best one detects.
    """
    from tapsklearn.datasets import load_takes
    from tapsklearn.persistence import save

    _check_writable(out)
    takes = load_takes(directory, normal=split_list(normal))
    require_normal_boards(directory, takes)
    if method == _AUTO:
        require_both_conditions(directory, takes)
        cv = choose_folds(directory, takes, None)
        names = list(DEFAULT_METHODS)
    else:
        names = [method]
    methods = choose_methods(names, epochs, option="--method")
    if not no_contrast:
        add_contrast(methods, takes)
    features.set_params(
        normal_boards=list(takes.normal_boards), n_jobs=jobs or -1, verbose=1
    )
    metrics = None
    if method == _AUTO:
        comparison = compare_and_report(
            methods,
            takes.paths,
            takes.board,
            truth=takes.truth,
            preprocessing=features,
            cv=cv,
            random_state=seed,
            n_jobs=jobs or -1,
            never_recorded=True,
        )
        method = comparison.best
        metrics = _collect_metrics(comparison)

    # Imported by now.
    from sklearn.pipeline import make_pipeline

    detector = methods[method].set_params(
        normal_boards=list(takes.normal_boards),
        specimens=takes.specimens,
        random_state=seed,
        **({"verbose": 1} if "verbose" in methods[method].get_params() else {}),
    )
    crops = features.fit_transform(takes.paths, takes.board)
    typer.echo(f"tapsklearn: features of {features.describe()}", err=True)
    if features.per_ == "frequency":
        typer.echo(
            "tapsklearn: how loud a take is counts in these features: keep the gain "
            "and the place of the microphone, or train with --per take",
            err=True,
        )
    detector.fit(crops, takes.board)
    # Who scores decides on jobs and on what is shown.
    features.set_params(n_jobs=None, verbose=0)
    model = make_pipeline(features, detector)
    save(model, out, paths=takes.frame["path"], metrics=metrics)
    typer.echo(
        f"tapsklearn: {method} trained on {len(takes.paths)} takes of "
        f"{len(takes.specimens)} boards, {len(takes.normal_boards)} of them normal; "
        f"written to {out}",
        err=True,
    )
    if method == _RECOMMENDED and len(takes.normal_boards) < len(takes.specimens):
        typer.echo(
            "tapsklearn: there are abnormal boards to compare methods with: "
            "--method auto chooses the one that detects them best",
            err=True,
        )


def _collect_metrics(comparison: "Comparison") -> dict[str, float]:
    """Collect the numbers of the best method for the model file."""
    best = comparison.ranking().iloc[0]
    means = comparison.summary().loc[comparison.best]
    metrics = {
        "roc_auc": best["roc_auc"],
        "roc_auc_low": best["low"],
        "roc_auc_high": best["high"],
        **{name: means[name] for name in ("pauc", "fpr", "tpr")},
        "n_folds": len(comparison.folds),
    }
    # Of few specimens the interval is unknown, and JSON has no NaN.
    return {name: value for name, value in metrics.items() if not math.isnan(value)}


def _check_writable(out: Path) -> None:
    """Find out now, not after the training, that nothing can be written."""
    if out.is_dir():
        raise ValueError(f"--out {out}: is a folder; name a file in it")
    if not out.parent.is_dir():
        raise ValueError(f"--out {out}: there is no folder {out.parent}")
    if not os.access(out.parent, os.W_OK):
        raise ValueError(f"--out {out}: nothing can be written there")
