"""Sound that phones and cameras write, decoded by FFmpeg through PyAV.

FFmpeg itself leaves out what a file says an encoder put before the sound (edit lists,
the delay of Opus, MP3's own tag), but what was put behind it in formats other than
Matroska only packet by packet.
"""

import contextlib
import errno
import io
import itertools
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tapsklearn.preprocessing._errors import UnusableError
from tapsklearn.preprocessing._phone_headers import Format, states_duration
from tapsklearn.preprocessing._samples import Samples
from tapsklearn.preprocessing._sound_file import (
    BLOCK,
    Sound,
    check_length,
    check_numbers,
    describe_end,
)
from tapsklearn.preprocessing._take_rules import FULL_SCALE, FULL_SCALE_OF, STEP_OF

INSTALL = "pip install 'tapsklearn[phone]'"
# Samples of all channels of a take that are kept, so that it is decoded once: 16 MiB.
_MOST_KEPT = 2**22
# What FFmpeg decodes into numbers, whose names libsndfile has too.
_SUBTYPES = {"u8": "PCM_U8", "s16": "PCM_16", "s32": "PCM_24"}
_LOSSLESS = ("pcm_s", "pcm_u", "pcm_f", "flac", "alac", "wmalossless")
_FORGIVEN_SECONDS = 0.05
# Whose packets say when they are to be played. Phones' clocks jitter by some
# milliseconds, and are wrong by some in ten thousand.
_STATE_TIMES = {"mov", "matroska", "asf"}
_MOST_GAP_SECONDS = 0.1
_MOST_DRIFT = 1e-3
# Encoders fill up the last of their frames, and may add one.
_MOST_PADDING_FRAMES = 2
_ENCRYPTED = {"drms", "enca", "drmi"}


class AvSound(Sound):
    """A file that FFmpeg reads.

    Parameters
    ----------
    file : binary file
        The file.
    format_ : Format
        What it is.
    is_take : bool
        Whether it is to be one take, which has its longest and is decoded at once.
    """

    def __init__(self, file: BinaryIO, format_: Format, *, is_take: bool) -> None:
        try:
            import av
        except ImportError as error:
            raise UnusableError(
                f"is {format_.name}, which PyAV reads: {INSTALL}"
            ) from error
        self._av: Any = av
        self._source = _Source(file)
        self._format = format_
        self._container: Any = None
        self._kept: NDArray[np.float32] | None = None
        self._states_seconds = format_.demuxer == "asf" or (
            format_.demuxer == "matroska" and states_duration(file)
        )
        self.sr = 0
        # The first frame says more than the header.
        blocks = self._decode()
        first = next(blocks, None)
        if first is None:
            raise UnusableError("holds no samples")
        self._begun: Iterator[NDArray] | None = itertools.chain([first], blocks)
        self.n_frames = self._n_stated or self._n_guessed
        if is_take:
            self._decode_take()

    def watch(self) -> Samples:
        """Make what looks at the samples."""
        name = self._coding
        is_lossless = name.startswith(_LOSSLESS)
        subtype = _SUBTYPES.get(self._sample_format.removesuffix("p"), "")
        return Samples(
            self.sr,
            self.n_frames or 0,
            full_scale=FULL_SCALE_OF.get(subtype, FULL_SCALE),
            step=STEP_OF.get(subtype, 0.0) if is_lossless else 0.0,
            coding="" if is_lossless else name.upper(),
        )

    def read(
        self, first: int = 0, last: int | None = None, *, at_once: int | None = None
    ) -> Iterator[NDArray]:
        """Read samples; all that is before them is decoded as well."""
        blocks: Iterator[NDArray]
        if self._kept is not None:
            blocks = iter([self._kept])
        elif self._begun is not None:
            blocks, self._begun = self._begun, None
        else:
            blocks = self._decode()
        place = 0
        for block in _join(_cut(blocks, first, last), at_once, self._n_channels):
            place += len(block)
            yield block
        if last is not None and first + place < last:
            raise UnusableError(describe_end(first + place, last))

    def close(self) -> None:
        """Let go of what reads the file."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def _decode_take(self) -> None:
        """Decode all of a take, to know how long it is."""
        check_length(self._n_stated or 0, self.sr)
        kept, n_frames = [], 0
        for block in self._begun or ():
            n_frames += len(block)
            check_length(n_frames, self.sr)
            if n_frames * self._n_channels <= _MOST_KEPT:
                kept.append(block)
        self._begun = None
        self.n_frames = n_frames
        if n_frames * self._n_channels <= _MOST_KEPT:
            self._kept = np.concatenate(kept)

    # ------------------------------------------------------------------ decoding

    def _decode(self) -> Iterator[NDArray[np.float32]]:
        """Give the sound from its beginning, without padding."""
        with _as_unusable(self._av, self._source):
            stream = self._open()
            blocks = self._decode_frames(stream)
            n_given, longest, is_exact = 0, 1, True
            held: list[NDArray[np.float32]] = []
            for block in blocks:
                n_stated = self._n_stated or 0
                is_exact &= self._is_exact and n_stated > 0
                longest = max(longest, len(block))
                given = block
                if is_exact and n_given + len(block) > n_stated:
                    given = block[: n_stated - n_given]
                    held.append(block[len(given) :])
                    if sum(map(len, held)) > _MOST_PADDING_FRAMES * longest:
                        # More than padding: the header does not count all.
                        is_exact = False
                        given, held = np.concatenate([given, *held]), []
                if len(given):
                    n_given += len(given)
                    yield given
            forgiven = _MOST_PADDING_FRAMES * longest
            if not self._is_exact:
                forgiven += round(_FORGIVEN_SECONDS * self.sr)
            n_stated = self._n_stated or 0
            if n_given + forgiven < n_stated:
                raise UnusableError(describe_end(n_given, n_stated))

    def _open(self) -> Any:
        """Open the file from its beginning; return its stream of sound."""
        self.close()
        self._source.seek(0)
        self._container = container = self._av.open(
            self._source, format=self._format.demuxer, metadata_errors="replace"
        )
        stream = _choose_stream(self._av, container)
        context = stream.codec_context
        if (
            context is None
            or _tag_of(context) in _ENCRYPTED
            or "ASF_Protection_Type" in container.metadata
        ):
            raise UnusableError(
                "its sound cannot be decoded: it is encrypted, or of an unknown coding"
            )
        if context.sample_rate:
            check_numbers(context.sample_rate, context.channels)
        context.thread_count = 1
        self._coding: str = context.codec.canonical_name
        self._n_channels = context.channels
        self._sample_format = context.format.name if context.format else ""
        self._set_length(stream, context.sample_rate)
        return stream

    def _set_length(self, stream: Any, sr: int) -> None:
        """Find how many samples there are, as far as the file says."""
        container, demuxer = self._container, self._format.demuxer
        of_stream = stream.duration and stream.duration * stream.time_base
        of_file = container.duration and container.duration / self._av.time_base
        self._n_guessed = round((of_stream or of_file or 0) * sr) or None
        self._n_stated, self._is_exact = None, demuxer == "mov"
        if self._is_exact and of_stream:
            self._n_stated = _count_valid(container) or round(of_stream * sr)
        elif self._states_seconds and len(container.streams) == 1:
            # With pictures, these may last longer.
            self._n_stated = self._n_guessed

    def _decode_frames(self, stream: Any) -> Iterator[NDArray[np.float32]]:
        """Give each frame of samples, checked."""
        n_given, sr, n_channels = 0, 0, 0
        times = _Times() if self._format.demuxer in _STATE_TIMES else None
        packets = self._container.demux(stream)
        for packet in packets:
            if packet.is_corrupt:
                raise UnusableError("truncated: it ends in the middle of a packet")
            try:
                frames = packet.decode()
            except self._av.FFmpegError as error:
                is_last = not any(later.size for later in packets)
                place = f"{n_given / max(sr, 1):.2f} s"
                raise UnusableError(
                    f"truncated: it ends in the middle of a packet, after {place}"
                    if is_last
                    else f"is damaged: what comes after {place} cannot be decoded"
                ) from error
            for frame in frames:
                if not frame.samples:
                    continue
                found = frame.sample_rate, frame.layout.nb_channels
                if not sr:
                    sr, n_channels = found
                    check_numbers(sr, n_channels)
                    self._begin(stream, sr, n_channels, frame.format.name)
                if found != (sr, n_channels):
                    raise UnusableError(
                        f"changes from {sr} Hz and {n_channels} channels to "
                        f"{found[0]} Hz and {found[1]} at {n_given / sr:.2f} s"
                    )
                if times is not None:
                    times.check(frame, n_given / sr)
                n_given += frame.samples
                yield _to_samples(frame, n_channels)

    def _begin(self, stream: Any, sr: int, n_channels: int, sample_format: str) -> None:
        """Know from the first frame what the header may have wrong."""
        self.sr, self._n_channels, self._sample_format = sr, n_channels, sample_format
        self._set_length(stream, sr)


class _Source:
    """An open file as FFmpeg wants it, without its name, which may be no text."""

    def __init__(self, file: BinaryIO) -> None:
        self.tell = file.tell
        self._file = file
        # PyAV would print it.
        self.error: OSError | None = None

    def read(self, n_bytes: int) -> bytes:
        """Read some bytes; after an error of the disk there are none."""
        try:
            return self._file.read(n_bytes)
        except OSError as error:
            self.error = error
            return b""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; a negative number says that there is none."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, OverflowError, ValueError):
            return -errno.EINVAL


class _Times:
    """Compare when frames are to be played with how many samples came before."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._lag = 0.0

    def check(self, frame: Any, seconds: float) -> None:
        """Check a frame before which so many seconds of samples came."""
        if frame.pts is None:
            return
        start = float(frame.pts * frame.time_base)
        if self._first is None:
            self._first = start
        lag = start - self._first - seconds
        gap = lag - self._lag
        if abs(gap) > _MOST_GAP_SECONDS:
            what = "has a gap" if gap > 0 else "goes back"
            raise UnusableError(f"{what} of {abs(gap):.2f} s at {seconds:.2f} s")
        if abs(lag) > _MOST_GAP_SECONDS + _MOST_DRIFT * seconds:
            raise UnusableError(
                f"contradicts itself: {seconds:.2f} s of samples by {start:.2f} s"
            )
        self._lag = lag


def _choose_stream(av: Any, container: Any) -> Any:
    """Take the stream of sound that is played first."""
    streams = container.streams.audio
    if not streams:
        raise UnusableError("holds no sound, only pictures or other data")
    default = av.stream.Disposition.default
    return min(
        streams,
        key=lambda each: (each.codec_context is None, not each.disposition & default),
    )


def _count_valid(container: Any) -> int | None:
    """Find how many samples Apple's own tag counts without padding, if it is there."""
    parts = container.metadata.get("iTunSMPB", "").split()
    try:
        return int(parts[3], 16) or None
    except (IndexError, ValueError):
        return None


def _tag_of(context: Any) -> str:
    try:
        return str(context.codec_tag)
    except UnicodeError:
        # A number, as in WAV.
        return ""


def _to_samples(frame: Any, n_channels: int) -> NDArray[np.float32]:
    """Give a frame's samples, of full scale 1."""
    values = frame.to_ndarray()
    values = values.T if frame.format.is_planar else values.reshape(-1, n_channels)
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - 128) / 128
    if values.dtype.kind == "i":
        full = -float(np.iinfo(values.dtype).min)
        return (values / full).astype(np.float32)
    return np.array(values, dtype=np.float32)


def _cut(blocks: Iterator[NDArray], first: int, last: int | None) -> Iterator[NDArray]:
    """Give what of the blocks is between two samples."""
    place = 0
    for block in blocks:
        if last is not None and place >= last:
            return
        inside = block[max(0, first - place) : None if last is None else last - place]
        place += len(block)
        if len(inside):
            yield inside


def _join(
    blocks: Iterator[NDArray], at_once: int | None, n_channels: int
) -> Iterator[NDArray]:
    """Give the same samples in blocks of one length, but the last."""
    at_once = at_once or max(1, BLOCK // max(1, n_channels))
    held: list[NDArray] = []
    n_held = 0
    try:
        for block in blocks:
            held.append(block)
            n_held += len(block)
            while n_held >= at_once:
                whole = held[0] if len(held) == 1 else np.concatenate(held)
                yield whole[:at_once]
                held, n_held = [whole[at_once:]], n_held - at_once
    except UnusableError:
        # What there is is given before the error.
        if n_held:
            yield np.concatenate(held)
        raise
    if n_held:
        yield np.concatenate(held)


@contextlib.contextmanager
def _as_unusable(av: Any, source: _Source) -> Iterator[None]:
    """Give all that goes wrong the one kind of error; what the disk says is first."""
    try:
        yield
    except (av.FFmpegError, ValueError, OverflowError, LookupError) as error:
        if source.error is not None:
            raise source.error from None
        if isinstance(error, UnusableError):
            raise
        raise UnusableError(
            f"cannot be read as audio: {getattr(error, 'strerror', None) or error}"
        ) from error
    if source.error is not None:
        raise source.error
