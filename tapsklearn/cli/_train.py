"""``tapsklearn train``: recordings in, a model file out."""

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tapsklearn.cli._choices import (
    DEFAULT_METHOD,
    add_contrast,
    choose_methods,
    require_normal_boards,
)
from tapsklearn.cli._comparison import report_comparison
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
    from tapsklearn.model_selection import ContrastChoice

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
            help="Method to train; auto is the default one, and chooses between its "
            "novelty and known defects by cross-validation; a wrong name gets a list "
            "of all.",
        ),
    ] = DEFAULT_METHOD,
    normal: Normal = None,
    no_contrast: NoContrast = False,
    epochs: Epochs = None,
    seed: Seed = 0,
    jobs: Jobs = None,
) -> None:
    """Train a method on all boards, and save the fitted model.

    Normal boards are enough, but for methods that classify boards. With abnormal ones
    too, known defects count in the score as far as specimens that are left out show
    that they can be trusted. --method auto cross-validates whether they should count
    at all, and the model file holds how well unseen boards are detected.
    """
    from tapsklearn.datasets import load_takes
    from tapsklearn.persistence import save

    _check_writable(out)
    takes = load_takes(directory, normal=split_list(normal))
    require_normal_boards(directory, takes)
    is_auto = method == _AUTO
    if is_auto and no_contrast:
        raise ValueError(
            "--no-contrast leaves --method auto nothing to choose: use --method "
            f"{DEFAULT_METHOD}"
        )
    if is_auto:
        method = DEFAULT_METHOD
    methods = choose_methods([method], epochs, option="--method")
    if not (no_contrast or is_auto):
        add_contrast(methods, takes)
    features.set_params(
        normal_boards=list(takes.normal_boards), n_jobs=jobs or -1, verbose=1
    )
    metrics = None
    if is_auto:
        from tapsklearn.model_selection import choose_contrast

        choice = choose_contrast(
            methods[method],
            takes.paths,
            takes.board,
            truth=takes.truth,
            preprocessing=features,
            random_state=seed,
            n_jobs=jobs or -1,
            verbose=1,
        )
        if choice.comparison is not None:
            report_comparison(choice.comparison)
            metrics = _collect_metrics(choice)
        typer.echo(f"tapsklearn: {choice.reason}", err=True)
        methods[method].set_params(contrast=choice.contrast)

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
    has_abnormal = len(takes.normal_boards) < len(takes.specimens)
    if method == DEFAULT_METHOD and has_abnormal and not (is_auto or no_contrast):
        typer.echo(
            "tapsklearn: there are abnormal boards: --method auto finds out by "
            "cross-validation whether they should count in the score",
            err=True,
        )


def _collect_metrics(choice: "ContrastChoice") -> dict[str, float]:
    """Collect the numbers of what was chosen for the model file."""
    comparison: Any = choice.comparison
    ranked = comparison.ranking().loc[choice.name]
    means = comparison.summary().loc[choice.name]
    metrics = {
        "roc_auc": ranked["roc_auc"],
        "roc_auc_low": ranked["low"],
        "roc_auc_high": ranked["high"],
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
