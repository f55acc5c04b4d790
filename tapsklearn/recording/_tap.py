"""One tap, as it was found in a stream."""

from dataclasses import dataclass

import numpy as np
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

    @property
    def is_good(self) -> bool:
        """Whether it is a take to train on or to score.

        Returns
        -------
        bool
            False if it is clipped, quiet or double, or has a gap.
        """
        return not (self.is_clipped or self.is_quiet or self.is_double or self.has_gap)
