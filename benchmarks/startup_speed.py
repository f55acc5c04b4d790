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

from measuring import describe_machine, ratio_of, side_by_side, write_page

COMMANDS = {
    "bare Python": ("-c", "pass"),
    "import sklearn": ("-c", "import sklearn"),
    "import tapsklearn": ("-c", "import tapsklearn"),
    "tapsklearn --help": ("-m", "tapsklearn", "--help"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds

    def start(*arguments):
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    calls = [lambda given=given: start(*given) for given in COMMANDS.values()]
    times = dict(zip(COMMANDS, side_by_side(calls, rounds), strict=True))
    bare = median(times["bare Python"])
    write_page(
        "startup_speed.md",
        [
            "# Starting",
            "",
            f"Written by `benchmarks/startup_speed.py`: "
            f"{describe_machine('scikit-learn', 'typer')}; {rounds} rounds, in turn; "
            "median, and for ratios the least and the most of a round too.",
            "",
            "| command | ms | ms over bare Python | times `import sklearn` |",
            "|---|---|---|---|",
            *(
                f"| {name} | {1e3 * median(of_command):.0f} | "
                f"{1e3 * (median(of_command) - bare):.0f} | "
                f"{ratio_of(of_command, times['import sklearn'])} |"
                for name, of_command in times.items()
            ),
        ],
    )


if __name__ == "__main__":
    main()
