"""Live verdicts are those on the saved file, and no tap is missed."""

import contextlib
import csv
import io
import itertools

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sound_server import SR
from sounds import FakeMicrophone, make_taps

from tapsklearn import (
    CropDetector,
    LogSpectrogram,
    Standardizer,
    TapCrop,
    WavLoader,
)
from tapsklearn.cli import main
from tapsklearn.persistence import save
from tapsklearn.preprocessing import (
    article_features,
    fuse_steps,
)
from tapsklearn.recording import listen, record_takes
from tapsklearn.scoring import score_files

SHORT = {"duration": 1.0, "sr": SR}


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """Record takes at once; give their sound and their files."""
    sound, _ = make_taps(24, every=0.8)
    folder = tmp_path_factory.mktemp("taken")
    return sound, record_takes(
        folder, "oak", 24, microphone=FakeMicrophone(sound), **SHORT
    )


@pytest.fixture(scope="module")
def model(taken):
    features = article_features(n_freqs=80, shifts=(0, 6))
    return make_pipeline(features, CropDetector()).fit(taken[1])


@pytest.mark.parametrize("offset", [0.0, 0.003, 0.3])
def test_scores_are_those_of_the_saved_file(model, taken, offset, tmp_path):
    """Whatever the microphone's offset, from which what is silenced must not step."""
    sound, paths = taken
    if offset:
        sound = sound + np.float32(offset)
        microphone = FakeMicrophone(sound)
        paths = record_takes(tmp_path, "oak", 24, microphone=microphone, **SHORT)
    heard = list(listen(model, microphone=FakeMicrophone(sound)))
    saved = list(score_files(model, paths))
    assert len(heard) == len(saved) == 24
    lowest = min(row["score"] for row in saved)
    for number, (live, row) in enumerate(zip(heard, saved, strict=True)):
        # The sound begins with the first tap's take: what was before is not known.
        tolerance = 1e-3 if number else 0.02
        assert live["score"] == pytest.approx(row["score"], rel=tolerance)
        if row["score"] > lowest:
            # Just below that one lies the threshold.
            assert live["verdict"] == row["verdict"]
        assert live["error"] == ""
        assert live["flags"] == ("offset" if offset > 0.01 else "")


@pytest.mark.parametrize("sr", [16000, SR])
def test_four_steps_need_as_much_of_a_tap_as_one(taken, sr):
    """The window is that of the crop, whatever the other steps have as defaults."""
    sound, paths = taken
    steps = make_pipeline(
        WavLoader(sr=sr, duration=1.0),
        LogSpectrogram(n_fft=512),
        TapCrop(n_freqs=80, n_frames=60),
        Standardizer(),
    )
    heard = []
    for front in (steps, fuse_steps(steps)):
        model = make_pipeline(front, CropDetector(random_state=0)).fit(paths)
        heard.append(list(listen(model, microphone=FakeMicrophone(sound))))
        saved = [row["score"] for row in score_files(model, paths)]
        # The sound begins with the first tap's take: what was before is not known.
        scores = [tap["score"] for tap in heard[-1]]
        assert scores[1:] == pytest.approx(saved[1:], rel=1e-3)
        assert scores[0] == pytest.approx(saved[0], rel=0.02)
    for one, other in zip(*heard, strict=True):
        assert one["score"] == pytest.approx(other["score"], rel=1e-3)


def test_steps_that_do_not_state_their_window_are_refused(taken):
    class Waveforms(WavLoader):
        """A step of somebody else."""

    sound, paths = taken
    model = make_pipeline(Waveforms(), LogSpectrogram(), TapCrop(), CropDetector())
    model.fit(paths)
    with pytest.raises(ValueError, match="has to begin with TapFeatures"):
        next(listen(model, microphone=FakeMicrophone(sound)))


def test_a_model_that_looks_at_little(taken, tmp_path):
    """Its window begins where it finds a tap, however short its recordings are."""
    sound, _ = taken
    short = {"duration": 0.46, "sr": SR, "pre_seconds": 0.05}
    microphone = FakeMicrophone(sound)
    paths = record_takes(tmp_path, "oak", 24, microphone=microphone, **short)
    features = article_features(duration=0.46, n_freqs=80, n_frames=100)
    model = make_pipeline(features, CropDetector()).fit(paths)
    heard = list(listen(model, microphone=FakeMicrophone(sound)))
    assert [tap["error"] for tap in heard] == [""] * 24
    # Frames begin elsewhere than in the files, so that scores differ a little.
    assert np.mean([tap["verdict"] == "normal" for tap in heard]) > 0.8


def test_none_of_many_taps_is_missed(model):
    sound, onsets = make_taps(100, every=0.7)
    heard = list(listen(model, microphone=FakeMicrophone(sound)))
    assert len(heard) == 100
    times = np.array([tap["time"] for tap in heard])
    assert np.abs(times - onsets / SR).max() < 0.01
    assert not any(tap["error"] or tap["flags"] for tap in heard)


@pytest.mark.slow
def test_none_of_many_taps_that_are_played_is_missed(model, sound_server):
    sound, _ = make_taps(100, every=0.7)
    player = sound_server.play(sound, delay=1.0)
    heard = list(itertools.islice(listen(model), 100))
    player.wait()
    times = np.array([tap["time"] for tap in heard])
    assert np.abs(np.diff(times) - 0.7).max() < 0.01
    assert not any(tap["error"] for tap in heard)


@pytest.fixture
def played(monkeypatch):
    """Let the command hear a sound, with Enter after some of its seconds."""

    class Keyboard(FakeMicrophone):
        enter_after = None

        def __iter__(self):
            for number, block in enumerate(super().__iter__()):
                if number * 480 == self.enter_after:
                    enters.put("\n")
                yield block

    import queue

    enters = queue.SimpleQueue()
    monkeypatch.setattr("tapsklearn.cli._listen._count_enters", lambda: enters)

    def play(sound, enter_after=None):
        microphone = Keyboard(sound)
        microphone.enter_after = enter_after
        monkeypatch.setattr(
            "tapsklearn.recording._listen.open_microphone",
            lambda *_: contextlib.nullcontext(microphone),
        )

    return play


def test_the_command(model, played, tmp_path, capsys):
    save(model, tmp_path / "model.taps")
    sound, _ = make_taps(4, every=0.8)
    played(sound, enter_after=2 * SR)
    out = tmp_path / "taps.csv"
    assert main(["listen", str(tmp_path / "model.taps"), "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert [line.partition("board ")[2].split(":")[0] for line in lines] == list("1122")
    assert [line.rpartition(" ")[2] for line in lines] == list("1212")
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [row["board"] for row in rows] == list("1122")
    heard = list(listen(model, microphone=FakeMicrophone(sound)))
    for row, tap in zip(rows, heard, strict=True):
        assert float(row["score"]) == pytest.approx(tap["score"])
        assert row["verdict"] == tap["verdict"]


def test_the_table_goes_on(model, played, tmp_path, capsys):
    """What was judged before is kept, and the next boards have the next numbers."""
    save(model, tmp_path / "model.taps")
    out = tmp_path / "taps.csv"
    arguments = ["listen", str(tmp_path / "model.taps"), "--out", str(out)]
    sound, _ = make_taps(2, every=0.8)
    for _ in range(2):
        played(sound)
        assert main(arguments) == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [row["board"] for row in rows] == list("1122")
    capsys.readouterr()
    for text in ("a,b\n1,2\n", out.read_text() + "oak,1,2,,3,4,normal,\n"):
        out.write_text(text)
        assert main(arguments) == 2
        assert str(out) in capsys.readouterr().err
        assert out.read_text() == text


def test_a_model_that_takes_crops(tmp_path, capsys):
    crops = np.random.default_rng(0).normal(size=(40, 10, 12))
    save(CropDetector().fit(crops), tmp_path / "model.taps")
    assert main(["listen", str(tmp_path / "model.taps")]) == 2
    assert "cannot score files" in capsys.readouterr().err
