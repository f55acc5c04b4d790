"""The languages of a report: its sentences, numbers and dates."""

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

LANGUAGES = ("en", "ja")
_DASH = "\N{EN DASH}"
_SIZES = ((1e6, "MB"), (1e3, "kB"))
_PLACE = re.compile(r"\\\{(\w+)\\\}")


class Phrase(NamedTuple):
    """A text, and which language it is in.

    Attributes
    ----------
    text : str
        The text.
    language : {"en", "ja"}
        Its language.
    """

    text: str
    language: str


class Language:
    """What a report says in one language.

    Parameters
    ----------
    code : {"en", "ja"}
        Which.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        table = read_table(code)
        self.name: str = table["name"]
        self._messages: Mapping[str, Any] = table["messages"]
        self._sentences = _compile(code)

    def say(self, key: str, /, **values: Any) -> str:
        """Write a message.

        Parameters
        ----------
        key : str
            Which.
        **values : object
            What stands in its places.

        Returns
        -------
        str
            The text.
        """
        return str(self._messages[key]).format(**values)

    def count(self, key: str, n: int, /, **values: Any) -> str:
        """Write a message that counts something.

        Parameters
        ----------
        key : str
            Which.
        n : int
            How many.
        **values : object
            What else stands in its places.

        Returns
        -------
        str
            The text.
        """
        form = self._messages[key]["one" if n == 1 else "other"]
        return str(form).format(n=f"{n:,}", **values)

    def number(self, value: float, digits: int = 2) -> str:
        """Write a number.

        Parameters
        ----------
        value : float
            The number.
        digits : int, default=2
            Of them after the point.

        Returns
        -------
        str
            The text, with a true minus sign; a dash if there is none.
        """
        if math.isnan(value):
            return _DASH
        return f"{value:,.{digits}f}".replace("-", "\N{MINUS SIGN}")

    def rough(self, value: float) -> str:
        """Write a number as exactly as it is known: with two digits.

        Parameters
        ----------
        value : float
            The number.

        Returns
        -------
        str
            The text.
        """
        return self.number(float(f"{value:.2g}"), 0 if abs(value) >= 10 else 1)

    def p_value(self, value: float) -> str:
        """Write a p-value.

        Parameters
        ----------
        value : float
            The number.

        Returns
        -------
        str
            With three digits after the point, or the first that is not 0.
        """
        if math.isnan(value):
            return _DASH
        return f"{value:.3f}" if value == 0 or value >= 0.001 else f"{value:.1g}"

    def percent(self, rate: float) -> str:
        """Write a rate in percent.

        Parameters
        ----------
        rate : float
            From 0 to 1.

        Returns
        -------
        str
            The text; a dash if there is none.
        """
        return _DASH if math.isnan(rate) else f"{100 * rate:.3g}\N{NO-BREAK SPACE}%"

    def size(self, n_bytes: float) -> str:
        """Write the size of a file.

        Parameters
        ----------
        n_bytes : float
            In bytes.

        Returns
        -------
        str
            In MB or kB.
        """
        for unit, name in _SIZES:
            if n_bytes >= unit:
                return f"{n_bytes / unit:.3g}\N{NO-BREAK SPACE}{name}"
        return f"{n_bytes:.0f}\N{NO-BREAK SPACE}B"

    def date(self, when: datetime) -> str:
        """Write a date and time.

        Parameters
        ----------
        when : datetime
            With its time zone, if that is known.

        Returns
        -------
        str
            The text.
        """
        return self.say(
            "date",
            year=when.year,
            month=self._messages["months"][when.month - 1],
            day=when.day,
            time=f"{when:%H:%M}",
            zone=when.tzname() or "",
        ).strip()

    def translate(self, sentence: str) -> Phrase:
        """Translate a sentence that the package writes in English.

        Parameters
        ----------
        sentence : str
            The sentence.

        Returns
        -------
        Phrase
            In this language if it is known here, else in English.
        """
        if self.code == "en":
            return Phrase(sentence, "en")
        for pattern, translated in self._sentences:
            if found := pattern.fullmatch(sentence):
                # A part can be a sentence of its own.
                parts = {
                    name: self.translate(part).text
                    for name, part in found.groupdict().items()
                }
                return Phrase(translated.format(**parts), self.code)
        return Phrase(sentence, "en")


@cache
def read_table(code: str) -> dict[str, Any]:
    """Read all that is written in one language.

    Parameters
    ----------
    code : {"en", "ja"}
        Which.

    Returns
    -------
    dict
        `name`, `messages` by their keys, and `sentences`: pairs of English and this
        language, with places in braces.

    Raises
    ------
    ValueError
        If there is no such language.
    """
    if code not in LANGUAGES:
        raise ValueError(f"language={code!r} must be one of {', '.join(LANGUAGES)}")
    folder = resources.files("tapsklearn.inspection") / "_page" / "messages"
    table: dict[str, Any] = json.loads((folder / f"{code}.json").read_text("utf-8"))
    return table


@cache
def _compile(code: str) -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(english)), re.DOTALL), other)
        for english, other in read_table(code)["sentences"]
    ]
