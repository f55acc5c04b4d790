"""Ways in which a recording differs from those that a model was trained on.

Each change is a function of a waveform, its sampling rate and a source of randomness,
and returns a waveform, as 16 bits hold it, and its sampling rate.
"""

import io
from collections.abc import Callable
from functools import partial

import numpy as np
import soxr
from scipy.signal import fftconvolve

Change = Callable[[np.ndarray, int, np.random.Generator], tuple[np.ndarray, int]]
UNCHANGED = "unchanged"
# Of the other room: until its echoes have fallen by 60 dB, and their energy beside that
# of the sound itself. A room with bare walls, a few metres from the board.
ROOM_SECONDS, ROOM_DB = 0.7, 3.0
FIRST_ECHO = 0.004  # s
# Below the loudest 10 ms of the take.
NOISE_DB = 25.0


def change_gain(waveform, sr, rng, *, decibel):
    """Record louder, clipped at full scale, or softer."""
    return _round(waveform * 10 ** (decibel / 20)), sr


def limit_band(waveform, sr, rng, *, highest):
    """Leave nothing above a frequency in Hz, as a transmission at twice that rate."""
    narrow = soxr.resample(waveform, sr, 2 * highest)
    return _round(_fit(soxr.resample(narrow, 2 * highest, sr), len(waveform))), sr


def change_rate(waveform, sr, rng, *, rate):
    """Record at another sampling rate, in Hz."""
    return _round(soxr.resample(waveform, sr, rate)), rate


def code(waveform, sr, rng, *, codec, container, rate, bit_rate):
    """Pass through a codec at its own rate in Hz and bits a second, and back."""
    import av

    file = io.BytesIO()
    samples = _round(soxr.resample(waveform, sr, rate))
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate)
        stream.bit_rate, stream.layout = bit_rate, "mono"
        pcm = (samples * 2**15).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    file.seek(0)
    with av.open(file) as coded:
        frames = coded.decode(audio=0)
        to_float = av.AudioResampler(format="flt", layout="mono", rate=rate)
        parts = [part for frame in frames for part in to_float.resample(frame)]
        decoded = np.concatenate([part.to_ndarray()[0] for part in parts])
    return _round(_fit(soxr.resample(decoded, rate, sr), len(waveform))), sr


def change_room(waveform, sr, rng):
    """Add the echoes of another room, the same for all takes."""
    echoes = np.random.default_rng(12345).normal(size=round(ROOM_SECONDS * sr))
    times = np.arange(len(echoes)) / sr
    echoes *= np.exp(-np.log(1e3) * times / ROOM_SECONDS) * (times >= FIRST_ECHO)
    echoes *= 10 ** (-ROOM_DB / 20) / np.linalg.norm(echoes)
    echoes[0] = 1.0
    return _round(fftconvolve(waveform, echoes)[: len(waveform)]), sr


def add_noise(waveform, sr, rng):
    """Add white noise, so far below the loudest moment of the take."""
    window = max(1, round(0.01 * sr))
    power = np.convolve(np.square(waveform), np.full(window, 1 / window), "same")
    noise = rng.normal(size=len(waveform)) * np.sqrt(power.max())
    return _round(waveform + 10 ** (-NOISE_DB / 20) * noise), sr


def keep(waveform, sr, rng):
    """Change nothing."""
    return _round(waveform), sr


def _round(waveform: np.ndarray) -> np.ndarray:
    steps = np.clip(np.round(waveform * 2.0**15), -(2**15), 2**15 - 1)
    return (steps / 2**15).astype(np.float32)


def _fit(waveform: np.ndarray, n_samples: int) -> np.ndarray:
    """Cut or fill up: codecs work in frames."""
    return np.pad(waveform[:n_samples], (0, max(0, n_samples - len(waveform))))


CHANGES: dict[str, Change] = {
    UNCHANGED: keep,
    "20 dB softer": partial(change_gain, decibel=-20),
    "20 dB louder": partial(change_gain, decibel=20),
    "band up to 8 kHz": partial(limit_band, highest=8000),
    "band up to 4 kHz": partial(limit_band, highest=4000),
    "recorded at 16 kHz": partial(change_rate, rate=16000),
    "AAC, 64 kbit/s": partial(
        code, codec="aac", container="adts", rate=44100, bit_rate=64000
    ),
    "Opus, 24 kbit/s": partial(
        code, codec="libopus", container="ogg", rate=48000, bit_rate=24000
    ),
    "AMR, 12.2 kbit/s": partial(
        code, codec="libopencore_amrnb", container="amr", rate=8000, bit_rate=12200
    ),
    "another room": change_room,
    "noise": add_noise,
}
