"""What was computed of files before."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sklearn.utils.validation import check_memory

from tapsklearn._version import __version__


class FileCache:
    """Keep on disk what is computed of files, by what shows that one is the same.

    Two processes that want a file at the same moment may both read it; what they keep
    is the same.

    Parameters
    ----------
    memory : str, joblib.Memory or None
        Where it is kept. If None, nowhere.
    computed : object
        Names what is computed, with all that it depends on but the file.
    """

    def __init__(self, memory: Any, computed: Any) -> None:
        self.computed = computed
        self.compute_or_recall = check_memory(memory).cache(
            _compute, ignore=["compute", "path"]
        )

    def get(self, compute: Callable[[str], Any], path: str) -> Any:
        """Return what `compute(path)` returns, or returned before.

        Parameters
        ----------
        compute : callable
            Reads the file, if need be.
        path : str
            The file.

        Returns
        -------
        object
            What it returned.
        """
        try:
            status = Path(path).stat()
        except OSError:
            return compute(path)  # Its error says what is wrong.
        return self.compute_or_recall(
            compute,
            path,
            file=str(Path(path).absolute()),
            modified=status.st_mtime_ns,
            size=status.st_size,
            computed=self.computed,
            version=__version__,
        )


def _compute(
    compute: Callable[[str], Any],
    path: str,
    *,
    file: str,
    modified: int,
    size: int,
    computed: Any,
    version: str,
) -> Any:
    return compute(path)
