"""A crack, and how much stiffness it takes from a plate."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import ArrayLike, NDArray

from tapsklearn.synthesis._numbers import check_numbers

EDGES = ("bottom", "top", "left", "right")

# Christides and Barr: the stress that a crack disturbs falls off as
# exp(-2 * 0.667 * distance / thickness), as they measured on beams.
DECAY_RATE = 0.667

# The crack opens when the plate bends about it, and then neither passes on
# moments along the crack (Poisson coupling); bending along the crack itself only
# loses what the disturbed zone loses. Twisting is held by the ligament, so it loses
# the share that is cut: the depth. The 0.15 is an estimate, not a measurement.
ALONG_CRACK = 0.15

# The polynomial of `crack_flexibility`, from the constant on.
_STRAIN_ENERGY = Polynomial(
    [0, 0, 1.8624, -3.95, 16.375, -37.226, 76.81, -126.9, 172, -143.97, 66.56]
)


@dataclass(frozen=True)
class Crack:
    """A crack that runs into the plate at right angles to an edge.

    It goes through a share of the thickness. With ``breathing=0`` it is an open cut;
    what little a saw takes away of the mass is not modelled, and neither are cracks
    askew to the edges. The hinge of `crack_flexibility` is used all along it, also
    near its ends, where it gives a little less in truth.

    Attributes
    ----------
    position : float
        Where on the edge it starts, between 0 and 1: x / length on the bottom and
        top edges, y / width on the left and right ones.
    depth : float
        Its depth as a share of the plate's thickness, from 0 to 0.95. A crack of
        depth 0 changes nothing in any plate: it only marks a place (see
        `plate_modes`).
    length : float
        How long it is, at right angles to the edge, in m.
    edge : {"bottom", "top", "left", "right"}, default="bottom"
        Where it starts: at y = 0, y = width (both run across the grain), x = 0 or
        x = length (both run along it).
    loss_factor : float, default=0.15
        Loss factor of the strain energy in the cracked zone, where the faces rub.
        A typical value.
    breathing : float, default=0.0
        How much its faces clap as they close: from 0 for an open saw kerf to 1 for
        a hairline crack.
    start : float, default=0.0
        How far from the edge it begins, in m; above 0 it is an internal crack, which
        reaches neither that edge nor, if there is room left, the one opposite.

    Examples
    --------
    >>> Crack(position=0.25, depth=0.6, length=0.040).across_grain
    True
    >>> Crack(position=0.25, depth=1.2, length=0.040)
    Traceback (most recent call last):
    ...
    ValueError: Crack: depth=1.2 must be finite and between 0 and 0.95, or at them
    """

    position: float
    depth: float
    length: float
    edge: str = "bottom"
    loss_factor: float = 0.15
    breathing: float = 0.0
    start: float = 0.0

    def __post_init__(self) -> None:
        """Check the numbers and the edge."""
        check_numbers(self, "position", low=0, high=1, open_ends=True)
        check_numbers(self, "depth", low=0, high=0.95)
        check_numbers(self, "length", low=0, open_ends=True)
        check_numbers(self, "loss_factor", "breathing", low=0, high=1)
        check_numbers(self, "start", low=0)
        if self.edge not in EDGES:
            raise ValueError(f"Crack: edge={self.edge!r} must be one of {EDGES}")

    @property
    def kind(self) -> str:
        """What inspectors would call it.

        Returns
        -------
        str
            "cut" for one whose faces never touch, else "crack".
        """
        return "crack" if self.breathing > 0 else "cut"

    @property
    def across_grain(self) -> bool:
        """Whether it runs along y, from the bottom or top edge.

        Returns
        -------
        bool
            False for one along the grain.
        """
        return self.edge in ("bottom", "top")

    @property
    def from_far_edge(self) -> bool:
        """Whether its edge is the one away from the origin.

        Returns
        -------
        bool
            True for top and right.
        """
        return self.edge in ("top", "right")

    @property
    def lost_shares(self) -> tuple[float, float, float, float]:
        """What shares of the rigidities go where all stiffness across it has gone.

        Returns
        -------
        tuple of float
            Of D11, D22, D12 and D66.
        """
        if self.across_grain:
            return 1.0, ALONG_CRACK, 1.0, self.depth
        return ALONG_CRACK, 1.0, 1.0, self.depth


def crack_flexibility(depth: float) -> float:
    """Give the rotation of a beam at a single-edge crack, from fracture mechanics.

    Parameters
    ----------
    depth : float
        Crack depth as a share of the thickness, from 0 to 0.95.

    Returns
    -------
    float
        The value of θEI / (Mh), without dimension: θ is the rotation that a bending
        moment M adds at the crack of an isotropic beam of bending stiffness EI and
        thickness h.

    References
    ----------
    P. F. Rizos, N. Aspragathos and A. D. Dimarogonas, "Identification of crack
    location and magnitude in a cantilever beam from the vibration modes", Journal
    of Sound and Vibration 138 (1990), 381-388.

    Examples
    --------
    >>> round(crack_flexibility(0.6), 3)
    4.9
    """
    return float(5.346 * _STRAIN_ENERGY(depth))


def decay_length(thickness: float) -> float:
    """Give the distance over which a crack's disturbance falls to 1/e.

    Parameters
    ----------
    thickness : float
        The plate's, in m.

    Returns
    -------
    float
        In m.

    References
    ----------
    S. Christides and A. D. S. Barr, "One-dimensional theory of cracked
    Bernoulli-Euler beams", International Journal of Mechanical Sciences 26 (1984),
    639-648.

    Examples
    --------
    >>> round(decay_length(0.010), 5)
    0.0075
    """
    return thickness / (2 * DECAY_RATE)


def lost_stiffness(
    distance: ArrayLike, *, depth: float, thickness: float, compliance: float
) -> NDArray[np.float64]:
    """Give the share of the bending stiffness that a crack takes around it.

    The stiffness is that of Christides and Barr's beam,
    D(x) = D0 / (1 + Γ exp(-abs(x)/ℓ)), and Γ is such that the compliance it adds,
    integrated over x, is that of a hinge by fracture mechanics: 2ℓΓ = h times
    `crack_flexibility` times `compliance`.

    Parameters
    ----------
    distance : array-like
        From the crack, at right angles to it, in m.
    depth : float
        Crack depth as a share of the thickness, from 0 to 0.95.
    thickness : float
        The plate's, in m.
    compliance : float
        The material's `crack_compliance`.

    Returns
    -------
    ndarray
        1 - D/D0, of the shape of `distance`: from 0 (nothing is lost) to 1.

    Examples
    --------
    >>> lost_stiffness(
    ...     [0.0, 0.01], depth=0.6, thickness=0.01, compliance=1.0
    ... ).round(2)
    array([0.77, 0.46])
    """
    ell = decay_length(thickness)
    gamma = compliance * crack_flexibility(depth) * thickness / (2 * ell)
    added = gamma * np.exp(-np.abs(np.asarray(distance)) / ell)
    return added / (1 + added)
