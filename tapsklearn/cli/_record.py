"""``tapsklearn record``: a board's takes, one each time that it is tapped."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tapsklearn.cli._options import (
    Condition,
    Device,
    Kind,
    Session,
    Specimen,
    read_device,
)
from tapsklearn.cli._terminal import level_meter, only_our_messages

if TYPE_CHECKING:
    from tapsklearn.recording import Tap

_REASONS = {
    "clipped": "clipped: tap more softly, or turn the microphone down",
    "quiet": "quiet: tap harder, or come closer",
    "two taps": "two taps: something struck twice",
    "gap": "gap: sound was lost, as the computer was too busy",
    "cut": "cut: the recording began in it",
    "no tap": "no tap: it was a noise",
}


def record(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of all boards.")
    ],
    board: Annotated[str, typer.Option(metavar="NAME", help="Board that is tapped.")],
    condition: Annotated[
        Condition, typer.Option(help="What the board is known to be.")
    ] = Condition.normal,
    takes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Takes of it in the end.")
    ] = 30,
    specimen: Specimen = None,
    kind: Kind = None,
    session: Session = None,
    device: Device = None,
) -> None:
    """Record takes of a board, one each time that it is tapped.

    Tap it in the same place, with the same stick, once a second or more slowly: each
    take ends before the next tap. A take that is clipped, too quiet or holds two taps
    is not kept; tap again. A recording that was broken off goes on where it was.
    """
    from tapsklearn.recording import record_takes

    with only_our_messages(), level_meter() as meter:

        def report(tap: "Tap", path: Path | None) -> None:
            meter.say(_describe(tap, path))
            if path is not None:
                meter.count_down()

        written = record_takes(
            directory,
            board,
            takes,
            device=read_device(device),
            condition=condition.value,
            specimen=specimen,
            kind=kind,
            session=session,
            on_tap=report,
            on_block=meter.show,
            on_start=meter.start,
        )
    if written:
        outcome = f"{len(written)} takes recorded into {directory}"
    else:
        outcome = f"has its {takes} takes already; --takes asks for more"
    typer.echo(f"tapsklearn: {board}: {outcome}", err=True)


def _describe(tap: Any, path: Path | None) -> str:
    if path is not None:
        return f"saved {path} ({tap.peak_db:.0f} dB)"
    listed = "; ".join(_REASONS[flag] for flag in tap.flags)
    return f"not kept, {listed}. Tap again"
