"""What is left of a tap in the formats of phones, and what it costs to read them.

A synthesized tap with hardly any noise is written in each format by an encoder that
PyAV brings, and read as all commands read it. The error is the energy of the difference
from the tap as it was, once both are aligned, to that of the tap. The shift is how much
later the sound begins than it was recorded, the end how much is there more or less.
Then a long M4A is read block by block.

    python benchmarks/phone_formats.py

writes ``benchmarks/results/phone_formats.md``.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr
from measuring import (
    describe_run,
    format_table,
    parse_arguments,
    side_by_side,
    write_page,
)
from phone_files import KINDS, encode
from scipy.signal import correlate

from tapsklearn.preprocessing import open_sound
from tapsklearn.synthesis import Plate, Rig, Strike, render_tap

LONG = "aac.m4a"
PEAK = 0.5


def render(sr):
    """Render a tap in a quiet room."""
    rig = Rig(
        duration=3.0,
        gain_spread_db=0,
        pink_dbfs=-110,
        hum_dbfs=-110,
        white_dbfs=-110,
    )
    tap = render_tap(Plate(), Strike(x=0.03, y=0.065), rig, random_state=0)
    return PEAK / np.abs(tap).max() * soxr.resample(tap, 44100, sr)


def read(path):
    """Read all of a file, mixed."""
    with open_sound(path) as sound:
        blocks = list(sound.read())
    scale = 2.0**-15 if blocks[0].dtype == np.int16 else 1.0
    return np.concatenate(blocks).mean(axis=1) * scale


def compare(samples, tap):
    """Return the error in dB, the shift and what is more at the end, in samples."""
    shift = int(np.argmax(correlate(samples, tap, "full"))) - (len(tap) - 1)
    one, two = samples[max(0, shift) :], tap[max(0, -shift) :]
    n_both = min(len(one), len(two))
    error = np.sum((one[:n_both] - two[:n_both]) ** 2) / np.sum(two[:n_both] ** 2)
    return 10 * np.log10(max(error, 1e-12)), shift, len(samples) - len(tap) - shift


def measure_kind(folder, kind, arguments):
    """Return the row of one kind of file."""
    format_, codec, sr, bit_rate, _ = KINDS[kind]
    tap = render(sr).astype(np.float64)
    path, wav = folder / kind, folder / "same.wav"
    name = f"{codec} in {format_} ({path.suffix})"
    try:
        encode(path, tap, kind)
    except LookupError as error:
        return name, str(error), "", "", "", "", ""
    soundfile.write(wav, tap, sr)
    decibels, shift, end = compare(read(path), tap)
    slow, fast = side_by_side(
        [lambda: read(path), lambda: read(wav)], rounds=arguments.rounds
    )
    return (
        name,
        f"{bit_rate // 1000}" if bit_rate else "lossless",
        f"{decibels:.1f}",
        f"{1000 * shift / sr:.1f}",
        f"{1000 * end / sr:.1f}",
        *(f"{1000 * statistics.median(each):.1f}" for each in (slow, fast)),
    )


def measure_long(folder, minutes):
    """Return how much faster than real time a long file is read, and its memory."""
    path, sr = folder / "long.m4a", KINDS[LONG][2]
    encode(path, render(sr), LONG, n_times=round(minutes * 20))
    command = [sys.executable, "-c", READ_LONG, str(path)]
    out = subprocess.check_output(command, text=True).split()
    return [float(number) for number in out]


# In a process of its own, whose memory is its own.
READ_LONG = """
import resource, sys, time
from tapsklearn.preprocessing import open_sound
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
with open_sound(sys.argv[1], is_take=False) as sound:
    next(sound.read(at_once=1000))
    sr = sound.sr
before, started = peak(), time.perf_counter()
with open_sound(sys.argv[1], is_take=False) as sound:
    n_samples = sum(map(len, sound.read(at_once=sr)))
seconds = time.perf_counter() - started
print(n_samples / sr, n_samples / sr / seconds, peak() - before)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    arguments = parse_arguments(
        parser,
        quick={
            "rounds": 1,
            "minutes": 0.5,
            "kinds": ["aac.m4a", "opus.webm", "amr.amr"],
        },
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [measure_kind(folder, kind, arguments) for kind in arguments.kinds]
        seconds, speed, memory = measure_long(folder, arguments.minutes)
    header = (
        "file",
        "kbit/s",
        "error, dB",
        "shift, ms",
        "end, ms",
        "ms to read",
        "of WAV",
    )
    lines = [
        "One tap in 3 s, at half of full scale, by FFmpeg's encoders, which are not "
        "those of phones: Vorbis and the first WMA are its simplest, AMR is made for "
        "speech. A shift is what the encoder put before the sound where the file does "
        "not say how much that is; WMA's first packet is not decoded by FFmpeg.",
        "",
        *format_table(header, rows),
        "",
        f"{seconds / 60:.1f} minutes of M4A, block by block: {speed:.0f} times as fast "
        f"as real time, {memory:.0f} MiB more memory than a second of it.",
    ]
    write_page(
        arguments.results / "phone_formats.md",
        "What phones' formats leave of a tap",
        describe_run(__file__, "av", "soundfile", rounds=arguments.rounds),
        lines,
    )


if __name__ == "__main__":
    main()
