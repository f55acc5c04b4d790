"""Files fetched over HTTP: each verified, or not there."""

import contextlib
import logging
import time
from collections.abc import Iterator
from pathlib import Path

# Of the answers that blame the asker, those that may be others later.
_PASSING = (408, 425, 429)


def download(
    address: str,
    path: Path,
    *,
    sha256: str,
    n_retries: int,
    delay: float,
    timeout: float,
) -> None:
    """Fetch a file, unless it is there with the same checksum.

    Parameters
    ----------
    address : str
        Where it is fetched from, over HTTP or HTTPS.
    path : Path
        Where it is to lie, in a folder that is there.
    sha256 : str
        Its checksum: SHA-256, in hexadecimal.
    n_retries : int
        How many times more it is tried.
    delay : float
        Seconds between the tries.
    timeout : float
        Seconds without a byte after which a server is given up.

    Raises
    ------
    OSError
        If it cannot be fetched, has another checksum, or cannot be written; says
        which.
    """
    import pooch
    import requests

    fetch = pooch.HTTPDownloader(timeout=timeout, chunk_size=2**16)
    cause: Exception
    for n_left in range(n_retries, -1, -1):
        try:
            with _in_silence(pooch.get_logger()):
                pooch.retrieve(
                    address,
                    f"sha256:{sha256}",
                    fname=path.name,
                    path=path.parent,
                    downloader=fetch,
                )
            return
        except requests.HTTPError as error:
            # Without an answer there would be another error.
            status = error.response.status_code if error.response is not None else 0
            reason, cause = f"the server answers {status}", error
            if status < 500 and status not in _PASSING:
                n_left = 0
        except requests.exceptions.ChunkedEncodingError as error:
            reason, cause = "the connection broke in the middle", error
        except requests.RequestException as error:
            # Its message is a chain of others, of which the first says enough.
            reason = f"cannot be reached ({type(error).__name__})"
            if "timed out" in str(error):
                reason = f"the server is silent for {timeout:g} s"
            cause = error
        except ValueError as error:
            reason = f"what came has not the checksum SHA-256 {sha256}"
            cause = error
        except OSError as error:
            error.filename = error.filename or str(path)
            raise
        if not n_left:
            raise ConnectionError(f"{address}: {reason}") from cause
        time.sleep(delay)


@contextlib.contextmanager
def _in_silence(logger: logging.Logger) -> Iterator[None]:
    """Keep a line for each file from where a bar is."""
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
