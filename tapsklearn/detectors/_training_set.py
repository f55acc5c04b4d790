"""What a fitted detector keeps of the takes it was fitted on."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapsklearn._boards import name_specimens
from tapsklearn._shorten import shorten


def describe_training_set(
    takes: NDArray[np.floating],
    boards: NDArray[Any] | None,
    is_normal: NDArray[np.bool_],
    specimens: Mapping[Any, Any] | None,
) -> dict[str, Any]:
    """Count the takes of each board, and hash all takes.

    Parameters
    ----------
    takes : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes.
    boards : ndarray of shape (n_takes,) or None
        Board of each.
    is_normal : ndarray of shape (n_takes,), bool
        Which of them are normal.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.

    Returns
    -------
    dict
        `boards` (ndarray of str, "" without boards), `specimens` (ndarray of str),
        `n_takes` and `is_normal` of each, `features_sha256`, a hash of all takes in
        their order, and `take_hashes`, one of each take.
    """
    names = np.full(len(takes), "") if boards is None else boards
    found, first, n_takes = np.unique(names, return_index=True, return_counts=True)
    digest = hashlib.sha256(np.ascontiguousarray(takes).data)
    return {
        "boards": name_specimens(found, None),
        "specimens": name_specimens(found, specimens),
        "n_takes": n_takes,
        "is_normal": is_normal[first],
        "features_sha256": digest.hexdigest(),
        "take_hashes": _hash_each(takes),
    }


def check_unseen(
    takes: NDArray[np.floating],
    boards: NDArray[Any] | None,
    specimens: Mapping[Any, Any] | None,
    seen: Mapping[str, Any],
) -> None:
    """Check that a detector was not fitted on takes, nor on others of their specimens.

    Parameters
    ----------
    takes : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes.
    boards : ndarray of shape (n_takes,) or None
        Board of each.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.
    seen : mapping
        What `describe_training_set` returned in `fit`.

    Raises
    ------
    ValueError
        If it was; the message names the boards, or counts the takes.
    """
    if boards is not None:
        names = np.unique(boards)
        is_seen = _have_known_names(names, specimens, seen)
        if is_seen.any():
            known = name_specimens(names[is_seen], None).tolist()
            raise ValueError(
                "fit has seen these boards, or other boards of their specimens: "
                f"{shorten(known)}; calibrate with takes "
                "of other ones"
            )
    rows = np.flatnonzero(np.isin(_hash_each(takes), seen["take_hashes"]))
    if len(rows):
        raise ValueError(
            f"fit has seen {len(rows)} of these {len(takes)} takes, such as that in "
            f"row {rows[0]}: a threshold from takes that were fitted on gives more "
            "false alarms than asked; calibrate with other takes"
        )


def find_seen(
    takes: NDArray[np.floating],
    boards: NDArray[Any] | None,
    specimens: Mapping[Any, Any] | None,
    seen: Mapping[str, Any],
) -> NDArray[np.bool_]:
    """Find takes that a detector was fitted on, or whose specimen it knows.

    Parameters
    ----------
    takes : ndarray of shape (n_takes, n_views, n_freqs, n_frames)
        Takes.
    boards : ndarray of shape (n_takes,) or None
        Board of each. If None, takes are known by themselves alone.
    specimens : mapping or None
        Specimen of each board that is not a specimen of its own.
    seen : mapping
        What `describe_training_set` returned in `fit`.

    Returns
    -------
    ndarray of shape (n_takes,), bool
        Which they are.
    """
    is_seen = np.isin(_hash_each(takes), seen["take_hashes"])
    if boards is None:
        return is_seen
    is_seen |= _have_known_names(boards, specimens, seen)
    of_take = name_specimens(boards, specimens)
    return np.isin(of_take, of_take[is_seen])


def _have_known_names(
    boards: NDArray[Any], specimens: Mapping[Any, Any] | None, seen: Mapping[str, Any]
) -> NDArray[np.bool_]:
    return np.isin(name_specimens(boards, None), seen["boards"]) | np.isin(
        name_specimens(boards, specimens), seen["specimens"]
    )


def _hash_each(takes: NDArray[np.floating]) -> NDArray[np.uint64]:
    # In one dtype, as lists and files may give the same numbers in another.
    rows = np.ascontiguousarray(takes, dtype=np.float32).reshape(len(takes), -1)
    digests = (hashlib.blake2b(row.data, digest_size=8).digest() for row in rows)
    return np.frombuffer(b"".join(digests), dtype=np.uint64)
