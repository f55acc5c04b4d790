"""A tap as it is recorded."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapsklearn.synthesis._drum import drum_modes
from tapsklearn.synthesis._microphone import (
    AIR_DENSITY,
    dipole_factor,
    modal_pressure,
    rigid_pressure,
)
from tapsklearn.synthesis._modes import PlateModes, plate_modes
from tapsklearn.synthesis._noise import recording_noise
from tapsklearn.synthesis._plate import Plate
from tapsklearn.synthesis._rig import Rig
from tapsklearn.synthesis._ringing import ring
from tapsklearn.synthesis._room import record_in_room
from tapsklearn.synthesis._strike import (
    Strike,
    contact_time_at,
    half_sine_pulse,
)

# Up to which modes are audible: the usual blow hardly sets higher ones ringing, and a
# low sampling rate would fold them down.
MAX_FREQUENCY = 9000.0  # Hz
ALIAS_FREE = 0.45  # of the sampling rate
# A stick cannot hit the very edge.
EDGE_MARGIN = 0.003  # m
# Nepers until a mode is taken as silent: -100 dB, under any 16-bit recording.
SILENT = 11.5
FADE = 0.005  # s
# Loss of the bounce on the sponge: a decay of a quarter of the angular frequency.
BOUNCE_DAMPING = 0.25
# While stick and plate touch, the plate's spots under and around it move at once,
# before any mode has a shape: its sound is this share of that of the whole plate
# pushed as one. Chosen by ear, not by a formula.
CLICK_SHARE = 0.12
# The crack's added curvature at which Rig.rattle counts, and the largest multiple of
# it that still clatters louder.
RATTLE_CURVATURE = 0.6  # 1/m
RATTLE_LIMIT = 3.0

_USUAL_RIG = Rig()


class _Take(NamedTuple):
    """What differs from one take to the next."""

    x: float
    y: float
    force: float
    contact_time: float
    pulse_start: float
    microphone: tuple[float, float, float]
    frequency_factor: float
    support_decay: float
    onset: float
    gain: float


def render_tap(
    plate: Plate | PlateModes,
    strike: Strike,
    rig: Rig = _USUAL_RIG,
    *,
    random_state: int | np.random.Generator | np.random.SeedSequence | None = None,
) -> NDArray[np.float32]:
    """Make the recording of one tap.

    The modes of the plate (`plate_modes`) start to ring as the stick strikes, each
    as strongly as it moves at that place; each decays by its loss factor and the
    support; the microphone receives their accelerations. The bounce of the whole
    plate, the click of the contact, the rattle of a breathing crack, the room's
    noise and hum are added. From take to take the place and force of the blow, the
    microphone, the plate's frequencies and the rest vary as the rig sets. A blow on
    a delamination makes the layer above it ring as well.

    Parameters
    ----------
    plate : Plate or PlateModes
        What is struck; a plate that was solved by `plate_modes` with other settings
        than the usual is given by its modes.
    strike : Strike
        Where it is meant to be struck; the blow lands within some millimetres, on
        the plate and no closer than 3 mm to its edges.
    rig : Rig, default=Rig()
        How it is struck and recorded.
    random_state : int, Generator, SeedSequence or None, default=None
        Samples all that varies. The same number gives the same take to the last
        bit on the same machine; a Generator is used up and gives another take each
        time. The plate does not change what is sampled, so that two plates with the
        same number are struck alike.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        In ±1, full scale; 132300 samples with the usual rig.

    Raises
    ------
    ValueError
        If the strike is not on the plate.

    Examples
    --------
    >>> take = render_tap(Plate(), Strike(x=0.030, y=0.065), random_state=0)
    >>> take.shape, take.dtype
    ((132300,), dtype('float32'))
    """
    modes = plate if isinstance(plate, PlateModes) else None
    struck = modes.plate if modes is not None else plate
    assert isinstance(struck, Plate)
    if strike.x > struck.length or strike.y > struck.width:
        raise ValueError(
            f"{strike} is not on the plate, which is {struck.length:g} m by "
            f"{struck.width:g} m"
        )
    rng = np.random.default_rng(random_state)
    take = _sample(struck, strike, rig, rng)
    noise = recording_noise(rig, rng)
    start = int(take.onset * rig.sample_rate)
    if modes is None:
        modes = plate_modes(
            struck, max_frequency=min(MAX_FREQUENCY, ALIAS_FREE * rig.sample_rate)
        )
    sound = _pressure(modes, take, rig, rig.n_samples - start, rng)
    tap = np.zeros_like(noise)
    tap[start : start + len(sound)] = sound / np.float32(rig.full_scale)
    recording = record_in_room(tap, noise, rig)
    recording *= np.float32(take.gain)
    recording += np.float32(rig.offset)
    return np.clip(recording, -1.0, 1.0, out=recording)


def _sample(plate: Plate, strike: Strike, rig: Rig, rng: np.random.Generator) -> _Take:
    """Sample a take; always as many numbers, in the same order."""
    aside_x, aside_y = rng.normal(0, rig.strike_spread, 2)
    louder_db = rng.normal(0, rig.force_spread_db)
    longer = np.exp(rng.normal(0, rig.contact_spread))
    mic_x, mic_y, mic_z = rng.normal(0, rig.mic_spread, 3)
    force = rig.force * 10 ** (louder_db / 20)
    contact_time = contact_time_at(
        force, usual_time=rig.contact_time, usual_force=rig.force
    )
    return _Take(
        x=_within(strike.x + aside_x, plate.length),
        y=_within(strike.y + aside_y, plate.width),
        force=force,
        contact_time=longer * contact_time,
        pulse_start=rng.random(),
        microphone=(
            plate.length / 2 + rig.mic_offset + mic_x,
            mic_y - rig.mic_distance,
            # Never in the plate.
            max(rig.mic_height + mic_z, rig.mic_height / 10),
        ),
        frequency_factor=1 + rng.normal(0, rig.frequency_spread),
        support_decay=rig.support_decay * np.exp(rng.normal(0, rig.support_spread)),
        onset=rng.uniform(rig.earliest_onset, rig.latest_onset),
        gain=10 ** ((rig.gain_db + rng.normal(0, rig.gain_spread_db)) / 20),
    )


def _within(place: float, side: float) -> float:
    margin = min(EDGE_MARGIN, side / 2)
    return float(np.clip(place, margin, side - margin))


def _pressure(
    modes: PlateModes, take: _Take, rig: Rig, n_left: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Give the sound of the tap at the microphone, in Pa, for n_left samples at most.

    A blow of unit impulse sets a mode of mass 1 ringing as φ exp(st)/ω, of which
    the imaginary part counts; its acceleration is that times s².
    """
    plate = modes.plate
    frequencies = modes.frequencies * take.frequency_factor
    omega = 2 * np.pi * frequencies
    decay = np.pi * frequencies * modes.loss_factors + take.support_decay
    poles = -decay + 1j * omega
    displacement = modes.shapes(take.x, take.y)[:, 0] / omega
    acceleration = displacement * poles**2

    bounce = 2 * np.pi * rig.bounce_frequency
    bounce_pole = bounce * (1j - BOUNCE_DAMPING)
    as_one = rigid_pressure(plate, take.microphone) / plate.mass
    of_bounce = as_one * dipole_factor(plate, np.array(rig.bounce_frequency))
    received = modal_pressure(modes, take.microphone) * acceleration
    received = np.append(received, of_bounce * bounce_pole**2 / bounce)
    poles_received = np.append(poles, bounce_pole)
    of_drum, drum_poles = _drum(plate, take)
    received = np.append(received, of_drum)
    poles_received = np.append(poles_received, drum_poles)

    silence = SILENT / -poles_received.real.max()
    n = min(n_left, int(silence * rig.sample_rate))
    response = ring(received, poles_received, n_samples=n, sample_rate=rig.sample_rate)
    force = half_sine_pulse(
        take.force,
        take.contact_time,
        sample_rate=rig.sample_rate,
        start=take.pulse_start,
    )
    impulse = (force / rig.sample_rate).astype(np.float32)
    sound = np.convolve(response, impulse)[:n]
    click = force[:n]
    sound[: len(click)] += CLICK_SHARE * as_one * click
    if plate.crack is not None and plate.crack.breathing > 0:
        closing = ring(
            modes.mouth_curvature * displacement,
            poles,
            n_samples=n,
            sample_rate=rig.sample_rate,
        )
        rubbing = _rattle(closing * impulse.sum(), rng)
        sound += np.float32(plate.crack.breathing * rig.rattle) * rubbing
    if n < n_left:
        _fade_out(sound, int(FADE * rig.sample_rate))
    return sound


def _drum(
    plate: Plate, take: _Take
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Give the sound and the poles of the layer under the blow, if it is split off."""
    modes = drum_modes(plate, take.x, take.y)
    split = plate.delamination
    if modes is None or split is None:
        return np.empty(0, complex), np.empty(0, complex)
    # Closed at its back, it is a source that nothing cancels.
    mic_x, mic_y, mic_z = take.microphone
    aside = (
        mic_x - split.x - split.length / 2,
        mic_y - split.y - split.width / 2,
        mic_z,
    )
    pressure = AIR_DENSITY / (2 * np.pi * np.linalg.norm(aside)) * modes.displaced
    audible = (modes.frequencies > 0) & (modes.frequencies < MAX_FREQUENCY)
    frequencies = modes.frequencies[audible] * take.frequency_factor
    omega = 2 * np.pi * frequencies
    poles = omega * (1j - modes.loss_factors[audible] / 2)
    displacement = modes.deflection[audible] / omega
    return pressure[audible] * displacement * poles**2, poles


def _rattle(
    curvature: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Make the noise of faces that clap: only while they close, more than in step."""
    closing = np.clip(curvature / np.float32(RATTLE_CURVATURE), 0, RATTLE_LIMIT)
    hiss = np.diff(rng.standard_normal(len(curvature) + 1, dtype=np.float32))
    return closing**1.5 * hiss


def _fade_out(sound: NDArray[np.float32], n: int) -> None:
    """Bring the end down to 0, so that no step is left."""
    n = min(n, len(sound))
    sound[len(sound) - n :] *= np.linspace(1, 0, n, dtype=np.float32)
