"""Holes, delaminations and internal cracks, against theory."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from rendered import CRACKED
from scipy.linalg import eigh

from tapsklearn.synthesis import (
    Crack,
    Delamination,
    Hole,
    Plate,
    isotropic_material,
    plate_modes,
)
from tapsklearn.synthesis._layout import layout_for

IRON = isotropic_material(
    "iron", density=7800.0, young=200e9, poisson=0.3, loss_factor=0.001
)
# Without contraction across, a narrow plate is a beam.
STRIP = isotropic_material(
    "strip", density=1000.0, young=10e9, poisson=0.0, loss_factor=0.01
)
SQUARE = Plate(0.3, 0.3, 0.003, IRON)

DEFECTS = {
    "crack": {"crack": Crack(0.3, 0.6, 0.04)},
    "internal": {"crack": Crack(0.3, 0.6, 0.04, start=0.05)},
    "far": {"crack": Crack(0.6, 0.4, 0.05, edge="right", start=0.03)},
    "hole": {"hole": Hole(0.08, 0.05, 0.03, 0.02, 0.7)},
    "corner": {"hole": Hole(0.0, 0.0, 0.03, 0.02, 0.7)},
    "split": {"delamination": Delamination(0.08, 0.05, 0.05, 0.04, 0.4)},
    "open": {"delamination": Delamination(0.0, 0.05, 0.05, 0.08, 0.4)},
}


def frequencies_of(plate: Plate, n: int = 12, **settings: object) -> NDArray:
    return plate_modes(plate, condensed=True, **settings).frequencies[:n]


# ------------------------------------------------------------------ the solver


def test_free_isotropic_square_meets_leissa() -> None:
    # λ = ωa²√(ρh/D) by 36 terms (Leissa 1973), upper bounds some 0.2 to 1 % high.
    rigidity = IRON.E_L * SQUARE.thickness**3 / 12 / (1 - 0.3**2)
    unit = np.sqrt(rigidity / (IRON.density * SQUARE.thickness)) / SQUARE.length**2
    found = 2 * np.pi * frequencies_of(SQUARE, 6, n_elements=(16, 16)) / unit
    leissa = np.array([13.489, 19.789, 24.432, 35.024, 35.024, 61.526])
    np.testing.assert_allclose(found, leissa, rtol=0.015)
    assert (found < leissa).all()


@pytest.mark.parametrize("plate", [Plate(), CRACKED], ids=["intact", "cracked"])
def test_eliminating_the_rotations_changes_little(plate: Plate) -> None:
    full = plate_modes(plate)
    condensed = plate_modes(plate, condensed=True)
    assert len(condensed.frequencies) == len(full.frequencies)
    ratio = condensed.frequencies / full.frequencies
    # Guyan's reduction is an upper bound, too.
    assert (ratio > 1 - 1e-9).all()
    assert ratio.max() < 1.002
    assert ratio[full.frequencies < 4500].max() < 1.0005
    np.testing.assert_allclose(condensed.loss_factors, full.loss_factors, rtol=0.04)
    x, y = np.array([0.02, 0.11, 0.19]), np.array([0.01, 0.08, 0.12])
    ours, theirs = condensed.shapes(x, y)[:12], full.shapes(x, y)[:12]
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=0.1)


def test_modes_of_a_plate_with_a_hole_are_normalised_by_its_mass() -> None:
    # A tenth of the plate is missing; a mode of the rest alone has mass 1.
    hole = Hole(0.25, 0.0, 0.05, 0.05, 1.0)
    with_hole = plate_modes(Plate(0.3, 0.05, 0.004, STRIP, hole=hole))
    rest = plate_modes(Plate(0.25, 0.05, 0.004, STRIP), condensed=True)
    spots = [0.01, 0.1, 0.24], [0.02, 0.03, 0.04]
    np.testing.assert_allclose(
        np.abs(with_hole.shapes(*spots))[:4],
        np.abs(rest.shapes(*spots))[:4],
        rtol=0.02,
        atol=0.02,
    )


# ------------------------------------------------------------------ all defects


@pytest.mark.parametrize("name", DEFECTS)
def test_without_depth_it_changes_nothing(name: str) -> None:
    plate = replace(Plate(), **DEFECTS[name]).mended()
    assert plate.defect is None
    bare = plate_modes(Plate(), condensed=True)
    mended = plate_modes(plate, condensed=True)
    n = 15
    # The splines differ a little.
    np.testing.assert_allclose(mended.frequencies[:n], bare.frequencies[:n], rtol=0.001)
    np.testing.assert_allclose(
        mended.loss_factors[:n], bare.loss_factors[:n], rtol=0.01
    )
    assert not mended.mouth_curvature.any()
    assert plate.mass == Plate().mass


@pytest.mark.parametrize("name", DEFECTS)
def test_its_effect_vanishes_with_its_depth(name: str) -> None:
    plate = replace(Plate(), **DEFECTS[name])
    mended = frequencies_of(plate.mended())
    shifts = []
    for depth in (0.4, 0.1, 0.01, 1e-4):
        field, defect = next(iter(DEFECTS[name].items()))
        shallow = replace(plate, **{field: replace(defect, depth=depth)})
        shifts.append(np.abs(frequencies_of(shallow) / mended - 1).max())
    assert shifts[0] > 1e-3
    assert (np.diff(shifts) < 0).all()
    assert shifts[-1] < 1e-4


@pytest.mark.parametrize("name", DEFECTS)
def test_its_depth_does_not_move_the_knots(name: str) -> None:
    plate = replace(Plate(), **DEFECTS[name])
    ours = layout_for(plate, n_elements=(8, 7))
    mended = layout_for(plate.mended(), n_elements=(8, 7))
    bare = layout_for(Plate(), n_elements=(8, 7))
    np.testing.assert_array_equal(ours.x.points, mended.x.points)
    np.testing.assert_array_equal(ours.y.values, mended.y.values)
    assert not (
        np.array_equal(ours.x.points, bare.x.points)
        and np.array_equal(ours.y.points, bare.y.points)
    )


@pytest.mark.parametrize(
    ("defect", "message"),
    [
        (DEFECTS["crack"] | DEFECTS["hole"], "crack and hole are more than one"),
        ({"hole": Hole(0.19, 0.0, 0.02, 0.02, 1.0)}, "does not fit"),
        ({"hole": Hole(0.0, 0.0, 0.2, 0.13, 0.5)}, "takes all of the plate"),
        ({"delamination": Delamination(0.0, 0.1, 0.02, 0.04, 0.5)}, "does not fit"),
        ({"crack": Crack(0.5, 0.5, 0.1, start=0.04)}, r"starts at 0.04 m.*not fit"),
    ],
)
def test_what_does_not_fit_is_refused(defect: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Plate(**defect)


def test_a_defect_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="must be a Hole or None"):
        Plate(hole=DEFECTS["split"]["delamination"])
    with pytest.raises(ValueError, match="depth="):
        Hole(0.0, 0.0, 0.02, 0.02, 1.5)
    with pytest.raises(ValueError, match="loss_factor=-1"):
        Delamination(0.0, 0.0, 0.02, 0.02, 0.5, loss_factor=-1)


# ------------------------------------------------------------------ cracks


def test_an_internal_crack_that_reaches_the_edge_is_an_edge_crack() -> None:
    edge = frequencies_of(Plate(crack=Crack(0.3, 0.6, 0.06)))
    steps = []
    for start in (0.03, 0.01, 0.001, 1e-5):
        crack = Crack(0.3, 0.6, 0.06, start=start)
        steps.append(np.abs(frequencies_of(Plate(crack=crack)) / edge - 1).max())
    assert steps[0] > 0.001
    assert (np.diff(steps) < 0).all()
    assert steps[-1] < 1e-4


def test_a_crack_right_across_is_one_from_either_edge() -> None:
    across = Crack(0.3, 0.6, 0.13)
    other = replace(across, edge="top")
    inside = replace(across, start=1e-6, length=0.129999 - 1e-6)
    ours = frequencies_of(Plate(crack=across))
    np.testing.assert_allclose(frequencies_of(Plate(crack=other)), ours, rtol=1e-9)
    np.testing.assert_allclose(frequencies_of(Plate(crack=inside)), ours, rtol=1e-3)


def test_mirrored_internal_cracks_have_the_same_frequencies() -> None:
    bottom = Crack(0.3, 0.6, 0.04, start=0.02)
    top = replace(bottom, edge="top", position=0.7)
    np.testing.assert_allclose(
        frequencies_of(Plate(crack=top)),
        frequencies_of(Plate(crack=bottom)),
        rtol=1e-6,
    )


# ------------------------------------------------------------------ holes


def test_a_plate_whose_end_is_missing_is_a_shorter_plate() -> None:
    short = Plate(0.20, 0.05, 0.004, IRON)
    hole = Hole(0.20, 0.0, 0.05, 0.05, 1.0)
    missing = Plate(0.25, 0.05, 0.004, IRON, hole=hole)
    np.testing.assert_allclose(
        frequencies_of(missing, 8, n_elements=(20, 8)),
        frequencies_of(short, 8, n_elements=(16, 8)),
        rtol=0.002,
    )
    assert missing.mass == pytest.approx(short.mass)


def test_a_blind_hole_all_over_one_end_makes_it_thinner() -> None:
    # A beam of two thicknesses, by finite elements.
    hole = Hole(0.15, 0.0, 0.15, 0.02, 0.5)
    found = bending_only(Plate(0.3, 0.02, 0.004, STRIP, hole=hole))
    expected = beam_frequencies(
        0.3, 0.02, 0.004, lambda x: np.where(x < 0.15, 1.0, 0.5)
    )
    np.testing.assert_allclose(found[:4], expected[:4], rtol=0.01)


def test_a_hole_has_less_effect_the_smaller_it_is() -> None:
    shifts = []
    for size in (0.06, 0.03, 0.015, 0.005):
        hole = Hole(0.0, 0.0, size, size, 1.0)
        plate = replace(SQUARE, hole=hole)
        shifts.append(
            np.abs(frequencies_of(plate, 6) / frequencies_of(plate.mended(), 6) - 1)
        )
    assert (np.diff(np.max(shifts, axis=1)) < 0).all()
    assert np.max(shifts[0]) > 0.02
    assert np.max(shifts[-1]) < 0.003


def test_a_missing_corner_raises_what_it_moved_in() -> None:
    # Corners move and do not bend: less mass there means higher frequencies.
    plate = replace(SQUARE, hole=Hole(0.0, 0.0, 0.02, 0.02, 1.0))
    ratio = frequencies_of(plate, 3) / frequencies_of(plate.mended(), 3)
    assert (ratio > 1 - 1e-4).all()
    # By Rayleigh: half of the corner's share of the kinetic energy.
    modes = plate_modes(plate.mended())
    moved = modes.shapes_on_grid([0.005, 0.015], [0.005, 0.015])[0] ** 2
    lost = IRON.density * SQUARE.thickness * 0.02**2 * moved.mean()
    assert ratio[0] - 1 == pytest.approx(lost / 2, rel=0.25)


# ------------------------------------------------------------------ delaminations


def test_a_split_beam_meets_the_model_of_joined_layers() -> None:
    # Mujumdar and Suryanarayan's beam (1988), by finite elements of its own.
    for start, depth in ((0.10, 0.5), (0.03, 0.3)):
        split = Delamination(start, 0.0, 0.1, 0.02, depth)
        found = bending_only(Plate(0.3, 0.02, 0.004, STRIP, delamination=split))
        expected = beam_frequencies(
            0.3, 0.02, 0.004, np.ones_like, split=(start, start + 0.1), depth=depth
        )
        np.testing.assert_allclose(found[:5], expected[:5], rtol=0.01)


def test_a_split_in_the_middle_is_felt_by_what_bends_it_both_ways() -> None:
    split = Delamination(0.10, 0.0, 0.1, 0.02, 0.5)
    plate = Plate(0.3, 0.02, 0.004, STRIP, delamination=split)
    ratio = bending_only(plate)[:2] / bending_only(plate.mended())[:2]
    assert 0.97 < ratio[0] < 1
    assert ratio[1] < 0.9


def test_a_split_that_is_open_at_an_edge_takes_more() -> None:
    inside = Delamination(0.001, 0.03, 0.06, 0.06, 0.5)
    at_edge = replace(inside, x=0.0)
    mended = frequencies_of(Plate(delamination=at_edge).mended())
    ours = frequencies_of(Plate(delamination=at_edge)) / mended
    joined = frequencies_of(Plate(delamination=inside)) / mended
    assert (ours < 1 + 1e-9).all()
    assert ours.sum() < joined.sum()


def test_the_layers_are_alike_from_both_faces() -> None:
    split = Delamination(0.08, 0.05, 0.05, 0.04, 0.3)
    other = replace(split, depth=0.7)
    np.testing.assert_allclose(
        frequencies_of(Plate(delamination=split)),
        frequencies_of(Plate(delamination=other)),
        rtol=1e-9,
    )


def test_rubbing_faces_raise_the_loss() -> None:
    split = Delamination(0.05, 0.03, 0.08, 0.08, 0.5, loss_factor=0.1)
    plate = Plate(delamination=split)
    ours, mended = (
        plate_modes(one, condensed=True).loss_factors[:12]
        for one in (plate, plate.mended())
    )
    assert (ours > mended).all()
    assert ours.max() < 0.1


# ------------------------------------------------------------------ helpers


def bending_only(plate: Plate) -> NDArray:
    """Give the frequencies of the modes that do not twist a beam."""
    modes = plate_modes(plate, n_elements=(24, 4), condensed=True)
    edges = modes.shapes_on_grid(np.linspace(0, plate.length, 50), [0.0, plate.width])
    odd = np.abs(edges[:, :, 0] - edges[:, :, 1]).max(axis=1)
    return modes.frequencies[odd < 0.2 * np.abs(edges).max(axis=(1, 2))]


def beam_frequencies(length, width, thickness, share, *, split=None, depth=0.0):
    """Solve a free Euler-Bernoulli beam of the strip's material by finite elements.

    `share` gives the local share of the thickness. Between the ends of `split`, two
    layers bend each by itself, and the mean curvature stretches them.
    """
    n = 240
    step = length / n
    nodes = np.linspace(0, length, n + 1)
    stiffness, mass = np.zeros((2, 2 * n + 2, 2 * n + 2))
    bend = (
        np.array(
            [
                [12, 6 * step, -12, 6 * step],
                [6 * step, 4 * step**2, -6 * step, 2 * step**2],
                [-12, -6 * step, 12, -6 * step],
                [6 * step, 2 * step**2, -6 * step, 4 * step**2],
            ]
        )
        / step**3
    )
    inertia = (
        step
        / 420
        * np.array(
            [
                [156, 22 * step, 54, -13 * step],
                [22 * step, 4 * step**2, 13 * step, -3 * step**2],
                [54, 13 * step, 156, -22 * step],
                [-13 * step, -3 * step**2, -22 * step, 4 * step**2],
            ]
        )
    )
    middles = (nodes[:-1] + nodes[1:]) / 2
    shares = share(middles)
    rigidity = STRIP.E_L * width * thickness**3 / 12
    eased = np.ones(n)
    left = depth**3 + (1 - depth) ** 3
    if split is not None:
        eased[(middles > split[0]) & (middles < split[1])] = left
    for i in range(n):
        at = slice(2 * i, 2 * i + 4)
        stiffness[at, at] += rigidity * shares[i] ** 3 * eased[i] * bend
        mass[at, at] += STRIP.density * width * thickness * shares[i] * inertia
    if split is not None:
        ends = [2 * np.argmin(np.abs(nodes - end)) + 1 for end in split]
        turn = np.zeros(2 * n + 2)
        turn[ends] = -1, 1
        held = rigidity * (1 - left) / (split[1] - split[0])
        stiffness += held * np.outer(turn, turn)
    squares = eigh(stiffness, mass, eigvals_only=True)
    return np.sqrt(np.abs(squares[2:])) / (2 * np.pi)
