"""A model is trained again with boards recorded since, and nothing is lost by it."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from taps import make_tap

from tapsklearn.cli import main
from tapsklearn.persistence import load, read_about

OLD = [f"good {number}" for number in range(6)]
NEW = [f"good {number}" for number in range(6, 12)]
BAD = [f"bad {number}" for number in range(3)]


def write(folder: Path, boards: list[str]) -> Path:
    for board in boards:
        rng = np.random.default_rng(list(board.encode()))
        (folder / board).mkdir(parents=True)
        second = rng.uniform(860, 880) if "good" in board else 1200
        for take in range(3):
            tap = make_tap(
                rng, seconds=0.6, onset=0.1, noise_db=-20, freqs=(310, second), peak=0.2
            )
            soundfile.write(folder / board / f"{take:02}.wav", tap, 44100)
    lines = [
        f"{board},{'normal' if 'good' in board else 'abnormal'}\n"
        for board in sorted(path.name for path in folder.iterdir() if path.is_dir())
    ]
    (folder / "boards.csv").write_text("board,condition\n" + "".join(lines))
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a folder that grew, and train on what was there before."""
    folder = tmp_path_factory.mktemp("shop")
    write(folder / "old", OLD)
    shutil.copytree(folder / "old", folder / "grown")
    write(folder / "grown", NEW + BAD)
    train(folder / "old", folder / "old.taps", "--method", "crop-knn", "--n-frames", 40)
    return folder


def train(*arguments: Any) -> None:
    directory, out, *rest = map(str, arguments)
    assert main(["train", directory, "-o", out, "--jobs", "1", *rest]) == 0


def add(run: Any, folder: Path, old: Path, out: Path, *given: Any) -> Any:
    return run("train", folder, "--add", old, "-o", out, "--jobs", "1", *given)


def test_the_grown_model_is_a_new_file(run: Any, shop: Path, tmp_path: Path) -> None:
    before = (shop / "old.taps").read_bytes()
    old, out = shop / "old.taps", tmp_path / "new.taps"
    code, printed, err = add(run, shop / "grown", old, out)
    assert (code, printed) == (0, "")
    assert old.read_bytes() == before
    *_, conclusion, how = err.splitlines()
    assert (
        "on 6 normal and 3 abnormal specimens that neither has seen: AUROC"
        in conclusion
    )
    assert "false alarms" in conclusion
    assert "hits" in conclusion
    assert how.endswith(f'"{out}" "{old}"')
    one, other = load(old), load(out)
    # The method and its settings are the old one's, and defects count now.
    assert other[0].get_params() | {"normal_boards": None} == one[0].get_params() | {
        "normal_boards": None
    }
    assert other[0].n_frames == 40
    assert type(other[-1]) is type(one[-1])
    assert (one[-1].contrast, other[-1].contrast) == (False, True)
    assert set(other[-1].training_set_["boards"]) == {*OLD, *NEW, *BAD}
    metrics = read_about(out)["metrics"]
    assert 0.5 < metrics["roc_auc_low"] <= metrics["roc_auc"] <= 1
    assert f"AUROC {metrics['roc_auc']:.3f}" in conclusion


def test_what_is_asked_for_is_other(run: Any, shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "new.taps"
    given = ("--method", "spectrum-knn", "--n-frames", "60", "--no-contrast")
    code, *_ = run(
        "train", shop / "grown", "--add", shop / "old.taps", "-o", out, *given
    )
    assert code == 0
    model = load(out)
    assert type(model[-1]).__name__ == "SpectrumDetector"
    assert model[0].n_frames == 60
    assert not model[-1].contrast


def test_the_old_model_is_replaced_only_if_asked(
    run: Any, refuse: Any, shop: Path, tmp_path: Path
) -> None:
    old = tmp_path / "model.taps"
    shutil.copy(shop / "old.taps", old)
    link = tmp_path / "link.taps"
    link.symlink_to(old)
    for out in (old, link, tmp_path / "." / "model.taps"):
        err = refuse("train", shop / "grown", "--add", old, "-o", out)
        assert "is the model that --add names" in err
    assert old.read_bytes() == (shop / "old.taps").read_bytes()
    assert "--replace is of no use" in refuse(
        "train", shop / "grown", "-o", old, "--replace"
    )
    given = ("--replace", "--no-contrast")
    code, _, err = add(run, shop / "grown", old, old, *given)
    assert code == 0
    assert err.splitlines()[-1] == f"tapsklearn: {old} is the new model now"
    assert set(NEW) < set(load(old)[-1].training_set_["boards"])


def test_a_folder_of_new_boards_alone_is_refused(
    refuse: Any, shop: Path, tmp_path: Path
) -> None:
    alone = write(tmp_path / "alone", NEW)
    out = tmp_path / "new.taps"
    err = refuse("train", alone, "--add", shop / "old.taps", "-o", out)
    assert "holds none of the boards" in err
    assert "give a folder with the old and the new ones" in err
    err = refuse("train", shop / "old", "--add", shop / "old.taps", "-o", out)
    assert "nothing is new" in err
    err = refuse(
        *("train", shop / "grown", "--add", shop / "old.taps", "-o", out),
        *("--method", "auto"),
    )
    assert "--method auto" in err
    err = refuse("train", shop / "grown", "--add", shop / "none.taps", "-o", out)
    assert "none.taps" in err
    assert not out.exists()


def test_what_is_missing_or_other_is_said(run: Any, shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "grown"
    shutil.copytree(shop / "grown", folder)
    shutil.rmtree(folder / "good 0")
    table = (folder / "boards.csv").read_text().replace("good 0,normal\n", "")
    (folder / "boards.csv").write_text(
        table.replace("good 1,normal", "good 1,abnormal")
    )
    out = tmp_path / "new.taps"
    code, _, err = run("train", folder, "--add", shop / "old.taps", "-o", out)
    assert code == 0
    assert "learns without them: good 0\n" in err
    assert "another condition now" in err
    assert "good 1 was normal" in err
