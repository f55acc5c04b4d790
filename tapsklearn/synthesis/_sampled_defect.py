"""Defects of any kind, place, size and depth. All bounds are assumed ranges."""

from dataclasses import replace

import numpy as np

from tapsklearn.synthesis import Crack, Delamination, Hole, Plate
from tapsklearn.synthesis._crack import EDGES
from tapsklearn.synthesis._numbers import sample_between

# How often each kind occurs; delaminations only in what comes apart.
_KINDS = {"crack": 0.42, "cut": 0.14, "hole": 0.22, "delamination": 0.22}


def with_sampled_defect(
    plate: Plate, rng: np.random.Generator, *, splits: bool, is_board: bool = False
) -> Plate:
    """Give a plate a defect of any kind.

    Parameters
    ----------
    plate : Plate
        The plate, without one.
    rng : Generator
        Samples the defect.
    splits : bool
        Whether the plate comes apart in layers.
    is_board : bool, default=False
        Whether it is a board of wood, which only cracks or is cut, from an edge.

    Returns
    -------
    Plate
        With a crack, a cut, a hole or a delamination.
    """
    if is_board:
        return replace(plate, crack=_sample_board_crack(plate, rng))
    kinds = [kind for kind in _KINDS if splits or kind != "delamination"]
    shares = np.array([_KINDS[kind] for kind in kinds])
    kind = str(rng.choice(kinds, p=shares / shares.sum()))
    if kind == "hole":
        return replace(plate, hole=_sample_hole(plate, rng))
    if kind == "delamination":
        return replace(plate, delamination=_sample_delamination(plate, rng))
    return replace(plate, crack=_sample_crack(plate, rng, cut=kind == "cut"))


def _sample_board_crack(plate: Plate, rng: np.random.Generator) -> Crack:
    edge = str(rng.choice(EDGES))
    room = plate.width if edge in ("bottom", "top") else plate.length
    return Crack(
        position=float(rng.uniform(0.05, 0.95)),
        depth=float(rng.uniform(0.4, 0.9)),
        length=min(sample_between(rng, 0.025, 0.120), 0.9 * room),
        edge=edge,
        breathing=float(rng.uniform(0.0, 0.6)) if rng.random() < 0.6 else 0.0,
    )


def _sample_crack(plate: Plate, rng: np.random.Generator, *, cut: bool) -> Crack:
    edge = str(rng.choice(EDGES))
    room = plate.width if edge in ("bottom", "top") else plate.length
    length = room * sample_between(rng, 0.3, 1.0)
    # A third lies within the plate.
    start = rng.uniform(0, room - length) if rng.random() < 0.33 else 0.0
    # One of six is near a corner.
    position = rng.uniform(0.03, 0.97)
    if rng.random() < 1 / 6:
        position = float(rng.choice([0.04, 0.96])) + rng.uniform(-0.03, 0.03)
    return Crack(
        position=float(position),
        depth=float(rng.uniform(0.4, 0.95)),
        # Not longer than the room by a rounding error.
        length=0.999 * length,
        edge=edge,
        # The open faces of a cut do not rub.
        loss_factor=plate.material.eta_R if cut else sample_between(rng, 0.03, 0.25),
        breathing=0.0 if cut else float(rng.uniform(0.05, 1.0)),
        start=float(start),
    )


def _sample_hole(plate: Plate, rng: np.random.Generator) -> Hole:
    x, y, length, width = _sample_place(plate, rng, area=(0.03, 0.15))
    through = rng.random() < 0.6
    depth = float(rng.uniform(0.3, 0.9))
    return Hole(x, y, length, width, depth=1.0 if through else depth)


def _sample_delamination(plate: Plate, rng: np.random.Generator) -> Delamination:
    x, y, length, width = _sample_place(plate, rng, area=(0.10, 0.50))
    return Delamination(
        x,
        y,
        length,
        width,
        depth=float(rng.uniform(0.1, 0.9)),
        loss_factor=sample_between(rng, 0.02, 0.12),
    )


def _sample_place(
    plate: Plate, rng: np.random.Generator, *, area: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Sample the corner and the sides of a rectangle of a share of the area."""
    share, aspect = sample_between(rng, *area), sample_between(rng, 0.5, 2.0)
    x, length = _span(plate.length, min(np.sqrt(share * aspect), 0.95), rng)
    y, width = _span(plate.width, min(np.sqrt(share / aspect), 0.95), rng)
    return x, y, length, width


def _span(side: float, share: float, rng: np.random.Generator) -> tuple[float, float]:
    """Sample where a patch begins along a side, and how long it is.

    Half lie anywhere, a quarter at each end: a quarter of all are at a corner.
    """
    size = share * side
    places = [0.0, side - size, rng.uniform(0, side - size)]
    start = float(rng.choice(places, p=[0.25, 0.25, 0.5]))
    # Not beyond the side by a rounding error.
    return start, min(size, side - start)
