"""From recordings to a model file, and from that to verdicts."""

import csv
import io
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from commands import BOARDS, NORMAL, spawn, write_taps

from tapsklearn import CropDetector, EncoderDetector, JoinedDetector
from tapsklearn.persistence import load, read_about, save
from tapsklearn.scoring import board_verdicts, calibrate

COLUMNS = ["path", "score", "p_value", "verdict", "flags", "error"]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory, taps: Path) -> Path:
    from tapsklearn.cli import main

    path = tmp_path_factory.mktemp("model") / "model.taps"
    assert main(["train", str(taps), "-o", str(path), "--jobs", "1"]) == 0
    return path


def read_csv(out: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(out), keep_default_na=False, na_values={"score": ""})


def test_the_scores_are_those_of_the_model(
    run: Any, taps: Path, model_file: Path
) -> None:
    code, out, _ = run("score", model_file, taps / "bad 1", taps / "good 1" / "00.wav")
    assert code == 0
    table = read_csv(out)
    assert list(table) == COLUMNS
    files = sorted((taps / "bad 1").glob("*.wav"))
    assert list(table["path"]) == [*map(str, files), str(taps / "good 1" / "00.wav")]
    model = load(model_file)
    np.testing.assert_allclose(
        table["score"], model.score_samples(list(table["path"])), rtol=1e-6
    )
    predicted = np.where(model.predict(list(table["path"])) == 1, "normal", "abnormal")
    assert list(table["verdict"]) == list(predicted)
    assert (table["error"] == "").all()


def test_a_file_says_which_encoder(run: Any, tmp_path: Path) -> None:
    crops = np.random.default_rng(0).normal(size=(40, 12, 16))
    model = EncoderDetector(random_state=0).fit(crops)
    save(model, tmp_path / "model.taps")
    code, out, _ = run("info", tmp_path / "model.taps")
    assert code == 0
    assert f"encoder {model.encoder_checksum_}\n" in out


def test_what_the_file_holds(run: Any, taps: Path, model_file: Path) -> None:
    code, out, _ = run("info", model_file)
    assert code == 0
    features = load(model_file)[0].describe()
    for part in ("JoinedDetector", "TapFeatures", "16 takes of 4 boards"):
        assert part in out
    assert f"\nfeatures  {features}\n" in out
    assert "good 1: 4 takes, normal" in out
    assert "bad 2: 4 takes, abnormal" in out
    code, out, _ = run("info", model_file, "--json")
    assert json.loads(out) == read_about(model_file)
    assert "paths_sha256" in json.loads(out)["training"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--features", "article"], {"n_fft": 1024, "hop_length": 128, "n_freqs": 100}),
        (["--features", "article", "--n-freqs", "60"], {"n_fft": 1024, "n_freqs": 60}),
        (
            [
                *("--sr", "16000", "--duration", "0.4", "--n-fft", "256"),
                *("--hop-length", "64", "--n-freqs", "40", "--n-frames", "48"),
                *("--pre-frames", "3"),
            ],
            {
                "sr": 16000,
                "duration": 0.4,
                "n_fft": 256,
                "hop_length": 64,
                "n_freqs": 40,
                "n_frames": 48,
                "pre_frames": 3,
            },
        ),
    ],
    ids=["article", "changed", "given"],
)
def test_features_that_are_asked_for(
    run: Any, taps: Path, tmp_path: Path, options: list[str], expected: dict[str, Any]
) -> None:
    path = tmp_path / "m.taps"
    code, _, err = run("train", taps, "-o", path, "--jobs", "1", *options)
    assert code == 0
    features = load(path)[0]
    assert {name: features.settings_[name] for name in expected} == expected
    assert f"tapsklearn: features of {features.describe()}\n" in err


def test_features_per_frequency(run: Any, taps: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.taps"
    options = ("train", taps, "-o", path, "--jobs", "1", "--per")
    loud = "how loud a take is counts"
    code, _, err = run(*options, "take")
    assert code == 0
    assert loud not in err
    code, _, err = run(*options, "frequency")
    assert code == 0
    assert loud in err
    assert load(path)[0].per_ == "frequency"


def test_features_that_cannot_be_cut_are_refused(
    run: Any, taps: Path, tmp_path: Path
) -> None:
    options = ("--n-fft", "64", "--n-freqs", "100", "--jobs", "1")
    code, _, err = run("train", taps, "-o", tmp_path / "m.taps", *options)
    assert code == 2
    assert "n_freqs=100 rows cannot be cut" in err
    assert not (tmp_path / "m.taps").exists()


def test_a_seed_makes_the_same_model(run: Any, taps: Path, tmp_path: Path) -> None:
    options = ("--method", "ae", "--epochs", "1", "--seed", "3", "--jobs", "1")
    scores = []
    for name in "ab":
        code, out, err = run("train", taps, "-o", tmp_path / name, *options)
        assert (code, out) == (0, "")
        model = load(tmp_path / name)
        scores.append(model.score_samples([taps / "bad 1" / "00.wav"]))
    assert scores[0] == scores[1]
    assert model[-1].max_epochs == 1
    assert err.splitlines()[-1].startswith("tapsklearn: ae trained on 16 takes")


def test_normal_boards_are_enough(run: Any, tmp_path: Path) -> None:
    write_taps(tmp_path / "taps", dict.fromkeys(NORMAL, ""))
    code, _, err = run(
        *("train", tmp_path / "taps", "-o", tmp_path / "model", "--normal", "*")
    )
    assert code == 0
    assert "8 takes of 2 boards, 2 of them normal" in err
    assert "--method auto" not in err
    code, out, _ = run("score", tmp_path / "model", tmp_path / "taps")
    assert code == 0
    assert len(read_csv(out)) == 8


def test_auto_chooses_between_novelty_and_known_defects(
    run: Any, tmp_path: Path
) -> None:
    boards = {f"good {number}": "normal" for number in range(4)}
    boards |= {f"bad {number}": "abnormal" for number in range(4)}
    taps = write_taps(tmp_path / "taps", boards)
    options = ("-o", tmp_path / "model", "--jobs", "1")
    code, out, err = run("train", taps, "--method", "auto", *options)
    assert code == 0
    for name in ("novelty", "contrast"):
        assert len(re.findall(rf"^{name} ", out, re.MULTILINE)) == 3
    known, novelty = map(float, re.findall(r"AUROC (\S+) with .* (\S+) by", err)[0])
    detector = load(tmp_path / "model")[-1]
    assert isinstance(detector, JoinedDetector)
    assert detector.contrast == (known > novelty)
    metrics = read_about(tmp_path / "model")["metrics"]
    assert metrics["roc_auc"] == pytest.approx(max(known, novelty), abs=1e-3)
    code, _, err = run("train", taps, *options, "--method", "auto", "--no-contrast")
    assert code == 2
    assert "use --method joined" in err


def test_auto_is_novelty_where_no_defect_is_known(run: Any, tmp_path: Path) -> None:
    taps = write_taps(tmp_path / "taps", dict.fromkeys(NORMAL, "normal"))
    options = ("-o", tmp_path / "model", "--jobs", "1", "--method", "auto")
    code, out, err = run("train", taps, *options)
    assert (code, out) == (0, "")
    assert "scored by their novelty alone" in err
    assert "there is none" in err
    assert not load(tmp_path / "model")[-1].contrast


def test_training_that_cannot_be(
    run: Any, refuse: Any, taps: Path, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    assert "methods are" in refuse("train", taps, "-o", out, "--method", "magic")
    assert "is a folder" in refuse("train", taps, "-o", tmp_path)
    assert "no folder" in refuse("train", taps, "-o", tmp_path / "a" / "b")
    assert "fits no board" in refuse("train", taps, "-o", out, "--normal", "x*")
    bad = write_taps(tmp_path / "bad", {"bad 1": "abnormal"})
    assert "none of its boards" in refuse("train", bad, "-o", out)
    folder = write_taps(tmp_path / "taps", dict.fromkeys(NORMAL, "normal"))
    (folder / "good 1" / "00.wav").write_bytes(b"")
    code, _, err = run("train", folder, "-o", out)
    assert code == 2
    assert err.splitlines()[-1].endswith("00.wav: the file is empty")
    assert not out.exists()


def test_broken_files_have_their_rows(
    run: Any, taps: Path, model_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(taps / "good 1", folder / "deep" / "deeper")
    (folder / "deep" / "deeper" / "01.wav").write_text("nothing")
    (folder / "empty").mkdir()
    (tmp_path / "nothing here").mkdir()
    given = (folder, tmp_path / "nothing here", tmp_path / "gone.wav", "x" * 5000)
    code, out, err = run("score", model_file, *given)
    assert code == 1
    table = read_csv(out)
    assert [Path(path).name[:12] for path in table["path"]] == [
        *("00.wav", "01.wav", "02.wav", "03.wav"),
        *("nothing here", "gone.wav", "x" * 12),
    ]
    broken = table["error"] != ""
    assert list(broken) == [False, True, False, False, True, True, True]
    assert table["score"].isna().equals(broken)
    assert (table["verdict"] == "").equals(broken)
    assert "no recordings" in table["error"][4]
    assert "no such file" in table["error"][5]
    assert "Traceback" not in err


def test_json_lines(run: Any, taps: Path, model_file: Path) -> None:
    code, out, _ = run("score", model_file, taps / "good 1", "gone.wav", "--json")
    assert code == 1
    rows = [json.loads(line) for line in out.splitlines()]
    assert [list(row) for row in rows] == [COLUMNS] * 5
    assert rows[-1]["score"] is None
    assert rows[-1]["p_value"] is None


def test_verdicts_on_boards(run: Any, taps: Path, model_file: Path) -> None:
    code, rows, _ = run("score", model_file, taps)
    taps_of = read_csv(rows)
    code, out, err = run("score", model_file, taps, "gone.wav", "--board-verdicts")
    assert code == 1
    assert "tapsklearn: gone.wav: there is no such file" in err
    table = read_csv(out).set_index("board")
    assert set(table.index) == {str(taps / board) for board in BOARDS}
    boards = [str(Path(path).parent) for path in taps_of["path"]]
    with pytest.warns(UserWarning, match="no tap has a p-value"):
        expected = board_verdicts(taps_of["p_value"], boards, scores=taps_of["score"])
    assert list(table["verdict"]) == list(expected["verdict"])
    np.testing.assert_allclose(table["p_value"], expected["p_value"])


def test_another_rate_of_false_alarms(run: Any, taps: Path, model_file: Path) -> None:
    model = load(model_file)
    files = sorted(str(path) for path in taps.glob("good*/*.wav"))
    kept = read_csv(run("score", model_file, *files)[1])
    calibrate(model, false_alarm_rate=0.5)
    code, out, _ = run("score", model_file, *files, "--false-alarm-rate", "0.5")
    assert code == 0
    table = read_csv(out)
    predicted = np.where(model.predict(files) == 1, "normal", "abnormal")
    assert list(table["verdict"]) == list(predicted)
    # More is called abnormal, and nothing is scored otherwise.
    assert (table["verdict"] == "abnormal").sum() > (
        kept["verdict"] == "abnormal"
    ).sum()
    np.testing.assert_array_equal(table["score"], kept["score"])
    np.testing.assert_array_equal(table["p_value"], kept["p_value"])
    # The file keeps its own threshold.
    assert load(model_file)[-1].false_alarm_rate_ == 0.05

    _, out, _ = run(
        *("score", model_file, *files, "--board-verdicts", "--false-alarm-rate", "0.5")
    )
    boards = [str(Path(path).parent) for path in table["path"]]
    expected = board_verdicts(table["p_value"], boards, false_alarm_rate=0.5)
    assert list(read_csv(out)["verdict"]) == list(expected["verdict"])


@pytest.mark.parametrize("rate", ["0", "1.5", "-0.1", "often"])
def test_a_rate_that_is_none(run: Any, taps: Path, model_file: Path, rate: str) -> None:
    code, out, err = run("score", model_file, taps, f"--false-alarm-rate={rate}")
    assert (code, out) == (2, "")
    assert "false" in err
    assert len(err.splitlines()) == 1


def test_a_list_on_standard_input_is_scored_as_it_comes(
    taps: Path, model_file: Path
) -> None:
    process = spawn("score", model_file, "-", stdin=-1)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == ",".join(COLUMNS) + "\n"
    for name in ("00.wav", "01.wav"):
        process.stdin.write(f"{taps / 'good 1' / name}\n")
        process.stdin.flush()
        # Before the next one is known.
        assert process.stdout.readline().startswith(f"{taps / 'good 1' / name},")
    process.stdin.write(f"\n{taps / 'bad 1'}\ngone.wav")
    out, err = process.communicate(timeout=60)
    assert len(list(csv.reader(io.StringIO(out)))) == 4 + 1
    assert process.returncode == 1
    assert "Traceback" not in err


def test_models_that_cannot_score_files(
    refuse: Any, taps: Path, tmp_path: Path
) -> None:
    assert "No such file" in refuse("score", tmp_path / "gone.taps", taps)
    (tmp_path / "bad.taps").write_text("nothing")
    for command in (
        ("score", tmp_path / "bad.taps", taps),
        ("info", tmp_path / "bad.taps"),
    ):
        assert "bad.taps: is no tapsklearn model" in refuse(*command)
    crops = np.random.default_rng(0).normal(size=(40, 10, 12))
    save(CropDetector().fit(crops), tmp_path / "crops.taps")
    refused = refuse("score", tmp_path / "crops.taps", taps)
    assert "crops.taps: a CropDetector cannot score files" in refused


@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes")
def test_names_that_no_encoding_knows(
    run: Any, taps: Path, model_file: Path, tmp_path: Path
) -> None:
    name = os.fsdecode(b"\xff tap\n.wav")
    shutil.copy(taps / "good 1" / "00.wav", tmp_path / name)
    code, out, _ = run("score", model_file, tmp_path)
    assert code == 0
    assert len(list(csv.reader(io.StringIO(out)))) == 2


def test_more_files_than_are_judged_at_once(
    run: Any, taps: Path, model_file: Path, tmp_path: Path
) -> None:
    for number in range(150):
        source = taps / "good 1" / f"{number % 4:02}.wav"
        (tmp_path / f"{number:03}.wav").hardlink_to(source)
    (tmp_path / "099.wav").unlink()
    (tmp_path / "099.wav").write_bytes(b"RIFF")
    code, out, _ = run("score", model_file, tmp_path)
    assert code == 1
    table = read_csv(out)
    assert [Path(path).stem for path in table["path"]] == [
        f"{number:03}" for number in range(150)
    ]
    assert list(np.flatnonzero(table["error"])) == [99]
    scores = table["score"].to_numpy()
    np.testing.assert_allclose(scores[4:96], scores[:92], rtol=1e-9)
