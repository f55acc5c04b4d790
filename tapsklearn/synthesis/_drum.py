"""The layer that a delamination has split off, ringing by itself.

It is a thin rectangular plate, clamped where the split ends within the plate and free
where it comes out at an edge. Its modes are products of a beam's, after Rayleigh, of
which the lowest is less than 1 % too high, and 7 % in a corner.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from tapsklearn.synthesis._plate import Plate
from tapsklearn.synthesis._ritz import bending_rigidities

FloatArray = NDArray[np.float64]

# Modes along each side; the higher ones radiate little.
N_ALONG = 4
# Roots of cosh(b) cos(b) = 1 (a beam clamped or free at both ends) and of = -1
# (clamped at one end, free at the other).
_ALIKE_ROOTS = (4.730041, 7.853205, 10.995608, 14.137165)
_UNLIKE_ROOTS = (1.875104, 4.694091, 7.854757, 10.995541)


@dataclass(frozen=True, eq=False)
class DrumModes:
    """Modes of a split-off layer, normalised by mass.

    Attributes
    ----------
    frequencies : ndarray of shape (n_modes,)
        In Hz.
    loss_factors : ndarray of shape (n_modes,)
        Share of the strain energy lost in each radian.
    deflection : ndarray of shape (n_modes,)
        At the spot that was asked for, in 1/√kg.
    displaced : ndarray of shape (n_modes,)
        The deflection integrated over the layer, in m²/√kg.
    """

    frequencies: FloatArray
    loss_factors: FloatArray
    deflection: FloatArray
    displaced: FloatArray


def drum_modes(plate: Plate, x: float, y: float) -> DrumModes | None:
    """Give the modes of the layer that is split off under a spot.

    Parameters
    ----------
    plate : Plate
        The plate.
    x, y : float
        Coordinates of the spot, in m.

    Returns
    -------
    DrumModes or None
        None where there is no delamination under the spot.

    References
    ----------
    G. B. Warburton, "The vibration of rectangular plates", Proceedings of the
    Institution of Mechanical Engineers 168 (1954), 371-384; S. M. Dickinson, "The
    buckling and frequency of flexural vibration of rectangular isotropic and
    orthotropic plates using Rayleigh's method", Journal of Sound and Vibration 61
    (1978), 1-8.

    Examples
    --------
    >>> from tapsklearn.synthesis import Delamination
    >>> split = Delamination(x=0.05, y=0.04, length=0.05, width=0.05, depth=0.2)
    >>> plate = Plate(delamination=split)
    >>> round(float(drum_modes(plate, 0.075, 0.065).frequencies[0]))
    4527
    """
    split = plate.delamination
    if split is None or split.depth == 0 or not split.covers(x, y):
        return None
    m = plate.material
    per_area = m.density * split.depth * plate.thickness
    d11, d22, d12, d66 = np.array(bending_rigidities(plate)) * split.depth**3
    a, b = split.length, split.width
    joined_x, joined_y = plate.joined(split)
    along_x = _beam_modes(*joined_x, at=(x - split.x) / a)
    along_y = _beam_modes(*joined_y, at=(y - split.y) / b)
    squares = (
        d11 * along_x.bending[:, None] / a**4
        + d22 * along_y.bending / b**4
        + 2 * d12 * along_x.coupling[:, None] * along_y.coupling / (a * b) ** 2
        + 4 * d66 * along_x.slope[:, None] * along_y.slope / (a * b) ** 2
    ) / per_area
    scale = 1 / np.sqrt(per_area * a * b)
    frequencies = np.sqrt(squares).ravel() / (2 * np.pi)
    return DrumModes(
        frequencies=frequencies,
        loss_factors=np.full(len(frequencies), m.eta_L + split.loss_factor),
        deflection=scale * np.outer(along_x.at, along_y.at).ravel(),
        displaced=scale * a * b * np.outer(along_x.mean, along_y.mean).ravel(),
    )


class _BeamModes(NamedTuple):
    """Shapes X of a beam of length 1, of mean square 1, and their integrals."""

    at: FloatArray  # X at the spot
    mean: FloatArray  # of X
    bending: FloatArray  # of X''²
    coupling: FloatArray  # of X X''
    slope: FloatArray  # of X'²


def _beam_modes(at_start: bool, at_end: bool, *, at: float) -> _BeamModes:
    """Give the modes of a beam that is clamped at its start, its end, or both."""
    if at_end and not at_start:
        return _beam_modes(at_end, at_start, at=1 - at)
    nodes, weights = leggauss(64)
    points = np.append((nodes + 1) / 2, at)
    shapes, slopes, bent = _shapes(points, clamped=at_start, alike=at_start == at_end)
    spot, shapes = shapes[:, -1], shapes[:, :-1]
    slopes, bent, weights = slopes[:, :-1], bent[:, :-1], weights / 2
    return _BeamModes(
        at=spot,
        mean=shapes @ weights,
        bending=bent**2 @ weights,
        coupling=(shapes * bent) @ weights,
        slope=slopes**2 @ weights,
    )


def _shapes(
    x: FloatArray, *, clamped: bool, alike: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give X, X' and X'' of a beam, clamped or free at x = 0 and alike at 1 or not."""
    b = np.array(_ALIKE_ROOTS if alike else _UNLIKE_ROOTS)[:, None]
    turn = -1.0 if clamped else 1.0
    other = -1.0 if alike else 1.0
    sigma = (np.cosh(b) + other * np.cos(b)) / (np.sinh(b) + other * np.sin(b))
    cosh, sinh, cos, sin = np.cosh(b * x), np.sinh(b * x), np.cos(b * x), np.sin(b * x)
    shapes = cosh + turn * cos - sigma * (sinh + turn * sin)
    slopes = b * (sinh - turn * sin - sigma * (cosh + turn * cos))
    bent = b**2 * (cosh - turn * cos - sigma * (sinh - turn * sin))
    if not clamped:
        # A free beam moves and tilts, too.
        one = np.ones_like(x)
        tilt = np.sqrt(3) * (1 - 2 * x)
        shapes = np.vstack([one, tilt, shapes[:-2]])
        slopes = np.vstack([0 * one, -2 * np.sqrt(3) * one, slopes[:-2]])
        bent = np.vstack([0 * one, 0 * one, bent[:-2]])
    return shapes, slopes, bent
