"""Where on a plate its defect takes stiffness and mass, and how much."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tapsklearn.synthesis._crack import Crack, lost_stiffness
from tapsklearn.synthesis._layout import Layout, crack_span
from tapsklearn.synthesis._patch import (
    VOID_MASS,
    VOID_STIFFNESS,
    Delamination,
    Hole,
)
from tapsklearn.synthesis._plate import Plate


@dataclass(frozen=True, eq=False)
class Zone:
    """A part of the plate that has lost something; shares go from 0 to 1.

    Attributes
    ----------
    x, y : ndarray
        What counts along x and y, at the layout's points; the product says how much
        of the shares is lost at a spot.
    bending : tuple of float
        Lost shares of D11, D22, D12 and D66.
    shear, mass, rotary : float
        Lost shares of the shear rigidities, of the mass and of the rotary inertia.
    loss_factor : float or None
        Of the strain energy in the zone. If None, the material's.
    rubbing : float
        To what share of that energy it applies: 0 where faces have nothing to rub on.
    held : tuple of bool
        Whether the layers of a delamination are joined at both its ends along x, and
        along y.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    bending: tuple[float, float, float, float]
    shear: float = 0.0
    mass: float = 0.0
    rotary: float = 0.0
    loss_factor: float | None = None
    rubbing: float = 1.0
    held: tuple[bool, bool] = (False, False)


def zone_of(plate: Plate, layout: Layout) -> Zone | None:
    """Give the zone of a plate's defect.

    Parameters
    ----------
    plate : Plate
        The plate.
    layout : Layout
        The splines it is solved in.

    Returns
    -------
    Zone or None
        Also of a defect of depth 0; None if there is none.
    """
    if plate.crack is not None:
        return _of_crack(plate, plate.crack, layout)
    if plate.hole is not None:
        return _of_hole(plate.hole, layout)
    if plate.delamination is not None:
        return _of_delamination(plate, plate.delamination, layout)
    return None


def _of_crack(plate: Plate, crack: Crack, layout: Layout) -> Zone:
    across, along = (layout.x, layout.y) if crack.across_grain else (layout.y, layout.x)
    side = plate.length if crack.across_grain else plate.width
    lost = lost_stiffness(
        across.points - crack.position * side,
        depth=crack.depth,
        thickness=plate.thickness,
        compliance=plate.material.crack_compliance,
    )
    cut = _inside(along.points, crack_span(plate))
    x, y = (lost, cut) if crack.across_grain else (cut, lost)
    return Zone(x, y, bending=crack.lost_shares, loss_factor=crack.loss_factor)


def _of_hole(hole: Hole, layout: Layout) -> Zone:
    # A layer of a share of the thickness bends as its cube.
    bending = 1 - VOID_STIFFNESS if hole.is_through else 1 - (1 - hole.depth) ** 3
    return Zone(
        _inside(layout.x.points, hole.x_span),
        _inside(layout.y.points, hole.y_span),
        bending=(bending,) * 4,
        shear=1 - VOID_STIFFNESS if hole.is_through else hole.depth,
        mass=1 - VOID_MASS if hole.is_through else hole.depth,
        rotary=1 - VOID_MASS if hole.is_through else bending,
    )


def _of_delamination(plate: Plate, split: Delamination, layout: Layout) -> Zone:
    along_x, along_y = plate.joined(split)
    return Zone(
        _inside(layout.x.points, split.x_span),
        _inside(layout.y.points, split.y_span),
        bending=(split.lost_share,) * 4,
        loss_factor=split.loss_factor,
        # Of two layers of half the thickness, the faces rub most.
        rubbing=split.lost_share / 0.75,
        held=(all(along_x), all(along_y)),
    )


def _inside(
    points: NDArray[np.float64], span: tuple[float, float]
) -> NDArray[np.float64]:
    low, high = span
    return ((points > low) & (points < high)).astype(np.float64)
