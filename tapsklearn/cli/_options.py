"""Arguments and options that several commands share."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Recordings = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of recordings.")
]

Normal = Annotated[
    list[str] | None,
    typer.Option(
        help="Boards that are normal, as patterns (hh_*,oak*); else the folder's "
        "takes.csv or boards.csv has them.",
        metavar="PATTERNS",
    ),
]

FalseAlarmRate = Annotated[
    float | None,
    typer.Option(
        metavar="RATE",
        help="Share of normal takes that may be called abnormal, between 0 and 1.  "
        "[default: that of the model]",
    ),
]

Epochs = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Epochs of every method that trains.  [default: its own]",
    ),
]

NoContrast = Annotated[
    bool,
    typer.Option(
        "--no-contrast",
        help="Score by novelty alone; else known defects count, if there are two "
        "abnormal specimens.",
    ),
]

Seed = Annotated[
    int, typer.Option(min=0, metavar="N", help="Seed of all that is random.")
]

Jobs = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Jobs run in parallel.  [default: one a core]"
    ),
]

Device = Annotated[
    str | None,
    typer.Option(
        metavar="DEVICE",
        help="Microphone, by its number or part of its name, as `tapsklearn devices` "
        "lists them.  [default: the system's]",
    ),
]


class Condition(StrEnum):
    """What a board is known to be."""

    normal = "normal"
    abnormal = "abnormal"


Specimen = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Object that the board is of, if it is not one of its own.",
    ),
]

Kind = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Kind of defect, of an abnormal board."),
]

Session = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Occasion of the recording, as a date."),
]


def read_device(device: str | None) -> int | str | None:
    """Read a device as a number or as a name.

    Parameters
    ----------
    device : str or None
        As given.

    Returns
    -------
    int, str or None
        A number if it is one.
    """
    return int(device) if device is not None and device.isdecimal() else device


def split_list(values: Sequence[str] | None) -> list[str] | None:
    """Split what was given with commas, by repeating the option, or both.

    Parameters
    ----------
    values : sequence of str or None
        As given.

    Returns
    -------
    list of str or None
        Each value once, in order; None if the option was not given.
    """
    if not values:
        return None
    parts = (part.strip() for value in values for part in value.split(","))
    return list(dict.fromkeys(part for part in parts if part))
