"""What is kept of a long recording while it goes by."""

import hashlib

import numpy as np
from numpy.typing import NDArray

# So much from its first sound on is like no other recording: noise is never
# the same again. It may grow behind that.
_ID_SECONDS = 0.5
# Of its outline: 10 ms each, twice as much whenever there are too many.
_PEAK_SECONDS = 0.01
_MOST_PEAKS = 60_000


class Fingerprint:
    """Distinguish recordings by how their sound begins.

    Parameters
    ----------
    sr : int
        Sampling rate, in Hz.
    """

    def __init__(self, sr: int) -> None:
        self._digest = hashlib.sha256(str(sr).encode())
        self._n_left = round(_ID_SECONDS * sr)
        self._has_begun = False

    def feed(self, block: NDArray[np.float32]) -> None:
        """Look at the next samples.

        Parameters
        ----------
        block : ndarray of shape (n_samples,), float32
            Full scale being 1; NaN is nothing.
        """
        if not self._n_left:
            return
        # Decoders may differ in the last bits.
        steps = np.nan_to_num(block * 2.0**15).round().clip(-(2**15), 2**15 - 1)
        if not self._has_begun:
            sound = np.flatnonzero(steps)
            if not len(sound):
                return
            self._has_begun = True
            steps = steps[sound[0] :]
        self._digest.update(steps[: self._n_left].astype("<i2").tobytes())
        self._n_left -= min(self._n_left, len(steps))

    @property
    def id(self) -> str:
        """The recording.

        Returns
        -------
        str
            Twelve letters.
        """
        return self._digest.hexdigest()[:12]


class Outline:
    """The loudest sample of each moment, in constant memory.

    Parameters
    ----------
    sr : int
        Sampling rate, in Hz.
    """

    def __init__(self, sr: int) -> None:
        self._sr = sr
        self._n_each = max(1, round(_PEAK_SECONDS * sr))
        self._peaks: list[float] = []
        self._left: NDArray[np.float32] = np.empty(0, dtype=np.float32)
        self.n_samples = 0

    def feed(self, block: NDArray[np.float32]) -> None:
        """Look at the next samples.

        Parameters
        ----------
        block : ndarray of shape (n_samples,), float32
            The samples; NaN is silence.
        """
        self.n_samples += len(block)
        samples = np.concatenate([self._left, np.abs(block)])
        n_whole = len(samples) // self._n_each
        self._left = samples[n_whole * self._n_each :]
        if n_whole:
            whole = samples[: n_whole * self._n_each].reshape(n_whole, self._n_each)
            peaks = np.nan_to_num(whole.max(axis=1))
            self._peaks += peaks.tolist()
        if len(self._peaks) >= _MOST_PEAKS and len(self._peaks) % 2 == 0:
            self._peaks = np.array(self._peaks).reshape(-1, 2).max(axis=1).tolist()
            self._n_each *= 2

    @property
    def peaks(self) -> NDArray[np.float64]:
        """The loudest sample of each moment.

        Returns
        -------
        ndarray of shape (n_moments,)
            Full scale being 1.
        """
        return np.array(self._peaks, dtype=np.float64)

    @property
    def seconds(self) -> float:
        """Length of a moment.

        Returns
        -------
        float
            In seconds.
        """
        return self._n_each / self._sr
