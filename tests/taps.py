"""Simple synthetic taps, whose every sample is known, for all tests."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def make_tap(
    rng: np.random.Generator,
    *,
    seconds: float = 3.0,
    onset: float = 0.5,
    sr: int = 44100,
    freqs: Sequence[float] = (310.0, 870.0, 2140.0),
    decay: float | Sequence[float] = 0.05,
    noise_db: float = -60.0,
    peak: float = 0.5,
) -> NDArray[np.float32]:
    """Make one take: decaying modes that start at once, in white noise.

    Parameters
    ----------
    rng : Generator
        Source of the modes' phases and of the noise.
    seconds : float, default=3.0
        Length of the take.
    onset : float, default=0.5
        When the tap starts, in seconds, rounded to a sample.
    sr : int, default=44100
        Sampling rate, in Hz.
    freqs : sequence of float, default=(310.0, 870.0, 2140.0)
        Frequencies of the modes, in Hz; all start equally loud.
    decay : float or sequence of float, default=0.05
        Seconds in which a mode falls to 1/e of its amplitude; one for all, or one
        each.
    noise_db : float, default=-60.0
        Root mean square of the noise, in dB relative to `peak`; minus infinity
        for none.
    peak : float, default=0.5
        Largest absolute value of the tap without the noise.

    Returns
    -------
    ndarray of shape (seconds * sr,), float32
        The take.

    Examples
    --------
    >>> make_tap(np.random.default_rng(0)).shape
    (132300,)
    """
    n_samples, start = round(seconds * sr), round(onset * sr)
    time = np.arange(n_samples - start) / sr
    phases = rng.uniform(0, 2 * np.pi, size=len(freqs))
    decays = np.broadcast_to(decay, len(freqs))
    modes = [
        np.exp(-time / fall) * np.sin(2 * np.pi * freq * time + phase)
        for freq, fall, phase in zip(freqs, decays, phases, strict=True)
    ]
    tap = np.sum(modes, axis=0)
    take = rng.normal(scale=peak * 10 ** (noise_db / 20), size=n_samples)
    take[start:] += peak / np.abs(tap).max() * tap
    return take.astype(np.float32)
