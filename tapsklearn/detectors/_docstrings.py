"""Docstrings of classes, completed from those of the classes that they inherit from."""

import inspect
import re
from collections.abc import Mapping
from typing import TypeVar

_Class = TypeVar("_Class", bound=type)

_TITLE = re.compile(r"^(\w[\w ]*)\n-+\n", re.MULTILINE)
_ENTRY = re.compile(r"^(?=\S)", re.MULTILINE)


def complete_docstring(cls: _Class) -> _Class:
    """Add what inherited parameters and attributes are to the docstring of a class.

    The docstring of a class describes only what the class has itself, or has in another
    sense than the class that it inherits it from. The parameters come in the order of
    the signature.

    Parameters
    ----------
    cls : type
        A class, with numpydoc's sections in its docstring, whose bases are completed.

    Returns
    -------
    type
        The same class.
    """
    head, sections = _split(cls)
    inherited = [_split(base)[1] for base in reversed(cls.__mro__[1:])]
    for title in ("Parameters", "Attributes"):
        entries: dict[str, str] = {}
        for each in (*inherited, sections):
            entries |= _read_entries(each.get(title, ""))
        if title == "Parameters":
            names = inspect.signature(cls).parameters
            entries = {name: entries[name] for name in names if name in entries}
        # What several names share is written once.
        sections[title] = "\n".join(dict.fromkeys(entries.values()))
    own = [title for title in sections if title not in {"Parameters", "Attributes"}]
    whole = [head] + [
        f"{title}\n{'-' * len(title)}\n{sections[title]}"
        for title in ("Parameters", "Attributes", *own)
        if sections[title]
    ]
    cls.__doc__ = "\n\n".join(whole) + "\n"
    return cls


def _split(cls: type) -> tuple[str, dict[str, str]]:
    """Split a docstring into what comes before the sections, and these by title."""
    head, *parts = _TITLE.split(inspect.cleandoc(vars(cls).get("__doc__") or ""))
    texts = (text.strip("\n") for text in parts[1::2])
    return head.strip(), dict(zip(parts[::2], texts, strict=True))


def _read_entries(section: str) -> Mapping[str, str]:
    """Split a section into its entries, by each name of an entry."""
    entries: dict[str, str] = {}
    for entry in _ENTRY.split(section):
        names = entry.partition(" : ")[0]
        if names:
            entries |= dict.fromkeys(names.split(", "), entry.rstrip("\n"))
    return entries
