"""Text of tables, so that any name of a file or board comes back as it was."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

# How Python holds a byte of a file's name that is not UTF-8, and writes it as text.
_BYTE = re.compile(r"\\udc([89a-f][0-9a-f])")
_NEEDS_QUOTES = re.compile(r'[",\r\n]|^\s|\s$')


def csv_line(cells: Iterable[Any]) -> str:
    r"""Write one row of a CSV file.

    Parameters
    ----------
    cells : iterable
        What the row holds.

    Returns
    -------
    str
        The row with its end of line, "\n".

    Examples
    --------
    >>> csv_line(["oak, left", "a\rb", 0.5])
    '"oak, left","a\rb",0.5\n'
    """
    texts = ["" if cell is None else str(cell) for cell in cells]
    # Python's writer leaves out the quotes around spaces, and around the one of both
    # ends of line that is not its own; readers take off spaces, and end at either.
    quoted = [
        '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
        for text in texts
    ]
    return (",".join(quoted) or '""') + "\n"


def encode_text(text: str) -> bytes:
    r"""Encode text as UTF-8, which names of files are not always.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    bytes
        UTF-8; a byte that is none is written as ``\udcff``, which JSON reads as it
        is, and `restore_bytes` brings back.

    Examples
    --------
    >>> encode_text("t\udce4p.wav")
    b't\\udce4p.wav'
    """
    return text.encode("utf-8", errors="backslashreplace")


def restore_bytes(text: str) -> str:
    r"""Bring back the bytes that `encode_text` had to write out.

    Parameters
    ----------
    text : str
        A name from a table.

    Returns
    -------
    str
        The name as Python lists it from a folder.

    Examples
    --------
    >>> restore_bytes("t\\udce4p.wav") == "t\udce4p.wav"
    True
    """
    return _BYTE.sub(lambda found: chr(0xDC00 + int(found[1], 16)), text)


def normalize_head(head: str) -> str:
    """Spell the head of a column the one way in which columns are looked up.

    Parameters
    ----------
    head : str
        As the table has it.

    Returns
    -------
    str
        In small letters of half width, without spaces around it.

    Examples
    --------
    >>> normalize_head(" Board ")
    'board'
    """
    return unicodedata.normalize("NFKC", head).strip().casefold()


def on_one_line(text: str) -> str:
    r"""Write out the signs of a name that break lines, or that a terminal obeys.

    Parameters
    ----------
    text : str
        The name.

    Returns
    -------
    str
        The same with "\n" in two letters for an end of line, and so on.

    Examples
    --------
    >>> on_one_line("oak\n\udcff") == r"oak\n\udcff"
    True
    """
    return "".join(
        sign.encode("unicode_escape").decode()
        if unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"}
        else sign
        for sign in text
    )
