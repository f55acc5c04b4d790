"""A plate."""

from dataclasses import dataclass, replace
from typing import Any

from tapsklearn.synthesis._crack import Crack
from tapsklearn.synthesis._material import MATERIALS, Material
from tapsklearn.synthesis._numbers import check_numbers
from tapsklearn.synthesis._patch import Delamination, Hole, Patch

# The attributes of a plate that are defects.
_DEFECTS = {"crack": Crack, "hole": Hole, "delamination": Delamination}


@dataclass(frozen=True)
class Plate:
    """A rectangular plate; the origin is a corner, x runs along the grain.

    It has one defect at most.

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
        A crack or a cut. If None, there is none.
    hole : Hole, default=None
        A hole, notch or missing corner. If None, there is none.
    delamination : Delamination, default=None
        Where it is split into two layers. If None, nowhere.

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
    hole: Hole | None = None
    delamination: Delamination | None = None

    def __post_init__(self) -> None:
        """Check the numbers, and that the defects fit on the plate."""
        check_numbers(
            self, "length", "width", "thickness", low=0, high=100, open_ends=True
        )
        if not isinstance(self.material, Material):
            raise TypeError(f"Plate: material={self.material!r} must be a Material")
        for name, kind in _DEFECTS.items():
            defect = getattr(self, name)
            if defect is not None and not isinstance(defect, kind):
                raise TypeError(
                    f"Plate: {name}={defect!r} must be a {kind.__name__} or None"
                )
        if len(self._defects) > 1:
            raise ValueError(
                f"Plate: {' and '.join(self._defects)} are more than one defect; give "
                "one, as plates with several are not modelled"
            )
        if self.crack is not None:
            self._check_crack(self.crack)
        patch = self.hole or self.delamination
        if patch is not None:
            self._check_patch(patch)

    @property
    def _defects(self) -> dict[str, Crack | Patch]:
        """Those that are not None, by attribute."""
        every = {name: getattr(self, name) for name in _DEFECTS}
        return {name: defect for name, defect in every.items() if defect is not None}

    def _check_crack(self, crack: Crack) -> None:
        room = self.width if crack.across_grain else self.length
        if crack.start + crack.length > room:
            begins = f" that starts at {crack.start!r} m" if crack.start else ""
            raise ValueError(
                f"Plate: a crack of length={crack.length!r} m{begins} from the "
                f"{crack.edge} edge does not fit: the plate ends after {room!r} m"
            )

    def _check_patch(self, patch: Patch) -> None:
        if patch.x_span[1] > self.length or patch.y_span[1] > self.width:
            raise ValueError(
                f"Plate: {patch!r} does not fit on a plate of {self.length!r} m by "
                f"{self.width!r} m"
            )
        if patch.length >= self.length and patch.width >= self.width:
            raise ValueError(
                f"Plate: {patch!r} takes all of the plate; leave some of it"
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
        per_area = self.material.density * self.thickness
        whole = per_area * self.area
        if self.hole is None:
            return whole
        missing = 1.0 if self.hole.is_through else self.hole.depth
        return whole - per_area * missing * self.hole.length * self.hole.width

    @property
    def defect(self) -> Crack | Patch | None:
        """What is wrong with it; what has no depth is no defect.

        Returns
        -------
        Crack, Hole, Delamination or None
            None for an intact plate.
        """
        return next((one for one in self._defects.values() if one.depth > 0), None)

    def joined(self, patch: Patch) -> tuple[tuple[bool, bool], tuple[bool, bool]]:
        """Give the ends of a rectangle that lie within the plate, not at its edges.

        Parameters
        ----------
        patch : Patch
            The rectangle.

        Returns
        -------
        tuple of two tuples of two bool
            For its start and end along x, and along y.
        """
        spans = zip(
            (patch.x_span, patch.y_span), (self.length, self.width), strict=True
        )
        # Closer to an edge than a thousandth of the side is at the edge.
        x, y = ((low > 1e-3 * side, high < 0.999 * side) for (low, high), side in spans)
        return x, y

    def mended(self) -> "Plate":
        """Give the plate as it was without its defect.

        Returns
        -------
        Plate
            The same with a defect of depth 0 in the same place, so that it is solved
            on the same splines (see `plate_modes`); itself if it has none.
        """
        healed: dict[str, Any] = {
            name: replace(defect, depth=0.0) for name, defect in self._defects.items()
        }
        return replace(self, **healed) if healed else self
