"""Check the numbers that describe a thing, and sample them."""

import math
from numbers import Real
from typing import Any

import numpy as np


def check_numbers(
    thing: Any,
    *names: str,
    low: float = -math.inf,
    high: float = math.inf,
    open_ends: bool = False,
) -> None:
    """Check that attributes are finite numbers within bounds.

    Parameters
    ----------
    thing : object
        Whose attributes; its class is named in the message.
    *names : str
        Names of the attributes.
    low, high : float, default=-inf, inf
        The bounds.
    open_ends : bool, default=False
        Whether the bounds themselves are out.

    Raises
    ------
    ValueError
        If one is out of bounds, infinite or NaN.
    TypeError
        If one is not a real number.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_numbers(SimpleNamespace(width=0.0), "width", low=0, open_ends=True)
    Traceback (most recent call last):
    ...
    ValueError: SimpleNamespace: width=0.0 must be finite and above 0
    """
    kind = type(thing).__name__
    for name in names:
        value = getattr(thing, name)
        if not isinstance(value, Real) or isinstance(value, bool):
            raise TypeError(f"{kind}: {name}={value!r} must be a number")
        number = float(value)
        inside = low < number < high if open_ends else low <= number <= high
        if not (inside and math.isfinite(number)):
            raise ValueError(
                f"{kind}: {name}={value!r} must be finite"
                f"{_describe(low, high, open_ends=open_ends)}"
            )


def sample_between(rng: np.random.Generator, low: float, high: float) -> float:
    """Sample a number evenly on the scale of logarithms.

    Parameters
    ----------
    rng : Generator
        Samples it.
    low, high : float
        The bounds, above 0.

    Returns
    -------
    float
        Between them.

    Examples
    --------
    >>> 0.1 < sample_between(np.random.default_rng(0), 0.1, 10.0) < 10.0
    True
    """
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _describe(low: float, high: float, *, open_ends: bool) -> str:
    if math.isfinite(low) and math.isfinite(high):
        kept = "not at them" if open_ends else "or at them"
        return f" and between {low:g} and {high:g}, {kept}"
    if math.isfinite(low):
        return f" and above {low:g}" if open_ends else f" and {low:g} or more"
    return ""
