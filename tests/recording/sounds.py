"""Sounds with taps, and a microphone that hears them at once."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from taps import make_tap

from tapsklearn.synthesis import Plate, Rig, Strike, render_tap


def make_taps(
    n_taps: int,
    *,
    every: float,
    sr: int = 48000,
    noise_db: float = -60.0,
    peak: float = 0.3,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Make taps at equal distances in noise; give their onsets too."""
    rng = np.random.default_rng(0)
    onsets = round(0.5 * sr) + np.arange(n_taps) * round(every * sr)
    n_samples = int(onsets[-1]) + round(max(every, 1.0) * sr)
    sound = rng.normal(scale=peak * 10 ** (noise_db / 20), size=n_samples)
    for onset in onsets:
        tap = make_tap(rng, seconds=0.4, onset=0.0, sr=sr, noise_db=-np.inf, peak=peak)
        sound[onset : onset + len(tap)] += tap
    return sound.astype(np.float32), onsets


def tap_a_board(n_taps: int, *, every: float) -> tuple[NDArray[np.float32], float]:
    """Synthesize a board that is tapped again and again; give when it first is."""
    first = 0.3
    rig = Rig(
        sample_rate=48000, duration=every, earliest_onset=first, latest_onset=first
    )
    board = Plate()
    strike = Strike(x=0.15 * board.length, y=0.5 * board.width)
    taps = [render_tap(board, strike, rig, random_state=n) for n in range(n_taps)]
    return np.concatenate(taps), first


class FakeMicrophone:
    """Gives a sound in blocks, as fast as they are taken, and then ends."""

    def __init__(self, sound: NDArray[np.float32], sr: int = 48000) -> None:
        self.sound = sound
        self.sr = sr

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for first in range(0, len(self.sound), 480):
            yield self.sound[first : first + 480]
