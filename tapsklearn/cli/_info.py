"""``tapsklearn info``: what a model file holds."""

from typing import Annotated, Any

import typer

from tapsklearn.cli._model import Model
from tapsklearn.cli._terminal import to_json


def info(
    model: Model,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all of it as JSON.")
    ] = False,
) -> None:
    """Show what a model file holds, without loading the model."""
    from tapsklearn.persistence import read_about

    about = read_about(model)
    if as_json:
        typer.echo(to_json(about, indent=2))
        return
    for line in _write_out(about):
        # Whoever made the file chose the words; a terminal must not obey them.
        typer.echo("".join(sign if sign.isprintable() else "?" for sign in line))


def _write_out(about: dict[str, Any]) -> list[str]:
    versions = ", ".join(f"{name} {of}" for name, of in about["versions"].items())
    lines = [
        f"created   {about['created']}",
        f"with      {versions}",
        *(
            f"{'' if place else 'model':<10}{step}"
            for place, step in enumerate(about["model"])
        ),
    ]
    if "features" in about:
        lines.append(f"features  {about['features']}")
    if "training" in about:
        training = about["training"]
        boards = training["boards"]
        lines.append(
            f"training  {training['n_takes']} takes of {len(boards)} boards, "
            f"features {training['features_sha256']}"
        )
        if "precision" in training:
            lines.append(f"{'':<10}trained in {training['precision']}")
        if "encoder_sha256" in training:
            lines.append(f"{'':<10}encoder {training['encoder_sha256']}")
        if "paths_sha256" in training:
            lines.append(f"{'':<10}paths {training['paths_sha256']}")
        lines += [
            f"{'':<10}{board or '(no board named)'}: {of['n_takes']} takes, "
            f"{of['condition']}"
            for board, of in boards.items()
        ]
    lines += [
        f"{'' if place else 'metrics':<10}{name} {value:.4g}"
        for place, (name, value) in enumerate(about.get("metrics", {}).items())
    ]
    return lines
