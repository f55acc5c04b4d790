"""``tapsklearn train --add``: a model trained again with boards recorded since."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tapsklearn._shorten import shorten
from tapsklearn.cli._choices import (
    ENOUGH_SPECIMENS,
    add_contrast,
    choose_methods,
    set_epochs,
)
from tapsklearn.cli._model import load_model

if TYPE_CHECKING:
    from tapsklearn.model_selection import GrownComparison


def check_replaces(old: Path, out: Path, *, replace: bool) -> None:
    """Check that the old model is not overwritten unless it was asked for.

    Parameters
    ----------
    old, out : Path
        The old model's file, and where the new one goes.
    replace : bool
        Whether the old one may be replaced.

    Raises
    ------
    ValueError
        If they are one file.
    """
    if not replace and out.exists() and old.exists() and out.samefile(old):
        raise ValueError(
            f"--out {out}: is the model that --add names; name another file, or give "
            "--replace if the old one is not to be kept"
        )


def add_to_model(
    path: Path,
    takes: Any,
    directory: Path,
    *,
    method: str | None,
    features: Any,
    no_contrast: bool,
    epochs: int | None,
    seed: int,
) -> tuple[Any, "GrownComparison"]:
    """Make what is trained again, and compare it with what is there.

    Parameters
    ----------
    path : Path
        The old model's file.
    takes : Bunch
        What `load_takes` returned: those of the old model and further ones.
    directory : Path
        The folder that they are of.
    method : str or None
        Method to train. If None, the old one's, with its settings.
    features : TapFeatures
        Settings that were given.
    no_contrast : bool
        Whether known defects are not to count.
    epochs : int or None
        Epochs. If None, those of the method.
    seed : int
        Seed of all that is random.

    Returns
    -------
    model : Pipeline
        Unfitted, what is to be trained on all takes.
    comparison : GrownComparison
        Of both, on boards that neither has seen.

    Raises
    ------
    ValueError
        If the folder holds none of the old model's boards, or no other ones.
    """
    # Imported only now, as all of them load much.
    from sklearn.base import clone
    from sklearn.pipeline import make_pipeline

    from tapsklearn.model_selection import compare_grown
    from tapsklearn.preprocessing import TapFeatures
    from tapsklearn.scoring import find_detector

    old, _ = load_model(path)
    detector = find_detector(old)
    known = getattr(detector, "training_set_", None)
    if known is None:
        raise ValueError(f"{path}: does not know what it was trained on")
    _check_boards(path, takes, directory, known)
    begun = clone(old)
    if isinstance(begun[0], TapFeatures):
        plain = TapFeatures().get_params()
        given = {
            name: value
            for name, value in features.get_params().items()
            if name in plain and _differs(value, plain[name])
        }
        begun[0].set_params(**given)
    methods = {"": begun[-1]}
    if method is not None:
        methods = choose_methods([method], None, option="--method")
    set_epochs(methods, epochs)
    (trained,) = methods.values()
    trained.set_params(random_state=seed)
    has_known = {
        specimen
        for specimen, is_normal in zip(
            known["specimens"], known["is_normal"], strict=True
        )
        if not is_normal
    }
    if no_contrast and "contrast" in trained.get_params():
        trained.set_params(contrast=False)
    elif method is not None or len(has_known) < ENOUGH_SPECIMENS:
        # As `train` does; what was decided with defects at hand stays.
        add_contrast(methods, takes)
    new = make_pipeline(*begun[:-1], trained)
    try:
        comparison = compare_grown(
            old, takes.paths, takes.board, truth=takes.truth, new=new, random_state=seed
        )
    except ValueError as error:
        raise ValueError(f"{directory}: {error}") from error
    return new, comparison


def report_addition(
    comparison: "GrownComparison", old: Path, out: Path, *, replace: bool
) -> None:
    """Say which model is better, and how the new one is taken.

    Parameters
    ----------
    comparison : GrownComparison
        Of both.
    old, out : Path
        Their files.
    replace : bool
        Whether the new one is in place of the old one.
    """
    typer.echo(f"tapsklearn: {comparison.conclusion}", err=True)
    if replace and old.samefile(out):
        typer.echo(f"tapsklearn: {old} is the new model now", err=True)
        return
    move = "move /Y" if os.name == "nt" else "mv"
    typer.echo(
        f"tapsklearn: {old} is as it was; to take the new model in its place: "
        f'{move} "{out}" "{old}"',
        err=True,
    )


def _check_boards(path: Path, takes: Any, directory: Path, known: Any) -> None:
    """Check that the folder holds what the model was trained on, as far as it can."""
    trained = known["boards"].tolist()
    there = {str(board) for board in takes.specimens}
    missing = [board for board in trained if board not in there]
    if len(missing) == len(trained):
        raise ValueError(
            f"{directory}: holds none of the boards that {path} was trained on "
            f"({shorten(trained)}); a model file holds no recordings, so give a folder "
            "with the old and the new ones"
        )
    if missing:
        typer.echo(
            f"tapsklearn: warning: {directory} lacks boards that {path} was trained "
            f"on, and the new model learns without them: {shorten(missing)}",
            err=True,
        )
    now = {str(board): board in takes.normal_boards for board in takes.specimens}
    changed = [
        f"{board} was {'normal' if is_normal else 'abnormal'}"
        for board, is_normal in zip(trained, known["is_normal"].tolist(), strict=True)
        if now.get(board, is_normal) != is_normal
    ]
    if changed:
        typer.echo(
            f"tapsklearn: warning: boards have another condition now than when {path} "
            f"was trained: {shorten(changed)}",
            err=True,
        )


def _differs(value: Any, usual: Any) -> bool:
    return type(value) is not type(usual) or bool(value != usual)
