"""A board as it is labelled, and the sources of all that is random about it."""

import zlib
from dataclasses import dataclass

import numpy as np

from tapsklearn.synthesis import Plate, PlateModes, Rig, Strike, plate_modes
from tapsklearn.synthesis._mesh import Mesh

# What data are for. An encoder is trained on plates that no evaluation ever meets,
# whatever the seeds: numbers of a generator begin with that of its stream.
EVALUATION = "evaluation"
PRETRAINING = "pretraining"
DOMAINS = (EVALUATION, PRETRAINING)
# The rng of a specimen, that of a take and that of a session must never be the same.
_KINDS = ("specimen", "take", "session")

# Where along the board its two ends are struck.
ENDS = {"left": 0.15, "right": 0.85}

_USUAL_RIG = Rig()


@dataclass(frozen=True)
class TappedBoard:
    """A board as the recordings label it: one end of a specimen.

    Attributes
    ----------
    name : str
        Name of the board, the label of its takes.
    specimen : str
        Name of the piece.
    end : str
        Where it is struck: "left" or "right", or the name of a place.
    plate : Plate
        The piece itself.
    place : tuple of float, default=None
        Where it is struck, as shares of length and width. If None, at the end.
    rig : Rig, default=Rig()
        How it is struck and recorded, before the session's microphone is set up.
    material_class : str, default="wood"
        What kind of material it is.
    product : str, default=None
        Name of the product that it is one of: specimens of one material and nominal
        size, some intact and some not. If None, it is of none.
    mesh : Mesh, default=None
        How finely the plate is solved. If None, as `plate_modes` does by default.
    """

    name: str
    specimen: str
    end: str
    plate: Plate
    place: tuple[float, float] | None = None
    rig: Rig = _USUAL_RIG
    material_class: str = "wood"
    product: str | None = None
    mesh: Mesh | None = None

    @property
    def is_cracked(self) -> bool:
        """Whether it has a crack or another defect; one of no depth is none.

        Returns
        -------
        bool
            True for a defect.
        """
        return self.plate.defect is not None

    @property
    def condition(self) -> str:
        """What inspectors would call it.

        Returns
        -------
        str
            "abnormal" if it has a defect, else "normal".
        """
        return "abnormal" if self.is_cracked else "normal"

    @property
    def strike(self) -> Strike:
        """Where it is struck, on average.

        Returns
        -------
        Strike
            At the place, else on the middle line, 15 % of the length from the end.
        """
        along, across = self.place or (ENDS[self.end], 0.5)
        return Strike(x=along * self.plate.length, y=across * self.plate.width)

    def modes(self) -> PlateModes:
        """Solve it.

        Returns
        -------
        PlateModes
            Its modes.
        """
        if self.mesh is None:
            return plate_modes(self.plate)
        return plate_modes(self.plate, **self.mesh._asdict(), condensed=True)


def specimen_generator(
    seed: int, name: str, *, domain: str = EVALUATION
) -> np.random.Generator:
    """Give the source of all that is random in a specimen or a series of them.

    Parameters
    ----------
    seed : int
        Seed of the data set.
    name : str
        Of the specimen or the series.
    domain : {"evaluation", "pretraining"}, default="evaluation"
        What it is for: streams of two domains are never the same.

    Returns
    -------
    Generator
        The same for the same three.
    """
    return _generator("specimen", domain, seed, name)


def take_generator(
    seed: int, board: str, take: int, *, domain: str = EVALUATION
) -> np.random.Generator:
    """Give the source of all that is random in one take.

    Parameters
    ----------
    seed : int
        Seed of the data set.
    board : str
        Name of the board.
    take : int
        Number of the take.
    domain : {"evaluation", "pretraining"}, default="evaluation"
        What it is for.

    Returns
    -------
    Generator
        The same for the same four, whatever else is made.
    """
    return _generator("take", domain, seed, board, take)


def session_generator(
    seed: int, board: str, *, domain: str = EVALUATION
) -> np.random.Generator:
    """Give the source of all that is random in setting up to record a board.

    Parameters
    ----------
    seed : int
        Seed of the data set.
    board : str
        Name of the board.
    domain : {"evaluation", "pretraining"}, default="evaluation"
        What it is for.

    Returns
    -------
    Generator
        The same for the same three.
    """
    return _generator("session", domain, seed, board)


def _generator(
    kind: str, domain: str, seed: int, name: str, *numbers: int
) -> np.random.Generator:
    stream = len(_KINDS) * DOMAINS.index(domain) + _KINDS.index(kind)
    # Unlike hash(), the checksum of a name is the same in every process.
    return np.random.default_rng([stream, seed, zlib.crc32(name.encode()), *numbers])
