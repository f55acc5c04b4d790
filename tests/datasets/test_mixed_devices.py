"""Boards that were recorded otherwise than others are named, once for all of them."""

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from tapsklearn.datasets import check_takes

SR = 44100
NORMAL, ABNORMAL = ["oak", "ash", "fir", "elm"], ["cracked", "split"]


def make_take(seed):
    rng = np.random.default_rng(seed)
    time = np.arange(SR) / SR
    since = np.clip(time - 0.4, 0, None)
    take = 3e-4 * rng.normal(size=SR)
    blow = np.exp(-since / 0.0005) * rng.normal(size=SR)
    ringing = np.exp(-since / 0.03) * np.sin(2 * np.pi * 900 * since)
    return take + 0.3 * (since > 0) * (blow + ringing)


def limit(take, highest):
    low = soxr.resample(take, SR, 2 * highest)
    return soxr.resample(low, 2 * highest, SR)[:SR]


def write(folder, changes, *, n_takes=2, tables=True):
    """Write two takes of each board, changed by (board: how)."""
    boards = NORMAL + ABNORMAL
    for number, board in enumerate(boards):
        (folder / board).mkdir(parents=True)
        for take in range(n_takes):
            samples, rate, options = make_take(100 * number + take), SR, {}
            how = changes.get(board)
            if how == "48 kHz":
                samples, rate = soxr.resample(samples, SR, 48000), 48000
            elif how == "24 bits":
                options = {"subtype": "PCM_24"}
            elif how == "stereo":
                samples = np.stack([samples, samples], axis=1)
            elif how == "a-law":
                options = {"subtype": "ALAW"}
            elif how:
                samples = limit(samples, int(how))
            soundfile.write(folder / board / f"{take}.wav", samples, rate, **options)
    if tables:
        lines = [f"{board},normal\n" for board in NORMAL]
        lines += [f"{board},abnormal\n" for board in ABNORMAL]
        (folder / "boards.csv").write_text("board,condition\n" + "".join(lines))
    return folder


def find(folder, **options):
    frame = check_takes(folder, min_takes=1, **options)
    found = frame[frame["problem"] == "mixed devices"]
    assert (found[["path", "board"]] == "").all(axis=None)
    return found["detail"].tolist(), frame


def test_one_device_is_no_finding(tmp_path):
    details, frame = find(write(tmp_path, {}))
    assert details == []
    assert len(frame) == 0


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("48 kHz", "recorded at 48000 Hz"),
        ("24 bits", "recorded in 24 bits"),
        ("stereo", "recorded with 2 channels"),
        ("a-law", "recorded in ALAW"),
        ("4000", "recorded with a band that ends at 4 kHz"),
        ("8000", "recorded with a band that ends at 8 kHz"),
    ],
)
def test_each_property_is_one_finding(tmp_path, how, told):
    folder = write(tmp_path, {"oak": how})
    (detail,), frame = find(folder)
    assert f"1 board is {told} (oak), 5 " in detail
    assert "of normal boards alone" in detail
    # Nothing is said of each file beside it, but that it is coded.
    assert set(frame["problem"]) <= {"mixed devices", "lossy"}


@pytest.mark.parametrize("how", ["48 kHz", "4000"])
def test_it_says_if_the_device_is_the_condition(tmp_path, how):
    (detail,), _ = find(write(tmp_path, dict.fromkeys(ABNORMAL, how)))
    assert "2 boards are recorded" in detail
    assert "no normal board is recorded as an abnormal one" in detail
    assert "learn the device" in detail


def test_both_conditions_with_both_devices_is_less_of_a_problem(tmp_path):
    (detail,), _ = find(write(tmp_path, {"oak": "48 kHz", "split": "48 kHz"}))
    assert "learn the device" not in detail
    assert "normal and abnormal boards with each" in detail


def test_conditions_need_not_be_known(tmp_path):
    folder = write(tmp_path, dict.fromkeys(ABNORMAL, "4000"), tables=False)
    (detail,), _ = find(folder)
    assert "learn the device" not in detail
    (detail,), _ = find(folder, normal=NORMAL)
    assert "learn the device" in detail


def test_a_single_take_has_its_own_row(tmp_path):
    folder = write(tmp_path, {}, n_takes=3)
    samples = soxr.resample(make_take(7), SR, 48000)
    soundfile.write(folder / "oak" / "0.wav", samples, 48000)
    details, frame = find(folder)
    assert details == []
    assert frame[["path", "problem"]].to_numpy().tolist() == [["oak/0.wav", "odd rate"]]


def test_all_narrow_is_no_mix(tmp_path):
    assert find(write(tmp_path, dict.fromkeys(NORMAL + ABNORMAL, "8000")))[0] == []


@settings(max_examples=10)
@given(st.lists(st.sampled_from(["", "48 kHz", "stereo"]), min_size=6, max_size=6))
def test_whatever_the_mix_each_board_is_counted_once(tmp_path_factory, ways):
    folder = tmp_path_factory.mktemp("mix")
    boards = NORMAL + ABNORMAL
    details, _ = find(
        write(folder, dict(zip(boards, ways, strict=True)), n_takes=1, tables=False)
    )
    rates = {way == "48 kHz" for way in ways}
    channels = {way == "stereo" for way in ways}
    assert len(details) == (len(rates) > 1) + (len(channels) > 1)
    mixed = [way for way in ("48 kHz", "stereo") if 0 < ways.count(way) < len(ways)]
    for detail, way in zip(details, mixed, strict=True):
        of_way = ways.count(way)
        assert detail.startswith(f"{min(of_way, len(ways) - of_way)} board")


@pytest.mark.parametrize("name", ["hammer-floor", "steel-rods", "bolts-plate"])
def test_recordings_have_no_false_finding(recordings, name):
    frame = check_takes(recordings(name))
    assert not {"mixed devices", "odd rate"} & set(frame["problem"])
