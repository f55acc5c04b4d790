"""How long it takes to solve a board and to render a take, on one thread.

    python benchmarks/synthesis_speed.py

writes ``benchmarks/results/synthesis_speed.md``: the median time of a board (intact,
and cracked from each kind of edge) and of a take of a board that is solved already.
"""

import argparse
import itertools
from statistics import median

from measuring import (
    describe_run,
    format_table,
    parse_arguments,
    side_by_side,
    write_page,
)
from threadpoolctl import threadpool_limits

from tapsklearn.synthesis import Crack, Plate, Strike, plate_modes, render_tap

CRACK = Crack(position=0.25, depth=0.6, length=0.040, breathing=0.3)
PLATES = {
    "board, intact": Plate(),
    "board, cracked across the grain": Plate(crack=CRACK),
    "board, cracked along the grain": Plate(
        crack=Crack(position=0.4, depth=0.6, length=0.060, edge="left")
    ),
}
STRIKE = Strike(x=0.030, y=0.065)


def solve(plate, numbers):
    # Modes are kept by all parameters: another limit is solved anew.
    plate_modes(plate, max_frequency=9000.0 + 1e-6 * next(numbers))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=31)
    arguments = parse_arguments(parser, quick={"rounds": 2})
    numbers = itertools.count()
    calls = {
        name: lambda plate=plate: solve(plate, numbers)
        for name, plate in PLATES.items()
    }
    for name, plate in list(PLATES.items())[:2]:
        calls[name.replace("board", "take of 3 s")] = lambda plate=plate: render_tap(
            plate, STRIKE, random_state=next(numbers)
        )
    with threadpool_limits(limits=1):
        times = side_by_side(list(calls.values()), arguments.rounds)
    rows = [
        (name, f"{1e3 * median(of_call):.1f}")
        for name, of_call in zip(calls, times, strict=True)
    ]
    write_page(
        arguments.results / "synthesis_speed.md",
        "Synthesis",
        describe_run(__file__, "scipy", rounds=arguments.rounds),
        ["One thread; each in turn; median.", "", *format_table(["what", "ms"], rows)],
    )


if __name__ == "__main__":
    main()
