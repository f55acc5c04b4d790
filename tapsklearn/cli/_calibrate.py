"""``tapsklearn calibrate``: a new threshold from further normal boards."""

from pathlib import Path
from typing import Annotated

import typer

from tapsklearn.cli._choices import require_normal_boards
from tapsklearn.cli._model import Model, load_model
from tapsklearn.cli._options import FalseAlarmRate, Normal, Recordings, split_list
from tapsklearn.cli._train import check_writable


def calibrate(
    model: Model,
    directory: Recordings,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="MODEL", help="The new model file."),
    ],
    normal: Normal = None,
    false_alarm_rate: FalseAlarmRate = None,
) -> None:
    """Set the threshold of a model by normal boards that it has not seen.

    Nothing is trained, and takes score as before: after another microphone, place or
    stick, a few normal boards give a threshold that holds there.
    """
    from tapsklearn.datasets import load_takes
    from tapsklearn.persistence import read_about, save
    from tapsklearn.scoring import calibrate as calibrate_model
    from tapsklearn.scoring import find_detector

    check_writable(out)
    fitted, rate = load_model(model)
    takes = load_takes(directory, normal=split_list(normal))
    require_normal_boards(directory, takes)
    rows = [
        row for row, board in enumerate(takes.board) if board in takes.normal_boards
    ]
    detector = find_detector(fitted)
    # What is normal and what belongs together is said of the new boards.
    known = detector.get_params()
    detector.set_params(
        normal_boards=list(takes.normal_boards), specimens=takes.specimens
    )
    try:
        calibrate_model(
            fitted,
            [takes.paths[row] for row in rows],
            takes.board[rows],
            false_alarm_rate=rate if false_alarm_rate is None else false_alarm_rate,
        )
    except ValueError as error:
        raise ValueError(f"{directory}: {error}") from error
    detector.set_params(
        normal_boards=known["normal_boards"], specimens=known["specimens"]
    )
    # The threshold changes no rank.
    metrics = {
        name: value
        for name, value in read_about(model).get("metrics", {}).items()
        if name.startswith("roc_auc")
    }
    save(fitted, out, metrics=metrics or None)
    n_specimens = len({takes.specimens[board] for board in takes.normal_boards})
    typer.echo(
        f"tapsklearn: calibrated with {len(rows)} takes of {n_specimens} normal "
        f"boards for {100 * detector.false_alarm_rate_:g} % false alarms; written to "
        f"{out}",
        err=True,
    )
