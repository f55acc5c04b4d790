"""How long `import tapsklearn` and `tapsklearn --help` keep one waiting.

New interpreters, in turn, round by round, beside one that does nothing and one that
imports scikit-learn.

    python benchmarks/startup_speed.py

writes ``benchmarks/results/startup_speed.md``.
"""

import argparse
import subprocess
import sys
from statistics import median

from measuring import (
    describe_run,
    format_table,
    parse_arguments,
    ratio_of,
    side_by_side,
    write_page,
)

COMMANDS = {
    "bare Python": ("-c", "pass"),
    "import sklearn": ("-c", "import sklearn"),
    "import tapsklearn": ("-c", "import tapsklearn"),
    "tapsklearn --help": ("-m", "tapsklearn", "--help"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21)
    arguments = parse_arguments(parser, quick={"rounds": 1})

    def start(*arguments):
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    calls = [lambda given=given: start(*given) for given in COMMANDS.values()]
    times = dict(zip(COMMANDS, side_by_side(calls, arguments.rounds), strict=True))
    bare = median(times["bare Python"])
    columns = ["command", "ms", "ms over bare Python", "times `import sklearn`"]
    rows = [
        (
            name,
            f"{1e3 * median(of_command):.0f}",
            f"{1e3 * (median(of_command) - bare):.0f}",
            ratio_of(of_command, times["import sklearn"]),
        )
        for name, of_command in times.items()
    ]
    write_page(
        arguments.results / "startup_speed.md",
        "Starting",
        describe_run(__file__, "typer", rounds=arguments.rounds),
        [
            "Each in turn; median, and for ratios the least and the most of a round "
            "too.",
            "",
            *format_table(columns, rows),
        ],
    )


if __name__ == "__main__":
    main()
