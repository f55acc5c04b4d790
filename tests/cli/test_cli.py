"""The command line, as its users meet it."""

import contextlib
import json
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import soundfile
from commands import BOARDS, NORMAL, spawn, write_taps
from sklearn.metrics import roc_auc_score

import tapsklearn
from tapsklearn.cli import _compare, _comparison
from tapsklearn.cli._choices import DEFAULT_METHODS
from tapsklearn.cli._comparison import print_ranking, print_results
from tapsklearn.datasets import Truth
from tapsklearn.detectors import CropDetector, reference_methods, tuned_methods
from tapsklearn.model_selection import Comparison

KNN = ("--methods", "crop-knn", "--jobs", "1")
FIGURES = [
    *("roc_auc", "pauc", "fpr", "tpr"),
    *("fit_seconds", "score_seconds"),
]


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Catch what would be compared, in place of comparing it."""
    caught: dict[str, Any] = {}

    def compare_methods(methods: Any, paths: Any, boards: Any, **params: Any) -> None:
        caught.update(methods=methods, paths=paths, boards=boards, **params)
        raise ValueError("caught")

    monkeypatch.setattr("tapsklearn.model_selection.compare_methods", compare_methods)
    return caught


def test_table_has_every_method_and_fold_and_their_summary(
    run: Any, taps: Path
) -> None:
    methods = ("--methods", "crop-knn,ae", "--epochs", "1", "--jobs", "1")
    code, out, err = run("compare", taps, *methods)
    assert code == 0
    summed_up, *concluded = err.splitlines()[-5:]
    assert summed_up == (
        "tapsklearn: 16 takes of 4 boards, 2 of them normal; evaluated on unseen boards"
    )
    assert all(line.startswith("tapsklearn: ") for line in concluded)
    assert all("AUROC" in line for line in concluded[:2])
    out, ranking = out.split("\n\nranking")
    ranking, kinds = ranking.split("\n\ndefects")
    for table in (ranking, kinds):
        assert table.count("\ncrop-knn") == table.count("\nae ") == 1
    header, _, *lines = out.splitlines()
    assert header.split() == [
        *("method", "fold", "roc_auc", "pauc", "fpr", "tpr", "fit_s", "score_s")
    ]
    rows = [line.split() for line in lines if line.strip()]
    assert [row[0] for row in rows] == [
        *("crop-knn", "1", "mean", "std", "ae", "1", "mean", "std")
    ]
    for first, second, mean, std in (rows[:4], rows[4:]):
        assert first[1] == "0"
        pairs = np.array([first[2:], second[1:]], dtype=float)
        np.testing.assert_allclose(
            np.array(mean[1:], dtype=float), pairs.mean(axis=0), atol=0.0011
        )
        np.testing.assert_allclose(
            np.array(std[1:], dtype=float), pairs.std(axis=0, ddof=1), atol=0.0011
        )


@pytest.mark.parametrize("columns", ["40", "80", "300"])
def test_table_is_never_cut_off(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    longest = "triplet-resnet18"
    figures = {name: [0.5, 1.0] for name in FIGURES} | {"fit_seconds": [1234.5, np.nan]}
    results = pd.DataFrame({"method": longest, "fold": [0, 1], **figures, "error": ""})
    print_results(
        Comparison(
            results=results, scores=pd.DataFrame(), truth=Truth([]), X=[], folds=[]
        )
    )
    lines = capsys.readouterr().out.splitlines()
    assert longest in lines[2]
    assert "1234.500" in lines[2]
    assert "nan" in lines[3]
    assert "…" not in "".join(lines)
    # All lines have all columns, and fit into the usual terminal.
    assert {len(line) for line in lines} == {len(lines[0])}
    assert len(lines[0]) <= 80


def test_the_ranking_holds_both_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [
        *("roc_auc", "low", "high"),
        *("difference", "difference_low", "difference_high"),
    ]
    rows = {
        "a": [0.9, 0.8, 1.0, 0, 0, 0],
        "b": [0.7, 0.5, 0.9, 0.2, 0.1, 0.3],
        "c": [0.6, np.nan, np.nan, 0.3, np.nan, np.nan],
    }
    print_ranking(pd.DataFrame.from_dict(rows, orient="index", columns=columns))
    lines = capsys.readouterr().out.splitlines()
    for line, numbers in [
        (lines[2], "a 0.900 0.800 to 1.000 0.000 0.000 to 0.000"),
        (lines[3], "b 0.700 0.500 to 0.900 0.200 0.100 to 0.300"),
        (lines[4], "c 0.600 unknown 0.300 unknown"),
    ]:
        assert " ".join(line.split()) == numbers
    assert max(map(len, lines)) <= 80


def test_json_alone_is_on_standard_output(run: Any, taps: Path) -> None:
    code, out, _ = run("compare", taps, *KNN, "--json")
    assert code == 0
    rows = json.loads(out)["results"]
    assert [list(row) for row in rows] == [["method", "fold", *FIGURES, "error"]] * 2
    assert [(row["method"], row["fold"]) for row in rows] == [
        ("crop-knn", 0),
        ("crop-knn", 1),
    ]
    assert all(0 <= row["roc_auc"] <= 1 and row["fit_seconds"] > 0 for row in rows)


def test_files_hold_what_was_computed(run: Any, taps: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "results"
    code, printed, err = run("compare", taps, *KNN, "--json", "--out", out)
    assert code == 0
    assert f"written to {out}" in err
    ranking = pd.read_csv(out / "ranking.csv", index_col="method")
    assert ranking.columns.tolist()[:3] == ["roc_auc", "low", "high"]
    # With and without abnormal boards in two folds.
    assert len(list((out / "cells").rglob("output.pkl"))) == 4
    results = pd.read_csv(out / "results.csv", keep_default_na=False)
    assert ranking.loc["crop-knn", "roc_auc"] == pytest.approx(
        results["roc_auc"].mean()
    )
    rows = json.loads(printed)["results"]
    pd.testing.assert_frame_equal(results, pd.DataFrame(rows))

    scores = pd.read_csv(out / "scores.csv")
    assert scores.columns.tolist() == [
        *("method", "fold", "path", "board", "condition"),
        *("score", "p_value", "prediction"),
    ]
    assert sorted(scores["path"]) == sorted(str(path) for path in taps.glob("*/*.wav"))
    assert [Path(path).parent.name for path in scores["path"]] == list(scores["board"])
    assert (scores["board"].map(BOARDS) == scores["condition"]).all()
    for fold, scored in scores.groupby("fold"):
        is_abnormal = scored["condition"] == "abnormal"
        roc_auc = roc_auc_score(is_abnormal, -scored["score"])
        assert results["roc_auc"][fold] == pytest.approx(roc_auc)
        hits = (scored["prediction"][is_abnormal] == -1).mean()
        assert results["tpr"][fold] == pytest.approx(hits)


def test_figures_and_verdicts_stand_beside_the_tables(
    run: Any, taps: Path, tmp_path: Path
) -> None:
    methods = ["ae", "spectrum-knn", "crop-knn"]
    arguments = ["--methods", ",".join(methods), "--epochs", "1", "--jobs", "1"]
    code, _, err = run("compare", taps, *arguments, "--out", tmp_path)
    assert code == 0
    assert f"figures in {tmp_path / 'figures'}" in err
    best = pd.read_csv(tmp_path / "ranking.csv")["method"][0]
    expected = {
        *("takes", "comparison", "roc", "taps", f"embedding-{best}"),
        *(f"scores-{name}" for name in methods),
        *("embedding-ae", "reconstruction-ae"),
    }
    folder = tmp_path / "figures"
    assert {path.stem for path in folder.iterdir()} == expected
    for path in folder.iterdir():
        height, width = plt.imread(path).shape[:2]
        assert min(height, width) > 300
    verdicts = pd.read_csv(tmp_path / "verdicts.csv")
    assert dict(zip(verdicts["board"], verdicts["condition"], strict=True)) == BOARDS
    assert (verdicts["n_taps"] == 4).all()
    assert set(verdicts["verdict"]) <= {"normal", "abnormal"}

    # Pictures of methods that are no longer compared would mislead.
    assert run("compare", taps, *KNN, "--out", tmp_path)[0] == 0
    assert {path.stem for path in folder.glob("scores-*")} == {"scores-crop-knn"}
    assert not list(folder.glob("reconstruction-*"))


def test_without_matplotlib_the_tables_are_written(
    run: Any, taps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (_comparison, _compare):
        monkeypatch.setattr(module, "can_plot", lambda: False)
    code, _, err = run("compare", taps, *KNN, "--out", tmp_path)
    assert code == 0
    assert 'pip install "tapsklearn[plot]"' in err
    assert (tmp_path / "results.csv").exists()
    assert not (tmp_path / "figures").exists()


def test_a_seed_makes_it_reproducible(
    run: Any, taps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Figures are of no use here, and take most of the time.
    for module in (_comparison, _compare):
        monkeypatch.setattr(module, "can_plot", lambda: False)

    def scores(seed: int, folder: str) -> list[float]:
        methods = ("--methods", "ae", "--epochs", "1", "--jobs", "1")
        out = ("--out", tmp_path / folder)
        assert run("compare", taps, *methods, "--seed", str(seed), *out)[0] == 0
        return pd.read_csv(tmp_path / folder / "scores.csv")["score"].tolist()

    assert scores(3, "first") == scores(3, "again")
    assert scores(3, "first") != scores(4, "other")


def test_defaults(refuse: Any, taps: Path, passed_on: dict[str, Any]) -> None:
    refuse("compare", taps)
    assert list(passed_on["methods"]) == list(DEFAULT_METHODS)
    for name, method in passed_on["methods"].items():
        own = {**tuned_methods(), **reference_methods()}[name]
        own.set_params(contrast=True)
        # Estimators within are equal by their description alone.
        assert str(method.get_params()) == str(own.get_params())
    assert passed_on["paths"] == sorted(map(str, taps.glob("*/*.wav")))
    assert passed_on["truth"] == Truth(
        NORMAL, specimens={board: board for board in BOARDS}
    )
    assert passed_on["cv"].get_n_splits() == 2
    assert passed_on["random_state"] == 0
    assert passed_on["n_jobs"] == -1


def test_no_more_than_five_folds_by_default(
    refuse: Any, tmp_path: Path, passed_on: dict[str, Any]
) -> None:
    boards = {
        f"board {place}": ("normal", "abnormal")[place % 2] for place in range(12)
    }
    folder = write_taps(tmp_path / "taps", boards, n_takes=1)
    refuse("compare", folder)
    assert passed_on["cv"].get_n_splits() == 5
    refuse("compare", folder, "--folds", "6")
    assert passed_on["cv"].get_n_splits() == 6


def test_options_are_passed_on(
    refuse: Any, taps: Path, passed_on: dict[str, Any]
) -> None:
    options = ("--epochs", "7", "--seed", "3", "--jobs", "2")
    refuse("compare", taps, "--methods", "ae, crop-knn", "--methods", "ae", *options)
    assert list(passed_on["methods"]) == ["ae", "crop-knn"]
    assert passed_on["methods"]["ae"].max_epochs == 7
    assert passed_on["random_state"] == 3
    assert passed_on["n_jobs"] == 2


@pytest.mark.parametrize(
    "patterns",
    [
        ("--normal", "good *"),
        ("--normal", "good 1,good 2"),
        ("--normal", "good 1", "--normal", "*2"),
        ("--normal", " good 1 , *ood 2,"),
    ],
)
def test_normal_boards_are_named_by_patterns(
    refuse: Any, tmp_path: Path, passed_on: dict[str, Any], patterns: tuple[str, ...]
) -> None:
    boards = dict.fromkeys([*BOARDS, "bad 3"], "")
    folder = write_taps(tmp_path / "taps", boards, n_takes=1)
    if "*2" in patterns:
        (folder / "bad 2").rename(folder / "bad two")
    refuse("compare", folder, *patterns)
    assert list(passed_on["truth"].normal_boards) == NORMAL


def test_warnings_are_lines_like_any_other_message(run: Any, taps: Path) -> None:
    _, _, err = run("compare", taps, *KNN)
    warned = [line for line in err.splitlines() if "warning" in line]
    assert len(warned) == 1
    assert warned[0].startswith(
        "tapsklearn: warning: crop-knn, folds 0, 1: false_alarm_rate=0.05 needs 19"
    )


def test_warnings_do_not_run_into_the_bars_of_a_terminal(
    run: Any, taps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Makes rich write as on a terminal.
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    _, _, err = run("compare", taps, *KNN)
    assert "\x1b[2K" in err
    # At the beginning of a line, where the cursor may be shown again.
    warned = r"(\n|\x1b\[2K)(\x1b\[\?25h)?tapsklearn: warning: crop-knn, folds 0, 1: "
    assert re.search(warned, err)


def test_two_jobs_give_the_same(run: Any, taps: Path) -> None:
    def compare(n_jobs: str) -> list[dict[str, Any]]:
        options = ("--methods", "crop-knn", "--jobs", n_jobs, "--json")
        code, out, err = run("compare", taps, *options)
        assert code == 0
        lines = [line for line in err.splitlines() if "0:00:" not in line]
        begin = ("tapsklearn: ", "method ", "crop-knn ")
        assert all(line.startswith(begin) for line in lines if line)
        return [
            {name: row[name] for name in row if "seconds" not in name}
            for row in json.loads(out)["results"]
        ]

    assert compare("1") == compare("2")


def test_a_method_that_fails_is_warned_of(
    run: Any, taps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(*_: Any) -> None:
        raise ValueError("the loss became\nNaN")

    monkeypatch.setattr(CropDetector, "fit", fit)
    methods = ("--methods", "crop-knn,ae", "--epochs", "1", "--jobs", "1")
    code, out, err = run("compare", taps, *methods, "--json")
    assert code == 0
    assert "crop-knn, folds 0, 1: failed: ValueError: the loss became NaN\n" in err
    found = json.loads(out)
    assert [row["roc_auc"] is None for row in found["results"]] == [True] * 2 + [
        False
    ] * 2
    assert {row["method"] for row in found["kinds"]} == {"ae"}

    code, out, err = run("compare", taps, *KNN)
    assert code == 2
    assert out.count("nan") == 4 * len(FIGURES)
    assert err.endswith(
        "tapsklearn: every method failed; the warnings name the reasons\n"
    )


@pytest.mark.parametrize("command", ["compare", "check"])
def test_folders_that_are_none(command: str, refuse: Any, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert f"{missing}: there is no such folder" in refuse(command, missing)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert f"{empty}: " in refuse(command, empty)
    file = tmp_path / "file"
    file.touch()
    assert f"{file}: " in refuse(command, file)


@pytest.mark.parametrize(
    ("boards", "message"),
    [
        ({"oak": "normal"}, "all its boards are normal"),
        (
            {"oak": "abnormal"},
            "none of its boards is normal; --normal names those that are",
        ),
        (dict.fromkeys(["oak", "ash"], "normal"), "can only be compared by abnormal"),
        (dict.fromkeys(["oak", "ash"], "abnormal"), "none of its boards is normal"),
        (
            {"oak": "normal", "ash": "abnormal"},
            "there are 1 normal and 1 abnormal specimens: no two folds can be made",
        ),
        ({"oak": "", "ash": ""}, "--normal"),
    ],
)
def test_boards_that_cannot_be_compared(
    boards: dict[str, str], message: str, refuse: Any, tmp_path: Path
) -> None:
    folder = write_taps(tmp_path / "taps", boards, n_takes=1)
    refusal = refuse("compare", folder)
    assert f"{folder}: " in refusal
    assert message in refusal


def test_recordings_that_cannot_be_used_are_all_named(
    run: Any, taps: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "taps"
    shutil.copytree(taps, folder)
    cut, silent = folder / "bad 1" / "02.wav", folder / "good 2" / "01.wav"
    cut.write_bytes(cut.read_bytes()[:1000])
    soundfile.write(silent, np.zeros(20000), 44100)
    code, out, err = run("compare", folder, *KNN)
    assert (code, out) == (2, "")
    message = err.splitlines()[-1]
    assert message.startswith("tapsklearn: 2 takes cannot be used: ")
    assert f"{cut}: truncated" in message
    assert f"{silent}: all samples are zero" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--methods", "crop-knn,svm"],
            "--methods: there is no svm; methods are tuned-ae, ",
        ),
        (["--folds", "3"], "--folds 3 is too many: "),
        (["--folds", "1"], "'--folds'"),
        (["--folds", "many"], "'--folds'"),
        (["--epochs", "0"], "'--epochs'"),
        (["--jobs", "0"], "'--jobs'"),
        (["--seed", "-1"], "'--seed'"),
        (["--normal", "teak*"], "normal='teak*' fits no board"),
        (["--normal", ","], "normal= holds no name or pattern"),
        (["--frobnicate"], "No such option: --frobnicate"),
        (["another folder"], "unexpected extra argument"),
    ],
)
def test_wrong_options(
    options: list[str], message: str, refuse: Any, taps: Path
) -> None:
    assert message in refuse("compare", taps, *options)


def test_results_cannot_go_into_a_file(refuse: Any, taps: Path, tmp_path: Path) -> None:
    file = tmp_path / "results"
    file.write_text("precious")
    refusal = refuse("compare", taps, *KNN, "--out", file)
    assert refusal == f"tapsklearn: --out {file}: is a file, not a folder\n"
    refusal = refuse("compare", taps, *KNN, "--out", file / "below")
    assert refusal == f"tapsklearn: {file / 'below'}: Not a directory\n"
    assert file.read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing command. (see tapsklearn --help)"),
        (["compare"], "Missing argument 'DIR'. (see tapsklearn compare --help)"),
        (["check"], "Missing argument 'DIR'. (see tapsklearn check --help)"),
        (["sing"], "No such command 'sing'. (see tapsklearn --help)"),
        (["--frobnicate"], "No such option: --frobnicate (see tapsklearn --help)"),
    ],
)
def test_wrong_commands(arguments: list[str], message: str, refuse: Any) -> None:
    assert refuse(*arguments) == f"tapsklearn: {message}\n"


def test_version(run: Any) -> None:
    assert run("--version") == (0, f"tapsklearn {tapsklearn.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["compare", "check", "--version"]),
        (["-h"], ["compare", "check", "--version"]),
        (
            ["compare", "--help"],
            [
                *("--methods", "--normal", "--folds", "--epochs", "--seed", "--jobs"),
                *("--known-only", "--no-contrast"),
                *("--out", "--json", "roc_auc", "pauc", "fpr", "tpr"),
                f"[default: {', '.join(DEFAULT_METHODS)}]",
            ],
        ),
        (["check", "-h"], ["--normal", "--min-takes", "--json", "Exit code 1"]),
    ],
)
def test_help(
    arguments: list[str],
    words: list[str],
    run: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: tapsklearn")
    # A name may be broken after its hyphen.
    text = re.sub(r"(?<=\w)- (?=\w)", "-", " ".join(out.split()))
    assert all(word in text for word in words)
    assert max(map(len, out.splitlines())) <= 80


def test_check_finds_nothing(run: Any, taps: Path) -> None:
    code, out, err = run("check", taps, "--min-takes", "4")
    assert (code, out) == (0, "")
    assert err.splitlines()[-1] == f"tapsklearn: {taps}: no problems found"
    code, out, _ = run("check", taps, "--min-takes", "4", "--json")
    assert code == 0
    assert json.loads(out) == []


def test_check_lists_what_is_wrong(run: Any, taps: Path, tmp_path: Path) -> None:
    folder = tmp_path / "taps"
    shutil.copytree(taps, folder)
    cut = folder / "bad 1" / "02.wav"
    cut.write_bytes(cut.read_bytes()[:1000])
    code, out, err = run("check", folder, "--min-takes", "4")
    assert code == 1
    assert err.splitlines()[-1] == f"tapsklearn: {folder}: 1 problem found"
    assert re.fullmatch(r"bad 1/02\.wav: unreadable: truncated: .*\n", out)

    code, out, err = run("check", folder, "--json")
    assert code == 1
    first, *others = json.loads(out)
    assert list(first) == ["path", "board", "problem", "detail"]
    assert first["path"] == "bad 1/02.wav"
    assert [other["problem"] for other in others] == ["few takes"] * 4
    assert err.splitlines()[-1] == f"tapsklearn: {folder}: 5 problems found"

    code, out, _ = run("check", folder)
    assert code == 1
    assert len(out.splitlines()) == 5
    assert "good 2: few takes: 4 of the 10 takes needed" in out.splitlines()


def test_check_names_patterns_that_fit_nothing(run: Any, taps: Path) -> None:
    code, out, _ = run("check", taps, "--min-takes", "1", "--normal", "teak*")
    assert code == 1
    assert out.startswith(f"{taps}: folder: normal='teak*' fits no board")


@pytest.mark.skipif(
    sys.platform in {"win32", "darwin"}, reason="has no such names of files"
)
def test_check_lists_names_that_no_encoding_knows(
    run: Any, taps: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "taps"
    shutil.copytree(taps, folder)
    name = os.fsdecode(b"\xff.wav")
    (folder / "bad 1" / name).write_bytes(b"RIFF")
    code, out, _ = run("check", folder, "--min-takes", "1")
    assert code == 1
    assert "bad 1/\\udcff.wav: unreadable: " in out
    _, out, _ = run("check", folder, "--min-takes", "1", "--json")
    assert json.loads(out)[0]["path"] == f"bad 1/{name}"


def test_as_a_module() -> None:
    process = spawn("--version")
    assert process.communicate() == (f"tapsklearn {tapsklearn.__version__}\n", "")
    assert process.returncode == 0
    process = spawn("compare", "no such folder", "--json")
    assert process.communicate() == (
        "",
        "tapsklearn: no such folder: there is no such folder\n",
    )
    assert process.returncode == 2


@pytest.mark.parametrize("arguments", [["compare", *KNN], ["check", "--json"]])
def test_a_reader_who_has_enough_is_no_error(arguments: list[str], taps: Path) -> None:
    process = spawn(*arguments, taps)
    assert process.stdout is not None
    # As `head` does, but before anything is written.
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    assert process.wait() == 1
    assert "Traceback" not in err
    assert "Broken pipe" not in err
    assert "Exception ignored" not in err


@contextlib.contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)


def wait_until_gone(group: int) -> None:
    """No worker goes on training for nobody."""
    deadline = time.monotonic() + 20
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.killpg(group, 0)
            time.sleep(0.1)
        pytest.fail("a worker is left")


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
@pytest.mark.parametrize(
    ("n_jobs", "terminated"), [("1", False), ("2", False), ("2", True)]
)
def test_interrupted_while_comparing(
    n_jobs: str, terminated: bool, taps: Path, tmp_path: Path
) -> None:
    options = ("--methods", "ae", "--epochs", "100000", "--jobs", n_jobs)
    with terminal() as (ours, theirs):
        process = spawn(
            *("compare", taps, *options, "--out", tmp_path),
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        shown = b""
        while b"comparing" not in shown:
            shown += os.read(ours, 1000)
        # Let the fits begin, in all workers: what is still being imported, here or
        # there, may handle an interrupt in its own way.
        deadline = time.monotonic() + 60
        while not list(tmp_path.rglob("func_code.py")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(3)
        if terminated:
            process.terminate()
        else:
            # As a terminal does: workers get it too.
            os.killpg(process.pid, signal.SIGINT)
        started = time.monotonic()
        # A run that does not end is a failure, and must not become a test without end:
        # its workers write to the terminal too.
        watchdog = threading.Timer(60, os.killpg, (process.pid, signal.SIGKILL))
        watchdog.start()
        shown = b""
        # A terminal that nobody writes to any more is an error, not an end.
        with contextlib.suppress(OSError):
            while part := os.read(ours, 1000):
                shown += part
        out, _ = process.communicate()
        watchdog.cancel()
    assert time.monotonic() - started < 20
    assert process.returncode == 130
    assert out == ""
    assert b"tapsklearn: interrupted" in shown
    assert b"Traceback" not in shown
    wait_until_gone(process.pid)
