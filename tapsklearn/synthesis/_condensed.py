"""The method of Rayleigh and Ritz with the rotations eliminated first.

A third of the unknowns is left, and the mass may differ from spot to spot. The
rotations follow the deflection as they would at rest, but their inertia counts.

References
----------
R. J. Guyan, "Reduction of stiffness and mass matrices", AIAA Journal 3 (1965), 380.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh

from tapsklearn.synthesis._layout import Layout
from tapsklearn.synthesis._plate import Plate
from tapsklearn.synthesis._ritz import (
    N_RIGID,
    FloatArray,
    RitzSolution,
    loss_factors,
    stiffness_matrix,
)
from tapsklearn.synthesis._zones import zone_of


def solve_condensed(
    plate: Plate, layout: Layout, *, max_frequency: float
) -> RitzSolution:
    """Solve for all modes up to a frequency, with the rotations eliminated.

    Parameters
    ----------
    plate : Plate
        The plate.
    layout : Layout
        The splines to solve it in.
    max_frequency : float
        In Hz.

    Returns
    -------
    RitzSolution
        The modes. Frequencies are above those of `solve` by less than 0.1 % as long
        as the wave is longer than some ten thicknesses.
    """
    K = stiffness_matrix(plate, layout)
    n = len(K) // 3
    # Rotations at rest: K[ψψ] ψ + K[ψw] w = 0.
    factor = cho_factor(K[n:, n:], lower=True, check_finite=False)
    follow = -cho_solve(factor, K[n:, :n], check_finite=False)
    stiffness = K[:n, :n] + K[n:, :n].T @ follow
    mass, rotary = _mass_matrices(plate, layout)
    for part in (follow[:n], follow[n:]):
        mass += part.T @ (rotary @ part)
    top = (2 * np.pi * max_frequency) ** 2
    squares, vectors = eigh(
        stiffness,
        mass,
        lower=True,
        overwrite_a=True,
        overwrite_b=True,
        check_finite=False,
        subset_by_value=(-np.inf, top),
    )
    squares, vectors = squares[N_RIGID:], vectors[:, N_RIGID:]
    fields = np.stack([vectors, *(follow @ vectors).reshape(2, n, -1)])
    shape = (3, -1, len(layout.x.values), len(layout.y.values))
    coefficients = np.ascontiguousarray(fields.swapaxes(1, 2)).reshape(shape)
    return RitzSolution(
        frequencies=np.sqrt(squares) / (2 * np.pi),
        coefficients=coefficients,
        loss_factors=loss_factors(plate, layout, squares, coefficients),
    )


def _mass_matrices(plate: Plate, layout: Layout) -> tuple[FloatArray, FloatArray]:
    """Give those of w and of one rotation; the splines are orthonormal."""
    per_area = plate.material.density * plate.thickness
    n = len(layout.x.values) * len(layout.y.values)
    mass, rotary = np.eye(n), np.eye(n)
    zone = zone_of(plate, layout)
    if zone is not None:
        x, y = layout.x.products(zone.x), layout.y.products(zone.y)
        place = np.kron(x.values, y.values)
        mass -= zone.mass * place
        rotary -= zone.rotary * place
    return per_area * mass, per_area * plate.thickness**2 / 12 * rotary
