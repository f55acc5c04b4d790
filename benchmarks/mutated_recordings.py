"""What becomes of the scores of recordings that were spoilt in all ways that we know.

A good WAV is changed at random, in its header, in the order and the sizes of its parts,
cut off or continued, written in other formats, with an offset, rumble, pops, or other
channels, and sometimes in two of these ways. Each file is scored in a process that is
watched from outside. Either its score is right, or something is said of it.

    python benchmarks/mutated_recordings.py

writes ``benchmarks/results/mutated_recordings.md``.
"""

import argparse
import io
import multiprocessing
import struct
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import soundfile
from measuring import describe_run, format_table, parse_arguments, write_page
from sklearn.pipeline import make_pipeline

from tapsklearn import CropDetector, TakeError, TapFeatures
from tapsklearn.preprocessing import log_spectrogram
from tapsklearn.scoring import score_files

SR = 44100
SECONDS = 1.5
N_FITTED = 40
MOST_SECONDS = 2.0
MOST_MIB = 1024
# Numbers that headers have for a reason, or for none.
EDGES = (0, 1, 2, 3, 4, 7, 8, 15, 16, 24, 31, 32, 44, 64, 255, 256, 1000, 8000, 11025)
EDGES += (16000, 22050, 32000, 44099, 44100, 48000, 65535, 88200, 96000, 2**24)
EDGES += (2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)
OUTCOMES = ("right score", "flags", "error", "SILENTLY WRONG", "CRASH", "HANG")


def make_take(rng):
    """Make a tap with its noise: decaying modes of one board."""
    time_ = np.arange(round(SECONDS * SR)) / SR - rng.uniform(0.3, 0.8)
    after = np.maximum(time_, 0)
    modes = [
        np.exp(-after / 0.04) * np.sin(2 * np.pi * frequency * after)
        for frequency in rng.normal((310, 870, 2140), (2, 5, 10))
    ]
    tap = 0.15 * np.sum(modes, axis=0) * (time_ >= 0)
    return tap + rng.normal(scale=1e-3, size=len(tap))


def make_part(name, content, *, pad=True, size=None, order="<"):
    size = len(content) if size is None else size
    return (
        name
        + struct.pack(f"{order}I", size)
        + content
        + b"\0" * (pad and len(content) % 2)
    )


class Take:
    """A take on its way into a file, which the mutations change.

    The parts of a WAV as they are to be written, or else what it is to be written as.
    """

    def __init__(self, waveform):
        self.channels = waveform[:, None].copy()
        self.form = None
        self.before, self.after = [], []
        self.form_first = True
        self.data_size = self.riff_size = None
        self.patches = []
        self.written_as = None
        self.end = b""
        self.kept = None

    def encode(self):
        """Return the content of the file."""
        clipped = np.clip(self.channels, -1, 1 - 2**-15)
        if self.written_as is not None:
            container, subtype, endian = self.written_as
            content = io.BytesIO()
            soundfile.write(content, clipped, SR, subtype, endian, container)
            content = content.getvalue()
        else:
            samples = np.round(clipped * 2**15).astype("<i2").tobytes()
            n_channels = clipped.shape[1]
            numbers = [1, n_channels, SR, 2 * n_channels * SR, 2 * n_channels, 16]
            if self.form is not None:
                numbers[self.form[0]] = self.form[1] % (
                    2**32 if self.form[0] in (2, 3) else 2**16
                )
            form = make_part(b"fmt ", struct.pack("<HHIIHH", *numbers))
            data = make_part(b"data", samples, size=self.data_size)
            body = b"WAVE" + b"".join(
                [form, *self.before, data]
                if self.form_first
                else [*self.before, data, form]
            )
            body += b"".join(self.after)
            size = len(body) if self.riff_size is None else self.riff_size
            content = b"RIFF" + struct.pack("<I", size % 2**32) + body
        content = bytearray(content + self.end)
        for place, byte in self.patches:
            content[place] = byte
        return bytes(content[: self.kept])


def change_field(take, rng):
    value = int(rng.choice(EDGES) if rng.random() < 0.7 else rng.integers(2**32))
    take.form = (int(rng.integers(6)), value)


def change_bytes(take, rng):
    for _ in range(rng.integers(1, 4)):
        take.patches.append((int(rng.integers(44)), int(rng.integers(256))))


def add_parts(take, rng):
    names = (b"LIST", b"JUNK", b"bext", b"note", b"id3 ", b"cue ", b"odd!")
    for parts in (take.before, take.after):
        for _ in range(rng.integers(3)):
            content = rng.bytes(int(rng.integers(1, 600)))
            name = names[rng.integers(len(names))]
            parts.append(make_part(name, content, pad=rng.random() < 0.8))
    take.form_first = bool(rng.random() < 0.8)


def change_size(take, rng):
    n_bytes = 2 * take.channels.size
    near = n_bytes + int(rng.choice([-1, 1])) * int(10 ** rng.uniform(0, 5))
    size = int(rng.choice([*EDGES, near, near, near, int(rng.integers(2 * n_bytes))]))
    if rng.random() < 0.7:
        take.data_size = max(0, size) % 2**32
    else:
        take.riff_size = max(0, size)


def truncate(take, rng):
    length = len(take.encode())
    lacking = int(10 ** rng.uniform(0, np.log10(length)))
    take.kept = int(rng.choice([length - lacking, int(rng.integers(length))]))


def go_on(take, rng):
    n_bytes = int(10 ** rng.uniform(0, 4.5))
    kinds = (
        bytes(n_bytes),
        rng.bytes(n_bytes),
        b"TAG" + bytes(125),
        b"ID3" + rng.bytes(99),
    )
    take.end = kinds[rng.integers(len(kinds))]


def write_as(take, rng):
    formats = [
        (container, subtype)
        for container in (
            "WAV",
            "WAVEX",
            "RF64",
            "W64",
            "AIFF",
            "AU",
            "CAF",
            "FLAC",
            "OGG",
        )
        for subtype in soundfile.available_subtypes(container)
        if subtype.startswith(("PCM", "FLOAT", "DOUBLE", "ULAW", "ALAW", "VORBIS"))
        and soundfile.check_format(container, subtype)
    ]
    container, subtype = formats[rng.integers(len(formats))]
    endian = (
        "BIG" if container in {"WAV", "AIFF", "AU"} and rng.random() < 0.3 else "FILE"
    )
    if not soundfile.check_format(container, subtype, endian):
        endian = "FILE"
    take.written_as = container, subtype, endian


def add_offset(take, rng):
    sign = rng.choice([-1, 1])
    take.channels += sign * 10 ** rng.uniform(-3, np.log10(0.6))


def add_rumble(take, rng):
    places = np.arange(len(take.channels)) / SR
    frequency, phase = rng.uniform(0.5, 18), rng.uniform(0, 7)
    rumble = np.sin(2 * np.pi * frequency * places + phase)
    take.channels += 10 ** rng.uniform(-3, np.log10(0.3)) * rumble[:, None]


def add_pops(take, rng):
    for is_end in rng.permutation([False, True])[: rng.integers(1, 3)]:
        n_samples = int(rng.integers(5, 300))
        pop = 10 ** rng.uniform(-2, np.log10(0.8)) * rng.choice([-1, 1])
        pop = pop * np.exp(-np.arange(4 * n_samples) / n_samples)[:, None]
        end = take.channels[::-1] if is_end else take.channels
        end[: len(pop)] += pop


def change_channels(take, rng):
    mono = take.channels[:, 0]
    kind = rng.integers(6)
    others = [mono * gain for gain in rng.uniform(0.3, 1.2, size=rng.integers(1, 7))]
    if kind == 0:
        others = [-mono * rng.uniform(0.8, 1.2)]
    elif kind == 1:
        others = [np.zeros_like(mono)] * int(rng.integers(1, 8))
    elif kind == 2:
        others = [np.roll(mono, int(rng.integers(1, 4)))]
    elif kind == 3:
        # One that is not plugged in; as much noise as in the other would count.
        others = [rng.normal(scale=1e-4, size=len(mono))]
    elif kind == 4:
        others = [mono] * int(rng.choice([1, 7, 63, 99]))
    take.channels = np.column_stack([mono, *others])


MUTATIONS = {
    "header: a field": change_field,
    "header: bytes": change_bytes,
    "parts and their order": add_parts,
    "sizes": change_size,
    "truncated": truncate,
    "continued": go_on,
    "other formats": write_as,
    "offset": add_offset,
    "rumble": add_rumble,
    "pops": add_pops,
    "channels": change_channels,
}
# Those that change the sound come before those that change the file.
ORDER = [*list(MUTATIONS)[6:], *list(MUTATIONS)[:6]]


def mutate(waveform, rng):
    """Return the content of a spoilt file, and what was done."""
    n_kinds = 1 if rng.random() < 0.75 else 2
    kinds = sorted(rng.choice(list(MUTATIONS), n_kinds, replace=False), key=ORDER.index)
    take = Take(waveform)
    for kind in kinds:
        MUTATIONS[kind](take, rng)
    return take.encode(), [str(kind) for kind in kinds]


# ---------------------------------------------------------------- the watched process


def find_peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def score_forever(model, connection):
    """Score each file that is named, and send its row."""
    warnings.simplefilter("ignore")
    while (path := connection.recv()) is not None:
        before = find_peak()
        (row,) = score_files(model, [path])
        if row["error"]:
            row["error"] = name_error(model[0], path)
        connection.send((row, find_peak() - before))


def name_error(features, path):
    """Return the error of training on a file, which has to name it."""
    try:
        features.transform([path])
    except TakeError as error:
        return str(error) if path in str(error) else ""
    return ""


class Watched:
    """A process that scores files, and is started anew when it does not answer."""

    def __init__(self, model):
        self.model = model
        self.start()

    def start(self):
        context = multiprocessing.get_context("fork")
        self.connection, other = context.Pipe()
        self.process = context.Process(
            target=score_forever, args=(self.model, other), daemon=True
        )
        self.process.start()
        other.close()

    def score(self, path):
        """Return the row of a file, or "CRASH" or "HANG", and seconds and MiB."""
        started = time.perf_counter()
        self.connection.send(path)
        outcome, memory = "HANG", 0.0
        try:
            # What takes longer is killed later, so that it is seen how long it takes.
            if self.connection.poll(5 * MOST_SECONDS):
                outcome, memory = self.connection.recv()
        except EOFError:
            outcome = "CRASH"
        seconds = time.perf_counter() - started
        if isinstance(outcome, str):
            self.process.kill()
            self.process.join()
            self.start()
        elif seconds > MOST_SECONDS:
            outcome = "HANG"
        return outcome, seconds, memory


def classify(row, expected, tolerance):
    if isinstance(row, str):
        return row
    if row["error"]:
        return "error"
    if abs(row["score"] - expected) <= tolerance:
        return "right score"
    return "flags" if row["flags"] else "SILENTLY WRONG"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parse_arguments(parser, quick={"mutations": 400})
    rng = np.random.default_rng(arguments.seed)
    counts, flagged = defaultdict(Counter), Counter()
    worst_seconds, worst_memory, wrong = 0.0, 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, f"{number}.wav")) for number in range(80)]
        takes = [make_take(rng) for _ in paths]
        for path, take in zip(paths, takes, strict=True):
            soundfile.write(path, take, SR)
        model = make_pipeline(TapFeatures(), CropDetector(random_state=0))
        model.fit(paths[:N_FITTED])
        # A take that was fitted on is nearest to itself.
        takes = takes[N_FITTED:]
        scores = [row["score"] for row in score_files(model, paths[N_FITTED:])]
        tolerance = float(np.std(scores))
        # What the first take that is cut step by step imports is not of its time.
        log_spectrogram(takes[0])
        watched = Watched(model)
        for number in range(arguments.mutations):
            which = int(rng.integers(len(takes)))
            content, kinds = mutate(
                takes[which], np.random.default_rng((arguments.seed, number))
            )
            path = str(Path(folder, "mutated.wav"))
            Path(path).write_bytes(content)
            row, seconds, memory = watched.score(path)
            outcome = classify(row, scores[which], tolerance)
            kind = kinds[0] if len(kinds) == 1 else "two of these"
            counts[kind][outcome] += 1
            if not isinstance(row, str):
                flagged[row["flags"]] += bool(row["flags"])
            if outcome not in OUTCOMES[:3]:
                wrong.append((number, " + ".join(kinds), outcome, row))
            worst_seconds = max(worst_seconds, seconds)
            worst_memory = max(worst_memory, memory)
    rows = [
        (kind, sum(of_kind.values()), *(of_kind[outcome] for outcome in OUTCOMES))
        for kind in [*MUTATIONS, "two of these"]
        if (of_kind := counts[kind])
    ]
    total = [sum(column) for column in list(zip(*rows, strict=True))[1:]]
    table = format_table(
        ["what was changed", "files", *OUTCOMES], [*rows, ("all", *total)]
    )
    lines = [
        f"{arguments.mutations} files. A score is right if it differs from that of the "
        "file as it was by no more than the standard deviation of those of normal "
        f"takes, {tolerance:.3g}; else something is said of it: flags beside its "
        "verdict, or an error, which names the file, in place of one.",
        "",
        *table,
        "",
        f"The slowest took {worst_seconds:.2f} s, of at most {MOST_SECONDS:g}; the one "
        f"that needed most memory {worst_memory:.0f} MiB more than those before, of at "
        f"most {MOST_MIB}.",
    ]
    if wrong:
        columns = ["number", "what was changed", "outcome", "row"]
        lines += ["", *format_table(columns, wrong[:20])]
    write_page(
        arguments.results / "mutated_recordings.md",
        "Spoilt recordings: a right score, or something is said",
        describe_run(__file__, "soundfile", seeds=1),
        lines,
    )
    if wrong or worst_memory > MOST_MIB:
        raise SystemExit(f"{len(wrong)} files went wrong")


if __name__ == "__main__":
    main()
