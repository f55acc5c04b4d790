"""The weights of the encoder that ship with the package, and what they are."""

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapsklearn._whole_file import write_whole

_SHIPPED = Path(__file__).with_name("encoder.npz")
_CHECKSUM = "sha256"
_DAMAGES = (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile, zlib.error)


def read_encoder_weights(
    path: str | os.PathLike[str] | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Read the weights of an encoder, and check that they are whole.

    Parameters
    ----------
    path : path-like, default=None
        File with the weights, and beside it the model card of the same name that ends
        in ".json". If None, those that ship with the package.

    Returns
    -------
    dict of str to ndarray
        Weights by name, in float32.

    Raises
    ------
    OSError
        If a file cannot be read.
    ValueError
        If the file holds no weights, is damaged, or is not that of the model card.

    Examples
    --------
    >>> read_encoder_weights()["blocks.0.0.weight"].dtype
    dtype('float32')
    """
    path = _SHIPPED if path is None else Path(path)
    with _open(path) as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                weights = {
                    name: archive[name].astype(np.float32) for name in archive.files
                }
        except _DAMAGES as error:
            raise ValueError(
                f"{path} holds no weights of an encoder, or is damaged ({error}): "
                f"{_cure(path)}"
            ) from error
    if hash_encoder_weights(weights) != read_encoder_card(path).get(_CHECKSUM):
        raise ValueError(
            f"{path} holds other weights than {path.with_suffix('.json').name} beside "
            f"it is of: {_cure(path)}"
        )
    return weights


def read_encoder_card(path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Read the model card of an encoder: how it was trained, and its checksum.

    Parameters
    ----------
    path : path-like, default=None
        File with the weights. If None, those that ship with the package.

    Returns
    -------
    dict
        What `write_encoder_weights` was given, and `sha256`.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no model card.

    Examples
    --------
    >>> len(read_encoder_card()["sha256"])
    64
    """
    path = (_SHIPPED if path is None else Path(path)).with_suffix(".json")
    with _open(path) as file:
        try:
            card = json.load(file)
        except ValueError as error:
            raise ValueError(
                f"{path} is no model card, or is damaged ({error}): {_cure(path)}"
            ) from error
    if not isinstance(card, dict):
        raise ValueError(f"{path} is no model card: {_cure(path)}")
    return card


def write_encoder_weights(
    path: str | os.PathLike[str],
    weights: Mapping[str, NDArray[np.floating]],
    card: Mapping[str, Any],
) -> str:
    """Write the weights of an encoder in float16, and its model card beside them.

    The same weights give the same bytes.

    Parameters
    ----------
    path : path-like
        The file, which ends in ".npz"; the card has the same name and ends in
        ".json".
    weights : mapping of str to ndarray
        Floating-point weights by name; integers, the counters of batch normalization,
        are left out.
    card : mapping
        How it was trained, in what JSON can hold.

    Returns
    -------
    str
        The checksum that `hash_encoder_weights` computes of them.

    Raises
    ------
    ValueError
        If a weight is not finite in float16.
    OSError
        If a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/mine.npz"
    ...     checksum = write_encoder_weights(path, read_encoder_weights(), {"seed": 0})
    ...     read_encoder_card(path)["sha256"] == checksum
    True
    """
    path = Path(path)
    rounded = {}
    for name, weight in weights.items():
        if np.issubdtype(weight.dtype, np.floating):
            with np.errstate(over="ignore"):
                rounded[name] = weight.astype(np.float16)
            if not np.isfinite(rounded[name]).all():
                raise ValueError(f"{name} is not finite in float16")
    checksum = hash_encoder_weights(rounded)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **rounded)
    text = json.dumps({**card, _CHECKSUM: checksum}, indent=2, ensure_ascii=False)
    write_whole(path, buffer.getbuffer())
    write_whole(path.with_suffix(".json"), f"{text}\n".encode())
    return checksum


def hash_encoder_weights(weights: Mapping[str, NDArray[Any]]) -> str:
    """Compute a checksum of weights: of their names, shapes and numbers.

    Parameters
    ----------
    weights : mapping of str to ndarray
        Weights by name. Integers, the counters of batch normalization, do not count,
        nor does which floating-point type holds the numbers.

    Returns
    -------
    str
        SHA-256, in hexadecimal digits.

    Examples
    --------
    >>> hash_encoder_weights({"weight": np.zeros(3)})[:8]
    '30066109'
    """
    digest = hashlib.sha256()
    for name, weight in sorted(weights.items()):
        if np.issubdtype(weight.dtype, np.floating):
            digest.update(f"{name} {weight.shape}\n".encode())
            # What float16 holds, every wider type holds exactly.
            digest.update(np.ascontiguousarray(weight, dtype="<f8").data)
    return digest.hexdigest()


def find_encoder_channels(weights: Mapping[str, NDArray[Any]]) -> tuple[int, ...]:
    """Find the channels of each block of an encoder in its weights.

    Parameters
    ----------
    weights : mapping of str to ndarray
        Weights by name.

    Returns
    -------
    tuple of int
        Channels, for `TapEncoder`.

    Examples
    --------
    >>> from tapsklearn.networks import TapEncoder
    >>> channels = find_encoder_channels(read_encoder_weights())
    >>> len(TapEncoder((100, 120), channels=channels).blocks) == len(channels)
    True
    """
    return tuple(len(weight) for weight in weights.values() if weight.ndim == 4)


def _open(path: Path) -> io.BufferedReader:
    try:
        return path.open("rb")
    except OSError as error:
        error.add_note(_cure(path))
        raise


def _cure(path: Path) -> str:
    if path.parent == _SHIPPED.parent:
        return "install tapsklearn again"
    return "write both files with write_encoder_weights"
