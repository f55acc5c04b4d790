"""What a recording's own header says of it, compared with the file.

libsndfile reads a file that was cut off without an error, takes a size of 0 at its
word, leaves out what lies beyond a size that is too small, and believes one of two
numbers that contradict each other. Hence the parts of WAV, RF64, W64, AIFF and CAF
files and the header of AU files are looked at here. Layouts: Microsoft and IBM,
Multimedia Programming Interface and Data Specifications 1.0 (1991), chapter "RIFF";
RF64: EBU Tech 3306. A sampling rate that is wrong wherever a header has it can be seen
of no file.
"""

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from tapsklearn.preprocessing._errors import TruncatedError, UnusableError
from tapsklearn.preprocessing._take_rules import FORGIVEN_BYTES, FORGIVEN_SECONDS

# Programs that write to a pipe cannot know the length: they leave 0 or a number near
# the largest that 32 bits can hold, or 31 (SoX 0x7FFFF000 in WAV and 0x7F000000 in
# AIFF, FFmpeg 0xFFFFFFFF), or 63.
_STREAMING = 0x7F000000
_STREAMING_LONG = 2**62
_MOST_PARTS = 1000
_MOST_FORM = 4096
# What programs put behind the samples, which a cut may have shortened, and at the end
# of any kind of file.
_LATE_PARTS = {
    *(b"LIST", b"bext", b"iXML", b"id3 ", b"ID3 ", b"JUNK", b"junk", b"cue ", b"PEAK"),
    *(b"fact", b"smpl", b"inst", b"acid", b"FLLR", b"_PMX", b"axml", b"chna", b"umid"),
    *(b"NAME", b"AUTH", b"ANNO", b"(c) ", b"MARK", b"COMT", b"INST", b"APPL", b"info"),
    *(b"list", b"levl", b"free", b"peak", b"mark", b"uuid", b"strg"),
}
_PARTS = {*_LATE_PARTS, b"fmt ", b"data", b"ds64"}
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
# Kinds of WAV whose numbers follow from each other: PCM, floating point, and A-law and
# mu-law, of 8 bits.
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"


class Layout(NamedTuple):
    """How a kind of file is made of parts.

    Attributes
    ----------
    first : int
        Where the first part begins.
    header : str
        Name and size of a part, as `struct` has it.
    is_whole : bool
        Whether the size is that of the header too.
    align : int
        Parts begin at multiples of this.
    sound : bytes
        Name of the part with the samples.
    """

    first: int
    header: str
    is_whole: bool = False
    align: int = 2
    sound: bytes = b"data"


class Part(NamedTuple):
    """A part of a file.

    Attributes
    ----------
    name : bytes
        What it holds.
    start, size : int
        Where its content begins, and how long that is said to be, in bytes.
    is_padded : bool
        Whether the next one begins where it should.
    """

    name: bytes
    start: int
    size: int
    is_padded: bool


class Splice(NamedTuple):
    """A file as it should have been.

    Attributes
    ----------
    header : bytes
        Its header.
    start, end : int
        What of the file follows that.
    """

    header: bytes
    start: int
    end: int


def check_header(file: BinaryIO, length: int) -> Splice | None:
    """Compare what a file's header says with the file.

    Parameters
    ----------
    file : binary file
        A file of any kind, at its beginning.
    length : int
        Its size, in bytes.

    Returns
    -------
    Splice or None
        What to read in place of a WAV file that libsndfile would not read as it is
        meant. If None, the file itself.

    Raises
    ------
    UnusableError
        If the file is cut off, or contradicts itself.
    """
    head = file.read(40)
    if head[:4] in {b"RIFF", b"RIFX", b"RF64"}:
        if length < 12:
            raise TruncatedError(_describe_missing(12 - length))
        return _check_wav(file, length, head) if head[8:12] == b"WAVE" else None
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        _check_parts(file, length, Layout(12, ">4sI", sound=b"SSND"))
    elif head[:4] == b"caff":
        _check_parts(file, length, Layout(8, ">4sQ", align=1))
    elif head[:16] == _W64_RIFF:
        layout = Layout(40, "<16sQ", is_whole=True, align=8, sound=_W64_DATA)
        _check_parts(file, length, layout)
    elif head[:4] == b".snd" and len(head) >= 24:
        start, size, _, rate, n_channels = struct.unpack(">5I", head[4:24])
        if size < _STREAMING:
            _check_size(
                file, length, start, size, None, bytes_a_second=rate * n_channels
            )
    return None


class SplicedFile(io.RawIOBase):
    """A file with another header.

    Parameters
    ----------
    file : binary file
        The file.
    splice : Splice
        What it should have been.
    """

    def __init__(self, file: BinaryIO, splice: Splice) -> None:
        self._file = file
        self._splice = splice
        self._place = 0
        self._length = len(splice.header) + splice.end - splice.start

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, as of any file."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._length}
        self._place = max(0, origin[whence] + offset)
        return self._place

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        """Read as much as fits, as of any file."""
        header, start, end = self._splice
        view = memoryview(buffer).cast("B")
        n_wanted = len(view)
        n_read = 0
        if self._place < len(header):
            some = header[self._place : self._place + n_wanted]
            view[: len(some)] = some
            n_read = len(some)
        place = start + max(0, self._place + n_read - len(header))
        n_left = min(n_wanted - n_read, end - place)
        if n_left > 0:
            self._file.seek(place)
            content = self._file.read(n_left) or b""
            view[n_read : n_read + len(content)] = content
            n_read += len(content)
        self._place += n_read
        return n_read

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it has places."""
        return True


def _check_wav(file: BinaryIO, length: int, head: bytes) -> Splice | None:
    order = ">" if head[:4] == b"RIFX" else "<"
    layout = Layout(12, f"{order}4sI")
    form: bytes | None = None
    data: Part | None = None
    long_size, is_usual = 0, True
    for part in _walk(file, length, layout, layout.first):
        file.seek(part.start)
        if part.name == b"data":
            data = part
            # What describes the samples may follow them.
            is_usual &= form is not None
            if form is not None:
                break
        elif part.start + part.size > length:
            raise TruncatedError(_describe_missing(part.start + part.size - length))
        elif part.name == b"ds64":
            content = file.read(min(part.size, 16)).ljust(16, b"\0")
            long_size = struct.unpack(f"{order}8xQ", content)[0]
        elif part.name == b"fmt ":
            another = file.read(min(part.size, _MOST_FORM))
            if form is not None and another != form:
                raise UnusableError("its header describes its samples in two ways")
            is_usual &= form is None
            form = another
            if data is not None:
                break
        is_usual &= part.is_padded or part.name == b"data"
    if form is None or data is None:
        raise TruncatedError(_describe_missing(8))
    bytes_a_second = _check_form(form, order)
    size = data.size
    if head[:4] == b"RF64" and size == 0xFFFFFFFF and 0 < long_size < _STREAMING_LONG:
        size = long_size
    elif size >= _STREAMING or (
        size == 0 and not _is_harmless(file, length, data.start, layout)
    ):
        # Never filled in; the size of the whole may have been.
        size, is_usual = max(0, length - data.start), False
        whole = struct.unpack(f"{order}I", head[4:8])[0] + 8
        if whole < _STREAMING:
            size = max(size, whole - data.start)
    _check_size(file, length, data.start, size, layout, bytes_a_second=bytes_a_second)
    if _has_part(file, length, layout, data.start + size, b"data"):
        raise UnusableError("holds samples in two places; which are the take?")
    if is_usual:
        return None
    end = min(length, data.start + size)
    size = min(end - data.start, 0xFFFFFFFF)
    body = b"WAVEfmt " + struct.pack(f"{order}I", len(form)) + form
    body += b"\0" * (len(form) % 2) + b"data" + struct.pack(f"{order}I", size)
    whole = min(len(body) + size, 0xFFFFFFFF)
    name = b"RIFX" if order == ">" else b"RIFF"
    return Splice(name + struct.pack(f"{order}I", whole) + body, data.start, end)


def _check_form(form: bytes, order: str) -> int:
    """Check what describes the samples of a WAV; return their bytes a second."""
    if len(form) < 16:
        raise UnusableError("its header does not describe its samples")
    kind, n_channels, rate, per_second, per_frame, bits = struct.unpack(
        f"{order}HHIIHH", form[:16]
    )
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = struct.unpack(f"{order}H", form[24:26])[0]
    if kind in {_ALAW, _ULAW}:
        bits = 8
    if kind in {_PCM, _FLOAT, _ALAW, _ULAW}:
        expected = n_channels * -(-bits // 8)
        if per_frame != expected or not expected:
            raise UnusableError(
                f"its header contradicts itself: {n_channels} channels of {bits} bits "
                f"are {expected} bytes, not {per_frame}"
            )
        if per_second not in {0, rate * per_frame}:
            raise UnusableError(
                f"its header contradicts itself: {rate} Hz and {per_frame} bytes each "
                f"are {rate * per_frame} bytes a second, not {per_second}"
            )
        return rate * per_frame
    return per_second


def _check_parts(file: BinaryIO, length: int, layout: Layout) -> None:
    for part in _walk(file, length, layout, layout.first):
        if part.name == layout.sound:
            is_open = (
                part.size >= _STREAMING_LONG
                if layout.header.endswith("Q")
                else part.size >= _STREAMING
            )
            if not is_open:
                _check_size(file, length, part.start, part.size, layout)
            return


def _check_size(
    file: BinaryIO,
    length: int,
    start: int,
    size: int,
    layout: Layout | None,
    *,
    bytes_a_second: int = 0,
) -> None:
    """Compare the size of the samples with what is there."""
    forgiven = max(FORGIVEN_BYTES, round(FORGIVEN_SECONDS * bytes_a_second))
    n_more = length - start - size
    if n_more < -forgiven:
        raise TruncatedError(_describe_missing(-n_more))
    if n_more > forgiven and not _is_harmless(file, length, start + size, layout):
        raise UnusableError(
            f"its header counts {size} bytes of samples, but {n_more} bytes more "
            "follow, which are no part of such a file: was it never finished?"
        )


def _is_harmless(
    file: BinaryIO, length: int, place: int, layout: Layout | None
) -> bool:
    """Find out whether what follows the samples, if anything, is sure to be none."""
    if place >= length:
        return True
    for skipped in (0, 1):
        file.seek(place + skipped)
        if file.read(11).startswith(_TAGS):
            return True
    if layout is not None:
        for padding in range(layout.align if layout.align > 2 else 2):
            parts = _list_parts(file, length, layout, place + padding)
            if parts is not None:
                return True
    file.seek(place)
    while content := file.read(2**20):
        if content.strip(b"\0"):
            return False
    return True


def _list_parts(
    file: BinaryIO, length: int, layout: Layout, place: int
) -> list[Part] | None:
    """List the parts that follow the samples; None if they are no parts."""
    try:
        parts = list(_walk(file, length, layout, place))
    except UnusableError:
        return None
    if parts and parts[-1].start + parts[-1].size > length:
        return parts if parts[-1].name[:4] in _LATE_PARTS else None
    return parts


def _has_part(
    file: BinaryIO, length: int, layout: Layout, place: int, name: bytes
) -> bool:
    """Find out whether a part of a name and with content follows the samples."""
    both = [_list_parts(file, length, layout, place + padding) for padding in (0, 1)]
    return any(part.name == name and part.size for some in both for part in some or ())


def _walk(file: BinaryIO, length: int, layout: Layout, place: int) -> Iterator[Part]:
    """Give the parts from a place on; the last one may be cut off.

    Raises
    ------
    UnusableError
        If what is there is none.
    """
    n_header = struct.calcsize(layout.header)
    for _ in range(_MOST_PARTS):
        if place > length - n_header:
            return
        file.seek(place)
        name, size = struct.unpack(layout.header, file.read(n_header))
        if not _is_name(name[:4]):
            raise UnusableError(f"is damaged: no part of it begins at byte {place}")
        start = place + n_header
        size = max(0, size - n_header * layout.is_whole)
        place = start + size
        padding = needed = -size % layout.align
        if padding and layout.align == 2 and place < length:
            # Some writers leave it out.
            file.seek(place)
            after = file.read(5)
            if after[:1] != b"\0" and _is_name(after[:4]) and after[1:] not in _PARTS:
                padding = 0
        yield Part(name, start, size, padding == needed)
        place += padding
    raise UnusableError(f"is damaged: it has more than {_MOST_PARTS} parts")


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= letter < 127 for letter in name)


def _describe_missing(n_bytes: int) -> str:
    return f"truncated: at least {n_bytes} bytes are missing at its end"
