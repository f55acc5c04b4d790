"""Takes that cannot be used: why one cannot, and the error that names them all."""

import warnings
from collections.abc import Mapping, Sequence

from tapsklearn._shorten import shorten


class UnusableError(ValueError):
    """Why one take cannot be used; whoever knows its name or row adds that."""


class AllZeroError(UnusableError):
    """A take of nothing but zeros."""


class NoTapError(UnusableError):
    """A take in which nothing stands out as a tap does."""


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


def raise_or_warn(
    problems: Mapping[int, str],
    *,
    on_error: str,
    names: Sequence[str] | None = None,
) -> None:
    """Report takes that cannot be used, the way the user has chosen.

    Parameters
    ----------
    problems : mapping of int to str
        What is wrong with each row; nothing is done if it is empty.
    on_error : {"raise", "nan"}
        Whether it is an error, or a warning that their rows are NaN.
    names : sequence of str, default=None
        The rows' files. If None, takes are named by their rows.

    Raises
    ------
    TakeError
        If there are problems and `on_error` is "raise".
    """
    if not problems:
        return
    named: dict[str | int, str] = {
        names[row] if names is not None else row: reason
        for row, reason in problems.items()
    }
    if on_error == "raise":
        raise TakeError(named)
    warnings.warn(
        f"{TakeError(named)} (their rows are NaN, and will score NaN)", stacklevel=3
    )
