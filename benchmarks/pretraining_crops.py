"""Crops of synthesized taps for training, each batch at other settings and in a room.

The spectrogram is the package's: dB, at most 80 of them, standardized. Before it there
is room noise, in it a reverberant tail and a microphone's response, which the takes of
a product share, but for a little.
"""

from dataclasses import dataclass

import numpy as np
import torch
from pretraining_taps import BEFORE, SR
from torch import Tensor, nn

RANGE_DB = 80.0
# Crops of a batch have at most so many pixels.
MOST_PIXELS = 14000


@dataclass(frozen=True)
class CropSettings:
    """How the crops of a batch are made.

    Attributes
    ----------
    n_fft, hop_length, n_freqs, n_frames, pre_frames : int
        As of `TapFeatures`.
    per : {"take", "frequency"}
        What is standardized; of a frequency by the intact takes of a product.
    """

    n_fft: int
    hop_length: int
    n_freqs: int
    n_frames: int
    pre_frames: int
    per: str


def vary_settings(found: tuple[int, ...], rng: np.random.Generator) -> CropSettings:
    """Vary the settings that the rule has found.

    The transform and the hop are doubled or halved at times, rows and frames are some
    more or less. Some crops are as those of a clip of a few hundredths of a second.
    """
    n_fft, hop, rows, frames = found
    per = "frequency" if rng.random() < 0.1 else "take"
    if rng.random() < 0.12:
        n_fft, hop, rows, frames = 256, 16, 100, 112
        per = "frequency" if rng.random() < 0.5 else "take"
    scale = rng.random()
    if scale < 0.15 and n_fft < 4096:
        n_fft, rows = 2 * n_fft, 2 * rows
    elif scale < 0.3 and n_fft > 128:
        n_fft, rows = n_fft // 2, rows // 2
    scale = rng.random()
    if scale < 0.15 and hop <= n_fft // 4:
        hop, frames = 2 * hop, frames // 2
    elif scale < 0.3 and hop > 8:
        hop //= 2
    rows = int(np.clip(rows * rng.uniform(0.85, 1.15), 32, min(200, n_fft // 2)))
    frames = int(np.clip(frames * rng.uniform(0.8, 1.1), 24, 136))
    return CropSettings(
        n_fft,
        hop,
        rows,
        min(frames, MOST_PIXELS // rows),
        int(rng.choice([0, 2, 2, 2, 4])),
        per,
    )


def make_crops(
    waveforms: np.ndarray,
    settings: CropSettings,
    *,
    products: np.ndarray,
    is_reference: np.ndarray,
    rng: np.random.Generator | None,
    device: str = "cpu",
) -> Tensor:
    """Compute the crops of a batch.

    Parameters
    ----------
    waveforms : ndarray of shape (n_takes, n_samples)
        As `pretraining_taps` keeps them.
    settings : CropSettings
        How.
    products : ndarray of int, of shape (n_takes,)
        Product of each, from 0 on.
    is_reference : ndarray of bool, of shape (n_takes,)
        The intact ones, which standardize frequencies.
    rng : Generator or None
        Samples room, microphone and onset. If None, crops are as recorded.
    device : str, default="cpu"
        Where they are computed.

    Returns
    -------
    Tensor of shape (n_takes, 1, n_freqs, n_frames)
        The crops.
    """
    sound = torch.from_numpy(waveforms.astype(np.float32)).to(device)
    groups = torch.from_numpy(products).to(device)
    n_groups = int(products.max()) + 1
    jitter = np.zeros(len(sound), dtype=np.int64)
    if rng is not None:
        jitter = rng.integers(-settings.hop_length, settings.hop_length + 1, len(sound))
    sound = _cut(sound, torch.from_numpy(jitter).to(device), settings)
    if rng is not None:
        sound = sound + _room_noise(sound.shape, products, n_groups, rng).to(device)
    power = _power(sound, settings)
    if rng is not None:
        power = _reverberate(power, products, n_groups, settings, rng)
    crops = 10 * torch.log10(power.clamp(min=1e-20))
    if rng is not None:
        crops = crops + _response(crops.shape, products, n_groups, rng).to(device)
    crops = torch.maximum(crops, crops.amax((1, 2), keepdim=True) - RANGE_DB)
    if settings.per == "take":
        mean, deviation = crops.mean((1, 2), True), crops.std((1, 2), keepdim=True)
        crops = (crops - mean) / deviation.clamp(min=1e-3)
    else:
        reference = torch.from_numpy(is_reference).to(device)
        for group in range(n_groups):
            own = groups == group
            normal = crops[own & reference]
            mean, deviation = normal.mean((0, 2)), normal.std((0, 2)).clamp(min=0.5)
            crops[own] = (crops[own] - mean[:, None]) / deviation[:, None]
    return crops.unsqueeze(1).contiguous(memory_format=torch.channels_last)


def _cut(sound: Tensor, jitter: Tensor, settings: CropSettings) -> Tensor:
    """Cut what the frames of a crop need; what is beyond the ends is silence."""
    n_fft, hop = settings.n_fft, settings.hop_length
    length = n_fft + (settings.n_frames - 1) * hop
    first = BEFORE - settings.pre_frames * hop - n_fft // 2 + jitter
    lead = max(0, -int(first.min()))
    after = max(0, int(first.max()) + length - sound.shape[1])
    sound = nn.functional.pad(sound, (lead, after))
    places = (first + lead)[:, None] + torch.arange(length, device=sound.device)
    return sound.gather(1, places)


def _power(sound: Tensor, settings: CropSettings) -> Tensor:
    window = torch.hann_window(settings.n_fft, device=sound.device)
    spectrum = torch.stft(
        sound,
        settings.n_fft,
        settings.hop_length,
        window=window,
        center=False,
        return_complex=True,
    )
    return spectrum[:, : settings.n_freqs].abs().square()


def _per_take(
    products: np.ndarray, of_product: np.ndarray, of_take: np.ndarray
) -> Tensor:
    return torch.from_numpy((of_product[products] + of_take).astype(np.float32))


def _room_noise(
    shape: torch.Size, products: np.ndarray, n_groups: int, rng: np.random.Generator
) -> Tensor:
    """Make noise from -95 to -42 dB of the peak, white to falling with frequency."""
    n_takes, n_samples = shape
    level = _per_take(
        products, rng.uniform(-95, -42, n_groups), rng.normal(0, 1.5, n_takes)
    )
    slope = _per_take(products, rng.uniform(0, 60, n_groups), np.zeros(n_takes))
    white = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
    spectrum = torch.fft.rfft(white)
    place = torch.arange(spectrum.shape[1]) / spectrum.shape[1]
    falling = (1 + (slope[:, None] * place) ** 2).rsqrt()
    noise = torch.fft.irfft(spectrum * falling, n=n_samples)
    gain = 10 ** (level / 20)
    return noise / noise.std(1, keepdim=True) * gain[:, None]


def _reverberate(
    power: Tensor,
    products: np.ndarray,
    n_groups: int,
    settings: CropSettings,
    rng: np.random.Generator,
) -> Tensor:
    """Add the tail of a diffuse room, whose power falls by 60 dB in 0.1 to 1.2 s.

    In two of five products; its frames are exponentially distributed, as the power of
    many waves is.
    """
    n_takes, _, n_frames = power.shape
    share = 10 ** (rng.uniform(-40, -12, n_groups) / 10) * (rng.random(n_groups) < 0.4)
    seconds = np.exp(rng.uniform(np.log(0.1), np.log(1.2), n_groups))
    decay = np.log(1e6) * settings.hop_length / SR / seconds[products]
    steps = np.exp(-decay[:, None] * np.arange(n_frames)) * decay[:, None]
    kernel = torch.from_numpy(steps.astype(np.float32)).to(power.device)
    tail = torch.fft.irfft(
        torch.fft.rfft(power, n=2 * n_frames)
        * torch.fft.rfft(kernel, n=2 * n_frames)[:, None],
        n=2 * n_frames,
    )[..., :n_frames].clamp(min=0)
    speckle = rng.standard_exponential(power.shape, dtype=np.float32)
    gain = _per_take(products, share, np.zeros(n_takes)).to(power.device)
    return power + gain[:, None, None] * tail * torch.from_numpy(speckle).to(
        power.device
    )


def _response(
    shape: torch.Size, products: np.ndarray, n_groups: int, rng: np.random.Generator
) -> Tensor:
    """Make a smooth gain over frequency, in dB, of a deviation of up to 8 dB.

    In three of ten products the microphone colours nothing.
    """
    n_takes, n_freqs, _ = shape
    strength = rng.uniform(0, 8, (n_groups, 1)) * (rng.random((n_groups, 1)) < 0.7)
    of_product = rng.standard_normal((n_groups, 6)) * strength
    points = _per_take(products, of_product, rng.normal(0, 0.4, (n_takes, 6)))
    curve = nn.functional.interpolate(
        points[:, None], size=n_freqs, mode="linear", align_corners=True
    )
    return curve.transpose(1, 2)
