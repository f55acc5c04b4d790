"""``tapsklearn train``: recordings in, a model file out."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tapsklearn.cli._choices import (
    DEFAULT_METHODS,
    choose_folds,
    choose_methods,
    require_both_conditions,
    require_normal_boards,
)
from tapsklearn.cli._comparison import run_comparison
from tapsklearn.cli._options import Epochs, Jobs, Normal, Recordings, Seed, split_list
from tapsklearn.cli._progress import progress_bars

if TYPE_CHECKING:
    import pandas as pd

# Of all that normal boards are enough for, what hears the floor best, and the bottles
# nearly (benchmarks/results/detection.md).
_RECOMMENDED = "crop-knn"
_AUTO = "auto"


def train(
    directory: Recordings,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="MODEL", help="The model file."),
    ],
    method: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Method to train; auto compares some and takes the best; a wrong "
            "name gets a list of all.",
        ),
    ] = _RECOMMENDED,
    normal: Normal = None,
    epochs: Epochs = None,
    seed: Seed = 0,
    jobs: Jobs = None,
) -> None:
    """Train a method on all boards, and save what it has learnt.

    Normal boards are enough, but for methods that learn boards apart. With abnormal
    ones too, --method auto compares methods on boards that they have never heard, as
    `compare` does, and the model file tells how well the best one hears.
    """
    from tapsklearn.datasets import load_takes
    from tapsklearn.persistence import save
    from tapsklearn.preprocessing import TapFeatures
    from tapsklearn.scoring._features import read_features

    _check_writable(out)
    takes = load_takes(directory, normal=split_list(normal))
    require_normal_boards(directory, takes)
    metrics = None
    if method == _AUTO:
        require_both_conditions(directory, takes)
        cv = choose_folds(directory, takes, None)
        methods = choose_methods(list(DEFAULT_METHODS), epochs, option="--method")
        crops, results, ranking = run_comparison(
            takes, methods, cv=cv, seed=seed, jobs=jobs, out=None
        )
        method = str(ranking.index[0])
        metrics = _tell_metrics(results, ranking)
    else:
        methods = choose_methods([method], epochs, option="--method")
        with progress_bars() as progress:
            crops = read_features(
                takes.paths, TapFeatures(), n_jobs=jobs or -1, progress=progress
            )

    # Imported by now.
    from sklearn.pipeline import make_pipeline

    detector = methods[method].set_params(
        normal_boards=list(takes.normal_boards),
        specimens=takes.specimens,
        random_state=seed,
        **({"verbose": 1} if "verbose" in methods[method].get_params() else {}),
    )
    detector.fit(crops, takes.board)
    model = make_pipeline(TapFeatures(), detector)
    save(model, out, paths=takes.frame["path"], metrics=metrics)
    typer.echo(
        f"tapsklearn: {method} has learnt from {len(takes.paths)} takes of "
        f"{len(takes.specimens)} boards, {len(takes.normal_boards)} of them normal; "
        f"written to {out}",
        err=True,
    )
    if method == _RECOMMENDED and len(takes.normal_boards) < len(takes.specimens):
        typer.echo(
            "tapsklearn: there are abnormal boards to compare methods by: "
            "--method auto takes the one that hears them best",
            err=True,
        )


def _tell_metrics(results: "pd.DataFrame", ranking: "pd.DataFrame") -> dict[str, float]:
    """Give what the comparison says of the best method."""
    best = ranking.iloc[0]
    of_best = results[results["method"] == best.name]
    return {
        "roc_auc": best["roc_auc"],
        "roc_auc_low": best["low"],
        "roc_auc_high": best["high"],
        **{
            name: of_best[name].mean()
            for name in ("pauc", "false_alarm_rate", "hit_rate")
        },
        "n_folds": len(of_best),
    }


def _check_writable(out: Path) -> None:
    """Find out now, not after the training, that nothing can be written."""
    if out.is_dir():
        raise ValueError(f"--out {out}: is a folder; name a file in it")
    if not out.parent.is_dir():
        raise ValueError(f"--out {out}: there is no folder {out.parent}")
    if not os.access(out.parent, os.W_OK):
        raise ValueError(f"--out {out}: nothing can be written there")
