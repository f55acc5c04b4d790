"""What a room and a recorder make of the sound at the microphone."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from tapsklearn.synthesis._rig import Rig

# The first sound that walls send back.
FIRST_ECHO = 0.004  # s
# The tilt of a microphone leaves the level as it is here.
PIVOT = 1000.0  # Hz
# The reverberation time is that of a fall by 60 dB.
DECAY_RATE = np.log(1e3)


def record_in_room(
    tap: NDArray[np.float32], noise: NDArray[np.float32], rig: Rig
) -> NDArray[np.float32]:
    """Add the room's reverberation to a tap, and pass all through the microphone.

    Parameters
    ----------
    tap : ndarray of shape (n_samples,), float32
        What comes directly from the plate.
    noise : ndarray of shape (n_samples,), float32
        All else that is recorded.
    rig : Rig
        Says what room and what microphone.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        The recording; the sum of the two if the rig has neither.
    """
    if not (has_room(rig) or has_response(rig)):
        return tap + noise
    n_samples = len(tap)
    n = next_fast_len(2 * n_samples, real=True)
    spectrum = rfft(tap, n)
    if has_room(rig):
        spectrum += spectrum * _tail_spectrum(
            rig.reverberation_time,
            rig.direct_to_reverberant_db,
            rig.room_seed,
            rig.sample_rate,
            n_samples,
            n,
        )
    spectrum += rfft(noise, n)
    if has_response(rig):
        spectrum *= microphone_response(
            rig.low_cut, rig.high_cut, rig.tilt_db, rig.sample_rate, n
        )
    return irfft(spectrum, n)[:n_samples]


def has_room(rig: Rig) -> bool:
    """Whether the rig stands in a room that reverberates.

    Parameters
    ----------
    rig : Rig
        The rig.

    Returns
    -------
    bool
        False in the open.
    """
    return rig.reverberation_time > 0


def has_response(rig: Rig) -> bool:
    """Whether the microphone is not the same at all frequencies.

    Parameters
    ----------
    rig : Rig
        The rig.

    Returns
    -------
    bool
        False for an ideal microphone.
    """
    return rig.low_cut > 0 or np.isfinite(rig.high_cut) or rig.tilt_db != 0


def reverberant_tail(
    *,
    reverberation_time: float,
    direct_to_reverberant_db: float,
    seed: int,
    sample_rate: float,
    n_samples: int,
) -> NDArray[np.float32]:
    """Make what a room answers to an impulse: noise that decays exponentially.

    Parameters
    ----------
    reverberation_time : float
        Until it has fallen by 60 dB, in s.
    direct_to_reverberant_db : float
        Energy of the impulse relative to that of the whole tail, in dB.
    seed : int
        Of the noise: of the room and of all that stands in it.
    sample_rate : float
        In Hz.
    n_samples : int
        Length, in samples.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        Without the impulse itself.

    References
    ----------
    H. Kuttruff, "Room Acoustics", 5th edition, Spon Press 2009, chapters 3 and 5:
    many echoes whose energy decays exponentially. The same decay at all frequencies
    is a simplification.

    Examples
    --------
    >>> tail = reverberant_tail(
    ...     reverberation_time=0.5, direct_to_reverberant_db=10.0, seed=0,
    ...     sample_rate=44100, n_samples=44100
    ... )
    >>> round(float((tail**2).sum()), 2)  # -10 dB
    0.1
    """
    rng = np.random.default_rng(seed)
    time = np.arange(n_samples) / sample_rate
    tail = rng.standard_normal(n_samples, dtype=np.float32)
    tail *= np.exp(-DECAY_RATE * time / reverberation_time)
    tail[time < FIRST_ECHO] = 0.0
    energy = np.square(tail).sum()
    return tail * np.float32(np.sqrt(10 ** (-direct_to_reverberant_db / 10) / energy))


@lru_cache(maxsize=8)
def _tail_spectrum(
    reverberation_time: float,
    direct_to_reverberant_db: float,
    seed: int,
    sample_rate: float,
    n_samples: int,
    n_fft: int,
) -> NDArray[np.complex64]:
    tail = reverberant_tail(
        reverberation_time=reverberation_time,
        direct_to_reverberant_db=direct_to_reverberant_db,
        seed=seed,
        sample_rate=sample_rate,
        n_samples=n_samples,
    )
    spectrum: NDArray[np.complex64] = rfft(tail, n_fft)
    return spectrum


@lru_cache(maxsize=8)
def microphone_response(
    low_cut: float, high_cut: float, tilt_db: float, sample_rate: float, n_fft: int
) -> NDArray[np.complex64]:
    """Give the frequency response of a microphone.

    All of it is of minimum phase, so that nothing sounds before the tap.

    Parameters
    ----------
    low_cut : float
        Corner of a high-pass of first order, in Hz; 0 for none.
    high_cut : float
        Corner of a low-pass of second order (Butterworth), in Hz; infinity for none.
    tilt_db : float
        By how much it rises with each octave, in dB; 0 dB at 1 kHz.
    sample_rate : float
        In Hz.
    n_fft : int
        Samples of the transform.

    Returns
    -------
    ndarray of shape (n_fft // 2 + 1,), complex64
        From 0 Hz to half the sampling rate.

    Examples
    --------
    >>> response = microphone_response(50.0, 8000.0, 0.0, 44100, 44100)
    >>> np.abs(response[[50, 1000, 8000]]).round(2)
    array([0.71, 1.  , 0.71], dtype=float32)
    """
    frequencies = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    # Not at 0 Hz, where a tilt would be infinite.
    safe = np.maximum(frequencies, frequencies[1])
    response = np.ones(len(frequencies), dtype=np.complex128)
    if low_cut > 0:
        response *= 1j * frequencies / (1j * frequencies + low_cut)
    if np.isfinite(high_cut):
        share = safe / high_cut
        response /= 1 + 1j * np.sqrt(2) * share - share**2
    if tilt_db != 0:
        # A power of iω: 6 dB each octave for each whole power.
        response *= (1j * safe / PIVOT) ** (tilt_db / (20 * np.log10(2)))
    return response.astype(np.complex64)
