"""Lists that fit on one line of a message."""

from collections.abc import Sequence

_SHOWN = 10


def shorten(parts: Sequence[str]) -> str:
    """Join what is to be listed, and count what would make the line too long.

    Parameters
    ----------
    parts : sequence of str
        What to list.

    Returns
    -------
    str
        The first ten, and how many more there are.

    Examples
    --------
    >>> shorten(["oak", "ash"])
    'oak; ash'
    """
    more = len(parts) - _SHOWN
    tail = f"; and {more} more" if more > 0 else ""
    return "; ".join(parts[:_SHOWN]) + tail
