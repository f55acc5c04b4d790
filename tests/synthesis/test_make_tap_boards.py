"""Synthesized folders: the same bytes always, whole always, never mixed up."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from tapsklearn import LogSpectrogram, Standardizer, TapCrop, TapFeatures
from tapsklearn.datasets import check_takes, load_takes
from tapsklearn.preprocessing import article_features
from tapsklearn.synthesis import make_tap_boards, synthesize_taps
from tapsklearn.synthesis._make_tap_boards import render_takes
from tapsklearn.synthesis._scenarios import list_boards


def contents(root):
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    root = tmp_path_factory.mktemp("shop") / "boards"
    return root, make_tap_boards(root, scenario="same_shop", n_takes=2, n_boards=3)


def test_the_article_has_its_boards():
    boards = {board.name: board for board in list_boards("article")}
    assert len(boards) == 2 * (6 + 2 + 12)
    lengths = {
        "normal 1 left": 200,
        "normal 3 right": 215,
        "abnormal 5": 190,
        "abnormal 6": 190,
        "abnormal 7": 200,
        "abnormal 8": 200,
    }
    for name, length in lengths.items():
        assert 1e3 * boards[name].plate.length == pytest.approx(length)
        assert 1e3 * boards[name].plate.width == pytest.approx(130)
    assert boards["abnormal 7"].specimen == boards["abnormal 8"].specimen
    assert boards["abnormal 7"].end == "left"
    # The cut of 7 and 8 is on the right, the side of 8.
    assert boards["abnormal 8"].plate.crack.position > 0.5
    similar = [name for name in boards if name.startswith("similar")]
    assert len(similar) == 8
    for name in similar:
        assert boards[name].condition == "normal"
        assert boards[name].plate.material.name != "spruce"
    further = {b.specimen: b.condition for n, b in boards.items() if "further" in n}
    assert sorted(further.values()) == ["abnormal"] * 4 + ["normal"] * 8


@pytest.mark.parametrize("scenario", ["same_shop", "wide"])
def test_random_boards_differ_as_they_should(scenario):
    boards = list_boards(scenario, n_boards=400)[::2]
    plates = [board.plate for board in boards]
    assert sum(board.condition == "abnormal" for board in boards) == 200
    spread = np.std([plate.length for plate in plates])
    assert spread == pytest.approx({"same_shop": 2e-3, "wide": 1e-2}[scenario], rel=0.2)
    density = np.std(np.log([plate.material.density for plate in plates]))
    assert density == pytest.approx(
        {"same_shop": 0.03, "wide": 0.05}[scenario], rel=0.2
    )
    stiffness = np.log([[p.material.E_L, p.material.E_R] for p in plates])
    expected = {"same_shop": 0.05, "wide": 0.10}[scenario]
    assert stiffness.std() / np.sqrt(1.25) > 0.8 * expected
    assert np.corrcoef(stiffness.T)[0, 1] > 0.6


def test_sound_boards_have_the_splines_of_cracked_ones():
    boards = list_boards("same_shop", n_boards=300)[::2]
    places = {"normal": [], "abnormal": []}
    for board in boards:
        assert board.is_cracked == (board.plate.crack.depth > 0)
        places[board.condition].append(board.plate.crack.position)
    for normal, abnormal in zip(
        np.quantile(places["normal"], [0.1, 0.4, 0.6, 0.9]),
        np.quantile(places["abnormal"], [0.1, 0.4, 0.6, 0.9]),
        strict=True,
    ):
        assert abs(normal - abnormal) < 0.05


def test_a_board_does_not_depend_on_how_many_there_are():
    few = list_boards("wide", n_boards=4, seed=3)
    assert few == list_boards("wide", n_boards=9, seed=3)[:8]
    assert few != list_boards("wide", n_boards=4, seed=4)


def test_what_is_written(small):
    root, takes = small
    assert len(takes.paths) == 2 * 3 * 2
    assert takes.normal_boards == [
        "normal 001 left",
        "normal 001 right",
        "normal 003 left",
        "normal 003 right",
    ]
    again = load_takes(root)
    pd.testing.assert_frame_equal(again.frame, takes.frame)
    for path in takes.paths:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.frames) == (44100, 1, 132300)
        assert info.subtype == "PCM_16"
    cracked = takes.frame[takes.frame["condition"] == "abnormal"]
    assert cracked["crack_depth"].between(0.5, 0.7).all()
    assert takes.frame["crack_depth"].notna().sum() == len(cracked)
    assert takes.frame["length_mm"].between(185, 215).all()
    assert json.loads((root / "synthesis.json").read_text())["random_state"] == 0


def test_the_recordings_have_nothing_wrong_with_them(small):
    problems = check_takes(small[0], min_takes=2)
    assert problems.empty, problems.to_string()


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_jobs(small, tmp_path):
    root, _ = small
    make_tap_boards(tmp_path, scenario="same_shop", n_takes=2, n_boards=3, n_jobs=2)
    assert contents(tmp_path) == contents(root)


def test_a_take_depends_on_seed_board_and_number_alone(small, tmp_path):
    root, _ = small
    make_tap_boards(tmp_path / "more", scenario="same_shop", n_takes=3, n_boards=4)
    ours, theirs = contents(root), contents(tmp_path / "more")
    waves = [name for name in ours if name.endswith(".wav")]
    assert all(ours[name] == theirs[name] for name in waves)
    make_tap_boards(
        tmp_path / "other", scenario="same_shop", n_takes=2, n_boards=3, random_state=1
    )
    other = contents(tmp_path / "other")
    assert all(ours[name] != other[name] for name in waves)
    assert len({ours[name] for name in waves}) == len(waves)


def test_without_a_disk_the_same_taps(small):
    _, takes = small
    taps = synthesize_taps(n_takes=2, n_boards=3)
    assert taps.X.dtype == np.float32
    assert taps.board.tolist() == takes.board.tolist()
    assert taps.specimens == takes.specimens
    assert taps.normal_boards == takes.normal_boards
    for waveform, path in zip(taps.X, takes.paths, strict=True):
        written, _ = soundfile.read(path)
        np.testing.assert_allclose(waveform, written, atol=1 / 32768)


@pytest.mark.parametrize(
    "features",
    [
        article_features(input="waveform"),
        make_pipeline(LogSpectrogram(), TapCrop(), Standardizer()),
    ],
    ids=["fast", "steps"],
)
def test_features_board_by_board_are_those_of_the_waveforms(features):
    taps = synthesize_taps(n_takes=2, n_boards=2)
    crops = synthesize_taps(n_takes=2, n_boards=2, transformer=features, n_jobs=2)
    np.testing.assert_allclose(crops.X, features.fit_transform(taps.X), atol=1e-5)


@pytest.mark.parametrize(
    "features", [TapFeatures(input="waveform"), Standardizer(per="frequency")]
)
def test_features_that_would_differ_from_board_to_board_are_refused(features) -> None:
    with pytest.raises(ValueError, match="has something to fit"):
        synthesize_taps(n_takes=1, n_boards=1, transformer=features)


def test_features_are_those_of_the_files(small):
    _, takes = small
    features = article_features(input="waveform")
    taps = synthesize_taps(n_takes=2, n_boards=3, transformer=features)
    of_files = article_features().fit_transform(takes.paths)
    # The files are rounded to 16 bits, which moves the faintest bins.
    assert np.sqrt(np.mean(np.square(taps.X - of_files))) < 0.1


def test_a_bar_counts_the_boards(tmp_path, capsys):
    boards = {"scenario": "wide", "n_takes": 1, "n_boards": 2}
    make_tap_boards(tmp_path / "quiet", **boards)
    assert capsys.readouterr() == ("", "")
    make_tap_boards(tmp_path / "boards", **boards, verbose=1)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "synthesizing" in shown.err
    assert "4/4" in shown.err


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"scenario": "factory"}, "must be one of article, same_shop, wide"),
        ({"n_takes": 0}, "n_takes=0"),
        ({"n_boards": -1}, "n_boards=-1"),
        ({"scenario": "wide", "n_boards": 0}, "n_boards=0"),
    ],
)
def test_bad_parameters_leave_no_folder(params, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        make_tap_boards(tmp_path / "new", **params)
    assert not (tmp_path / "new").exists()


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"holds other files \(holiday\.jpg\)"):
        make_tap_boards(tmp_path, n_takes=1, n_boards=0)
    assert contents(tmp_path) == {"holiday.jpg": b"x"}
    with pytest.raises(ValueError, match="is a file, not a folder"):
        make_tap_boards(tmp_path / "holiday.jpg", n_takes=1, n_boards=0)


def test_recordings_of_somebody_else_are_refused(tmp_path):
    (tmp_path / "normal 1 left").mkdir()
    (tmp_path / "normal 1 left" / "00.wav").write_bytes(b"mine")
    with pytest.raises(ValueError, match="holds other files"):
        make_tap_boards(tmp_path, n_takes=1, n_boards=0)
    assert contents(tmp_path) == {"normal 1 left/00.wav": b"mine"}


def test_other_settings_are_refused(small):
    root, _ = small
    before = contents(root)
    with pytest.raises(ValueError, match="made with other settings"):
        make_tap_boards(
            root, scenario="same_shop", n_takes=2, n_boards=3, random_state=5
        )
    assert contents(root) == before


def test_an_interrupted_run_is_whole_as_far_as_it_goes_and_is_continued(
    small, tmp_path
):
    """Kill the process at several moments; then let it finish."""
    root = tmp_path / "boards"
    script = (
        "from tapsklearn.synthesis import make_tap_boards; print('go', flush=True);"
        f"make_tap_boards({str(root)!r}, scenario='same_shop', n_takes=2, n_boards=3)"
    )
    expected = contents(small[0])
    for delay in (0.05, 0.3, 0.6):
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE
        )
        process.stdout.readline()
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        for name, content in (contents(root) if root.exists() else {}).items():
            if not name.endswith(".unfinished"):
                assert content == expected[name]
    make_tap_boards(root, scenario="same_shop", n_takes=2, n_boards=3)
    assert contents(root) == expected


def test_a_crack_of_no_depth_cannot_be_detected():
    """Train on half of the boards, some with placebo cracks; score the others."""
    n_boards = 80
    features = article_features(input="waveform")
    takes, is_placebo = [], np.arange(n_boards) % 2 == 0
    for number, board in enumerate(
        list_boards("same_shop", n_boards=2 * n_boards)[::4]
    ):
        depth = 1e-6 if is_placebo[number] else 0.0
        crack = replace(board.plate.crack, depth=depth, breathing=0.3)
        placebo = replace(board, plate=replace(board.plate, crack=crack))
        takes.append(np.stack(list(render_takes(placebo, range(3), 0))))
    crops = features.fit_transform(np.concatenate(takes)).reshape(n_boards, 3, -1)
    train = np.arange(n_boards) % 4 < 2
    learner = make_pipeline(PCA(20, random_state=0), LogisticRegression(max_iter=1000))
    learner.fit(crops[train].reshape(-1, 12000), np.repeat(is_placebo[train], 3))
    score = learner.decision_function(crops[~train].reshape(-1, 12000))
    auroc = roc_auc_score(is_placebo[~train], score.reshape(-1, 3).mean(axis=1))
    # Of two groups of 20 alike (Hanley & McNeil 1982).
    standard_error = np.sqrt((20 + 20 + 1) / (12 * 20 * 20))
    assert abs(auroc - 0.5) < 2 * standard_error
