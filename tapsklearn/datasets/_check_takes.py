"""Everything that is wrong with a folder of recordings, in one table."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from tapsklearn._progress import progress_bar
from tapsklearn.datasets._files import is_file
from tapsklearn.datasets._index import read_index
from tapsklearn.datasets._mixed_devices import find_mixed_devices
from tapsklearn.preprocessing import TapMeasure, find_misfits, inspect_take

# Fewer do not show how a board's own taps differ from each other, and leave none to
# hold out for calibration. The article recorded 30 of each.
MIN_TAKES = 10


def check_takes(
    directory: str | os.PathLike[str],
    *,
    normal: str | Iterable[str] | None = None,
    min_takes: int = MIN_TAKES,
    verbose: int = 0,
) -> pd.DataFrame:
    """Find everything that is wrong with a folder of recordings.

    Every file is read, one at a time, in full; its tap, if it holds one, is measured.

    Parameters
    ----------
    directory : path-like
        The folder, in a layout that `load_takes` reads.
    normal : str or iterable of str, default=None
        As for `load_takes`. Here it is no problem if nothing says which boards are
        normal.
    min_takes : int, default=10
        How many takes a board needs.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    DataFrame
        A row for each problem; no row if all is well. Columns: ``path`` as in the
        frame of `load_takes`, ``board``, ``problem``, ``detail`` in words. The
        problems, in this order ("" for a path or board that does not apply):

        - "folder": what `load_takes` would raise.
        - "unused": a recording that is there and is not used, as it cannot be read,
          lies in a subfolder or is not listed; or a table that is not read.
        - "duplicate": the same recording as another one.
        - "similar names": boards or specimens whose names differ by capital letters,
          spaces, or the width or Unicode form of letters alone.
        - "unreadable": not sound that can be used, such as a truncated file.
        - "silent": nothing but zeros.
        - "clipped": three samples or more in a row at full scale.
        - "no tap": nothing rises 10 dB above the rest of the take, and as suddenly as
          a tap; or the take ends in the middle of it.
        - "quiet": a peak of less than 100 of the steps that the file's numbers have,
          or too low for a spectrogram.
        - "two taps": peaks within 15 dB of the loudest, 0.1 s or more apart, with
          a fall of 10 dB between them. What bounces, like a dropped ball, has
          them by nature.
        - "cut": the take begins in the middle of its tap.
        - "offset": a constant of a hundredth of full scale, or a twentieth of the
          loudest sample; it is left out.
        - "lossy": coded in a way that changes the sound.
        - "pop": a click at an end of the file, which is left out.
        - "odd rate": another sampling rate than most files have, where not all of
          a board's have it.
        - "low rate": the rate is too low for the taps of this or of the other files.
        - "short": the take ends before its tap has rung out. This and the one before
          are said of all files at once where they hold for half of them.
        - "mixed devices": boards that were recorded with other sampling rates, codings
          or channels than others, or through a narrow band, as of a phone call or a
          headset; and whether that is so of abnormal boards alone, so that a model
          would learn the device. One row for each of the four.
        - "few takes": a board with fewer than `min_takes` takes.

    Raises
    ------
    FolderError
        If the folder is missing, is not a folder, or holds no recordings.

    See Also
    --------
    tapsklearn.datasets.load_takes : Load what has been checked.

    Examples
    --------
    >>> import pathlib, tempfile, numpy as np, soundfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     pathlib.Path(directory, "oak").mkdir()
    ...     soundfile.write(f"{directory}/oak/00.wav", np.zeros(44100), 44100)
    ...     soundfile.write(f"{directory}/oak/01.wav", [], 44100)
    ...     print(check_takes(directory, min_takes=5).to_string(index=False))
         path board    problem                    detail
    oak/00.wav   oak     silent      all samples are zero
    oak/01.wav   oak unreadable          holds no samples
                 oak  few takes 2 of the 5 takes needed
    """
    frame, folder_problems, findings = read_index(
        directory, normal=normal, need_condition=False
    )
    # Missing files are among the folder's problems already.
    files = [
        (path, board)
        for path, board in zip(frame["path"], frame["board"], strict=True)
        if is_file(Path(directory, path))
    ]

    found = []
    rates: list[int | None] = []
    measures: dict[str, TapMeasure] = {}
    with progress_bar("checking", len(files), verbose=verbose) as advance:
        for path, _ in files:
            problems, rate, measure = inspect_take(Path(directory, path))
            if measure is not None:
                measures[path] = measure
            found.append(problems)
            rates.append(rate)
            advance()

    rows: list[tuple[str, ...]] = [
        ("", "", "folder", problem) for problem in folder_problems
    ]
    # All files without sound are the same.
    without_sound = {
        path
        for (path, _), problems in zip(files, found, strict=True)
        if {"unreadable", "silent"} & {code for code, _ in problems}
    }
    rows += [f for f in findings if f.path not in without_sound]
    known_rates = Counter(rate for rate in rates if rate is not None)
    rates_of = defaultdict(set)
    for (_, board), rate in zip(files, rates, strict=True):
        rates_of[board].add(rate)
    for (path, board), problems, rate in zip(files, found, rates, strict=True):
        rows += [(path, board, problem, detail) for problem, detail in problems]
        # Of whole boards something is said below.
        if rate is None or len(rates_of[board] - {None}) == 1:
            continue
        if rate != (usual := known_rates.most_common(1)[0][0]):
            detail = f"{rate} Hz, where most files have {usual} Hz"
            rows.append((path, board, "odd rate", detail))
    board_of = dict(files)
    rows += [
        (path, board_of.get(path, ""), problem, detail)
        for path, problem, detail in find_misfits(measures)
    ]
    rows += find_mixed_devices(frame, measures)
    n_takes = Counter(board for _, board in files)
    for board in frame["board"].unique():
        if board and n_takes[board] < min_takes:
            detail = f"{n_takes[board]} of the {min_takes} takes needed"
            rows.append(("", board, "few takes", detail))
    return pd.DataFrame(rows, columns=["path", "board", "problem", "detail"])
