"""The modes of vibration of a plate."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapsklearn.synthesis._condensed import solve_condensed
from tapsklearn.synthesis._crack import lost_stiffness
from tapsklearn.synthesis._layout import Layout, layout_for
from tapsklearn.synthesis._plate import Plate
from tapsklearn.synthesis._ritz import RitzSolution, solve

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PlateModes:
    """Modes of a free plate, normalised by mass.

    The kinetic energy of a mode of amplitude a(t) is a'²/2, its strain energy
    (2πf)²a²/2: each is an oscillator of mass 1. The three motions without strain
    (up, and tilting about two axes) are left off. All arrays are read-only.

    Attributes
    ----------
    plate : Plate
        What vibrates.
    frequencies : ndarray of shape (n_modes,)
        In Hz, rising.
    loss_factors : ndarray of shape (n_modes,)
        Share of a mode's strain energy lost in each radian; its amplitude falls as
        exp(-π f η t).
    mouth_curvature : ndarray of shape (n_modes,)
        By how much the crack's mouth closes: the curvature that the crack adds
        there, at right angles to it, in 1/m for an amplitude of 1 (m √kg); 0 for
        an intact plate.

    See Also
    --------
    plate_modes : Solve a plate.
    """

    plate: Plate
    frequencies: FloatArray
    loss_factors: FloatArray
    mouth_curvature: FloatArray
    _deflection: FloatArray = field(repr=False)
    _layout: Layout = field(repr=False)

    def shapes(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Give the deflection of each mode at some points.

        Parameters
        ----------
        x, y : array-like of shape (n_points,) or float
            Coordinates, in m.

        Returns
        -------
        ndarray of shape (n_modes, n_points)
            In 1/√kg.
        """
        along_x, along_y = self._splines(x, y)
        # First along x: (n_modes, n_points, n_y).
        partly = along_x.T @ self._deflection
        return np.einsum("mpj,jp->mp", partly, along_y)

    def shapes_on_grid(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Give the deflection of each mode on a grid.

        Parameters
        ----------
        x, y : array-like of shape (n_x,) and (n_y,)
            Coordinates of its lines, in m.

        Returns
        -------
        ndarray of shape (n_modes, n_x, n_y)
            In 1/√kg.
        """
        along_x, along_y = self._splines(x, y)
        return along_x.T @ self._deflection @ along_y

    def _splines(self, x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
        x = np.atleast_1d(np.asarray(x, dtype=np.float64))
        y = np.atleast_1d(np.asarray(y, dtype=np.float64))
        return self._layout.x(x), self._layout.y(y)


def plate_modes(
    plate: Plate,
    *,
    max_frequency: float = 9000.0,
    n_elements: Sequence[int] = (14, 10),
    condensed: bool = False,
) -> PlateModes:
    """Solve a free plate, intact or with a defect, for its modes.

    A Mindlin plate (shear and rotary inertia included) by the method of Rayleigh
    and Ritz in cubic B-splines; the knots are finer at a crack. The result is kept
    and given again for an equal plate.

    Parameters
    ----------
    plate : Plate
        What vibrates.
    max_frequency : float, default=9000.0
        Highest frequency, in Hz.
    n_elements : sequence of two int, default=(14, 10)
        Intervals between knots along x and y. Modes are resolved that have less
        than about one half-wave for two intervals. For a spruce plate of
        200 x 130 x 10 mm the frequencies are right within 0.1 % up to 4.5 kHz and
        1.1 % up to 9 kHz; larger or thinner plates need more intervals.
    condensed : bool, default=False
        Whether to eliminate the rotations first, which is faster by far for many
        intervals and a little less exact for thick plates. A plate with a hole is
        always solved so, one of no depth included.

    Returns
    -------
    PlateModes
        The modes up to `max_frequency`; not to be changed, as others share it.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    Which knots are used depends on where the plate's defect is, not on how deep.
    Intact plates that are to be compared with defective ones should therefore carry
    a defect of depth 0 in a place sampled as the others' is (`Plate.mended`): it
    changes nothing in the plate, and the tiny error of the solution then shows
    nothing of the label. On even knots, as with ``crack=None``, frequencies differ
    by up to 0.02 % below 4.5 kHz and 0.6 % at 9 kHz.

    Examples
    --------
    >>> modes = plate_modes(Plate())
    >>> modes.frequencies[:5].round()
    array([ 481.,  810., 1215., 1268., 1537.])
    >>> modes.shapes(x=0.0, y=0.065).shape == (len(modes.frequencies), 1)
    True
    """
    if not 0 < max_frequency < np.inf:
        raise ValueError(f"max_frequency={max_frequency!r} must be above 0 and finite")
    if len(n_elements) != 2 or any(
        not isinstance(n, Integral) or n < 1 for n in n_elements
    ):
        raise ValueError(f"n_elements={n_elements!r} must be two whole numbers above 0")
    n_x, n_y = n_elements
    return _solved(
        plate,
        float(max_frequency),
        (int(n_x), int(n_y)),
        condensed or plate.hole is not None,
    )


@lru_cache(maxsize=128)  # up to 0.5 MB each
def _solved(
    plate: Plate,
    max_frequency: float,
    n_elements: tuple[int, int],
    condensed: bool,
) -> PlateModes:
    layout = layout_for(plate, n_elements=n_elements)
    solver = solve_condensed if condensed else solve
    solution = solver(plate, layout, max_frequency=max_frequency)
    curvature = _mouth_curvature(plate, layout, solution)
    # Not a view, which would keep the rotations in memory.
    deflection = solution.coefficients[0].copy()
    arrays = (solution.frequencies, solution.loss_factors, curvature, deflection)
    for array in arrays:
        array.setflags(write=False)
    return PlateModes(plate, *arrays, layout)


def _mouth_curvature(
    plate: Plate, layout: Layout, solution: RitzSolution
) -> FloatArray:
    crack = plate.crack
    if crack is None:
        return np.zeros(len(solution.frequencies))
    side_x, side_y = plate.length, plate.width
    if crack.across_grain:
        mouth = side_y - crack.start if crack.from_far_edge else crack.start
        x = layout.x.slopes_at(np.array([crack.position * side_x]))
        y = layout.y(np.array([mouth]))
        rotation = solution.coefficients[1]
    else:
        mouth = side_x - crack.start if crack.from_far_edge else crack.start
        x = layout.x(np.array([mouth]))
        y = layout.y.slopes_at(np.array([crack.position * side_y]))
        rotation = solution.coefficients[2]
    curvature = (x.T @ rotation @ y)[:, 0, 0]
    # Only what the crack adds to the bending there; none for one of depth 0.
    return curvature * lost_stiffness(
        0.0,
        depth=crack.depth,
        thickness=plate.thickness,
        compliance=plate.material.crack_compliance,
    )
