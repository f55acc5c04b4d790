"""Which boards are tapped: the article's, and random ones from a shop."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tapsklearn.synthesis import MATERIALS, Crack, Material, Plate, Strike

# The rng of a specimen and that of a take must never be the same.
_BOARD_STREAM = 0
_TAKE_STREAM = 1
_SESSION_STREAM = 2

_MODULI = ("E_L", "E_R", "G_LR", "G_xz", "G_yz")

# Where along the board its two ends are struck.
_ENDS = {"left": 0.15, "right": 0.85}


@dataclass(frozen=True)
class TappedBoard:
    """A board as the recordings label it: one end of a specimen.

    Attributes
    ----------
    name : str
        Name of the board, the label of its takes.
    specimen : str
        Name of the piece of wood.
    end : str
        "left" or "right": where it is struck.
    plate : Plate
        The piece of wood itself.
    """

    name: str
    specimen: str
    end: str
    plate: Plate

    @property
    def is_cracked(self) -> bool:
        """Whether the wood has a crack; one of no depth is none.

        Returns
        -------
        bool
            True for a crack.
        """
        return self.plate.crack is not None and self.plate.crack.depth > 0

    @property
    def condition(self) -> str:
        """What inspectors would call it.

        Returns
        -------
        str
            "abnormal" if it is cracked, else "normal".
        """
        return "abnormal" if self.is_cracked else "normal"

    @property
    def strike(self) -> Strike:
        """Where it is struck, on average.

        Returns
        -------
        Strike
            On the middle line, 15 % of the length from the end.
        """
        return Strike(x=_ENDS[self.end] * self.plate.length, y=self.plate.width / 2)


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


def list_boards(
    scenario: str, *, n_boards: int | None = None, seed: int = 0
) -> list[TappedBoard]:
    """List the boards of a scenario.

    Parameters
    ----------
    scenario : {"article", "same_shop", "wide"}
        Which.
    n_boards : int, default=None
        Number of random specimens. If None, 12 further ones for the article's
        boards, a third of them cracked, and 24 else, half of them cracked.
    seed : int, default=0
        Seed of the random ones. Each depends on it and on its own name alone.

    Returns
    -------
    list of TappedBoard
        Two, the left and the right end, for each specimen.

    Raises
    ------
    ValueError
        If there is no such scenario, or no board in it.

    Examples
    --------
    >>> [board.name for board in list_boards("article", n_boards=0)][-4:]
    ['abnormal 5', 'abnormal 6', 'abnormal 7', 'abnormal 8']
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"scenario={scenario!r} must be one of {', '.join(SCENARIOS)}")
    if n_boards is not None and n_boards < 0:
        raise ValueError(f"n_boards={n_boards} must not be negative")
    boards = list(SCENARIOS[scenario](n_boards, seed))
    if not boards:
        raise ValueError(f"n_boards={n_boards} leaves no board in {scenario!r}")
    return boards


def take_generator(seed: int, board: str, take: int) -> np.random.Generator:
    """Give the source of all that is random in one take.

    Parameters
    ----------
    seed : int
        Seed of the data set.
    board : str
        Name of the board.
    take : int
        Number of the take.

    Returns
    -------
    Generator
        The same for the same three, whatever else is made.
    """
    return _generator(_TAKE_STREAM, seed, board, take)


def session_generator(seed: int, board: str) -> np.random.Generator:
    """Give the source of all that is random in setting up to record a board.

    Parameters
    ----------
    seed : int
        Seed of the data set.
    board : str
        Name of the board.

    Returns
    -------
    Generator
        The same for the same two.
    """
    return _generator(_SESSION_STREAM, seed, board)


def _generator(stream: int, seed: int, name: str, *numbers: int) -> np.random.Generator:
    # Unlike hash(), the checksum of a name is the same in every process.
    return np.random.default_rng([stream, seed, zlib.crc32(name.encode()), *numbers])


def _both_ends(
    specimen: str, plate: Plate, names: tuple[str, str] | None = None
) -> Iterator[TappedBoard]:
    for place, end in enumerate(_ENDS):
        name = names[place] if names else f"{specimen} {end}"
        yield TappedBoard(name, specimen, end, plate)


def _article(n_boards: int | None, seed: int) -> Iterator[TappedBoard]:
    """Give the article's boards, and further ones of the same shop to train on."""
    spruce = MATERIALS["spruce"]
    hairline = Crack(position=0.35, depth=0.6, length=0.040, breathing=0.3)
    saw_cut = Crack(position=0.80, depth=0.6, length=0.040)
    # "Of a slightly different wood": spruce from another tree.
    similar = replace(
        _scale(spruce, stiffness=1.06, density=0.97, loss=1.1),
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
        rng = _generator(_BOARD_STREAM, seed, specimen)
        plate = _sound(_size(length, 130, wood), rng)
        if wood is similar:
            plate = _vary(plate, SAME_SHOP, rng)
        yield from _both_ends(specimen, plate)
    for numbers, length, crack in (((5, 6), 190, hairline), ((7, 8), 200, saw_cut)):
        plate = replace(_size(length, 130, spruce), crack=crack)
        left, right = (f"abnormal {number}" for number in numbers)
        specimen = "abnormal {}/{}".format(*numbers)
        yield from _both_ends(specimen, plate, (left, right))
    yield from _random_boards(
        12 if n_boards is None else n_boards,
        seed,
        SAME_SHOP,
        cracked_each=3,
        prefix="further ",
    )


def _shop(n_boards: int | None, seed: int, *, spread: Spread) -> Iterator[TappedBoard]:
    """Give random boards, every second one cracked."""
    yield from _random_boards(24 if n_boards is None else n_boards, seed, spread)


SCENARIOS: dict[str, Callable[[int | None, int], Iterator[TappedBoard]]] = {
    "article": _article,
    "same_shop": partial(_shop, spread=SAME_SHOP),
    "wide": partial(_shop, spread=WIDE),
}


def _random_boards(
    n_boards: int,
    seed: int,
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
        rng = _generator(_BOARD_STREAM, seed, specimen)
        plate = _size(200, 130, MATERIALS["spruce"])
        plate = (
            replace(plate, crack=_sample_crack(rng)) if cracked else _sound(plate, rng)
        )
        yield from _both_ends(specimen, _vary(plate, spread, rng))


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


def _vary(plate: Plate, spread: Spread, rng: np.random.Generator) -> Plate:
    """Sample a board like another, as the shop's next one differs from it."""

    def factor(deviation: float) -> float:
        return float(np.exp(rng.normal(0, deviation)))

    wood = _scale(
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


def _scale(
    wood: Material, *, stiffness: float, density: float, loss: float
) -> Material:
    moduli = {name: getattr(wood, name) * stiffness for name in _MODULI}
    losses = {name: getattr(wood, name) * loss for name in ("eta_L", "eta_R", "eta_G")}
    return replace(wood, density=wood.density * density, **moduli, **losses)
