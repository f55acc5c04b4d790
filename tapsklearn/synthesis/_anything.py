"""Specimens of the scenario "anything": of all materials and sizes, sound and not.

They are of products, six of each: three intact and three defective, of one nominal
plate, struck in the same two places and recorded alike, so that within a product
little but the defects makes the taps differ.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np

from tapsklearn.synthesis import Plate, Rig
from tapsklearn.synthesis._boards import TappedBoard, specimen_generator
from tapsklearn.synthesis._material_classes import MATERIAL_CLASSES, WOODEN
from tapsklearn.synthesis._mesh import Mesh, mesh_for
from tapsklearn.synthesis._numbers import sample_between
from tapsklearn.synthesis._sampled_defect import with_sampled_defect
from tapsklearn.synthesis._sampled_rig import sample_rig, vary_rig
from tapsklearn.synthesis._spread import Spread, vary

# Specimens of a product, every second one defective.
PER_PRODUCT = 6

# The share of products that are boards of wood, if woods are asked for.
BOARDS = 0.5
# Their longer and shorter sides and thickness, in m.
BOARD_SIZES = ((0.10, 0.40), (0.06, 0.25), (0.005, 0.020))

# A plate is sampled anew if it rings too high, or if too many modes fit on it.
HIGHEST_FUNDAMENTAL = 2500.0  # Hz
LEAST_FREQUENCY = 4000.0  # Hz

# How often the defect of a specimen is that of its product, but for the spread.
SAME_DEFECT = 0.5
# How often a blow falls on the delamination of a product that has one.
ON_PATCH = 0.7
# How far a blow stays away from a hole.
BESIDE_HOLE = 0.008  # m

Place = tuple[float, float]


class _Product(NamedTuple):
    """What the specimens of a product have in common."""

    material_class: str
    is_board: bool
    plate: Plate
    spread: Spread
    defect_seed: int
    places: tuple[Place, Place]
    mesh: Mesh
    rig: Rig


def sample_anything(
    n_boards: int | None,
    seed: int,
    domain: str,
    *,
    materials: Collection[str] | None = None,
) -> Iterator[TappedBoard]:
    """Sample specimens of anything, every second one defective.

    Parameters
    ----------
    n_boards : int or None
        Number of specimens. If None, 24.
    seed : int
        Seed. Each specimen depends on it and on its number alone.
    domain : {"evaluation", "pretraining"}
        What they are for.
    materials : collection of str, default=None
        The classes of materials to sample from. If None, all.

    Yields
    ------
    TappedBoard
        Two places of each specimen.

    Raises
    ------
    ValueError
        If there is no such class.
    """
    classes = _check_materials(materials)
    for number in range(1, (24 if n_boards is None else n_boards) + 1):
        kind = "normal" if number % 2 else "defective"
        specimen = f"{kind} {number:04d}"
        name = f"product {(number - 1) // PER_PRODUCT + 1:04d}"
        product = _sample_product(
            specimen_generator(seed, name, domain=domain), classes
        )
        rng = specimen_generator(seed, specimen, domain=domain)
        plate = _with_defect(vary(product.plate, product.spread, rng), product, rng)
        rig = vary_rig(product.rig, rng)
        for end, place in zip("ab", product.places, strict=True):
            yield TappedBoard(
                name=f"{specimen} {end}",
                specimen=specimen,
                end=end,
                # Where the defect is decides on places and splines, not whether it
                # is one.
                place=_off_holes(place, plate, rng),
                plate=plate.mended() if kind == "normal" else plate,
                rig=rig,
                material_class=product.material_class,
                product=name,
                mesh=product.mesh,
            )


def _check_materials(materials: Collection[str] | None) -> list[str]:
    classes = list(MATERIAL_CLASSES)
    if materials is None:
        return classes
    unknown = [name for name in materials if name not in MATERIAL_CLASSES]
    if isinstance(materials, str) or unknown or not materials:
        raise ValueError(
            f"materials={materials!r} must be a list of some of {', '.join(classes)}"
        )
    return [name for name in classes if name in materials]


def _sample_product(rng: np.random.Generator, classes: list[str]) -> _Product:
    wooden = [name for name in classes if name in WOODEN]
    is_board = bool(wooden) and rng.random() < BOARDS
    material_class = str(rng.choice(wooden if is_board else classes))
    plate, mesh = _sample_plate(rng, material_class, is_board=is_board)
    # From one mould, or cut by hand from any tree.
    rough = sample_between(rng, 0.1, 4.0)
    product = _Product(
        material_class,
        is_board,
        plate,
        spread=Spread(
            stiffness=0.04 * rough,
            density=0.025 * rough,
            loss=0.08 * rough,
            length=0.012 * rough * plate.length,
            width=0.012 * rough * plate.width,
            thickness=0.015 * rough * plate.thickness,
        ),
        defect_seed=int(rng.integers(2**63)),
        places=(_sample_place(rng), _sample_place(rng)),
        mesh=mesh,
        rig=sample_rig(plate, rng),
    )
    return product._replace(places=_on_delamination(product, rng))


def _sample_place(rng: np.random.Generator) -> Place:
    along, across = rng.uniform(0.08, 0.92, 2)
    return float(along), float(across)


def _on_delamination(
    product: _Product, rng: np.random.Generator
) -> tuple[Place, Place]:
    """Move the first place onto the delamination, if that is what goes wrong."""
    along, across = rng.uniform(0.15, 0.85, 2)
    moved = rng.random() < ON_PATCH
    plate = _with_defect(product.plate, product, None)
    split = plate.delamination
    if split is None or not moved:
        return product.places
    place = (
        float((split.x + along * split.length) / plate.length),
        float((split.y + across * split.width) / plate.width),
    )
    return place, product.places[1]


def _with_defect(
    plate: Plate, product: _Product, rng: np.random.Generator | None
) -> Plate:
    """Give a specimen the product's defect or, as often, one of its own."""
    if rng is None or rng.random() < SAME_DEFECT:
        rng = np.random.default_rng(product.defect_seed)
    return with_sampled_defect(
        plate,
        rng,
        splits=MATERIAL_CLASSES[product.material_class].splits,
        is_board=product.is_board,
    )


def _sample_plate(
    rng: np.random.Generator, material_class: str, *, is_board: bool
) -> tuple[Plate, Mesh]:
    """Sample a plate or a beam that rings as taps are recorded."""
    kind = MATERIAL_CLASSES[material_class]
    while True:
        if is_board:
            long, short, thickness = (
                sample_between(rng, *size) for size in BOARD_SIZES
            )
        else:
            long = sample_between(rng, *kind.side)
            thickness = sample_between(rng, *kind.thickness)
            # A quarter are beams.
            slender = rng.random() < 0.25
            short = long * sample_between(
                rng, *((0.05, 0.25) if slender else (0.35, 1.0))
            )
        # The grain runs along x, most often along the longer side.
        length, width = (short, long) if rng.random() < 0.2 else (long, short)
        plate = Plate(length, width, thickness, kind.sample(rng))
        if not 0.007 * long < thickness < 0.3 * long or short < max(0.012, thickness):
            continue
        mesh = mesh_for(plate)
        if (
            mesh.max_frequency >= LEAST_FREQUENCY
            and _beam_frequency(plate) <= HIGHEST_FUNDAMENTAL
        ):
            return plate, mesh


def _beam_frequency(plate: Plate) -> float:
    """Give the lowest frequency of a free beam as long as the plate's longer side.

    A textbook's 1.03 h/L² √(E/ρ); the plate's own is lower or about as high.
    """
    m = plate.material
    return (
        1.03
        * plate.thickness
        * min(
            float(np.sqrt(modulus / m.density)) / side**2
            for modulus, side in ((m.E_L, plate.length), (m.E_R, plate.width))
        )
    )


def _off_holes(place: Place, plate: Plate, rng: np.random.Generator) -> Place:
    """Move a blow off a hole."""
    while plate.hole is not None and plate.hole.covers(
        place[0] * plate.length, place[1] * plate.width, margin=BESIDE_HOLE
    ):
        along, across = rng.uniform(0.03, 0.97, 2)
        place = float(along), float(across)
    return place
