"""Boards, cracks, materials, strikes and rigs: what they refuse and say."""

from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

from tapsklearn.synthesis import (
    MATERIALS,
    Crack,
    Material,
    Plate,
    Rig,
    Strike,
    hertz_contact_time,
    new_session,
)
from tapsklearn.synthesis._ritz import bending_rigidities
from tapsklearn.synthesis._strike import contact_time_at, half_sine_pulse

CRACK = Crack(position=0.25, depth=0.6, length=0.040)

# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"position": 0.0}, "position=0.0 .* between 0 and 1"),
        ({"position": 1.0}, "position"),
        ({"depth": -0.1}, "depth=-0.1 .* between 0 and 0.95"),
        ({"depth": 0.96}, "depth"),
        ({"depth": np.nan}, "depth=nan"),
        ({"length": 0.0}, "length=0.0 .* above 0"),
        ({"length": np.inf}, "length=inf .* finite"),
        ({"edge": "middle"}, "edge='middle' .*'bottom', 'top', 'left', 'right'"),
        ({"loss_factor": 1.5}, "loss_factor"),
        ({"breathing": -1.0}, "breathing"),
    ],
)
def test_impossible_cracks(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(CRACK, **changes)


@pytest.mark.parametrize("value", ["deep", None, True])
def test_crack_wants_numbers(value: Any) -> None:
    with pytest.raises(TypeError, match=r"depth=.* must be a number"):
        replace(CRACK, depth=value)


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5), np.int64(0), 0])
def test_crack_takes_any_real_number(value: Any) -> None:
    assert replace(CRACK, depth=value).depth == value


@pytest.mark.parametrize("name", ["length", "width", "thickness"])
@pytest.mark.parametrize("value", [0.0, -0.1, np.nan, 130.0])
def test_impossible_plates(name: str, value: float) -> None:
    # 130 is one in millimetres.
    with pytest.raises(ValueError, match=f"Plate: {name}="):
        Plate(**{name: value})


def test_plate_wants_a_material_and_a_crack() -> None:
    with pytest.raises(TypeError, match="must be a Material"):
        Plate(material="spruce")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a Crack or None"):
        Plate(crack=0.6)  # type: ignore[arg-type]


@pytest.mark.parametrize(("edge", "room"), [("bottom", 0.13), ("right", 0.2)])
def test_crack_has_to_fit(edge: str, room: float) -> None:
    Plate(crack=Crack(0.5, 0.6, room, edge=edge))
    with pytest.raises(ValueError, match=f"from the {edge} edge does not fit"):
        Plate(crack=Crack(0.5, 0.6, room + 0.001, edge=edge))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"density": 0.0}, "density"),
        ({"G_yz": -1.0}, "G_yz"),
        ({"eta_L": 2.0}, "eta_L"),
        ({"nu_LR": 4.0}, "nu_LR=4.0 is too large"),
        ({"crack_compliance": 0.0}, "crack_compliance"),
    ],
)
def test_impossible_materials(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(MATERIALS["spruce"], **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"force": 0.0}, "force"),
        ({"mic_height": -0.1}, "mic_height"),
        ({"mic_spread": -0.1}, "mic_spread"),
        ({"pink_dbfs": np.nan}, "pink_dbfs"),
        ({"white_dbfs": np.inf}, "white_dbfs"),
        ({"latest_onset": 0.2}, "latest_onset"),
        ({"latest_onset": 3.0}, "before the end of the take"),
        ({"duration": 0.9}, "before the end of the take"),
    ],
)
def test_impossible_rigs(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(Rig(), **changes)


def test_strike_beside_the_origin() -> None:
    with pytest.raises(ValueError, match=r"Strike: x=-0\.1"):
        Strike(x=-0.1, y=0.0)


def test_nothing_can_be_changed_and_equal_things_are_equal() -> None:
    for thing in (Plate(), CRACK, MATERIALS["spruce"], Rig(), Strike(0.0, 0.0)):
        assert replace(thing) == thing  # type: ignore[type-var]
        assert hash(replace(thing)) == hash(thing)  # type: ignore[type-var]
        with pytest.raises(FrozenInstanceError):
            thing.name = "other"  # type: ignore[union-attr, misc]
    with pytest.raises(TypeError):
        MATERIALS["oak"] = MATERIALS["spruce"]  # type: ignore[index]


# ---------------------------------------------------------------- what they say


@pytest.mark.parametrize("wood", MATERIALS.values(), ids=MATERIALS)
def test_woods_are_like_wood(wood: Material) -> None:
    assert wood.E_L > wood.E_R > wood.G_yz
    assert wood.G_xz > wood.G_yz
    assert wood.eta_L < wood.eta_R
    assert 300 < wood.density < 600
    # Speed of sound along the grain: 3 to 6 km/s.
    assert 3000 < np.sqrt(wood.E_L / wood.density) < 6000


def test_mass() -> None:
    assert Plate().mass == pytest.approx(0.2 * 0.13 * 0.01 * 430)


def test_rigidities_of_an_isotropic_plate() -> None:
    young, poisson, thickness = 10e9, 0.3, 0.01
    wood = replace(
        MATERIALS["spruce"],
        E_L=young,
        E_R=young,
        nu_LR=poisson,
        G_LR=young / (2 * (1 + poisson)),
    )
    bending = bending_rigidities(Plate(thickness=thickness, material=wood))
    rigidity = young * thickness**3 / (12 * (1 - poisson**2))
    expected = (rigidity, rigidity, poisson * rigidity, (1 - poisson) / 2 * rigidity)
    np.testing.assert_allclose(bending, expected)


# ---------------------------------------------------------------- the strike


def test_hertz_contact_time_against_his_differential_equation() -> None:
    # m x'' = -4/3 E* √R x^1.5 from x = 0 at speed v, until x is 0 again.
    mass, radius, modulus, speed = 0.012, 0.006, 2.0e9, 0.7
    stiffness = 4 / 3 * modulus * np.sqrt(radius)
    step, time, x, v = 1e-8, 0.0, 0.0, speed
    while x >= 0:
        v -= step * stiffness / mass * x**1.5
        x += step * v
        time += step
    found = hertz_contact_time(mass=mass, radius=radius, modulus=modulus, speed=speed)
    assert found == pytest.approx(time, rel=2e-3)


def test_harder_blows_are_shorter() -> None:
    usual = {"usual_time": 0.35e-3, "usual_force": 25.0}
    assert contact_time_at(25.0, **usual) == pytest.approx(0.35e-3)
    assert contact_time_at(32 * 25.0, **usual) == pytest.approx(0.175e-3)
    forces = np.linspace(5, 100, 20)
    times = [contact_time_at(force, **usual) for force in forces]
    assert (np.diff(times) < 0).all()


@pytest.mark.parametrize("start", [0.0, 0.3, 0.99])
def test_pulse_has_its_impulse_and_peak(start: float) -> None:
    rate, time = 1e6, 0.35e-3
    pulse = half_sine_pulse(25.0, time, sample_rate=rate, start=start)
    assert pulse.max() == pytest.approx(25.0, rel=1e-4)
    assert pulse.sum() / rate == pytest.approx(2 / np.pi * 25.0 * time, rel=1e-4)
    assert pulse[0] == pulse[-1] == 0
    # On average in the middle, start samples later.
    middle = (pulse * np.arange(len(pulse))).sum() / pulse.sum()
    assert middle == pytest.approx(time * rate / 2 + start, abs=1e-3)


def test_pulse_of_any_start_keeps_its_impulse_at_the_usual_rate() -> None:
    sums = [
        half_sine_pulse(25.0, 0.35e-3, sample_rate=44100, start=start).sum()
        for start in np.linspace(0, 0.95, 20)
    ]
    np.testing.assert_allclose(sums, 2 / np.pi * 25.0 * 0.35e-3 * 44100, rtol=0.01)


# ---------------------------------------------------------------- sessions


def test_session_moves_the_microphone_alone() -> None:
    rig = Rig(mic_offset=0.01)
    moved = new_session(rig, random_state=3)
    assert moved.mic_offset != rig.mic_offset
    assert moved.mic_distance != rig.mic_distance
    assert replace(moved, mic_offset=0.01, mic_distance=rig.mic_distance) == rig
    assert new_session(rig, random_state=3) == moved
    assert new_session(rig, random_state=np.random.default_rng(3)) == moved
    assert new_session(rig, random_state=np.random.SeedSequence(3)) == moved
    assert new_session(rig, random_state=4) != moved


def test_session_spread() -> None:
    rng = np.random.default_rng(0)
    rigs = [new_session(Rig(), random_state=rng) for _ in range(2000)]
    places = np.array([(rig.mic_offset, rig.mic_distance) for rig in rigs])
    np.testing.assert_allclose(places.mean(axis=0), [0.0, 0.2], atol=0.002)
    np.testing.assert_allclose(places.std(axis=0), 0.02, rtol=0.1)
