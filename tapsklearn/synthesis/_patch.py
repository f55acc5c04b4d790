"""Defects that take a rectangle of the plate: holes and delaminations."""

from dataclasses import dataclass
from typing import ClassVar

from tapsklearn.synthesis._numbers import check_numbers

# What is left of a hole that goes through, as shares: so little stiffness that
# nothing else counts, and so much less mass that the rest does not ring by itself.
# (As in topology optimization, where void is a weak material, too.)
VOID_STIFFNESS = 1e-3
VOID_MASS = 1e-5
# Deeper holes go through.
DEEPEST = 0.9


@dataclass(frozen=True)
class Patch:
    """A rectangle of the plate.

    Attributes
    ----------
    x, y : float
        Coordinates of its corner nearest to the origin, in m.
    length, width : float
        Its sides along x and y, in m.
    depth : float
        A share of the plate's thickness, from 0 to 1. Of depth 0 it changes nothing
        in any plate: it only marks a place (see `plate_modes`).
    """

    kind: ClassVar[str] = ""

    x: float
    y: float
    length: float
    width: float
    depth: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_numbers(self, "x", "y", low=0)
        check_numbers(self, "length", "width", low=0, high=100, open_ends=True)
        check_numbers(self, "depth", low=0, high=1)

    @property
    def x_span(self) -> tuple[float, float]:
        """Where it begins and ends along x.

        Returns
        -------
        tuple of float
            In m.
        """
        return self.x, self.x + self.length

    @property
    def y_span(self) -> tuple[float, float]:
        """Where it begins and ends along y.

        Returns
        -------
        tuple of float
            In m.
        """
        return self.y, self.y + self.width

    def covers(self, x: float, y: float, *, margin: float = 0.0) -> bool:
        """Whether a spot lies on it.

        Parameters
        ----------
        x, y : float
            Coordinates of the spot, in m.
        margin : float, default=0.0
            How far off still counts, in m.

        Returns
        -------
        bool
            True on it.
        """
        return (
            self.x - margin < x < self.x + self.length + margin
            and self.y - margin < y < self.y + self.width + margin
        )


@dataclass(frozen=True)
class Hole(Patch):
    """A rectangle where the plate is missing, all through or from one face.

    At an edge it is a notch, at a corner a missing corner. What a blind hole leaves
    is taken to lie in the middle of the thickness. The microphone receives the little
    that the weak filling of a through hole radiates, too.

    Attributes
    ----------
    x, y : float
        Coordinates of its corner nearest to the origin, in m.
    length, width : float
        Its sides along x and y, in m.
    depth : float
        As a share of the plate's thickness, from 0 to 1; above 0.9 it goes through.

    Examples
    --------
    >>> Hole(x=0.0, y=0.0, length=0.02, width=0.03, depth=1.0).is_through
    True
    """

    kind: ClassVar[str] = "hole"

    @property
    def is_through(self) -> bool:
        """Whether nothing is left.

        Returns
        -------
        bool
            True above a depth of 0.9.
        """
        return self.depth > DEEPEST


@dataclass(frozen=True)
class Delamination(Patch):
    """A rectangle where the plate is split into two layers that touch no more.

    Each layer bends by itself, of rigidity proportional to d³ and (1 - d)³. Where the
    rectangle ends within the plate, the layers are joined, so that bending them alike
    all over still has to stretch one and to shorten the other: only what differs
    from the mean curvature over the rectangle is eased. Both move together (they
    pass through each other nowhere), but the struck layer also rings by itself, as a
    drum (see `drum_modes`), if the blow falls on it. That it claps on the other
    is not modelled.

    Attributes
    ----------
    x, y : float
        Coordinates of its corner nearest to the origin, in m.
    length, width : float
        Its sides along x and y, in m.
    depth : float
        At which it lies under the struck face, as a share of the plate's thickness,
        from 0 to 1.
    loss_factor : float, default=0.05
        Loss factor of the strain energy there, where the faces rub, and of the drum.
        A typical value.

    References
    ----------
    P. M. Mujumdar and S. Suryanarayan, "Flexural vibrations of beams with
    delaminations", Journal of Sound and Vibration 125 (1988), 441-461: the layers
    that move together and are joined at the ends.

    Examples
    --------
    >>> patch = Delamination(x=0.05, y=0.04, length=0.05, width=0.05, depth=0.5)
    >>> patch.lost_share  # two layers of half the thickness: a quarter is left
    0.75
    """

    kind: ClassVar[str] = "delamination"

    loss_factor: float = 0.05

    def __post_init__(self) -> None:
        """Check the numbers."""
        super().__post_init__()
        check_numbers(self, "loss_factor", low=0, high=1)

    @property
    def lost_share(self) -> float:
        """What share of the bending rigidity goes where the layers slide freely.

        Returns
        -------
        float
            Between 0 and 0.75.
        """
        return 1 - self.depth**3 - (1 - self.depth) ** 3
