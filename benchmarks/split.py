"""Long recordings that are split: what is found, what that costs, and what it takes.

Synthesized boards, sound and defective, each tapped many times in a room, as one
recording a board: their taps are split, compared with the takes recorded singly and
evaluated with the default method on unseen boards; the same as M4A, as WebM, and with a
tap each second. Real takes, one after the other, as a recording of each board. An hour
of each format through a process of its own, for its memory and its time.

    python benchmarks/split.py RECORDINGS

writes ``split.md``.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from measuring import (
    add_recordings,
    describe_run,
    find_precision,
    format_table,
    parse_arguments,
    write_page,
)

from tapsklearn.datasets import load_takes
from tapsklearn.detectors import reference_methods
from tapsklearn.model_selection import BoardKFold, compare_methods
from tapsklearn.preprocessing import TapFeatures, read_take
from tapsklearn.recording import split_takes
from tapsklearn.synthesis import make_tap_boards

SR = 44100
METHOD = "joined"
# Bits a second: many phones' for one channel, and half of it. Assumed values.
BIT_RATE, LOW_BIT_RATE = 128_000, 64_000
SCENARIOS = ("same_shop", "wide")
SETS = ("hammer-floor", "steel-rods", "bolts-plate", "bolts-flange")
# A take of a tap each second: from so long before its loudest sample on.
BEFORE_SECONDS = 0.35
# Shorter takes stand closer than anybody taps: noise as loud as their first samples
# comes between.
LEAST_SECONDS = 1.0
NOISE_SAMPLES = 600
# What one process of its own prints of a recording.
MEASURE = """
import json, sys, time
from pathlib import Path
def peak():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
import av, soundfile
from tapsklearn.recording import split_takes
before, cpu, wall = peak(), time.process_time(), time.perf_counter()
(split,) = split_takes(sys.argv[1], sys.argv[2], "oak")
print(json.dumps({
    "seconds": split.seconds, "n_taps": len(split.taps), "problem": split.problem,
    "before": before, "more": peak() - before,
    "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall,
}))
"""


def encode(path, blocks, sr, codec, *, bit_rate=BIT_RATE, layout="mono"):
    """Encode sound with FFmpeg, in the container that the name says."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=sr, layout=layout)
        stream.bit_rate = bit_rate
        # Else the header does not have what the encoder puts before the sound.
        stream.codec_context.open()
        container.start_encoding()
        place = 0
        for block in blocks:
            planes = np.ascontiguousarray(np.atleast_2d(block.T), dtype=np.float32)
            frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = sr, place, Fraction(1, sr)
            place += planes.shape[1]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_long(path, sound, sr, bit_rate):
    """Write a recording in the format that its name says."""
    codec = {".m4a": "aac", ".webm": "libopus"}.get(path.suffix)
    if codec is None:
        soundfile.write(path, sound, sr, "PCM_16")
        return
    if codec == "libopus":
        sound, sr = resample(sound, sr, 48000), 48000
    encode(
        path,
        np.array_split(sound, max(1, len(sound) // sr)),
        sr,
        codec,
        bit_rate=bit_rate,
    )


def resample(sound, sr, to):
    import soxr

    return soxr.resample(sound, sr, to).clip(-1, 1)


def cut_to_a_second(take, sr=SR):
    """Cut the second around a tap out of its take."""
    first = max(0, int(np.abs(take).argmax()) - round(BEFORE_SECONDS * sr))
    first = min(first, len(take) - sr)
    return take[first : first + sr]


def evaluate(takes):
    """Return the AUROC on unseen boards, and what was trained in."""
    n_splits = min(5, len(set(takes.specimens.values())) // 2)
    comparison = compare_methods(
        {METHOD: reference_methods()[METHOD]},
        takes.paths,
        takes.board,
        truth=takes.truth,
        preprocessing=TapFeatures(),
        cv=BoardKFold(n_splits, truth=takes.truth),
        random_state=0,
        return_estimators=True,
    )
    trained_in = {find_precision(each) for each in comparison.estimators.values()}
    return float(comparison.results["roc_auc"].mean()), trained_in


def split_boards(folder, sounds, truth, suffix, bit_rate):
    """Write a recording of each board, and split it; return all taps by board."""
    found = {}
    for number, (board, sound) in enumerate(sounds.items()):
        path = folder / f"{number}{suffix}"
        write_long(path, sound, SR, bit_rate)
        normal = board in truth.normal_boards
        (found[board],) = split_takes(
            path,
            folder / "taps",
            board,
            condition="normal" if normal else "abnormal",
            specimen=truth.specimens[board],
        )
        if found[board].problem:
            raise ValueError(f"{path}: {found[board].problem}")
    return found


def compare_with_single(folder, scenario, n_boards, n_takes):
    """Return the rows of takes recorded singly, and of split ones."""
    single = make_tap_boards(
        folder / "single", scenario=scenario, n_boards=n_boards, n_takes=n_takes
    )
    single_auroc, trained_in = evaluate(single)
    rows = [
        (
            scenario,
            "takes recorded singly",
            "",
            len(single.paths),
            "",
            "",
            f"{single_auroc:.4f}",
        )
    ]
    waveforms = [soundfile.read(path, dtype="float32")[0] for path in single.paths]
    for name, suffix, bit_rate, cut in (
        ("WAV", ".wav", 0, None),
        ("M4A, 128 kb/s", ".m4a", BIT_RATE, None),
        ("M4A, 64 kb/s", ".m4a", LOW_BIT_RATE, None),
        ("WebM, Opus, 128 kb/s", ".webm", BIT_RATE, None),
        ("WAV, a tap each second", ".wav", 0, cut_to_a_second),
    ):
        parts = [wave if cut is None else cut(wave) for wave in waveforms]
        # Where each tap is, to know which are found, and which twice.
        sounds, onsets = {}, {}
        for board in dict.fromkeys(single.board):
            of_board = [parts[row] for row in np.flatnonzero(single.board == board)]
            starts = np.cumsum([0, *map(len, of_board)])[:-1]
            sounds[board] = np.concatenate(of_board)
            onsets[board] = [
                (start + np.abs(part).argmax()) / SR
                for start, part in zip(starts, of_board, strict=True)
            ]
        where = folder / name.replace("/", " ")
        where.mkdir()
        found = split_boards(where, sounds, single.truth, suffix, bit_rate)
        n_found, n_more, left = match(found, onsets)
        auroc, _ = evaluate(load_takes(where / "taps"))
        seconds = sum(each.seconds for each in found.values())
        rows.append(
            (
                *(
                    scenario,
                    name,
                    f"{seconds:.0f}",
                    f"{n_found} of {len(waveforms)}",
                    n_more,
                ),
                *(left, f"{auroc:.4f} ({auroc - single_auroc:+.4f})"),
            )
        )
    return rows, trained_in


def match(found, onsets, tolerance=0.1):
    """Count the taps that were found once, takes that are no such tap, and left out."""
    n_found, n_more, left = 0, 0, Counter()
    for board, split in found.items():
        taken = [tap.seconds for tap in split.taps if tap.path]
        left.update(", ".join(tap.flags) for tap in split.taps if not tap.path)
        distances = np.abs(np.subtract.outer(onsets[board], taken)) < tolerance
        once = (distances.sum(axis=1) == 1).sum()
        n_found += int(once)
        n_more += len(taken) - int(once)
    return n_found, n_more, describe(left)


def describe(left):
    """Say what was left out."""
    return "; ".join(f"{count} {reason}" for reason, count in left.items()) or "0"


def split_real(folder, recordings):
    """Return a row for each set of real takes, one after the other."""
    rows, notes = [], []
    for name in SETS:
        if not (recordings / name).is_dir():
            continue
        takes = load_takes(recordings / name, normal="*")
        n_found, n_twice, n_more, left, missed = 0, 0, 0, Counter(), []
        n_takes = 0
        for board in dict.fromkeys(takes.board):
            paths = np.array(takes.paths)[takes.board == board]
            sound, spans, sr = join_takes(paths)
            path = folder / "real.wav"
            soundfile.write(path, sound, sr, "PCM_16")
            (split,) = split_takes(path, folder / name, board)
            left.update(", ".join(tap.flags) for tap in split.taps if not tap.path)
            taken = np.array([tap.seconds for tap in split.taps if tap.path])
            for (first, last), take in zip(spans, paths, strict=True):
                n_here = int(((taken >= first) & (taken < last)).sum())
                n_takes += 1
                n_found += n_here > 0
                n_twice += n_here > 1
                n_more += max(0, n_here - 1)
                if not n_here:
                    flags = [
                        ", ".join(tap.flags)
                        for tap in split.taps
                        if first <= tap.seconds < last
                    ]
                    place = Path(take).relative_to(recordings)
                    missed.append(f"{place} ({'; '.join(flags) or 'nothing found'})")
        rows.append(
            (name, n_takes, n_found, f"{n_more} in {n_twice} of them", describe(left))
        )
        notes += missed
    return rows, notes


def join_takes(paths):
    """Join takes; return the sound, from when to when each is, and the rate."""
    parts, spans, place = [], [], 0.0
    rng = np.random.default_rng(0)
    sr = soundfile.info(paths[0]).samplerate
    for path in paths:
        take = read_take(path, sr=sr)
        n_more = max(0, round(LEAST_SECONDS * sr) - len(take)) // 2
        scale = float(take[:NOISE_SAMPLES].std()) if n_more else 0.0
        noise = rng.normal(scale=scale, size=(2, n_more)).astype(np.float32)
        part = np.concatenate([noise[0], take, noise[1]])
        parts.append(part)
        spans.append((place, place + len(part) / sr))
        place += len(part) / sr
    return np.concatenate(parts), spans, sr


def measure_hour(folder, sound, hours):
    """Return a row for each format: memory and speed of a process that splits it."""
    rows = []
    n_blocks = max(1, round(3600 * hours / (len(sound) / SR)))
    at_48 = resample(sound, SR, 48000)
    stereo = np.stack([at_48, 0.9 * at_48], axis=1)
    for name, file, sr, block in (
        ("WAV, 44.1 kHz, mono", "a.wav", SR, sound),
        ("WAV, 48 kHz, stereo", "b.wav", 48000, stereo),
        ("M4A, 44.1 kHz, mono", "c.m4a", SR, sound),
        ("WebM, Opus, 48 kHz, mono", "d.webm", 48000, at_48),
    ):
        path = folder / file
        seconds = (part for _ in range(n_blocks) for part in split_seconds(block, sr))
        if path.suffix == ".wav":
            with soundfile.SoundFile(path, "w", sr, block.ndim, "PCM_16") as writer:
                for part in seconds:
                    writer.write(part)
        else:
            encode(path, seconds, sr, "aac" if path.suffix == ".m4a" else "libopus")
        run = subprocess.run(
            [sys.executable, "-c", MEASURE, path, folder / f"taps {file}"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        found = json.loads(run.stdout)
        if found["problem"]:
            raise ValueError(f"{path}: {found['problem']}")
        path.unlink()
        rows.append(
            [
                name,
                found["n_taps"],
                *(f"{found[key]:.0f}" for key in ("seconds", "before", "more")),
                *(f"{found['seconds'] / found[key]:.0f}" for key in ("cpu", "wall")),
            ]
        )
    return rows


def split_seconds(sound, sr):
    return np.array_split(sound, max(1, len(sound) // sr))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_recordings(parser)
    parser.add_argument("--boards", type=int, default=10)
    parser.add_argument("--takes", type=int, default=10)
    parser.add_argument("--hours", type=float, default=1.0)
    arguments = parse_arguments(parser, quick={"boards": 6, "takes": 3, "hours": 0.02})
    warnings.simplefilter("ignore")  # few takes to calibrate with: not the question
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows, trained_in = [], set()
        for scenario in SCENARIOS:
            where = folder / scenario
            where.mkdir()
            of_scenario, precision = compare_with_single(
                where, scenario, arguments.boards, arguments.takes
            )
            rows += of_scenario
            trained_in |= precision
        single = load_takes(folder / SCENARIOS[0] / "single")
        sound = np.concatenate([read_take(path) for path in single.paths])
        hour_rows = measure_hour(folder, sound, arguments.hours)
        real_rows, notes = split_real(folder, arguments.recordings)
    write_page(
        arguments.results / "split.md",
        "Split recordings",
        describe_run(
            *(__file__, "av", "soundfile"),
            precision=", ".join(sorted(trained_in)),
            seeds=1,
        ),
        [
            f"Both ends of {arguments.boards} synthesized boards of a scenario, every "
            f"second one with a defect, {arguments.takes} taps each, one recording an "
            "end. Found are taps that gave one take; others are takes that are no such "
            f"tap, or one again. AUROC of `{METHOD}` on unseen boards, mean of the "
            "folds; beside it the difference from the takes recorded singly.",
            "",
            *format_table(
                [
                    "boards",
                    "recordings",
                    "seconds",
                    "found",
                    "others",
                    "left out",
                    "AUROC",
                ],
                rows,
            ),
            "",
            "## Memory and time",
            "",
            "A process that does nothing else, on one thread: its peak memory once all "
            "is imported, and how much more it takes, in MiB; how many times faster "
            "than it was recorded, by the processor's time and by the clock, which "
            "counts waiting for the disk.",
            "",
            *format_table(
                (
                    *("recording", "taps", "seconds", "imported", "more"),
                    *("times real time, processor", "times real time, clock"),
                ),
                hour_rows,
            ),
            "",
            "## Real takes, one after the other",
            "",
            "A recording of each board. Takes of less than a second have noise between "
            "them, as loud as their beginning. Further takes are bounces and noises "
            "that a take holds beside its tap, 0.4 s or more from it. Nothing is found "
            "where a tap rises by less than 12 dB above the noise, above 150 Hz.",
            "",
            *format_table(
                ["set", "takes", "found", "further takes", "left out"], real_rows
            ),
            *(["", "Not found: " + ", ".join(notes) + "."] if notes else []),
        ],
    )


if __name__ == "__main__":
    main()
