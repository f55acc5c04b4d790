"""From waveforms to crops as a torch module, for export."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tapsklearn.preprocessing import FLOOR_DB, LEAST_POWER, RISE_DB

_FLOAT32_ROUNDING = 10 * torch.finfo(torch.float32).eps


class WaveformsToCrops(nn.Module):
    """Compute what `TapFeatures` does, from waveforms.

    Parameters
    ----------
    n_samples : int
        Length of the waveforms.
    n_fft, hop_length, n_freqs, n_frames, pre_frames : int
        As for `TapFeatures`.
    shifts : sequence of int
        As for `TapFeatures`.
    mean, scale : Tensor of shape (n_freqs,) or None
        What each row is standardized by. If None, each view by its own.
    """

    window: Tensor
    mean: Tensor | None
    scale: Tensor | None

    def __init__(
        self,
        *,
        n_samples: int,
        n_fft: int,
        hop_length: int,
        n_freqs: int,
        n_frames: int,
        pre_frames: int,
        shifts: Sequence[int],
        mean: Tensor | None = None,
        scale: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.n_samples = n_samples
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_freqs = n_freqs
        self.n_frames = n_frames
        self.pre_frames = pre_frames
        self.shifts = tuple(shifts)
        # In double precision: 80 dB below the loudest bin, single leaves little.
        self.register_buffer("window", torch.hann_window(n_fft, dtype=torch.float64))
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Cut and standardize the taps.

        Parameters
        ----------
        waveforms : Tensor of shape (n_takes, n_samples)
            Takes at the sampling rate of the model.

        Returns
        -------
        Tensor of shape (n_takes, n_views, n_freqs, n_frames)
            Crops.
        """
        half = self.n_fft // 2
        padded = nn.functional.pad(waveforms.double(), (half, half))
        frames = padded.unfold(-1, self.n_fft, self.hop_length) * self.window
        spectrum = torch.view_as_real(torch.fft.rfft(frames))
        power = spectrum.square().sum(dim=-1).clamp(min=LEAST_POWER)
        power = power.maximum(
            power.amax(dim=(1, 2), keepdim=True) * 10 ** (-FLOOR_DB / 10)
        )
        start = self._find_onset(power.sum(dim=-1)) - self.pre_frames
        rows = 10 * power[:, :, : self.n_freqs].log10().transpose(1, 2)
        floor = 10 * power.amin(dim=(1, 2)).log10()[:, None, None]
        crops = torch.stack(
            [self._cut(rows, floor, start + shift) for shift in self.shifts], dim=1
        )
        return self._standardize(crops).float()

    def _find_onset(self, energy: Tensor) -> Tensor:
        places = torch.arange(energy.shape[1])
        loudest = energy.argmax(dim=1, keepdim=True)
        reach = self.n_frames - self.pre_frames - 1
        near = (places >= loudest - reach) & (places <= loudest)
        threshold = energy.amax(dim=1, keepdim=True) * 10 ** (-RISE_DB / 10)
        rises = near & (energy >= threshold)
        return torch.where(rises, places, energy.shape[1]).amin(dim=1)

    def _cut(self, rows: Tensor, floor: Tensor, first: Tensor) -> Tensor:
        places = first[:, None] + torch.arange(self.n_frames)
        inside = (places >= 0) & (places < rows.shape[2])
        known = places.clamp(0, rows.shape[2] - 1)[:, None]
        cut = rows.gather(2, known.expand(-1, self.n_freqs, -1))
        return torch.where(inside[:, None], cut, floor)

    def _standardize(self, crops: Tensor) -> Tensor:
        if self.mean is not None and self.scale is not None:
            return (crops - self.mean[:, None]) / self.scale[:, None]
        mean = crops.mean(dim=(2, 3), keepdim=True)
        scale = (crops - mean).square().mean(dim=(2, 3), keepdim=True).sqrt()
        constant = scale <= _FLOAT32_ROUNDING * mean.abs()
        return (crops - mean) / torch.where(constant, 1.0, scale)
