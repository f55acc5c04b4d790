"""The blow of the stick."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tapsklearn.synthesis._numbers import check_numbers


@dataclass(frozen=True)
class Strike:
    """Where a plate is meant to be struck.

    Attributes
    ----------
    x, y : float
        Coordinates on the plate, in m.

    Examples
    --------
    >>> Strike(x=0.030, y=0.065)
    Strike(x=0.03, y=0.065)
    """

    x: float
    y: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_numbers(self, "x", "y", low=0)


def hertz_contact_time(
    *, mass: float, radius: float, modulus: float, speed: float
) -> float:
    """Give how long a ball that hits a half-space stays in contact.

    T = 2.87 (m² / (R E*² v))^(1/5), by Hertz.

    Parameters
    ----------
    mass : float
        Of the ball, in kg.
    radius : float
        Of the ball (the tip of a stick), in m.
    modulus : float
        Contact modulus E* of the two, in Pa: 1/E* = (1 - ν1²)/E1 + (1 - ν2²)/E2.
    speed : float
        At impact, in m/s.

    Returns
    -------
    float
        In s.

    References
    ----------
    K. L. Johnson, "Contact Mechanics", Cambridge University Press 1985, equation
    11.24.

    Examples
    --------
    >>> time = hertz_contact_time(mass=0.01, radius=0.01, modulus=1.0e9, speed=1.0)
    >>> round(1e3 * time, 2)  # ms
    0.29
    """
    return 2.87 * (mass**2 / (radius * modulus**2 * speed)) ** 0.2


def contact_time_at(force: float, *, usual_time: float, usual_force: float) -> float:
    """Give the contact time of a harder or softer blow of the same stick.

    By `hertz_contact_time` it goes with the speed to the power -1/5, and the peak
    force is taken to go with the speed. (In Hertz' theory it goes with its 6/5th
    power, which would make the exponent -1/6: a difference of 1 % for 3 dB.)

    Parameters
    ----------
    force : float
        Peak force of the blow, in N.
    usual_time : float
        Contact time at the usual force, in s.
    usual_force : float
        In N.

    Returns
    -------
    float
        In s.

    Examples
    --------
    >>> round(contact_time_at(50.0, usual_time=0.35e-3, usual_force=25.0), 6)
    0.000305
    """
    return usual_time * (force / usual_force) ** -0.2


def half_sine_pulse(
    force: float, contact_time: float, *, sample_rate: float, start: float = 0.0
) -> NDArray[np.float64]:
    """Sample the force of a blow.

    Parameters
    ----------
    force : float
        At its peak, in N.
    contact_time : float
        In s.
    sample_rate : float
        In Hz.
    start : float, default=0.0
        When contact begins after the first sample, as a share of the time between
        samples, so that blows do not all begin on a sample.

    Returns
    -------
    ndarray of shape (n_samples,)
        In N; the first and last samples are 0.

    Examples
    --------
    >>> half_sine_pulse(10.0, 0.0004, sample_rate=10000).round(1)
    array([ 0. ,  7.1, 10. ,  7.1,  0. ,  0. ])
    """
    n = int(np.ceil(contact_time * sample_rate)) + 2
    phase = (np.arange(n) - start) / (sample_rate * contact_time)
    inside = (phase > 0) & (phase < 1)
    return np.where(inside, force * np.sin(np.pi * phase), 0.0)
