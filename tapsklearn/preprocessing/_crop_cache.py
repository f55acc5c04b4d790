"""Crops of files that were read before."""

import contextlib
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from sklearn.utils.validation import check_memory

from tapsklearn._version import __version__
from tapsklearn.preprocessing._crop_reader import CropReader

# Workers that want the same file wait for each other; those that do not, seldom.
_N_LOCKS = 64


class CropCache:
    """Keep crops on disk, by what says that a file is still the same.

    Two processes that want the crops of a file read it once.

    Parameters
    ----------
    memory : str, joblib.Memory or None
        Where they are kept; None keeps nothing.
    parameters : dict
        Of the crops.
    """

    def __init__(self, memory: Any, parameters: dict[str, Any]) -> None:
        memory = check_memory(memory)
        self.parameters = parameters
        self.read_or_recall = memory.cache(_read, ignore=["reader", "path"])
        location = getattr(memory, "location", None)
        self.locks = None if location is None else Path(location) / "locks"
        if self.locks:
            self.locks.mkdir(parents=True, exist_ok=True)

    def read(self, reader: CropReader, path: str) -> tuple[NDArray[np.float32], float]:
        """Give what `reader.read(path)` gives, or gave.

        Parameters
        ----------
        reader : CropReader
            Reads the file if need be.
        path : str
            The file.

        Returns
        -------
        crops : ndarray of shape (n_views, n_freqs, n_frames), float32
            Power in dB.
        seconds_cut : float
            How much longer than `duration` the file is.
        """
        try:
            status = Path(path).stat()
        except OSError:
            return reader.read(path)  # It says what is wrong.
        file = str(Path(path).absolute())
        with self._lock(file):
            crops, seconds_cut = self.read_or_recall(
                reader,
                path,
                file=file,
                modified=status.st_mtime_ns,
                size=status.st_size,
                parameters=self.parameters,
                version=__version__,
            )
        return crops, seconds_cut

    def _lock(self, path: str) -> contextlib.AbstractContextManager[Any]:
        if self.locks is None:
            return contextlib.nullcontext()
        number = zlib.crc32(os.fsencode(path)) % _N_LOCKS
        return FileLock(self.locks / f"{number}.lock")


def _read(
    reader: CropReader,
    path: str,
    *,
    file: str,
    modified: int,
    size: int,
    parameters: dict[str, Any],
    version: str,
) -> tuple[NDArray[np.float32], float]:
    return reader.read(path)
