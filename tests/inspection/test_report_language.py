"""The languages of a report: the same things said in each, and nothing left out."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from tapsklearn import CropDetector, SpectrumDetector
from tapsklearn.datasets import Truth
from tapsklearn.inspection._report_language import LANGUAGES, Language, read_table
from tapsklearn.model_selection import compare_methods
from tapsklearn.preprocessing import TakeError, read_take


def find_places(message: Any) -> list[set[str]]:
    """Find the places of each text of a message."""
    texts = message.values() if isinstance(message, dict) else [message]
    return [set(re.findall(r"\{(\w+)\}", str(text))) for text in texts]


def test_all_languages_have_the_same_messages_with_the_same_places() -> None:
    english, *others = (read_table(code)["messages"] for code in LANGUAGES)
    for other in others:
        assert list(other) == list(english)
        for key, message in english.items():
            assert type(other[key]) is type(message), key
            if isinstance(message, dict):
                assert other[key].keys() == message.keys() == {"one", "other"}
            one, two = find_places(message), find_places(other[key])
            assert set.union(*one) == set.union(*two), key


def test_every_message_is_used() -> None:
    from importlib import resources

    package = resources.files("tapsklearn.inspection")
    sources = [*(package / "_page").iterdir(), *package.iterdir()]
    names = (".jinja", ".py", ".js")
    text = "\n".join(
        each.read_text("utf-8") for each in sources if each.name.endswith(names)
    )
    built = ("play_", "method_", "cmp_by_", "months", "note_moved_")
    unused = [
        key
        for key in read_table("en")["messages"]
        if f'"{key}"' not in text and not key.startswith(built)
    ]
    assert unused == []


def test_translated_sentences_have_the_places_of_the_english() -> None:
    for english, japanese in read_table("ja")["sentences"]:
        assert find_places(english) == find_places(japanese)


def test_numbers_and_dates() -> None:
    english, japanese = Language("en"), Language("ja")
    when = datetime(2026, 3, 9, 14, 5, tzinfo=UTC)
    assert english.date(when) == "9 March 2026, 14:05 UTC"
    assert japanese.date(when) == "2026年3月9日 14:05 UTC"
    assert english.number(-1234.5) == "\u22121,234.50"
    assert english.number(float("nan")) == "\u2013"
    assert [english.p_value(p) for p in (0.0123, 0.00041, 1)] == [
        *("0.012", "0.0004", "1.000")
    ]
    assert english.percent(0.05) == "5\u00a0%"
    assert [english.size(n) for n in (30_000_000, 1500, 12)] == [
        *("30\u00a0MB", "1.5\u00a0kB", "12\u00a0B")
    ]
    assert english.count("n_boards", 1) == "1 board"
    assert english.count("n_boards", 1500) == "1,500 boards"


def test_no_other_language() -> None:
    with pytest.raises(ValueError, match=r"language='de' must be one of en, ja"):
        Language("de")


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound " * 100])
def test_reasons_are_translated(content: bytes, tmp_path: Any) -> None:
    path = tmp_path / "take.wav"
    path.write_bytes(content)
    for each in (path, tmp_path / "none.wav", tmp_path):
        with pytest.raises(TakeError) as error:
            read_take(each)
        [reason] = error.value.problems.values()
        assert Language("ja").translate(reason).language == "ja", reason
        assert Language("en").translate(reason) == (reason, "en")


def test_what_is_not_known_stays_english() -> None:
    found = Language("ja").translate("<b>something new</b>")
    assert found == ("<b>something new</b>", "en")


def compare(**params: Any) -> Any:
    """Compare on crops of which those of bad boards are louder."""
    n_boards = params.pop("n_boards", 8)
    crops = np.random.default_rng(0).normal(size=(6 * n_boards, 8, 6))
    boards = np.repeat([f"board {number}" for number in range(n_boards)], 6)
    normal = [f"board {number}" for number in range(n_boards // 2)]
    crops[~np.isin(boards, normal)] += params.pop("louder", 2)
    names = [f"board {number}" for number in range(n_boards)]
    truth = Truth(
        normal,
        kinds=params.pop("kinds", None),
        sessions=dict(zip(names, params.pop("sessions", []), strict=False)) or None,
    )
    methods = {"crop": CropDetector(), "other": SpectrumDetector()}
    return compare_methods(
        {name: methods[name] for name in params.pop("methods", ["crop"])},
        crops,
        boards,
        truth=truth,
        cv=2,
        random_state=0,
        **params,
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_whatever_a_comparison_says_is_translated() -> None:
    """Each kind of conclusion and of limits, so that none is read in English."""
    bad = [f"board {number}" for number in range(4, 8)]
    comparisons = [
        compare(),
        compare(louder=0, n_boards=12),
        compare(n_boards=4),
        compare(methods=["crop", "other"], kinds=dict.fromkeys(bad, "crack")),
        compare(kinds=dict(zip(bad, "abcd", strict=True)), sessions="aaaabbbb"),
        compare(sessions="aabbbbbb"),
    ]
    said = set[str]()
    for comparison in comparisons:
        said |= {*comparison.limits, *comparison.conclusion().splitlines()}
        plain = replace(comparison, kinds=None, kind_scores=None)
        said.add(plain.conclusion())
    starts = ("Use ", "No clear", "No method", "The AUROC", "For kinds", "Whether it")
    for start in starts:
        assert any(start in each for each in said), start
    japanese = Language("ja")
    for sentence in said:
        found = japanese.translate(sentence)
        assert found.language == "ja", sentence
        assert not re.search(r"\b(the|is|of|for)\b", found.text), found.text
