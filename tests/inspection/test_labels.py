"""Names in figures: short, distinct, and in a font that has them."""

import warnings

import matplotlib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tapsklearn.inspection import _labels
from tapsklearn.inspection._labels import find_fonts, shorten_labels

SHOP = "similar-but-normal board number {} from the second shop"


def test_names_that_no_font_has_are_written_out():
    names = ["oak\n1", "t\udce4p", "\x1b[31m"]
    assert shorten_labels(names) == [r"oak\n1", r"t\udce4p", r"\x1b[31m"]


def test_short_names_stay_as_they_are():
    names = ["normal 1, left end", "ひび割れのある板 右端", "abnormal 8"]
    assert shorten_labels(names) == names


def test_a_long_name_loses_its_middle():
    (label,) = shorten_labels([SHOP.format(11)])
    assert label == "similar-but-nor…the second shop"


def test_names_that_differ_in_their_middle_stay_apart():
    labels = shorten_labels([SHOP.format(11), SHOP.format(12)])
    assert labels == [
        "…number 11 from the second shop",
        "…number 12 from the second shop",
    ]


def test_names_that_no_cut_keeps_apart_stay_whole():
    names = [
        "h" * 20 + middle + "t" * 20
        for middle in ("a" + "-" * 40 + "1", "a" + "-" * 40 + "2", "b" + "-" * 40 + "1")
    ]
    labels = shorten_labels(names)
    assert labels[:2] == names[:2]
    assert labels[2] == "…" + "h" * 8 + "b" + "-" * 21 + "…"


def test_ideographs_count_twice():
    (label,) = shorten_labels(["板" * 17])
    assert label == "板" * 7 + "…" + "板" * 7


def test_letters_and_marks_that_were_stored_apart_are_joined():
    assert shorten_labels(["か\u3099"]) == ["が"]


def test_numbers_are_names_too():
    assert shorten_labels([3, 4]) == ["3", "4"]


def test_dollars_are_no_mathematics():
    assert shorten_labels(["$5 and $6"]) == [r"\$5 and \$6"]


@given(st.lists(st.text("ab板", min_size=20, max_size=60), unique=True, max_size=6))
def test_different_names_never_look_alike(names):
    labels = shorten_labels(names)
    assert len(set(labels)) == len(names)


@given(st.text(min_size=1, max_size=80).filter(lambda name: "$" not in name))
def test_one_name_is_never_wider_than_it_may_be(name):
    (label,) = shorten_labels([name])
    assert cell_len(label) <= _labels.WIDTH


def test_latin_names_need_no_further_font():
    assert find_fonts(["normal 1, ü…"]) == matplotlib.rcParams["font.family"]


def test_a_font_is_added_that_has_what_lacks(monkeypatch):
    # What matplotlib itself comes with stands for a system's fonts.
    monkeypatch.setattr(_labels, "EAST_ASIAN_FONTS", ("cmr10", "DejaVu Sans"))
    with matplotlib.rc_context({"font.family": ["cmr10"]}):
        assert find_fonts(["plain"]) == ["cmr10"]
        assert find_fonts(["Доска"]) == ["cmr10", "DejaVu Sans"]


def test_a_missing_font_is_warned_of_once(monkeypatch):
    monkeypatch.setattr(_labels, "EAST_ASIAN_FONTS", ())
    _labels._warn_of_missing_font.cache_clear()
    with pytest.warns(UserWarning, match="fonts-noto-cjk"):
        find_fonts(["ひび割れ"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        find_fonts(["右端"])
