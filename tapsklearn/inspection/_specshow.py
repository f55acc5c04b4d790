"""Spectrograms as pictures, with axes in seconds and kilohertz."""

from typing import TYPE_CHECKING, Any

import librosa
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh


def check_spectrogram_settings(sr: float, hop_length: int, n_fft: int) -> None:
    """Check what a spectrogram was made with.

    Parameters
    ----------
    sr : float
        Sampling rate, in Hz.
    hop_length : int
        Step from frame to frame, in samples.
    n_fft : int
        Length of a frame, in samples.
    """
    for name, value in (("sr", sr), ("hop_length", hop_length), ("n_fft", n_fft)):
        if not value > 0:
            raise ValueError(f"{name}={value!r} must be above 0")


def show_spectrogram(
    ax: "Axes",
    spectrogram: NDArray[np.floating],
    *,
    sr: float,
    hop_length: int,
    n_fft: int,
    n_mels: int | None = None,
    first_frame: int = 0,
    **looks: Any,
) -> "QuadMesh":
    """Plot a spectrogram so that each pixel lies around its time and frequency.

    Parameters
    ----------
    ax : Axes
        Where to plot.
    spectrogram : ndarray of shape (n_freqs, n_frames)
        Its lowest `n_freqs` rows and any of its frames.
    sr : float
        Sampling rate, in Hz.
    hop_length : int
        Step from frame to frame, in samples.
    n_fft : int
        Length of a frame, in samples.
    n_mels : int, default=None
        Number of mel bands of the whole spectrogram; if None, it is linear in
        frequency.
    first_frame : int, default=0
        Number of the first frame; frame 0 is at 0 s.
    **looks
        Settings of the picture, such as `cmap`.

    Returns
    -------
    QuadMesh
        The picture.
    """
    import librosa.display

    check_spectrogram_settings(sr, hop_length, n_fft)
    n_freqs, n_frames = spectrogram.shape
    mesh = librosa.display.specshow(
        spectrogram,
        # librosa's own begin at 0 s, and its rows end at half the sampling rate.
        x_coords=(first_frame + np.arange(n_frames + 1) - 0.5) * hop_length / sr,
        y_coords=_frequency_edges(n_freqs, sr=sr, n_fft=n_fft, n_mels=n_mels),
        x_axis="s",
        y_axis="linear" if n_mels is None else "mel",
        ax=ax,
        **looks,
    )
    ax.yaxis.set_major_formatter(lambda hertz, _: f"{hertz / 1000:g}")
    ax.set_ylabel("frequency (kHz)")
    return mesh


def _frequency_edges(
    n_freqs: int, *, sr: float, n_fft: int, n_mels: int | None
) -> NDArray[np.floating]:
    """Compute the edges of the lowest rows of a spectrogram, in Hz."""
    if n_mels is None:
        return (np.arange(n_freqs + 1) - 0.5) * sr / n_fft
    if n_freqs > n_mels:
        raise ValueError(
            f"n_mels={n_mels} is less than the {n_freqs} rows of the spectrogram"
        )
    # The centres of the bands are equally far apart in mel, and so are the edges.
    halves = librosa.mel_frequencies(2 * n_mels + 3, fmax=sr / 2)
    return halves[1::2][: n_freqs + 1]
