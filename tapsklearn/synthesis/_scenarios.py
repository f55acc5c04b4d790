"""Which boards are tapped: the article's, and random ones."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from tapsklearn.synthesis import MATERIALS, Crack, Material, Plate
from tapsklearn.synthesis._anything import sample_anything
from tapsklearn.synthesis._boards import (
    DOMAINS,
    ENDS,
    EVALUATION,
    TappedBoard,
    specimen_generator,
)
from tapsklearn.synthesis._spread import SAME_SHOP, WIDE, Spread, scale_material, vary


def list_boards(
    scenario: str,
    *,
    n_boards: int | None = None,
    seed: int = 0,
    domain: str = EVALUATION,
    materials: Collection[str] | None = None,
) -> list[TappedBoard]:
    """List the boards of a scenario.

    Parameters
    ----------
    scenario : {"article", "same_shop", "wide", "anything"}
        Which.
    n_boards : int, default=None
        Number of random specimens. If None, 12 further ones for the article's
        boards, a third of them cracked, and 24 else, half of them defective.
    seed : int, default=0
        Seed of the random ones. Each depends on it, on its own name and on the
        domain alone.
    domain : {"evaluation", "pretraining"}, default="evaluation"
        What they are for; no plate is in both.
    materials : collection of str, default=None
        For "anything": the classes of materials to sample from. If None, all.

    Returns
    -------
    list of TappedBoard
        Two, the left and the right end or two places, for each specimen.

    Raises
    ------
    ValueError
        If there is no such scenario, domain or material, or no board in it.

    Examples
    --------
    >>> [board.name for board in list_boards("article", n_boards=0)][-4:]
    ['abnormal 5', 'abnormal 6', 'abnormal 7', 'abnormal 8']
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"scenario={scenario!r} must be one of {', '.join(SCENARIOS)}")
    if domain not in DOMAINS:
        raise ValueError(f"domain={domain!r} must be one of {', '.join(DOMAINS)}")
    if scenario == "article" and domain != EVALUATION:
        raise ValueError(
            f"domain={domain!r} must be {EVALUATION!r} for scenario='article': some of "
            "its plates are the same for every seed; pretrain on another scenario"
        )
    if materials is not None and scenario != "anything":
        raise ValueError(
            f"materials={materials!r} must be None for scenario={scenario!r}, which is "
            "of one material; or choose scenario='anything'"
        )
    if n_boards is not None and n_boards < 0:
        raise ValueError(f"n_boards={n_boards} must not be negative")
    sample = SCENARIOS[scenario]
    if materials is not None:
        sample = partial(sample_anything, materials=materials)
    boards = list(sample(n_boards, seed, domain))
    if not boards:
        raise ValueError(f"n_boards={n_boards} leaves no board in {scenario!r}")
    return boards


def _both_ends(
    specimen: str, plate: Plate, names: tuple[str, str] | None = None
) -> Iterator[TappedBoard]:
    for place, end in enumerate(ENDS):
        name = names[place] if names else f"{specimen} {end}"
        yield TappedBoard(name, specimen, end, plate)


def _article(n_boards: int | None, seed: int, domain: str) -> Iterator[TappedBoard]:
    """Give the article's boards, and further ones of the same shop to train on."""
    spruce = MATERIALS["spruce"]
    hairline = Crack(position=0.35, depth=0.6, length=0.040, breathing=0.3)
    saw_cut = Crack(position=0.80, depth=0.6, length=0.040)
    # "Of a slightly different wood": spruce from another tree.
    similar = replace(
        scale_material(spruce, stiffness=1.06, density=0.97, loss=1.1),
        name="spruce, another tree",
    )
    for number, length, wood in (
        (1, 200, spruce),
        (3, 215, spruce),
        (11, 190, similar),
        (12, 190, similar),
        (13, 200, similar),
        (14, 200, similar),
    ):
        specimen = f"{'normal' if wood is spruce else 'similar'} {number}"
        rng = specimen_generator(seed, specimen, domain=domain)
        plate = _sound(_size(length, 130, wood), rng)
        if wood is similar:
            plate = vary(plate, SAME_SHOP, rng)
        yield from _both_ends(specimen, plate)
    for numbers, length, crack in (((5, 6), 190, hairline), ((7, 8), 200, saw_cut)):
        plate = replace(_size(length, 130, spruce), crack=crack)
        left, right = (f"abnormal {number}" for number in numbers)
        specimen = "abnormal {}/{}".format(*numbers)
        yield from _both_ends(specimen, plate, (left, right))
    yield from _random_boards(
        12 if n_boards is None else n_boards,
        seed,
        domain,
        SAME_SHOP,
        cracked_each=3,
        prefix="further ",
    )


def _shop(
    n_boards: int | None, seed: int, domain: str, *, spread: Spread
) -> Iterator[TappedBoard]:
    """Give random boards, every second one cracked."""
    yield from _random_boards(
        24 if n_boards is None else n_boards, seed, domain, spread
    )


SCENARIOS: dict[str, Callable[[int | None, int, str], Iterator[TappedBoard]]] = {
    "article": _article,
    "same_shop": partial(_shop, spread=SAME_SHOP),
    "wide": partial(_shop, spread=WIDE),
    "anything": sample_anything,
}


def _random_boards(
    n_boards: int,
    seed: int,
    domain: str,
    spread: Spread,
    *,
    cracked_each: int = 2,
    prefix: str = "",
) -> Iterator[TappedBoard]:
    """Sample boards around 200 x 130 x 10 mm of spruce, every second or so cracked."""
    for number in range(1, n_boards + 1):
        cracked = number % cracked_each == 0
        kind = "cracked" if cracked else "normal"
        specimen = f"{prefix}{kind} {number:03d}"
        rng = specimen_generator(seed, specimen, domain=domain)
        plate = _size(200, 130, MATERIALS["spruce"])
        plate = (
            replace(plate, crack=_sample_crack(rng)) if cracked else _sound(plate, rng)
        )
        yield from _both_ends(specimen, vary(plate, spread, rng))


def _sample_crack(rng: np.random.Generator) -> Crack:
    """Sample a crack across the grain, a quarter of the length from an end."""
    position = 0.25 + rng.uniform(-0.05, 0.05)
    return Crack(
        position=position if rng.random() < 0.5 else 1 - position,
        depth=0.6 + rng.uniform(-0.05, 0.05),
        length=0.040 * rng.uniform(0.85, 1.15),
        breathing=0.3,
    )


def _sound(plate: Plate, rng: np.random.Generator) -> Plate:
    """Give a sound board a crack of no depth.

    The plate is computed on finer splines where there is a crack. With splines as
    fine where there could be one, nothing but the crack makes the boards differ.
    """
    return replace(plate, crack=_sample_crack(rng)).mended()


def _size(length: float, width: float, material: Material) -> Plate:
    """Make a board 10 mm thick from its sizes in mm."""
    return Plate(
        length=length / 1000, width=width / 1000, thickness=0.010, material=material
    )
