"""The model file that a command scores recordings with."""

from pathlib import Path
from typing import Annotated, Any

import typer

# Of a detector that has no rate of its own.
_FALSE_ALARM_RATE = 0.05

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Model file.")]


def load_model(
    path: Path, *, false_alarm_rate: float | None = None
) -> tuple[Any, float]:
    """Load a model that scores recordings.

    Parameters
    ----------
    path : Path
        The model file.
    false_alarm_rate : float, default=None
        Share of normal takes that it may call abnormal. If None, the model's own.

    Returns
    -------
    model : Pipeline
        The model, its threshold set for the rate.
    false_alarm_rate : float
        The rate that holds.

    Raises
    ------
    ValueError
        If it cannot be loaded, scores no recordings, or cannot be calibrated.
    """
    from tapsklearn.persistence import load
    from tapsklearn.scoring import calibrate, check_reads_files, find_detector

    model = load(path)
    try:
        check_reads_files(model)
        if false_alarm_rate is not None:
            calibrate(model, false_alarm_rate=false_alarm_rate)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    detector = find_detector(model)
    return model, getattr(detector, "false_alarm_rate_", _FALSE_ALARM_RATE)
