"""What a WAV file's own header says about its length.

libsndfile reads a WAV that was cut off in the middle without an error. It does write
the size into a log of 2,047 characters, but the texts that a recorder puts before the
samples can fill that; a header that leaves the size at 0 it reads as a file without
samples; and a cut within the header is to be called a truncation, too. Hence WAV files
are looked at here, and other formats' logs in `_read_take`. Layout: Microsoft and IBM,
Multimedia Programming Interface and Data Specifications 1.0 (1991), chapter "RIFF";
RF64: EBU Tech 3306.
"""

import struct
from typing import BinaryIO, NamedTuple

# Programs that write to a pipe cannot know the length: they leave 0 or a number near
# the largest that 32 bits can hold, or 31 (SoX 0x7FFFF000 in WAV and 0x7F000000 in
# AIFF, FFmpeg 0xFFFFFFFF).
STREAMING = 0x7F000000


class WavLength(NamedTuple):
    """What a header's sizes say of the file they stand in.

    Attributes
    ----------
    missing : int
        Bytes that the header promises and the file lacks.
    open_end : int or None
        Where the size of the samples stands, if it is 0 because the program that
        wrote it never came back to fill it in.
    """

    missing: int = 0
    open_end: int | None = None


def wav_length(file: BinaryIO, length: int) -> WavLength:
    """Compare the sizes in a WAV file's header with the file.

    Parameters
    ----------
    file : binary file
        A file of any kind, at its beginning.
    length : int
        Its size, in bytes.

    Returns
    -------
    WavLength
        Nothing missing for a whole WAV, for one whose header leaves the length
        open, and for whatever is not a WAV.
    """
    head = file.read(12)
    if head[:4] not in {b"RIFF", b"RIFX", b"RF64"}:
        return WavLength()
    if len(head) < 12:
        return WavLength(missing=12 - len(head))
    if head[8:] != b"WAVE":
        return WavLength()
    order = ">" if head[:4] == b"RIFX" else "<"
    whole = 8 + struct.unpack(f"{order}I", head[4:8])[0]
    long_size = None
    while True:
        header = file.read(8)
        if len(header) < 8:
            # The samples are still to come, so at least a chunk's header is.
            return WavLength(missing=8 - len(header))
        name, size = struct.unpack(f"{order}4sI", header)
        start = file.tell()
        if name == b"ds64":
            long_size = struct.unpack("<8xQ", file.read(16).ljust(16, b"\0"))[0]
        if name == b"data":
            if head[:4] == b"RF64" and size == 0xFFFFFFFF and long_size:
                return WavLength(missing=max(0, start + long_size - length))
            if size == 0:
                # Where the outer size is right, there really are no samples.
                return WavLength(open_end=None if whole == length else start - 4)
            if size >= STREAMING:
                return WavLength()
            return WavLength(missing=max(0, start + size - length))
        file.seek(start + size + size % 2)
