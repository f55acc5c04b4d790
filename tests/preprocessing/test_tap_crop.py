"""TapCrop and what it stands on: frame_energy, find_onset, crop_tap."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from taps import make_tap

from tapsklearn.preprocessing import (
    LogSpectrogram,
    TakeError,
    TapCrop,
    WavLoader,
    crop_tap,
    find_onset,
    frame_energy,
    log_spectrogram,
)

FLOOR = -70.0


def spectrogram_with(
    levels: dict[int, float], *, n_rows: int = 4, n_columns: int = 60
) -> NDArray[np.float64]:
    """Make a spectrogram whose frames are at FLOOR but for those given, by index."""
    spectrogram = np.full((n_rows, n_columns), FLOOR)
    for frame, level in levels.items():
        spectrogram[:, frame] = level
    return spectrogram


def numbered(
    onset: int, *, n_rows: int = 4, n_columns: int = 60
) -> NDArray[np.float64]:
    """Make a spectrogram with a tap in which no two values are the same."""
    numbers = np.arange(n_rows * n_columns).reshape(n_rows, n_columns)
    return spectrogram_with({onset: 0.0}, n_rows=n_rows, n_columns=n_columns) + (
        1e-3 * numbers
    )


# ---------------------------------------------------------------- frame_energy


@pytest.mark.parametrize("level", [0.0, -100.0, 500.0, -5000.0])
def test_frame_energy_adds_power_at_any_level(level: float) -> None:
    power = np.random.default_rng(0).uniform(1e-3, 1, size=(7, 5))
    spectrogram = 10 * np.log10(power) + level
    energy = frame_energy(spectrogram)
    np.testing.assert_allclose(energy, 10 * np.log10(power.sum(axis=0)) + level)


def test_frame_energy_of_frames_further_apart_than_floats_reach() -> None:
    # 10 ** (-5000 / 10) is 0 as a float.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        energy = frame_energy(np.array([[0.0, -5000.0], [0.0, -5000.0]]))
    np.testing.assert_allclose(energy, [3.0103, -4996.9897], atol=1e-4)


def test_frame_energy_counts_all_rows() -> None:
    spectrogram = np.full((513, 3), -80.0, dtype=np.float32)
    spectrogram[500, 1] = 0.0
    assert np.argmax(frame_energy(spectrogram)) == 1
    assert frame_energy(spectrogram).dtype == np.float64


# ---------------------------------------------------------------- find_onset


@pytest.mark.parametrize(
    ("energy", "reach", "onset"),
    [
        ([0, -50, -50], 110, 0),
        ([-50, -50, 0], 110, 2),
        ([-50, -10, 0], 110, 1),  # 10 dB below the loudest still counts,
        ([-50, -10.01, 0], 110, 2),  # more does not
        ([-50, -5, -30, -5, 0], 110, 1),  # a dip belongs to the tap
        ([-5, -50, -50, -5, 0, -5], 2, 3),  # what is further back does not
        ([-5, -50, -50, -5, 0, -5], 4, 0),
        ([-5, -50, -50, -5, 0, -5], 0, 4),
        ([-5, 0, -5, 0], 110, 0),  # the first of two that are equally loud
    ],
)
def test_find_onset(energy: list[float], reach: int, onset: int) -> None:
    assert find_onset(np.array(energy), reach=reach) == onset
    assert find_onset(np.array(energy) - 300, reach=reach) == onset


def test_find_onset_reaches_as_far_as_the_article_s_crop() -> None:
    energy = np.full(400, FLOOR)
    energy[[90, 200]] = -5, 0
    assert find_onset(energy) == 90
    energy[[90, 89]] = energy[[89, 90]]
    assert find_onset(energy) == 200


# ---------------------------------------------------------------- where the crop lies


@pytest.mark.parametrize("onset", [5, 20, 45])
@pytest.mark.parametrize("pre_frames", [0, 3, 14])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_crop_starts_before_the_onset(onset: int, pre_frames: int, dtype: type) -> None:
    spectrogram = numbered(onset).astype(dtype)
    crop = crop_tap(spectrogram, n_freqs=3, n_frames=15, pre_frames=pre_frames)
    assert crop.shape == (1, 3, 15)
    assert crop.dtype == dtype
    for j in range(15):
        frame = onset - pre_frames + j
        inside = 0 <= frame < 60
        np.testing.assert_array_equal(
            crop[0, :, j], spectrogram[:3, frame] if inside else spectrogram.min()
        )


def test_onset_is_sought_only_as_far_back_as_the_crop_reaches() -> None:
    # Of 10 frames 3 lie before the onset, so 6 at most between it and the loudest.
    for before, onset in ((6, 24), (7, 30)):
        spectrogram = spectrogram_with({30 - before: -5.0, 30: 0.0})
        crop = crop_tap(spectrogram, n_freqs=4, n_frames=10, pre_frames=3)
        np.testing.assert_array_equal(crop[0], spectrogram[:, onset - 3 : onset + 7])
        # The loudest frame is always within.
        assert crop.max() == 0.0


def test_energy_counts_rows_above_the_crop() -> None:
    spectrogram = np.full((5, 60), FLOOR)
    spectrogram[4, 30] = 0.0
    crop = crop_tap(spectrogram, n_freqs=2, n_frames=10, pre_frames=2)
    np.testing.assert_array_equal(crop, np.full((1, 2, 10), FLOOR))
    spectrogram[0, 30] = -40.0
    crop = crop_tap(spectrogram, n_freqs=2, n_frames=10, pre_frames=2)
    assert crop[0, 0, 2] == -40.0


@pytest.mark.parametrize("n_columns", [1, 5, 9])
def test_short_takes_are_padded_with_their_floor(n_columns: int) -> None:
    spectrogram = np.full((2, n_columns), -3.0)
    spectrogram[1, 0] = -33.0
    crop = crop_tap(spectrogram, n_freqs=1, n_frames=10, pre_frames=2)
    expected = np.full((1, 1, 10), -33.0)
    expected[..., 2 : 2 + n_columns] = -3.0
    np.testing.assert_array_equal(crop, expected)


# ---------------------------------------------------------------- views


@pytest.mark.parametrize("onset", [0, 1, 25, 58, 59])
def test_views_are_moved_crops(onset: int) -> None:
    spectrogram = numbered(onset)
    shifts = (0, 6, -6, 100, -100)
    views = crop_tap(spectrogram, n_freqs=4, n_frames=10, pre_frames=2, shifts=shifts)
    padded = np.pad(
        spectrogram, ((0, 0), (200, 200)), constant_values=spectrogram.min()
    )
    for view, shift in zip(views, shifts, strict=True):
        first = 200 + onset - 2 + shift
        np.testing.assert_array_equal(view, padded[:, first : first + 10])


@pytest.mark.parametrize("container", [list, tuple, np.array])
def test_several_shifts_make_an_axis_of_views(container: Callable) -> None:
    X = np.stack([numbered(20), numbered(30)])
    crop = TapCrop(n_freqs=4, n_frames=10, pre_frames=2)
    single = crop.fit_transform(X)
    assert single.shape == (2, 4, 10)
    views = crop.set_params(shifts=container([0, 6])).fit_transform(X)
    assert views.shape == (2, 2, 4, 10)
    np.testing.assert_array_equal(views[:, 0], single)
    np.testing.assert_array_equal(views[:, 1, :, :4], single[:, :, 6:])
    # One shift that is not 0 makes no axis, but it does move the crop.
    moved = crop.set_params(shifts=container([6])).fit_transform(X)
    np.testing.assert_array_equal(moved, views[:, 1])


def test_equals_crop_tap_take_by_take() -> None:
    rng = np.random.default_rng(0)
    takes = [make_tap(rng, seconds=1.0, onset=onset) for onset in (0.0, 0.3, 0.9)]
    X = LogSpectrogram().fit_transform(takes)
    crops = TapCrop(shifts=(0, 6)).fit_transform(X)
    assert crops.dtype == np.float32
    for crop, x in zip(crops, X, strict=True):
        np.testing.assert_array_equal(crop, crop_tap(x, shifts=(0, 6)))


# ---------------------------------------------------------------- no tap


def noise(rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.normal(scale=0.1, size=44100)


def hum(rng: np.random.Generator) -> NDArray[np.float64]:
    time = np.arange(44100) / 44100
    return 0.3 * np.sin(2 * np.pi * (50 * time + rng.uniform()))


def both(rng: np.random.Generator) -> NDArray[np.float64]:
    return hum(rng) + 0.01 * noise(rng)


@pytest.mark.parametrize("sound", [noise, hum, both])
def test_no_tap(sound: Callable) -> None:
    spectrogram = log_spectrogram(sound(np.random.default_rng(0)))
    with pytest.raises(ValueError, match=r"^holds no tap: .* only \d\.\d dB above"):
        crop_tap(spectrogram)


def test_a_quiet_tap_in_a_loud_hum_is_no_tap_but_a_loud_one_is() -> None:
    rng = np.random.default_rng(0)
    # One second of a hum of 0.3, and taps that start 24 dB below and 6 dB above it.
    background = hum(rng)
    for peak, found in ((0.02, False), (3.0, True)):
        tap = make_tap(rng, seconds=1.0, onset=0.5, peak=peak)
        spectrogram = log_spectrogram(background + tap)
        if found:
            crop_tap(spectrogram)
        else:
            with pytest.raises(ValueError, match="holds no tap"):
                crop_tap(spectrogram)


def with_background(levels: dict[int, float], *, padded: int = 0) -> NDArray:
    """Put as much of a floor around a spectrogram as it has frames."""
    spectrogram = spectrogram_with(levels)
    padding = ((0, 0), (padded, padded))
    return np.pad(spectrogram, padding, constant_values=FLOOR - 20)


@pytest.mark.parametrize("padded", [0, 1, 500])
@pytest.mark.parametrize(("rise", "found"), [(2.6, False), (2.8, True)])
def test_a_tap_rises_over_the_quietest_quarter(
    rise: float, found: bool, padded: int
) -> None:
    """Whatever was padded, which is no background."""
    spectrogram = with_background({30: FLOOR + rise}, padded=max(1, padded))
    if padded == 0:
        spectrogram = spectrogram[:, 1:-1]
        spectrogram[0, 0] -= 1.0
    if found:
        assert crop_tap(spectrogram, n_freqs=1, n_frames=10, pre_frames=2).max() > FLOOR
    else:
        with pytest.raises(ValueError, match=r"only 2\.6 dB above the rest"):
            crop_tap(spectrogram, n_freqs=1, n_frames=10, pre_frames=2)


def test_a_tap_may_ring_for_most_of_a_take() -> None:
    spectrogram = with_background({}, padded=1)
    for n_ringing, found in ((44, True), (47, False)):
        spectrogram[:, 10 : 10 + n_ringing] = 0.0
        if found:
            crop_tap(spectrogram, n_freqs=1, n_frames=10, pre_frames=0)
        else:
            with pytest.raises(ValueError, match=r"only 0\.0 dB above"):
                crop_tap(spectrogram, n_freqs=1, n_frames=10, pre_frames=0)


@pytest.mark.parametrize(("n_columns", "is_checked"), [(19, False), (20, True)])
def test_nothing_is_refused_with_fewer_frames_than_two_crops(
    n_columns: int, is_checked: bool
) -> None:
    flat = np.full((1, 1, n_columns), FLOOR)
    transformer = TapCrop(n_freqs=1, n_frames=10, pre_frames=0)
    if is_checked:
        with pytest.raises(TakeError, match="holds no tap"):
            transformer.fit_transform(flat)
    else:
        np.testing.assert_array_equal(
            transformer.fit_transform(flat), np.full((1, 1, 10), FLOOR)
        )


@pytest.fixture(scope="module")
def two_taps_among_five() -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    takes = [
        noise(rng),
        make_tap(rng, seconds=1.0),
        hum(rng),
        make_tap(rng, seconds=1.0),
        both(rng),
    ]
    return LogSpectrogram().fit_transform(np.stack(takes))


def test_error_lists_all_rows_without_a_tap(two_taps_among_five: NDArray) -> None:
    with pytest.raises(TakeError) as caught:
        TapCrop().fit_transform(two_taps_among_five)
    assert list(caught.value.problems) == [0, 2, 4]
    assert all(
        reason.startswith("holds no tap") for reason in caught.value.problems.values()
    )
    message = str(caught.value)
    assert message.startswith("3 takes cannot be used: row 0: holds no tap")
    assert "; row 2: holds no tap" in message
    assert "; row 4: holds no tap" in message


def test_nan_for_rows_without_a_tap(two_taps_among_five: NDArray) -> None:
    transformer = TapCrop(shifts=(0, 6), on_error="nan")
    with pytest.warns(UserWarning, match=r"row 0: .*row 2: .*row 4: .*score NaN") as w:
        crops = transformer.fit_transform(two_taps_among_five)
    assert len(w) == 1
    assert crops.shape == (5, 2, 100, 120)
    assert np.isnan(crops[[0, 2, 4]]).all()
    expected = TapCrop(shifts=(0, 6)).fit_transform(two_taps_among_five[[1, 3]])
    np.testing.assert_array_equal(crops[[1, 3]], expected)


@pytest.mark.parametrize("on_error", ["raise", "nan"])
def test_nan_rows_pass_through_silently(
    two_taps_among_five: NDArray, on_error: str
) -> None:
    X = two_taps_among_five[[1, 1, 3]]
    X[1, 512, 3] = np.nan  # outside the crop: yet the take cannot be trusted
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        crops = TapCrop(on_error=on_error).fit_transform(X)
    assert np.isnan(crops[1]).all()
    np.testing.assert_array_equal(crops[[0, 2]], TapCrop().fit_transform(X[[0, 2]]))


# ---------------------------------------------------------------- wrong use


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_freqs": 5}, "n_freqs=5 rows cannot be cut from spectrograms of 4"),
        ({"pre_frames": 10}, "pre_frames=10 must be smaller than n_frames=10"),
        ({"shifts": ()}, r"shifts=\(\) must hold one or more whole numbers"),
        ({"shifts": (0, 1.5)}, "must hold one or more whole numbers"),
        ({"shifts": ["6"]}, "must hold one or more whole numbers"),
        ({"shifts": [[0, 6]]}, "must hold one or more whole numbers"),
    ],
)
@pytest.mark.parametrize("on_error", ["raise", "nan"])
def test_wrong_parameters(
    parameters: dict[str, object], message: str, on_error: str
) -> None:
    parameters = {"n_freqs": 4, "n_frames": 10, "pre_frames": 2} | parameters
    X = np.stack([numbered(20)])
    with pytest.raises(ValueError, match=message):
        crop_tap(X[0], **parameters)
    # Not mistaken for what is wrong with a take, with or without a fit.
    for call in ("fit", "transform"):
        with pytest.raises(ValueError, match=message) as caught:
            getattr(TapCrop(**parameters, on_error=on_error), call)(X)
        assert not isinstance(caught.value, TakeError)


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_freqs": 0},
        {"n_frames": 0},
        {"pre_frames": -1},
        {"shifts": 6},
        {"on_error": 0},
    ],
)
def test_parameters_out_of_range(wrong: dict[str, object]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=f"The '{name}' parameter of TapCrop"):
        TapCrop(**wrong).fit(np.zeros((1, 513, 500)))


@pytest.mark.parametrize("shape", [(5,), (2, 1, 4, 60)])
def test_wrong_dimensions(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"got an array of shape|2D array"):
        TapCrop(n_freqs=1, n_frames=10, pre_frames=2).fit(np.zeros(shape))


def test_two_dimensions_are_spectrograms_of_one_row() -> None:
    X = numbered(20, n_rows=3)
    X[:, 20] = 0.0
    transformer = TapCrop(n_freqs=1, n_frames=10, pre_frames=2)
    np.testing.assert_array_equal(
        transformer.fit_transform(X), transformer.fit_transform(X[:, None])
    )


# ---------------------------------------------------------------- real recordings


def test_real_hammer_takes_hold_a_tap(recordings: Callable[[str], Path]) -> None:
    # A phone a floor below: quiet, in noise, and thrice another kind of blow.
    paths = sorted(recordings("hammer-floor").glob("*/*.wav"))[::8]
    assert len(paths) >= 30
    X = LogSpectrogram().fit_transform(WavLoader().fit_transform(paths))
    crops = TapCrop().fit_transform(X)
    # Nothing but the frames before the onset may be quiet.
    energy = np.stack([frame_energy(crop) for crop in crops])
    rise = energy.max(axis=1) - energy[:, :5].mean(axis=1)
    assert np.median(rise) > 10


def test_real_bottles_start_at_the_tap(recordings: Callable[[str], Path]) -> None:
    paths = sorted(recordings("bottles").glob("*/*.wav"))[::15]
    assert len(paths) >= 30
    waveforms = WavLoader(duration=2048 / 44100).fit_transform(paths)
    X = LogSpectrogram(n_fft=256, hop_length=32).fit_transform(waveforms)
    assert X.shape[1:] == (129, 65)
    crops = TapCrop(n_freqs=100, n_frames=65, pre_frames=0).fit_transform(X)
    assert crops.shape == (len(paths), 100, 65)
    onsets = [find_onset(frame_energy(x), reach=64) for x in X]
    for crop, x, onset in zip(crops, X, onsets, strict=True):
        np.testing.assert_array_equal(crop[:, : 65 - onset], x[:100, onset:])
    # The impact is at the very beginning: 8 frames of 32 samples are 6 ms.
    assert np.median(onsets) <= 8
