"""Crops of one file at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import TakeError
from tapsklearn.preprocessing._fused_crop import FusedCrop
from tapsklearn.preprocessing._log_spectrogram import log_spectrogram
from tapsklearn.preprocessing._read_take import decode
from tapsklearn.preprocessing._tap_crop import crop_tap


class CropReader:
    """Read files and cut their taps, one after the other; not for two threads.

    Parameters
    ----------
    sr : int
        As of `WavLoader`.
    duration : float
        As of `WavLoader`.
    n_fft, hop_length : int
        As of `LogSpectrogram`.
    n_mels : int or None
        As of `LogSpectrogram`.
    n_freqs, n_frames, pre_frames : int
        As of `TapCrop`.
    shifts : sequence of int
        As of `TapCrop`.

    Attributes
    ----------
    shape : tuple of int
        Of the crops of a file: (n_views, n_freqs, n_frames).
    """

    def __init__(
        self,
        *,
        sr: int,
        duration: float,
        n_fft: int,
        hop_length: int,
        n_mels: int | None,
        n_freqs: int,
        n_frames: int,
        pre_frames: int,
        shifts: Sequence[int],
    ) -> None:
        self.sr = sr
        self.duration = duration
        self.transform: dict[str, Any] = {"n_fft": n_fft, "hop_length": hop_length}
        self.n_mels = n_mels
        self.crop: dict[str, Any] = {
            "n_freqs": n_freqs,
            "n_frames": n_frames,
            "pre_frames": pre_frames,
            "shifts": shifts,
        }
        self.shape = (len(shifts), n_freqs, n_frames)
        self.fused: FusedCrop | None = None
        self.waveform = np.empty(round(sr * duration), dtype=np.float32)
        if n_mels is None:
            self.fused = FusedCrop(len(self.waveform), **self.transform, **self.crop)
            self.waveform = self.fused.waveform

    def read(self, path: str) -> tuple[NDArray[np.float32], float]:
        """Read a file and cut its tap.

        Parameters
        ----------
        path : str
            The file.

        Returns
        -------
        crops : ndarray of shape (n_views, n_freqs, n_frames), float32
            Power in dB.
        seconds_cut : float
            How much longer than `duration` the file is.

        Raises
        ------
        TakeError
            If the file cannot be used, or holds no tap.
        """
        _, seconds_cut = decode(
            path, sr=self.sr, duration=self.duration, out=self.waveform
        )
        crops = self.fused.cut() if self.fused else None
        if crops is None:
            spectrogram = log_spectrogram(
                self.waveform, **self.transform, n_mels=self.n_mels, sr=self.sr
            )
            try:
                crops = crop_tap(spectrogram, **self.crop)
            except ValueError as error:
                raise TakeError({path: str(error)}) from error
        return crops, seconds_cut
