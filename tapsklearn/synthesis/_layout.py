"""Where the knots lie on a plate.

A Ritz solution is a little too high; by how much depends on the knots. If cracked
plates alone had finer knots, a model could detect them by that: the discretization
would leak the label. So the knots follow the place of a crack and not whether there
is one, or how deep.
"""

# Three ways were measured with 14 x 10 elements on a spruce plate of 200 x 130 x
# 10 mm. Errors are the largest against 30 x 24 elements, up to 4 kHz (in brackets:
# up to 9 kHz).
#
# - Even knots for all plates: no leak, but a crack falls anywhere between them, and
#   frequencies of cracked plates are wrong by up to 1.4 % (2.6 %), as much as a
#   crack shifts them. 24 x 16 elements still leave 0.4 %, and cost 0.3 s a plate.
# - Finer knots at a crack, even ones without: wrong by 0.10 % (1.1 %); the leak, an
#   intact plate on the one against the other, is up to 0.02 % or 0.7 Hz below
#   4.5 kHz (0.6 % up to 9 kHz) over 30 places.
# - Finer knots at a crack of whatever depth, 0 included: as right, and no leak at
#   all between plates whose places were sampled in the same way.
#
# Hence the third. An intact plate that is to be compared with cracked ones carries a
# crack of depth 0; one with crack=None has even knots, and the small leak of the
# second way. For comparison: plates of one workshop differ by 1 to 5 %, the takes
# of one plate by 0.15 %.

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tapsklearn.synthesis._crack import decay_length
from tapsklearn.synthesis._plate import Plate
from tapsklearn.synthesis._splines import SplineAxis

# Knots on both sides of the crack, in decay lengths: bending is sharpest there.
NEAR_CRACK = (-2.5, -1.0, -0.35, 0.35, 1.0, 2.5)


@dataclass(frozen=True)
class Layout:
    """The splines along both sides of a plate.

    Attributes
    ----------
    x, y : SplineAxis
        Those along and across the grain; a deflection is a sum of products of
        two.
    """

    x: SplineAxis
    y: SplineAxis


def layout_for(plate: Plate, *, n_elements: tuple[int, int]) -> Layout:
    """Lay the knots out for a plate.

    Parameters
    ----------
    plate : Plate
        Its sides and thickness count, and the place of its defect, but not how deep
        that is.
    n_elements : tuple of int
        Number of even intervals along x and y, before knots are added at a defect.

    Returns
    -------
    Layout
        The splines.
    """
    sides = (plate.length, plate.width)
    knots = [_even(side, n) for side, n in zip(sides, n_elements, strict=True)]
    rooms = [0.25 * (even[1] - even[0]) for even in knots]
    breaks: list[tuple[float, ...]] = [(), ()]
    if plate.crack is not None:
        across, along = (0, 1) if plate.crack.across_grain else (1, 0)
        line = plate.crack.position * sides[across]
        knots[across] = _with_line(knots[across], line, decay_length(plate.thickness))
        breaks[across] += (line,)
        for tip in crack_span(plate):
            knots[along] = _with_tip(knots[along], tip, room=rooms[along])
            breaks[along] += (tip,)
    patch = plate.hole or plate.delamination
    if patch is not None:
        for axis, span in enumerate((patch.x_span, patch.y_span)):
            room = min(rooms[axis], 0.4 * (span[1] - span[0]))
            for end in span:
                knots[axis] = _with_tip(knots[axis], end, room=room)
            breaks[axis] = span
            # Stiffness jumps where a patch ends, and rotations bend sharply there:
            # of a knot three times, a cubic spline has a kink.
            kinks = np.intersect1d(knots[axis][1:-1], span)
            knots[axis] = np.sort(np.append(knots[axis], np.repeat(kinks, 2)))
    x, y = (
        SplineAxis(of_axis, further_breaks=further)
        for of_axis, further in zip(knots, breaks, strict=True)
    )
    return Layout(x, y)


def crack_span(plate: Plate) -> tuple[float, float]:
    """Give the coordinates along the crack between which it lies.

    Parameters
    ----------
    plate : Plate
        With a crack.

    Returns
    -------
    tuple of float
        In m: y for a crack across the grain, else x.
    """
    crack = plate.crack
    assert crack is not None
    if not crack.from_far_edge:
        return crack.start, crack.start + crack.length
    side = plate.width if crack.across_grain else plate.length
    return side - crack.start - crack.length, side - crack.start


def _even(side: float, n: int) -> NDArray[np.float64]:
    return np.linspace(0.0, side, n + 1)


def _with_line(
    knots: NDArray[np.float64], line: float, ell: float
) -> NDArray[np.float64]:
    """Add knots on both sides of the crack, in place of even ones too close."""
    side = knots[-1]
    for step in NEAR_CRACK:
        knot = line + step * ell
        if 0.1 * ell < knot < side - 0.1 * ell:
            knots = _put(knots, knot, room=0.3 * ell * max(abs(step), 0.5))
    return knots


def _with_tip(
    knots: NDArray[np.float64], tip: float, *, room: float
) -> NDArray[np.float64]:
    """Add a knot where a defect ends, unless that is at an edge."""
    side = knots[-1]
    if not 0.02 * side < tip < 0.98 * side:
        return knots
    return _put(knots, tip, room=room)


def _put(
    knots: NDArray[np.float64], knot: float, *, room: float
) -> NDArray[np.float64]:
    inner = knots[1:-1]
    inner = inner[np.abs(inner - knot) > room]
    return np.unique(np.concatenate([knots[:1], inner, [knot], knots[-1:]]))
