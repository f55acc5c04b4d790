"""Classes of materials, and between what bounds their constants lie.

All bounds are assumed ranges, wide enough for what is sold under these names; none is
a measurement, and within them constants are sampled independently but for those that
go together (a dense wood is stiff).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from tapsklearn.synthesis import Material, isotropic_material
from tapsklearn.synthesis._numbers import sample_between

Range = tuple[float, float]


@dataclass(frozen=True)
class MaterialClass:
    """What is made of a kind of material.

    Attributes
    ----------
    sample : callable
        From a generator to a material of the class.
    side : tuple of float
        Bounds of the longer side of what is made of it, in m.
    thickness : tuple of float
        Bounds of the thickness, in m.
    splits : bool
        Whether it comes apart in layers.
    """

    sample: Callable[[np.random.Generator], Material]
    side: Range
    thickness: Range
    splits: bool = True


def _isotropic(
    name: str, *, density: Range, young: Range, poisson: Range, loss: Range
) -> Callable[[np.random.Generator], Material]:
    def sample(rng: np.random.Generator) -> Material:
        return isotropic_material(
            name,
            density=float(rng.uniform(*density)),
            young=sample_between(rng, *young),
            poisson=float(rng.uniform(*poisson)),
            loss_factor=sample_between(rng, *loss),
        )

    return sample


def _wood(rng: np.random.Generator) -> Material:
    """Sample solid wood, from light softwood to dense hardwood."""
    density = sample_between(rng, 330, 780)
    # Specific modulus in m²/s²; dense woods are closer to alike in all directions.
    young = density * sample_between(rng, 17e6, 29e6)
    dense = float(np.clip((density - 330) / 450, 0, 1))
    across = sample_between(rng, 0.05, 0.11) * (1 + dense)
    rolling = sample_between(rng, 0.003, 0.010) * (1 + 2 * dense)
    return Material(
        name="softwood" if density < 500 else "hardwood",
        density=density,
        E_L=young,
        E_R=young * across,
        G_LR=young * sample_between(rng, 0.05, 0.10),
        nu_LR=float(rng.uniform(0.3, 0.45)),
        G_xz=young * sample_between(rng, 0.045, 0.09),
        G_yz=young * rolling,
        eta_L=sample_between(rng, 0.005, 0.012),
        eta_R=sample_between(rng, 0.014, 0.030),
        eta_G=sample_between(rng, 0.012, 0.028),
        crack_compliance=float(rng.uniform(1.6, 2.4)),
    )


def _board(rng: np.random.Generator) -> Material:
    """Sample plywood, chipboard or fibreboard."""
    plies = rng.random() < 0.5
    density = sample_between(rng, *((450, 700) if plies else (550, 850)))
    young = density * sample_between(rng, *((9e6, 17e6) if plies else (3.5e6, 6e6)))
    across = float(rng.uniform(0.3, 0.95) if plies else rng.uniform(0.9, 1.0))
    thin = (0.02, 0.06) if plies else (0.03, 0.10)
    loss = sample_between(rng, 0.012, 0.030)
    return Material(
        name="plywood" if plies else "fibreboard",
        density=density,
        E_L=young,
        E_R=young * across,
        G_LR=young * sample_between(rng, *((0.06, 0.12) if plies else (0.35, 0.45))),
        nu_LR=float(rng.uniform(0.05, 0.12) if plies else rng.uniform(0.2, 0.3)),
        G_xz=young * sample_between(rng, *thin),
        G_yz=young * sample_between(rng, *thin),
        eta_L=loss,
        eta_R=loss * float(rng.uniform(1.0, 1.4)),
        eta_G=loss * float(rng.uniform(1.1, 1.6)),
        crack_compliance=float(rng.uniform(1.0, 2.2)),
    )


# The classes that boards of wood are made of.
WOODEN = ("wood", "board")

MATERIAL_CLASSES: Mapping[str, MaterialClass] = MappingProxyType(
    {
        "wood": MaterialClass(_wood, side=(0.08, 1.0), thickness=(0.004, 0.060)),
        "board": MaterialClass(_board, side=(0.08, 1.0), thickness=(0.003, 0.040)),
        "glass": MaterialClass(
            _isotropic(
                "glass",
                density=(2400, 2600),
                young=(60e9, 76e9),
                poisson=(0.19, 0.25),
                loss=(0.0006, 0.004),
            ),
            side=(0.05, 0.8),
            thickness=(0.003, 0.015),
            splits=False,
        ),
        "tile": MaterialClass(
            _isotropic(
                "tile",
                density=(1800, 2500),
                young=(20e9, 75e9),
                poisson=(0.15, 0.28),
                loss=(0.0015, 0.010),
            ),
            side=(0.05, 0.6),
            thickness=(0.005, 0.020),
        ),
        "stone": MaterialClass(
            _isotropic(
                "stone",
                density=(2100, 2900),
                young=(15e9, 80e9),
                poisson=(0.15, 0.32),
                loss=(0.002, 0.015),
            ),
            side=(0.08, 1.0),
            thickness=(0.008, 0.080),
        ),
        "concrete": MaterialClass(
            _isotropic(
                "concrete",
                density=(1700, 2500),
                young=(12e9, 42e9),
                poisson=(0.15, 0.22),
                loss=(0.004, 0.025),
            ),
            side=(0.1, 1.0),
            thickness=(0.020, 0.180),
        ),
        "steel": MaterialClass(
            _isotropic(
                "steel",
                density=(7700, 8000),
                young=(195e9, 212e9),
                poisson=(0.27, 0.31),
                loss=(0.0002, 0.003),
            ),
            side=(0.06, 0.8),
            thickness=(0.002, 0.025),
            splits=False,
        ),
        "aluminium": MaterialClass(
            _isotropic(
                "aluminium",
                density=(2650, 2850),
                young=(67e9, 74e9),
                poisson=(0.32, 0.35),
                loss=(0.0002, 0.003),
            ),
            side=(0.06, 0.8),
            thickness=(0.002, 0.025),
            splits=False,
        ),
        "plastic": MaterialClass(
            _isotropic(
                "plastic",
                density=(900, 1450),
                young=(1.2e9, 4.5e9),
                poisson=(0.33, 0.42),
                loss=(0.010, 0.080),
            ),
            side=(0.05, 0.6),
            thickness=(0.003, 0.030),
        ),
    }
)
