"""What a report keeps of recordings: sounds, pictures, maps, as much as fits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapsklearn._progress import Bar, progress_bar
from tapsklearn.inspection._explain_takes import explain_takes
from tapsklearn.inspection._explanation import Explanation
from tapsklearn.inspection._fitted import find_settings
from tapsklearn.inspection._report_boards import ABNORMAL, NORMAL, BoardRow, TakeRow
from tapsklearn.inspection._report_pictures import (
    Picture,
    choose_region,
    find_most,
    show_map,
    show_take,
)
from tapsklearn.inspection._report_sounds import (
    encode_difference,
    encode_low,
    encode_slow,
    encode_sound,
    read_sound,
)
from tapsklearn.preprocessing import TakeError
from tapsklearn.scoring import compute_features

MOST_NORMAL_TAKES = 20
MOST_NEAR_THRESHOLD = 20
# Of them even the smallest report keeps what fits before anything else.
_FIRST_NORMAL_TAKES = 4
_EXPLAINED_AT_ONCE = 16
# What the page says around the sounds and pictures of a board, in bytes.
_MARKUP = 4_000


@dataclass
class NormalTake:
    """A normal take that others are compared with.

    Attributes
    ----------
    board : BoardRow
        Its board.
    take : TakeRow
        The take.
    sound : str
        A data URI.
    picture : Picture
        Its spectrogram.
    waveform : ndarray of shape (n_samples,), float32
        The sound.
    """

    board: BoardRow
    take: TakeRow
    sound: str
    picture: Picture
    waveform: NDArray[np.float32]

    @property
    def n_bytes(self) -> int:
        """How much of the file it takes."""
        return _MARKUP + len(self.sound) + len(self.picture.source)


@dataclass
class BoardMedia:
    """What is kept of the take of a board that scores lowest.

    Attributes
    ----------
    take : TakeRow
        The take.
    waveform : ndarray of shape (n_samples,), float32
        Its sound.
    sounds : dict of str to str
        Data URIs: "take", and "difference", "low" and "slow" where there was room.
    picture, map : Picture or None
        Its spectrogram, and what lowers its score.
    most : tuple of float or None
        Where half of what lowers the score lies, as of `find_most`.
    method : str
        How the map was computed.
    problem : str
        Why there is no map, or "".
    nearest : int or None
        The nearest of the normal takes.
    """

    take: TakeRow
    waveform: NDArray[np.float32]
    sounds: dict[str, str]
    picture: Picture
    map: Picture | None = None
    most: tuple[float, float, float, float] | None = None
    method: str = ""
    problem: str = ""
    nearest: int | None = None

    @property
    def n_bytes(self) -> int:
        """How much of the file it takes."""
        pictures = [each.source for each in (self.picture, self.map) if each]
        return _MARKUP + sum(map(len, [*self.sounds.values(), *pictures]))


@dataclass
class Media:
    """All that a report keeps of recordings.

    Attributes
    ----------
    boards : dict of int to BoardMedia
        By the number of the board.
    normal : list of NormalTake
        Takes to compare with.
    left_out : dict of int to str
        Why a board has none, by its number: "size", "near", "unscored", "files" (its
        takes are none), "models" (they were not kept), or "read " and the reason.
    lacks_aids : bool
        Whether ways to listen were left out as there was no room.
    """

    boards: dict[int, BoardMedia] = field(default_factory=dict)
    normal: list[NormalTake] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)
    lacks_aids: bool = False


class _Room:
    """How much of the file is left."""

    def __init__(self, n_bytes: int) -> None:
        self.left = n_bytes

    def take(self, n_bytes: int) -> bool:
        """Take room, if there is enough."""
        if n_bytes > self.left:
            return False
        self.left -= n_bytes
        return True


def collect_media(
    boards: Sequence[BoardRow],
    models: Mapping[int, Any],
    *,
    max_bytes: int,
    verbose: int = 0,
) -> Media:
    """Read again what a report lets listen to, the most important first.

    Parameters
    ----------
    boards : sequence of BoardRow
        All of them.
    models : mapping of int to estimator
        What scored the takes, by the `model` of a take; a take whose model is missing
        has no picture.
    max_bytes : int
        How much of the file there is for it.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    Media
        What is kept, and why the rest is not.
    """
    media = Media()
    room = _Room(max_bytes)
    abnormal = [board for board in boards if board.verdict == ABNORMAL]
    normal = [board for board in boards if board.verdict == NORMAL]
    near, far = normal[:MOST_NEAR_THRESHOLD], normal[MOST_NEAR_THRESHOLD:]
    media.left_out |= {board.number: "near" for board in far}
    media.left_out |= {
        board.number: "unscored" for board in boards if board.worst is None
    }
    candidates = _choose_normal(normal, abnormal)
    first = candidates[:_FIRST_NORMAL_TAKES]
    kept = [board for board in [*abnormal, *near] if board.worst is not None]
    n_steps = len(candidates) + 2 * len(kept)
    with progress_bar("report", n_steps, verbose=verbose) as advance:
        _keep_normal(media, first, models, room, advance)
        _keep_boards(media, abnormal, models, room, advance)
        _keep_normal(media, candidates[len(first) :], models, room, advance)
        _keep_boards(media, near, models, room, advance)
        _find_nearest(media, models)
        _add_aids(media, models, room, advance)
    return media


def _choose_normal(
    normal: Sequence[BoardRow], abnormal: Sequence[BoardRow]
) -> list[tuple[BoardRow, TakeRow]]:
    """Choose takes to compare with: of the most normal boards, one each in turn."""
    # Where every board is abnormal, some of its takes may not be.
    of_boards = []
    for board in [*reversed(normal), *reversed(abnormal)]:
        takes = [take for take in board.scored if take.verdict == NORMAL]
        middle = np.median([take.margin for take in board.scored] or [0.0])
        takes.sort(key=lambda take: abs(take.margin - middle))
        if takes and (board.verdict == NORMAL or not normal):
            of_boards.append((board, takes))
    chosen: list[tuple[BoardRow, TakeRow]] = []
    for place in range(MOST_NORMAL_TAKES):
        for board, takes in of_boards:
            if place < len(takes) and len(chosen) < MOST_NORMAL_TAKES:
                chosen.append((board, takes[place]))
    return chosen


def _read(
    take: TakeRow, models: Mapping[int, Any]
) -> tuple[NDArray[np.float32], str, Picture]:
    """Read the sound of a take, and show its spectrogram."""
    settings = find_settings(models[take.model])
    waveform = read_sound(take.source, sr=settings["sr"])
    picture = show_take(waveform, settings, choose_region(settings))
    return waveform, encode_sound(waveform, settings["sr"]), picture


def _keep_normal(
    media: Media,
    candidates: Iterable[tuple[BoardRow, TakeRow]],
    models: Mapping[int, Any],
    room: _Room,
    advance: Bar,
) -> None:
    for board, take in candidates:
        advance()
        if take.source is None or take.model not in models:
            continue
        try:
            waveform, sound, picture = _read(take, models)
        except (TakeError, OSError):
            # Another one will do.
            continue
        kept = NormalTake(board, take, sound, picture, waveform)
        if not room.take(kept.n_bytes):
            return
        media.normal.append(kept)


def _keep_boards(
    media: Media,
    boards: Sequence[BoardRow],
    models: Mapping[int, Any],
    room: _Room,
    advance: Bar,
) -> None:
    waiting = [board for board in boards if board.worst is not None]
    for first in range(0, len(waiting), _EXPLAINED_AT_ONCE):
        some = waiting[first : first + _EXPLAINED_AT_ONCE]
        read: dict[int, BoardMedia] = {}
        for board in some:
            advance()
            take = board.worst
            if take is None or take.source is None or take.model not in models:
                is_file = take is not None and take.source is not None
                media.left_out[board.number] = "models" if is_file else "files"
                continue
            try:
                waveform, sound, picture = _read(take, models)
            except (TakeError, OSError) as error:
                media.left_out[board.number] = f"read {_explain(error)}"
            else:
                read[board.number] = BoardMedia(
                    take, waveform, {"take": sound}, picture
                )
        _explain_boards(list(read.values()), models)
        for number, of_board in read.items():
            if not room.take(of_board.n_bytes):
                # What follows is less important.
                left = [each.number for each in waiting[first:]]
                left = [n for n in left if n not in {*media.boards, *media.left_out}]
                media.left_out |= dict.fromkeys(left, "size")
                return
            media.boards[number] = of_board


def _explain(error: Exception) -> str:
    if isinstance(error, TakeError):
        return next(iter(error.problems.values()))
    return str(getattr(error, "strerror", None) or error)


def _explain_boards(some: Sequence[BoardMedia], models: Mapping[int, Any]) -> None:
    for model, of_model in _by_model(some):
        takes = [each.take.source for each in of_model]
        try:
            explanations: list[Explanation] = explain_takes(models[model], takes)
        except (ValueError, ImportError) as error:
            for each in of_model:
                each.problem = " ".join(str(error).split())
            continue
        region = choose_region(find_settings(models[model]))
        for each, explanation in zip(of_model, explanations, strict=True):
            if not np.isfinite(explanation.values).any():
                each.problem = "it has no values"
                continue
            each.map = show_map(explanation, region)
            each.most = find_most(explanation)
            each.method = explanation.method


def _by_model(
    some: Iterable[BoardMedia],
) -> Iterator[tuple[int, list[BoardMedia]]]:
    of_models: dict[int, list[BoardMedia]] = {}
    for each in some:
        of_models.setdefault(each.take.model, []).append(each)
    yield from of_models.items()


def _find_nearest(media: Media, models: Mapping[int, Any]) -> None:
    """Find for each board the normal take whose features are most like its own."""
    if not media.normal:
        return
    normal = [each.take.source for each in media.normal]
    for model, of_model in _by_model(media.boards.values()):
        takes = [each.take.source for each in of_model]
        try:
            features = compute_features(models[model], [*normal, *takes])
        except (ValueError, OSError):
            # A file that was there a moment ago.
            continue
        flat = np.asarray(features, dtype=np.float64).reshape(len(features), -1)
        ours, others = flat[len(normal) :], flat[: len(normal)]
        for each, row in zip(of_model, ours, strict=True):
            distances = np.square(others - row).sum(axis=1)
            own = [place.take is each.take for place in media.normal]
            distances[own] = np.inf
            if np.isfinite(distances).any():
                each.nearest = int(np.nanargmin(distances))


def _add_aids(
    media: Media, models: Mapping[int, Any], room: _Room, advance: Bar
) -> None:
    """Add ways to listen, as far as there is room: what takes least first."""
    for name in ("low", "difference", "slow"):
        for of_board in media.boards.values():
            if name == "low":
                advance()
            sr = find_settings(models[of_board.take.model])["sr"]
            if name == "low":
                sound = encode_low(of_board.waveform, sr)
            elif name == "slow":
                sound = encode_slow(of_board.waveform, sr)
            elif of_board.nearest is None:
                continue
            else:
                normal = media.normal[of_board.nearest].waveform
                sound = encode_difference(of_board.waveform, normal, sr)
            if not room.take(len(sound)):
                media.lacks_aids = True
                return
            of_board.sounds[name] = sound
