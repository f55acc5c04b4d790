"""``tapsklearn devices``: what can be recorded with."""

from typing import Annotated

import typer

from tapsklearn.cli._terminal import make_table, print_table


def devices(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the devices as JSON.")
    ] = False,
) -> None:
    """List the microphones that `record` and `listen` can use."""
    from tapsklearn.recording import MicrophoneError, list_devices

    found = list_devices()
    if not len(found):
        raise MicrophoneError("there is no microphone: plug one in")
    if as_json:
        typer.echo(found.reset_index().to_json(orient="records", force_ascii=False))
        return
    table = make_table(gap=2)
    for name in ("device", "name", "channels", "Hz", "default"):
        table.add_column(name)
    for number, device in found.iterrows():
        table.add_row(
            str(number),
            device["name"],
            str(device["n_channels"]),
            str(device["sr"]),
            "yes" if device["is_default"] else "",
        )
    print_table(table)
