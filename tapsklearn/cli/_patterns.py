"""Options that hold several values."""

from collections.abc import Sequence


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
