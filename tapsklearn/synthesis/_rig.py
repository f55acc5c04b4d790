"""How the taps are made and recorded."""

from dataclasses import dataclass, replace

import numpy as np

from tapsklearn.synthesis._numbers import check_numbers


@dataclass(frozen=True)
class Rig:
    """The stick, the support, the microphone and the room.

    What is called a spread is the standard deviation from take to take.

    Attributes
    ----------
    force : float, default=25.0
        Peak force of the usual blow, in N.
    force_spread_db : float, default=3.0
        Spread of the force, in dB.
    contact_time : float, default=0.35e-3
        How long the stick touches the plate in a blow of `force`, in s; those that
        are harder by chance are shorter (`hertz_contact_time`).
    contact_spread : float, default=0.08
        Spread of the contact time at equal force, as a share.
    strike_spread : float, default=0.005
        Spread of the place of the blow, in m along each axis.
    mic_height : float, default=0.10
        Of the microphone above the plate's plane, in m.
    mic_distance : float, default=0.20
        Of the microphone from the plate's bottom edge, away from the plate, in m.
    mic_offset : float, default=0.0
        Of the microphone along the plate, from its middle, in m.
    mic_spread : float, default=0.010
        Spread of the microphone's place, in m along each axis.
    session_spread : float, default=0.020
        Standard deviation of the microphone's place from session to session, in m
        (see `new_session`).
    support_decay : float, default=18.0
        Decay that the sponge under the plate adds to every mode, in 1/s.
    support_spread : float, default=0.20
        Spread of it, as a share.
    frequency_spread : float, default=0.0015
        Spread of all frequencies together, as a share: temperature, moisture and
        how the plate lies.
    bounce_frequency : float, default=70.0
        Of the whole plate on the sponge, in Hz.
    pink_dbfs, hum_dbfs, white_dbfs : float, default=-74.0, -84.0, -92.0
        Root mean square of the room's noise, of mains hum and of the microphone's
        noise, in dB relative to full scale; minus infinity for none. At 20 Pa full
        scale, pink noise of -74 dB is a room of 46 dB (re 20 µPa).
    hum_frequency : float, default=50.0
        In Hz.
    full_scale : float, default=20.0
        Sound pressure at digital full scale, in Pa; what is louder is clipped. At
        20 Pa the usual blow on an end of a spruce plate peaks at about -19 dB, and
        one of three spreads more force on an end of any of the plates here is not
        clipped (14 Pa at most). On a corner it can be: 25 Pa on spruce, 43 Pa on
        plywood.
    gain_db : float, default=0.0
        Gain of the recorder, over all that it records, in dB.
    gain_spread_db : float, default=0.5
        Spread of the gain, in dB.
    rattle : float, default=0.25
        Sound pressure of the faces of a hairline crack that clap, in Pa, if the
        crack adds a curvature of 0.6 1/m. The usual blow makes it add 0.03 to 0.1,
        so that the rattle is faint.
    reverberation_time : float, default=0.0
        Of the room, until its sound has fallen by 60 dB, in s; 0 for none.
    direct_to_reverberant_db : float, default=10.0
        Energy that comes directly from the plate relative to what the room returns,
        in dB.
    room_seed : int, default=0
        Seed of the room's echoes: another number is another room of the same kind.
    low_cut, high_cut : float, default=0.0, inf
        Corners of the microphone's response, in Hz: a high-pass of first and a
        low-pass of second order.
    tilt_db : float, default=0.0
        By how much the response rises with each octave, in dB; 0 dB at 1 kHz.
    offset : float, default=0.0
        Constant part of the recording, relative to full scale.
    sample_rate : int, default=44100
        In Hz.
    duration : float, default=3.0
        Of a take, in s.
    earliest_onset, latest_onset : float, default=0.3, 1.0
        Between which times of a take the blow falls, in s.

    Examples
    --------
    >>> Rig(pink_dbfs=-50.0).n_samples  # a noisy room
    132300
    """

    force: float = 25.0
    force_spread_db: float = 3.0
    contact_time: float = 0.35e-3
    contact_spread: float = 0.08
    strike_spread: float = 0.005
    mic_height: float = 0.10
    mic_distance: float = 0.20
    mic_offset: float = 0.0
    mic_spread: float = 0.010
    session_spread: float = 0.020
    support_decay: float = 18.0
    support_spread: float = 0.20
    frequency_spread: float = 0.0015
    bounce_frequency: float = 70.0
    pink_dbfs: float = -74.0
    hum_dbfs: float = -84.0
    white_dbfs: float = -92.0
    hum_frequency: float = 50.0
    full_scale: float = 20.0
    gain_db: float = 0.0
    gain_spread_db: float = 0.5
    rattle: float = 0.25
    reverberation_time: float = 0.0
    direct_to_reverberant_db: float = 10.0
    room_seed: int = 0
    low_cut: float = 0.0
    high_cut: float = np.inf
    tilt_db: float = 0.0
    offset: float = 0.0
    sample_rate: int = 44100
    duration: float = 3.0
    earliest_onset: float = 0.3
    latest_onset: float = 1.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        positive = (
            "force",
            "contact_time",
            "mic_height",
            "bounce_frequency",
            "hum_frequency",
            "full_scale",
            "sample_rate",
            "duration",
        )
        check_numbers(self, *positive, low=0, open_ends=True)
        not_negative = (
            "force_spread_db",
            "contact_spread",
            "strike_spread",
            "mic_spread",
            "session_spread",
            "support_decay",
            "support_spread",
            "frequency_spread",
            "gain_spread_db",
            "rattle",
            "reverberation_time",
            "room_seed",
            "low_cut",
        )
        check_numbers(self, *not_negative, low=0)
        check_numbers(
            self,
            "mic_distance",
            "mic_offset",
            "gain_db",
            "direct_to_reverberant_db",
            "tilt_db",
        )
        check_numbers(self, "offset", low=-1, high=1)
        if self.high_cut != np.inf:
            check_numbers(self, "high_cut", low=0, open_ends=True)
        for name in ("pink_dbfs", "hum_dbfs", "white_dbfs"):
            if getattr(self, name) != -np.inf:
                check_numbers(self, name)
        check_numbers(self, "earliest_onset", low=0)
        check_numbers(self, "latest_onset", low=self.earliest_onset)
        if self.latest_onset >= self.duration:
            raise ValueError(
                f"Rig: latest_onset={self.latest_onset!r} must lie before the end of "
                f"the take, duration={self.duration!r} s"
            )

    @property
    def n_samples(self) -> int:
        """Length of a take.

        Returns
        -------
        int
            In samples.
        """
        return round(self.duration * self.sample_rate)


def new_session(
    rig: Rig,
    *,
    random_state: int | np.random.Generator | np.random.SeedSequence | None = None,
) -> Rig:
    """Set the microphone up anew, as in another session of recording.

    Parameters
    ----------
    rig : Rig
        As it was planned.
    random_state : int, Generator, SeedSequence or None, default=None
        Samples where the microphone ends up.

    Returns
    -------
    Rig
        The same with the microphone moved along the plate and away from it, each
        by a normal deviate of `session_spread`.

    Examples
    --------
    >>> moved = new_session(Rig(), random_state=0)
    >>> round(moved.mic_offset, 4), round(moved.mic_distance, 4)
    (0.0025, 0.1974)
    """
    rng = np.random.default_rng(random_state)
    along, away = rng.normal(0, rig.session_spread, 2)
    return replace(
        rig,
        mic_offset=rig.mic_offset + float(along),
        mic_distance=rig.mic_distance + float(away),
    )
