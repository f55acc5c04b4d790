"""The scenario "anything", and what is kept for pretraining."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tapsklearn.datasets import check_takes
from tapsklearn.preprocessing import article_features
from tapsklearn.synthesis import (
    Material,
    Plate,
    isotropic_material,
    make_tap_boards,
    synthesize_taps,
)
from tapsklearn.synthesis._boards import session_generator, take_generator
from tapsklearn.synthesis._layout import layout_for
from tapsklearn.synthesis._material_classes import MATERIAL_CLASSES, WOODEN
from tapsklearn.synthesis._mesh import mesh_for
from tapsklearn.synthesis._sampled_defect import with_sampled_defect
from tapsklearn.synthesis._scenarios import list_boards

N_SPECIMENS = 600


@pytest.fixture(scope="module")
def boards():
    return list_boards("anything", n_boards=N_SPECIMENS, seed=11)


@pytest.fixture(scope="module")
def specimens(boards):
    return boards[::2]


# ------------------------------------------------------------------ what is sampled


def test_half_are_defective_in_every_way(specimens) -> None:
    assert Counter(b.condition for b in specimens) == {
        "normal": N_SPECIMENS / 2,
        "abnormal": N_SPECIMENS / 2,
    }
    kinds = Counter(b.plate.defect.kind for b in specimens if b.is_cracked)
    assert set(kinds) == {"crack", "cut", "hole", "delamination"}
    assert min(kinds.values()) > 0.03 * N_SPECIMENS / 2
    cracks = [b.plate.crack for b in specimens if b.plate.crack and b.is_cracked]
    assert {crack.edge for crack in cracks} == {"bottom", "top", "left", "right"}
    assert any(crack.start > 0 for crack in cracks)
    patches = [b.plate.hole or b.plate.delamination for b in specimens]
    joined = [b.plate.joined(p) for b, p in zip(specimens, patches, strict=True) if p]
    # In the middle, at edges and at corners.
    assert {sum(map(sum, ends)) for ends in joined} >= {2, 3, 4}


def test_all_materials_and_sizes_occur(specimens) -> None:
    assert {b.material_class for b in specimens} == set(MATERIAL_CLASSES)
    wooden = np.mean([b.material_class in WOODEN for b in specimens])
    assert 0.45 < wooden < 0.75
    sides = np.array([(b.plate.length, b.plate.width) for b in specimens])
    assert sides.max(axis=1).min() < 0.12
    assert sides.max() > 0.7
    assert (sides.max(axis=1) < 1.05).all()
    assert (sides.max(axis=1) > 0.045).all()
    # Beams, and plates whose grain runs along the shorter side.
    assert (sides.min(axis=1) / sides.max(axis=1)).min() < 0.2
    assert (sides[:, 0] < sides[:, 1]).any()
    assert len({b.rig.contact_time for b in specimens}) == N_SPECIMENS


def test_six_of_each_product_are_of_one_mould_or_cut_by_hand(specimens) -> None:
    frame = pd.DataFrame(
        {
            "product": [b.product for b in specimens],
            "material": [b.material_class for b in specimens],
            "condition": [b.condition for b in specimens],
            "length": [b.plate.length for b in specimens],
            "thickness": [b.plate.thickness for b in specimens],
            "modulus": [b.plate.material.E_L for b in specimens],
            "room": [b.rig.room_seed for b in specimens],
        }
    )
    products = frame.groupby("product")
    assert (products.size() == 6).all()
    assert products["condition"].value_counts().eq(3).all()
    assert (products[["material", "room"]].nunique() == 1).all(axis=None)
    for name, widest in (("length", 0.3), ("thickness", 0.35), ("modulus", 1.5)):
        ratio = products[name].max() / products[name].min() - 1
        assert widest / 5 < ratio.max() < widest
        assert ratio.min() < widest / 20
        assert ratio.min() > 0
        nominal = products[name].mean()
        assert nominal.std() / nominal.mean() > 0.3


def test_a_product_is_struck_in_the_same_two_places(boards) -> None:
    places: dict[tuple[str, str], set] = {}
    for board in boards:
        if board.plate.hole is None:
            places.setdefault((board.product, board.end), set()).add(board.place)
    assert all(len(each) == 1 for each in places.values())
    assert {end for _, end in places} == {"a", "b"}
    for board in boards:
        hole = board.plate.hole
        strike = board.strike
        assert hole is None or not hole.covers(strike.x, strike.y)


def test_the_shared_defect_is_often_struck_if_it_is_a_delamination(boards) -> None:
    on = [
        b.plate.delamination.covers(b.strike.x, b.strike.y)
        for b in boards
        if b.plate.delamination is not None and b.end == "a"
    ]
    assert 0.3 < np.mean(on) < 0.95


# ------------------------------------------------------------------ no leak


def test_intact_ones_carry_defects_of_no_depth(specimens) -> None:
    for board in specimens:
        plate = board.plate
        marked = [plate.crack, plate.hole, plate.delamination]
        (mark,) = [one for one in marked if one is not None]
        assert (mark.depth == 0) == (board.condition == "normal")
        if board.condition == "normal":
            assert plate.mended() == plate


def test_places_of_defects_and_splines_are_alike_in_both_conditions(specimens) -> None:
    numbers: dict[str, list] = {"normal": [], "abnormal": []}
    for board in specimens:
        layout = layout_for(board.plate, n_elements=board.mesh.n_elements)
        mark = board.plate.crack or board.plate.hole or board.plate.delamination
        numbers[board.condition].append(
            (
                board.plate.crack is not None,
                board.plate.hole is not None,
                len(layout.x.values) * len(layout.y.values),
                mark.length / max(board.plate.length, board.plate.width),
                board.rig.support_decay,
            )
        )
    ours, theirs = np.array(numbers["normal"]), np.array(numbers["abnormal"])
    error = np.sqrt((ours.var(axis=0) + theirs.var(axis=0)) / len(ours))
    assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 3 * error).all()


def test_the_mended_twin_is_struck_and_solved_alike(specimens) -> None:
    for board in specimens[1:40:6]:
        mended = replace(board, plate=board.plate.mended())
        assert mended.strike == board.strike
        ours, twin = (
            layout_for(one.plate, n_elements=board.mesh.n_elements)
            for one in (board, mended)
        )
        np.testing.assert_array_equal(ours.x.values, twin.x.values)
        np.testing.assert_array_equal(ours.y.values, twin.y.values)
        assert mesh_for(board.plate) == mesh_for(mended.plate)


def test_most_defects_change_the_modes(specimens) -> None:
    shifts = []
    for board in specimens[1:60:2]:
        mended = replace(board, plate=board.plate.mended())
        ours, twin = board.modes().frequencies, mended.modes().frequencies
        n = min(len(ours), len(twin), 10)
        shifts.append(np.abs(ours[:n] / twin[:n] - 1).max())
    assert np.median(shifts) > 0.005
    assert (np.array(shifts) > 0).all()


# ------------------------------------------------------------------ modes


def test_plates_are_solved_finely_enough(specimens) -> None:
    for board in specimens[::25]:
        coarse = board.modes()
        assert 3 <= len(coarse.frequencies) < 200
        assert (np.diff(coarse.frequencies) >= 0).all()
        assert ((coarse.loss_factors > 0) & (coarse.loss_factors < 0.3)).all()
        n_x, n_y = board.mesh.n_elements
        finer = replace(board, mesh=board.mesh._replace(n_elements=(n_x + 5, n_y + 5)))
        n = len(coarse.frequencies)
        ratio = coarse.frequencies / finer.modes().frequencies[:n]
        assert np.median(ratio) < 1.01
        assert ratio[: max(n // 2, 1)].max() < 1.03


def test_the_mesh_grows_with_the_plate_until_it_is_too_large() -> None:
    usual, larger = mesh_for(Plate()), mesh_for(Plate(length=0.3, width=0.2))
    assert larger.n_elements > usual.n_elements
    assert usual.max_frequency == larger.max_frequency == 9000
    huge = mesh_for(Plate(length=1.0, width=1.0))
    assert huge.max_frequency < 3000
    assert np.prod(np.add(huge.n_elements, 3)) <= 500


# ------------------------------------------------------------------ materials


def test_an_isotropic_material_is_the_same_in_all_directions() -> None:
    glass = isotropic_material(
        "glass", density=2500.0, young=70e9, poisson=0.25, loss_factor=0.001
    )
    assert (glass.E_L, glass.nu_LR) == (glass.E_R, glass.nu_RL)
    assert glass.G_LR == glass.G_xz == glass.G_yz == pytest.approx(28e9)
    assert glass.crack_compliance == 1.0
    with pytest.raises(ValueError, match="poisson=0.7"):  # noqa: RUF043
        isotropic_material("x", density=1.0, young=1.0, poisson=0.7, loss_factor=0.1)


@pytest.mark.parametrize("name", MATERIAL_CLASSES)
def test_classes_hold_what_their_names_say(name: str) -> None:
    rng = np.random.default_rng(0)
    sampled = [MATERIAL_CLASSES[name].sample(rng) for _ in range(50)]
    assert all(isinstance(material, Material) for material in sampled)
    speeds = [np.sqrt(material.E_L / material.density) for material in sampled]
    assert 900 < min(speeds) < max(speeds) < 6500
    wooden = [material.E_R < material.E_L for material in sampled]
    assert all(wooden) if name in WOODEN else not any(wooden)


def test_materials_can_be_restricted() -> None:
    some = list_boards("anything", n_boards=60, materials=["glass", "steel"])
    assert {board.material_class for board in some} == {"glass", "steel"}
    assert all(board.plate.delamination is None for board in some)
    taps = synthesize_taps(
        scenario="anything", n_boards=6, n_takes=1, materials={"tile"}
    )
    assert set(taps.frame["material_class"]) == {"tile"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"materials": ["cheese"]}, r"\['cheese'\] must be a list of some of wood"),
        ({"materials": "wood"}, "materials='wood' must be a list"),
        ({"materials": []}, "must be a list"),
        ({"scenario": "wide", "materials": ["wood"]}, "must be None for"),
        ({"domain": "training"}, "must be one of evaluation, pretraining"),
        ({"scenario": "article", "domain": "pretraining"}, "pretrain on another"),
    ],
)
def test_bad_choices_are_refused(settings: dict, message: str) -> None:
    settings = {"scenario": "anything", "n_boards": 2, "n_takes": 1, **settings}
    with pytest.raises(ValueError, match=message):
        synthesize_taps(**settings)


def test_without_splitting_nothing_is_delaminated() -> None:
    rng = np.random.default_rng(0)
    plates = [with_sampled_defect(Plate(), rng, splits=False) for _ in range(100)]
    assert all(plate.delamination is None for plate in plates)
    assert all(plate.defect is not None for plate in plates)


# ------------------------------------------------------------------ domains


def rounded(board) -> tuple[float, ...]:
    """Give the numbers of a plate, to some digits."""
    plate, material = board.plate, board.plate.material
    numbers = (
        1e3 * plate.length,
        1e3 * plate.width,
        1e3 * plate.thickness,
        material.density,
        material.E_L / 1e9,
        material.eta_L,
    )
    return tuple(float(f"{number:.6g}") for number in numbers)


def test_no_plate_repeats_over_seeds_scenarios_and_domains() -> None:
    plates: list[tuple[float, ...]] = []
    for seed in range(25):
        for domain in ("evaluation", "pretraining"):
            for scenario in ("same_shop", "wide", "anything"):
                boards = list_boards(scenario, n_boards=18, seed=seed, domain=domain)
                plates += [rounded(board) for board in boards[::2]]
    # The article's are the same for all seeds, but never those of another.
    plates += {
        rounded(board)
        for seed in range(25)
        for board in list_boards("article", n_boards=6, seed=seed)
    }
    assert len(plates) > 25 * 2 * 3 * 18
    assert len(set(plates)) == len(plates)


@pytest.mark.parametrize("scenario", ["same_shop", "wide", "anything"])
def test_equal_seeds_share_nothing_between_domains(scenario: str) -> None:
    settings = {"scenario": scenario, "n_boards": 2, "n_takes": 2, "random_state": 3}
    ours = synthesize_taps(**settings)
    theirs = synthesize_taps(**settings, domain="pretraining")
    assert (ours.board == theirs.board).all()
    assert (ours.frame["length_mm"] != theirs.frame["length_mm"]).all()
    assert len({take.tobytes() for take in [*ours.X, *theirs.X]}) == 16
    again = synthesize_taps(**settings, domain="pretraining")
    np.testing.assert_array_equal(again.X, theirs.X)


def test_streams_of_takes_and_sessions_differ_between_domains() -> None:
    numbers = {
        (make.__name__, domain): make(0, "x", *further, domain=domain).random()
        for make, further in ((take_generator, (0,)), (session_generator, ()))
        for domain in ("evaluation", "pretraining")
    }
    assert len(set(numbers.values())) == 4


# ------------------------------------------------------------------ takes


def test_takes_can_be_used() -> None:
    taps = synthesize_taps(scenario="anything", n_boards=24, n_takes=1)
    assert taps.X.shape == (48, 35280)
    assert np.isfinite(taps.X).all()
    moving = np.abs(taps.X - np.median(taps.X, axis=1, keepdims=True)).max(axis=1)
    peaks = 20 * np.log10(moving)
    assert peaks.max() <= 0.1
    assert peaks.min() > -60
    assert peaks.std() > 3
    # Each holds a tap.
    with pytest.warns(UserWarning, match="remark"):
        features = article_features(input="waveform").fit_transform(taps.X)
    assert len(features) == 48
    assert len(taps.normal_boards) == 24


def test_the_frame_has_the_physical_truth() -> None:
    taps = synthesize_taps(scenario="anything", n_boards=12, n_takes=1)
    frame = taps.frame
    numbers = [
        "length_mm", "width_mm", "thickness_mm", "density_kg_m3", "E_L_GPa", "E_R_GPa",
        "G_LR_GPa", "nu_LR", "eta_L", "eta_R", "eta_G", "strike_x_mm", "strike_y_mm",
        "force_N", "contact_time_ms", "mic_distance_m", "support_decay_1_s",
        "reverberation_time_s",
    ]  # fmt: skip
    assert np.isfinite(frame[numbers].to_numpy(dtype=float)).all()
    assert frame["contact_time_ms"].between(0.03, 2.0).all()
    assert frame["mic_distance_m"].between(0.01, 1.2).all()
    of_defect = [
        "defect_kind", "defect_x_mm", "defect_y_mm", "defect_length_mm",
        "defect_width_mm", "defect_depth",
    ]  # fmt: skip
    defective = frame["condition"] == "abnormal"
    assert frame.loc[defective, of_defect].notna().all(axis=None)
    assert frame.loc[~defective, of_defect].isna().all(axis=None)
    assert (frame["defect_x_mm"].dropna() < frame["length_mm"][defective]).all()
    assert (frame["defect_y_mm"].dropna() < frame["width_mm"][defective]).all()


def test_the_same_with_any_number_of_jobs_and_boards() -> None:
    settings = {"scenario": "anything", "n_takes": 2, "random_state": 2}
    few = synthesize_taps(**settings, n_boards=4)
    more = synthesize_taps(**settings, n_boards=7, n_jobs=2)
    np.testing.assert_array_equal(more.X[: len(few.X)], few.X)


def test_a_folder_of_anything(tmp_path) -> None:
    takes = make_tap_boards(tmp_path, scenario="anything", n_takes=2, n_boards=4)
    assert len(takes.paths) == 16
    assert set(takes.frame["defect_kind"].dropna()) <= {
        "crack", "cut", "hole", "delamination",
    }  # fmt: skip
    problems = check_takes(tmp_path, min_takes=2)
    assert not problems["problem"].str.contains("no tap").any()
