"""Modes of a free plate by the method of Rayleigh and Ritz.

The plate is Mindlin's: a deflection w and two rotations ψx, ψy of its cross
sections, so that it also yields to shear through its thickness, which wood does.
Its strain energy is half the integral of

    D11 ψx,x² + D22 ψy,y² + 2 D12 ψx,x ψy,y + D66 (ψx,y + ψy,x)²
    + S1 (w,x + ψx)² + S2 (w,y + ψy)²

and its kinetic energy half that of ρh w'² + ρh³/12 (ψx'² + ψy'²) (a comma stands for
a derivative in space, a prime for one in time). All edges are free: nothing has to
be prescribed there.

References
----------
R. D. Mindlin, "Influence of rotatory inertia and shear on flexural motions of
isotropic, elastic plates", Journal of Applied Mechanics 18 (1951), 31-38.
J. N. Reddy, "Mechanics of Laminated Composite Plates and Shells", 2nd edition, CRC
Press 2004, chapter 3.4: the rigidities of an orthotropic layer.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from tapsklearn.synthesis._crack import lost_stiffness
from tapsklearn.synthesis._layout import Layout, crack_tip
from tapsklearn.synthesis._plate import Plate
from tapsklearn.synthesis._splines import Products

FloatArray = NDArray[np.float64]

# Of a rectangular cross section whose shear stress is a parabola (Reissner).
SHEAR_CORRECTION = 5 / 6
# A free plate moves up and tilts about two axes without any strain.
N_RIGID = 3


class Bending(NamedTuple):
    """Bending rigidities, in N m.

    Attributes
    ----------
    d11, d22 : float
        Of bending along and across the grain.
    d12 : float
        Coupling of the two.
    d66 : float
        Of twisting.
    """

    d11: float
    d22: float
    d12: float
    d66: float


@dataclass(frozen=True)
class RitzSolution:
    """Modes as coefficients of splines.

    Attributes
    ----------
    frequencies : ndarray of shape (n_modes,)
        In Hz, rising, without the rigid-body modes.
    coefficients : ndarray of shape (3, n_modes, n_x, n_y)
        Of w, ψx and ψy, mass-normalised.
    loss_factors : ndarray of shape (n_modes,)
        Share of the strain energy lost in each radian.
    """

    frequencies: FloatArray
    coefficients: FloatArray
    loss_factors: FloatArray


def bending_rigidities(plate: Plate) -> Bending:
    """Give the bending rigidities of a plate without a crack.

    Parameters
    ----------
    plate : Plate
        Its thickness and material count.

    Returns
    -------
    Bending
        In N m.

    Examples
    --------
    >>> round(bending_rigidities(Plate()).d11, 1)
    926.6
    """
    m = plate.material
    cube = plate.thickness**3 / 12
    plane = cube / (1 - m.nu_LR * m.nu_RL)
    return Bending(m.E_L * plane, m.E_R * plane, m.nu_RL * m.E_L * plane, m.G_LR * cube)


def shear_rigidities(plate: Plate) -> tuple[float, float]:
    """Give the rigidities against shear through the thickness.

    Parameters
    ----------
    plate : Plate
        Its thickness and material count.

    Returns
    -------
    tuple of float
        S1 in the x-z plane and S2 in the y-z plane, in N/m.
    """
    layer = SHEAR_CORRECTION * plate.thickness
    return layer * plate.material.G_xz, layer * plate.material.G_yz


def solve(plate: Plate, layout: Layout, *, max_frequency: float) -> RitzSolution:
    """Solve for all modes up to a frequency.

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
        The modes, at frequencies that are never below the true ones.
    """
    K = stiffness_matrix(plate, layout)
    # The splines being orthonormal, the mass matrix is diagonal, and to scale by
    # its square root leaves an ordinary symmetric eigenproblem.
    per_area = plate.material.density * plate.thickness
    scales = 1 / np.sqrt(per_area * np.array([1.0, *[plate.thickness**2 / 12] * 2]))
    scale = np.repeat(scales, len(K) // 3)
    K *= scale[:, None]
    K *= scale
    top = (2 * np.pi * max_frequency) ** 2
    squares, vectors = eigh(
        K,
        lower=True,
        overwrite_a=True,
        check_finite=False,
        subset_by_value=(-np.inf, top),
        driver="evr",
    )
    squares = squares[N_RIGID:]
    vectors = (vectors[:, N_RIGID:] * scale[:, None]).T
    shape = (-1, 3, len(layout.x.values), len(layout.y.values))
    coefficients = np.ascontiguousarray(vectors.reshape(shape).swapaxes(0, 1))
    return RitzSolution(
        frequencies=np.sqrt(squares) / (2 * np.pi),
        coefficients=coefficients,
        loss_factors=_loss_factors(plate, layout, squares, coefficients),
    )


def stiffness_matrix(plate: Plate, layout: Layout) -> FloatArray:
    """Assemble the stiffness matrix of w, ψx and ψy.

    Parameters
    ----------
    plate : Plate
        The plate.
    layout : Layout
        The splines; every entry is a product of two integrals, one along x and
        one along y.

    Returns
    -------
    ndarray of shape (3 * n, 3 * n)
        With n splines over the plate. Only the lower triangle is filled.
    """
    x, y = layout.x.products(), layout.y.products()
    n = len(x.values) * len(y.values)
    w, px, py = slice(0, n), slice(n, 2 * n), slice(2 * n, 3 * n)
    s1, s2 = shear_rigidities(plate)
    same = np.kron(x.values, y.values)
    K = np.zeros((3 * n, 3 * n))
    K[w, w] = s1 * np.kron(x.slopes, y.values) + s2 * np.kron(x.values, y.slopes)
    K[px, w] = s1 * np.kron(x.value_slope, y.values)
    K[py, w] = s2 * np.kron(x.values, y.value_slope)
    K[px, px] = s1 * same
    K[py, py] = s2 * same
    _add_bending(K[n:, n:], bending_rigidities(plate), x, y)
    if plate.crack is not None:
        x, y = (
            axis.products(zone)
            for axis, zone in zip(
                (layout.x, layout.y), _crack_zone(plate, layout), strict=True
            )
        )
        # Taken off what the intact plate has, so that depth 0 takes exactly 0.
        _add_bending(K[n:, n:], _lost_rigidities(plate), x, y)
    return K


def _add_bending(K: FloatArray, bending: Bending, x: Products, y: Products) -> None:
    """Add the bending energy to the part of K that belongs to ψx and ψy."""
    n = len(K) // 2
    px, py = slice(0, n), slice(n, 2 * n)
    x_slopes, y_slopes = np.kron(x.slopes, y.values), np.kron(x.values, y.slopes)
    K[px, px] += bending.d11 * x_slopes + bending.d66 * y_slopes
    K[py, py] += bending.d22 * y_slopes + bending.d66 * x_slopes
    K[py, px] += bending.d12 * np.kron(x.value_slope, y.value_slope.T)
    K[py, px] += bending.d66 * np.kron(x.value_slope.T, y.value_slope)


def _lost_rigidities(plate: Plate) -> Bending:
    """Give what is lost where the crack takes all it can, with a minus sign."""
    assert plate.crack is not None
    lost = zip(plate.crack.lost_shares, bending_rigidities(plate), strict=True)
    return Bending(*(-share * rigidity for share, rigidity in lost))


def _crack_zone(plate: Plate, layout: Layout) -> tuple[FloatArray, FloatArray]:
    """Give the share of stiffness lost at the points of x and of y; it is a product."""
    crack = plate.crack
    assert crack is not None
    across, along = (layout.x, layout.y) if crack.across_grain else (layout.y, layout.x)
    side = plate.length if crack.across_grain else plate.width
    lost = lost_stiffness(
        across.points - crack.position * side,
        depth=crack.depth,
        thickness=plate.thickness,
        compliance=plate.material.crack_compliance,
    )
    tip = crack_tip(plate)
    cut = along.points > tip if crack.from_far_edge else along.points < tip
    zones = lost, cut.astype(np.float64)
    return zones if crack.across_grain else zones[::-1]


def _loss_factors(
    plate: Plate, layout: Layout, squares: FloatArray, coefficients: FloatArray
) -> FloatArray:
    """Weigh the material's loss factors by the strain energies of each mode.

    After E. E. Ungar and E. M. Kerwin, "Loss factors of viscoelastic systems in
    terms of energy concepts", Journal of the Acoustical Society of America 34
    (1962), 954-957. Twice the strain energy of a mass-normalised mode is the square
    of its angular frequency; what is not bending is shear or twist.
    """
    x, y = layout.x, layout.y
    x_bend = x.slopes.T @ coefficients[1] @ y.values
    y_bend = x.values.T @ coefficients[2] @ y.slopes
    twist = x.values.T @ coefficients[1] @ y.slopes
    twist += x.slopes.T @ coefficients[2] @ y.values
    strains = (x_bend**2, y_bend**2, 2 * x_bend * y_bend, twist**2)
    area = np.outer(x.weights, y.weights)
    if plate.crack is None:
        zone, lost_shares, zone_loss = np.zeros_like(area), (0.0,) * 4, 0.0
    else:
        zone = np.outer(*_crack_zone(plate, layout))
        lost_shares, zone_loss = plate.crack.lost_shares, plate.crack.loss_factor
    m = plate.material
    of_bending = (m.eta_L, m.eta_R, np.sqrt(m.eta_L * m.eta_R), m.eta_G)
    total = np.full(len(squares), m.eta_G)
    in_zone = np.zeros(len(squares))
    for strain, rigidity, lost, loss_factor in zip(
        strains, bending_rigidities(plate), lost_shares, of_bending, strict=True
    ):
        weight = area * rigidity * (1 - lost * zone)
        total += (
            np.tensordot(strain, weight, axes=2) / squares * (loss_factor - m.eta_G)
        )
        in_zone += np.tensordot(strain, weight * zone, axes=2) / squares
    return total * (1 - in_zone) + zone_loss * in_zone
