"""Reports on the command line: written at the end, and never in place of the scores."""

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory, taps: Path) -> Path:
    from tapsklearn.cli import main

    path = tmp_path_factory.mktemp("model") / "model.taps"
    options = ["--method", "crop-knn", "--jobs", "1"]
    assert main(["train", str(taps), "-o", str(path), *options]) == 0
    return path


@pytest.fixture
def boards(taps: Path, tmp_path: Path) -> Path:
    """Return a folder of boards, with a file that is broken."""
    folder = tmp_path / "boards"
    shutil.copytree(taps, folder)
    (folder / "good 1" / "broken.wav").write_bytes(b"RIFF")
    return folder


def test_the_report_comes_with_the_rows(
    run: Any, model_file: Path, boards: Path, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    plain = run("score", model_file, boards)
    options = ["--report", page, "--language", "ja", "--max-size", "1.5 MB"]
    code, out, err = run("score", model_file, boards, *options)
    assert (code, out) == plain[:2]
    assert code == 1
    assert f"the report is {page}" in err
    content = page.read_text(encoding="utf-8")
    assert "板 4 枚を打音 17 件で検査しました。" in content
    assert "model.taps" in content
    assert len(content.encode()) <= 1_500_000


def test_with_verdicts_on_boards_too(
    run: Any, model_file: Path, boards: Path, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    _, out, _ = run("score", model_file, boards, "--board-verdicts", "--report", page)
    assert out.count("\n") == 5
    assert "4 boards tested with 17 takes." in page.read_text(encoding="utf-8")


def test_a_full_disk_costs_the_report_alone(
    run: Any,
    model_file: Path,
    boards: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("tapsklearn.inspection._report_page.write_whole", fail)
    page = tmp_path / "report.html"
    page.write_text("the one before")
    code, out, err = run("score", model_file, boards, "--report", page)
    assert code == 2
    assert out.count("\n") == 18
    assert err.splitlines()[-1] == f"tapsklearn: {page}: No space left on device"
    assert "Traceback" not in err
    assert page.read_text() == "the one before"


def test_what_cannot_be_written_is_known_before(
    refuse: Any, model_file: Path, boards: Path, tmp_path: Path
) -> None:
    nowhere = refuse(
        "score", model_file, boards, "--report", tmp_path / "no" / "a.html"
    )
    assert "there is no such folder" in nowhere
    assert "name a file in it" in refuse(
        "score", model_file, boards, "--report", boards
    )
    options = ["--report", tmp_path / "a.html", "--max-size"]
    for size in ("large", "30 potatoes", "-1"):
        assert "--max-size" in refuse("score", model_file, boards, *options, size)
    assert "at least 10000" in refuse("score", model_file, boards, *options, "5kB")
    assert not (tmp_path / "a.html").exists()


def test_without_the_extra(
    refuse: Any, model_file: Path, boards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "tapsklearn.inspection._report_page._is_there"
    monkeypatch.setattr(module, lambda name: False)
    message = refuse("score", model_file, boards, "--report", "a.html")
    assert 'pip install "tapsklearn[report]"' in message


def test_a_comparison_has_a_report(run: Any, taps: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--methods", "crop-knn", "--folds", "2", "--jobs", "1"]
    code, _, err = run("compare", taps, *options, "--out", out, "--language", "ja")
    assert code == 0
    assert "report.html" in err
    content = (out / "report.html").read_text(encoding="utf-8")
    assert "手法の比較" in content
    assert "crop-knn" in content
    assert content.count('class="play"') >= 2
