"""Takes and crops plotted where they are: in seconds, kHz and dB."""

import librosa
import numpy as np
import pytest

from tapsklearn.inspection import SpectrogramDisplay
from tapsklearn.preprocessing import crop_tap, log_spectrogram
from tests.taps import make_tap


@pytest.fixture(scope="module")
def take():
    return make_tap(np.random.default_rng(0), seconds=2.0, onset=0.5)


def edges_of(display):
    """Read the edges of the image, in seconds and Hz."""
    coordinates = display.image_.get_coordinates()
    (left, bottom), (right, top) = coordinates[0, 0], coordinates[-1, -1]
    return left, right, bottom, top


def pixels_inside(display):
    """Read the part of the image that lies in the rectangle."""
    left, right, bottom, top = edges_of(display)
    image = display.image_.get_array()
    box = display.crop_.get_bbox()
    columns = np.round(
        (np.array([box.x0, box.x1]) - left) / (right - left) * image.shape[1]
    ).astype(int)
    rows = np.round(
        (np.array([box.y0, box.y1]) - bottom) / (top - bottom) * image.shape[0]
    ).astype(int)
    return image[slice(*rows), slice(*columns)]


def test_a_take_is_plotted_in_db_seconds_and_khz(take):
    display = SpectrogramDisplay.from_waveform(take)
    spectrogram = log_spectrogram(take)
    np.testing.assert_array_equal(display.image_.get_array(), spectrogram)
    assert display.ax_.get_xlabel() == "time (s)"
    assert display.ax_.get_ylabel() == "frequency (kHz)"
    assert display.colorbar_.ax.get_ylabel() == "power (dB)"
    # Pixels lie around the time and frequency they stand for.
    half_frame, half_row = 64 / 44100, 44100 / 2048
    left, right, bottom, top = edges_of(display)
    assert (left, right) == pytest.approx((-half_frame, 2 + half_frame), abs=2e-3)
    assert (bottom, top) == pytest.approx((-half_row, 22050 + half_row))
    assert display.ax_.get_xlim() == (left, right)
    assert display.ax_.get_ylim() == (bottom, top)
    display.figure_.draw_without_rendering()
    ticks = {tick.get_text() for tick in display.ax_.get_yticklabels()}
    assert {"0", "5", "20"} <= ticks


def test_the_rectangle_holds_what_is_cropped(take):
    display = SpectrogramDisplay.from_waveform(take)
    expected = crop_tap(log_spectrogram(take))[0]
    np.testing.assert_array_equal(pixels_inside(display), expected)
    assert [text.get_text() for text in display.legend_.get_texts()] == [
        "crop",
        "onset",
    ]


def test_parameters_of_the_crop_are_kept_to(take):
    options = {"n_freqs": 40, "n_frames": 60, "pre_frames": 5}
    display = SpectrogramDisplay.from_waveform(
        take, n_fft=512, hop_length=256, **options
    )
    spectrogram = log_spectrogram(take, n_fft=512, hop_length=256)
    expected = crop_tap(spectrogram, **options)[0]
    np.testing.assert_array_equal(pixels_inside(display), expected)


@pytest.mark.parametrize("sr", [22050, 44100])
def test_the_onset_is_where_the_tap_begins(sr):
    take = make_tap(np.random.default_rng(0), seconds=2.0, onset=0.5, sr=sr)
    display = SpectrogramDisplay.from_waveform(take, sr=sr)
    frame = 1024 / sr
    assert display.onset_line_.get_xdata()[0] == pytest.approx(0.5, abs=frame)


def test_a_take_without_a_tap_is_plotted_without_a_crop():
    noise = np.random.default_rng(0).normal(size=44100)
    with pytest.warns(UserWarning, match=r"holds no tap.*no crop is marked"):
        display = SpectrogramDisplay.from_waveform(noise)
    assert display.crop_ is None
    assert display.onset_line_ is None
    assert display.legend_ is None


def test_a_crop_counts_time_from_the_onset(take):
    crop = crop_tap(log_spectrogram(take))[0]
    display = SpectrogramDisplay.from_crop(crop, unit="standard deviations")
    np.testing.assert_array_equal(display.image_.get_array(), crop)
    left, right, _, top = edges_of(display)
    assert (left, right) == pytest.approx((-10.5 * 128 / 44100, 109.5 * 128 / 44100))
    assert top == pytest.approx(99.5 * 44100 / 1024)
    assert display.onset_line_.get_xdata()[0] == 0
    assert display.crop_ is None
    assert display.ax_.get_xlabel() == "time from the onset (s)"
    assert display.colorbar_.ax.get_ylabel() == "power (standard deviations)"


def test_given_axes_are_used(take, own_axes):
    display = SpectrogramDisplay.from_waveform(take, ax=own_axes)
    assert display.ax_ is own_axes
    assert display.figure_ is own_axes.figure


@pytest.mark.parametrize(
    ("plot", "message"),
    [
        (lambda: SpectrogramDisplay.from_waveform([[0.0, 1.0]]), "waveform has shape"),
        (lambda: SpectrogramDisplay.from_waveform([0.0, np.nan]), "waveform"),
        (lambda: SpectrogramDisplay.from_waveform(np.zeros(9), sr=0), "sr=0"),
        (
            lambda: SpectrogramDisplay.from_waveform(np.zeros(9999), n_freqs=600),
            "n_freqs=600",
        ),
        (lambda: SpectrogramDisplay.from_crop(np.zeros((2, 3, 4))), r"X\[0\]"),
        (lambda: SpectrogramDisplay.from_crop([[np.nan]]), "crop"),
    ],
)
def test_errors_name_the_parameter(plot, message):
    with pytest.raises(ValueError, match=message):
        plot()


def test_mel_bands_lie_at_their_frequencies(take):
    display = SpectrogramDisplay.from_waveform(take, n_mels=64, n_freqs=40)
    spectrogram = log_spectrogram(take, n_mels=64)
    np.testing.assert_array_equal(display.image_.get_array(), spectrogram)
    edges = display.image_.get_coordinates()[:, 0, 1]
    centres = librosa.mel_frequencies(66, fmax=22050)[1:-1]
    assert (edges[:-1] < centres).all()
    assert (centres < edges[1:]).all()
    assert display.crop_.get_bbox().y1 == edges[40]
    assert display.ax_.get_yscale() == "symlog"
    assert display.ax_.get_ylabel() == "frequency (kHz)"


def test_a_mel_crop_has_the_lowest_bands(take):
    crop = crop_tap(log_spectrogram(take, n_mels=64), n_freqs=40)[0]
    display = SpectrogramDisplay.from_crop(crop, n_mels=64)
    whole = SpectrogramDisplay.from_waveform(take, n_mels=64, n_freqs=40)
    np.testing.assert_array_equal(
        display.image_.get_coordinates()[:, 0, 1],
        whole.image_.get_coordinates()[:41, 0, 1],
    )
    with pytest.raises(ValueError, match="n_mels=32 is less than the 40 rows"):
        SpectrogramDisplay.from_crop(crop, n_mels=32)
