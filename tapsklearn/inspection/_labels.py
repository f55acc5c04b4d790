"""Names of boards and methods as labels: short, and in a font that has them."""

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from unicodedata import normalize

from rich.cells import cell_len

from tapsklearn._table_text import on_one_line

WIDTH = 32
# What is kept before the place where two names begin to differ.
_LEAD = 8

# Fonts with Japanese, Chinese or Korean that systems come with, or are easily given.
EAST_ASIAN_FONTS = (
    *("Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans JP", "IPAexGothic"),
    *("IPAGothic", "TakaoGothic", "TakaoPGothic", "VL Gothic", "Hiragino Sans"),
    *("Yu Gothic", "Meiryo", "MS Gothic", "Noto Sans CJK SC", "Noto Sans CJK KR"),
    *("PingFang SC", "Microsoft YaHei", "Malgun Gothic", "WenQuanYi Zen Hei"),
)


def shorten_labels(labels: Iterable[Any], *, width: int = WIDTH) -> list[str]:
    """Cut labels that are long.

    They lose their middle. Where that would make two alike, they are cut to where
    they differ instead, and left whole if that fails too.

    Parameters
    ----------
    labels : iterable
        Names.
    width : int, default=32
        Width to keep, in columns; an ideograph is two columns wide.

    Returns
    -------
    list of str
        What to write for each.
    """
    # File systems of macOS store letters apart from their marks.
    names = [normalize("NFC", on_one_line(str(label))) for label in labels]
    shown = {name: _cut_middle(name, width) for name in names}
    for alike in _find_alike(shown):
        common = _count_common(alike)
        for name in alike:
            shown[name] = _cut_around(name, common, width)
    for alike in _find_alike(shown):
        shown.update({name: name for name in alike})
    # A pair of dollars would be read as mathematics.
    return [shown[name].replace("$", r"\$") for name in names]


def find_fonts(labels: Sequence[str]) -> list[str]:
    """Find fonts that have all characters of labels.

    Parameters
    ----------
    labels : sequence of str
        What is written.

    Returns
    -------
    list of str
        The font families of matplotlib's settings, and one more if they lack some.
    """
    import matplotlib
    from matplotlib.font_manager import get_font_names

    families = list(matplotlib.rcParams["font.family"])
    missing = set("".join(labels)) - set("\n")
    for family in families:
        missing = _not_in_font(missing, family)
    if not missing:
        return families
    installed = set(get_font_names())
    for family in EAST_ASIAN_FONTS:
        if family in installed and not _not_in_font(missing, family):
            return [*families, family]
    _warn_of_missing_font()
    return families


def _cut_middle(name: str, width: int) -> str:
    if cell_len(name) <= width:
        return name
    half = (width - 1) // 2
    head, tail = _cut_end(name, half), _cut_end(name[::-1], half)[::-1]
    return f"{head.rstrip()}…{tail.lstrip()}"


def _cut_around(name: str, place: int, width: int) -> str:
    """Cut a name so that it shows what begins at a place."""
    start = max(0, place - _LEAD)
    lead = "…" if start else ""
    rest = name[start:]
    if cell_len(lead + rest) <= width:
        return lead + rest
    return lead + _cut_end(rest, width - len(lead) - 1).rstrip() + "…"


def _cut_end(name: str, width: int) -> str:
    while cell_len(name) > width:
        name = name[:-1]
    return name


def _count_common(names: list[str]) -> int:
    """Count the characters that names have in common at their beginning."""
    for place, characters in enumerate(zip(*names, strict=False)):
        if len(set(characters)) > 1:
            return place
    return min(map(len, names))


def _find_alike(shown: dict[str, str]) -> list[list[str]]:
    groups = defaultdict(list)
    for name, label in shown.items():
        groups[label].append(name)
    return [names for names in groups.values() if len(names) > 1]


def _not_in_font(characters: set[str], family: str) -> set[str]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family=[family])))
    return {each for each in characters if not font.get_char_index(ord(each))}


@cache
def _warn_of_missing_font() -> None:
    # Once: every figure with these names would warn of the same.
    warnings.warn(
        "no installed font has all characters of the labels, and some are shown as "
        "boxes; install one with Japanese, such as Debian's fonts-noto-cjk or "
        "fonts-ipaexfont, or set matplotlib's font.family to one that has them",
        stacklevel=2,
    )
