"""Recordings in the formats of phones, made by PyAV's own encoders."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

# Format, encoder, sampling rate, bits a second and options of each kind of file.
KINDS: dict[str, tuple[str, str, int, int, dict[str, str]]] = {
    "aac.m4a": ("ipod", "aac", 44100, 256_000, {}),
    "aac.mp4": ("mp4", "aac", 44100, 256_000, {}),
    "aac.3gp": ("3gp", "aac", 44100, 256_000, {}),
    "aac.3g2": ("3g2", "aac", 44100, 256_000, {}),
    "aac.mov": ("mov", "aac", 44100, 256_000, {}),
    "aac.aac": ("adts", "aac", 44100, 256_000, {}),
    "aac.mka": ("matroska", "aac", 44100, 256_000, {}),
    "aac.mts": ("mpegts", "aac", 44100, 256_000, {}),
    "opus.webm": ("webm", "libopus", 48000, 256_000, {}),
    "opus.ogg": ("ogg", "libopus", 48000, 256_000, {}),
    "opus.opus": ("ogg", "libopus", 48000, 256_000, {}),
    "opus.mka": ("matroska", "libopus", 48000, 256_000, {}),
    "opus.mp4": ("mp4", "libopus", 48000, 256_000, {}),
    "vorbis.webm": ("webm", "vorbis", 44100, 256_000, {"strict": "experimental"}),
    "wma2.wma": ("asf", "wmav2", 44100, 192_000, {}),
    "wma1.asf": ("asf", "wmav1", 44100, 192_000, {}),
    "amr.amr": ("amr", "libopencore_amrnb", 8000, 12_200, {}),
    "amr.3gp": ("3gp", "libopencore_amrnb", 8000, 12_200, {}),
    "mp3.mp3": ("mp3", "libmp3lame", 44100, 320_000, {}),
    "mp3.m4a": ("mp4", "libmp3lame", 44100, 320_000, {}),
    "mp3.avi": ("avi", "libmp3lame", 44100, 320_000, {}),
    "mp2.mpg": ("mpeg", "mp2", 44100, 256_000, {}),
    "flac.flac": ("flac", "flac", 44100, 0, {}),
    "flac.mka": ("matroska", "flac", 44100, 0, {}),
    "flac.mp4": ("mp4", "flac", 44100, 0, {}),
    "alac.m4a": ("ipod", "alac", 44100, 0, {}),
    "alac.caf": ("caf", "alac", 44100, 0, {}),
    "pcm.mov": ("mov", "pcm_s16le", 44100, 0, {}),
    "pcm.mkv": ("matroska", "pcm_s16le", 44100, 0, {}),
}


def encode(
    path: Path | Any,
    waveform: NDArray[Any],
    kind: str,
    *,
    sr: int | None = None,
    options: dict[str, str] | None = None,
    n_streams: int = 1,
    n_times: int = 1,
) -> None:
    """Write a waveform of the kind's own sampling rate.

    Parameters
    ----------
    path : Path
        The file.
    waveform : ndarray of shape (n_samples,) or (n_samples, n_channels)
        The samples.
    kind : str
        Of `KINDS`.
    sr : int, default=None
        Sampling rate, in Hz. If None, the kind's own.
    options : dict of str to str, default=None
        Of FFmpeg's muxer.
    n_streams : int, default=1
        In how many streams the sound is, each quieter by 12 dB than the one before.
    n_times : int, default=1
        How often it is repeated.

    Raises
    ------
    LookupError
        If this PyAV has no such encoder, or does not write such files.
    """
    format_, name, rate, bit_rate, of_codec = KINDS[kind]
    sr = sr or rate
    try:
        codec = av.codec.Codec(name, "w")
    except av.codec.codec.UnknownCodecError as error:
        raise LookupError(f"this PyAV has no encoder {name}") from error
    if format_ not in av.formats_available:
        raise LookupError(f"this PyAV does not write {format_}")
    # FFmpeg's own Vorbis has two channels.
    columns = waveform if waveform.ndim == 2 else waveform[:, None]
    columns = columns.astype(np.float32)
    if name == "vorbis" and columns.shape[1] == 1:
        columns = columns.repeat(2, axis=1)
    layout = {1: "mono", 2: "stereo"}[columns.shape[1]]
    formats = [each.name for each in codec.audio_formats]
    wanted = next((of for of in ("fltp", "s16p", "s16") if of in formats), formats[0])
    with av.open(
        str(path) if isinstance(path, Path) else path,
        "w",
        format=format_,
        options=options or {},
    ) as container:
        streams = [
            container.add_stream(name, rate=sr, options=of_codec)
            for _ in range(n_streams)
        ]
        for stream in streams:
            stream.codec_context.layout = layout
            stream.codec_context.format = wanted
            if bit_rate:
                stream.bit_rate = bit_rate * columns.shape[1]
            stream.codec_context.open()
        container.start_encoding()
        for number, stream in enumerate(streams):
            resampler = av.AudioResampler(
                format=wanted,
                layout=layout,
                rate=sr,
                frame_size=stream.codec_context.frame_size or 1024,
            )
            # Each stream is quieter than the one before.
            whole = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(columns.T / 4**number), "fltp", layout
            )
            whole.sample_rate, whole.pts = sr, 0
            whole.time_base = Fraction(1, sr)
            place = 0
            for part in [*[whole] * n_times, None] if len(columns) else ():
                for frame in resampler.resample(part):
                    frame.pts, frame.time_base = place, Fraction(1, sr)
                    place += frame.samples
                    container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
