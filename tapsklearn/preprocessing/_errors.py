"""Takes that cannot be used, or with a remark, and what names them all."""

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, ClassVar

from tapsklearn._shorten import shorten


class UnusableError(ValueError):
    """Why one take cannot be used; whoever knows its name or row adds that.

    Attributes
    ----------
    code : str
        The reason in a word or two, the same in all commands.
    """

    code: ClassVar[str] = "unreadable"


class TruncatedError(UnusableError):
    """A file that was cut off: what is there can be read."""


class AllZeroError(UnusableError):
    """A take of nothing but zeros.

    Parameters
    ----------
    sr : int
        Sampling rate of the recording, in Hz.
    """

    code = "silent"

    def __init__(self, sr: int) -> None:
        super().__init__(sr)
        self.sr = sr

    def __str__(self) -> str:
        return "all samples are zero"


class NoTapError(UnusableError):
    """A take in which nothing stands out as a tap does."""

    code = "no tap"


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
        parts = [f"{_name(take)}: {why}" for take, why in self.problems.items()]
        if len(parts) == 1:
            return parts[0]
        listed = shorten(parts)
        return f"{len(parts)} takes cannot be used: {listed}"


class TakeWarning(UserWarning):
    """Takes that are used, but of which something is to be said.

    Parameters
    ----------
    remarks : mapping of str or int to (mapping of str to str)
        The remarks by file, or by row number where only rows are known: the detail of
        each by its word, which is "clipped", "quiet", "lossy", "two taps", "offset",
        "pop", "cut", "narrow" or "channels".

    Attributes
    ----------
    remarks : dict of str or int to (dict of str to str)
        As given; all of them, also those the message leaves out.

    Examples
    --------
    >>> print(TakeWarning({"oak/03.wav": {"clipped": "9 samples at full scale"}}))
    1 take used with a remark: oak/03.wav: clipped (9 samples at full scale)
    """

    def __init__(self, remarks: Mapping[Any, Mapping[str, str]]) -> None:
        self.remarks = {take: dict(of_take) for take, of_take in remarks.items()}
        super().__init__(self.remarks)

    def __str__(self) -> str:
        parts = [
            f"{_name(take)}: {'; '.join(map(_describe, of_take.items()))}"
            for take, of_take in self.remarks.items()
        ]
        count = "1 take" if len(parts) == 1 else f"{len(parts)} takes"
        return f"{count} used with a remark: {shorten(parts)}"


def _name(take: str | int) -> str:
    return f"row {take}" if isinstance(take, int) else take


def _describe(remark: tuple[str, str]) -> str:
    word, detail = remark
    return f"{word} ({detail})" if detail else word


_COLLECTED: ContextVar[dict[Any, dict[str, str]] | None] = ContextVar(
    "tapsklearn_remarks", default=None
)


@contextlib.contextmanager
def collect_remarks() -> Iterator[dict[Any, dict[str, str]]]:
    """Collect remarks on takes in place of warnings.

    Yields
    ------
    dict of str or int to (dict of str to str)
        As of `TakeWarning`; filled in the block of the `with` statement.

    Examples
    --------
    >>> import numpy as np
    >>> tap = np.exp(-np.arange(44100) / 2000) * np.sin(np.arange(44100))
    >>> from tapsklearn import TapFeatures
    >>> with collect_remarks() as remarks:
    ...     crops = TapFeatures(input="waveform").fit_transform([tap])
    >>> list(remarks[0])
    ['cut']
    """
    collected: dict[Any, dict[str, str]] = {}
    token = _COLLECTED.set(collected)
    try:
        yield collected
    finally:
        _COLLECTED.reset(token)


def warn_of_remarks(
    remarks: Mapping[Any, Mapping[str, str]], *, stacklevel: int = 2
) -> None:
    """Warn of takes with remarks, once for all, or give them to whoever collects them.

    Parameters
    ----------
    remarks : mapping of str or int to (mapping of str to str)
        As of `TakeWarning`; takes without remarks are left out.
    stacklevel : int, default=2
        As of `warnings.warn`, counted from the caller.
    """
    remarks = {take: dict(of_take) for take, of_take in remarks.items() if of_take}
    if not remarks:
        return
    collected = _COLLECTED.get()
    if collected is not None:
        collected |= remarks
    else:
        warnings.warn(TakeWarning(remarks), stacklevel=stacklevel + 1)


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
