"""What a plate is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tapsklearn.synthesis._numbers import check_numbers


# Symbols are written as everywhere in mechanics of wood: E_L, nu_LR.
@dataclass(frozen=True)
class Material:
    """An orthotropic material, as wood is.

    L is the direction of the grain (the plate's x), R the one across it in the
    plate's plane (y), z the one through its thickness.

    Attributes
    ----------
    name : str
        What it is called.
    density : float
        In kg/m³.
    E_L, E_R : float
        Young's moduli along and across the grain, in Pa. For wood measured in
        bending, E_L should be the modulus free of shear: 10 % above the one in
        tables of bending strength.
    G_LR : float
        Shear modulus in the plane, in Pa; resists twisting.
    nu_LR : float
        Poisson's ratio: contraction across the grain when pulled along it.
    G_xz, G_yz : float
        Shear moduli through the thickness, in Pa. That across the grain
        ("rolling shear") is small in wood.
    eta_L, eta_R, eta_G : float
        Loss factors of bending along the grain, of bending across it, and of all
        shear: the share of the strain energy lost in each radian.
    crack_compliance : float, default=2.2
        How much more a crack's tip gives way than in an isotropic material of the
        same modulus. About 2.2 for softwood, be the crack across or along the
        grain; 1 for an isotropic material.

    References
    ----------
    G. C. Sih, P. C. Paris and G. R. Irwin, "On cracks in rectilinearly anisotropic
    bodies", International Journal of Fracture Mechanics 1 (1965), 189-203: the
    `crack_compliance`.

    Examples
    --------
    >>> from dataclasses import replace
    >>> replace(MATERIALS["spruce"], density=400.0).density
    400.0
    """

    name: str
    density: float
    E_L: float
    E_R: float
    G_LR: float
    nu_LR: float  # noqa: N815
    G_xz: float
    G_yz: float
    eta_L: float  # noqa: N815
    eta_R: float  # noqa: N815
    eta_G: float  # noqa: N815
    crack_compliance: float = 2.2

    def __post_init__(self) -> None:
        """Check the numbers."""
        moduli = ("E_L", "E_R", "G_LR", "G_xz", "G_yz")
        check_numbers(
            self, "density", *moduli, "crack_compliance", low=0, open_ends=True
        )
        check_numbers(self, "nu_LR", low=-1, high=10, open_ends=True)
        check_numbers(self, "eta_L", "eta_R", "eta_G", low=0, high=1)
        if self.nu_LR * self.nu_RL >= 1:
            raise ValueError(
                f"Material: nu_LR={self.nu_LR!r} is too large for E_R / E_L = "
                f"{self.E_R / self.E_L:g}: bending it would set energy free"
            )

    @property
    def nu_RL(self) -> float:  # noqa: N802
        """The other Poisson's ratio, which follows from symmetry.

        Returns
        -------
        float
            Contraction along the grain when pulled across it.
        """
        return self.nu_LR * self.E_R / self.E_L


def isotropic_material(
    name: str, *, density: float, young: float, poisson: float, loss_factor: float
) -> Material:
    """Make a material that is the same in all directions.

    Parameters
    ----------
    name : str
        What it is called.
    density : float
        In kg/m³.
    young : float
        Young's modulus, in Pa.
    poisson : float
        Poisson's ratio, between -1 and 0.5.
    loss_factor : float
        Share of the strain energy lost in each radian.

    Returns
    -------
    Material
        With the shear modulus E / (2 (1 + ν)) in every plane.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> glass = isotropic_material(
    ...     "glass", density=2500.0, young=70e9, poisson=0.22, loss_factor=0.001
    ... )
    >>> round(glass.G_LR / 1e9, 1)
    28.7
    """
    if not -1 < poisson <= 0.5:
        raise ValueError(f"poisson={poisson!r} must be above -1 and at most 0.5")
    shear = young / (2 * (1 + poisson))
    return Material(
        name=name,
        density=density,
        E_L=young,
        E_R=young,
        G_LR=shear,
        nu_LR=poisson,
        G_xz=shear,
        G_yz=shear,
        eta_L=loss_factor,
        eta_R=loss_factor,
        eta_G=loss_factor,
        crack_compliance=1.0,
    )


# Densities, Young's and shear moduli of the softwoods keep to the ratios of Sitka
# spruce and of western redcedar in table 5-1 of the Wood Handbook (Forest Products
# Laboratory, FPL-GTR-190, 2010). The loss factors, and all of the row of (lauan)
# plywood, are typical values, not measured ones: plies cross in it, so that it is
# stiffer across the grain and weaker through its thickness.
MATERIALS: Mapping[str, Material] = MappingProxyType(
    {
        "spruce": Material(
            name="spruce",
            density=430.0,
            E_L=11.0e9,
            E_R=0.86e9,
            G_LR=0.70e9,
            nu_LR=0.37,
            G_xz=0.67e9,
            G_yz=0.060e9,
            eta_L=0.008,
            eta_R=0.022,
            eta_G=0.018,
        ),
        "cedar": Material(
            name="cedar",
            density=370.0,
            E_L=8.0e9,
            E_R=0.65e9,
            G_LR=0.70e9,
            nu_LR=0.38,
            G_xz=0.69e9,
            G_yz=0.040e9,
            eta_L=0.008,
            eta_R=0.022,
            eta_G=0.020,
        ),
        "plywood": Material(
            name="plywood",
            density=520.0,
            E_L=7.5e9,
            E_R=3.5e9,
            G_LR=0.60e9,
            nu_LR=0.08,
            G_xz=0.20e9,
            G_yz=0.15e9,
            eta_L=0.016,
            eta_R=0.020,
            eta_G=0.024,
        ),
    }
)
