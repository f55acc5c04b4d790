"""What a board is, label and physical truth, in one row."""

from typing import Any

import numpy as np

from tapsklearn.synthesis import Crack, Material, Plate, Rig
from tapsklearn.synthesis._boards import TappedBoard
from tapsklearn.synthesis._layout import crack_span


def describe(board: TappedBoard) -> dict[str, Any]:
    """Say in one row what a board is, label and physical truth.

    Parameters
    ----------
    board : TappedBoard
        The board.

    Returns
    -------
    dict
        Columns of takes.csv; None for the defect of an intact board.
    """
    plate, material, rig = board.plate, board.plate.material, board.rig
    crack = plate.crack if plate.crack is not None and plate.crack.depth > 0 else None
    return {
        "board": board.name,
        "condition": board.condition,
        "specimen": board.specimen,
        "end": board.end,
        "length_mm": _mm(plate.length),
        "width_mm": _mm(plate.width),
        "thickness_mm": _mm(plate.thickness),
        "material": material.name,
        "density_kg_m3": round(material.density, 2),
        "E_L_GPa": round(material.E_L / 1e9, 4),
        "E_R_GPa": round(material.E_R / 1e9, 4),
        "crack_edge": crack and crack.edge,
        "crack_position": crack and round(crack.position, 4),
        "crack_depth": crack and round(crack.depth, 4),
        "crack_length_mm": crack and _mm(crack.length),
        "material_class": board.material_class,
        "product": board.product,
        **_of_material(material),
        "strike_x_mm": _mm(board.strike.x),
        "strike_y_mm": _mm(board.strike.y),
        **_of_defect(plate),
        **_of_rig(rig, plate),
    }


def _of_material(material: Material) -> dict[str, Any]:
    return {
        "G_LR_GPa": round(material.G_LR / 1e9, 4),
        "nu_LR": round(material.nu_LR, 4),
        "eta_L": round(material.eta_L, 5),
        "eta_R": round(material.eta_R, 5),
        "eta_G": round(material.eta_G, 5),
    }


def _of_defect(plate: Plate) -> dict[str, Any]:
    """Say what is wrong with a plate, where its middle is, and how large it is."""
    defect = plate.defect
    row: dict[str, Any] = {"defect_kind": None if defect is None else defect.kind}
    numbers: tuple[float | None, ...] = (None,) * 5
    if isinstance(defect, Crack):
        low, high = crack_span(plate)
        line = defect.position * (plate.length if defect.across_grain else plate.width)
        middle = (line, (low + high) / 2)
        # A crack has a length and no width to speak of.
        numbers = (
            *(middle if defect.across_grain else middle[::-1]),
            defect.length,
            0.0,
            defect.depth,
        )
    elif defect is not None:
        numbers = (
            sum(defect.x_span) / 2,
            sum(defect.y_span) / 2,
            defect.length,
            defect.width,
            defect.depth,
        )
    names = ("x_mm", "y_mm", "length_mm", "width_mm")
    for name, number in zip(names, numbers[:4], strict=True):
        row[f"defect_{name}"] = None if number is None else _mm(number)
    depth = numbers[4]
    row["defect_depth"] = None if depth is None else round(depth, 4)
    return row


def _of_rig(rig: Rig, plate: Plate) -> dict[str, Any]:
    """Say how a board is struck and recorded; the session moves the microphone."""
    microphone = np.array(
        [plate.length / 2 + rig.mic_offset, -rig.mic_distance, rig.mic_height]
    )
    sides = np.array([plate.length, plate.width, 0.0])
    nearest = np.clip(microphone, 0.0, sides)
    return {
        "force_N": round(rig.force, 2),
        "contact_time_ms": round(1e3 * rig.contact_time, 4),
        "mic_distance_m": round(float(np.linalg.norm(microphone - nearest)), 4),
        "support_decay_1_s": round(rig.support_decay, 3),
        "reverberation_time_s": round(rig.reverberation_time, 3),
    }


def _mm(length: float) -> float:
    return round(1e3 * length, 3)
