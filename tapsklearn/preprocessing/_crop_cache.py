"""Crops of files that were read before."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_memory

from tapsklearn._version import __version__
from tapsklearn.preprocessing._crop_reader import CropReader


class CropCache:
    """Keep crops on disk, by what shows that a file is still the same.

    Two processes that want a file at the same moment may both read it; what they keep
    is the same.

    Parameters
    ----------
    memory : str, joblib.Memory or None
        Where crops are kept. If None, nowhere.
    settings : dict
        Of the crops.
    """

    def __init__(self, memory: Any, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.read_or_recall = check_memory(memory).cache(
            _read, ignore=["reader", "path"]
        )

    def read(
        self, reader: CropReader, path: str
    ) -> tuple[NDArray[np.float32], dict[str, str]]:
        """Return what `reader.read(path)` returns, or returned before.

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
        remarks : dict of str to str
            What is to be said of the take: the detail of each remark by its word.
        """
        try:
            status = Path(path).stat()
        except OSError:
            return reader.read(path)  # Its error says what is wrong.
        crops, remarks = self.read_or_recall(
            reader,
            path,
            file=str(Path(path).absolute()),
            modified=status.st_mtime_ns,
            size=status.st_size,
            settings=self.settings,
            version=__version__,
        )
        return crops, remarks


def _read(
    reader: CropReader,
    path: str,
    *,
    file: str,
    modified: int,
    size: int,
    settings: dict[str, Any],
    version: str,
) -> tuple[NDArray[np.float32], dict[str, str]]:
    return reader.read(path)
