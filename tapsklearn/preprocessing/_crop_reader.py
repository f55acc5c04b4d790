"""Crops of one take at a time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._fused_crop import FusedCrop
from tapsklearn.preprocessing._log_spectrogram import (
    LogSpectrogram,
    has_linear_frequencies,
    log_spectrogram,
)
from tapsklearn.preprocessing._take import measure_take
from tapsklearn.preprocessing._tap_crop import TapCrop, crop_tap
from tapsklearn.preprocessing._to_waveform import waveform_of_tap
from tapsklearn.preprocessing._wav_loader import WavLoader

# Of the frequencies that a crop shows, a recording must hold so much.
_HELD_SHARE = 0.95


def default_settings() -> dict[str, Any]:
    """Collect the parameters of the steps that decide what a crop is.

    Returns
    -------
    dict
        All parameters of `WavLoader`, `LogSpectrogram` and `TapCrop` but `on_error`,
        with their defaults.
    """
    steps = (WavLoader(), LogSpectrogram(), TapCrop())
    settings = {
        name: each for step in steps for name, each in step.get_params().items()
    }
    settings.pop("on_error")
    return settings


class CropReader:
    """Read takes and cut their taps, one after the other; not for two threads.

    Parameters
    ----------
    input_sr : int or None, default=None
        Sampling rate of takes that are waveforms, in Hz. If None, that of the crops.
    n_channels : int or None, default=None
        How many channels takes have; if None, any number.
    **settings : dict
        What `default_settings` lists, all of it.

    Attributes
    ----------
    shape : tuple of int
        Of the crops of a take: (n_views, n_freqs, n_frames).
    """

    def __init__(
        self,
        *,
        input_sr: int | None = None,
        n_channels: int | None = None,
        **settings: Any,
    ) -> None:
        self.n_channels = n_channels
        self.sr = settings["sr"]
        self.duration = settings["duration"]
        self.input_sr = input_sr or self.sr
        self.of_spectrogram = _take_own(settings, LogSpectrogram)
        self.of_crop = _take_own(settings, TapCrop)
        self.shape = (
            len(settings["shifts"]),
            settings["n_freqs"],
            settings["n_frames"],
        )
        self.top = _find_top(**self.of_spectrogram, n_freqs=settings["n_freqs"])
        self.fused: FusedCrop | None = None
        self.waveform = np.empty(round(self.sr * self.duration), dtype=np.float32)
        if has_linear_frequencies(**self.of_spectrogram):
            self.fused = FusedCrop(
                len(self.waveform),
                n_fft=settings["n_fft"],
                hop_length=settings["hop_length"],
                **self.of_crop,
            )
            self.waveform = self.fused.waveform

    def read(
        self, source: str | NDArray[Any]
    ) -> tuple[NDArray[np.float32], dict[str, str]]:
        """Read a take and cut its tap.

        Parameters
        ----------
        source : str or ndarray of shape (n_samples,)
            A file, or a waveform.

        Returns
        -------
        crops : ndarray of shape (n_views, n_freqs, n_frames), float32
            Power in dB.
        remarks : dict of str to str
            What is to be said of the take: the detail of each remark by its word.

        Raises
        ------
        UnusableError
            If the take cannot be used, or holds no tap.
        """
        take = measure_take(source, input_sr=self.input_sr, out=self.waveform)
        waveform_of_tap(take, sr=self.sr, duration=self.duration, out=self.waveform)
        crops = self.fused.cut() if self.fused else None
        if crops is None:
            spectrogram = log_spectrogram(self.waveform, **self.of_spectrogram)
            crops = crop_tap(spectrogram, **self.of_crop)
        remarks = take.remarks
        if take.sr / 2 < _HELD_SHARE * self.top:
            remarks = remarks | {
                "narrow": f"sampled at {take.sr} Hz, it holds nothing above "
                f"{take.sr / 2:.0f} Hz, and its crop reaches to {self.top:.0f} Hz"
            }
        if self.n_channels not in {None, take.n_channels}:
            remarks = remarks | {
                "channels": f"the mean of {take.n_channels}, and features were fitted "
                f"on takes of {self.n_channels}: its level counts, and may be another"
            }
        return crops, remarks


def _find_top(
    *, sr: int, n_fft: int, n_mels: int | None, n_freqs: int, **_: Any
) -> float:
    """Find the highest frequency that a crop shows, in Hz."""
    return sr / 2 if n_mels is not None else min(sr / 2, n_freqs * sr / n_fft)


def _take_own(settings: dict[str, Any], step: type) -> dict[str, Any]:
    names = settings.keys() & step().get_params().keys()
    return {name: settings[name] for name in names}
