"""The noise of a room, of the mains and of a microphone."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft

from tapsklearn.synthesis._rig import Rig

# Below, pink noise stays level: there is no room noise without a low end.
PINK_FROM = 20.0  # Hz


def recording_noise(rig: Rig, rng: np.random.Generator) -> NDArray[np.float32]:
    """Make a take of all that is not the tap.

    Pink noise (equal power in each octave, above 20 Hz), white noise and a hum of
    one frequency, at the levels of the rig.

    Parameters
    ----------
    rig : Rig
        Says the levels, the length and the rate.
    rng : Generator
        Samples the noise.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        Relative to full scale.

    Examples
    --------
    >>> noise = recording_noise(Rig(), np.random.default_rng(0))
    >>> float((20 * np.log10(noise.std())).round(1))  # dB
    -73.5
    """
    amplitudes = _noise_spectrum(
        rig.n_samples, rig.sample_rate, rig.pink_dbfs, rig.white_dbfs
    )
    # Pairs of normal deviates: the real and imaginary part of each frequency.
    pairs = rng.standard_normal(2 * len(amplitudes), dtype=np.float32)
    noise = irfft(pairs.view(np.complex64) * amplitudes, rig.n_samples)
    noise += _hum(rig, rng.uniform(0, 2 * np.pi))
    return noise


@lru_cache(maxsize=8)
def _noise_spectrum(
    n_samples: int, sample_rate: float, pink_dbfs: float, white_dbfs: float
) -> NDArray[np.float32]:
    """Give what unit complex deviates are multiplied by before the inverse FFT."""
    frequencies = np.fft.rfftfreq(n_samples, 1 / sample_rate)
    pink = np.zeros(len(frequencies))
    pink[1:] = 1 / np.maximum(frequencies[1:], PINK_FROM)
    pink *= 10 ** (pink_dbfs / 10) / pink.sum()
    white = 10 ** (white_dbfs / 10) / len(frequencies)
    # By Parseval: pink + white is each frequency's part of the mean square.
    return (n_samples / 2 * np.sqrt(pink + white)).astype(np.float32)


def _hum(rig: Rig, phase: float) -> NDArray[np.float32]:
    turns = rig.hum_frequency / rig.sample_rate * np.arange(rig.n_samples)
    # Whole turns taken off first, for single precision.
    angles = (2 * np.pi * (turns % 1.0) + phase).astype(np.float32)
    return np.float32(np.sqrt(2) * 10 ** (rig.hum_dbfs / 20)) * np.sin(angles)
