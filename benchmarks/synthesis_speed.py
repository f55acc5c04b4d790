"""How long it takes to solve a board and to render a take, on one thread.

Run it from the top of the repository, on a machine with little else to do:

    python benchmarks/synthesis_speed.py

It prints the median time of a board (intact, and cracked from each kind of edge),
of a take of a board that is solved already, and what it was measured with.
"""

import argparse
import statistics
import time
from collections.abc import Callable

from measuring import describe_machine
from threadpoolctl import threadpool_limits

from tapsklearn.synthesis import Board, Crack, Strike, plate_modes, render_tap

CRACK = Crack(position=0.25, depth=0.6, length=0.040, breathing=0.3)
BOARDS = {
    "board, intact": Board(),
    "board, cracked across the grain": Board(crack=CRACK),
    "board, cracked along the grain": Board(
        crack=Crack(position=0.4, depth=0.6, length=0.060, edge="left")
    ),
}
STRIKE = Strike(x=0.030, y=0.065)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=31, help="of each (default 31)")
    repeats = parser.parse_args().repeats
    print(f"{describe_machine('numpy', 'scipy')}; one thread")
    print(f"median of {repeats}, in ms")
    with threadpool_limits(limits=1):
        for name, board in BOARDS.items():
            report(name, lambda i, board=board: solve_anew(board, i), repeats)
        for name, board in list(BOARDS.items())[:2]:
            take = name.replace("board", "3-s take")
            report(
                take,
                lambda i, board=board: render_tap(board, STRIKE, random_state=i),
                repeats,
            )


def solve_anew(board: Board, i: int) -> None:
    """Solve a board that was not solved before: modes are kept by all parameters."""
    plate_modes(board, max_frequency=9000.0 + 1e-6 * i)


def report(name: str, call: Callable[[int], object], repeats: int) -> None:
    """Print the median time of a call, after one to warm up."""
    times = []
    for i in range(repeats + 1):
        start = time.perf_counter()
        call(i)
        times.append(time.perf_counter() - start)
    print(f"{name:34s}{1e3 * statistics.median(times[1:]):8.1f}")


if __name__ == "__main__":
    main()
