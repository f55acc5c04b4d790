"""Takes that are rendered for tests, and how to look at them."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from tapsklearn.synthesis import Crack, Plate, Rig, Strike

SR = 44100
LEFT_END = Strike(x=0.030, y=0.065)
CORNER = Strike(x=0.012, y=0.010)
CRACKED = Plate(crack=Crack(position=0.25, depth=0.6, length=0.040))

# Nothing but the tap, and each like the last. The microphone stands a little aside:
# from the middle it hears no mode that is odd along the plate.
QUIET = Rig(
    mic_offset=0.07,
    pink_dbfs=-np.inf,
    hum_dbfs=-np.inf,
    white_dbfs=-np.inf,
    force_spread_db=0.0,
    contact_spread=0.0,
    strike_spread=0.0,
    mic_spread=0.0,
    support_spread=0.0,
    frequency_spread=0.0,
    gain_spread_db=0.0,
)


def onset_of(take: NDArray[np.float32]) -> int:
    """Give the first sample of a take without noise at which something happens."""
    return int(np.flatnonzero(take)[0])


def tap_of(take: NDArray[np.float32], *, samples: int = 22050) -> NDArray[np.float64]:
    onset = onset_of(take)
    return take[onset : onset + samples].astype(np.float64)


def level(x: NDArray[np.floating]) -> float:
    return float(10 * np.log10(np.mean(np.square(x, dtype=np.float64))))


def spectral_peaks(tap: NDArray[np.float64], *, n: int) -> NDArray[np.float64]:
    """Give the frequencies of the n highest peaks between 200 Hz and 4.5 kHz."""
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(tap, 2**19)))
    frequencies = np.fft.rfftfreq(2**19, 1 / SR)
    spectrum[(frequencies < 200) | (frequencies > 4500)] = -300.0
    peaks, _ = find_peaks(spectrum, prominence=6.0)
    return np.sort(frequencies[peaks[np.argsort(spectrum[peaks])[-n:]]])
