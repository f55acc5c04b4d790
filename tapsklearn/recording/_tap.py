"""One tap, as it was found in a stream."""

from dataclasses import dataclass, replace

import numpy as np
import soxr
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Tap:
    """A tap that was found in a stream of sound.

    Attributes
    ----------
    waveform : ndarray of shape (n_samples,), float32
        The take: the sound around the tap, full scale being 1; shorter if it was
        ended as spoilt.
    onset : int
        Where the tap begins in the stream, in samples from its start.
    peak_db : float
        Level of the loudest sample, in dB relative to full scale, rumble aside.
    is_clipped : bool
        Whether samples in a row were at full scale: louder ones were cut off.
    is_quiet : bool
        Whether it is too quiet to be a good take.
    is_double : bool
        Whether something struck again before the take was over.
    has_gap : bool
        Whether sound was lost in it, which is silent there.
    is_cut : bool, default=False
        Whether the stream begins in the tap, or ends right after it.
    start : int, default=0
        Where the take begins in the stream, in samples from its start; below 0 where
        zeros stand for what came before the stream.
    is_no_tap : bool, default=False
        Whether its take, looked at as a file is, holds no tap: noise that sets in, say.

    Examples
    --------
    >>> tap = Tap(np.zeros(8, np.float32), 2, -12.0, False, False, False, False)
    >>> tap.is_good
    True
    """

    waveform: NDArray[np.float32]
    onset: int
    peak_db: float
    is_clipped: bool
    is_quiet: bool
    is_double: bool
    has_gap: bool
    is_cut: bool = False
    start: int = 0
    is_no_tap: bool = False

    @property
    def is_good(self) -> bool:
        """Whether it is a take to train on or to score.

        Returns
        -------
        bool
            False if anything is wrong with it.
        """
        return not self.flags

    @property
    def flags(self) -> tuple[str, ...]:
        """What is wrong with it, in the words of every command.

        Returns
        -------
        tuple of str
            Of "clipped", "quiet", "two taps", "gap", "cut" and "no tap"; empty for a
            good take.
        """
        flags = {
            "clipped": self.is_clipped,
            "quiet": self.is_quiet,
            "two taps": self.is_double,
            "gap": self.has_gap,
            "cut": self.is_cut,
            "no tap": self.is_no_tap,
        }
        return tuple(name for name, is_so in flags.items() if is_so)


def resample_tap(tap: Tap, sr: int, to: int) -> Tap:
    """Bring a tap to another sampling rate.

    Parameters
    ----------
    tap : Tap
        The tap.
    sr : int
        Its sampling rate, in Hz.
    to : int
        The wanted one, in Hz.

    Returns
    -------
    Tap
        Itself if the rates are the same.
    """
    if sr == to:
        return tap
    waveform = soxr.resample(tap.waveform, sr, to)
    onset, start = (round(place * to / sr) for place in (tap.onset, tap.start))
    return replace(tap, waveform=waveform, onset=onset, start=start)
