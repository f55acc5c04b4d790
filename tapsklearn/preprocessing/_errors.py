"""The one error that names every take that cannot be used, and why."""

import warnings
from collections.abc import Mapping

from tapsklearn._shorten import shorten


class TakeError(ValueError):
    """Takes that cannot be used, each with its reason.

    Parameters
    ----------
    problems : mapping of str or int to str
        What is wrong, by file, or by row number where only rows are known.

    Attributes
    ----------
    problems : dict of str or int to str
        As given; all of them, also those the message leaves out.

    Examples
    --------
    >>> print(TakeError({"oak/03.wav": "the file is empty"}))
    oak/03.wav: the file is empty
    >>> print(TakeError({4: "no tap", 7: "no tap"}))
    2 takes cannot be used: row 4: no tap; row 7: no tap
    """

    def __init__(self, problems: Mapping[str | int, str]) -> None:
        self.problems = dict(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        parts = [
            f"{f'row {take}' if isinstance(take, int) else take}: {reason}"
            for take, reason in self.problems.items()
        ]
        if len(parts) == 1:
            return parts[0]
        listed = shorten(parts)
        return f"{len(parts)} takes cannot be used: {listed}"


def raise_or_warn(problems: Mapping[str | int, str], *, on_error: str) -> None:
    """Tell of takes that cannot be used, the way the user has chosen.

    Parameters
    ----------
    problems : mapping of str or int to str
        What is wrong with each; nothing is done if it is empty.
    on_error : {"raise", "nan"}
        Whether it is an error, or a warning that they are given as NaN.

    Raises
    ------
    TakeError
        If there are problems and `on_error` is "raise".
    """
    if problems and on_error == "raise":
        raise TakeError(problems)
    if problems:
        warnings.warn(
            f"{TakeError(problems)} (given as NaN, will score NaN)", stacklevel=3
        )
