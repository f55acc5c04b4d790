"""A plate."""

from dataclasses import dataclass, replace

from tapsklearn.synthesis._crack import Crack
from tapsklearn.synthesis._material import MATERIALS, Material
from tapsklearn.synthesis._numbers import check_numbers


@dataclass(frozen=True)
class Plate:
    """A rectangular plate; the origin is a corner, x runs along the grain.

    Attributes
    ----------
    length : float, default=0.200
        Along the grain (x), in m.
    width : float, default=0.130
        Across the grain (y), in m.
    thickness : float, default=0.010
        In m.
    material : Material, default=MATERIALS["spruce"]
        What it is made of.
    crack : Crack, default=None
        None for an intact plate.

    Examples
    --------
    >>> plate = Plate(crack=Crack(position=0.25, depth=0.6, length=0.040))
    >>> round(plate.mass, 4)
    0.1118
    >>> plate.mended().crack.depth
    0.0
    """

    length: float = 0.200
    width: float = 0.130
    thickness: float = 0.010
    material: Material = MATERIALS["spruce"]
    crack: Crack | None = None

    def __post_init__(self) -> None:
        """Check the numbers, and that the crack fits on the plate."""
        check_numbers(
            self, "length", "width", "thickness", low=0, high=100, open_ends=True
        )
        if not isinstance(self.material, Material):
            raise TypeError(f"Plate: material={self.material!r} must be a Material")
        if self.crack is None:
            return
        if not isinstance(self.crack, Crack):
            raise TypeError(f"Plate: crack={self.crack!r} must be a Crack or None")
        room = self.width if self.crack.across_grain else self.length
        if self.crack.length > room:
            raise ValueError(
                f"Plate: a crack of length={self.crack.length!r} m from the "
                f"{self.crack.edge} edge does not fit: the plate ends after {room!r} m"
            )

    @property
    def area(self) -> float:
        """Area of its face.

        Returns
        -------
        float
            In m².
        """
        return self.length * self.width

    @property
    def mass(self) -> float:
        """What it weighs.

        Returns
        -------
        float
            In kg.
        """
        return self.material.density * self.area * self.thickness

    def mended(self) -> "Plate":
        """Give the plate as it was before it cracked.

        Returns
        -------
        Plate
            The same with a crack of depth 0 in the same place, so that it is
            solved on the same splines (see `plate_modes`); itself if it has none.
        """
        if self.crack is None:
            return self
        return replace(self, crack=replace(self.crack, depth=0.0))
