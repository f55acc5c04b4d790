"""How finely a plate is solved, and up to which frequency."""

from typing import NamedTuple

import numpy as np

from tapsklearn.synthesis._plate import Plate
from tapsklearn.synthesis._ritz import bending_rigidities, shear_rigidities

# Elements for each half-wave at the highest frequency, and beyond them. Measured on
# glass of 500 x 400 x 6 mm: the highest modes come out 1 to 2 % too high.
PER_HALF_WAVE = 1.35
AT_LEAST = 3
# Splines over the plate. A solution of 400, and the knots at a defect, takes 0.1 s.
MAX_SPLINES = 500
# Splines of an axis beyond its elements.
FURTHER = 3


class Mesh(NamedTuple):
    """How finely a plate is solved.

    Attributes
    ----------
    n_elements : tuple of int
        Intervals between knots along x and y.
    max_frequency : float
        Up to which it is fine enough, in Hz.
    """

    n_elements: tuple[int, int]
    max_frequency: float


def mesh_for(plate: Plate, *, max_frequency: float = 9000.0) -> Mesh:
    """Choose how finely to solve a plate.

    The length of the bending waves in the intact plate decides. Where a plate is so
    large and thin that too many of them fit on it, the highest frequency is lowered.

    Parameters
    ----------
    plate : Plate
        The plate; its defects do not count.
    max_frequency : float, default=9000.0
        That is wanted, in Hz.

    Returns
    -------
    Mesh
        Intervals, and the highest frequency.

    Examples
    --------
    >>> mesh_for(Plate())
    Mesh(n_elements=(10, 14), max_frequency=9000.0)
    >>> mesh_for(Plate(length=1.0, width=0.8)).max_frequency < 3000
    True
    """
    while True:
        n_x, n_y = (
            AT_LEAST + int(np.ceil(PER_HALF_WAVE * n))
            for n in _half_waves(plate, max_frequency)
        )
        if (n_x + FURTHER) * (n_y + FURTHER) <= MAX_SPLINES:
            return Mesh((n_x, n_y), max_frequency)
        max_frequency *= 0.95


def _half_waves(plate: Plate, frequency: float) -> tuple[float, float]:
    """Give how many half-waves of a frequency fit along x and along y.

    From Mindlin's plate without rotary inertia: D k⁴ = ρh ω² (1 + D k² / S).
    """
    bending = bending_rigidities(plate)
    load = plate.material.density * plate.thickness * (2 * np.pi * frequency) ** 2
    counts = []
    for side, rigidity, shear in zip(
        (plate.length, plate.width),
        (bending.d11, bending.d22),
        shear_rigidities(plate),
        strict=True,
    ):
        eased = load / shear
        square = (eased + np.sqrt(eased**2 + 4 * load / rigidity)) / 2
        counts.append(float(np.sqrt(square) * side / np.pi))
    return counts[0], counts[1]
