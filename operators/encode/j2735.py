"""Columns that RSM and SDSM share, in the units and codes of `operators.decode.j2735`."""

from typing import NamedTuple

import numpy as np

from operators._typing import RecordArray
from operators.decode.j2735 import (
    HEADING_CONFIDENCE_DEG,
    POSITION_CONFIDENCE_M,
    SIGMAS_AT_95_AXIS,
    SIGMAS_AT_95_RADIAL,
    SPEED_CONFIDENCE_MPS,
    SPEED_UNAVAILABLE,
)
from operators.encode.quantise import (
    bound_code,
    class_codes,
    heading_sigma_rad,
    heading_units,
    whole,
)
from operators.frame import ObjectClass
from operators.fused import sigma_m, speed_mps, speed_sigma_mps

# DE_BasicVehicleClass of each class that it has.
VEHICLE_CLASS = {
    ObjectClass.CAR: 10,
    ObjectClass.VAN: 20,
    ObjectClass.TRUCK: 25,
    ObjectClass.MOTORCYCLE: 40,
    ObjectClass.BUS: 50,
    ObjectClass.TRAM: 55,
    ObjectClass.EMERGENCY: 60,
    ObjectClass.TRAILER: 95,
}
_MOST_SPEED = SPEED_UNAVAILABLE - 1


class Columns(NamedTuple):
    """Fields of all objects, each a list of whole numbers."""

    speed: list[int]
    heading: list[int]
    length_cm: list[int]
    width_cm: list[int]
    height_5cm: list[int]
    vehicle_class: list[int]
    position_code: list[int]
    speed_code: list[int]
    heading_code: list[int]


def columns(rows: RecordArray) -> Columns:
    """Fields of the objects.

    Accuracies are bounds at 95 %, never finer than the fused state is: the position's is a radius
    about the worst direction.

    Parameters
    ----------
    rows : structured array of shape (n,), dtype `operators.fused.FUSED`
    """
    heading_95_deg = np.degrees(heading_sigma_rad(rows)) * SIGMAS_AT_95_AXIS
    return Columns(
        speed=whole(speed_mps(rows), 50, 0, _MOST_SPEED, SPEED_UNAVAILABLE),
        heading=heading_units(rows),
        length_cm=whole(rows["length_m"], 100, 1, 4095, 0),
        width_cm=whole(rows["width_m"], 100, 1, 1023, 0),
        height_5cm=whole(rows["height_m"], 20, 1, 127, 0),
        vehicle_class=class_codes(rows, VEHICLE_CLASS).tolist(),
        position_code=bound_code(sigma_m(rows) * SIGMAS_AT_95_RADIAL, POSITION_CONFIDENCE_M),
        speed_code=bound_code(speed_sigma_mps(rows) * SIGMAS_AT_95_AXIS, SPEED_CONFIDENCE_MPS),
        heading_code=bound_code(heading_95_deg, HEADING_CONFIDENCE_DEG),
    )
