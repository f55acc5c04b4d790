"""Sticks and hammers, microphones and rooms. All bounds are assumed ranges."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tapsklearn.synthesis import Plate, Rig, hertz_contact_time
from tapsklearn.synthesis._microphone import dipole_factor, rigid_pressure
from tapsklearn.synthesis._numbers import sample_between


class _Hammer(NamedTuple):
    """Between what bounds a kind of hammer lies."""

    mass: tuple[float, float]  # kg
    radius: tuple[float, float]  # of its tip, in m
    modulus: tuple[float, float]  # E / (1 - ν²) of its tip, in Pa
    share: float  # of the products that are struck with it


_HAMMERS = (
    _Hammer((0.008, 0.08), (0.004, 0.020), (0.8e9, 12e9), 0.4),  # wooden stick
    _Hammer((0.004, 0.40), (0.004, 0.025), (205e9, 230e9), 0.35),  # steel ball, hammer
    _Hammer((0.010, 0.30), (0.005, 0.025), (0.5e9, 5e9), 0.2),  # plastic tip
    _Hammer((0.020, 0.40), (0.008, 0.030), (0.01e9, 0.1e9), 0.05),  # rubber tip
)
_SPEED = (0.2, 2.0)  # m/s
_CONTACT = (0.05e-3, 1.5e-3)  # s
_FORCE = (2.0, 5000.0)  # N

# Peak of a take under full scale, in dB: from clipped a little to faint. The peak is
# estimated as if the blow moved all of the plate at once, at frequencies about the
# inverse of the contact time, and is right within some 10 dB.
_HEADROOM = (2.0, 24.0)
# Room's noise, hum and microphone's noise under the estimated peak, in dB.
_PINK = (55.0, 85.0)
_HUM = (60.0, 95.0)
_WHITE = (60.0, 95.0)


def sample_rig(plate: Plate, rng: np.random.Generator) -> Rig:
    """Sample how a plate is struck and recorded.

    Parameters
    ----------
    plate : Plate
        What is struck.
    rng : Generator
        Samples the rig.

    Returns
    -------
    Rig
        With takes of 0.8 s.
    """
    force, contact_time = _sample_blow(plate, rng)
    distance, height, offset, mic_range = _sample_microphone(plate, rng)
    at = (plate.length / 2 + offset, -distance, height)
    audible = dipole_factor(plate, np.array(0.7 / contact_time))
    peak = float(rigid_pressure(plate, at) * force / plate.mass * audible)
    headroom = float(rng.uniform(*_HEADROOM))
    smallest = min(plate.length, plate.width)
    echoes = rng.random() < 0.75
    critical = sample_between(rng, 0.3, 2.0)
    coloured = rng.random() < 0.7
    return Rig(
        force=force,
        force_spread_db=float(rng.uniform(1.0, 4.5)),
        contact_time=contact_time,
        contact_spread=float(rng.uniform(0.03, 0.10)),
        strike_spread=min(sample_between(rng, 0.001, 0.006), 0.03 * smallest),
        mic_height=height,
        mic_distance=distance,
        mic_offset=offset,
        mic_spread=min(sample_between(rng, 0.002, 0.012), 0.08 * mic_range),
        session_spread=min(0.02, 0.2 * mic_range),
        support_decay=sample_between(rng, 2.0, 100.0),
        support_spread=float(rng.uniform(0.05, 0.20)),
        frequency_spread=sample_between(rng, 0.0003, 0.003),
        bounce_frequency=sample_between(rng, 15.0, 120.0),
        pink_dbfs=-headroom - float(rng.uniform(*_PINK)),
        hum_dbfs=-headroom - float(rng.uniform(*_HUM)),
        white_dbfs=-headroom - float(rng.uniform(*_WHITE)),
        hum_frequency=float(rng.choice([50.0, 60.0])),
        full_scale=peak * 10 ** (headroom / 20),
        gain_spread_db=float(rng.uniform(0.0, 1.0)),
        rattle=sample_between(rng, 0.05, 1.0),
        reverberation_time=sample_between(rng, 0.15, 2.0) if echoes else 0.0,
        # As loud as the room at the critical distance, and 6 dB less for each
        # doubling of the distance.
        direct_to_reverberant_db=float(20 * np.log10(critical / mic_range)),
        room_seed=int(rng.integers(2**31)),
        low_cut=sample_between(rng, 20.0, 150.0) if coloured else 0.0,
        high_cut=sample_between(rng, 5000.0, 20000.0) if coloured else np.inf,
        tilt_db=float(rng.uniform(-2.0, 2.0)) if coloured else 0.0,
        offset=float(rng.normal(0, 0.004)) if rng.random() < 0.3 else 0.0,
        duration=0.8,
        earliest_onset=0.10,
        latest_onset=0.25,
    )


def vary_rig(rig: Rig, rng: np.random.Generator) -> Rig:
    """Sample how another specimen of the same product is struck and recorded.

    Parameters
    ----------
    rig : Rig
        That of the product.
    rng : Generator
        Samples the difference.

    Returns
    -------
    Rig
        The same stick and room, used a little differently.
    """
    return replace(
        rig,
        force=rig.force * float(np.exp(rng.normal(0, 0.15))),
        contact_time=rig.contact_time * float(np.exp(rng.normal(0, 0.03))),
        support_decay=rig.support_decay * float(np.exp(rng.normal(0, 0.08))),
        gain_db=rig.gain_db + float(rng.normal(0, 1.0)),
        pink_dbfs=rig.pink_dbfs + float(rng.normal(0, 2.0)),
    )


def _sample_blow(plate: Plate, rng: np.random.Generator) -> tuple[float, float]:
    """Sample a hammer and give its peak force and contact time."""
    hammer = _HAMMERS[rng.choice(len(_HAMMERS), p=[each.share for each in _HAMMERS])]
    mass, speed = sample_between(rng, *hammer.mass), sample_between(rng, *_SPEED)
    # Wood gives way as it does across the grain.
    struck = plate.material.E_R
    contact_time = hertz_contact_time(
        mass=mass,
        radius=sample_between(rng, *hammer.radius),
        modulus=1 / (1 / sample_between(rng, *hammer.modulus) + 1 / struck),
        speed=speed,
    )
    contact_time = float(np.clip(contact_time, *_CONTACT))
    # The impulse of a half-sine, 2FT/π, turns the hammer's momentum around.
    force = np.pi * mass * speed / contact_time
    return float(np.clip(force, *_FORCE)), contact_time


def _sample_microphone(
    plate: Plate, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Give the microphone's distance, height, offset, and range to the plate."""
    mic_range = sample_between(rng, 0.05, 1.0)
    elevation = np.radians(rng.uniform(12, 90))
    height = max(mic_range * np.sin(elevation), 0.03)
    aside = mic_range * np.cos(elevation)
    # One that looks down may stand over the plate.
    over = rng.random() * plate.width if elevation > np.radians(40) else 0.0
    offset = rng.uniform(-0.5, 0.5) * plate.length
    return float(aside - over), float(height), float(offset), mic_range
