"""Settings follow what was measured, stay within their bounds, and can be fixed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapsklearn.preprocessing import (
    FeatureRule,
    TapMeasure,
    choose_settings,
    find_common_gain,
    read_crops,
)

OF_CROPS = ("sr", "duration", "n_fft", "hop_length", "n_freqs", "n_frames")


def make_measure(
    ring: float = 0.09,
    band: float = 7000.0,
    *,
    sr: int = 44100,
    before: float = 0.5,
    after: float = 2.5,
    levels: Any = (),
    stands_out: Any = True,
) -> TapMeasure:
    return TapMeasure(
        sr=sr,
        ring=ring,
        is_whole=ring < after,
        band=band,
        has_background=before > 0,
        before=before,
        after=after,
        attack=0.001,
        levels=tuple(levels),
        stands_out=tuple(np.broadcast_to(stands_out, len(levels))),
    )


def make_strikes(
    n_takes: int, *, gain: float, spread: float = 4.0, seed: int = 0
) -> list[TapMeasure]:
    """Make takes whose parts vary each for itself, and all by a gain."""
    rng = np.random.default_rng(seed)
    levels = rng.normal(scale=spread, size=(n_takes, 64))
    levels += rng.normal(scale=gain, size=(n_takes, 1))
    return [make_measure(levels=each) for each in levels]


def covered(found: dict[str, Any]) -> tuple[float, float]:
    """Return up to where rows and frames reach, in Hz and seconds."""
    highest = found["n_freqs"] * found["sr"] / found["n_fft"]
    frames = found["n_frames"] - found["pre_frames"]
    return highest, frames * found["hop_length"] / found["sr"]


# ring, band, n_fft, hop_length, n_freqs, n_frames
@pytest.mark.parametrize(
    ("ring", "band", "expected"),
    [
        (0.42, 3800.0, (2048, 256, 200, 104)),
        (0.156, 12000.0, (512, 128, 168, 72)),
        (0.09, 7000.0, (512, 64, 96, 88)),
        (0.04, 6000.0, (256, 32, 48, 80)),
        (0.002, 15000.0, (64, 1, 32, 120)),
    ],
)
def test_what_is_found(ring: float, band: float, expected: tuple[int, ...]) -> None:
    found = choose_settings([make_measure(ring, band)])
    names = ("n_fft", "hop_length", "n_freqs", "n_frames")
    assert tuple(found[name] for name in names) == expected
    assert (found["ring"], found["band"], found["sr"]) == (ring, band, 44100)


@pytest.mark.parametrize("ring", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("band", [1000.0, 4000.0, 9000.0])
def test_crops_cover_the_tap(ring: float, band: float) -> None:
    highest, seconds = covered(choose_settings([make_measure(ring, band)]))
    assert highest >= band
    assert ring <= seconds <= 3 * ring


def test_little_before_the_onset() -> None:
    assert choose_settings([make_measure()])["pre_frames"] == 2
    assert choose_settings([make_measure(before=0.0)])["pre_frames"] == 0


def test_frames_do_not_reach_beyond_what_was_recorded() -> None:
    found = choose_settings([make_measure(1.0, after=0.2)])
    assert covered(found)[1] <= 0.2 + 8 * found["hop_length"] / 44100


@pytest.mark.parametrize("ring", [0.02, 0.1, 0.4])
def test_the_clip_holds_the_crop(ring: float) -> None:
    """A third of it lies before the loudest moment."""
    found = choose_settings([make_measure(ring)])
    reach = found["n_fft"] / 2 / 44100
    assert found["duration"] * 2 / 3 >= covered(found)[1] + reach - 0.001
    assert found["duration"] / 3 >= 2 * found["hop_length"] / 44100 + reach


def test_a_few_odd_takes_do_not_decide() -> None:
    usual = [make_measure(0.09 + 0.0001 * each) for each in range(50)]
    odd = [make_measure(2.0, 20000.0), make_measure(1e-3, 50.0, sr=8000, after=0.01)]
    one, other = choose_settings(usual), choose_settings([*usual, *odd])
    for name in ("sr", "n_fft", "hop_length", "n_freqs", "n_frames", "pre_frames"):
        assert one[name] == other[name]


# ---------------------------------------------------------------- rates


def test_rate_is_that_of_most_takes() -> None:
    assert choose_settings([make_measure(sr=sr) for sr in (48000, 44100, 48000)])[
        "sr"
    ] == (48000)
    assert choose_settings([make_measure(sr=sr) for sr in (44100, 48000)])["sr"] == (
        48000
    )


def test_rows_do_not_show_the_rate() -> None:
    """A third of the takes have nothing above 8 kHz."""
    takes = [make_measure(band=12000.0)] * 20 + [make_measure(sr=16000)] * 10
    found = choose_settings(takes)
    assert found["sr"] == 44100
    assert covered(found)[0] <= 8000 + 8 * 44100 / found["n_fft"]


# ---------------------------------------------------------------- the strike


@pytest.mark.parametrize("n_takes", [10, 40, 200])
@pytest.mark.parametrize("seed", range(3))
def test_level_counts_where_strikes_are_alike(n_takes: int, seed: int) -> None:
    machine = make_strikes(n_takes, gain=0.3, seed=seed)
    hand = make_strikes(n_takes, gain=4.0, seed=seed)
    assert choose_settings(machine)["per"] == "frequency"
    assert choose_settings(hand)["per"] == "take"
    assert choose_settings(machine, given={"per": "take"})["per"] == "take"


@pytest.mark.parametrize("gain", [1.0, 3.0, 6.0])
def test_the_gain_is_found(gain: float) -> None:
    found = find_common_gain(make_strikes(400, gain=gain), sr=44100, band=7000.0)
    assert found == pytest.approx(gain, rel=0.2)


def test_the_gain_is_unknown_from_little() -> None:
    few = make_strikes(7, gain=0.1)
    assert find_common_gain(few, sr=44100, band=7000.0) is None
    assert choose_settings(few)["per"] == "take"
    many = make_strikes(50, gain=0.1)
    assert find_common_gain(many, sr=44100, band=900.0) is None
    assert find_common_gain(many, sr=48000, band=7000.0) is None


def test_background_does_not_count_as_alike_strikes() -> None:
    """Parts that do not stand out of the background in many takes are left out."""
    rng = np.random.default_rng(0)
    takes = [
        make_measure(
            levels=[*each.levels[:6], *rng.normal(size=58)],
            stands_out=np.arange(64) < 6,
        )
        for each in make_strikes(60, gain=4.0)
    ]
    gain = find_common_gain(takes, sr=44100, band=20000.0)
    assert gain is not None
    assert gain > 2.5


# ---------------------------------------------------------------- what is given


@pytest.mark.parametrize(
    ("name", "value", "others"),
    [
        ("sr", 22050, {"n_fft": 256, "n_freqs": 96}),
        ("n_fft", 1024, {"n_freqs": 192}),
        ("n_fft", 256, {"n_freqs": 48}),
        ("hop_length", 32, {"n_frames": 168}),
        ("n_freqs", 48, {"n_fft": 256}),
        ("n_freqs", 200, {"n_fft": 1024}),
        ("n_frames", 240, {"hop_length": 32}),
        ("n_frames", 32, {"hop_length": 256}),
        ("pre_frames", 40, {"n_frames": 128}),
        ("pre_frames", 0, {"n_frames": 88}),
        ("duration", 1.5, {"n_fft": 512, "n_frames": 88}),
        ("duration", 0.05, {"n_fft": 512, "hop_length": 32}),
        ("duration", 0.01, {"n_fft": 256}),
        ("n_mels", 64, {"n_freqs": 64}),
        ("shifts", (-4, 4), {"n_frames": 88}),
    ],
)
def test_the_others_follow(name: str, value: Any, others: dict[str, int]) -> None:
    found = choose_settings([make_measure()], given={name: value})
    assert found.get(name, value) == value
    assert {each: found[each] for each in others} == others


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ({"n_fft": 1024, "duration": 0.01}, r"n_fft=1024 .* duration=0\.01"),
        ({"n_freqs": 100, "n_fft": 128}, r"n_freqs=100 .* raise n_fft"),
        ({"pre_frames": 40, "n_frames": 40}, r"pre_frames=40 .* n_frames=40"),
        ({"pre_frames": 240}, r"pre_frames=240 .* n_frames=240"),
        ({"shifts": ()}, r"shifts=\(\)"),
        ({"duration": 0.0005}, r"n_fft=64 .* duration=0\.0005"),
    ],
)
def test_what_cannot_be(fixed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        choose_settings([make_measure()], given=fixed)


def test_no_takes() -> None:
    with pytest.raises(ValueError, match="no tap"):
        choose_settings([])


def test_constants_of_the_rule() -> None:
    takes = [make_measure()]
    usual = choose_settings(takes)
    longer = choose_settings(takes, rule=FeatureRule(transform=0.2))
    assert longer["n_fft"] == 2 * usual["n_fft"]
    further = choose_settings(takes, rule=FeatureRule(span=2.6))
    assert covered(further)[1] > 1.8 * covered(usual)[1]


# ---------------------------------------------------------------- anything

MEASURES = st.builds(
    make_measure,
    ring=st.floats(0, 30),
    band=st.floats(0, 20000),
    sr=st.sampled_from([8000, 22050, 44100, 48000, 500_000]),
    before=st.floats(0, 10),
    after=st.floats(0.001, 10),
)


@settings(max_examples=200, deadline=None)
@given(takes=st.lists(MEASURES, min_size=1, max_size=12))
def test_any_taps_have_settings_within_the_bounds(takes: list[TapMeasure]) -> None:
    found = choose_settings(takes)
    assert 32 <= found["n_freqs"] <= 200
    assert found["n_freqs"] <= found["n_fft"] // 2 + 1
    assert 32 <= found["n_frames"] <= 240
    assert found["n_freqs"] % 8 == 0
    assert found["n_frames"] % 8 == 0
    assert 0 <= found["pre_frames"] < found["n_frames"]
    assert found["n_fft"] <= round(found["duration"] * found["sr"])
    assert found["sr"] in {each.sr for each in takes}
    for name in ("n_fft", "hop_length"):
        assert found[name] & (found[name] - 1) == 0
    assert found["per"] == "take"


@settings(max_examples=10, deadline=None)
@given(
    takes=st.lists(
        st.builds(
            make_measure,
            ring=st.floats(0, 1),
            band=st.floats(0, 20000),
            sr=st.sampled_from([8000, 48000]),
            before=st.floats(0, 1),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_such_crops_can_be_cut(takes: list[TapMeasure]) -> None:
    found = choose_settings(takes)
    names = (*OF_CROPS, "pre_frames")
    tap = np.exp(-np.arange(4000) / 300) * np.sin(np.arange(4000) / 3)
    crops, _ = read_crops(
        [np.pad(tap, (2000, 0))],
        input="waveform",
        input_sr=found["sr"],
        **{name: found[name] for name in names},
    )
    assert crops.shape[2:] == (found["n_freqs"], found["n_frames"])
