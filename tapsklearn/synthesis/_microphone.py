"""What a microphone receives of a vibrating plate.

Rayleigh's integral gives the pressure of a plate in a wall: each spot is a source
of strength proportional to its acceleration,

    p = ρ0 / (2π) ∫ a(x, y) exp(-ikR) / R dS.

A plate without a wall around it also moves the air at its back, in the opposite
sense, and where half a wave in air is longer than the plate the two cancel: the
pressure falls with the frequency below f_d = c / (2 √(LW)), as that of a dipole
does, here by the factor f / √(f² + f_d²).

References
----------
F. Fahy and P. Gardonio, "Sound and Structural Vibration", 2nd edition, Academic
Press 2007, chapter 3: both effects. The form of the factor is a plain high-pass
between the two limits.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tapsklearn.synthesis._modes import PlateModes
from tapsklearn.synthesis._plate import Plate

AIR_DENSITY = 1.204  # kg/m³, at 20 °C
SPEED_OF_SOUND = 343.0  # m/s

# The integral is a sum over cells of some 8 mm: five to a wave in air at 9 kHz. Larger
# plates have more of them, of 12 mm (three to a wave) as long as that are not too many.
N_CELLS = (24, 16)
LARGE_CELL = 0.012  # m
MAX_CELLS = 40

Position = tuple[float, float, float]


def modal_pressure(modes: PlateModes, position: Position) -> NDArray[np.complex128]:
    """Give the pressure at the microphone for a unit acceleration of each mode.

    Parameters
    ----------
    modes : PlateModes
        The plate's.
    position : tuple of float
        The microphone's x, y, z in the plate's coordinates, in m.

    Returns
    -------
    ndarray of shape (n_modes,), complex
        In Pa/(m √kg/s²), each at its mode's frequency. The phase counts from when
        sound from the nearest cell arrives.

    Examples
    --------
    >>> from tapsklearn.synthesis import Plate, plate_modes
    >>> modes = plate_modes(Plate())
    >>> modal_pressure(modes, (0.1, -0.2, 0.1)).shape == modes.frequencies.shape
    True
    """
    shapes, x, y = _cells(modes)
    distance = _distances(x, y, position).ravel()
    wavenumber = 2 * np.pi * modes.frequencies / SPEED_OF_SOUND
    delay = distance - distance.min()
    waves = np.exp(-1j * wavenumber[:, None] * delay) / distance
    cell = modes.plate.area / len(distance)
    integral = np.einsum("mc,mc->m", shapes, waves) * cell
    return (
        AIR_DENSITY
        / (2 * np.pi)
        * integral
        * dipole_factor(modes.plate, modes.frequencies)
    )


def rigid_pressure(plate: Plate, position: Position) -> float:
    """Give the pressure when the whole plate moves as one and nothing cancels.

    Parameters
    ----------
    plate : Plate
        What moves; it is taken as small against the wave in air.
    position : tuple of float
        The microphone's x, y, z in the plate's coordinates, in m.

    Returns
    -------
    float
        In Pa for an acceleration of 1 m/s².

    Examples
    --------
    >>> from tapsklearn.synthesis import Plate
    >>> round(1e3 * rigid_pressure(Plate(), (0.1, -0.2, 0.1)), 2)  # mPa
    21.92
    """
    nearest = _distances(*_cell_centres(plate), position).min()
    return float(AIR_DENSITY * plate.area / (2 * np.pi * nearest))


def dipole_factor(
    plate: Plate, frequencies: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give what the back of a plate leaves of the pressure from its front.

    Parameters
    ----------
    plate : Plate
        Its area counts.
    frequencies : ndarray
        In Hz.

    Returns
    -------
    ndarray
        Between 0 and 1.

    Examples
    --------
    >>> from tapsklearn.synthesis import Plate
    >>> dipole_factor(Plate(), np.array([106.0, 10600.0])).round(1)
    array([0.1, 1. ])
    """
    corner = SPEED_OF_SOUND / (2 * np.sqrt(plate.area))
    return frequencies / np.hypot(frequencies, corner)


@lru_cache(maxsize=32)  # up to 1 MB each; PlateModes go by identity
def _cells(
    modes: PlateModes,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    x, y = _cell_centres(modes.plate)
    # Not -1 for the cells: a tiny plate may have no mode at all.
    shape = (len(modes.frequencies), len(x) * len(y))
    return modes.shapes_on_grid(x, y).reshape(shape), x, y


def _cell_centres(plate: Plate) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = (
        side * (np.arange(n) + 0.5) / n
        for side, n in zip(
            (plate.length, plate.width), _numbers_of_cells(plate), strict=True
        )
    )
    return x, y


def _numbers_of_cells(plate: Plate) -> tuple[int, int]:
    n_x, n_y = (
        min(max(usual, int(np.ceil(side / LARGE_CELL))), MAX_CELLS)
        for side, usual in zip((plate.length, plate.width), N_CELLS, strict=True)
    )
    return n_x, n_y


def _distances(
    x: NDArray[np.float64], y: NDArray[np.float64], position: Position
) -> NDArray[np.float64]:
    mic_x, mic_y, mic_z = position
    return np.sqrt((x[:, None] - mic_x) ** 2 + (y - mic_y) ** 2 + mic_z**2)
