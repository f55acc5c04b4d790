"""One vocabulary, the field's: code scores, detects and reconstructs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What is not said of code, with the word to use.
BANNED = {
    r"hear(s|d|ing)?": "detect, record",
    r"judg\w*": "score, evaluate, classify",
    r"(re)?draw(s|n|ing|ings)?": "plot, reconstruct, sample",
    r"set(s|ting)?[ _]apart": "hold out",
    r"tell(s|ing)?|told": "return, report, show",
    r"learnt": "learned, trained on, fitted",
    r"(?-i:None (is|takes|keeps|leaves|gives)(?! None))": "If None, ...",
    r"takes? that it takes": "takes",
}
# A method of files is called tell, too.
PATTERN = re.compile(rf"(?<![A-Za-z.])({'|'.join(BANNED)})(?![A-Za-z])", re.IGNORECASE)
# The slogan may.
ALLOWED = ("Hear damage",)
FILES = sorted(
    [
        *(ROOT / "tapsklearn").rglob("*.py"),
        *(ROOT / "examples").glob("*.py"),
        *(ROOT / "benchmarks").glob("*.py"),
        *(ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md")),
        ROOT / "benchmarks" / "README.md",
    ]
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_are_those_of_the_field(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for phrase in ALLOWED:
        text = text.replace(phrase, "")
    found = [
        f"{path.name}:{number}: {match.group()!r}"
        for number, line in enumerate(text.splitlines(), start=1)
        for match in PATTERN.finditer(line)
    ]
    assert not found, f"{found}; instead: {'; '.join(BANNED.values())}"


@pytest.mark.parametrize(
    "sentence",
    [
        "boards never heard",
        "what it judges",
        "cannot draw again",
        "takes set apart",
        "tells how rare",
        "learnt from",
        "None is all",
    ],
)
def test_each_banned_word_is_found(sentence: str) -> None:
    assert PATTERN.search(sentence)
