"""Sounds in which nothing taps, of any length."""

from collections.abc import Callable

import numpy as np
import scipy.signal
from numpy.typing import NDArray

SR = 44100
Rng = np.random.Generator


def colored(rng: Rng, n_samples: int, slope: float) -> NDArray[np.float64]:
    """Make noise whose power falls with a power of the frequency, from a longer one."""
    n_whole = 3 * n_samples + 20000
    frequencies = np.fft.rfftfreq(n_whole)
    spectrum = rng.normal(size=(2, len(frequencies))).T.copy().view(complex)[:, 0]
    spectrum[1:] *= frequencies[1:] ** (-slope / 2)
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, n_whole)[8000 : 8000 + n_samples]
    return 0.1 * noise / noise.std()


def tones(rng: Rng, n_samples: int, *frequencies: float) -> NDArray[np.float64]:
    time = np.arange(n_samples) / SR
    each = [
        np.sin(2 * np.pi * frequency * time + rng.uniform(0, 2 * np.pi)) / (number + 1)
        for number, frequency in enumerate(frequencies)
    ]
    return 0.2 * np.sum(each, axis=0)


def swell(rng: Rng, n_samples: int) -> NDArray[np.float64]:
    return colored(rng, n_samples, 0) * 10 ** (np.linspace(-40, -10, n_samples) / 20)


def click(n_samples: int, *, start: bool, end: bool) -> NDArray[np.float64]:
    sound = np.zeros(n_samples)
    decay = 0.5 * np.exp(-np.arange(60) / 10)
    if start:
        sound[:60] = decay
    if end:
        sound[-60:] += decay[::-1]
    return sound


def speech(rng: Rng, n_samples: int) -> NDArray[np.float64]:
    """Five voices at once: noise that comes and goes up to eight times a second."""
    lowpass = scipy.signal.butter(2, 8, fs=SR, output="sos")
    voices = []
    for _ in range(5):
        strength = scipy.signal.sosfilt(lowpass, rng.normal(size=n_samples + SR))[SR:]
        voices.append(colored(rng, n_samples, 1) * np.abs(strength))
    return np.sum(voices, axis=0) / np.abs(voices).sum(axis=0).max()


def padded(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.pad(sound[len(sound) // 2 :], (len(sound) // 4, len(sound) // 4))


def gated(rng: Rng, n_samples: int) -> NDArray[np.float64]:
    is_open = np.arange(n_samples) % (SR // 30) < SR // 60
    return np.where(is_open, colored(rng, n_samples, 0), 0)


WITHOUT_TAPS: dict[str, Callable[[Rng, int], NDArray[np.float64]]] = {
    "white noise": lambda rng, n: colored(rng, n, 0),
    "pink noise": lambda rng, n: colored(rng, n, 1),
    "brown noise": lambda rng, n: colored(rng, n, 2),
    "hum": lambda rng, n: tones(rng, n, 50),
    "hum of 60 Hz": lambda rng, n: tones(rng, n, 60),
    "hum and overtones": lambda rng, n: tones(rng, n, *range(50, 600, 50)),
    "hum and noise": lambda rng, n: tones(rng, n, 50) + 0.1 * colored(rng, n, 0),
    "tone": lambda rng, n: tones(rng, n, 1000),
    "high tone": lambda rng, n: tones(rng, n, 15000),
    "chord": lambda rng, n: tones(rng, n, 440, 554, 659),
    "chirp": lambda rng, n: (
        0.3 * scipy.signal.chirp(np.arange(n) / SR, 20, n / SR, 8000)
    ),
    "offset": lambda rng, n: np.full(n, 0.05),
    "offset and noise": lambda rng, n: 0.3 + colored(rng, n, 0),
    "rumble and noise": lambda rng, n: 3 * tones(rng, n, 7) + 0.1 * colored(rng, n, 0),
    "dither": lambda rng, n: rng.triangular(-1, 0, 1, size=n) / 2**15,
    "one step now and then": lambda rng, n: (rng.uniform(size=n) < 1e-3) / 2**15,
    "click at the end": lambda rng, n: (
        click(n, start=False, end=True) + 0.01 * colored(rng, n, 0)
    ),
    "padded noise": lambda rng, n: padded(colored(rng, n, 0)),
    "gated noise": gated,
}
# Of shorter ones nobody knows what goes before.
WITHOUT_TAPS_IF_LONG = {
    "swelling noise": swell,
    "fading noise": lambda rng, n: swell(rng, n)[::-1],
    "voices": speech,
    "click at the start": lambda rng, n: (
        click(n, start=True, end=False) + 0.01 * colored(rng, n, 0)
    ),
    "clicks at both ends": lambda rng, n: (
        click(n, start=True, end=True) + 0.01 * colored(rng, n, 0)
    ),
    "clicks in nothing": lambda rng, n: click(n, start=True, end=True),
}
