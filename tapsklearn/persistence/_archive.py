"""What a model file has to be before anything of it is read into objects."""

import contextlib
import json
import math
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from tapsklearn.persistence._errors import ModelFileError, explain_damage

ABOUT = "about.json"
SCHEMA = "schema.json"
_NAME = re.compile(r"(about|schema)\.json|[0-9a-f-]{1,64}\.(npy|bin)")
# Ours have 10 to 100 kB, and more with thousands of boards. Reading takes memory and
# time that grow with both: at these limits, 200 MiB and a second.
_LARGEST_TEXT = 4 * 2**20
_MOST_NODES = 200_000
_ENCRYPTED = 1


@contextlib.contextmanager
def open_model(path: str | os.PathLike[str]) -> Iterator[tuple[BinaryIO, int]]:
    """Open a model file, and name it in whatever error reading it raises.

    Parameters
    ----------
    path : path-like
        The file.

    Yields
    ------
    file : file object
        To read bytes from.
    n_bytes : int
        Its size.

    Raises
    ------
    ModelFileError
        In place of any error raised within.
    OSError
        If there is no such file.
    """
    kind = Path(path).stat().st_mode
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        # To open a pipe would wait for someone to write to it.
        raise ModelFileError(f"{os.fspath(path)}: is no file")
    with Path(path).open("rb") as file, explain_damage(path):
        yield file, os.fstat(file.fileno()).st_size


def check_archive(archive: ZipFile, n_bytes: int) -> None:
    """Refuse what would cost more than its size, or is not written by us.

    Parameters
    ----------
    archive : ZipFile
        The file, opened.
    n_bytes : int
        Its size.

    Raises
    ------
    ModelFileError
        If a member is compressed, hidden, doubled, oddly named or not what its name
        promises, or the description of the objects is larger than any of ours.
    """
    members = archive.infolist()
    names = [member.filename for member in members]
    for member in members:
        if not _NAME.fullmatch(member.filename):
            raise ModelFileError(f"holds a file of the odd name {member.filename!r}")
        if (
            member.compress_type != ZIP_STORED
            or member.compress_size != member.file_size
            or member.flag_bits & _ENCRYPTED
        ):
            raise ModelFileError(f"{member.filename} in it is compressed or encrypted")
    if len(set(names)) < len(names):
        raise ModelFileError("holds two files of one name")
    # One stretch of bytes can be listed as many members.
    if sum(member.file_size for member in members) > n_bytes:
        raise ModelFileError("claims to hold more than there is")
    for name in (ABOUT, SCHEMA):
        if name not in names:
            raise ModelFileError(f"is not a tapsklearn model, as it has no {name}")
        if archive.getinfo(name).file_size > _LARGEST_TEXT:
            raise ModelFileError(f"{name} in it is larger than that of any model")
    for member in members:
        if member.filename.endswith(".npy"):
            _check_array(archive, member)
    if _count_nodes(json.loads(archive.read(SCHEMA)), {}) > _MOST_NODES:
        raise ModelFileError("describes more objects than any model has")


def _check_array(archive: ZipFile, member: ZipInfo) -> None:
    """Check that an array has the size that its header claims, which is allotted."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read_header(file)
        claimed = file.tell() + math.prod(shape) * dtype.itemsize
        if (
            dtype.hasobject
            or not dtype.itemsize
            or min(shape, default=0) < 0
            or claimed != member.file_size
        ):
            raise ModelFileError(f"{member.filename} in it is not a whole array")


def _count_nodes(state: Any, counted: dict[Any, int]) -> int:
    """Count the objects of a description, and again each time one is referred to.

    Objects are walked as often, and a few that hold each other twice, twenty deep,
    would be walked for hours.
    """
    if isinstance(state, list):
        return 1 + sum(_count_nodes(each, counted) for each in state)
    if not isinstance(state, dict):
        return 1
    identity = state.get("__id__")
    if identity in counted:
        return counted[identity]
    if identity is not None:
        counted[identity] = _MOST_NODES  # Within itself: a ring.
    count = 1 + sum(_count_nodes(each, counted) for each in state.values())
    if identity is not None:
        counted[identity] = count
    return count
