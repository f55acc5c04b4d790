"""Reports as files: what they say, what they leave out, and that no name does harm."""

import base64
import io
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sklearn.pipeline import make_pipeline
from sklearn.svm import OneClassSVM

from tapsklearn.inspection import (
    check_report,
    write_comparison_report,
    write_report,
)
from tapsklearn.inspection._report_boards import show_name
from tapsklearn.preprocessing import read_tap
from tapsklearn.scoring import ScoreShift
from tests.inspection.conftest import INJECTED

WHEN = datetime(2026, 3, 9, 14, 40, tzinfo=UTC)
OURS = {"layout", "parts", "score", "comparison"}


class Page(HTMLParser):
    """The elements, text and attributes of a page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.attributes if each == name]


@pytest.fixture
def report(scored: Any, tmp_path: Path) -> Callable[..., str]:
    """Write a report, and read it."""
    model, rows = scored

    def report(some: Any = None, **params: Any) -> str:
        path = tmp_path / "report.html"
        params = {"created": WHEN} | params
        kept = rows if some is None else some
        assert write_report(path, model, kept, **params) == path
        return path.read_text(encoding="utf-8")

    return report


def sounds_of(page: str) -> list[str]:
    """Find all sounds once, those of buttons and of normal takes."""
    return re.findall(r'data-sound="(data:[^" ]+)"', page)


def test_the_summary_counts_boards(report: Any) -> None:
    page = report()
    assert "6 boards tested with 22 takes." in page
    assert "2 boards are abnormal, 3 are normal and 1 has no verdict." in page
    assert "The false-alarm rate asked for is 40\u00a0%" in page
    assert "2 takes could not be scored" in page
    assert "9 March 2026, 14:40 UTC" in page
    japanese = report(language="ja")
    assert "板 6 枚を打音 22 件で検査しました。" in japanese
    assert "異常は 2 枚、正常は 3 枚、判定なしは 1 枚です。" in japanese
    assert "途中で切れています" in japanese
    assert '<html lang="ja">' in japanese


def test_boards_stand_by_verdict_and_p_value(report: Any) -> None:
    verdicts = re.findall(
        r'class="board" data-number="\d+" data-verdict="(\w+)', report()
    )
    assert verdicts == ["abnormal"] * 2 + ["normal"] * 3 + ["none"]


def test_the_same_rows_give_the_same_bytes(report: Any) -> None:
    assert report() == report()
    assert "9 March 2026" not in report(created=None)


def test_nothing_is_loaded_from_anywhere(report: Any) -> None:
    page = Page(report())
    links = page.values("src") + page.values("href") + page.values("data-sound")
    assert links
    for link in links:
        assert link.startswith(("data:", "#")), link[:60]
    assert not {"iframe", "object", "embed", "base", "form", "link rel"} & {*page.tags}
    [policy] = [value for value in page.values("content") if "default-src" in value]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


def test_no_name_becomes_an_element(report: Any) -> None:
    content = report()
    page = Page(content)
    assert page.tags.count("script") == 2
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert set(page.tags) & {"b", "img"} <= {"b", "img"}
    sources = page.values("src")
    assert "x" not in sources
    # It is shown as it is, and no template runs in it.
    assert INJECTED in page.texts
    assert "\u202e" not in content
    assert "\\u202e<b onclick=alert(1)>.wav" in page.texts


def test_sounds_are_the_taps(report: Any, scored: Any) -> None:
    _, rows = scored
    page = report()
    sounds = sounds_of(page)
    assert len(sounds) >= 5
    read = [
        soundfile.read(io.BytesIO(base64.b64decode(each.partition(",")[2])))
        for each in sounds
    ]
    assert all(0 < len(sound) / sr <= 4 * 0.6 + 0.05 for sound, sr in read)
    assert all(np.abs(sound).max() == pytest.approx(0.7, abs=0.05) for sound, _ in read)
    worst = min(
        (row for row in rows if "img" in row["path"]), key=lambda row: row["score"]
    )
    tap, _ = read_tap(worst["path"], sr=22050)
    tap = tap * 0.7 / np.abs(tap).max()
    assert any(
        len(sound) == len(tap) and np.allclose(sound, tap, atol=2**-14)
        for sound, _ in read
    )
    for name in ("only the difference", "two octaves lower", "four times slower"):
        assert page.count(name) >= 2


def test_what_does_not_fit_is_left_out_and_says_so(report: Any) -> None:
    whole = report()
    sizes = [len(whole) // 2, 100_000]
    pages = [report(max_size=size) for size in sizes]
    for size, page in zip(sizes, pages, strict=True):
        assert len(page.encode()) <= size
        assert "to keep this file under" in page
    # The board that matters most keeps its sound longest.
    numbers = [len(sounds_of(page)) for page in (whole, *pages)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] < numbers[0]
    assert len(re.findall('<tr class="board"', pages[-1])) == 6


def test_too_small_for_any_sound(report: Any) -> None:
    page = report(max_size=10_000)
    assert sounds_of(page) == []
    assert "it was left out to keep this file under 10\u00a0kB" in page
    assert "6 boards tested" in page


def test_a_recording_that_is_gone_has_a_reason(report: Any, scored: Any) -> None:
    _, rows = scored
    gone = [row | {"path": row["path"].replace("img", "gone")} for row in rows]
    page = report(gone)
    assert "its recording cannot be read again (there is no such file)" in page


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_could_be_scored(report: Any, scored: Any, language: str) -> None:
    broken = [row for row in scored[1] if row["error"]]
    page = report(broken, language=language)
    expected = {"en": "None of the takes could be scored", "ja": "1 件もないため"}
    assert expected[language] in page
    assert sounds_of(page) == []


def test_only_normal_boards(report: Any, scored: Any) -> None:
    normal = [row for row in scored[1] if row["verdict"] == "normal"][:8]
    page = report(normal, boards=["a"] * 4 + ["b"] * 4)
    assert "No board is abnormal, 2 are normal." in page


@pytest.mark.parametrize(
    ("direction", "n_normal", "says"),
    [
        ("lower", 6, "the 6 boards that are known to be normal score lower"),
        ("lower", 3, "most of the 6 boards score lower"),
        ("higher", 3, "the 6 boards score higher"),
        ("", 3, ""),
    ],
)
def test_moved_scores_stand_at_the_top(
    report: Any, direction: str, n_normal: int, says: str
) -> None:
    shift = ScoreShift(
        direction=direction,
        p_value=1e-4,
        n_boards=6,
        n_normal=n_normal,
        n_calibration=9,
    )
    page = report(shift=shift)
    assert page.count("Scores have moved since the model was calibrated") == bool(says)
    assert says in page.partition("<table")[0]
    japanese = report(shift=shift, language="ja")
    assert ("校正時からスコアが変化しています" in japanese) == bool(says)


def test_where_no_verdict_could_be_abnormal(scored: Any, tmp_path: Path) -> None:
    from copy import deepcopy

    from tapsklearn.scoring import calibrate

    model, rows = scored
    strict = calibrate(deepcopy(model), false_alarm_rate=0.1)
    path = write_report(tmp_path / "report.html", strict, rows)
    assert "no board could be called abnormal" in path.read_text(encoding="utf-8")


def test_the_model_file_is_named_with_its_checksum(report: Any, tmp_path: Path) -> None:
    file = tmp_path / "<model>.taps"
    file.write_bytes(b"abc")
    page = report(model_file=file)
    assert "&lt;model&gt;.taps" in page
    assert "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" in page


def test_wrong_use_has_one_line(scored: Any, tmp_path: Path) -> None:
    model, rows = scored
    path = tmp_path / "report.html"
    with pytest.raises(ValueError, match="language='fr' must be one of en, ja"):
        write_report(path, model, rows, language="fr")
    with pytest.raises(ValueError, match="max_size=9 must be at least 10000"):
        write_report(path, model, rows, max_size=9)
    with pytest.raises(ValueError, match="rows is empty"):
        write_report(path, model, [])
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        write_report(tmp_path / "none" / "report.html", model, rows)
    with pytest.raises(IsADirectoryError, match="name a file in it"):
        write_report(tmp_path, model, rows)
    other = make_pipeline(model[0], OneClassSVM())
    with pytest.raises(ValueError, match="OneClassSVM has none"):
        write_report(path, other, rows)
    assert not list(tmp_path.iterdir())


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"jinja2; pillow.*tapsklearn\[report\]"):
        check_report("report.html", language="en", max_size=10**6)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb", r"a\nb"),
        ("\udcff.wav", r"\udcff.wav"),
        ("abc\u202egpj.exe", r"abc\u202egpj.exe"),
        ("か\u3099", "が"),
    ],
)
def test_names_hide_nothing(name: str, shown: str) -> None:
    assert show_name(name) == shown


# ------------------------------------------------------------------ a comparison


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_comparison(comparison: Any, tmp_path: Path, language: str) -> None:
    path = tmp_path / "report.html"
    params: dict[str, Any] = {"language": language, "created": WHEN}
    write_comparison_report(path, comparison, false_alarm_rate=0.3, **params)
    content = path.read_text(encoding="utf-8")
    page = Page(content)
    ranking = comparison.ranking()
    assert f"{ranking['roc_auc'].iloc[0]:.3f}" in content
    for each in ("ae", "crop-knn"):
        assert each in page.texts
    expected = {
        "en": [comparison.conclusion(), *comparison.limits],
        "ja": ["結論", "順位", "ROC 曲線", "使用した特徴量"],
    }
    text = "".join(page.texts)
    for sentence in expected[language]:
        for line in sentence.splitlines():
            assert line in text
    assert len(page.values("d")) > len(comparison.complete)
    assert page.tags.count("h2") >= 7
    assert sounds_of(content)


def test_of_crops_there_is_no_sound(without_estimators: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    path = write_comparison_report(tmp_path / "report.html", without_estimators)
    assert "kept no estimators" in path.read_text(encoding="utf-8")
    crops = replace(without_estimators, paths=None)
    path = write_comparison_report(tmp_path / "report.html", crops)
    assert "were not given as files" in path.read_text(encoding="utf-8")


def test_where_every_method_failed(comparison: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    failed = comparison.results.assign(error="ValueError: <b>no</b>", roc_auc=np.nan)
    broken = replace(comparison, results=failed)
    path = write_comparison_report(tmp_path / "report.html", broken)
    content = path.read_text(encoding="utf-8")
    assert "Every method failed in some fold" in content
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in content
