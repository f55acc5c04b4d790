"""The model file that a command judges recordings with."""

from pathlib import Path
from typing import Annotated, Any

import typer

# Of a detector that has no rate of its own.
_ALPHA = 0.05

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Model file.")]


def load_judge(path: Path) -> tuple[Any, float]:
    """Load a model that judges recordings.

    Parameters
    ----------
    path : Path
        The model file.

    Returns
    -------
    model : Pipeline
        It.
    alpha : float
        The share of normal takes that it may call abnormal.

    Raises
    ------
    ValueError
        If it cannot be loaded, or judges no recordings.
    """
    from tapsklearn.persistence import load
    from tapsklearn.scoring import check_reads_files

    model = load(path)
    try:
        check_reads_files(model)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return model, getattr(model[-1], "false_alarm_rate", _ALPHA)
