"""What a take looks like, and which part of it is scored."""

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from tapsklearn.inspection._matplotlib import add_legend, check_matplotlib, find_axes
from tapsklearn.inspection._specshow import check_spectrogram_settings, show_spectrogram
from tapsklearn.preprocessing import (
    TakeError,
    TapCrop,
    find_onset,
    frame_energy,
    log_spectrogram,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class SpectrogramDisplay:
    """Log spectrogram of a take with its crop marked, or of a crop.

    Make one with `from_waveform` or `from_crop`.

    Parameters
    ----------
    spectrogram : ndarray of shape (n_freqs, n_frames)
        Power, mostly in dB.
    sr : float, default=44100
        Sampling rate of the waveform, in Hz.
    hop_length : int, default=128
        Step from frame to frame, in samples.
    n_fft : int, default=1024
        Length of a frame, in samples.
    n_mels : int, default=None
        Number of mel bands of the whole spectrogram; if None, it is linear in
        frequency.
    onset : int, default=None
        Frame in which the tap begins; if None, it is not marked.
    crop : tuple of int (first_frame, n_frames, n_freqs), default=None
        Which part of the take is scored; if None, it is not marked.
    from_onset : bool, default=False
        Whether time is counted from the onset, else from the first frame.
    unit : str, default="dB"
        What the power is in.

    Attributes
    ----------
    ax_ : Axes
        Where it is plotted.
    figure_ : Figure
        What holds the axes.
    image_ : QuadMesh
        The spectrogram.
    colorbar_ : Colorbar
        The scale of the power.
    onset_line_ : Line2D or None
        Where the tap begins.
    crop_ : Rectangle or None
        What is scored.
    legend_ : Legend or None
        What the marks mean.

    Examples
    --------
    >>> crop = np.random.default_rng(0).normal(size=(100, 120))
    >>> display = SpectrogramDisplay.from_crop(crop)
    >>> display.ax_.get_xlabel()
    'time from the onset (s)'
    """

    def __init__(
        self,
        spectrogram: NDArray[np.floating],
        *,
        sr: float = 44100,
        hop_length: int = 128,
        n_fft: int = 1024,
        n_mels: int | None = None,
        onset: int | None = None,
        crop: tuple[int, int, int] | None = None,
        from_onset: bool = False,
        unit: str = "dB",
    ) -> None:
        self.spectrogram = spectrogram
        self.sr = sr
        self.hop_length = hop_length
        self.n_fft = n_fft
        self.n_mels = n_mels
        self.onset = onset
        self.crop = crop
        self.from_onset = from_onset
        self.unit = unit

    @classmethod
    def from_waveform(
        cls,
        waveform: ArrayLike,
        *,
        sr: int = 44100,
        n_fft: int = 1024,
        hop_length: int = 128,
        n_mels: int | None = None,
        n_freqs: int = 100,
        n_frames: int = 120,
        pre_frames: int = 10,
        cmap: str = "magma",
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot a take and mark the crop that `TapCrop` cuts from it.

        Parameters
        ----------
        waveform : array-like of shape (n_samples,)
            The take.
        sr : int, default=44100
            Sampling rate, in Hz.
        n_fft : int, default=1024
            Length of a frame, in samples.
        hop_length : int, default=128
            Step from frame to frame, in samples.
        n_mels : int, default=None
            Number of mel bands; if None, frequencies are linear.
        n_freqs : int, default=100
            Rows of the crop, from the lowest frequency up.
        n_frames : int, default=120
            Frames of the crop.
        pre_frames : int, default=10
            How many of them lie before the onset.
        cmap : str, default="magma"
            Colours from quiet to loud.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        SpectrogramDisplay
            The display.

        Raises
        ------
        ValueError
            If the waveform is not one take of finite numbers, or a parameter does
            not fit.

        Warns
        -----
        UserWarning
            If the take holds no tap, so that no crop is marked.

        Examples
        --------
        >>> time = np.arange(-0.5, 1.5, 1 / 44100)
        >>> noise = np.random.default_rng(0).normal(size=len(time)) / 1000
        >>> tap = (time > 0) * np.exp(-np.abs(time) / 0.05) * np.sin(3000 * time)
        >>> display = SpectrogramDisplay.from_waveform(tap + noise)
        >>> round(display.onset_line_.get_xdata()[0], 2)
        0.5
        """
        check_matplotlib(f"{cls.__name__}.from_waveform")
        check_spectrogram_settings(sr, hop_length, n_fft)
        take = check_array(
            waveform,
            ensure_2d=False,
            dtype=[np.float64, np.float32],
            input_name="waveform",
        )
        if take.ndim != 1:
            raise ValueError(
                f"waveform has shape {take.shape}, but must be one take of shape "
                "(n_samples,)"
            )
        spectrogram = log_spectrogram(
            take, n_fft=n_fft, hop_length=hop_length, n_mels=n_mels, sr=sr
        )
        onset: int | None = None
        crop = None
        try:
            TapCrop(
                n_freqs=n_freqs, n_frames=n_frames, pre_frames=pre_frames
            ).fit_transform(spectrogram[None])
        except TakeError as error:
            warnings.warn(
                f"the take {error.problems[0]}; no crop is marked", stacklevel=2
            )
        else:
            reach = n_frames - pre_frames - 1
            onset = find_onset(frame_energy(spectrogram), reach=reach)
            crop = (onset - pre_frames, n_frames, n_freqs)
        return cls(
            spectrogram,
            sr=sr,
            hop_length=hop_length,
            n_fft=n_fft,
            n_mels=n_mels,
            onset=onset,
            crop=crop,
        ).plot(ax, cmap=cmap)

    @classmethod
    def from_crop(
        cls,
        crop: ArrayLike,
        *,
        sr: float = 44100,
        n_fft: int = 1024,
        hop_length: int = 128,
        n_mels: int | None = None,
        pre_frames: int = 10,
        unit: str = "dB",
        cmap: str = "magma",
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot a crop, with time counted from the onset.

        Parameters
        ----------
        crop : array-like of shape (n_freqs, n_frames)
            What `TapCrop` cut of one take, one view of it.
        sr : float, default=44100
            Sampling rate of the waveform, in Hz.
        n_fft : int, default=1024
            Length of a frame, in samples.
        hop_length : int, default=128
            Step from frame to frame, in samples.
        n_mels : int, default=None
            Number of mel bands of the whole spectrogram; if None, frequencies are
            linear.
        pre_frames : int, default=10
            How many frames lie before the onset.
        unit : str, default="dB"
            What the crop is in; "standard deviations" after a `Standardizer`.
        cmap : str, default="magma"
            Colours from quiet to loud.
        ax : Axes, default=None
            Where to plot; if None, in a new figure.

        Returns
        -------
        SpectrogramDisplay
            The display.

        Raises
        ------
        ValueError
            If the crop is not one view of one take of finite numbers.
        """
        check_matplotlib(f"{cls.__name__}.from_crop")
        check_spectrogram_settings(sr, hop_length, n_fft)
        image = check_array(
            crop, allow_nd=True, dtype=[np.float64, np.float32], input_name="crop"
        )
        if image.ndim != 2:
            raise ValueError(
                f"crop has shape {image.shape}, but must be one view of one take, of "
                "shape (n_freqs, n_frames): choose one, as by X[0]"
            )
        return cls(
            image,
            sr=sr,
            hop_length=hop_length,
            n_fft=n_fft,
            n_mels=n_mels,
            onset=pre_frames,
            from_onset=True,
            unit=unit,
        ).plot(ax, cmap=cmap)

    def plot(self, ax: "Axes | None" = None, *, cmap: str = "magma") -> Self:
        """Plot it.

        Parameters
        ----------
        ax : Axes, default=None
            Where to plot; if None, in a new figure.
        cmap : str, default="magma"
            Colours from quiet to loud.

        Returns
        -------
        SpectrogramDisplay
            Itself.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        from matplotlib.patches import Rectangle

        is_take = self.crop is not None or not self.from_onset
        self.ax_, self.figure_ = find_axes(ax, width=8 if is_take else 5.5, height=4)
        first = -(self.onset or 0) if self.from_onset else 0
        self.image_ = show_spectrogram(
            self.ax_,
            self.spectrogram,
            sr=self.sr,
            hop_length=self.hop_length,
            n_fft=self.n_fft,
            n_mels=self.n_mels,
            first_frame=first,
            cmap=cmap,
        )
        self.colorbar_ = self.figure_.colorbar(
            self.image_, ax=self.ax_, label=f"power ({self.unit})"
        )
        self.ax_.set_xlabel(
            "time from the onset (s)" if self.from_onset else "time (s)"
        )

        marks: dict[str, Any] = {}
        self.crop_ = self.onset_line_ = self.legend_ = None
        if self.crop is not None:
            start, length, height = self.crop
            frequencies = np.asarray(self.image_.get_coordinates())[:, 0, 1]
            bottom, top = frequencies[0], frequencies[height]
            left = (start - 0.5) * self.hop_length / self.sr
            self.crop_ = Rectangle(
                (left, bottom),
                length * self.hop_length / self.sr,
                top - bottom,
                fill=False,
                edgecolor="#00e5ff",
                linewidth=1.6,
                label="crop",
            )
            self.ax_.add_patch(self.crop_)
            marks["crop"] = self.crop_
        if self.onset is not None:
            self.onset_line_ = self.ax_.axvline(
                (first + self.onset) * self.hop_length / self.sr,
                color="white",
                linestyle=":",
                linewidth=1.2,
            )
            marks["onset"] = self.onset_line_
        if marks:
            self.legend_ = add_legend(
                self.ax_,
                list(marks.values()),
                list(marks),
                loc="lower left",
                bbox_to_anchor=(0.0, 1.01),
                ncols=2,
                frameon=True,
                facecolor="#555555",
                labelcolor="white",
            )
        return self
