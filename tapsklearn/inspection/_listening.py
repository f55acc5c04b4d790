"""Takes made easier to listen to: slowed down, pitched down, or what is different."""

import librosa
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import correlate, correlation_lags

# Frames short enough that the attack of a tap stays one.
_FRAME_SECONDS = 0.012
# The level of a tap is followed in steps of so long, to lay two over each other.
_LEVEL_SECONDS = 0.001


def slow_down(
    waveform: ArrayLike, sr: float, *, factor: float = 4.0
) -> NDArray[np.float32]:
    """Slow a take down without changing its pitch.

    By the phase vocoder of librosa, in frames of about 12 ms.

    Parameters
    ----------
    waveform : array-like of shape (n_samples,)
        The take; full scale is 1.
    sr : float
        Its sampling rate, in Hz.
    factor : float, default=4
        How many times longer it becomes.

    Returns
    -------
    ndarray of shape (n_samples * factor,), float32
        The sound, at the same rate, and as loud at its peak.

    Raises
    ------
    ValueError
        If the waveform is none, or a parameter is not above 0.

    Examples
    --------
    >>> slow_down(np.sin(np.arange(4000) / 5), 44100).shape
    (16000,)
    """
    samples = _check_waveform(waveform, "waveform")
    n_fft = _choose_frame(sr)
    if not (np.isfinite(factor) and factor > 0):
        raise ValueError(f"factor={factor!r} must be above 0")
    padded = librosa.util.fix_length(samples, size=max(len(samples), n_fft))
    slow = librosa.effects.time_stretch(padded, rate=1 / factor, n_fft=n_fft)
    slow = librosa.util.fix_length(slow, size=round(factor * len(samples)))
    return _bring_to_peak(slow, samples)


def pitch_down(
    waveform: ArrayLike, sr: float, *, octaves: float = 2.0
) -> NDArray[np.float32]:
    """Lower the pitch of a take without changing how long it is.

    What rings at 8 kHz is at 2 kHz with the default, which is audible to older ears.

    Parameters
    ----------
    waveform : array-like of shape (n_samples,)
        The take; full scale is 1.
    sr : float
        Its sampling rate, in Hz.
    octaves : float, default=2
        By how many octaves.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        The sound, at the same rate, and as loud at its peak.

    Raises
    ------
    ValueError
        If the waveform is none, or a parameter is not above 0.

    Examples
    --------
    >>> pitch_down(np.sin(np.arange(4000) / 5), 44100).shape
    (4000,)
    """
    samples = _check_waveform(waveform, "waveform")
    n_fft = _choose_frame(sr)
    if not (np.isfinite(octaves) and octaves > 0):
        raise ValueError(f"octaves={octaves!r} must be above 0")
    padded = librosa.util.fix_length(samples, size=max(len(samples), n_fft))
    low = librosa.effects.pitch_shift(padded, sr=sr, n_steps=-12 * octaves, n_fft=n_fft)
    return _bring_to_peak(low[: len(samples)], samples)


def difference(
    waveform: ArrayLike, reference: ArrayLike, sr: float
) -> NDArray[np.float32]:
    """Keep of a take in what it differs from another one.

    The other one is laid over it, where the two go together best, at the level at
    which they are most alike. What is louder in the take has its phase, and what is
    louder in the other one has that of this.

    Parameters
    ----------
    waveform : array-like of shape (n_samples,)
        The take; full scale is 1.
    reference : array-like of shape (n_reference,)
        What it is compared with, such as the take that `nearest_normal` finds.
    sr : float
        Sampling rate of both, in Hz.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        The sound, at the rate and the level of the take: silence where both are alike.

    Raises
    ------
    ValueError
        If a waveform is none, or the rate is not above 0.

    Examples
    --------
    >>> tap = np.sin(np.arange(4000) / 5) * np.exp(-np.arange(4000) / 500)
    >>> bool(np.abs(difference(tap, tap / 2, 44100)).max() < 1e-6)
    True
    """
    samples = _check_waveform(waveform, "waveform")
    other = _check_waveform(reference, "reference")
    n_fft = _choose_frame(sr)
    size = max(len(samples), n_fft)
    padded = librosa.util.fix_length(samples, size=size)
    shift = _find_shift(samples, other, sr)
    other = np.pad(other, (shift, 0)) if shift > 0 else other[-shift:]
    other = librosa.util.fix_length(other, size=size)
    ours, theirs = (librosa.stft(each, n_fft=n_fft) for each in (padded, other))
    power = np.square(np.abs(theirs)).sum()
    gain = (np.abs(ours) * np.abs(theirs)).sum() / power if power > 0 else 1.0
    louder = np.abs(ours) - gain * np.abs(theirs)
    phase = np.exp(1j * np.angle(np.where(louder > 0, ours, -theirs)))
    rest = librosa.istft(np.abs(louder) * phase, n_fft=n_fft, length=size)
    return _without_clipping(rest[: len(samples)])


def _check_waveform(waveform: ArrayLike, name: str) -> NDArray[np.float32]:
    samples = np.asarray(waveform)
    if samples.ndim != 1 or not len(samples) or samples.dtype.kind not in "fiub":
        raise ValueError(
            f"{name} must be one sequence of numbers, not empty; its shape is "
            f"{samples.shape}"
        )
    samples = samples.astype(np.float32)
    if not np.isfinite(samples).all():
        raise ValueError(f"{name} holds NaN or infinities: leave them out")
    return samples


def _choose_frame(sr: float) -> int:
    """Choose the power of two that is nearest to the length of a frame."""
    if not (np.isfinite(sr) and sr > 0):
        raise ValueError(f"sr={sr!r} must be above 0")
    return int(2 ** max(5, round(np.log2(_FRAME_SECONDS * sr))))


def _find_shift(
    samples: NDArray[np.float32], other: NDArray[np.float32], sr: float
) -> int:
    """Find by how many samples the other one has to come later."""
    step = max(1, round(_LEVEL_SECONDS * sr))
    coarse = _correlate_best(_follow_level(samples, step), _follow_level(other, step))
    # Then to the sample, as the phase of what is alike has to be.
    moved = np.pad(other, (coarse * step, 0)) if coarse > 0 else other[-coarse * step :]
    size = min(len(samples), len(moved))
    if not size:
        return coarse * step
    fine = _correlate_best(samples[:size], moved[:size], reach=2 * step)
    return coarse * step + fine


def _correlate_best(
    ours: NDArray[np.floating], theirs: NDArray[np.floating], reach: int | None = None
) -> int:
    products = correlate(ours, theirs, method="fft")
    lags = correlation_lags(len(ours), len(theirs))
    if reach is not None:
        near = np.abs(lags) <= reach
        products, lags = products[near], lags[near]
    return int(lags[np.argmax(products)])


def _follow_level(samples: NDArray[np.float32], step: int) -> NDArray[np.float64]:
    """Compute the amplitude of each step."""
    n_steps = -(-len(samples) // step)
    padded = np.zeros(n_steps * step)
    padded[: len(samples)] = samples
    return np.sqrt(np.square(padded).reshape(n_steps, step).mean(axis=1))


def _bring_to_peak(
    sound: NDArray[np.floating], samples: NDArray[np.float32]
) -> NDArray[np.float32]:
    peak = float(np.abs(sound).max())
    gain = float(np.abs(samples).max()) / peak if peak > 0 else 1.0
    return _without_clipping(gain * sound)


def _without_clipping(sound: NDArray[np.floating]) -> NDArray[np.float32]:
    peak = float(np.abs(sound).max())
    return (sound / max(1.0, peak)).astype(np.float32)
