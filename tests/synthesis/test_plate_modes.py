"""Modes of plates without a crack, against theory."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from tapsklearn.synthesis import MATERIALS, Crack, Material, Plate, plate_modes
from tapsklearn.synthesis._layout import layout_for


def isotropic(
    *, poisson: float = 0.3, shear: float = 1.0, young: float = 10e9
) -> Material:
    """Make an isotropic material, maybe stiffer than that against shear."""
    modulus = young / (2 * (1 + poisson))
    return Material(
        name="isotropic",
        density=400.0,
        E_L=young,
        E_R=young,
        G_LR=modulus,
        nu_LR=poisson,
        G_xz=shear * modulus,
        G_yz=shear * modulus,
        eta_L=0.01,
        eta_R=0.01,
        eta_G=0.01,
        crack_compliance=1.0,
    )


def scaled(plate: Plate, factor: float) -> Plate:
    return replace(
        plate,
        length=factor * plate.length,
        width=factor * plate.width,
        thickness=factor * plate.thickness,
    )


def integrate(
    plate: Plate,
    integrand: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray],
) -> NDArray[np.float64]:
    """Integrate over a plate by Gauss quadrature, on knots of 14 x 10 elements."""
    nodes, weights = leggauss(6)
    axes = []
    for side, n in ((plate.length, 14), (plate.width, 10)):
        starts = np.arange(n)[:, None]
        axes.append(
            (
                ((starts + (nodes + 1) / 2) / n * side).ravel(),
                np.tile(weights / 2 / n * side, n),
            )
        )
    (x, weights_x), (y, weights_y) = axes
    return np.einsum("...pq,p,q->...", integrand(x, y), weights_x, weights_y)


# ---------------------------------------------------------------- numbers to meet


def test_thin_square_plate_meets_kirchhoffs_limit() -> None:
    # Converged λ = ωa²√(ρh/D); Leissa (1973) has 36-term upper bounds on them. The
    # shear modulus is raised so that it counts no more; raised much more, the
    # splines would lock.
    side, thickness = 1.0, 0.01
    plate = Plate(side, side, thickness, isotropic(shear=10.0))
    rigidity = plate.material.E_L * thickness**3 / 12 / (1 - 0.3**2)
    unit = np.sqrt(rigidity / (plate.material.density * thickness)) / side**2
    modes = plate_modes(
        plate, max_frequency=70 * unit / (2 * np.pi), n_elements=(20, 20)
    )
    found = 2 * np.pi * modes.frequencies[:6] / unit
    converged = [13.468, 19.596, 24.270, 34.801, 34.801, 61.093]
    np.testing.assert_allclose(found, converged, rtol=1e-3)


def test_usual_spruce_plate() -> None:
    modes = plate_modes(Plate())
    expected = [481, 810, 1215, 1268, 1537, 1987, 2251, 2316, 3265, 3271, 3380, 3461]
    expected += [3652, 4027]
    np.testing.assert_allclose(modes.frequencies[:14], expected, rtol=0.005)
    loss = modes.loss_factors[:14]
    assert 0.008 < loss.min() < 0.0095
    assert 0.0215 < loss.max() < 0.0225


@pytest.mark.parametrize("name", ["spruce", "cedar", "plywood"])
def test_frequencies_hardly_change_on_a_finer_mesh(name: str) -> None:
    plate = Plate(material=MATERIALS[name])
    coarse = plate_modes(plate, max_frequency=4500).frequencies
    fine = plate_modes(plate, max_frequency=4500, n_elements=(20, 16)).frequencies
    # Ritz: a space that is not finer everywhere, but large, is lower.
    np.testing.assert_allclose(coarse[: len(fine)], fine, rtol=1e-3)
    assert (coarse[: len(fine)] > fine * (1 - 1e-5)).all()


def test_twice_the_elements_are_never_higher() -> None:
    # Splines on a halved mesh hold those of the coarse one: Ritz's minimum is lower.
    coarse = plate_modes(Plate(), max_frequency=6000, n_elements=(8, 6)).frequencies
    fine = plate_modes(Plate(), max_frequency=6000, n_elements=(16, 12)).frequencies
    assert (fine[: len(coarse)] < coarse).all()


# ---------------------------------------------------------------- laws


def test_frequency_goes_with_one_over_size() -> None:
    small = plate_modes(Plate())
    large = plate_modes(scaled(Plate(), 2.0), max_frequency=4500)
    np.testing.assert_allclose(large.frequencies, small.frequencies / 2, rtol=1e-7)
    np.testing.assert_allclose(large.loss_factors, small.loss_factors, rtol=1e-7)


def test_thin_plate_goes_with_thickness_over_length_squared() -> None:
    thin = Plate(0.2, 0.13, 0.0005)
    frequencies = plate_modes(thin, max_frequency=250).frequencies
    thicker = plate_modes(replace(thin, thickness=0.001), max_frequency=500)
    longer = plate_modes(Plate(0.4, 0.26, 0.0005), max_frequency=63)
    n = 5
    np.testing.assert_allclose(thicker.frequencies[:n], 2 * frequencies[:n], rtol=0.01)
    np.testing.assert_allclose(longer.frequencies[:n], frequencies[:n] / 4, rtol=0.01)


def test_shear_slows_a_thick_plate() -> None:
    # Without it, frequency would go with thickness here too.
    thick = plate_modes(Plate(thickness=0.020)).frequencies[:8]
    assert (thick < 1.9 * plate_modes(Plate()).frequencies[:8]).all()


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_frequency_goes_with_root_of_modulus_over_density(factor: float) -> None:
    spruce = MATERIALS["spruce"]
    moduli = ("E_L", "E_R", "G_LR", "G_xz", "G_yz")
    stiff = replace(spruce, **{name: factor * getattr(spruce, name) for name in moduli})
    heavy = replace(spruce, density=factor * spruce.density)
    usual = plate_modes(Plate()).frequencies[:10]
    root = np.sqrt(factor)
    found = plate_modes(Plate(material=stiff), max_frequency=18000).frequencies[:10]
    np.testing.assert_allclose(found, root * usual, rtol=1e-7)
    found = plate_modes(Plate(material=heavy), max_frequency=18000).frequencies[:10]
    np.testing.assert_allclose(found, usual / root, rtol=1e-7)


def test_beam_of_no_poisson_ratio_bends_as_euler_says() -> None:
    # Free-free beam: f = (4.730)² / (2π L²) √(EI / ρA), and 7.853 for the second.
    beam = Plate(0.4, 0.01, 0.004, isotropic(poisson=0.0))
    modes = plate_modes(beam, max_frequency=600, n_elements=(16, 4))
    wave_speed = np.sqrt(10e9 * 0.004**2 / 12 / 400)
    euler = np.array([4.7300, 7.8532]) ** 2 / (2 * np.pi * 0.4**2) * wave_speed
    # Bending in the plane is no plate's business; twisting begins at 2 kHz.
    np.testing.assert_allclose(modes.frequencies[:2], euler, rtol=0.003)


def test_grain_turned_round() -> None:
    # A plate whose grain runs along the short side is the same with x and y swapped.
    wood = MATERIALS["spruce"]
    turned = replace(
        wood,
        E_L=wood.E_R,
        E_R=wood.E_L,
        nu_LR=wood.nu_RL,
        G_xz=wood.G_yz,
        G_yz=wood.G_xz,
        eta_L=wood.eta_R,
        eta_R=wood.eta_L,
    )
    as_it_was = plate_modes(Plate())
    modes = plate_modes(Plate(0.130, 0.200, 0.010, turned), n_elements=(10, 14))
    np.testing.assert_allclose(modes.frequencies, as_it_was.frequencies, rtol=1e-8)
    np.testing.assert_allclose(modes.loss_factors, as_it_was.loss_factors, rtol=1e-8)


# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize("name", ["spruce", "plywood"])
def test_symmetric_plate_has_symmetric_modes(name: str) -> None:
    plate = Plate(material=MATERIALS[name])
    modes = plate_modes(plate)
    rng = np.random.default_rng(0)
    x, y = plate.length * rng.random(50), plate.width * rng.random(50)
    shapes = modes.shapes(x, y)
    for mirrored in (
        modes.shapes(plate.length - x, y),
        modes.shapes(x, plate.width - y),
    ):
        parity = np.sign((shapes * mirrored).sum(axis=1))[:, None]
        np.testing.assert_allclose(mirrored, parity * shapes, atol=1e-5)
        # Both kinds are there.
        assert {-1.0, 1.0} == set(parity.ravel())


def test_modes_are_normalised_by_mass_and_orthogonal() -> None:
    # Thin, so that the energy of rotation does not count.
    plate = Plate(thickness=0.0005)
    modes = plate_modes(plate, max_frequency=250)
    n = 6
    assert len(modes.frequencies) >= n
    per_area = plate.material.density * plate.thickness
    products = integrate(
        plate,
        lambda x, y: (
            per_area
            * np.einsum(
                "mpq,npq->mnpq",
                modes.shapes_on_grid(x, y)[:n],
                modes.shapes_on_grid(x, y)[:n],
            )
        ),
    )
    np.testing.assert_allclose(products, np.eye(n), atol=2e-4)


def test_thick_plate_keeps_some_energy_in_rotation() -> None:
    plate = Plate()
    modes = plate_modes(plate)
    per_area = plate.material.density * plate.thickness
    energies = integrate(plate, lambda x, y: per_area * modes.shapes_on_grid(x, y) ** 2)
    assert (energies < 1).all()
    assert (energies > 0.5).all()
    assert energies[0] > 0.98


def test_free_plate_keeps_its_momentum() -> None:
    # Orthogonal to the rigid motions: the centre of mass stays.
    plate = Plate(crack=Crack(0.3, 0.7, 0.05))
    modes = plate_modes(plate)
    momentum = integrate(Plate(), modes.shapes_on_grid)
    # Gauss on even knots integrates the cracked plate's splines nearly.
    size = integrate(Plate(), lambda x, y: np.abs(modes.shapes_on_grid(x, y)))
    assert (np.abs(momentum) < 1e-4 * size).all()


def test_first_modes_are_twist_and_bends() -> None:
    plate = Plate()
    modes = plate_modes(plate)
    corners = modes.shapes([0, 0, 0.2, 0.2], [0, 0.13, 0, 0.13])
    # Of the first, opposite corners go together: twisting.
    signs = np.array([1, -1, -1, 1])
    assert (np.sign(corners[0] / corners[0, 0]) == signs).all()
    middle = modes.shapes([0.0, 0.1, 0.2], [0.065, 0.065, 0.065])
    # 1268 Hz is the first bend along the grain: ends against the middle.
    bend = middle[3] / middle[3, 0]
    assert bend[2] == pytest.approx(1, abs=1e-5)
    assert -0.75 < bend[1] < -0.5
    # Bending along the grain loses the least.
    assert modes.loss_factors[3] == modes.loss_factors[:14].min()


def test_grid_and_points_agree() -> None:
    modes = plate_modes(Plate(crack=Crack(0.25, 0.6, 0.04)))
    x, y = np.array([0.0, 0.05, 0.2]), np.array([0.0, 0.1])
    grid = modes.shapes_on_grid(x, y)
    assert grid.shape == (len(modes.frequencies), 3, 2)
    for i, j in np.ndindex(3, 2):
        point = modes.shapes(x[i], y[j])
        np.testing.assert_allclose(point[:, 0], grid[:, i, j], atol=1e-10)


# ---------------------------------------------------------------- the interface


def test_modes_are_kept_and_cannot_be_changed() -> None:
    modes = plate_modes(Plate())
    assert plate_modes(Plate()) is modes
    assert plate_modes(Plate(), n_elements=[14, 10]) is modes
    for array in (modes.frequencies, modes.loss_factors, modes.mouth_curvature):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_max_frequency_only_cuts() -> None:
    all_modes = plate_modes(Plate()).frequencies
    few = plate_modes(Plate(), max_frequency=3000).frequencies
    assert len(few) == (all_modes <= 3000).sum() > 5
    np.testing.assert_allclose(few, all_modes[: len(few)], rtol=1e-9)
    assert len(plate_modes(Plate(), max_frequency=10).frequencies) == 0


@pytest.mark.parametrize("max_frequency", [0, -1.0, np.nan, np.inf])
def test_wrong_max_frequency(max_frequency: float) -> None:
    with pytest.raises(ValueError, match="max_frequency"):
        plate_modes(Plate(), max_frequency=max_frequency)


@pytest.mark.parametrize("n_elements", [(14,), (0, 10), (14, 10.5), (1, 2, 3)])
def test_wrong_n_elements(n_elements: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="n_elements"):
        plate_modes(Plate(), n_elements=n_elements)


# ---------------------------------------------------------------- any plate


@st.composite
def plates(draw: st.DrawFn) -> Plate:
    """Draw plates, intact and cracked from any edge."""
    length, width = draw(st.floats(0.1, 0.4)), draw(st.floats(0.05, 0.3))
    edge = draw(st.sampled_from(["bottom", "top", "left", "right"]))
    room = width if edge in ("bottom", "top") else length
    crack = st.builds(
        Crack,
        position=st.floats(0.001, 0.999),
        depth=st.floats(0, 0.95),
        length=st.floats(0.001 * room, room),
        edge=st.just(edge),
        loss_factor=st.floats(0, 0.5),
    )
    return Plate(
        length=length,
        width=width,
        thickness=draw(st.floats(0.003, 0.02)),
        material=draw(st.sampled_from(list(MATERIALS.values()))),
        crack=draw(st.none() | crack),
    )


@given(plate=plates())
def test_any_plate(plate: Plate) -> None:
    modes = plate_modes(plate, max_frequency=6000, n_elements=(8, 6))
    assert np.isfinite(modes.frequencies).all()
    assert (modes.frequencies > 0).all()
    assert (np.diff(modes.frequencies) >= 0).all()
    wood = plate.material
    losses = [wood.eta_L, wood.eta_R, wood.eta_G]
    if plate.crack is not None:
        losses.append(plate.crack.loss_factor)
        mended = plate_modes(plate.mended(), max_frequency=6000, n_elements=(8, 6))
        n = len(mended.frequencies)
        assert (modes.frequencies[:n] <= mended.frequencies * (1 + 1e-6)).all()
    # A little more than the extremes: the coupling of two bends can be negative.
    assert (modes.loss_factors > 0.9 * min(losses)).all()
    assert (modes.loss_factors < 1.1 * max(losses)).all()
    shapes = modes.shapes(
        [0.0, plate.length / 3, plate.length], [plate.width, 0.0, plate.width / 2]
    )
    assert np.isfinite(shapes).all()


@given(plate=plates())
def test_layout_of_any_plate(plate: Plate) -> None:
    layout = layout_for(plate, n_elements=(14, 10))
    for axis, side in ((layout.x, plate.length), (layout.y, plate.width)):
        products = axis.products()
        np.testing.assert_allclose(products.values, np.eye(len(axis.values)), atol=1e-8)
        assert axis.weights.sum() == pytest.approx(side)
