"""Where the time goes from recordings to crops, before `TapFeatures` and with it.

py-spy looks at a process a few hundred times a second while it turns the same takes
into crops again and again, once with the four transformers and once with `TapFeatures`,
and counts in which function it is.

    pip install py-spy
    python benchmarks/feature_profile.py

writes ``benchmarks/results/feature_profile.md``.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from measuring import describe_run, format_table, parse_arguments, write_page

from tapsklearn.datasets import load_takes
from tapsklearn.synthesis import make_tap_boards

RATE = 400
SHOWN = 10
WAYS = {
    "The four transformers": "article_preprocessing().fit_transform",
    "`TapFeatures`": "article_features().fit_transform",
}
WORK = """
import sys, time
from tapsklearn.preprocessing import article_features, article_preprocessing
paths = sys.argv[2:]
transform = {transform}
transform(paths)
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    transform(paths)
"""


def profile(transform, paths, seconds):
    """Count how often each function was found at work."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "stacks"
        command = ["py-spy", "record", "--rate", str(RATE), "--format", "raw"]
        command += ["--output", out, "--", sys.executable, "-c"]
        command += [WORK.format(transform=transform), str(seconds), *paths]
        subprocess.run(command, check=True, capture_output=True, env=environment)
        stacks = out.read_text().splitlines()
    found = Counter()
    for stack in stacks:
        frames, _, times = stack.rpartition(" ")
        if "fit_transform" not in frames:
            continue  # Imports.
        file_and_function = re.sub(r":\d+\)", ")", frames.split(";")[-1])
        found[file_and_function] += int(times)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15)
    arguments = parse_arguments(parser, quick={"seconds": 1})
    if shutil.which("py-spy") is None:
        sys.exit("feature_profile.py needs py-spy: pip install py-spy")
    with tempfile.TemporaryDirectory() as folder:
        make_tap_boards(folder, scenario="article", n_takes=2, random_state=0)
        paths = load_takes(folder).paths
        profiles = {
            way: profile(transform, paths, arguments.seconds)
            for way, transform in WAYS.items()
        }
    lines = [
        f"Share of {RATE} looks a second, for {arguments.seconds:g} s, at the function "
        "at work; one thread.",
    ]
    for way, found in profiles.items():
        total = found.total()
        rows = [
            (function, f"{100 * times / total:.1f}")
            for function, times in found.most_common(SHOWN)
        ]
        lines += ["", f"## {way}", "", *format_table(["function", "% of time"], rows)]
    write_page(
        arguments.results / "feature_profile.md",
        "Where the time goes from recordings to crops",
        describe_run(__file__, "scipy", "librosa", "soundfile", seeds=1),
        lines,
    )


if __name__ == "__main__":
    main()
