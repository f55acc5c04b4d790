"""What phones and cameras write, known by how it begins, and whether it is whole.

FFmpeg gives what there is of a file that was cut off. Layouts: ISO/IEC 14496-12, boxes;
RFC 8794, EBML; RFC 9559, Matroska.
"""

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from tapsklearn.preprocessing._errors import TruncatedError, UnusableError
from tapsklearn.preprocessing._take_rules import FORGIVEN_BYTES


class Format(NamedTuple):
    """A format that FFmpeg reads.

    Attributes
    ----------
    demuxer : str
        What FFmpeg calls it.
    name : str
        What people call it.
    """

    demuxer: str
    name: str


_MOV = Format("mov", "MP4, M4A, 3GP or QuickTime")
_MATROSKA = Format("matroska", "WebM or Matroska")
_AVI = Format("avi", "AVI")
# How files begin, after a tag of MP3's kind that some begin with. MPEG's transport
# streams repeat a letter each 188 bytes, those of cameras each 192.
_FORMATS = [
    (format_, re.compile(beginning, re.DOTALL))
    for format_, beginning in [
        (_MOV, rb".{4}(ftyp|moov|mdat|wide|free|skip|pnot)"),
        (_MATROSKA, rb"\x1a\x45\xdf\xa3"),
        (Format("amr", "AMR"), rb"#!AMR"),
        (Format("asf", "WMA"), rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
        (Format("aac", "AAC"), rb"\xff[\xf0\xf1\xf8\xf9]"),
        (_AVI, rb"RIFF.{4}AVI "),
        (Format("mpeg", "MPEG"), rb"\0\0\x01\xba"),
        (Format("mpegts", "MPEG"), rb"(.{4})?G.{187}(.{4})?G"),
        # Apple's codings, which libsndfile does not read.
        (Format("caf", "CAF"), rb"caff"),
    ]
]
_LONGEST_BEGINNING = 200
_UNSUPPORTED_CODING = 4

_MOST_BOXES = 100_000
_SEGMENT = b"\x18\x53\x80\x67"
# Matroska's element "Duration", of 4 or 8 bytes, is among its first.
_DURATION = re.compile(rb"\x15\x49\xa9\x66.{1,400}?\x44\x89[\x84\x88]", re.DOTALL)
_LONGEST_INFO = 2**16


def find_format(file: BinaryIO, *, code: int) -> Format | None:
    """Find out what a file is that libsndfile does not read.

    Parameters
    ----------
    file : binary file
        The file.
    code : int
        The error of libsndfile.

    Returns
    -------
    Format or None
        What can read it. If None, nothing.
    """
    file.seek(0)
    head = file.read(_LONGEST_BEGINNING)
    if head[:3] == b"ID3" and len(head) > 10:
        file.seek(10 + sum((head[6 + i] & 0x7F) << 7 * (3 - i) for i in range(4)))
        head = file.read(_LONGEST_BEGINNING)
    if head[:4] == b"caff" and code != _UNSUPPORTED_CODING:
        # Its header is wrong, and FFmpeg would not say so.
        return None
    return next((of for of, beginning in _FORMATS if beginning.match(head)), None)


def check_whole(file: BinaryIO, length: int, format_: Format) -> None:
    """Check that a file ends where its header says.

    Parameters
    ----------
    file : binary file
        The file.
    length : int
        Its size, in bytes.
    format_ : Format
        What it is.

    Raises
    ------
    TruncatedError
        If it is cut off.
    UnusableError
        If it has no index, as it was never finished: nothing can be read then.
    """
    if format_ == _MOV:
        _check_boxes(file, length)
    elif format_ == _MATROSKA:
        _check_segment(file, length)
    elif format_ == _AVI:
        file.seek(4)
        _check_end(8 + struct.unpack("<I", file.read(4))[0], length)


def states_duration(file: BinaryIO) -> bool:
    """Find out whether a Matroska file says how long it is.

    Parameters
    ----------
    file : binary file
        The file.

    Returns
    -------
    bool
        Whether it does: what browsers write as they record does not.
    """
    file.seek(0)
    return _DURATION.search(file.read(_LONGEST_INFO)) is not None


def _check_boxes(file: BinaryIO, length: int) -> None:
    names, end = set(), 0
    for name, place in _walk_boxes(file, length):
        names.add(name)
        end = max(end, place)
    if b"moov" not in names:
        raise UnusableError(
            "was never finished: its index (moov) is missing, as when the recorder was "
            "closed or the copy cut off"
        )
    _check_end(end, length)


def _walk_boxes(file: BinaryIO, length: int) -> Iterator[tuple[bytes, int]]:
    """Give the name of each box and where it ends, as far as there are boxes."""
    place = 0
    for _ in range(_MOST_BOXES):
        file.seek(place)
        head = file.read(16)
        if len(head) < 8 or not all(32 <= letter < 127 for letter in head[4:8]):
            return
        size, name = struct.unpack(">I4s", head[:8])
        n_header = 8
        if size == 1 and len(head) == 16:
            size, n_header = struct.unpack(">8xQ", head)[0], 16
        elif size == 0:
            size = length - place
        if size < n_header:
            return
        place += size
        yield name, place


def _check_segment(file: BinaryIO, length: int) -> None:
    """Compare the size of Matroska's one large part with what is there."""
    file.seek(4)
    size, n_size = _read_number(file.read(8))
    start = 4 + n_size + (size or 0)
    file.seek(start)
    head = file.read(12)
    if head[:4] != _SEGMENT:
        return
    size, n_size = _read_number(head[4:])
    if size is not None:
        _check_end(start + 4 + n_size + size, length)


def _read_number(content: bytes) -> tuple[int | None, int]:
    """Read a number of EBML and how long it is; None stands for unknown."""
    n_bytes = 9 - (content[0].bit_length() if content else 0)
    if n_bytes > len(content):
        return None, n_bytes
    mask = (1 << 7 * n_bytes) - 1
    number = int.from_bytes(content[:n_bytes]) & mask
    return (None if number == mask else number), n_bytes


def _check_end(end: int, length: int) -> None:
    if end > length + FORGIVEN_BYTES:
        raise TruncatedError(
            f"truncated: at least {end - length} bytes are missing at its end"
        )
