"""Messages of this program, and none of the sound system's."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def only_our_messages() -> Iterator[None]:
    """Keep what PortAudio and ALSA write to standard error from whoever taps.

    They write what they expected of a device, line by line, where a device that is
    unplugged is to give one line that can be understood.

    Yields
    ------
    None
        While they are silent.
    """
    try:
        goes_to_process = sys.stderr.fileno() == 2
    except (AttributeError, OSError, ValueError):
        goes_to_process = False
    if not goes_to_process:
        yield
        return
    ours = os.fdopen(
        os.dup(2), "w", 1, encoding=sys.stderr.encoding, errors=sys.stderr.errors
    )
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with ours:
        os.dup2(nowhere, 2)
        try:
            with contextlib.redirect_stderr(ours):
                yield
        finally:
            os.dup2(ours.fileno(), 2)
            os.close(nowhere)
