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
from tapsklearn.preprocessing._read_take import read_recording, take_samples
from tapsklearn.preprocessing._tap_crop import TapCrop, crop_tap
from tapsklearn.preprocessing._to_waveform import to_waveform
from tapsklearn.preprocessing._wav_loader import WavLoader


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
    **settings : dict
        What `default_settings` lists, all of it.

    Attributes
    ----------
    shape : tuple of int
        Of the crops of a take: (n_views, n_freqs, n_frames).
    """

    def __init__(self, *, input_sr: int | None = None, **settings: Any) -> None:
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
        length: dict[str, Any] = {"sr": self.sr, "duration": self.duration}
        if isinstance(source, str):
            recording = read_recording(source, **length)
        else:
            recording = take_samples(source, self.input_sr, **length)
        _, remarks = to_waveform(recording, **length, out=self.waveform)
        crops = self.fused.cut() if self.fused else None
        if crops is None:
            spectrogram = log_spectrogram(self.waveform, **self.of_spectrogram)
            crops = crop_tap(spectrogram, **self.of_crop)
        return crops, remarks


def _take_own(settings: dict[str, Any], step: type) -> dict[str, Any]:
    names = settings.keys() & step().get_params().keys()
    return {name: settings[name] for name in names}
