"""Synthesized recordings on the disk, as if a shop had tapped its boards."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import delayed
from numpy.typing import NDArray
from sklearn.utils import Bunch
from threadpoolctl import threadpool_limits

from tapsklearn._encode_wav import encode_wav
from tapsklearn._jobs import run_parallel
from tapsklearn._progress import progress_bar
from tapsklearn._version import __version__
from tapsklearn._whole_file import UNFINISHED, write_whole
from tapsklearn.datasets import load_takes
from tapsklearn.synthesis import Rig, new_session, render_tap
from tapsklearn.synthesis._boards import (
    EVALUATION,
    TappedBoard,
    session_generator,
    take_generator,
)
from tapsklearn.synthesis._scenarios import list_boards
from tapsklearn.synthesis._truth import describe

RECORD = "synthesis.json"
_TABLE = "takes.csv"


def make_tap_boards(
    directory: str | os.PathLike[str],
    *,
    scenario: str = "article",
    n_takes: int = 30,
    n_boards: int | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Bunch:
    """Synthesize recordings of tapped boards into a folder.

    Each board, one end of a piece of wood, gets a folder of WAV files (16 bits,
    mono, 44.1 kHz, 3 s); ``takes.csv`` lists them with the physical truth, and
    ``synthesis.json`` says how they were made. A run that was interrupted is
    continued by the same call, and every file in the folder is whole at all times;
    ``takes.csv`` is written last.

    Parameters
    ----------
    directory : path-like
        The folder: missing, empty, or begun by the same call before.
    scenario : {"article", "same_shop", "wide", "anything"}, default="article"
        "article": the boards of the article (normal 1 and 3, the two ends of each of
        two cracked boards as abnormal 5 and 6, 7 and 8, similar boards 11 to 14 of
        a slightly different wood) and further ones to train on. "same_shop":
        random boards that differ as those of one shop do. "wide": random boards
        that differ more, which is hard: size moves the sound more than a crack.
        "anything": plates and beams of any material and size, tapped and recorded in
        any way, half of them with a crack, cut, hole or delamination, in takes of
        0.8 s (see `synthesize_taps`).
    n_takes : int, default=30
        Takes of each board.
    n_boards : int, default=None
        Number of random specimens. If None, 12 for "article", every third cracked,
        and 24 else, every second defective.
    random_state : int, default=0
        Seed. Each take depends on it, its board and its number alone.
    n_jobs : int, default=None
        Boards synthesized in parallel; changes no byte.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    Bunch
        What `load_takes` gives for the folder.

    Raises
    ------
    ValueError
        If the folder holds anything else, or a parameter is out of range.

    See Also
    --------
    tapsklearn.synthesis.synthesize_taps : The same without a disk.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     takes = make_tap_boards(directory, n_takes=1, n_boards=0)
    >>> takes.normal_boards[:3]
    ['normal 1 left', 'normal 1 right', 'normal 3 left']
    """
    directory = Path(directory)
    if n_takes < 1:
        raise ValueError(f"n_takes={n_takes} must be at least 1")
    boards = list_boards(scenario, n_boards=n_boards, seed=random_state)
    record = {
        "made_by": f"tapsklearn {__version__}",
        "scenario": scenario,
        "n_takes": n_takes,
        "n_boards": n_boards,
        "random_state": random_state,
        # In "anything", each board's own is sampled; takes.csv has what matters.
        "rig": None if scenario == "anything" else asdict(Rig()),
    }
    _prepare(directory, record, boards)
    work = partial(
        _write_board, directory=directory, n_takes=n_takes, random_state=random_state
    )
    for_each_board(work, boards, n_jobs=n_jobs, verbose=verbose)
    rows = [
        {"path": f"{board.name}/{take:02d}.wav", "take": take, **describe(board)}
        for board in boards
        for take in range(n_takes)
    ]
    columns = ["path", "board", "condition", "specimen", "take"]
    table = pd.DataFrame(rows)
    table = table[columns + [name for name in table if name not in columns]]
    write_whole(directory / _TABLE, table.to_csv(index=False).encode())
    return load_takes(directory)


def for_each_board(
    work: Callable[[TappedBoard], Any],
    boards: Sequence[TappedBoard],
    *,
    n_jobs: int | None,
    verbose: int,
) -> list[Any]:
    """Do something for each board, several at a time.

    Parameters
    ----------
    work : callable
        Takes a board.
    boards : sequence of TappedBoard
        The boards.
    n_jobs : int or None
        How many at a time.
    verbose : int
        1 shows a progress bar.

    Returns
    -------
    list
        What `work` gave, in the order of the boards.
    """
    tasks = (delayed(work)(board) for board in boards)
    finished = run_parallel(tasks, n_jobs=n_jobs)
    results = []
    with progress_bar("synthesizing", len(boards), verbose=verbose) as advance:
        for result in finished:
            results.append(result)
            advance()
    return results


def render_takes(
    board: TappedBoard,
    takes: Iterable[int],
    random_state: int,
    *,
    domain: str = EVALUATION,
) -> Iterator[NDArray[np.float32]]:
    """Synthesize takes of one board, recorded in one session.

    Parameters
    ----------
    board : TappedBoard
        The board.
    takes : iterable of int
        Numbers of the takes.
    random_state : int
        Seed of the data set.
    domain : {"evaluation", "pretraining"}, default="evaluation"
        What the data are for.

    Yields
    ------
    ndarray of shape (n_samples,), float32
        The takes, one at a time.
    """
    session = session_generator(random_state, board.name, domain=domain)
    rig = new_session(board.rig, random_state=session)
    # The last digits of a matrix product depend on how many threads compute it.
    with threadpool_limits(1):
        modes = board.modes()
        for take in takes:
            rng = take_generator(random_state, board.name, take, domain=domain)
            yield render_tap(modes, board.strike, rig, random_state=rng)


def _prepare(
    directory: Path, record: dict[str, Any], boards: list[TappedBoard]
) -> None:
    """Make the folder, or make sure that it is one to be continued."""
    content = json.dumps(record, indent=2).encode()
    if directory.exists() and not directory.is_dir():
        raise ValueError(f"{directory} is a file, not a folder")
    present = (
        sorted(path.name for path in directory.iterdir()) if directory.exists() else []
    )
    begun = RECORD in present
    # Without the record, even what has the name of a board is somebody else's.
    ours = {RECORD, _TABLE, *(board.name for board in boards)} if begun else set()
    foreign = [
        name for name in present if name not in ours and not name.endswith(UNFINISHED)
    ]
    if foreign:
        raise ValueError(
            f"{directory} holds other files ({', '.join(foreign[:3])}); name a new "
            "folder"
        )
    if begun and (directory / RECORD).read_bytes() != content:
        raise ValueError(
            f"{directory} holds boards that were made with other settings (see its "
            f"{RECORD}); name a new folder"
        )
    directory.mkdir(parents=True, exist_ok=True)
    # What a run that was killed has left.
    for unfinished in directory.rglob(f".*{UNFINISHED}"):
        unfinished.unlink(missing_ok=True)
    write_whole(directory / RECORD, content)


def _write_board(
    board: TappedBoard, *, directory: Path, n_takes: int, random_state: int
) -> None:
    folder = directory / board.name
    folder.mkdir(exist_ok=True)
    paths = {take: folder / f"{take:02d}.wav" for take in range(n_takes)}
    missing = {take: path for take, path in paths.items() if not path.exists()}
    waveforms = render_takes(board, missing, random_state)
    for path, waveform in zip(missing.values(), waveforms, strict=True):
        write_whole(path, encode_wav(waveform, board.rig.sample_rate))
