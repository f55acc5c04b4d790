"""How much the boards of a shop differ."""

from dataclasses import dataclass, replace

import numpy as np

from tapsklearn.synthesis import Material, Plate

_MODULI = ("E_L", "E_R", "G_LR", "G_xz", "G_yz")


@dataclass(frozen=True)
class Spread:
    """How much the boards of a shop differ, as standard deviations.

    Attributes
    ----------
    stiffness, density, loss : float
        Of the moduli, the density and the loss factors; relative.
    length, width, thickness : float
        In m.
    """

    stiffness: float
    density: float
    loss: float
    length: float
    width: float
    thickness: float


SAME_SHOP = Spread(
    stiffness=0.05,
    density=0.03,
    loss=0.08,
    length=0.002,
    width=0.0015,
    thickness=0.00015,
)
WIDE = Spread(
    stiffness=0.10,
    density=0.05,
    loss=0.12,
    length=0.010,
    width=0.006,
    thickness=0.0003,
)


def vary(plate: Plate, spread: Spread, rng: np.random.Generator) -> Plate:
    """Sample a board like another, as the shop's next one differs from it.

    Parameters
    ----------
    plate : Plate
        The other.
    spread : Spread
        How much they differ.
    rng : Generator
        Samples the difference.

    Returns
    -------
    Plate
        The board; its defects are where they were.
    """

    def factor(deviation: float) -> float:
        return float(np.exp(rng.normal(0, deviation)))

    wood = scale_material(
        plate.material,
        stiffness=factor(spread.stiffness),
        density=factor(spread.density),
        loss=factor(spread.loss),
    )
    # Stiff wood is stiff in every direction, and in each a little on its own.
    each = {
        name: getattr(wood, name) * factor(spread.stiffness / 2) for name in _MODULI
    }
    return replace(
        plate,
        length=plate.length + rng.normal(0, spread.length),
        width=plate.width + rng.normal(0, spread.width),
        thickness=plate.thickness + rng.normal(0, spread.thickness),
        material=replace(wood, **each),
    )


def scale_material(
    wood: Material, *, stiffness: float, density: float, loss: float
) -> Material:
    """Give a material that is stiffer, denser or more lossy.

    Parameters
    ----------
    wood : Material
        To begin with.
    stiffness, density, loss : float
        What the moduli, the density and the loss factors are multiplied by.

    Returns
    -------
    Material
        Of the same name.
    """
    moduli = {name: getattr(wood, name) * stiffness for name in _MODULI}
    losses = {name: getattr(wood, name) * loss for name in ("eta_L", "eta_R", "eta_G")}
    return replace(wood, density=wood.density * density, **moduli, **losses)
