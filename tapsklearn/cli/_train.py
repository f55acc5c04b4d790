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
from tapsklearn.cli._train_add import add_to_model, check_replaces, report_addition

if TYPE_CHECKING:
    from tapsklearn.model_selection import ContrastChoice, GrownComparison

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
        str | None,
        typer.Option(
            metavar="NAME",
            help="Method to train; auto is the default one, and chooses between its "
            "novelty and known defects by cross-validation; a wrong name gets a list "
            f"of all.  [default: {DEFAULT_METHOD}, or that of --add]",
        ),
    ] = None,
    add: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="Train this model again, with its method and settings: DIR holds its "
            "boards and those recorded since. Both are compared on boards that neither "
            "has seen.",
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="--out may be the model that --add names."),
    ] = False,
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

    With --add, a model is trained again with boards recorded since, and compared with
    the old one, which stays as it is.
    """
    from tapsklearn.datasets import load_takes

    check_writable(out)
    if add is not None:
        if method == _AUTO:
            raise ValueError(
                "--method auto chooses by the boards that --add compares on: name a "
                "method, or leave it out for that of the model"
            )
        check_replaces(add, out, replace=replace)
    elif replace:
        raise ValueError("--replace is of no use without --add")
    takes = load_takes(directory, normal=split_list(normal))
    require_normal_boards(directory, takes)
    if add is not None:
        features.set_params(n_jobs=jobs or -1, verbose=1)
        new, comparison = add_to_model(
            add,
            takes,
            directory,
            method=method,
            features=features,
            no_contrast=no_contrast,
            epochs=epochs,
            seed=seed,
        )
        name = method or type(new[-1]).__name__
        _train_and_save(new, takes, out, name, _collect_addition(comparison))
        report_addition(comparison, add, out, replace=replace)
        return
    method = method or DEFAULT_METHOD
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

    detector = methods[method].set_params(random_state=seed)
    _train_and_save(make_pipeline(features, detector), takes, out, method, metrics)
    has_abnormal = len(takes.normal_boards) < len(takes.specimens)
    if method == DEFAULT_METHOD and has_abnormal and not (is_auto or no_contrast):
        typer.echo(
            "tapsklearn: there are abnormal boards: --method auto finds out by "
            "cross-validation whether they should count in the score",
            err=True,
        )


def _train_and_save(
    model: Any, takes: Any, out: Path, method: str, metrics: dict[str, float] | None
) -> None:
    """Train on all takes, say on what, and write the model."""
    from tapsklearn.persistence import save

    features, detector = model[:-1], model[-1]
    for step in model:
        of_boards: dict[str, Any] = {
            "normal_boards": list(takes.normal_boards),
            "specimens": takes.specimens,
            "verbose": 1,
        }
        known = step.get_params()
        step.set_params(
            **{each: of_boards[each] for each in of_boards if each in known}
        )
    crops = features.fit_transform(takes.paths, takes.board)
    if hasattr(features[0], "describe"):
        typer.echo(f"tapsklearn: features of {features[0].describe()}", err=True)
    if getattr(features[0], "per_", "") == "frequency":
        typer.echo(
            "tapsklearn: how loud a take is counts in these features: keep the gain "
            "and the place of the microphone, or train with --per take",
            err=True,
        )
    detector.fit(crops, takes.board)
    # Who scores decides on jobs and on what is shown.
    for param, value in (("n_jobs", None), ("verbose", 0)):
        if param in features[0].get_params():
            features[0].set_params(**{param: value})
    save(model, out, paths=takes.frame["path"], metrics=metrics)
    typer.echo(
        f"tapsklearn: {method} trained on {len(takes.paths)} takes of "
        f"{len(takes.specimens)} boards, {len(takes.normal_boards)} of them normal; "
        f"written to {out}",
        err=True,
    )


def _collect_addition(comparison: "GrownComparison") -> dict[str, float] | None:
    """Collect what the comparison says of the new model for its file."""
    of_new = comparison.summary.loc["new"].to_dict()
    names = ("roc_auc", "roc_auc_low", "roc_auc_high", "fpr", "tpr")
    known = {name: of_new[name] for name in names if not math.isnan(of_new[name])}
    return known or None


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


def check_writable(out: Path) -> None:
    """Find out now, not after the training, that nothing can be written."""
    if out.is_dir():
        raise ValueError(f"--out {out}: is a folder; name a file in it")
    if not out.parent.is_dir():
        raise ValueError(f"--out {out}: there is no folder {out.parent}")
    if not os.access(out.parent, os.W_OK):
        raise ValueError(f"--out {out}: nothing can be written there")
