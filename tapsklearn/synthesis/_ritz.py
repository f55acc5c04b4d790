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

from tapsklearn.synthesis._layout import Layout
from tapsklearn.synthesis._plate import Plate
from tapsklearn.synthesis._splines import Products, SplineAxis
from tapsklearn.synthesis._zones import Zone, zone_of

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
        loss_factors=loss_factors(plate, layout, squares, coefficients),
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
    s1, s2 = shear_rigidities(plate)
    K = np.zeros((3 * n, 3 * n))
    _add_shear(K, (s1, s2), x, y)
    _add_bending(K[n:, n:], bending_rigidities(plate), x, y)
    # Taken off what the intact plate has, so that depth 0 takes exactly 0.
    zone = zone_of(plate, layout)
    if zone is not None:
        x, y = layout.x.products(zone.x), layout.y.products(zone.y)
        _add_bending(K[n:, n:], _lost_rigidities(plate, zone), x, y)
        if zone.shear > 0:
            _add_shear(K, (-zone.shear * s1, -zone.shear * s2), x, y)
        if any(zone.held):
            _add_held(K[n:, n:], plate, zone, layout)
    return K


def _add_shear(
    K: FloatArray, shear: tuple[float, float], x: Products, y: Products
) -> None:
    """Add the energy of shear through the thickness."""
    n = len(K) // 3
    w, px, py = slice(0, n), slice(n, 2 * n), slice(2 * n, 3 * n)
    s1, s2 = shear
    same = np.kron(x.values, y.values)
    K[w, w] += s1 * np.kron(x.slopes, y.values) + s2 * np.kron(x.values, y.slopes)
    K[px, w] += s1 * np.kron(x.value_slope, y.values)
    K[py, w] += s2 * np.kron(x.values, y.value_slope)
    K[px, px] += s1 * same
    K[py, py] += s2 * same


def _add_bending(K: FloatArray, bending: Bending, x: Products, y: Products) -> None:
    """Add the bending energy to the part of K that belongs to ψx and ψy."""
    n = len(K) // 2
    px, py = slice(0, n), slice(n, 2 * n)
    x_slopes, y_slopes = np.kron(x.slopes, y.values), np.kron(x.values, y.slopes)
    K[px, px] += bending.d11 * x_slopes + bending.d66 * y_slopes
    K[py, py] += bending.d22 * y_slopes + bending.d66 * x_slopes
    K[py, px] += bending.d12 * np.kron(x.value_slope, y.value_slope.T)
    K[py, px] += bending.d66 * np.kron(x.value_slope.T, y.value_slope)


def _add_held(K: FloatArray, plate: Plate, zone: Zone, layout: Layout) -> None:
    """Give back what the layers of a delamination need to bend all over alike.

    They are joined at its ends, so that the mean curvature between these still
    stretches one and shortens the other.
    """
    n = len(K) // 2
    px, py = slice(0, n), slice(n, 2 * n)
    d11, d22, d12, d66 = (-lost for lost in _lost_rigidities(plate, zone))
    x, x_slope, length = _integrals(layout.x, zone.x)
    y, y_slope, width = _integrals(layout.y, zone.y)
    if zone.held[0]:
        mean = np.outer(x_slope, x_slope) / length
        K[px, px] += d11 * np.kron(mean, layout.y.products(zone.y).values)
    if zone.held[1]:
        mean = np.outer(y_slope, y_slope) / width
        K[py, py] += d22 * np.kron(layout.x.products(zone.x).values, mean)
    if all(zone.held):
        both = np.kron(np.outer(x, x_slope) / length, np.outer(y_slope, y) / width)
        K[py, px] += d12 * both
        twist = np.concatenate([np.kron(x, y_slope), np.kron(x_slope, y)])
        K += d66 / (length * width) * np.outer(twist, twist)


def _integrals(
    axis: SplineAxis, factor: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """Integrate splines, slopes and 1, times a factor."""
    weights = axis.weights * factor
    return axis.values @ weights, axis.slopes @ weights, float(weights.sum())


def _lost_rigidities(plate: Plate, zone: Zone) -> Bending:
    """Give what is lost where the zone has lost all it can, with a minus sign."""
    lost = zip(zone.bending, bending_rigidities(plate), strict=True)
    return Bending(*(-share * rigidity for share, rigidity in lost))


def loss_factors(
    plate: Plate, layout: Layout, squares: FloatArray, coefficients: FloatArray
) -> FloatArray:
    """Weigh the loss factors of material and defects by the strain energies.

    Parameters
    ----------
    plate : Plate
        The plate.
    layout : Layout
        The splines.
    squares : ndarray of shape (n_modes,)
        Of the angular frequencies.
    coefficients : ndarray of shape (3, n_modes, n_x, n_y)
        Of w, ψx and ψy, mass-normalised.

    Returns
    -------
    ndarray of shape (n_modes,)
        Loss factors.

    Notes
    -----
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
    m = plate.material
    of_bending = (m.eta_L, m.eta_R, np.sqrt(m.eta_L * m.eta_R), m.eta_G)
    zone = zone_of(plate, layout)
    place = np.zeros_like(area) if zone is None else np.outer(zone.x, zone.y)
    lost_shares = (0.0,) * len(strains) if zone is None else zone.bending
    total = np.full(len(squares), m.eta_G)
    in_zone = np.zeros(len(squares))
    for strain, rigidity, lost, loss_factor in zip(
        strains, bending_rigidities(plate), lost_shares, of_bending, strict=True
    ):
        weight = area * rigidity * (1 - lost * place)
        total += (
            np.tensordot(strain, weight, axes=2) / squares * (loss_factor - m.eta_G)
        )
        in_zone += np.tensordot(strain, weight * place, axes=2) / squares
    if zone is None or zone.loss_factor is None:
        return total
    in_zone *= zone.rubbing
    return total * (1 - in_zone) + zone.loss_factor * in_zone
