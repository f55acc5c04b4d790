"""Whether a take holds a tap, and where."""

from typing import NamedTuple

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from tapsklearn.preprocessing._levels import HOPS_PER_FRAME, Levels
from tapsklearn.preprocessing._take_rules import (
    ATTACK_SECONDS,
    EDGE_SECONDS,
    EVENT_DB,
    EVENTS_SECONDS,
    FALL_SECONDS,
    FLOOR_DB,
    HIGH_RISE_DB,
    LEAST_PERIOD_SECONDS,
    LEAST_RISE_DB,
    LEAST_SECONDS,
    MOST_EVENTS,
    NEARLY_LOUDEST_DB,
    NO_BACKGROUND_SECONDS,
    ONE_EVENT_SECONDS,
    POP_FALL_DB,
    POP_OVER_DB,
    POP_SECONDS,
    RISE_DB,
    SECOND_TAP_DB,
    SOUND_DB,
    SUDDEN_RISE_DB,
    find_taps,
    rise_above_rest,
)

# How far before the loudest frame a tap can begin: as far as the article's crop.
_REACH_SECONDS = 110 * 128 / 44100
_SILENCE = 1e-30
_WINDOW = scipy.signal.get_window("hann", 16 * HOPS_PER_FRAME) ** 2
_OF_HOPS = _WINDOW.reshape(HOPS_PER_FRAME, -1).sum(axis=1) / _WINDOW.sum()


class Finding(NamedTuple):
    """What was found in a take.

    Attributes
    ----------
    problem : str
        Why there is no tap in it; "" if there is one.
    taps : tuple of float
        When the loudest moment of each is, in seconds.
    is_cut : bool
        Whether the take begins in the middle of its tap.
    """

    problem: str = ""
    taps: tuple[float, ...] = ()
    is_cut: bool = False


def find_pops(levels: Levels) -> tuple[int, int]:
    """Find pops at the ends of a take.

    Parameters
    ----------
    levels : Levels
        Of the take, without rumble.

    Returns
    -------
    first, last : int
        The hops from the first to before the last are free of them: mostly all.
    """
    first, last = 0, len(levels.power)
    if levels.seconds >= NO_BACKGROUND_SECONDS:
        first = _end_of_pop(levels.power, levels.high, levels.hop_seconds)
        power, high = (of[first:][::-1] for of in (levels.power, levels.high))
        last -= _end_of_pop(power, high, levels.hop_seconds)
    return first, last


def find_tap(levels: Levels, first: int, last: int) -> Finding:
    """Find the tap of a take.

    Parameters
    ----------
    levels : Levels
        Of the take, without rumble and pops.
    first, last : int
        Of `find_pops`.

    Returns
    -------
    Finding
        Of it.
    """
    hop_seconds = levels.hop_seconds
    n_hops = len(levels.power)
    if levels.seconds < LEAST_SECONDS:
        return Finding("holds no tap: it is too short for one")
    if last - first < 2 * HOPS_PER_FRAME:
        # Some ten samples do not show what they are.
        return Finding()
    if not levels.power[first:last].any():
        return Finding("holds no tap: nothing but an offset or rumble")
    has_background = levels.seconds >= NO_BACKGROUND_SECONDS
    power, high = (
        _frame_levels(of_hops[first:last]) for of_hops in (levels.power, levels.high)
    )
    problem = _find_problem(power, high, hop_seconds, has_background=has_background)
    if problem:
        return Finding(problem)
    loudest = first + int(np.argmax(levels.power[first:last]))
    is_at_end = (n_hops - 1 - loudest) * hop_seconds < EDGE_SECONDS
    if has_background and last == n_hops and is_at_end:
        return Finding("holds no whole tap: the take ends in the middle of it")
    taps = first + find_taps(power, hop_seconds=hop_seconds)
    return Finding(
        taps=tuple((taps + HOPS_PER_FRAME / 2) * hop_seconds),
        is_cut=first == 0 and bool(power[0] >= power.max() - RISE_DB),
    )


def _frame_levels(of_hops: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the level of each frame that lies within the hops, in dB."""
    power = np.correlate(of_hops, _OF_HOPS, "valid")
    level = 10 * np.log10(np.maximum(power, _SILENCE))
    return np.maximum(level, level.max() - FLOOR_DB)


def _end_of_pop(
    power: NDArray[np.float64], high: NDArray[np.float64], hop_seconds: float
) -> int:
    """Give the hop in which a pop at the first one is over; 0 if there is none.

    A pop is clear of the noise, and as loud as the rest or nearly.
    """
    n_edge = max(1, round(EDGE_SECONDS / hop_seconds))
    n_most = round(POP_SECONDS / hop_seconds)
    rest = high[n_most:]
    if len(rest) < 2 * HOPS_PER_FRAME:
        return 0
    rest = rest[rest > rest.max() * _ratio(-SOUND_DB)]
    quiet = np.partition(rest, len(rest) // 4)[len(rest) // 4] if len(rest) else 0.0
    loudest = int(np.argmax(high[:n_edge]))
    peak = high[loudest]
    if peak <= quiet * _ratio(RISE_DB):
        return 0
    over = max(quiet * _ratio(POP_OVER_DB), peak * _ratio(-POP_FALL_DB))
    is_over = high[loudest : n_most + 1] <= over
    places = np.flatnonzero(is_over[1:] & is_over[:-1])
    if not len(places):
        return 0
    end = loudest + int(places[0])
    is_near = any(
        of_hops[:end].max() >= _ratio(-SECOND_TAP_DB) * of_hops[end:].max()
        for of_hops in (high, power)
    )
    return end if is_near else 0


def _find_problem(
    power: NDArray[np.float64],
    high: NDArray[np.float64],
    hop_seconds: float,
    *,
    has_background: bool,
) -> str:
    """Say why frames of such levels show no tap; "" if they do."""
    loudest = int(np.argmax(power))
    first = max(0, loudest - round(_REACH_SECONDS / hop_seconds))
    high_loudest = first + int(np.argmax(high[first : loudest + HOPS_PER_FRAME]))
    rise = rise_above_rest(power, power > power[loudest] - SOUND_DB)
    high_rise = rise_above_rest(high, high > high.max() - SOUND_DB)
    high_rise -= high.max() - high[high_loudest]
    least = RISE_DB if has_background else LEAST_RISE_DB
    is_long = len(power) * hop_seconds >= ONE_EVENT_SECONDS
    for found, needed, where in (
        (rise, least, ""),
        (high_rise, HIGH_RISE_DB if is_long else least, " above 1 kHz"),
    ):
        if found < needed:
            return (
                f"holds no tap: its loudest frame is only {found:.1f} dB above the "
                f"rest of the take{where} (a tap needs {needed:g} dB)"
            )
    if not has_background:
        return ""
    if not (
        _is_sudden(high, high_loudest, hop_seconds)
        or _is_sudden(power, loudest, hop_seconds)
    ):
        return "holds no tap: its loudest moment comes or goes too slowly for one"
    n_events = _count_events(power, loudest, hop_seconds)
    if n_events:
        return f"holds no tap: it rises {n_events} times, each time as loud"
    return ""


def _is_sudden(level: NDArray[np.float64], loudest: int, hop_seconds: float) -> bool:
    """Find out whether a take's loudest moment sets in as a tap does.

    Near it some frame stands out of what came before; or little came before, and it
    falls as a tap does.
    """
    late, early = (round(seconds / hop_seconds) for seconds in ATTACK_SECONDS)
    n_fall = round(FALL_SECONDS / hop_seconds)
    for frame in range(max(0, loudest - early), loudest + 1):
        if level[frame] < level[loudest] - NEARLY_LOUDEST_DB:
            continue
        if frame < late:
            comes = level[:frame].min(initial=np.inf) <= level[frame] - SUDDEN_RISE_DB
            goes = level[frame : frame + n_fall].min() <= level[frame] - RISE_DB
            if comes or goes:
                return True
        else:
            before = level[max(0, frame - early) : frame - late + 1].max()
            if level[frame] >= before + SUDDEN_RISE_DB:
                return True
    return False


def _count_events(power: NDArray[np.float64], loudest: int, hop_seconds: float) -> int:
    """Count the events that are as loud as the loudest; 0 if it may be the tap."""
    if len(power) * hop_seconds < ONE_EVENT_SECONDS:
        near, most = power, 1
        events = find_taps(
            near, hop_seconds=hop_seconds, apart=LEAST_PERIOD_SECONDS, fall=EVENT_DB
        )
    else:
        n_near = round(EVENTS_SECONDS / hop_seconds)
        near, most = power[max(0, loudest - n_near) : loudest + n_near], MOST_EVENTS
        events = find_taps(near, hop_seconds=hop_seconds)
    n_events = int(np.count_nonzero(near[events] >= power[loudest] - EVENT_DB))
    return n_events if n_events > most else 0


def _ratio(decibel: float) -> float:
    return 10 ** (decibel / 10)
